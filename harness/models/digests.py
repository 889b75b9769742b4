"""Digests of a model's files, remembered between commands: gigabytes of weights are read once, not at every command.

A remembered digest is good for a file of the same path, size, times and inode. As git does, one is remembered only
where the file had rested for a while: a file system's clock is coarse, and a second write in the same tick leaves all
of these as they were. Small files are always read. ``ASR_HARNESS_CACHE`` names the folder, or is empty for none.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from harness.scoring.cache import folder as cache_folder

SMALL = 1 << 20
"""Bytes up to which a file is read every time."""

REST_NS = 2_000_000_000
"""How long a file must have been left alone before its digest is remembered."""

_FILE = "digests.json"


def file_digest(path: Path, now: Callable[[], int] = time.time_ns) -> str:
    """SHA-256 of a file's content, in hex.

    Args:
        path: the file.
        now: the clock that file times are of, in nanoseconds.

    Raises:
        OSError: it cannot be read.
    """
    facts = path.stat()
    if facts.st_size <= SMALL:
        return _read(path)
    state = [facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino]
    key, known = str(path.resolve()), _known()
    entry = known.get(key)
    if isinstance(entry, list) and entry[:-1] == state and isinstance(entry[-1], str):
        return entry[-1]
    begin = now()
    found = _read(path)
    if begin - max(facts.st_mtime_ns, facts.st_ctime_ns) > REST_NS:
        _remember(key, [*state, found])
    return found


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _known() -> dict[str, object]:
    """What is remembered; nothing where the file is not there or is not what was written."""
    folder = cache_folder("models")
    if folder is None:
        return {}
    try:
        found = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _remember(key: str, entry: list[object]) -> None:
    """Adds an entry, and drops those of files that are gone; where that cannot be written, it costs time only."""
    folder = cache_folder("models")
    if folder is None:
        return
    kept = {path: one for path, one in _known().items() if Path(path).exists()} | {key: entry}
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f"{_FILE}.{os.getpid()}"
        new.write_text(json.dumps(kept), encoding="utf-8")
        new.replace(folder / _FILE)
