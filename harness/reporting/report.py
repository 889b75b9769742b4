"""All that is made from a set of systems: tables in all forms, plots, and the page. Nothing else writes reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.records.codec import cannot_write, write, write_text
from harness.reporting import plots
from harness.reporting.against import against_published, published_points
from harness.reporting.classes import classes_table
from harness.reporting.hub import write_hub_files
from harness.reporting.page.audio import addresses, origins
from harness.reporting.page.build import page
from harness.reporting.page.data import Group, PageData, group, page_benchmark, phases_of
from harness.reporting.points import Points, by_length, points_of
from harness.reporting.results import errors_table, metrics_table, results_table, served_table
from harness.reporting.table import EXTENSIONS, Table
from harness.scoring.counting import available_workers
from harness.scoring.metrics import get_metric
from harness.scoring.pairing import labels
from harness.scoring.predictions import System, read_run
from harness.scoring.resolve import resolve_profile
from harness.scoring.score import score_counted, score_systems
from harness.scoring.scored import count_systems
from harness.scoring.ties import ties

if TYPE_CHECKING:
    from harness.records.scores import Scores
    from harness.scoring.profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was made."""

    table: Table
    """Models by benchmarks, as it is in the files."""
    files: list[Path]
    """All that was written, the page first."""
    reasons: list[str]
    """Why some run has no files for the hub."""


def write_report(
    systems: Sequence[System],
    profile: Profile,
    out: Path,
    *,
    published: bool = False,
    audio_bytes: int = 0,
    metrics: Sequence[str] = (),
) -> Written:
    """Makes all of it.

    Args:
        systems: what to report on.
        profile: the rules to score under.
        out: the folder; made if needed.
        published: whether to put published figures beside ours.
        audio_bytes: audio to inline in the page, in bytes; 0 links it only.
        metrics: names of metrics to add (`harness.scoring.metrics`).

    Raises:
        DataError: the chunks of a session are incomplete.
        RunError: the folder cannot be written.
    """
    scored = count_systems(systems, [profile] * len(systems), workers=available_workers(), cached=True)
    names, runs = labels(systems), [system.run for system in systems]
    scores = [score_counted(system, profile, held, metrics) for system, held in zip(systems, scored, strict=True)]
    groups = group(scored)
    points = points_of(names, scores, runs, scored, profile)
    tied = ties(scored, profile, [score.suite for score in scores])
    results = results_table(scores, runs, tied, metrics=metrics, names=names)
    tables = {
        "table": results,
        "errors": errors_table(names, groups),
        "metrics": metrics_table(scores, names),
        "classes": classes_table(names, scored) if any(get_metric(name).classes for name in metrics) else None,
        "served": served_table(scores, names),
    }
    if published:
        tables["published"] = against_published(scores, runs, names)
    shown = {stem: table for stem, table in tables.items() if table is not None}
    audio = addresses(_by_interest(groups), origins(systems), audio_bytes)
    phases = [phases_of(score) for score in scores]
    benchmarks = [page_benchmark(one, audio) for one in groups]
    data = PageData(note=points.note, models=points.averages, phases=phases, benchmarks=benchmarks)
    suites = dict.fromkeys(system.suite for system in systems if system.suite)
    title = f"Speech recognition: {', '.join(suites) or 'results'}"
    index = out / "index.html"
    try:
        out.mkdir(parents=True, exist_ok=True)
        files = [path for stem, table in shown.items() for path in _write_table(table, out / stem)]
        files += _plots(out, published, scores, points, by_length(names, scored, points))
        for_hub, reasons = write_hub_files(scores, runs, out)
        text = page(title, results.caption, list(shown.values()), data)
        write_text(index, text)
    except OSError as error:
        raise cannot_write(out, error) from None
    return Written(table=results, files=[index, *files, *for_hub], reasons=reasons)


def _write_table(table: Table, stem: Path) -> list[Path]:
    """The table in every form, the terminal's as plain text."""
    files = []
    for form, extension in EXTENSIONS.items():
        path = stem.with_name(f"{stem.name}.{extension}")
        write_text(path, table.render(form, width=120, color=False))
        files.append(path)
    return files


def _plots(
    out: Path,
    published: bool,
    scores: Sequence[Scores],
    points: Points,
    lengths: dict[str, list[tuple[str, float | None, int]]],
) -> list[Path]:
    """The plots that the data allows."""
    profile, names = scores[0].profile.name, [point.model for point in points.averages]
    suite = next((score.suite for score in scores if score.suite), None)
    rules = f"{f'Suite {suite}' if suite else 'Predictions of others'}, profile {profile}."
    caption = " ".join(part for part in (rules, points.note) if part)
    others: list[plots.Point] = []
    if published:
        others = published_points(suite, profile, [score.model for score in scores], points.benchmarks)
    if others:
        caption += " Hollow and blue: published figures, whose RTFx are of their sources' hardware."
    every = [*points.averages, *others]
    files = plots.rtfx_wer(every, out / "rtfx_wer", caption=caption)
    files += plots.wer_bars(every, out / "wer", title="Average word error rate", caption=caption)
    shown = [point for row in points.by_benchmark.values() for point in row.values() if point.wer is not None]
    other = any(not point.comparable for point in shown)
    hollow = " Hollow: incomplete, or of other data than the others." if other else ""
    files += plots.wer_by_benchmark(points.by_benchmark, out / "wer_by_benchmark", caption=rules + hollow)
    if lengths:
        without = [name for name in names if name not in lengths]
        said = f"Not shown, over other benchmarks: {', '.join(without)}." if without else ""
        length_caption = " ".join(part for part in (rules, points.over, said) if part)
        files += plots.wer_by_length(lengths, out / "wer_by_length", caption=length_caption)
    phases = {name: found for name, score in zip(names, scores, strict=True) if (found := phases_of(score)) is not None}
    if phases:
        files += plots.phases(phases, out / "phases", caption=rules)
    return files


def _by_interest(groups: Sequence[Group]) -> list[tuple[str, str]]:
    """Benchmark and id of every utterance, those first on which the systems differ most."""
    ranked = []
    for one in groups:
        for key, row in one.rows.items():
            errors = [held.kept[held.rows[key]].errors for held in one.systems.values() if key in held.rows]
            ranked.append((min(errors) - max(errors), -max(errors), one.benchmark, row.id))
    return [(name, identity) for _, _, name, identity in sorted(ranked)]


def write_scores(folder: Path) -> Scores:
    """Scores a run and writes its scores.json.

    Returns:
        The content of scores.json.
    """
    system = read_run(folder)
    (scores,) = score_systems([system], [resolve_profile(system)], cached=True)
    write(folder / "scores.json", scores)
    return scores
