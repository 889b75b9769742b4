"""`--dry-run`: the plan of a run, without running it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from harness.amounts import amount
from harness.devices import free_memory
from harness.models.base import LoadOptions
from harness.models.registry import devices_of, expected_card, is_served
from harness.models.served.options import positive
from harness.perturb.suite import under_conditions
from harness.records.journal import read_journal
from harness.records.run import BenchmarkRecord, ModelRecord, RunRecord, read_run_record
from harness.runner.folder import run_folder, with_name
from harness.runner.look import knows_one_language, look_at, selection_of
from harness.runner.loop import planning_seconds
from harness.runner.memory import BYTES, predict
from harness.runner.placing import placed
from harness.runner.plan import Budget, padding, plan
from harness.runner.selection import Selected

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.dataset import Dataset
    from benchmarks.registry import Suite
    from harness.config import Settings
    from harness.models.base import ModelCard
    from harness.records.speed import PeakMemory

_NO_MEMORY = "memory not known before a first run with such batches"


def preview(suite: Suite, datasets: Sequence[Dataset], model: str, settings: Settings) -> str:
    """One line a benchmark: utterances, hours, batches, the longest clip, padding, and the time and memory to expect.

    Time and memory are those of an earlier run of this model on this suite in the same folder, memory only where its
    batches were the same. Without one, memory is predicted where the card or the files here say what weights and clips
    take, beside what is free; what is not known is not invented.
    """
    settings = with_name(settings.on(devices_of(model)), model)
    suite, datasets = placed(*under_conditions(suite, datasets, settings.perturb, settings.seed), settings.out)
    card = expected_card(model, msgspec.convert(settings, LoadOptions, from_attributes=True), BYTES[settings.dtype])
    free = free_memory(settings.device)
    budget = settings.budget(card)
    folder = run_folder(settings.out, suite.name, settings.name or model)
    try:
        stored = read_run_record(folder)
    except FileNotFoundError:
        stored = RunRecord(model=ModelRecord(id=model), benchmarks={})
    served = is_served(model)
    how = f"a batch has {_limits(budget)}{_weights(card, stored, settings)}"
    lines = [f"{model} on {suite.name}: {f'{settings.concurrency} requests at a time' if served else how}"]
    for dataset in datasets:
        selected = Selected(dataset, suite.lock.get(dataset.name), settings)
        seconds, guessed = [], 0
        for utterance in selected.open(set()):
            seconds.append(planning_seconds(utterance))
            guessed += utterance.duration is None
        batches = plan(seconds, budget)
        total = sum(seconds)
        earlier = stored.benchmarks.get(dataset.name) or BenchmarkRecord()
        rtfx = earlier.speed.rtfx_end_to_end if earlier.speed else None
        time = f"about {total / rtfx:,.0f} s, as it was before" if rtfx else "time not known before a first run"
        predicted = predict(card, seconds, batches, budget, settings)
        memory = _memory(earlier.peak_memory, stored, settings) or predicted.told(free) or _NO_MEMORY
        waste = "packed" if budget.packs else f"{100 * padding(seconds, batches, budget.window):.1f} % padding"
        longest = f"longest {max(seconds, default=0.0):.1f} s"
        facts = [amount(len(batches), "batch", "batches"), longest, waste, time, memory]
        if served:
            facts = [f"{amount(len(seconds), 'request')} or more", longest, time, _cost(total, settings)]
        lines.append(f"  {dataset.name}: {amount(len(seconds), 'utterance')}, {total / 3600:.2f} h, {', '.join(facts)}")
        if not served and (told := predicted.too_much(free)):
            lines.append(f"    {told}")
        if told := _changed(folder, dataset, suite, settings, stored):
            lines.append(f"    since it was run: {told}")
        if guessed:
            stating = amount(guessed, "utterance states", "utterances state")
            lines.append(f"    {stating} no length: it is guessed from the size of the file")
    return "\n".join(lines)


def _changed(folder: Path, dataset: Dataset, suite: Suite, settings: Settings, stored: RunRecord) -> str:
    """How the data stands to the run that is there; empty where nothing changed, or another sample is asked for."""
    entry = stored.benchmarks.get(dataset.name)
    if entry is None or entry.selection != selection_of(settings):
        return ""
    lines = read_journal(folder / f"{dataset.name}.jsonl").lines
    lock, one_language = suite.lock.get(dataset.name), knows_one_language(stored.model)
    looked = look_at(dataset, lock, settings, folder=folder, entry=entry, lines=lines, one_language=one_language)
    return looked.changes.told(new=bool(entry.complete)) if looked.changes else looked.why_not


def _cost(seconds: float, settings: Settings) -> str:
    """What a server will ask for so much audio, by the price that the user stated."""
    price = positive(LoadOptions(model_option=settings.model_option), "price")
    return "cost not known without the option price" if price is None else f"about {price * seconds / 60:.2f} USD"


def _weights(card: ModelCard | None, stored: RunRecord, settings: Settings) -> str:
    """What the weights alone take, where the number of parameters is known."""
    parameters = card.parameters if card is not None else stored.model.parameters
    if not parameters:
        return ""
    return f"; its weights take {parameters * BYTES[settings.dtype] / 2**30:.2f} GiB as {settings.dtype}"


def _memory(peak: PeakMemory | None, before: RunRecord, settings: Settings) -> str:
    """The peak of an earlier run whose batches were the same; empty where there is none."""
    now, then = settings.as_dict(), before.settings
    if peak is None or any(then.get(name) != now[name] for name in ("device", "dtype", "batch_size", "batch_seconds")):
        return ""
    places = ((peak.host_gib, "on the host"), (peak.device_gib, "on the device"))
    parts = [f"{gib:.1f} GiB {where}" for gib, where in places if gib is not None]
    return f"at most {' and '.join(parts)}, as it was before"


def _limits(budget: Budget) -> str:
    parts = []
    if budget.clips is not None:
        parts.append(f"at most {budget.clips} clip{'s' * (budget.clips != 1)}")
    if budget.seconds is not None:
        parts.append(f"at most {budget.seconds:g} {'' if budget.packs else 'padded '}seconds")
    return " and ".join(parts) or "everything"
