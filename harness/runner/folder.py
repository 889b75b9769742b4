"""The folder of a run: run.json, its fingerprint, and whether this command may go on with what is there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from harness.errors import RunError, UsageError
from harness.records.codec import cannot_write

if TYPE_CHECKING:
    from harness.config import Settings
    from harness.records.run import Scalar


def run_folder(out: Path, suite: str, model: str) -> Path:
    """Where the run of a model on a suite lies, below the folder `out` of all runs."""
    return out / suite / model_folder_name(model)


def model_folder_name(model: str) -> str:
    """A model id as the name of a folder: ``/`` becomes ``--``; nothing leads out of the parent folder."""
    safe = model.strip("/").replace("/", "--").replace("\\", "--").replace("\0", "")
    safe = safe if safe.strip(".") else "model"
    return safe if len(safe.encode()) <= 200 else safe[-100:].lstrip(".-")


def fingerprint(settings: Settings, *, suite: str, model: str, batch_invariant: bool) -> dict[str, Scalar]:
    """Everything that the user chose and that could change a transcript.

    The batch plan is no part of it, unless the model's transcripts depend on their batch.
    """
    chosen: dict[str, Scalar] = {
        "suite": suite,
        "model": model,
        "model revision": settings.revision,
        "dtype": settings.dtype,
        "device": settings.device,
        "attention": settings.attention,
        "trust_remote_code": settings.trust_remote_code,
        "family": settings.family,
        "model options": settings.model_option or None,
        "keywords": settings.keywords or None,
    }
    if not batch_invariant:
        chosen |= {"batch_size": settings.batch_size, "batch_seconds": settings.budget_seconds}
    return chosen


def check_fingerprint(folder: Path, stored: Mapping[str, Scalar], now: Mapping[str, Scalar]) -> None:
    """Refuses to go on with a run of another configuration.

    Raises:
        UsageError: names the first field that differs.
    """
    for field in sorted(set(stored) | set(now)):
        if stored.get(field) != now.get(field):
            raise UsageError(
                f"{folder} holds a run with {field} {stored.get(field)!r}, this one has {now.get(field)!r}; "
                "give another --out, or --fresh to start over (the old run is kept under another name)"
            )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds a run folder for this process. A second one is refused, so that lines never interleave.

    Raises:
        RunError: another process holds it, or it cannot be written.
    """
    path = folder / ".lock"
    lock = FileLock(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        holder = ""
        with suppress(OSError):
            holder = path.read_text(encoding="utf-8").strip()
        msg = f"{folder} is in use by process {holder or 'unknown'}; wait for it, or give another --out"
        raise RunError(msg) from None
    except OSError as error:
        raise cannot_write(folder, error) from None
    try:
        with suppress(OSError):  # a system may let nobody write into a locked file
            path.write_text(str(os.getpid()), encoding="utf-8")
        yield
    finally:
        lock.release()


def set_aside(folder: Path) -> None:
    """Gives what is in a folder another name, for `--fresh`."""
    if not folder.exists():
        return
    number = 1
    while (aside := folder.with_name(f"{folder.name}.old{number}")).exists():
        number += 1
    try:
        folder.rename(aside)
    except OSError as error:
        raise RunError(f"{folder}: cannot be renamed ({error.strerror}); give another --out") from None
