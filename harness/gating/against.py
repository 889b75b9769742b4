"""A run against whatever a user names as its baseline: a run, a saved baseline, a folder of them, published figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.gating import published
from harness.gating.baseline import find
from harness.gating.decide import decide
from harness.gating.sides import Read, Side, read_one, read_side
from harness.records.packed import SUFFIX
from harness.version import program

if TYPE_CHECKING:
    from harness.records.decision import Decision
    from harness.records.policy import Policy


def gate_against(
    run: Side, baseline: Sequence[Path], policy: Policy, profile: str | None = None, read: Read = read_one
) -> Decision:
    """Judges a run.

    Args:
        run: what is judged.
        baseline: a run folder, a saved baseline, predictions of others, or a folder of saved baselines, of which the
            one of the same suite and model is taken; further ones are repeats. ``published``: the published figures of
            the model. Nothing: there is no baseline, which is INCONCLUSIVE.
        policy: what is asked.
        profile: rules for the baseline; None takes its own.
        read: reads runs and predictions.

    Raises:
        UsageError: there is no such path, or it holds no run.
        DataError: a file is broken.
    """
    paths = list(baseline)
    if paths == [Path(published.NAME)] and not paths[0].exists():
        return published.decide_published(run, published.figures_of(run.system.model, run.profile.name), policy)
    if paths and not paths[0].exists():
        raise UsageError(f"no baseline {paths[0]}; make one with `{program()} baseline save RUN`")
    if paths and paths[0].is_dir() and any(paths[0].glob(f"*/*{SUFFIX}")):
        found = find(paths[0], run.system.suite, run.system.model)
        paths = [found, *paths[1:]] if found else []
    other = read_side(paths, policy.speed.measure, profile, read) if paths else None
    return decide(run, other, policy)
