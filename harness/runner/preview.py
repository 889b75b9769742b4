"""`--dry-run`: the plan of a run, without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.models.registry import adapters
from harness.runner.folder import read_run, run_folder
from harness.runner.loop import planning_seconds
from harness.runner.plan import padding, plan
from harness.runner.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.dataset import Dataset
    from benchmarks.registry import Suite
    from harness.config import Settings
    from harness.models.base import ModelCard
    from harness.runner.plan import Budget

BYTES = {"float32": 4, "bfloat16": 2}
"""Of a parameter, by dtype."""


def preview(suite: Suite, datasets: Sequence[Dataset], model: str, settings: Settings) -> str:
    """One line a benchmark: utterances, hours, batches, the longest clip, padding, and the time and memory to expect.

    Time and memory are those of an earlier run of this model on this suite in the same folder, memory only where its
    batches were the same; without one they are not known, and are not invented. What is known is the size of the
    weights.
    """
    card = next((one.card for one in adapters().values() if one.accepts(model) and one.card is not None), None)
    budget = settings.budget(card)
    stored = read_run(run_folder(settings.out, suite.name, model)) or {}
    earlier = stored.get("benchmarks", {})
    lines = [f"{model} on {suite.name}: a batch has {_limits(budget)}{_weights(card, stored, settings)}"]
    for dataset in datasets:
        source = Source(dataset, suite.lock.get(dataset.name), settings)
        seconds, guessed = [], 0
        for utterance in source.open(set()):
            seconds.append(planning_seconds(utterance))
            guessed += utterance.duration is None
        batches = plan(seconds, budget)
        total = sum(seconds)
        rtfx = earlier.get(dataset.name, {}).get("speed", {}).get("rtfx_end_to_end")
        time = f"about {total / rtfx:,.0f} s, as it was before" if rtfx else "time not known before a first run"
        memory = _memory(earlier.get(dataset.name, {}), stored.get("settings", {}), settings)
        waste = "packed" if budget.packs else f"{100 * padding(seconds, batches):.1f} % padding"
        lines.append(
            f"  {dataset.name}: {len(seconds):,} utterances, {total / 3600:.2f} h, {len(batches):,} batches, "
            f"longest {max(seconds, default=0.0):.1f} s, {waste}, {time}, {memory}"
        )
        if guessed:
            lines.append(f"    {guessed:,} utterances state no length: it is guessed from the size of their files")
    return "\n".join(lines)


def _weights(card: ModelCard | None, stored: Mapping[str, Any], settings: Settings) -> str:
    """What the weights alone take, where the number of parameters is known."""
    parameters = card.parameters if card is not None else (stored.get("model") or {}).get("parameters")
    if not parameters:
        return ""
    return f"; its weights take {parameters * BYTES[settings.dtype] / 2**30:.2f} GiB as {settings.dtype}"


def _memory(entry: Mapping[str, Any], before: Mapping[str, Any], settings: Settings) -> str:
    """The peak of an earlier run whose batches were the same."""
    now = settings.as_dict()
    peak = entry.get("peak_memory") or {}
    if not peak or any(before.get(name) != now[name] for name in ("device", "dtype", "batch_size", "batch_seconds")):
        return "memory not known before a first run with such batches"
    places = (("host_gib", "on the host"), ("device_gib", "on the device"))
    parts = [f"{peak[key]:.1f} GiB {where}" for key, where in places if peak.get(key) is not None]
    return f"at most {' and '.join(parts)}, as it was before"


def _limits(budget: Budget) -> str:
    parts = []
    if budget.clips is not None:
        parts.append(f"at most {budget.clips} clip{'s' * (budget.clips != 1)}")
    if budget.seconds is not None:
        parts.append(f"at most {budget.seconds:g} {'' if budget.packs else 'padded '}seconds")
    return " and ".join(parts) or "everything"
