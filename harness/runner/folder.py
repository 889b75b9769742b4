"""The folder of a run: run.json, its fingerprint, and whether this command may go on with what is there."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, RunError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.config import Settings

RUN_FILE = "run.json"


def run_folder(out: Path, suite: str, model: str) -> Path:
    """Where the run of a model on a suite lies.

    Args:
        out: folder of all runs.
        suite: resolved name of the suite.
        model: model id; a path is shortened to its last part.
    """
    return out / suite / model_folder_name(model)


def model_folder_name(model: str) -> str:
    """A model id as the name of a folder: ``/`` becomes ``--``; nothing leads out of the parent folder."""
    safe = model.strip("/").replace("/", "--").replace("\\", "--").replace("\0", "")
    safe = safe if safe.strip(".") else "model"
    return safe if len(safe.encode()) <= 200 else safe[-100:].lstrip(".-")


def fingerprint(settings: Settings, *, suite: str, model: str, batch_invariant: bool) -> dict[str, Any]:
    """Everything that the user chose and that could change a transcript.

    The batch plan is no part of it, unless the model's transcripts depend on their batch.
    """
    chosen: dict[str, Any] = {
        "suite": suite,
        "model": model,
        "model revision": settings.revision,
        "dtype": settings.dtype,
        "device": settings.device,
        "attention": settings.attention,
        "trust_remote_code": settings.trust_remote_code,
    }
    if not batch_invariant:
        chosen |= {"batch_size": settings.batch_size, "batch_seconds": settings.budget_seconds}
    return chosen


def check_fingerprint(folder: Path, stored: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuses to go on with a run of another configuration.

    Raises:
        UsageError: names the first field that differs.
    """
    for field in sorted(set(stored) | set(now)):
        if stored.get(field) != now.get(field):
            msg = (
                f"{folder} holds a run with {field} {stored.get(field)!r}, this one has {now.get(field)!r}; "
                "give another --out, or --fresh to start over (the old run is kept under another name)"
            )
            raise UsageError(msg)


def read_run(folder: Path) -> dict[str, Any] | None:
    """The run.json of a folder, or None where there is none.

    Raises:
        DataError: it is not readable as one.
    """
    path = folder / RUN_FILE
    try:
        stored = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror})"
        raise DataError(msg) from None
    except ValueError:
        stored = None
    if not isinstance(stored, dict) or not isinstance(stored.get("benchmarks"), dict):
        msg = f"{path}: not a run.json; restore it, or start over with --fresh"
        raise DataError(msg)
    return stored


def write_json(path: Path, content: Any) -> None:
    """Writes a JSON file so that a reader sees the old one or the new one, never half of one.

    Raises:
        RunError: the disk is full or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", errors="backslashreplace") as file:
            json.dump(content, file, ensure_ascii=False, indent=1, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror or error}); free space or give another --out"
        raise RunError(msg) from None


def set_aside(folder: Path) -> Path | None:
    """Gives what is in a folder another name, for `--fresh`.

    Returns:
        The new name, or None where there was nothing.
    """
    if not folder.exists():
        return None
    number = 1
    while (aside := folder.with_name(f"{folder.name}.old{number}")).exists():
        number += 1
    try:
        folder.rename(aside)
    except OSError as error:
        msg = f"{folder}: cannot be renamed ({error.strerror}); give another --out"
        raise RunError(msg) from None
    return aside
