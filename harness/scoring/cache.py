"""Counts remembered between commands, by content: the same texts under the same rules are counted once.

The key is a hash of the texts, of the profile's rules, of the versions of the libraries, and of this package's own
code, so whatever changes a count changes the key. A file that is not what was written is ignored and written again; a
folder that cannot be used costs nothing but time. ``ASR_HARNESS_CACHE`` names the folder, or is empty for none.
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.scoring.counting import Counted, Pair, packed, unpacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.scoring.profiles import Profile

KEPT = 256
"""Files kept; the ones not used for longest go first."""
_COLUMNS = 6


def folder(kind: str = "counts") -> Path | None:
    """Where counts, or what else is remembered between commands, are kept, or None for nowhere."""
    named = os.environ.get("ASR_HARNESS_CACHE")
    if named is not None:
        return None if not named else Path(named) if kind == "counts" else Path(named) / kind
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "asr-harness" / kind
    except RuntimeError:  # no home
        return None


def key_of(pairs: Iterable[Pair], profile: Profile) -> str:
    """What the counts of these pairs are called."""
    rules = asdict(profile) | {"name": ""}  # a name changes no count
    digest = hashlib.sha256(f"{_code()}{sorted(rules.items())}".encode())
    for pair in pairs:
        for text in pair:
            encoded = text.encode("utf-8", errors="surrogatepass")
            digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return digest.hexdigest()


def load(key: str, rows: int) -> list[Counted] | None:
    """The counts of a key, or None where they are not there whole."""
    found = load_table(key, rows)
    return None if found is None or (found < 0).any() else unpacked(found.tolist())


def load_table(key: str, rows: int) -> NDArray[np.int32] | None:
    """As `load`, as numbers, shape ``[rows, 6]``; a row that was not counted has hits of -1."""
    where = folder()
    if where is None:
        return None
    path = where / f"{key}.npy"
    try:
        found: NDArray[np.int32] = np.load(path, allow_pickle=False)
        os.utime(path)
    except (OSError, ValueError, EOFError):
        return None
    if found.shape != (rows, _COLUMNS) or found.dtype != np.int32 or (found[:, 1:] < 0).any():
        return None
    return found


def store(key: str, counted: Sequence[Counted]) -> None:
    """Keep counts, if that is possible."""
    if folder() is not None:
        store_table(key, np.array(packed(counted), dtype=np.int32).reshape(-1, _COLUMNS))


def store_table(key: str, table: NDArray[np.int32]) -> None:
    """As `store`, of numbers, shape ``[rows, 6]``."""
    where = folder()
    if where is None:
        return
    try:
        where.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=where, suffix=".tmp", delete=False) as file:
            np.save(file, table, allow_pickle=False)
        Path(file.name).replace(where / f"{key}.npy")
        _forget_oldest(where)
    except OSError:
        return


def _forget_oldest(where: Path) -> None:
    files = sorted(where.glob("*.*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[KEPT:]:
        path.unlink(missing_ok=True)


@functools.cache
def _code() -> str:
    """A hash of the code and tables that counts depend on, with the versions of the libraries."""
    from harness.scoring.profiles import libraries

    digest = hashlib.sha256(repr(sorted(libraries().items())).encode())
    here = Path(__file__).parent
    for path in sorted([*here.glob("*.py"), *here.glob("normalize/*.*")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()
