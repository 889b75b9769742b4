"""The journal: one JSON line an utterance, append-only. It is the product of a run; all else is derived from it.

A line is written once and never changed. A process may be killed at any byte: what a torn last line held is run again,
whole lines stay. One process at a time writes into a run folder.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, RunError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from io import FileIO
    from pathlib import Path
    from types import TracebackType
    from typing import Self

SYNC_SECONDS = 1.0
"""How often the file is forced to the disk. Each batch is handed to the system at once, which survives our death;
this bounds what a loss of power costs."""


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def read_lines(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The whole lines of a journal, and the number of bytes that they take.

    A last line without its newline, or one that is no JSON object, was torn: it is left out.

    Raises:
        DataError: a line before the last is broken, or an id stands twice.
    """
    if not path.exists():
        return [], 0
    raw = path.read_bytes()
    lines: list[dict[str, Any]] = []
    seen: set[str] = set()
    begin = 0
    while begin < len(raw):
        end = raw.find(b"\n", begin)
        line = _parse(raw[begin:end]) if end >= 0 else None
        if line is None:
            if end >= 0 and raw.find(b"\n", end + 1) >= 0:
                msg = f"{path}, line {len(lines) + 1}: not a journal line; restore the file or start over with --fresh"
                raise DataError(msg)
            break
        if line["id"] in seen:
            msg = f"{path}, line {len(lines) + 1}: utterance {line['id']!r} stands there twice; start over with --fresh"
            raise DataError(msg)
        seen.add(line["id"])
        lines.append(line)
        begin = end + 1
    return lines, begin


def _parse(raw: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) and isinstance(line.get("id"), str) else None


class Journal:
    """A journal open for writing. Opening it cuts off a torn last line. Lines are not held in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines, size = read_lines(path)
        self._count = len(lines)
        self._synced = time.monotonic()
        try:
            # Unbuffered: what a failed write left behind must not be written again when the file is closed.
            self._file = path.open("ab", buffering=0)
            self._file.truncate(size)
        except OSError as error:
            raise _cannot_write(path, error) from None

    def append(self, lines: Iterable[dict[str, Any]]) -> None:
        """Writes the lines of one batch, all or none of them as far as the system allows.

        Raises:
            RunError: the disk is full or the file cannot be written. What was there before stays.
        """
        new = list(lines)
        data = "".join(_ENCODER.encode(line) + "\n" for line in new)
        size = self._file.tell()
        try:
            # A lone surrogate, which some models emit from cut byte sequences, has no UTF-8 form.
            _write_all(self._file, data.encode("utf-8", errors="backslashreplace"))
            if time.monotonic() - self._synced > SYNC_SECONDS:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            self._undo(size)
            raise _cannot_write(self.path, error) from None
        self._count += len(new)

    def __len__(self) -> int:
        """Number of lines."""
        return self._count

    @property
    def lines(self) -> list[dict[str, Any]]:
        """All lines, read from the file."""
        return read_lines(self.path)[0]

    def _undo(self, size: int) -> None:
        """Cuts the file back to its last good line."""
        os.ftruncate(self._file.fileno(), size)
        self._file.seek(size)  # where the next one would be undone to

    def close(self) -> None:
        """Forces everything to the disk.

        Raises:
            RunError: it could not be, for the disk is full or broken.
        """
        if self._file.closed:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _cannot_write(self.path, error) from None
        finally:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _write_all(file: FileIO, data: bytes) -> None:
    """Writes all of it: a nearly full disk takes a part and says so only to those who look."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) or 0 :]


class FolderLock:
    """Holds a run folder for one process. A second one is refused, so that lines never interleave."""

    def __init__(self, folder: Path) -> None:
        path = folder / ".lock"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+")
        except OSError as error:
            raise _cannot_write(folder, error) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            msg = f"{folder} is in use by process {holder}; wait for it, or give another --out"
            raise RunError(msg) from None
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _cannot_write(path: Path, error: OSError) -> RunError:
    return RunError(f"{path}: cannot be written ({error.strerror or error}); free space or give another --out")
