"""A run in one file, as baselines are kept: a zip of run.json and the journals, opened as the folder that it was."""

from __future__ import annotations

import contextlib
import lzma
import re
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.files import regular
from harness.errors import DataError, UsageError

SUFFIX = ".zip"

LIMIT_BYTES = 2**28
"""Unpacked size above which a file is refused: more than three thousand hours of transcripts."""
LIMIT_RATIO = 200
"""By how much a member may be packed: JSON lines of transcripts are by ten to thirty; what is by more is a bomb."""
SMALL_BYTES = 1 << 20
"""A member may be packed by more up to here: one sentence a thousand times."""
MOST_MEMBERS = 5_000
"""Journals are one a benchmark."""
LIMIT_DICTIONARY = 1 << 26
"""Bytes that a decoder may be told to set aside; Python's own zips say 8 MiB."""

_MEMBER = re.compile(r"(?:run\.json|speed\.json|[a-z0-9_]{1,100}\.jsonl)\Z")
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA}
_BROKEN = (zipfile.BadZipFile, lzma.LZMAError, zlib.error, OSError, EOFError, RuntimeError, ValueError, MemoryError)
"""What reading a damaged, encrypted or foreign zip raises."""
_CHUNK = 1 << 20


def is_packed(path: Path) -> bool:
    """Whether a path is a file of this kind, by its ending."""
    return path.suffix == SUFFIX and path.is_file()


def packed_in(folder: Path) -> list[Path]:
    """Such files below a folder, sorted; a zip that can be read and has no run in it is something else."""
    return [path for path in sorted(folder.rglob(f"*{SUFFIX}")) if path.is_file() and _holds_run(path)]


def _holds_run(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "run.json" in archive.namelist()
    except _BROKEN:
        return True  # said where it is read


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Path]:
    """Such a file as a run folder, for as long as it is looked at; errors in there name the file.

    Raises:
        DataError: the file is broken, holds something else, or would unpack to more than LIMIT_BYTES.
    """
    with tempfile.TemporaryDirectory(prefix="baseline") as temporary:
        folder = Path(temporary)
        try:
            _unpack(path, folder)
        except _BROKEN as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise DataError(f"{path} is not a baseline that can be read: {why}") from None
        try:
            yield folder
        except (DataError, UsageError) as error:
            raise type(error)(str(error).replace(temporary, str(path))) from None


def _unpack(path: Path, folder: Path) -> None:
    regular(path)
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        names = [info.filename for info in members]
        if len(names) > MOST_MEMBERS:
            raise DataError(f"{path} is not a baseline: it holds {len(names):,} files, more than {MOST_MEMBERS:,}")
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is not None:
            raise DataError(f"{path} is not a baseline: it holds {twice!r} twice; save it anew")
        for info in members:
            if not _MEMBER.match(info.filename) or info.compress_type not in _METHODS:
                raise DataError(
                    f"{path} is not a baseline: it holds {info.filename!r}, packed by method {info.compress_type}"
                )
            _check_dictionary(path, info)
        left = LIMIT_BYTES
        for info in members:
            most = min(left, max(SMALL_BYTES, LIMIT_RATIO * info.compress_size))
            with archive.open(info) as member, (folder / info.filename).open("xb") as file:
                size = 0  # what the header says of it need not be true
                while chunk := member.read(_CHUNK):
                    size += len(chunk)
                    if size > most:
                        raise DataError(f"{path} is not a baseline: it unpacks to too much")
                    file.write(chunk)
            left -= size


def _check_dictionary(path: Path, info: zipfile.ZipInfo) -> None:
    """Refuses an LZMA stream that has the decoder set aside gigabytes (APPNOTE.TXT, 5.8.8; local header: 4.3.7)."""
    if info.compress_type != zipfile.ZIP_LZMA:
        return
    with path.open("rb") as file:
        file.seek(info.header_offset + 26)
        lengths = file.read(4)
        file.seek(int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little"), 1)
        head = file.read(9)
    size = int.from_bytes(head[5:9], "little")
    if len(head) < 9 or size > LIMIT_DICTIONARY:
        raise DataError(f"{path} is not a baseline: unpacking {info.filename} would take {size:,} bytes of memory")
