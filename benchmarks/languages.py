"""Languages as people write them, and what the file names of known corpora say of theirs.

A language is a BCP-47 primary subtag everywhere else: ``en``, ``zh``, ``yue``. It is never guessed from letters in a
name: only a corpus that names its language by a rule of its own (``fleurs_cmn_hans_cn``, ``mls_german``) is believed.
"""

import difflib
import re
from functools import cache

from harness.errors import UsageError

_BY_NAME = re.compile(
    r"(?<![a-z])(?:fleurs|common_?voice(?:_\d+(?:_\d+)?)?|cv\d*|mcv|covost2?|mls|multilingual_librispeech|voxpopuli)"
    r"[_-](?P<language>[a-z]+(?:[_-][a-z]{2,4}(?![a-z])){0,2})"
)
"""Corpora whose file names go on with a language: a code, with its script and region perhaps, or a name."""

_OF_ONE = {
    "aishell": "zh",
    "kespeech": "zh",
    "ksponspeech": "ko",
    "jsut": "ja",
    "reazonspeech": "ja",
    "thchs30": "zh",
    "wenetspeech": "zh",
    "zeroth_korean": "ko",
}
"""Corpora of one language."""


@cache
def primary_subtag(language: str, where: str = "--language") -> str:
    """A language as people write it, as its BCP-47 primary subtag.

    Names (``English``, ``español``), ISO 639-1 and -3 (``en``, ``eng``, ``cmn``), BCP-47 (``zh-Hans-CN``) and the
    corpora's own forms (``cmn_hans_cn``) are read, in any case. A language that people call by its macrolanguage is
    that: ``cmn`` is ``zh``; Cantonese (``yue``) stays apart.

    Args:
        language: what somebody wrote.
        where: what a message begins with.

    Raises:
        UsageError: it is no language.
    """
    text = language.strip()
    found = _of_code(text) or _of_name(text)
    if found is None:
        near = difflib.get_close_matches(text.lower(), _names(), n=1, cutoff=0.6)
        hint = f"did you mean {near[0]!r}?" if near else "give a code or a name, such as en, de, zh or English"
        raise UsageError(f"{where} {language!r} is no language that is known; {hint}")
    return found


def language_in(file_part: str) -> str | None:
    """The language that a file name of a known corpus tells by that corpus's rule; None where there is none.

    Args:
        file_part: what stands after ``DATASET_`` in the file name.
    """
    text = file_part.lower()
    for match in _BY_NAME.finditer(text):
        parts = re.split("[_-]", match["language"])
        for count in range(len(parts), 0, -1):
            tag = "-".join(parts[:count])
            # Three letters alone may be a word: fleurs_all, voxpopuli_raw.
            found = _of_code(tag) if len(parts[0]) == 2 or count > 1 or tag in {"yue", "cmn"} else None
            if count == 1 and len(tag) > 4:
                found = _of_name(tag)
            if found is not None:
                return found
    return next((spoken for name, spoken in _OF_ONE.items() if re.search(rf"(?<![a-z]){name}", text)), None)


def _of_code(text: str) -> str | None:
    import langcodes

    if not re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*", text):
        return None
    try:
        tag = langcodes.standardize_tag(text, macro=True)
    except ValueError:
        return None
    subtag = langcodes.Language.get(tag).language
    return subtag if subtag not in {None, "und", "mul", "zxx", "mis"} and langcodes.tag_is_valid(tag) else None


def _of_name(text: str) -> str | None:
    import langcodes

    if not re.fullmatch(r"[^\W\d_][\w '()-]{2,}[\w)]", text):
        return None
    try:
        return _of_code(str(langcodes.find(text)))
    except LookupError:
        return None


@cache
def _names() -> tuple[str, ...]:
    """Names to be meant, in English, of languages with a code of two letters; and those codes."""
    import langcodes

    letters = "abcdefghijklmnopqrstuvwxyz"
    codes = [a + b for a in letters for b in letters if langcodes.tag_is_valid(a + b)]
    return (*codes, *(langcodes.Language.get(code).display_name().lower() for code in codes))
