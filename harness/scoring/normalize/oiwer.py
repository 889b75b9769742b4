"""Hindi words as `voi_oiwer` compares them, which the leaderboard scores Hindi with (2026-10).

What the package does to every word of a hypothesis and to every accepted spelling of a reference, found by its output:
digits, anusvara and chandrabindu stay as they are; letters with a nukta are taken apart. A reference that is plain text
has one accepted spelling for each word.
"""

import string

_TO_SPACE = "\t\u00a0\u00ac\u00b0\u06d4\u06ea\u06ed\u0964\u0965\u2011\u2013\u2014\u2019" + "".join(
    set(string.punctuation) - set("%,")
)
_REMOVED = ",\u00ad\u00b4\u02bc\u200b\u200c\u200d\u200e\u200f\u2018\u201c\u201d\u2060\ufeff\ufffe"
_NUKTA = "\u093c"
_BASES = {0x0929: "न", 0x0931: "र", 0x0934: "ळ"} | dict(
    zip(range(0x0958, 0x0960), ("क", "ख", "ग", "ज", "ड", "ढ", "फ", "य"), strict=True)
)
_TABLE: dict[int, str] = {
    **dict.fromkeys(map(ord, _TO_SPACE), " "),
    **dict.fromkeys(map(ord, _REMOVED), ""),
    **{code: base + _NUKTA for code, base in _BASES.items()},
    0x0972: "\u090f",
    0x201A: "'",
    0x201E: '"',
    0x2026: "...",
}


def oiwer_words(text: str) -> str:
    """A text, or one accepted spelling of a word, as it is compared: words separated by one space; perhaps none."""
    return " ".join(part for part in text.translate(_TABLE).split(" ") if part).lower()
