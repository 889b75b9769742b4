"""What paths hold that can be scored: run folders, saved baselines, predictions; and what holds nothing so far."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.files import near
from benchmarks.sources.text_files import read_content
from harness.amounts import amount
from harness.errors import DataError, UsageError
from harness.records.packed import is_packed, packed_in
from harness.records.run import RUN_FILE, SHARDS, read_run_record, run_files
from harness.scoring.folders import Say, alone_in, predictions_in

RUNS = Path("results/runs")
"""Where runs are unless another place was named."""

_EMPTY = 4096
"""Bytes from which on nobody looks whether a file holds nothing: one with a row of others may be shorter."""


@dataclass(frozen=True, slots=True)
class Held:
    """What was found, each once, in a stable order."""

    runs: dict[Path, None] = field(default_factory=dict)
    """Run folders and saved baselines."""
    files: dict[Path, Path] = field(default_factory=dict)
    """Prediction files, each with the folder that it was found by: the one that was given, or its own."""


def held_by(paths: Iterable[Path | str], say: Say) -> Held:
    """All that the paths hold.

    Raises:
        UsageError: a path does not exist or holds nothing to score.
    """
    held = Held()
    for path in with_something(paths, say):
        _find(path, held, say)
    return held


def with_something(paths: Iterable[Path | str], say: Say) -> list[Path]:
    """The paths but for reports, and folders in which nothing is to be scored so far; all, if there is nothing else.

    A shell's ``*`` names such folders among the runs.
    """
    kept = each_once(without_reports([Path(path) for path in paths]), say)
    why = {path: _nothing_yet(path) for path in kept if path.is_dir()} if len(kept) > 1 else {}
    begun = [path for path in kept if not why.get(path)]
    for reason in dict.fromkeys(reason for reason in why.values() if reason and begun):
        say(f"left out: {reason}")
    return begun or kept


def without_reports(paths: Sequence[Path]) -> list[Path]:
    """The paths but for folders of reports, which a shell's ``*`` names too; all, if there is nothing else."""
    return [path for path in paths if not _is_report(path)] or [*paths]


def each_once(paths: Sequence[Path], say: Say) -> list[Path]:
    """The paths but for those that name once more what an earlier one names: it is one run, not two."""
    found: dict[Path, Path] = {}
    for path in paths:
        if found.setdefault(path.resolve(), path) is not path:
            say(f"{path} is given more than once, and counted once")
    return [*found.values()]


def _is_report(folder: Path) -> bool:
    """Whether it holds a report's tables and nothing that could be scored."""
    return (folder / "table.json").is_file() and not any(any(folder.rglob(form)) for form in (RUN_FILE, "*.jsonl"))


def _nothing_yet(folder: Path) -> str:
    """Why a folder has nothing to score so far, although a run was begun in it; empty where it has, or none was."""
    if run_files(folder) or packed_in(folder):
        return ""
    inside = predictions_in(folder, (), lambda _line: None)
    if any(not _is_empty(path) for path in inside):
        return ""
    return "; ".join([*map(_parts_only, _untaken(folder)), *([_empty(inside)] if inside else [])])


def _find(path: Path, held: Held, say: Say) -> None:
    """Note what is under a path."""
    if path.is_file():
        if path.name == RUN_FILE:
            held.runs[path.parent] = None
        elif is_packed(path):
            held.runs[path] = None
        else:
            held.files.setdefault(path, path.parent)
        return
    if not path.is_dir():
        raise UsageError(f"no file or folder {path}; {_meant(path)}")
    here = {run.parent: None for run in run_files(path)}
    inside = dict.fromkeys(predictions_in(path, here, say), path)
    saved = dict.fromkeys(packed_in(path))
    parts = [_parts_only(folder) for folder in _untaken(path)]
    empty = [one for one in inside if _is_empty(one)]
    if here or len(empty) < len(inside):
        if saved:
            say(
                f"{path}: left out {len(saved)} saved baselines, which are taken where nothing else is there, or by "
                "name"
            )
        for reason in [*parts, *([_empty(empty)] if empty else [])]:
            say(f"left out: {reason}")
        inside = {one: root for one, root in inside.items() if one not in empty}
    elif saved:
        held.runs.update(saved)
        inside = {}
    elif parts:
        raise UsageError(f"nothing to score so far: {'; '.join(parts)}")
    elif not inside:
        what = "a run folder (run.json), or *.jsonl, *.json, *.csv, *.tsv with text and pred_text, gzipped too"
        raise UsageError(f"nothing to score in {path}; expected {what}{alone_in(path)}")
    held.runs.update(here)
    held.files.update({one: root for one, root in inside.items() if one not in held.files})


def _meant(path: Path) -> str:
    """What may have been meant by a path where nothing is: the folder of a run of that name, or a name that is near."""
    runs = sorted(RUNS.glob(f"*/{glob.escape(path.name)}/{RUN_FILE}")) if path.name and len(path.parts) <= 2 else []
    if runs:
        return f"did you mean {runs[0].parent}?"
    return f"{near(path)}give a run folder, a predictions file, or a folder of them"


def _is_empty(path: Path) -> bool:
    """Whether a file holds no row at all, as the journal of a run that was killed at its begin."""
    try:
        return path.stat().st_size <= _EMPTY and not read_content(path).strip()
    except DataError:  # what is wrong with it is said where it is read
        return False


def _empty(files: list[Path]) -> str:
    """What to say of files without a row."""
    names = ", ".join(map(str, files[:3])) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
    count = amount(len(files), "file holds no row", "files hold no row")
    return f"{count} ({names}); a run that was begun there goes on with its own command"


def _untaken(place: Path) -> list[Path]:
    """The folders of runs below a place that have parts and nothing else: no job has taken the parts in."""
    shards = {file.parent.parent for file in place.rglob(RUN_FILE) if file.parent.parent.name == SHARDS}
    return sorted(one.parent for one in shards if one != place and not (one.parent / RUN_FILE).exists())


def _parts_only(folder: Path) -> str:
    """What a folder is that holds only parts of a run, and what to run."""
    found = sorted(file.parent for file in (folder / SHARDS).glob(f"*/{RUN_FILE}"))
    try:
        run = read_run_record(found[0])
        what = f" of {run.name or run.model.id} on {run.suite}"
    except (DataError, OSError):
        what = ""
    names = ", ".join(one.name for one in found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
    return (
        f"{folder} holds only parts of a run ({names}{what}); run the command of the run without --shard, which takes "
        "them in and runs what is missing"
    )


def places_apart(files: Mapping[Path, Path], name: Callable[[Path], tuple[str, str]]) -> dict[Path, Path]:
    """Where the system of each file lies: nowhere, unless files of several paths are one benchmark of one model.

    Then they are a system for each path that was given, or for the folder of a file that was.

    Args:
        files: each with the folder that it was found by.
        name: the model and the benchmark of a file.

    Raises:
        UsageError: two files below one path are the same benchmark of a model.
    """
    models: dict[str, dict[Path, str]] = {}
    for path in files:
        model, benchmark = name(path)
        models.setdefault(model, {})[path] = benchmark
    apart: dict[Path, Path] = {}
    for model, benchmarks in models.items():
        first: dict[tuple[Path, str], Path] = {}
        for path, benchmark in benchmarks.items():
            known = first.setdefault((files[path], benchmark), path)
            if known != path:
                raise UsageError(
                    f"{known} and {path} are both {benchmark} of {model}; leave one out, or score them apart: give "
                    "each by its own path"
                )
        clash = len(set(benchmarks.values())) < len(benchmarks)
        apart |= {path: files[path] if clash else Path() for path in benchmarks}
    return apart
