"""Archives with own data in them, unpacked where there is room for it."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path

BROKEN = (
    OSError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    RuntimeError,
    NotImplementedError,
    ValueError,
)
"""What comes of archives that are broken, encrypted, or packed in a way that is not known, and of a full disk."""


def unpack(path: Path, place: Path) -> None:
    """Unpacks an archive into the folder that it lies in, once. No member leads out of it.

    Raises:
        OSError: there is not enough room.
    """
    done = place.parent / f".{place.name}.unpacked"
    if done.exists():
        return
    room = shutil.disk_usage(place.parent).free
    if place.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            _check_room(sum(one.file_size for one in archive.infolist()), room)
            for one in archive.infolist():
                archive.extract(one, place.parent)
    else:
        with tarfile.open(path) as tar:
            for member in tar:
                room -= member.size
                _check_room(0, room)
                if member.isfile():
                    tar.extract(member, place.parent, filter="data")
    done.touch()


def _check_room(size: int, room: int) -> None:
    if size > room:
        raise OSError(f"{size >> 20:,} MiB unpacked, which do not fit on the disk")
