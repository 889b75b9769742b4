"""Everything that is made from a set of systems: tables in all forms, plots, and the page."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from harness.errors import RunError
from harness.reporting import plots
from harness.reporting.against import against_published, published_points
from harness.reporting.exports import write_hub_files
from harness.reporting.page.audio import addresses, origins
from harness.reporting.page.build import page, write_page
from harness.reporting.page.data import Group, group, page_data, phases_of
from harness.reporting.table import EXTENSIONS, Cell, Column, Table, results_table
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.pairing import labels
from harness.scoring.score import count_predictions, score_system
from harness.scoring.ties import ties

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.scoring.predictions import System
    from harness.scoring.profiles import Profile

LENGTHS = (0.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0)
"""Where classes of utterance length begin, in seconds; the last has no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What to make."""

    systems: Sequence[System]
    profile: Profile
    out: Path
    """The folder; made if needed."""
    against_published: bool = False
    audio_bytes: int = 0
    """Audio to inline in the page, in bytes; 0 links it only."""


def write_report(report: Report) -> tuple[list[Path], list[str]]:
    """Makes all of it.

    Returns:
        The files written, the page first; and why some run has no files for the hub.

    Raises:
        DataError: the chunks of a session are incomplete.
        RunError: the folder cannot be written.
    """
    systems, profile = report.systems, report.profile
    scored = [
        [count_predictions(one, profile, score_empty=_scores_empty(system)) for one in system.benchmarks]
        for system in systems
    ]
    names = labels(systems)
    scores = [score_system(system, profile, scored=counted) for system, counted in zip(systems, scored, strict=True)]
    named = [{**score, "model": name} for score, name in zip(scores, names, strict=True)]
    groups = group(scored)
    runs = [system.run for system in systems]
    tables = {"table": results_table(named, runs, ties(scored)), "errors": errors_table(names, groups)}
    if report.against_published:
        tables["published"] = against_published(scores, runs)
    try:
        report.out.mkdir(parents=True, exist_ok=True)
        files = [path for stem, table in tables.items() for path in _write_table(table, report.out / stem)]
        files += _plots(report, named, groups)
        for_hub, reasons = write_hub_files(scores, runs, report.out)
    except OSError as error:
        message = f"{report.out}: cannot be written ({error.strerror or error})"
        raise RunError(message) from None
    audio = addresses(_by_interest(groups), origins(systems), report.audio_bytes)
    data = page_data(systems, scores, groups, profile, audio)
    text = page(_title(systems), tables["table"].caption, list(tables.values()), data)
    write_page(report.out / "index.html", text)
    return [report.out / "index.html", *files, *for_hub], reasons


def errors_table(names: Sequence[str], groups: Sequence[Group]) -> Table:
    """Kinds of errors of each system on each benchmark, as shares of the reference words."""
    columns = (
        Column("model", "Model", align="left"),
        Column("benchmark", "Benchmark", align="left"),
        Column("utterances", "Utterances", format=",d"),
        Column("words", "Words", format=",d"),
        Column("wer", "Errors", format=".2f", scale=100),
        Column("substitutions", "Substituted", format=".2f", scale=100),
        Column("deletions", "Deleted", format=".2f", scale=100),
        Column("insertions", "Inserted", format=".2f", scale=100),
        Column("wrong", "Utterances with errors", format=".1f", scale=100),
    )
    rows = []
    for one in groups:
        for index, known in one.systems.items():
            counts = sum((count for _, count in known.values()), ErrorCounts())
            wrong = sum(count.errors > 0 for _, count in known.values())
            kinds = (counts.errors, counts.substitutions, counts.deletions, counts.insertions)
            shares = [Cell(kind / counts.words if counts.words else None) for kind in kinds]
            facts = (Cell(names[index]), Cell(one.name), Cell(len(known)), Cell(counts.words))
            rows.append((*facts, *shares, Cell(wrong / len(known) if known else None)))
    caption = "Percent of the reference words (characters in languages without spaces); the last column of utterances."
    return Table("Kinds of errors", caption, columns, tuple(rows))


def _scores_empty(system: System) -> bool:
    return ((system.run or {}).get("settings") or {}).get("on_error") == "score-empty"


def _title(systems: Sequence[System]) -> str:
    suites = list(dict.fromkeys(system.suite for system in systems if system.suite))
    return f"Speech recognition: {', '.join(suites) or 'results'}"


def _write_table(table: Table, stem: Path) -> list[Path]:
    """The table in every form, the terminal's as plain text."""
    files = []
    for form, extension in EXTENSIONS.items():
        path = stem.with_name(f"{stem.name}.{extension}")
        text = table.render(form, width=120, color=False)
        path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        files.append(path)
    return files


def _plots(report: Report, scores: Sequence[Mapping[str, Any]], groups: Sequence[Group]) -> list[Path]:
    """The plots that the data allows."""
    points = [_point(score["model"], score["average"], score["average"]["speed"].get("rtfx")) for score in scores]
    suite = next((system.suite for system in report.systems if system.suite), None)
    caption = f"{f'Suite {suite}' if suite else 'Predictions of others'}, profile {report.profile.name}."
    others: list[plots.Point] = []
    if report.against_published:
        others = published_points(suite, report.profile.name, [system.model for system in report.systems])
    if others:
        caption += " Hollow: published figures, whose RTFx are of their sources' hardware."
    by_benchmark: dict[str, dict[str, plots.Point]] = {}
    for score in scores:
        for entry in score["benchmarks"]:
            by_benchmark.setdefault(entry["benchmark"], {})[score["model"]] = _point(score["model"], entry, None)
    out = report.out
    files = plots.rtfx_wer([*points, *others], out / "rtfx_wer", caption=caption)
    files += plots.wer_bars([*points, *others], out / "wer", title="Average word error rate", caption=caption)
    files += plots.wer_by_benchmark(by_benchmark, out / "wer_by_benchmark", caption=caption)
    lengths = _by_length([score["model"] for score in scores], groups)
    if lengths:
        files += plots.wer_by_length(lengths, out / "wer_by_length", caption=caption)
    phases = {score["model"]: phases for score in scores if (phases := phases_of(score)) is not None}
    if phases:
        files += plots.phases(phases, out / "phases", caption=caption)
    return files


def _point(model: str, entry: Mapping[str, Any], rtfx: float | None) -> plots.Point:
    interval = entry.get("wer_interval") or entry.get("cer_interval") or {}
    rate = entry.get("wer") if entry.get("wer") is not None else entry.get("cer")
    return plots.Point(model, rate, rtfx, interval.get("low"), interval.get("high"))


def _by_length(names: Sequence[str], groups: Sequence[Group]) -> dict[str, list[tuple[str, float | None, int]]]:
    """WER of each system by class of utterance length; classes without any utterance are left out."""
    sums: dict[str, list[list[Any]]] = {name: [[ErrorCounts(), 0] for _ in LENGTHS] for name in names}
    for one in groups:
        for index, known in one.systems.items():
            for row, counts in known.values():
                if row.duration is None:
                    continue
                place = max(k for k, start in enumerate(LENGTHS) if row.duration >= start) if row.duration >= 0 else 0
                cell = sums[names[index]][place]
                cell[0], cell[1] = cell[0] + counts, cell[1] + 1
    used = [k for k in range(len(LENGTHS)) if any(row[k][1] for row in sums.values())]
    titles = [f"{a:g}–{b:g}" for a, b in pairwise(LENGTHS)] + [f"{LENGTHS[-1]:g} and more"]
    if not used:
        return {}
    return {name: [(titles[k], row[k][0].rate, row[k][1]) for k in used] for name, row in sums.items()}


def _by_interest(groups: Sequence[Group]) -> list[tuple[str, str]]:
    """Benchmark and id of every utterance, those first on which the systems differ most."""
    ranked = []
    for one in groups:
        for key, row in one.rows.items():
            errors = [known[key][1].errors for known in one.systems.values() if key in known]
            ranked.append((min(errors) - max(errors), -max(errors), one.name, row.id))
    return [(name, identity) for _, _, name, identity in sorted(ranked)]
