"""Plots of results as PNG (200 dpi) and SVG: readable by color-blind people, and the same bytes for the same numbers.

Each is written to `path_stem` with both extensions, and as PDF if its `size` says so; `caption` is the small print
below it; `rate` is what is counted, WER or CER: the two never share an axis. From `grids.MANY` models on a plot names
each model beside its values, as a grid. matplotlib is imported when a plot is drawn; its global state (backend,
settings, open figures) is left alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.reporting import drawing
from harness.reporting.drawing import COLORS, GRAY, PHASES, Point, Size, finite, points_of, shortened, width_of
from harness.reporting.grids import MANY, grid
from harness.reporting.scatter import pareto, rtfx_wer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PHASES", "Point", "Size", "pareto", "phases", "rtfx_wer", "wer_bars", "wer_by_benchmark", "wer_by_length"]

Classes = Sequence[tuple[str, float | None, int]]
"""Name of a class, rate or nothing, and utterances in it."""


def wer_bars(
    points: Sequence[Point],
    path_stem: Path,
    *,
    title: str = "Word error rate",
    caption: str = "",
    size: Size | None = None,
    rate: str = "WER",
) -> list[Path]:
    """WER of each model as a bar with its interval, best on top.

    Published figures are hollow; what is not comparable stands below the rest, hollow and gray.
    """
    size = size or Size()
    shown = sorted((p for p in points if finite(p.wer)), key=lambda p: (not p.comparable, p.wer or 0.0, p.model))
    limit = drawing.limit_of(shown)
    unknown = [p.model for p in points if p not in shown]
    edge = drawing.at_the_edge(shown, limit)
    absent = f"Not shown, {rate} not known: {', '.join(unknown)}." if unknown else ""
    with drawing.settings(size):
        row = size.high(0.24, len(shown))
        foot = drawing.room_below(size.of(9), caption, edge, absent)
        figure, (axis,) = drawing.panels(size.of(9), 1.6 + row * max(3, len(shown)), foot=foot)
        for y, point in enumerate(shown):
            _bar(axis, y, point, limit, points_of(6.0 if size.narrow and len(shown) > 30 else 8.0))
        named = size.named([p.model for p in shown])
        drawing.names(axis, named)
        beside = max([width_of(name, points_of(8.0)) for name in named], default=0.5)
        axis.set(
            xlim=(0, _room_for_numbers(figure, limit, beside)),
            xlabel=drawing.axis_label(figure, _in_percent(rate, shown), beside=beside),
        )
        drawing.legend_of_kinds(figure, axis, shown)
        drawing.describe(figure, axis, title, caption, edge, absent)
        return drawing.save(figure, path_stem)


def _in_percent(rate: str, points: Iterable[Point]) -> str:
    """What an axis of rates is; where no point has an interval none are spoken of."""
    return f"{rate}, percent" + "; lines are 95 % intervals" * any(one.low is not None for one in points)


def _bar(axis: "Axes", y: int, point: Point, limit: float, letters: float) -> None:
    """A bar, its interval, and its number behind both, in letters of a size in points."""
    wer = 100 * (point.wer or 0.0)
    edge = COLORS[0] if point.comparable else GRAY
    face = edge if point.ours and point.comparable else "white"
    axis.barh(y, min(wer, 100 * limit), height=0.66, color=face, edgecolor=edge, zorder=2)
    end = wer
    if point.low is not None and point.high is not None and point.low <= (point.wer or 0.0) <= point.high:
        axis.plot([100 * point.low, 100 * point.high], [y, y], color="black", lw=1.4, zorder=3)
        for x in (point.low, point.high):
            axis.plot([100 * x] * 2, [y - 0.18, y + 0.18], color="black", lw=1.4, zorder=3)
        end = 100 * point.high
    text = f" {wer:.2f}" + (" →" if wer > 100 * limit else "")
    axis.text(min(end, 100 * limit), y, text, va="center", fontsize=letters, clip_on=False, zorder=4)


def _room_for_numbers(figure: "Figure", limit: float, beside: float) -> float:
    """The end of an axis in percent that leaves room for a number behind the longest bar."""
    wide = max(1.0, figure.get_figwidth() - beside - 0.4)
    return 100 * limit * wide / (wide - min(width_of(" 000.00 →", points_of(8.0)) + 0.05, 0.6 * wide))


def wer_by_benchmark(
    values: Mapping[str, Mapping[str, Point]],
    path_stem: Path,
    *,
    caption: str = "",
    size: Size | None = None,
    rate: str = "WER",
) -> list[Path]:
    """A line of the plot for each benchmark, a marker for each model on it. `values` has points by both."""
    size = size or Size()
    models = list(dict.fromkeys(model for row in values.values() for model in row))
    if len(models) >= MANY:
        rows = {model: [row.get(model) for row in values.values()] for model in models}
        return grid(rows, list(values), path_stem, title=f"{rate} by benchmark, percent", caption=caption, size=size)
    points = [p for row in values.values() for p in row.values()]
    limit = drawing.limit_of(points)
    caption = f"{caption} {drawing.at_the_edge(points, limit)}".strip()
    with drawing.settings(size):
        keys = [shortened(model) for model in models]
        foot = drawing.room_below(size.of(10), caption) + drawing.room_above(size.of(10), keys)
        height = 2.2 + 0.5 * max(2, len(values)) + 0.1 * len(models)
        figure, (axis,) = drawing.panels(size.of(10), height, foot=foot)
        for m, model in enumerate(models):
            shift = (m - (len(models) - 1) / 2) * min(0.11, 0.7 / max(1, len(models)))
            for y, row in enumerate(values.values()):
                point = row.get(model)
                if point is not None and point.wer is not None:
                    drawing.marker(axis, point, y + shift, drawing.style(m), limit)
        for y in range(1, len(values)):
            axis.axhline(y - 0.5, color="#dddddd", lw=0.8, zorder=0)
        named = size.named(list(values))
        drawing.names(axis, named)
        beside = max([width_of(name, points_of(8.0)) for name in named], default=0.5)
        label = drawing.axis_label(figure, _in_percent(rate, points), beside=beside)
        axis.set(xlim=(0, 105 * limit), xlabel=label)
        drawing.legend_of_models(figure, models)
        drawing.describe(figure, axis, f"{rate} by benchmark", caption)
        return drawing.save(figure, path_stem)


def wer_by_length(
    values: Mapping[str, Classes], path_stem: Path, *, caption: str = "", size: Size | None = None, rate: str = "WER"
) -> list[Path]:
    """WER over classes of utterance length, a line for each model.

    `values` has (name of the class, WER or None, utterances) for each class, all models the same classes. How many
    utterances there are is said of each class: one number where it is that of all models, else the least and the most.
    """
    size = size or Size()
    counted = counts_of_classes(values)
    if len(values) >= MANY:
        rows = {model: [Point(model, wer) for _, wer, _ in row] for model, row in values.items()}
        heads = [f"{name} s, n={count}" for name, count in counted]
        title = f"{rate} by utterance length in seconds, percent"
        return grid(rows, heads, path_stem, title=title, caption=caption, size=size)
    points = [Point("", wer) for row in values.values() for _, wer, _ in row]
    limit = drawing.limit_of(points)
    caption = f"{caption} {drawing.at_the_edge(points, limit)}".strip()
    with drawing.settings(size):
        keys = [shortened(model) for model in values]
        foot = drawing.room_below(size.of(9), caption) + drawing.room_above(size.of(9), keys)
        figure, (axis,) = drawing.panels(size.of(9), 5.2 if not size.narrow else 3.0, foot=foot)
        for m, row in enumerate(values.values()):
            xs = [x for x, (_, wer, _) in enumerate(row) if wer is not None]
            ys = [min(100 * wer, 100 * limit) for _, wer, _ in row if wer is not None]
            color, marker = drawing.style(m)
            axis.plot(xs, ys, color=color, marker=marker, ms=6 if not size.narrow else 4, lw=1.4)
        if size.narrow:
            ticks, below = [f"{name.replace(' and more', '+')}\n{count}" for name, count in counted], True
        else:
            ticks, below = [f"{name}\nn={count}" for name, count in counted], False
        axis.set_xticks(range(len(ticks)), ticks, fontsize=points_of(8.0 if not size.narrow else 6.0))
        label = "length of the utterance, seconds" + ("; below it how many there are" if below else "")
        axis.set(ylim=(0, 105 * limit), ylabel=f"{rate}, percent")
        axis.set_xlabel(drawing.axis_label(figure, label))
        drawing.legend_of_models(figure, list(values))
        drawing.describe(figure, axis, f"{rate} by utterance length", caption)
        return drawing.save(figure, path_stem)


def counts_of_classes(values: Mapping[str, Classes]) -> list[tuple[str, str]]:
    """Each class with the number of its utterances in words: one, or the least and the most of any model."""
    first: Classes = next(iter(values.values()), ())
    found = []
    for at, (name, _, _) in enumerate(first):
        counts = sorted({row[at][2] for row in values.values()})
        found.append((name, f"{counts[0]:,}" + (f"–{counts[-1]:,}" if len(counts) > 1 else "")))
    return found


def phases(
    values: Mapping[str, tuple[Mapping[str, float], float]],
    path_stem: Path,
    *,
    caption: str = "",
    size: Size | None = None,
) -> list[Path]:
    """Where the time went: busy seconds for an hour of audio, by phase of the clock, a bar for each model.

    Stages of different batches overlap, so a bar may be longer than the run took.
    `values` has (seconds by phase, seconds of audio).
    """
    from matplotlib.patches import Patch

    size = size or Size()
    looks = list(zip(PHASES, (*COLORS[:5], "#BBBBBB"), ("", "//", "..", "", "\\\\", "xx"), strict=True))
    with drawing.settings(size):
        row = 0.4 if len(values) < MANY else 0.24
        row = size.high(row, len(values))
        foot = drawing.room_below(size.of(9), caption) + drawing.room_above(size.of(9), list(PHASES), 6)
        figure, (axis,) = drawing.panels(size.of(9), 2.0 + row * max(2, len(values)), foot=foot)
        longest = 0.0
        for y, (seconds, audio) in enumerate(values.values()):
            left = 0.0
            for phase, color, hatch in looks:
                width = 3600 * seconds.get(phase, 0.0) / audio if audio else 0.0
                axis.barh(y, width, left=left, height=0.66, color=color, hatch=hatch, edgecolor="white", lw=0.5)
                left += width
            axis.text(left, y, f" {left:,.1f}", va="center", fontsize=points_of(6.0 if size.narrow else 8.0))
            longest = max(longest, left)
        named = size.named(list(values))
        drawing.names(axis, named)
        beside = max([width_of(name, points_of(8.0)) for name in named], default=0.5)
        label = "busy seconds for an hour of audio; stages overlap, so a bar may be longer than the run took"
        end = _room_for_numbers(figure, (longest or 1.0) / 100, beside)
        axis.set(xlim=(0, end), xlabel=drawing.axis_label(figure, label, beside=beside))
        keys = [Patch(facecolor=c, hatch=h, edgecolor="white", label=phase) for phase, c, h in looks]
        drawing.legend(figure, keys, columns=6)
        drawing.describe(figure, axis, "Where the time went", caption)
        return drawing.save(figure, path_stem)
