"""What NIST's tools write into texts: alternatives, optional words, and (ours) what their syntax would not let through.

Format: SCTK's doc/infmts.htm. A reference that accepts several spellings is the JSON text of its slots, each with its
variants: ``[["colour", "color"], ["is"], ["", "very"]]`` (`harness.scoring.lattice`).
"""

import json
import re
from pathlib import Path
from urllib.parse import unquote

from harness.errors import DataError

ENCODED = ";; words are percent-encoded where they hold ( ) { } < > / \\ @ ; : , * % or a quotation mark"
"""The first line of files whose words are percent-encoded."""
_TAG = re.compile(r"<\w+(?:\s+\w+=(?:\"[^\"]*\"|'[^']*'))+\s*>")
_NIST = re.compile(r"(?<!\S)(?:\{((?:[^{}]|\{[^{}]*\})*)\}|\(([^()\s]+)\))(?!\S)")


def alternatives(text: str, path: Path, number: int) -> str:
    """A text of NIST's with ``{ a / b / @ }`` and ``(word)`` as a reference that accepts both.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return of_nist(text)
    except ValueError as error:
        raise DataError(f"{path}, line {number}: {error}") from None


def of_nist(text: str) -> str:
    """A text of a trn or stm with alternatives ``{ a / b / @ }`` and optional words ``(a)`` as a raw reference.

    Plain text stays as it is. Tags such as ``<contraction ...>`` say nothing of what was said and go.

    Raises:
        ValueError: braces are not closed, or nested.
    """
    text = _TAG.sub("", text)
    slots: list[list[str]] = []
    at = 0
    for match in _NIST.finditer(text):
        if match[1] is not None and "{" in match[1]:
            raise ValueError("alternatives inside of alternatives")
        if plain := text[at : match.start()].split():
            slots.append([" ".join(plain)])
        variants = [match[2], "@"] if match[1] is None else re.split(r"(?<=\s)/(?=\s)|^/|/$", match[1])
        slots.append(["" if variant.strip() == "@" else " ".join(variant.split()) for variant in variants])
        at = match.end()
    if not slots:
        if "{" in text or "}" in text:
            raise ValueError("a brace that is not closed")
        return text
    rest = text[at:]
    if "{" in rest or "}" in rest or any(re.search(r"[{}]", one) for slot in slots for one in slot):
        raise ValueError("a brace that is not closed")
    if rest.strip():
        slots.append([" ".join(rest.split())])
    return json.dumps(slots, ensure_ascii=False)


def decode(text: str, path: Path, number: int) -> str:
    """Words of a file that says it is percent-encoded.

    Raises:
        DataError: they are not.
    """
    try:
        return unquote(text, errors="surrogatepass")
    except UnicodeDecodeError:
        raise DataError(
            f"{path}, line {number}: {text[:40]!r} is not percent-encoded UTF-8, as line 1 states"
        ) from None
