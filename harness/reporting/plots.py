"""Plots of results as PNG (200 dpi) and SVG: readable by color-blind people, and the same bytes for the same numbers.

Each is written to `path_stem` with both extensions; `caption` is the small print below it.
matplotlib is imported when a plot is drawn; its global state (backend, settings, open figures) is left alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.reporting import drawing
from harness.reporting.drawing import COLORS, GRAY, PHASES, Point, finite
from harness.reporting.scatter import pareto, rtfx_wer

__all__ = ["PHASES", "Point", "pareto", "phases", "rtfx_wer", "wer_bars", "wer_by_benchmark", "wer_by_length"]


def wer_bars(
    points: Sequence[Point], path_stem: Path, *, title: str = "Word error rate", caption: str = ""
) -> list[Path]:
    """WER of each model as a bar with its interval, best on top.

    Published figures are hollow; what is not comparable stands below the rest, hollow and gray.
    """
    shown = sorted((p for p in points if finite(p.wer)), key=lambda p: (not p.comparable, p.wer or 0.0, p.model))
    limit = drawing.limit_of(shown)
    with drawing.settings():
        figure, (axis,) = drawing.panels(9, 1.6 + 0.24 * max(3, len(shown)))
        for y, point in enumerate(shown):
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
            axis.text(min(end, 100 * limit), y, text, va="center", fontsize=8, clip_on=False, zorder=4)
        drawing.names(axis, [p.model for p in shown])
        axis.set(xlim=(0, 108 * limit), xlabel="WER, percent; lines are 95 % intervals")
        drawing.legend_of_kinds(figure, axis, shown)
        drawing.describe(figure, axis, title, caption)
        return drawing.save(figure, path_stem)


def wer_by_benchmark(values: Mapping[str, Mapping[str, Point]], path_stem: Path, *, caption: str = "") -> list[Path]:
    """A line of the plot for each benchmark, a marker for each model on it. `values` has points by both."""
    models = list(dict.fromkeys(model for row in values.values() for model in row))
    limit = drawing.limit_of([p for row in values.values() for p in row.values()])
    with drawing.settings():
        figure, (axis,) = drawing.panels(10, 2.2 + 0.5 * max(2, len(values)) + 0.1 * len(models))
        for m, model in enumerate(models):
            shift = (m - (len(models) - 1) / 2) * min(0.11, 0.7 / max(1, len(models)))
            for y, row in enumerate(values.values()):
                point = row.get(model)
                if point is not None and point.wer is not None:
                    drawing.marker(axis, point, y + shift, drawing.style(m), limit)
        for y in range(1, len(values)):
            axis.axhline(y - 0.5, color="#dddddd", lw=0.8, zorder=0)
        drawing.names(axis, list(values))
        axis.set(xlim=(0, 105 * limit), xlabel="WER, percent; lines are 95 % intervals")
        drawing.legend_of_models(figure, models)
        drawing.describe(figure, axis, "WER by benchmark", caption)
        return drawing.save(figure, path_stem)


def wer_by_length(
    values: Mapping[str, Sequence[tuple[str, float | None, int]]], path_stem: Path, *, caption: str = ""
) -> list[Path]:
    """WER over classes of utterance length, a line for each model.

    `values` has (name of the class, WER or None, utterances) for each class, all models the same classes.
    """
    limit = drawing.limit_of([Point("", wer) for row in values.values() for _, wer, _ in row])
    with drawing.settings():
        figure, (axis,) = drawing.panels(9, 5.2)
        for m, row in enumerate(values.values()):
            xs = [x for x, (_, wer, _) in enumerate(row) if wer is not None]
            ys = [min(100 * wer, 100 * limit) for _, wer, _ in row if wer is not None]
            color, marker = drawing.style(m)
            axis.plot(xs, ys, color=color, marker=marker, ms=6, lw=1.4)
        first: Sequence[tuple[str, float | None, int]] = next(iter(values.values()), ())
        axis.set_xticks(range(len(first)), [f"{name}\nn={count:,}" for name, _, count in first])
        axis.set(ylim=(0, 105 * limit), xlabel="length of the utterance, seconds", ylabel="WER, percent")
        drawing.legend_of_models(figure, list(values))
        drawing.describe(figure, axis, "WER by utterance length", caption)
        return drawing.save(figure, path_stem)


def phases(
    values: Mapping[str, tuple[Mapping[str, float], float]], path_stem: Path, *, caption: str = ""
) -> list[Path]:
    """Where the time went: busy seconds for an hour of audio, by phase of the clock, a bar for each model.

    Stages of different batches overlap, so a bar may be longer than the run took.
    `values` has (seconds by phase, seconds of audio).
    """
    from matplotlib.patches import Patch

    looks = list(zip(PHASES, (*COLORS[:5], "#BBBBBB"), ("", "//", "..", "", "\\\\", "xx"), strict=True))
    with drawing.settings():
        figure, (axis,) = drawing.panels(9, 2.0 + 0.4 * max(2, len(values)))
        for y, (seconds, audio) in enumerate(values.values()):
            left = 0.0
            for phase, color, hatch in looks:
                width = 3600 * seconds.get(phase, 0.0) / audio if audio else 0.0
                axis.barh(y, width, left=left, height=0.66, color=color, hatch=hatch, edgecolor="white", lw=0.5)
                left += width
            axis.text(left, y, f" {left:,.1f}", va="center", fontsize=8)
        drawing.names(axis, list(values))
        axis.margins(x=0.1)
        label = "busy seconds for an hour of audio; stages overlap, so a bar may be longer than the run took"
        axis.set(xlim=(0, None), xlabel=label)
        keys = [Patch(facecolor=c, hatch=h, edgecolor="white", label=phase) for phase, c, h in looks]
        drawing.legend(figure, keys, columns=6)
        drawing.describe(figure, axis, "Where the time went", caption)
        return drawing.save(figure, path_stem)
