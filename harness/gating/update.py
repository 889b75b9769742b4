"""A reviewed run becomes the baseline: what changes is shown first, and what measured less replaces nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.gating.against import gate_against
from harness.gating.baseline import baselines_in, check_replaces, file_name, find, packed, save
from harness.gating.sides import by_model, model_meant, read_side
from harness.records.policy import Policy
from harness.version import program

if TYPE_CHECKING:
    from harness.records.decision import Decision


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the baseline of one model."""

    runs: list[Path]
    """The run, and its repeats."""
    before: Path
    """The baseline as it is."""
    after: Path
    """The file that is written."""
    decision: Decision
    """The run held against it."""


def changes(runs: Sequence[Path], directory: Path, *, candidate_of: str | None = None) -> list[Change]:
    """What would change, for each model of the runs; writes nothing.

    Args:
        runs: run folders; several of one model are a run and its repeats.
        directory: folder of baselines.
        candidate_of: the model whose baseline it was, where the run's has another name; or that baseline's name
            or file.

    Raises:
        UsageError: a run is none, is not complete, is of less data than its baseline, or has none.
        DataError: a file is broken.
    """
    groups = by_model(runs)
    if candidate_of is not None and len(groups) > 1:
        raise UsageError(f"--candidate-of takes runs of one model, not of {len(groups)}; update each by itself")
    found = []
    for (model, suite), paths in groups.items():
        packed(paths)
        before = find(directory, suite, candidate_of or model)
        if before is None and candidate_of is not None:
            before = find(directory, suite, model_meant(candidate_of, baselines_in(directory), suite))
        if before is None:
            words = ["baseline", "save", *map(str, paths), "--dir", str(directory)]
            how = f"`{program()} {join(words)}` makes one"
            raise UsageError(f"{directory} has no baseline of {model} on {suite} to update; {how}")
        check_replaces(paths[0], before)
        policy = Policy()
        side = read_side(paths, policy.speed.measure)
        decision = gate_against(side, [before], policy)
        found.append(Change(paths, before, directory / file_name(suite, model), decision))
    return found


def apply(change: Change, directory: Path) -> None:
    """Writes the new baseline; the file of before is removed where the model has got another name for it.

    Raises:
        RunError: the folder cannot be written.
    """
    save(change.runs, directory)
    if change.before != change.after:
        change.before.unlink(missing_ok=True)
