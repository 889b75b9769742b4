"""The plots of a report: which there are, what each is over, and what is said below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.reporting import plots
from harness.reporting.against import other_data, published_points
from harness.reporting.drawing import timed
from harness.reporting.page.data import phases_of
from harness.reporting.points import by_length
from harness.reporting.wer_snr import curves, wer_by_snr

if TYPE_CHECKING:
    from pathlib import Path

    from harness.records.run import RunRecord
    from harness.records.scores import Scores
    from harness.reporting.page.choice import Chosen
    from harness.reporting.page.data import Group
    from harness.reporting.points import Metric, Points
    from harness.scoring.predictions import System
    from harness.scoring.scored import Scored


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The systems of a report, counted, scored and sorted; all lists are in the same order."""

    systems: Sequence[System]
    names: Sequence[str]
    runs: Sequence[RunRecord | None]
    scores: Sequence[Scores]
    scored: Sequence[Sequence[Scored]]
    groups: Sequence[Group]
    plain: Sequence[Group]
    """Those without an error rate: translations, and recordings of which only speakers are known."""
    points: Mapping[Metric, Points]
    """Over words, over characters, or both: the two never share an axis."""
    ranks: Sequence[int | None]
    chosen: Mapping[str, Chosen]
    """Of benchmarks with too many utterances for a page, those that it holds."""

    @property
    def suites(self) -> list[str]:
        """Of the systems, each once."""
        return list(dict.fromkeys(score.suite for score in self.scores if score.suite))


def draw_plots(
    found: Found, profile: str, out: Path, size: plots.Size, *, published: bool, say: Callable[[str], None]
) -> tuple[list[Path], list[str]]:
    """The plots that the data allows, and which there are not, and why.

    Those of characters have ``cer`` in their names in place of ``wer``.
    """
    rules = f"{f'Suite {chr(44).join(found.suites)}' if found.suites else 'Predictions of others'}, profile {profile}."
    files: list[Path] = []
    reasons: list[str] = []
    for metric, points in found.points.items():
        sheet = _Sheet(out, size, rules, published, say, reasons)
        files += _of_metric(found, metric, points, sheet)
    if panels := curves(found.names, found.scored):
        say("plots: WER by SNR")
        files += wer_by_snr(panels, out / "wer_by_snr", caption=rules, size=size)
    clocks = {
        name: clock
        for name, score in zip(found.names, found.scores, strict=True)
        if (clock := phases_of(score)) is not None
    }
    if clocks:
        say("plots: phases")
        files += plots.phases(clocks, out / "phases", caption=rules, size=size)
    return files, reasons


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What all plots of a report share."""

    out: Path
    size: plots.Size
    rules: str
    published: bool
    say: Callable[[str], None]
    reasons: list[str]
    """Why a plot is not there; what is found is added."""


def _of_metric(found: Found, metric: Metric, points: Points, sheet: _Sheet) -> list[Path]:
    """The plots over words, or over characters."""
    rate, out, size, rules, say = metric.upper(), sheet.out, sheet.size, sheet.rules, sheet.say
    caption = " ".join(part for part in (rules, points.note) if part)
    others: list[plots.Point] = []
    if sheet.published and metric == "wer" and len({score.suite for score in found.scores}) == 1:
        suite, models = found.scores[0].suite, [score.model for score in found.scores]
        others = published_points(suite, found.scores[0].profile.name, models, points.benchmarks)
    if others:
        caption += " Hollow and blue: published figures, whose RTFx are of their sources' hardware."
        held = zip(found.names, found.scores, found.runs, strict=True)
        if parts := [name for name, score, run in held if other_data("average", score, run)]:
            caption += f" Not of the data that those are of: {', '.join(parts)}."
    every = [*points.averages, *others]
    files = []
    if any(map(timed, every)):
        say(f"plots: RTFx against {rate}")
        files += plots.rtfx_wer(every, out / f"rtfx_{metric}", caption=caption, size=size, rate=rate)
    else:
        sheet.reasons.append(f"no plot of RTFx against {rate}: no speed is known")
    say(f"plots: {rate}")
    title = "Average word error rate" if metric == "wer" else "Average character error rate"
    files += plots.wer_bars(every, out / metric, title=title, caption=caption, size=size, rate=rate)
    shown = [point for row in points.by_benchmark.values() for point in row.values() if point.wer is not None]
    other = any(not point.comparable for point in shown)
    hollow = " Hollow, or without a color: incomplete, or of other data than the others." if other else ""
    say(f"plots: {rate} by benchmark")
    by_benchmark = {
        name: {model: point for model, point in row.items() if point.wer is not None}
        for name, row in points.by_benchmark.items()
    }
    stem = out / f"{metric}_by_benchmark"
    files += plots.wer_by_benchmark(by_benchmark, stem, caption=rules + hollow, size=size, rate=rate)
    lengths = by_length(found.names, found.scored, points)
    if lengths:
        say(f"plots: {rate} by length")
        without = [name for name in found.names if name not in lengths]
        said = f"Not shown, incomplete or over other benchmarks: {', '.join(without)}." if without else ""
        length_caption = " ".join(part for part in (rules, points.over, said) if part)
        stem = out / f"{metric}_by_length"
        files += plots.wer_by_length(lengths, stem, caption=length_caption, size=size, rate=rate)
    return files
