"""Texts as other scoring tools write and read them: NIST trn and stm, and Kaldi's text.

What NIST's tools would take for syntax inside a word (parentheses, braces, the escape itself, ...) is percent-encoded,
so that different words stay different and sclite counts what we count; a first line marks files written so.
sclite folds case unless told `-s`; it weighs substitutions 4 and insertions and deletions 3, so that totals can differ
from a Levenshtein alignment by a few words where that saves nothing.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.sources.nist import ENCODED, alternatives, decode
from benchmarks.sources.text_files import read_content
from harness.errors import DataError
from harness.records.codec import write_text

_SYNTAX = re.compile(r"[(){}<>/\\@;:,*%\"\s\x00-\x1f\x7f\ud800-\udfff]")
_TRN_LINE = re.compile(r"(?P<text>.*?)\s*\((?P<id>[^()\s][^()]*)\)\s*")


def label(utterance: str, session: str | None = None) -> str:
    """The name of an utterance that sclite's `-i spu_id` takes apart at the first dash into session and rest.

    An id that begins with its session and a dash already (LibriSpeech's) stays as it is.
    """
    name = _encode(utterance)
    if session is None or name.startswith(f"{_encode(session)}-"):
        return name
    return f"{_encode(session).replace('-', '%2D').replace('_', '%5F')}-{name}"


def write_trn(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    """Write one transcript a line, the label after it in parentheses.

    Args:
        path: the file, replaced where it exists.
        rows: label and text of each utterance; the text as it is to be scored, normalized beforehand.
    """
    lines = [ENCODED, *(f"{_encode_words(text)} ({_encode(name)})".lstrip() for name, text in rows)]
    write_text(path, "\n".join(lines) + "\n")


def write_stm(path: Path, rows: Iterable[tuple[str, str | None, float | None, str]]) -> None:
    """Write one segment a line: file, channel, speaker, begin, end, words. Each utterance is a file of its own.

    Args:
        path: the file, replaced where it exists.
        rows: id, session (the speaker; None is written as ``unknown``), duration in seconds and text of each utterance.

    Raises:
        DataError: an utterance has no duration, which the format needs.
    """
    lines = [ENCODED]
    for name, session, duration, text in sorted(rows, key=lambda row: row[0]):
        if duration is None or not duration > 0:
            raise DataError(f"utterance {name!r} has no duration, which stm needs: write trn instead")
        speaker = "unknown" if session is None else _encode(session)
        lines.append(f"{_encode(name)} 1 {speaker} 0.000 {duration:.3f} {_encode_words(text)}".rstrip())
    write_text(path, "\n".join(lines) + "\n")


def read_trn(path: Path, *, reference: bool = False) -> dict[str, str]:
    """Texts by label, in the order of the file; alternatives and optional words mean something in a reference only.

    Raises:
        DataError: the file cannot be read, or a line has no label, one that was there before, or braces that are not
            closed.
    """
    texts: dict[str, str] = {}
    encoded = False
    for number, line in _lines(path):
        if line.startswith(";;"):
            encoded = encoded or line == ENCODED
            continue
        if not line.strip():
            continue
        match = _TRN_LINE.fullmatch(line)
        if match is None:
            raise DataError(f"{path}, line {number}: no label in parentheses at its end; is this a trn file?")
        text, name = match["text"], match["id"]
        if not encoded:
            text = alternatives(text, path, number) if reference else text
        else:
            text, name = decode(text, path, number), decode(name, path, number)
        _add(texts, name, text, path, number)
    return texts


def read_kaldi_text(path: Path) -> dict[str, str]:
    """Texts by id, in the order of the file: `<id> <words ...>` a line, an id alone for an empty text.

    Raises:
        DataError: the file cannot be read, or an id comes twice.
    """
    texts: dict[str, str] = {}
    for number, line in _lines(path):
        if line.strip():
            name, *rest = line.split(maxsplit=1)
            _add(texts, name, rest[0].rstrip() if rest else "", path, number)
    return texts


def _add(texts: dict[str, str], name: str, text: str, path: Path, number: int) -> None:
    if name in texts:
        raise DataError(f"{path}, line {number}: {name!r} was there before; each utterance may come once")
    texts[name] = text


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines; only line feeds end one, since transcripts may hold other separators."""
    return enumerate((line.removesuffix("\r") for line in read_content(path).split("\n")), start=1)


def _encode_words(text: str) -> str:
    return " ".join(map(_encode, text.split()))


def _encode(word: str) -> str:
    return _SYNTAX.sub(
        lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass")), word
    )
