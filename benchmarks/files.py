"""Files that are read whole: none is waited for that nobody writes, and none fills the memory with nothing."""

from __future__ import annotations

import difflib
import errno
import gzip
import io
import os
import stat
from itertools import islice
from pathlib import Path

STATED_BYTES = 64 << 20
"""Size of what people write by hand, such as a policy, above which it is something else."""
LARGE_BYTES = 64 << 20
"""A file of this size is looked at before it is read."""
PACKED = 200
"""By how much texts may be packed; transcripts are by five to thirty."""
_LOOKED_AT = 5_000
"""Names beside a path that are compared with it."""
_HEAD = 1 << 16
_SHELL = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")


def near(path: Path) -> str:
    """``did you mean calls.jsonl? `` for a path where nothing is, beside which something of nearly this name lies."""
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in islice(entries, _LOOKED_AT)]
    except (OSError, ValueError):
        return ""
    found = difflib.get_close_matches(path.name, names, n=1, cutoff=0.75)
    return f"did you mean {path.parent / found[0]}? " if found else ""


def regular(path: Path) -> os.stat_result:
    """What the system knows of a file that is about to be opened: opening a pipe waits for somebody to write.

    Raises:
        OSError: there is none, or it is a folder, a pipe or a device; the shell's own pipes are taken.
    """
    info = os.stat(path)  # noqa: PTH116 - of each clip, several times: half as long as pathlib
    if stat.S_ISREG(info.st_mode):
        return info
    if stat.S_ISDIR(info.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not str(path).startswith(_SHELL):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file", str(path))
    return info


def whole(path: Path, most: int | None = None) -> bytes:
    """The content of a file.

    Args:
        path: of a file; a pipe only where it is the shell's own (``/dev/fd/63``, ``/dev/stdin``).
        most: bytes above which it is refused; None is any size.

    Raises:
        OSError: it cannot be read, is a pipe or a device, is too large, or is nothing but holes.
    """
    looked_at(path, most)
    return path.read_bytes()


def looked_at(path: Path, most: int | None = None) -> os.stat_result:
    """What the system knows of a file that is about to be read whole; as `whole`."""
    info = regular(path)
    if most is not None and info.st_size > most:
        raise OSError(errno.EFBIG, f"{info.st_size:,} bytes are too many for what it should be", str(path))
    if info.st_size > LARGE_BYTES:
        with path.open("rb") as file:
            if not file.read(_HEAD).strip(b"\0"):
                raise OSError(errno.EINVAL, "it begins with nothing but zeros, as a copy that was cut off", str(path))
    return info


def unpacked(data: bytes) -> bytes:
    """What gzipped bytes hold.

    Raises:
        OSError: it is by far more than texts come to, or they are broken.
        EOFError, zlib.error: they are broken.
    """
    parts, size = [], 0
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
        while part := packed.read(1 << 20):
            parts.append(part)
            size += len(part)
            if size > max(LARGE_BYTES, PACKED * len(data)):
                raise OSError(errno.EFBIG, f"it unpacks to more than {PACKED} times its size")
    return b"".join(parts)


def stated(path: Path, encoding: str = "utf-8") -> str:
    """The text of a file that people write by hand.

    Raises:
        OSError: as `whole`.
        UnicodeDecodeError: it is no such text.
    """
    return whole(path, STATED_BYTES).decode(encoding)
