"""RTTM: who speaks when in a recording, and perhaps each word (NIST, Rich Transcription 2009 evaluation plan, app. A).

A line has ten columns: type, file, channel, begin, length, orthography, subtype, speaker, confidence, look-ahead time.
"""

from pathlib import Path

from benchmarks.sources.timed import Segment, seconds_of
from harness.errors import DataError

_SPOKEN = frozenset({"SPEAKER", "LEXEME"})
_KNOWN = _SPOKEN | {
    *("SEGMENT", "NOSCORE", "NO_RT_METADATA", "NON-LEX", "NON-SPEECH", "FILLER", "EDIT", "IP", "SU", "CB", "A/P"),
    *("SPKR-INFO", "LANGUAGE", "NOSCORE_SEGMENT"),
}
_NONE = frozenset({"<NA>", "<na>", ""})


def read_rttm(path: Path, content: str) -> list[Segment]:
    """The stretches in which somebody speaks, each with the words that its file says are in it; none of them mostly.

    Words are the LEXEME lines of the same file and speaker, by their middle; those in no stretch are one each. Lines of
    other types are passed over.

    Raises:
        DataError: a line is none of an RTTM.
    """
    spoken: list[Segment] = []
    words: list[Segment] = []
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip() or line.startswith((";", "#")):
            continue
        parts = line.split()
        if parts[0] not in _KNOWN or (parts[0] in _SPOKEN and len(parts) < 8):
            raise DataError(
                f"{path}, line {number}: no line of an RTTM: SPEAKER file channel begin length <NA> <NA> speaker <NA>"
            )
        if parts[0] not in _SPOKEN:
            continue
        begin, length = (seconds_of(part, path, number) for part in parts[3:5])
        text = "" if parts[5] in _NONE or parts[0] == "SPEAKER" else parts[5]
        one = Segment(parts[1], parts[7], begin, begin + length, text, file=parts[1], channel=parts[2])
        (words if parts[0] == "LEXEME" else spoken).append(one)
    return _with_words(spoken, words) if words else spoken


def _with_words(spoken: list[Segment], words: list[Segment]) -> list[Segment]:
    """Stretches with the words whose middle is in them, of the same speaker; each other word by itself."""
    texts: list[list[str]] = [[] for _ in spoken]
    alone: list[Segment] = []
    for word in sorted(words, key=lambda word: word.begin):
        middle = (word.begin + word.end) / 2
        place = next(
            (
                at
                for at, one in enumerate(spoken)
                if (one.recording, one.speaker) == (word.recording, word.speaker) and one.begin <= middle <= one.end
            ),
            None,
        )
        if place is None:
            alone.append(word)
        else:
            texts[place].append(word.text)
    whole = [
        Segment(one.recording, one.speaker, one.begin, one.end, " ".join(text), file=one.file, channel=one.channel)
        for one, text in zip(spoken, texts, strict=True)
    ]
    return whole + alone
