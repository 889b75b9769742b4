"""The folder of a cluster of our own: nobody else's to write into, and removed even after SIGKILL."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "asr"
LONGEST = 30
"""Characters of a folder in which Ray can still make its sockets, whose names may have 107."""

YOUNG = 60.0
"""Seconds in which a folder may not be locked yet by who made it."""

_OWNER = ".owner"
_held: dict[Path, FileLock] = {}
"""Folders of this process; the system lets go of a lock when its process dies, however it does."""


def make_folder() -> Path:
    """A new folder that this process owns; those that dead processes left behind are removed first."""
    usual = tempfile.gettempdir()
    place = Path(usual if len(usual) <= LONGEST else "/tmp")  # noqa: S108 - where names are short
    clear(place)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    _held[folder] = FileLock(folder / _OWNER, thread_local=False)
    _held[folder].acquire()
    return folder


def rays(folder: Path) -> Path:
    """Where Ray may work: it opens its own folder to everybody (0777), the one around it stays closed."""
    return folder / "r"


def remove(folder: Path) -> None:
    """Removes a folder of this process."""
    lock = _held.pop(folder, None)
    shutil.rmtree(folder, ignore_errors=True)
    if lock is not None:
        lock.release()


def clear(place: Path) -> None:
    """Removes what processes of this user that are dead left in a place; never another's, nor one in use."""
    for folder in place.glob(f"{PREFIX}*"):
        owner = folder / _OWNER
        with suppress(OSError, Timeout):
            facts = folder.lstat()
            ours = facts.st_uid == os.getuid() if hasattr(os, "getuid") else True
            if folder.is_symlink() or owner.is_symlink() or not owner.is_file() or not ours:
                continue
            if time.time() - facts.st_mtime < YOUNG:
                continue
            with FileLock(owner, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
