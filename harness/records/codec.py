"""Bytes to records and back. What is wrong with a file is one line: the file, the place, the field, how to go on."""

import contextlib
import json
import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from benchmarks.files import whole
from benchmarks.sources.json_keys import check_keys
from harness.errors import DataError, RunError
from harness.secret_values import hide, hide_in

T = TypeVar("T")

FORMAT = 2
"""The format of every file that is written today."""

_NEWER = "written by a newer version of this program (format {}); update it to read this"
_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_PART = re.compile(r"\[(?P<index>\d+)\]|\.(?P<field>[^.\[\]]+)|\[\.\.\.\]")
_Part = str | int | None
"""A field or key, a place in a list, or a key that msgspec does not name."""

DEVICES = frozenset({"/dev", "/dev/fd", "/proc/self/fd"})
"""Folders of what is written into and not replaced."""

MALFORMED = (msgspec.MsgspecError, ValueError, RecursionError)
"""What decoding something that is no record raises."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A stored structure. Fields that a file does not have take their default; fields that nobody knows are ignored."""


def not_known() -> None:
    """A default that is written out as null, where one given as plain None would be left out."""
    return


def loads(data: bytes | str) -> object:
    """JSON as plain values. Texts may hold lone surrogates, which some models emit and stricter parsers refuse.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        try:
            return msgspec.json.decode(data)
        except msgspec.MsgspecError:
            pass
        return json.loads(data, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def decode(data: bytes, kind: type[T], where: Path | str, upgrade: Callable[[object], object] | None = None) -> T:
    """A record from the bytes of a file.

    Args:
        data: JSON.
        kind: which record.
        where: what to call the file in messages.
        upgrade: makes today's form of plain values in an older one.

    Raises:
        DataError: one line with the file, the field, and what is wrong with it.
    """
    try:
        found = loads(data)
    except ValueError as error:
        raise DataError(f"{where} is not JSON ({error}); restore it, or run again") from None
    try:
        check_keys(data.decode(json.detect_encoding(data)), found)
    except ValueError as error:
        raise DataError(f"{where}: {error}; restore it, or run again") from None
    return convert(found, kind, where, upgrade)


def convert(found: object, kind: type[T], where: Path | str, upgrade: Callable[[object], object] | None = None) -> T:
    """A record from plain values; as `decode`."""
    try:
        check_format(found)
        return msgspec.convert(found if upgrade is None else upgrade(found), kind)
    except ValueError as error:  # msgspec's own among them
        raise DataError(f"{where}: {explain(error, found if upgrade is None else upgrade(found), kind)}") from None


def check_format(found: object) -> None:
    """Refuses what a later version wrote.

    Raises:
        ValueError: it states a later format.
    """
    stated = found.get("format", 1) if isinstance(found, dict) else 1
    if isinstance(stated, int) and stated > FORMAT:
        raise ValueError(_NEWER.format(stated))


def explain(error: Exception, found: object, kind: type) -> str:
    """What is wrong with the values that are no record: the field's whole name, and what stands there.

    msgspec writes `[...]` for a key of a table; which key it is, is found by trying each alone.
    """
    text = str(error)
    match = _PATH.search(text)
    if match is None:
        return (f"{text[:1].lower()}{text[1:]}" if isinstance(error, msgspec.MsgspecError) else text).replace("`", "")
    parts: list[_Part] = []
    for part in _PART.finditer(match["path"]):
        unnamed = part["index"] is None and part["field"] is None
        parts.append(_key(parts, found, kind, text) if unnamed else part["field"] or int(part["index"]))
    what = text[: match.start()].replace("`", "")
    return f"{_shown(parts) or 'it'}: {what[:1].lower()}{what[1:]}"


def _shown(parts: Sequence[_Part]) -> str:
    return "".join(
        f".{part}" if isinstance(part, str) else f"[{'...' if part is None else part}]" for part in parts
    ).lstrip(".")


def _key(before: Sequence[_Part], found: object, kind: type, text: str) -> str | None:
    """The key below the place that makes this message."""
    table = found
    for part in before:
        if isinstance(table, list) and isinstance(part, int):
            table = table[part]
        else:
            table = table.get(part) if isinstance(table, dict) else None
    for key, value in table.items() if isinstance(table, dict) else ():
        try:
            msgspec.convert(_with(found, before, {key: value}), kind)
        except msgspec.ValidationError as error:
            if str(error) == text:
                return str(key)
    return None


def _with(found: object, place: Sequence[_Part], value: object) -> object:
    """A copy in which only this stands at the place."""
    if not place:
        return value
    part, *rest = place
    if isinstance(found, list) and isinstance(part, int):
        return [*found[:part], _with(found[part], rest, value)]
    return {**found, part: _with(found.get(part), rest, value)} if isinstance(found, dict) else value


def read(path: Path, kind: type[T], upgrade: Callable[[object], object] | None = None) -> T:
    """The record in a file.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: it cannot be read, or is not such a record.
    """
    try:
        data = whole(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    return decode(data, kind, path, upgrade)


def encode(record: object) -> bytes:
    """A record as one line of JSON, without a line end."""
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:  # a lone surrogate, which some models emit from cut byte sequences, has no UTF-8 form
        text = json.dumps(msgspec.to_builtins(record), ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", errors="backslashreplace")


def pretty(record: object) -> str:
    """A record as indented JSON for files that people look into, ending with a line end; its texts without secrets."""
    encoded = encode(record)
    if hide(text := encoded.decode()) != text:
        encoded = encode(hide_in(json.loads(text)))
    try:
        return msgspec.json.format(encoded, indent=1).decode() + "\n"
    except msgspec.DecodeError:  # a lone surrogate
        text = json.dumps(json.loads(encoded), ensure_ascii=False, indent=1) + "\n"
        return text.encode(errors="backslashreplace").decode()


def write(path: Path, record: object) -> None:
    """Writes a JSON file; as `write_bytes`."""
    write_bytes(path, pretty(record).encode("utf-8"))


def write_bytes(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Writes a file so that a reader sees the old one or the new one, never half of one.

    A link that stands there, in a folder that somebody sent, is replaced: nothing is written where it leads.

    Args:
        path: of the file.
        data: all of it.
        lasting: whether it is on the disk, not only with the system, when this returns.

    Raises:
        RunError: the disk is full or the folder cannot be written.
    """
    with written(path, lasting=lasting) as file:
        file.write(data)


@contextlib.contextmanager
def written(path: Path, *, lasting: bool = True) -> Iterator[BinaryIO]:
    """As `write_bytes`, for what is written piece by piece; where that is not finished, what was there stays.

    Raises:
        RunError: as `write_bytes`.
    """
    if path.name in {"", ".."} or (os.path.isdir(path) and not path.is_symlink()):  # noqa: PTH112 - takes any name
        raise RunError(f"{path}: a folder cannot be written to; give the name of a file")
    if _is_device(path):
        try:
            with path.open("wb") as file:
                yield file
        except OSError as error:
            raise cannot_write(path, error) from None
        return
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as file:  # does not follow a link either
            yield file
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _is_device(path: Path) -> bool:
    """Whether it is one of the system's, such as ``/dev/null``, ``/dev/stdout``: replaced, it would be gone for all."""
    return str(path.absolute().parent) in DEVICES and (path.is_symlink() or (path.exists() and not path.is_file()))


def write_text(path: Path, text: str) -> None:
    """Writes what can be made again from the records; as `write_bytes`. Halves of characters are written as their code.

    Raises:
        RunError: as `write_bytes`.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"), lasting=False)


def refuse_link(path: Path) -> None:
    """Refuses to go on in a folder that has a link where one of our files is to grow.

    Raises:
        RunError: the path is a symbolic link.
    """
    if path.is_symlink():
        raise RunError(f"{path} is a symbolic link; a run is written into its own folder only: remove the link")


def cannot_write(path: Path, error: OSError) -> RunError:
    """The error for a file or folder that cannot be written."""
    return RunError(f"{path}: cannot be written ({error.strerror or error}); free space or give another --out")
