"""What is said below a table of results: of data, drafts, languages and machines, and what its differences resolve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmarks.languages import primary_subtag
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.records.run import RunRecord
    from harness.records.scores import Scores


def remarks(scores: Sequence[Scores], runs: Sequence[RunRecord | None], names: Sequence[str]) -> tuple[str, ...]:
    """All remarks, in the order in which they stand.

    Args:
        scores: of each system.
        runs: the run.json of each, or None.
        names: what to call them.
    """
    return (
        *_unbegun(scores, names),
        *_drafts(scores, names),
        *_dropped(scores),
        *_precision(scores),
        *_unseen(scores),
        *_foreign(scores, runs, names),
        *_measured_on(runs, names),
    )


def _unbegun(scores: Sequence[Scores], names: Sequence[str]) -> tuple[str, ...]:
    """That runs have no utterance so far."""
    found = [name for name, score in zip(names, scores, strict=True) if not score.benchmarks]
    return (f"Nothing is transcribed so far: {', '.join(found)}; the run's command goes on with it.",) if found else ()


def _drafts(scores: Sequence[Scores], names: Sequence[str]) -> tuple[str, ...]:
    """What the drafts of models that edit one were worth, so that what the editor earns is visible."""
    notes = []
    for name, score in zip(names, scores, strict=True):
        drafts = {entry.benchmark: entry.draft_wer for entry in score.benchmarks}
        found = [f"{100 * rate:.2f} on {benchmark}" for benchmark, rate in drafts.items() if rate is not None]
        if found:
            notes.append(f"Before editing, the drafts of {name} had a WER of {', '.join(found)}.")
    return tuple(notes)


def _dropped(scores: Sequence[Scores]) -> tuple[str, ...]:
    """Which utterances are not in the rates, as their references come to nothing; of each benchmark once."""
    entries = [entry for score in scores for entry in score.benchmarks if entry.rate is not None]
    found = dict.fromkeys(
        f"{one.dropped_references:,} of {one.utterances:,} of {one.benchmark}"
        for one in entries
        if one.dropped_references
    )
    return (f"Not in the rates, since nothing is said by the reference: {', '.join(found)}.",) if found else ()


def _precision(scores: Sequence[Scores]) -> tuple[str, ...]:
    """The smallest difference that the data resolves, and where utterances had to stand for sessions."""
    entries = [entry for score in scores for entry in score.benchmarks]
    intervals, where = [score.average.interval for score in scores], "on average"
    if len({entry.benchmark for entry in entries}) == 1:
        intervals, where = [entry.interval for entry in entries], f"on {entries[0].benchmark}"
    found = [interval.smallest_difference for interval in intervals if interval and not interval.says_nothing]
    notes = []
    if found:
        notes.append(
            f"Resolves {100 * max(found):.2f} points {where} between two such models whose errors are unrelated; "
            "compare, which pairs the utterances, resolves smaller ones."
        )
    alone = dict.fromkeys(entry.benchmark for entry in entries if entry.unit == "utterance")
    if alone:
        notes.append(f"No sessions are known, utterances are taken as independent: {', '.join(alone)}.")
    return tuple(notes)


def _unseen(scores: Sequence[Scores]) -> tuple[str, ...]:
    """What the rules do not see of texts, by benchmark the most that any model has."""
    letters: dict[str, int] = {}
    apostrophes: dict[str, int] = {}
    for entry in (entry for score in scores for entry in score.benchmarks):
        for most, met in ((letters, entry.letters_without_marks), (apostrophes, entry.typographic_apostrophes)):
            if met:
                most[entry.benchmark] = max(met, most.get(entry.benchmark, 0))
    kinds = {
        "Letters lost their marks, so that words which differ in nothing else count as the same": letters,
        "Typographic apostrophes were punctuation, so that the same word with ' counts as another": apostrophes,
    }
    return tuple(
        f"{what}: {', '.join(f'up to {count:,} on {name}' for name, count in most.items())}."
        for what, most in kinds.items()
        if most
    )


def _foreign(scores: Sequence[Scores], runs: Sequence[RunRecord | None], names: Sequence[str]) -> tuple[str, ...]:
    """That a model was asked for a language that its card does not name; its rates there measure something else."""
    notes = []
    for name, score, run in zip(names, scores, runs, strict=True):
        known = run.model.languages or () if run else ()
        asked: dict[str, list[str]] = {}
        codes = set(map(_language, known))
        for entry in score.benchmarks if known and None not in codes else ():
            if entry.language not in codes:
                asked.setdefault(entry.language, []).append(entry.benchmark)
        if asked:
            found = "; ".join(f"{', '.join(some)} ({language})" for language, some in asked.items())
            spoken = ", ".join(known[:6]) + (f" and {len(known) - 6} more" if len(known) > 6 else "")
            notes.append(f"{name} knows {spoken} by its card, and not the language of {found}.")
    return tuple(notes)


def _language(stated: str) -> str | None:
    """The language of a card, which may say it as ``pt-BR`` or by its name; None of what is none (``multilingual``)."""
    try:
        return primary_subtag(stated)
    except UsageError:
        return None


def _measured_on(runs: Sequence[RunRecord | None], names: Sequence[str]) -> tuple[str, ...]:
    """What is true of the whole table: where it was measured, and which data is not locked."""
    machines: dict[str, list[str]] = {}
    for run, model in zip(runs, names, strict=True):
        if run and run.hardware and not run.looked_up:
            machines.setdefault(run.hardware, []).append(model)
    facts = [item for run in runs if run for item in run.benchmarks.items() if item[1].revision_locked is False]
    unlocked = dict.fromkeys(name for name, fact in facts if not str(fact.source).startswith("embedded"))
    remarks = [f"RTFx on {machine}." for machine in machines]
    if len(machines) > 1:
        remarks = [f"RTFx of {', '.join(models)} on {machine}." for machine, models in machines.items()]
    return (*remarks, *([f"Data revision not locked: {', '.join(unlocked)}."] if unlocked else []))
