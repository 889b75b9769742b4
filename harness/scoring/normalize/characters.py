"""Characters without diacritics, and spaces for symbols and punctuation, as Whisper's normalizers have it."""

import functools
import unicodedata

from harness.scoring.normalize import tables


@functools.cache
def _character(character: str, kept: str) -> str:
    """What becomes of one character of decomposed text."""
    if character in kept:
        return character
    if character in tables.LETTERS:
        return tables.LETTERS[character]
    category = unicodedata.category(character)
    if category == "Mn":
        return ""
    return " " if category[0] in "MSP" else character


@functools.cache
def _ascii(kept: str) -> dict[int, str]:
    return {code: _character(chr(code), kept) for code in range(128)}


def without_symbols(text: str, kept: str) -> str:
    """Spaces for symbols and punctuation but those that are kept, no diacritics."""
    if text.isascii():
        return text.translate(_ascii(kept))
    return "".join([_character(each, kept) for each in unicodedata.normalize("NFKD", text)])
