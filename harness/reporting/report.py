"""All that is made from a set of systems: tables in all forms, plots, and the page. Nothing else writes reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.registry import known_suite
from harness.amounts import amount
from harness.processes import available_workers
from harness.records.codec import cannot_write, write, write_bytes, write_text
from harness.reporting.against import against_published
from harness.reporting.claims import by_model, claims_table
from harness.reporting.classes import classes_table
from harness.reporting.drawing import Size
from harness.reporting.figures import Found, draw_plots
from harness.reporting.hallucination import hallucination_table, says_nothing
from harness.reporting.hub import FOLDER, write_hub_files
from harness.reporting.languages import languages_table
from harness.reporting.page.audio import AUDIO_FOLDER, Mode, Placed, origins, place_audio
from harness.reporting.page.build import page
from harness.reporting.page.choice import choose
from harness.reporting.page.data import Group, PageData, group, page_benchmark, phases_of
from harness.reporting.page.plain import has_no_rate, plain_benchmark
from harness.reporting.points import Metric, points_of
from harness.reporting.ranking import ranking, with_common_averages, with_ranks
from harness.reporting.results import errors_table, metrics_table, results_table, served_table
from harness.reporting.robustness import robustness_table
from harness.reporting.slices import slices_tables
from harness.reporting.table import EXTENSIONS, Table
from harness.reporting.translated_conditions import translated_conditions_table
from harness.reporting.xlsx import workbook
from harness.scoring.average import averaging
from harness.scoring.labels import labels
from harness.scoring.metrics import get_metric
from harness.scoring.pairing import other_utterances
from harness.scoring.predictions import System, read_run
from harness.scoring.resolve import resolve_profile
from harness.scoring.score import score_counted, score_systems
from harness.scoring.scored import count_systems
from harness.scoring.ties import ties

if TYPE_CHECKING:
    from harness.records.scores import Scores
    from harness.reporting.costs import Costs
    from harness.scoring.profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was made."""

    table: Table
    """Models by benchmarks, as it is in the files."""
    shown: list[Table]
    """What answers the run's question on a screen: that one, or tables of conditions and of made-up words instead."""
    files: list[Path]
    """All that was written, the page first."""
    reasons: list[str]
    """Why something is not there, files for the hub of a run or plots; and what is there of an earlier report."""
    audio: str
    """What became of the audio."""
    left_out: list[str]
    """Of which benchmarks the page does not hold all utterances, and which it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a report is to hold, and how it is to look."""

    published: bool = False
    """Whether to put published figures beside ours."""
    audio: Mode = "link"
    """What becomes of the audio (`harness.reporting.page.audio`)."""
    audio_bytes: int = 0
    """Bytes of audio that may be put into the page."""
    metrics: Sequence[str] = ()
    """Names of metrics to add (`harness.scoring.metrics`)."""
    sort: str = "average"
    """What the systems are sorted by (`harness.reporting.ranking`)."""
    size: Size = field(default_factory=Size)
    """Of the plots."""
    slices: Sequence[str] = ()
    """Tags to show each benchmark by (`harness.scoring.slicing`)."""
    costs: Costs | None = None
    """Which columns of cost to add."""
    beside: Sequence[str] = ()
    """Runs in the same folder that the tables do not show, which they then say."""


def write_report(
    systems: Sequence[System],
    profile: Profile,
    out: Path,
    wishes: Wishes | None = None,
    say: Callable[[str], None] = lambda _doing: None,
) -> Written:
    """Makes all of it.

    Args:
        systems: what to report on.
        profile: the rules to score under.
        out: the folder; made if needed.
        wishes: what it is to hold.
        say: is told what is being done, several times a second where it takes long.

    Raises:
        UsageError: there is nothing by which it could be sorted so, or no benchmark has a tag of the slices.
        DataError: the chunks of a session are incomplete.
        RunError: the folder cannot be written.
    """
    wishes = wishes or Wishes()
    say(f"scoring {amount(len(systems), 'model')}")
    found = _counted(systems, profile, wishes, say)
    say("tables")
    shown, results = _tables(found, profile, wishes)
    say("audio")
    by_interest = _by_interest(found.groups)
    by_interest += [(one.benchmark, row.id) for one in found.plain for row in one.rows.values()]
    say(f"page: aligning {amount(len(found.groups), 'benchmark')}")
    title = f"Speech recognition: {', '.join(found.suites) or 'results'}"
    index = out / "index.html"
    try:
        out.mkdir(parents=True, exist_ok=True)
        before = _files_of_report(out) if index.exists() else set()
        where = origins(found.systems, found.chosen, found.scored)
        audio = place_audio(by_interest, where, wishes.audio, wishes.audio_bytes, out)
        data = _page_data(found, audio, say)
        files = [path for stem, table in shown.items() for path in _write_table(table, out / stem)]
        write_bytes(out / "tables.xlsx", workbook(shown), lasting=False)
        files.append(out / "tables.xlsx")
        for_hub, reasons = write_hub_files(found.scores, found.runs, out, found.names)
        say("page: writing")
        left_out = [one.said for one in found.chosen.values()]
        caption = " ".join([results.caption, *(f"{said}." for said in left_out)])
        write_text(index, page(title, caption, list(shown.values()), data))
        plotted, absent = _plots(found, profile.name, out, wishes, say)
        files += plotted
        reasons += absent
    except OSError as error:
        raise cannot_write(out, error) from None
    every = [index, *files, *audio.files, *for_hub]
    if older := sorted(before - set(every)):
        names = ", ".join(path.relative_to(out).as_posix() for path in older[:4]) + (
            f" and {len(older) - 4} more" if len(older) > 4 else ""
        )
        count = amount(len(older), "file is", "files are")
        reasons.append(f"{count} in {out} that this report did not write, perhaps of an earlier one: {names}")
    answers = [*_answers(found, shown), *(by_model(shown["claims"]) if "claims" in shown else ())]
    return Written(table=results, shown=answers, files=every, reasons=reasons, audio=audio.said, left_out=left_out)


def _files_of_report(out: Path) -> set[Path]:
    """The files in a report's folder, and in those that reports make in it."""
    made = [path for name in (FOLDER, AUDIO_FOLDER) for path in (out / name).rglob("*")]
    return {path for path in (*out.iterdir(), *made) if path.is_file()}


def _counted(systems: Sequence[System], profile: Profile, wishes: Wishes, say: Callable[[str], None]) -> Found:
    """The systems counted, scored and sorted."""
    scored = count_systems(systems, [profile] * len(systems), workers=available_workers(), cached=True)
    names, runs = labels(systems), [system.run for system in systems]
    scores = []
    for at, (system, held) in enumerate(zip(systems, scored, strict=True), start=1):
        say(f"scoring: {at} of {len(systems)}")
        scores.append(score_counted(system, profile, held, wishes.metrics))
    say("averages")
    metrics = {entry.metric for score in scores for entry in score.benchmarks}
    kinds: tuple[Metric, ...] = ("wer", "cer")
    kinds = tuple(kind for kind in kinds if kind in metrics) or ("wer",)
    points = {kind: points_of(names, scores, runs, scored, profile, metric=kind) for kind in kinds}
    rank = ranking(scores, list(points.values()), names, wishes.sort)
    ranked = rank.sorted(scored)
    plain = [[one for one in held if has_no_rate(one)] for held in ranked]
    spoken = [[one for one in held if not has_no_rate(one)] for held in ranked]
    chosen = choose(ranked)
    return Found(
        systems=rank.sorted(systems),
        names=rank.sorted(names),
        runs=rank.sorted(runs),
        scores=rank.sorted(scores),
        scored=ranked,
        groups=group(spoken, chosen),
        plain=group(plain, chosen),
        points={kind: found.sorted(rank.order) for kind, found in points.items()},
        ranks=rank.ranks,
        chosen=chosen,
    )


def _tables(found: Found, profile: Profile, wishes: Wishes) -> tuple[dict[str, Table], Table]:
    """All tables by the names of their files, and the one that is printed."""
    tied = ties(found.scored, profile, [score.suite for score in found.scores])
    results = results_table(
        found.scores,
        found.runs,
        tied,
        metrics=wishes.metrics,
        names=found.names,
        costs=wishes.costs,
        others=other_utterances(found.scored),
    )
    results = with_common_averages(results, found.points)
    results = with_ranks(results, found.ranks)
    if wishes.beside:
        note = f"Runs beside these that are not in this table: {', '.join(wishes.beside)}. `report` shows them all."
        results = replace(results, notes=(*results.notes, note))
    by_tag = slices_tables(found.names, found.scored, wishes.slices)
    # A table of nothing is not shown, but why it is not.
    said = [one.notes[-1] for one in by_tag.values() if not one.rows]
    said += [
        f"{name} on {one.units.benchmark}: {one.predictions.left_out}."
        for name, held in zip(found.names, found.scored, strict=True)
        for one in held
        if one.predictions.left_out
    ]
    results = replace(results, notes=(*results.notes, *said))
    tables = {
        "table": results,
        "languages": languages_table(found.names, found.scores, found.scored, [profile] * len(found.systems)),
        "errors": errors_table(found.names, found.groups) if found.groups else None,
        "metrics": metrics_table(found.scores, found.names),
        "classes": classes_table(found.names, found.scored)
        if any(get_metric(name).classes for name in wishes.metrics)
        else None,
        "served": served_table(found.scores, found.names),
        "robustness": robustness_table(found.names, found.scores, found.scored),
        "translated_conditions": translated_conditions_table(found.names, found.scored),
        "hallucination": hallucination_table(found.names, found.scored),
    }
    tables |= {stem: one for stem, one in by_tag.items() if one.rows}
    suites = map(known_suite, dict.fromkeys(score.suite for score in found.scores))
    claimed = next((suite for suite in suites if suite is not None and suite.claims), None)
    if claimed is not None:
        tables["claims"] = claims_table(claimed, found.scores, found.runs)
    if wishes.published:
        tables["published"] = against_published(found.scores, found.runs, found.names)
    return {stem: _under(profile, table) for stem, table in tables.items() if table is not None}, results


def _under(profile: Profile, table: Table) -> Table:
    """A table whose caption names the rules: each is a file of its own, which may be read without the others."""
    named = f"profile {profile.name}" in table.caption.replace("Profile", "profile")
    caption = table.caption if named else f"Profile {profile.name}. {table.caption}".strip()
    return replace(table, caption=caption, profile=profile.name)


def _answers(found: Found, shown: Mapping[str, Table]) -> list[Table]:
    """What a screen is to show of the tables."""
    special = [shown[stem] for stem in ("robustness", "translated_conditions", "hallucination") if stem in shown]
    silent = all(says_nothing(one) for held in found.scored for one in held)
    if special and (silent or "robustness" in shown):
        return special
    return [shown[stem] for stem in ("table", "languages") if stem in shown] + special


def _page_data(found: Found, audio: Placed, say: Callable[[str], None]) -> PageData:
    """What the page's scripts show."""
    benchmarks = []
    for at, one in enumerate(found.groups, start=1):
        say(f"page: {one.name}, {at} of {amount(len(found.groups), 'benchmark')}")
        benchmarks.append(page_benchmark(one, audio))
    benchmarks += [plain_benchmark(one, audio) for one in found.plain]
    words, characters = found.points.get("wer"), found.points.get("cer")
    shown = words or characters
    assert shown is not None
    suites = {score.suite for score in found.scores}
    over = averaging(suites, rounded=False)
    return PageData(
        note=shown.note,
        models=shown.averages,
        by_character=characters.averages if words and characters else [],
        character_note=characters.note if words and characters else "",
        phases=[phases_of(score) for score in found.scores],
        benchmarks=benchmarks,
        averages=[score.average.rate for score in found.scores],
        groups=[list(members) for members in over.groups.values()],
        audio_note=audio.said,
    )


def _plots(
    found: Found, profile: str, out: Path, wishes: Wishes, say: Callable[[str], None]
) -> tuple[list[Path], list[str]]:
    """The plots, and why there are none, or not all."""
    if not found.groups:
        why = "no plots: nothing here has an error rate; the page shows the texts beside each other"
        return [], [why] if found.plain else []
    return draw_plots(found, profile, out, wishes.size, published=wishes.published, say=say)


def _write_table(table: Table, stem: Path) -> list[Path]:
    """The table in every form, the terminal's as plain text."""
    files = []
    for form, extension in EXTENSIONS.items():
        path = stem.with_name(f"{stem.name}.{extension}")
        write_text(path, table.render(form, width=120, color=False))
        files.append(path)
    return files


def _by_interest(groups: Sequence[Group]) -> list[tuple[str, str]]:
    """Benchmark and id of every utterance, those first on which the systems differ most."""
    ranked = []
    for one in groups:
        for key, row in one.rows.items():
            errors = [held.seen[held.rows[key]].errors for held in one.systems.values() if key in held.rows]
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
