"""The runs that lie below a folder: found, described, renamed, removed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.config import is_run_name
from harness.errors import DataError, RunError, UsageError, unknown_name
from harness.records.codec import Record, read, write
from harness.records.run import RUN_FILE, SHARDS, RunRecord, read_run_record, run_files
from harness.records.scores import Scores
from harness.runner.folder import locked, run_folder
from harness.scoring.labels import labels
from harness.scoring.predictions import System
from harness.scoring.score import total_speed

if TYPE_CHECKING:
    from collections.abc import Iterable

SCORES_FILE = "scores.json"

_OURS = re.compile(r"(run|scores|load)\.json|server\.log|\.lock|[^/]+\.jsonl(\.old\d+)?|\.[^/]+\.tmp|ray\.[^/]+")
"""What a run writes into its folder."""


class StoredRun(Record, frozen=True, kw_only=True):
    """One run that lies in a folder. What is not known is null."""

    name: str
    """What it is called, told apart from the others."""
    suite: str | None
    model: str | None
    wer: float | None = None
    """Fraction, as scores.json has it: of the one benchmark, or the average."""
    cer: float | None = None
    """In its place, where characters are counted."""
    rtfx: float | None = None
    started: str | None = None
    """UTC, ISO 8601."""
    complete: bool | None = None
    folder: str
    problem: str | None = None
    """Why nothing more is known: run.json cannot be read."""


def folders_below(place: Path) -> list[Path]:
    """The run folders below a place, sorted; links are not followed.

    Raises:
        UsageError: there is no such folder.
    """
    if not place.is_dir():
        raise UsageError(f"no folder {place}; give the folder that holds runs, as --out of their command named it")
    found = (file.parent for file in run_files(place) if file.is_file())
    return sorted(folder for folder in found if not folder.is_symlink())


def stored_runs(place: Path) -> list[StoredRun]:
    """What lies below a place, by folder."""
    records: dict[Path, RunRecord] = {}
    problems: dict[Path, str] = {}
    for folder in folders_below(place):
        try:
            records[folder] = read_run_record(folder)
        except (DataError, OSError) as error:
            problems[folder] = str(error)
    systems = [
        System(model=run.model.id, suite=run.suite, folder=folder, run=run, benchmarks=[])
        for folder, run in records.items()
    ]
    found = [
        _described(folder, run, name) for (folder, run), name in zip(records.items(), labels(systems), strict=True)
    ]
    found += [
        StoredRun(name=folder.name, suite=folder.parent.name, model=None, folder=str(folder), problem=why)
        for folder, why in problems.items()
    ]
    return sorted(found, key=lambda one: one.folder)


def _described(folder: Path, run: RunRecord, name: str) -> StoredRun:
    scores = read_scores(folder)
    average = scores.average if scores is not None else None
    measured = total_speed([one.speed for one in run.benchmarks.values() if one.speed is not None])
    return StoredRun(
        name=name,
        suite=run.suite,
        model=run.model.id,
        wer=average.wer if average else None,
        cer=average.cer if average else None,
        rtfx=(average.speed.rtfx if average else None) or measured.rtfx,
        started=run.started,
        complete=bool(run.complete),
        folder=str(folder),
    )


def read_scores(folder: Path) -> Scores | None:
    """The scores.json of a run; None where there is none that can be read."""
    try:
        return read(folder / SCORES_FILE, Scores)
    except (DataError, OSError):
        return None


def find_run(asked: str, below: Path) -> Path:
    """The folder of a run that is named by its path, or by its name, with its suite before it if need be.

    Raises:
        UsageError: there is none, or several have the name.
    """
    path = Path(asked)
    if (path / RUN_FILE).is_file():
        return path
    if path.name == RUN_FILE and path.is_file():
        return path.parent
    if path.is_dir():
        raise UsageError(f"{path} is no run: it has no {RUN_FILE}; `runs {path}` lists those below it")
    known = stored_runs(below) if below.is_dir() else []
    exact = [one for one in known if asked in {one.name, f"{one.suite}/{one.name}"}]
    found = exact or [one for one in known if asked in _names(one)]
    if len(found) > 1:
        raise UsageError(f"{len(found)} runs are called {asked}; give the path of one: {_listed(found)}")
    if not found:
        raise unknown_name(f"run below {below}", asked, (one.name for one in known))
    return Path(found[0].folder)


def _names(one: StoredRun) -> set[str]:
    """All that a run may be called by: its folder, its model, each with its suite before it too."""
    names = {Path(one.folder).name, *([one.model] if one.model else [])}
    return names | {f"{one.suite}/{name}" for name in names}


def _listed(runs: Sequence[StoredRun], most: int = 4) -> str:
    return ", ".join(one.folder for one in runs[:most]) + (", ..." if len(runs) > most else "")


def check_removable(folder: Path) -> None:
    """Refuses to remove what is not a run's folder and nothing else.

    Raises:
        UsageError: it is a link, has no run.json of its own, or holds something that no run wrote.
    """
    if folder.is_symlink():
        raise UsageError(f"{folder} is a link, which is not followed; give the folder that it leads to")
    if (folder / RUN_FILE).is_symlink() or not (folder / RUN_FILE).is_file():
        raise UsageError(f"{folder} is no run: it has no {RUN_FILE} of its own")
    strange = sorted(one.name for one in folder.iterdir() if not _is_ours(one))
    if strange:
        raise UsageError(f"{folder} also holds {strange[0]}, which no run wrote; move that away, or remove it yourself")


def _is_ours(path: Path) -> bool:
    if path.name == SHARDS and path.is_dir() and not path.is_symlink():
        return all(_is_ours(one) for one in path.rglob("*") if not one.is_dir())
    return _OURS.fullmatch(path.name) is not None and not path.is_symlink() and path.is_file()


def remove(folder: Path) -> None:
    """Removes a run's folder, file by file, and nothing that no run wrote.

    Raises:
        UsageError: as `check_removable`.
        RunError: it is in use, or cannot be removed.
    """
    check_removable(folder)
    with locked(folder), ExitStack() as shards:
        for one in (folder / SHARDS).glob("*-of-*"):
            shards.enter_context(locked(one))
        check_removable(folder)
    try:
        # run.json last: what is left where this is stopped is still a run that can be removed.
        for file in sorted(folder.iterdir(), key=lambda one: one.name == RUN_FILE):
            if file.name == SHARDS:
                shutil.rmtree(file)
            elif _is_ours(file):
                file.unlink()
        folder.rmdir()
    except OSError as error:
        raise RunError(f"{folder}: cannot be removed ({error.strerror or error})") from None


def rename(folder: Path, name: str) -> Path:
    """Gives a run another name: that of its folder, and the one that tables show.

    Raises:
        UsageError: the name is none, or something has it already.
        RunError: the run is in use, or cannot be renamed.
    """
    if not is_run_name(name):
        raise UsageError(f"{name!r} cannot be a run's name: no slash, not 'report', no dot, dash or blank at its ends")
    if folder.is_symlink():
        raise UsageError(f"{folder} is a link, which is not followed; give the folder that it leads to")
    target = run_folder(folder.parent.parent, folder.parent.name, name)
    if target.exists() or target.is_symlink():
        raise UsageError(f"{target} is there already and is not written over; remove it, or give another name")
    record = read_run_record(folder)
    with locked(folder):
        pass  # nobody is writing there
    try:
        folder.rename(target)
    except OSError as error:
        raise RunError(f"{folder}: cannot be renamed ({error.strerror or error})") from None
    record.name = name
    write(target / RUN_FILE, record)
    scores = read_scores(target)
    if scores is not None:
        from msgspec.structs import replace

        write(target / SCORES_FILE, replace(scores, name=name))
    return target


def together(runs: Iterable[StoredRun]) -> str:
    """How many runs there are, and how many of them did not go to their end."""
    listed = list(runs)
    open_ = sum(not one.complete for one in listed)
    return amount(len(listed), "run") + (f", {open_:,} not complete" if open_ else "")
