"""The tables of results: models by benchmarks, kinds of errors, and further metrics. All take scores as records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeVar

from harness.amounts import amount
from harness.errors import UsageError
from harness.perturb.names import clean_among, named
from harness.reporting.costs import Costs, cost_columns
from harness.reporting.model import MODEL, SUBJECT
from harness.reporting.remarks import remarks
from harness.reporting.stretches import apart, mixed
from harness.reporting.table import Cell, Column, Table, mark_best
from harness.scoring.average import averaging
from harness.scoring.large import errors_and_words, total_of
from harness.scoring.metrics import Metric, get_metric
from harness.scoring.metrics import metrics as known_metrics
from harness.scoring.score import speeds_of

if TYPE_CHECKING:
    from harness.records.run import BenchmarkRecord, RunRecord
    from harness.records.scores import BenchmarkScore, Scores
    from harness.records.statistics import Interval
    from harness.reporting.page.data import Group

T = TypeVar("T")

OTHERS = "other data than in the other rows: as many utterances, but others"
TIE = "not told apart from the best: paired over sessions, corrected after Holm"


def results_table(
    scores: Sequence[Scores],
    runs: Sequence[RunRecord | None],
    ties: Mapping[str, Collection[int]] | None = None,
    *,
    metrics: Sequence[str] = (),
    names: Sequence[str] | None = None,
    costs: Costs | None = None,
    others: Sequence[Collection[str]] | None = None,
) -> Table:
    """Models by benchmarks: WER in percent, average, further metrics, RTFx, end-to-end RTFx and failed utterances.

    Args:
        scores: of each model.
        runs: the run.json of each, or None where there is none (predictions of others).
        ties: for each benchmark and ``average``, the models that are as good as the best
            (`harness.scoring.ties.ties`).
        metrics: names of metrics that the scores hold, to add.
        names: what to call the models (`harness.scoring.pairing.labels`); their own names where nothing is given.
        costs: which columns of cost to add.
        others: of each model, the benchmarks of which it has other utterances (`harness.scoring.pairing`).
    """
    names = [score.model for score in scores] if names is None else names
    benchmarks = _benchmarks(scores)
    profile = _most_common([score.profile.name for score in scores])
    spoken = {name: title for name, title in benchmarks.items() if title != "BLEU"}
    translated = bool(benchmarks) and not spoken
    rates = [
        Column(name, f"{name} {title}" if title != "WER" else name, format=".2f", scale=100, best="low")
        for name, title in spoken.items()
    ]
    if not translated:
        rates.append(Column("average", "Average", format=".2f", scale=100, best="low"))
    further = [
        (one, name)
        for one in _columns_of(metrics)
        for name, main in benchmarks.items()
        if (one.title != main or main == "BLEU") and (one.name in metrics or _has(scores, name, one.name))
    ]
    speeds, cost = _speeds(scores, runs), cost_columns(scores, runs, costs or Costs())
    columns = [
        MODEL,
        *rates,
        *(_metric_column(one, name) for one, name in further),
        *speeds,
        *cost.columns,
        Column("failed", "Failed"),
        Column("parameters", "Size (B)", format="adaptive", scale=1e-9),
    ]
    usual = {one: _usual(scores, runs, one) for one in benchmarks}
    rows = []
    others = others or [()] * len(scores)
    for name, score, run, spent, other in zip(names, scores, runs, cost.rows, others, strict=True):
        entries = {entry.benchmark: entry for entry in score.benchmarks}
        over: tuple[str, ...] = (
            (f"over {len(entries)} of the {len(benchmarks)} benchmarks",) if len(entries) < len(benchmarks) else ()
        )
        apart_of = [one for one in entries if one in other]
        over += (f"{OTHERS} ({', '.join(apart_of)})",) if apart_of else ()
        cells = {one: _rate_cell(entries.get(one), run, usual[one], other=one in other) for one in benchmarks}
        lacks, over = over, (*over, *(_of_parts(cells, len(benchmarks)) if spoken else ()))
        rows.append(
            [
                Cell(name, notes=(*_model_notes(score, profile), *mixed(run))),
                *(cells[one] for one in spoken),
                *([] if translated else [_average_cell(score, over)]),
                *(_metric_cell(entries.get(one), metric, cells[one].notes) for metric, one in further),
                *(_speed_cell(score, run, column.key, (*lacks, *_served(run), *apart(run))) for column in speeds),
                *spent,
                Cell(sum(entry.failed for entry in score.benchmarks)),
                Cell(run.model.parameters if run else None),
            ]
        )
    if all(row[-1].value is None for row in rows):  # the sizes of others' models are rarely known
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    ties = dict(ties or {})
    if len(spoken) == 1 and not translated:
        ties.setdefault("average", ties.get(next(iter(spoken)), ()))
    marked = _mark_ties(mark_best(columns, rows), [*spoken, *([] if translated else ["average"])], ties)
    notes = remarks(scores, runs, names)
    said = "" if translated else _caption(profile, scores)
    caption = " ".join([said, *_translations(scores), *cost.methods]).strip()
    return Table("Translations" if translated else "Word error rate, percent", caption, tuple(columns), marked, notes)


def _translations(scores: Sequence[Scores]) -> list[str]:
    """What translations were made into, and the signatures of their scores."""
    entries = [entry for score in scores for entry in score.benchmarks if entry.target is not None]
    if not entries:
        return []
    into = dict.fromkeys(
        f"{one.benchmark} from {one.language}{'' if one.language_stated else ' (not stated)'} into {one.target}"
        for one in entries
    )
    found = {name: held for entry in entries for name, held in entry.metrics.items() if held.signature}
    signs = [f"{get_metric(name).title} {held.signature}" for name, held in found.items()]
    between = dict.fromkeys(held.interval.method for held in found.values() if held.interval)
    intervals = f" 95 % intervals: {', '.join(between)}." if between else " No intervals: fewer than five sessions."
    intervals = intervals if found else ""  # nothing was scored, and each dash says why
    signed = f" {'; '.join(signs)}." if signs else ""
    return [f"Translations: {', '.join(into)}.{signed}{intervals}"]


def _columns_of(asked: Sequence[str]) -> list[Metric]:
    """The metrics that were asked for, then those that have a column wherever scores.json holds them."""
    unasked = [one for name, one in known_metrics().items() if one.column and name not in asked]
    return [*map(get_metric, asked), *unasked]


def _has(scores: Sequence[Scores], benchmark: str, metric: str) -> bool:
    """Whether any system holds a metric of a benchmark."""
    entries = (entry for score in scores for entry in score.benchmarks if entry.benchmark == benchmark)
    return any(metric in entry.metrics for entry in entries)


def served_table(scores: Sequence[Scores], names: Sequence[str]) -> Table | None:
    """What servers did, a row for each model and benchmark; None where no model is a server's."""
    seconds = {"latency_p50": "p50", "latency_p95": "p95", "latency_p99": "p99", "first_token_p50": "First token p50"}
    counts = {"concurrency": "At once", "requests": "Requests", "retries": "Tried again", "errors": "Failed"}
    columns = (
        *SUBJECT,
        *(Column(key, title, format=",d") for key, title in counts.items()),
        *(Column(key, title, format="adaptive", unit="s") for key, title in seconds.items()),
        Column("rtfx", "RTFx", format="adaptive"),
        Column("cost", "Cost, USD", format=".4f", unit="USD"),
    )
    rows = tuple(
        (
            Cell(name),
            Cell(benchmark),
            *(Cell(getattr(speed.served, key)) for key in (*counts, *seconds)),
            Cell(speed.rtfx),
            Cell(speed.served.cost),
        )
        for name, score in zip(names, scores, strict=True)
        for benchmark, speed in speeds_of(score.benchmarks).items()
        if speed.served is not None
    )
    caption = (
        "Latency in seconds, from when a request should have begun to its whole answer, further attempts included. "
        "RTFx is the throughput of the server at so many requests at a time, as seen from here."
    )
    return Table("Servers", caption, columns, rows) if rows else None


def metrics_table(scores: Sequence[Scores], names: Sequence[str]) -> Table | None:
    """Every further metric that the scores hold, a row for each model and benchmark; None where they hold none."""
    held = dict.fromkeys(name for score in scores for entry in score.benchmarks for name in entry.metrics)
    metrics = [get_metric(name) for name in held]
    columns = (*SUBJECT, *(_metric_column(metric) for metric in metrics))
    rows = tuple(
        (Cell(name), Cell(entry.benchmark), *(_metric_cell(entry, metric) for metric in metrics))
        for name, score in zip(names, scores, strict=True)
        for entry in score.benchmarks
    )
    caption = " ".join(f"{metric.title}: {metric.meaning}." for metric in metrics)
    return Table("Further metrics", caption, columns, rows) if metrics else None


def errors_table(names: Sequence[str], groups: Sequence[Group]) -> Table:
    """Kinds of errors of each system on each benchmark, as shares of the reference words."""
    kinds = {"wer": "Errors", "substitutions": "Substituted", "deletions": "Deleted", "insertions": "Inserted"}
    columns = (
        *SUBJECT,
        Column("utterances", "Utterances", format=",d"),
        Column("words", "Words", format=",d"),
        *(Column(key, title, format=".2f", scale=100) for key, title in kinds.items()),
        Column("wrong", "Utterances with errors", format=".1f", scale=100),
    )
    rows = []
    for one in groups:
        for index, held in one.systems.items():
            counts, errors = total_of(held.kept), errors_and_words(held.kept)[0]
            wrong = int((errors > 0).sum())
            each = (counts.errors, counts.substitutions, counts.deletions, counts.insertions)
            shares = [Cell(count / counts.words if counts.words else None) for count in each]
            there = held.scored.table.present
            failed = len(held.kept) - there
            notes = (f"{failed:,} of them failed, and counted in no other column",) if failed else ()
            facts = (Cell(names[index]), Cell(one.name), Cell(len(held.kept), notes=notes), Cell(counts.words))
            spoken = there - (held.scored.empty_references if held.scored.units.ours else 0)
            rows.append((*facts, *shares, Cell(wrong / spoken if spoken else None)))
    caption = "Percent of the reference words (characters in languages without spaces); the last column of utterances "
    caption += (
        "in which something is said. Of alignments with equally few errors, which differ in these kinds, jiwer's "
    )
    caption += "is taken, and kaldialign's where the profile merges compounds."
    return Table("Kinds of errors", caption, columns, tuple(rows))


def competing(
    scores: Sequence[Scores], runs: Sequence[RunRecord | None], others: Sequence[Collection[str]] | None = None
) -> list[frozenset[str]]:
    """For each model the benchmarks on which its word error rate stands beside the others': whole, of the same data.

    `others` is, of each model, the benchmarks of which it has other utterances (`harness.scoring.pairing`).
    """
    benchmarks = {entry.benchmark for score in scores for entry in score.benchmarks}
    usual = {name: _usual(scores, runs, name) for name in benchmarks}
    marks = [
        {
            entry.benchmark: set(_other_data(entry, _fact(run, entry), usual[entry.benchmark]))
            for entry in score.benchmarks
            if entry.rate is not None and (score.complete or not _shortfall(entry, _fact(run, entry)))
        }
        for score, run in zip(scores, runs, strict=True)
    ]
    shared = {
        name: set.intersection(*(found[name] for found in marks if name in found)) for found in marks for name in found
    }
    return [
        frozenset(name for name, found in each.items() if found <= shared[name] and name not in other)
        for each, other in zip(marks, others or [()] * len(scores), strict=True)
    ]


def _benchmarks(scores: Sequence[Scores]) -> dict[str, str]:
    """The benchmarks of a table, each with the title of its main metric."""
    entries = [entry for score in scores for entry in score.benchmarks]
    titles = {entry.benchmark: get_metric(entry.metric).title for entry in entries}
    targets: dict[str, set[str | None]] = {}
    for entry in entries:
        targets.setdefault(entry.benchmark, set()).add(entry.target)
    mixed = next((name for name, found in targets.items() if len(found) > 1), None)
    if mixed is not None:
        raise UsageError(
            f"{mixed} is transcripts or translations into other languages in some systems; show them apart"
        )
    return titles | {entry.benchmark: get_metric("cer").title for entry in entries if entry.metric == "cer"}


def _speeds(scores: Sequence[Scores], runs: Sequence[RunRecord | None]) -> list[Column]:
    """The columns of speed; their keys are the fields of its record."""
    # On different hardware no model is the fastest.
    fastest: Literal["high"] | None = "high" if len({run.hardware if run else None for run in runs}) == 1 else None
    titles = {"rtfx": "RTFx", "rtfx_end_to_end": "RTFx end to end"}
    if any(score.average.speed.rtfx_leaderboard is not None for score in scores):
        titles["rtfx_leaderboard"] = "RTFx as the leaderboard times"
    return [Column(key, title, format="adaptive", best=fastest) for key, title in titles.items()]


def _speed_cell(score: Scores, run: RunRecord | None, key: str, notes: tuple[str, ...]) -> Cell:
    """A speed of a model on average; none of texts that were written before."""
    if run is not None and run.looked_up:
        return Cell(None, notes=("of transcripts that were written before: nothing was listened to",))
    return Cell(getattr(score.average.speed, key), notes=notes)


def _served(run: RunRecord | None) -> tuple[str, ...]:
    """What the speed of a server's model is of."""
    if run is None or run.served is None:
        return ()
    return (f"served, {run.served} at once: throughput of a server, not the speed of a model on known hardware",)


def _metric_column(metric: Metric, benchmark: str = "") -> Column:
    """A metric's column, of one benchmark or, with its unit, of all."""
    unit = "" if metric.unit == "percent" else metric.unit
    if not benchmark:
        title = f"{metric.title}, {metric.unit}"
        return Column(metric.name, title, format=metric.format, scale=metric.scale, unit=unit)
    title = f"{benchmark} {metric.title}" + (f", {unit}" if unit else "")
    best: Literal["low", "high"] = "low" if metric.better == "lower" else "high"
    marked = best if metric.marked else None
    key = f"{benchmark}_{metric.name}"
    return Column(key, title, format=metric.format, scale=metric.scale, best=marked, unit=unit)


def _metric_cell(entry: BenchmarkScore | None, metric: Metric, notes: tuple[str, ...] = ()) -> Cell:
    found = entry.metrics.get(metric.name) if entry else None
    if found is None:
        return Cell(None)
    if found.reason is not None:
        return Cell(None, notes=(f"not scored: {found.reason}",))
    return _cell(found.value, found.interval, (*notes, *([found.note] if found.note else [])))


def _cell(value: float | None, interval: Interval | None, notes: tuple[str, ...] = ()) -> Cell:
    return Cell(value, interval.low, interval.high, notes) if interval else Cell(value, notes=notes)


def _rate_cell(entry: BenchmarkScore | None, run: RunRecord | None, usual: int, *, other: bool) -> Cell:
    """The rate of one model on one benchmark, with all that makes it less than it seems."""
    if entry is None:
        return Cell(None)
    fact = _fact(run, entry)
    short = _shortfall(entry, fact)
    notes = _other_data(entry, fact, entry.utterances if short else usual)
    return _cell(entry.rate, entry.interval, (*short, *notes, *([OTHERS] if other else [])))


def _shortfall(entry: BenchmarkScore, fact: BenchmarkRecord | None) -> tuple[str, ...]:
    """How a rate is not of all that was asked for."""
    expected = fact.expected if fact else None
    if fact and (entry.part_of or expected is None):  # how many there are is not known before the end
        if fact.complete is False:
            whole = entry.part_of or "the run"
            return (f"incomplete: {amount(entry.utterances, 'utterance')}, {whole} did not go to its end",)
        expected = None
    if not entry.failed and (expected is None or entry.utterances >= expected):
        return ()
    of = f"{entry.utterances:,} of " if expected is not None else ""
    asked = entry.utterances if expected is None else expected
    return (f"incomplete: {of}{amount(asked, 'utterance')}, {entry.failed:,} failed",)


def _other_data(entry: BenchmarkScore, fact: BenchmarkRecord | None, usual: int) -> tuple[str, ...]:
    """How a rate is not of the data that the other models' rates are of."""
    limit = fact.selection.limit if fact and fact.selection else None
    notes = []
    if limit is not None:
        notes.append(f"a sample only: --limit {limit:,}")
    elif entry.utterances != usual:
        notes.append(f"other data than in the other rows: {amount(entry.utterances, 'utterance')}, not {usual:,}")
    return (*notes, *(f"not the locked data: {drift}" for drift in (fact and fact.drift) or ()))


def _average_cell(score: Scores, over: tuple[str, ...]) -> Cell:
    """The average of one model; marked where it is of fewer benchmarks than the table has."""
    average = score.average
    why = "a benchmark has no word error rate" if score.complete else "the suite is incomplete"
    return _cell(average.rate, average.interval, over if average.rate is not None else (f"no average: {why}",))


def _of_parts(cells: Mapping[str, Cell], benchmarks: int) -> tuple[str, ...]:
    """The marks of the rates that an average is over; where the table has several benchmarks, with which it is of."""
    found: dict[str, list[str]] = {}
    for name in clean_among(cells):
        for note in cells[name].notes if cells[name].number is not None else ():
            found.setdefault(note, []).append(name)
    found.pop(OTHERS, None)  # which the average says in its own words
    if benchmarks == 1:
        return tuple(found)
    return tuple(
        note if note.startswith("a sample only") else f"{note} ({', '.join(names)})" for note, names in found.items()
    )


def _mark_ties(
    rows: Sequence[Sequence[Cell]], names: Sequence[str], ties: Mapping[str, Collection[int]]
) -> tuple[tuple[Cell, ...], ...]:
    """Rows with a mark on what is as good as the one in bold, and is not itself in bold."""
    marked = [list(row) for row in rows]
    for at, name in enumerate(names, start=1):
        tied = [row[at] for index, row in enumerate(rows) if index in ties.get(name, ())]
        for index in ties.get(name, ()) if any(cell.best for cell in tied) else ():
            cell = marked[index][at]
            if not cell.best and cell.number is not None:
                marked[index][at] = replace(cell, notes=(*cell.notes, TIE))
    return tuple(map(tuple, marked))


def _fact(run: RunRecord | None, entry: BenchmarkScore) -> BenchmarkRecord | None:
    return run.benchmarks.get(entry.measured_as) if run else None


def _model_notes(score: Scores, profile: str) -> tuple[str, ...]:
    other = (f"scored under other rules: {score.profile.name}",) if score.profile.name != profile else ()
    return (*(() if score.complete else ("incomplete run",)), *other)


def _usual(scores: Sequence[Scores], runs: Sequence[RunRecord | None], name: str) -> int:
    """How many utterances most models have on a benchmark, those that have not all that they asked for left out."""
    entries = [
        (entry, run)
        for each, run in zip(scores, runs, strict=True)
        for entry in each.benchmarks
        if entry.benchmark == name
    ]
    whole = [entry.utterances for entry, run in entries if not _shortfall(entry, _fact(run, entry))]
    return _most_common(whole or [entry.utterances for entry, _ in entries])


def _most_common(values: Sequence[T]) -> T:
    """The value that occurs most often, the first of those that do equally often."""
    return max(values, key=values.count)


def _caption(profile: str, scores: Sequence[Scores]) -> str:
    suites = dict.fromkeys(score.suite for score in scores if score.suite)
    suite = f"Suite {', '.join(suites)}" if suites else "Predictions of others"
    intervals = [entry.interval for score in scores for entry in score.benchmarks]
    methods = dict.fromkeys(interval.method for interval in intervals if interval)
    between = f" 95 % intervals: {', '.join(methods)}." if methods else " No intervals: fewer than five sessions."
    between = between if any(entry.rate is not None for score in scores for entry in score.benchmarks) else ""
    over = averaging([score.suite for score in scores], rounded=any(score.average.rounded for score in scores))
    under = any(named(entry.benchmark) for score in scores for entry in score.benchmarks)
    average = f" Average: {over.described}{'; those under conditions (+) are not in it' if under else ''}."
    unsaid = dict.fromkeys(
        entry.benchmark for score in scores for entry in score.benchmarks if not entry.language_stated
    )
    spoken = f" Language not stated: en ({', '.join(unsaid)})." if unsaid else ""
    return f"{suite}, profile {profile}.{spoken}{average}{between}"
