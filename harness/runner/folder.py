"""The folder of a run: run.json, its fingerprint, and whether this command may go on with what is there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from harness.devices import kind_of
from harness.errors import RunError, UsageError
from harness.models.hub import is_commit
from harness.models.registry import named_values
from harness.records.codec import cannot_write, refuse_link

if TYPE_CHECKING:
    from harness.config import Settings
    from harness.records.run import Scalar


def run_folder(out: Path, suite: str, name: str) -> Path:
    """Where a run on a suite lies, below the folder `out` of all runs; `name` is the run's, or its model."""
    return out / suite / model_folder_name(name)


def model_folder_name(model: str) -> str:
    """A model id as the name of a folder: ``/`` becomes ``--``; nothing leads out of the parent folder.

    Two models may have one name there, such as ``org/name`` of the hub and ``../org/name`` on the disk: a run states
    its model and the revision of its files, and is not gone on with, or answered, where these are others.

    Of an address only letters, digits, dots and dashes stay: ``openai-http-127.0.0.1-8000-v1-whisper-1``.
    """
    if "://" in model:
        model = re.sub(r"[^A-Za-z0-9._]+", "-", model).strip("-")
    safe = plain_name(model).replace("/", "--").replace("\\", "--").replace("\0", "")
    safe = safe.lstrip(".") or "model"
    return safe if len(os.fsencode(safe)) <= 200 else safe[-100:].lstrip(".-")


def plain_name(model: str) -> str:
    """A model's name; a path without what says where one stands: ``../ck/x``, ``./ck/x/`` and ``~/ck/x`` are ``ck/x``.

    A path of nothing else is the folder that it means.
    """
    if not (model.startswith(("/", ".", "~")) or model.endswith("/")):
        return model
    parts = [part for part in PurePosixPath(os.path.normpath(model)).parts if part.strip("./")]
    if parts and parts[0].startswith("~"):
        del parts[0]
    return "/".join(parts) or Path(model).expanduser().resolve().name


def with_name(settings: Settings, model: str) -> Settings:
    """The settings with the name that options which make it another model give to its results; the user's goes before.

    So that nothing of `ibm-granite/x` under ``products=fp8`` is taken for it: `ibm-granite--x fp8`.
    """
    values = named_values(model, settings.model_option) if settings.name is None else ()
    return replace(settings, name=" ".join((model_folder_name(model)[:80], *values))) if values else settings


def fingerprint(settings: Settings, *, suite: str, model: str, batch_invariant: bool) -> dict[str, Scalar]:
    """Everything that the user chose and that could change a transcript.

    The batch plan is no part of it, unless the model's transcripts depend on their batch.
    """
    chosen: dict[str, Scalar] = {
        "suite": suite,
        "model": model,
        "model revision": settings.revision,
        "dtype": settings.dtype,
        "device": kind_of(settings.device),
        "attention": settings.attention,
        "trust_remote_code": settings.trust_remote_code,
        "family": settings.family,
        "model options": settings.model_option or None,
        "keywords": settings.keywords or None,
        "row keywords": settings.row_keywords or None,
        "target": settings.target,
        "channel": None if settings.heard == "mix" else settings.heard,
        "conditions": settings.perturb or None,
        "seed of conditions": settings.seed if settings.perturb else None,
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
        before, after = stored.get(field), now.get(field)
        if field == "model" and plain_name(str(before)) == plain_name(str(after)):
            continue  # the same place seen from another one; whether its files are the same is looked at besides
        if before != after:
            raise UsageError(
                f"{folder} holds a run with {field} {before!r}, this one has {after!r}; "
                "give another --out, or --fresh to start over (the old run is kept under another name)"
            )


def check_revision(folder: Path, before: str | None, now: str | None) -> None:
    """Refuses to go on with, or to answer, a run whose model has other files now.

    Args:
        folder: of the run.
        before: the revision that the run states, if it does.
        now: that of the model's files as they are, as far as it is known.

    Raises:
        UsageError: they differ.
    """
    if before is None or now is None or before == now:
        return
    again = f"give --revision {before}, another --out," if is_commit(before) else "give another --out"
    raise UsageError(
        f"{folder} holds a run with model revision {before!r}, the model changed and is now at {now!r}; "
        f"{again} or --fresh to start over (the old run is kept under another name)"
    )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds a run folder for this process. A second one is refused, so that lines never interleave.

    Raises:
        RunError: another process holds it, or it cannot be written.
    """
    path = folder / ".lock"
    refuse_link(path)
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
