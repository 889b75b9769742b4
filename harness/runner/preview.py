"""`--dry-run`: the plan of a run, without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.models.registry import adapters
from harness.runner.folder import read_run, run_folder
from harness.runner.plan import padding, plan
from harness.runner.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.dataset import Dataset
    from benchmarks.registry import Suite
    from harness.config import Settings
    from harness.runner.plan import Budget


def preview(suite: Suite, datasets: Sequence[Dataset], model: str, settings: Settings) -> str:
    """One line a benchmark: utterances, hours, batches, the longest clip, padding, and the time to expect.

    The time is that of an earlier run of this model on this suite in the same folder; without one it is not known, and
    is not invented.
    """
    card = next((one.card for one in adapters().values() if one.accepts(model) and one.card is not None), None)
    budget = settings.budget(card)
    earlier = (read_run(run_folder(settings.out, suite.name, model)) or {}).get("benchmarks", {})
    lines = [f"{model} on {suite.name}: a batch has {_limits(budget)}"]
    for dataset in datasets:
        source = Source(dataset, suite.lock.get(dataset.name), settings)
        seconds = [utterance.duration or 0.0 for utterance in source.open(set())]
        batches = plan(seconds, budget)
        total = sum(seconds)
        rtfx = earlier.get(dataset.name, {}).get("speed", {}).get("rtfx_end_to_end")
        time = f"about {total / rtfx:,.0f} s, as it was before" if rtfx else "time not known before a first run"
        waste = "packed" if budget.packs else f"{100 * padding(seconds, batches):.1f} % padding"
        lines.append(
            f"  {dataset.name}: {len(seconds):,} utterances, {total / 3600:.2f} h, {len(batches):,} batches, "
            f"longest {max(seconds, default=0.0):.1f} s, {waste}, {time}"
        )
    return "\n".join(lines)


def _limits(budget: Budget) -> str:
    parts = []
    if budget.clips is not None:
        parts.append(f"at most {budget.clips} clip{'s' * (budget.clips != 1)}")
    if budget.seconds is not None:
        parts.append(f"at most {budget.seconds:g} {'' if budget.packs else 'padded '}seconds")
    return " and ".join(parts) or "everything"
