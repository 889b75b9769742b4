"""A run against whatever a user names as its baseline: a run, a saved baseline, a folder of them, published figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.errors import DataError, UsageError
from harness.gating import published
from harness.gating.baseline import baselines_in, find, stored
from harness.gating.decide import conclude, decide
from harness.gating.sides import Read, Side, by_model, model_meant, read_one, read_side
from harness.gating.watch import early_findings
from harness.records.decision import Reason
from harness.records.packed import SUFFIX
from harness.version import program

if TYPE_CHECKING:
    from harness.records.decision import Decision
    from harness.records.policy import Policy


def gate_against(
    run: Side,
    baseline: Sequence[Path],
    policy: Policy,
    profile: str | None = None,
    read: Read = read_one,
    *,
    candidate_of: str | None = None,
    alone: bool = True,
    early: bool = False,
) -> Decision:
    """Judges a run.

    Args:
        run: what is judged.
        baseline: a run folder, a saved baseline, predictions of others, or a folder of saved baselines, of which the
            one of the same suite and model is taken; further ones are repeats, or of other models. ``published``: the
            published figures of the model. Nothing: there is no baseline, which is INCONCLUSIVE.
        policy: what is asked.
        profile: rules for the baseline; None takes its own.
        read: reads runs and predictions.
        candidate_of: the model whose baseline it is held against, where that has another name; or the name, folder
            or file of that baseline.
        alone: whether it is the only model: then a single baseline is its own whatever model that is of.
        early: whether a run that was stopped early is a FAIL, where its lines show that the complete run would be.

    Raises:
        UsageError: there is no such path, it holds no run, or there is no baseline of `candidate_of`.
        DataError: a file is broken.
    """
    model = candidate_of or run.system.model
    if list(baseline) == [Path(published.NAME)] and not baseline[0].exists():
        return published.decide_published(run, published.figures_of(model, run.profile.name), policy)
    paths, others = find_baseline(baseline, model, run.system.suite, read, any_model=alone and candidate_of is None)
    if not paths and candidate_of is not None:
        held = baselines_in(baseline[0]) if baseline and is_folder_of_baselines(baseline[0]) else baseline
        model = model_meant(candidate_of, held, run.system.suite, read)
        paths, _ = find_baseline(baseline, model, run.system.suite, read, any_model=False)
    if not paths:
        folder = baseline[0] if baseline and is_folder_of_baselines(baseline[0]) else None
        return _with_hint(decide(run, None, policy, directory=folder), others)
    return (decide_early if early else decide)(run, read_side(paths, policy.speed.measure, profile, read), policy)


def decide_early(run: Side, baseline: Side, policy: Policy) -> Decision:
    """As `decide`, where a run that was stopped early is a FAIL if its lines show that the complete run would be."""
    decision = decide(run, baseline, policy)
    found = list(early_findings(run, baseline, policy))
    return conclude([*found, *decision.findings], run, baseline, policy) if found else decision


def find_baseline(
    given: Sequence[Path], model: str, suite: str | None, read: Read = read_one, *, any_model: bool = True
) -> tuple[list[Path], list[str]]:
    """The baseline of a model and its repeats, among what a user names; and else the models that have one.

    Args:
        given: as for `gate_against`.
        model: whose baseline it is to be.
        suite: of the run.
        read: reads runs and predictions.
        any_model: whether a single baseline is taken whatever model it is of.

    Raises:
        UsageError: there is no such path.
    """
    paths = list(given)
    if paths and not paths[0].exists():
        raise UsageError(no_such(paths[0]))
    if not paths or not is_folder_of_baselines(paths[0]):
        return _of_model(paths, model, suite, read, any_model=any_model)
    found = find(paths[0], suite, model)
    return ([found, *paths[1:]], []) if found else ([], _models_in(paths[0], suite))


def is_folder_of_baselines(path: Path) -> bool:
    """Whether a path is a folder as `baseline save` makes it, or one in which there are none yet."""
    if not path.is_dir():
        return False
    inside = (one for one in path.rglob("*") if one.is_file() and not one.name.startswith("."))
    return any(path.glob(f"*/*{SUFFIX}")) or all(one.suffix in {".md", ".toml"} for one in inside)


def no_such(path: Path) -> str:
    """That there is no such baseline, and what makes one there."""
    where = "" if path.suffix else f" {join(['--dir', str(path)])}"
    return f"no baseline {path}; make one with `{program()} baseline save RUN{where}`"


def _of_model(
    paths: list[Path], model: str, suite: str | None, read: Read, *, any_model: bool
) -> tuple[list[Path], list[str]]:
    """The runs among baselines that are of a model, or all where they are of one; and else the models that they are of.

    Predictions of others name no suite: theirs goes by the model.
    """
    if not paths or (any_model and len(paths) == 1):
        return paths, []
    groups = by_model(paths, read)
    if any_model and len(groups) == 1:
        return paths, []
    fitting = [found for (name, of), found in groups.items() if name == model and of in {suite, None}]
    return (fitting[0], []) if fitting else ([], sorted({name for name, _ in groups}))


def _models_in(folder: Path, suite: str | None) -> list[str]:
    """The models that have a baseline of a suite; none where one of the files is broken, which reading it says."""
    try:
        return [one.model for one in stored(folder) if one.suite == suite]
    except DataError:
        return []


def _with_hint(decision: Decision, others: Sequence[str]) -> Decision:
    """The decision, which says of which models there are baselines where there is none of the run's."""
    if not others:
        return decision
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    hint = f"; there are some of {', '.join(others[:3])}{more}: --candidate-of NAME where it is one of them renamed"
    findings = [
        replace(one, message=one.message + hint) if one.reason is Reason.NO_BASELINE else one
        for one in decision.findings
    ]
    return replace(decision, findings=tuple(findings))
