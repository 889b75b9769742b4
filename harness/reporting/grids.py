"""Plots of many models: a grid of rates, a row for each model and a column for each benchmark or class.

A legend of ninety colors tells nobody which is which, and ninety markers on a line hide each other: here each value
stands under its own column, beside its own model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.reporting import drawing, escape
from harness.reporting.drawing import GRAY, Point, Size, finite, points_of, shortened, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MANY = 8
"""Models from which on a grid is drawn, and no legend."""

DARKEST = 4.0
"""Times the best rate of a column at which a cell is darkest."""

_HALF = math.sqrt(1.05 * 0.05) - 0.05
"""Luminance at which white and black letters have the same contrast (WCAG 2.2: 4.6 to 1)."""

_MARGIN = 0.08
"""Inches at every edge and between parts."""

Rows = Mapping[str, Sequence[Point | None]]
"""For each model a value for each column, or nothing."""


def grid(
    rows: Rows, columns: Sequence[str], path_stem: Path, *, title: str, caption: str = "", size: Size | None = None
) -> list[Path]:
    """A grid of rates in percent, the darker the more times the best of their column they are.

    What is not comparable has no color and gray letters. Columns that do not fit follow below, under the same models.
    """
    size = size or Size()
    shade = (
        "Bold: the lowest rate of the column. The darker a cell, the higher its rate above the lowest of its column "
        f"that is not 0; from {DARKEST:g} times that on all are equally dark."
    )
    if any(point is not None and not point.comparable for row in rows.values() for point in row):
        shade += " Gray: of other data than the rest, and not compared."
    with drawing.settings(size):
        letters, small = (6.0, 6.0) if size.narrow else (points_of(8.0), points_of(7.0))
        names = size.named(list(rows))
        heads = [shortened(name, 26) for name in columns]
        left = max([width_of(name, letters) for name in names], default=0.5) + 2 * _MARGIN
        least = width_of("00.00", small) + 0.03
        across = max(1, int((size.of(11.0) - left - _MARGIN) / max(least, 0.0 if size.width else 0.56)))
        bands = max(1, math.ceil(len(columns) / across))
        across = max(1, math.ceil(len(columns) / bands))
        wide = min(0.75, (size.of(11.0) - left - _MARGIN) / across)
        title_width = width_of(escape.plain(title), 1.4 * points_of(9.0)) + 2 * _MARGIN
        width = size.width or max(left + across * wide + _MARGIN, title_width, 4.0)
        high = size.high(1.75 * letters / 72, len(rows))
        head = max([width_of(name, small) for name in heads], default=0.3) + _MARGIN
        said = drawing.wrapped(f"{caption} {shade}".strip(), points_of(7.5), width - 2 * _MARGIN)
        foot = (said.count("\n") + 1) * 1.3 * points_of(7.5) / 72 + 2 * _MARGIN
        top = 2.2 * points_of(9.0) / 72 + _MARGIN
        height = top + bands * (head + high * len(names) + 2 * _MARGIN) + foot
        figure = _figure(width, height)
        figure.text(
            _MARGIN / width, 1 - _MARGIN / height, escape.plain(title), va="top", fontweight="bold",
            fontsize=1.2 * points_of(9.0), parse_math=False,
        )  # fmt: skip
        figure.text(
            _MARGIN / width, _MARGIN / height, said, va="bottom", fontsize=points_of(7.5), color="#555555",
            linespacing=1.25, parse_math=False,
        )  # fmt: skip
        for band in range(bands):
            part = slice(band * across, (band + 1) * across)
            count = len(columns[part])
            bottom = height - top - (band + 1) * (head + high * len(names) + 2 * _MARGIN) + 2 * _MARGIN
            frame = (left / width, bottom / height, count * wide / width, high * max(1, len(names)) / height)
            axis = figure.add_axes(frame)
            _band(axis, [list(row)[part] for row in rows.values()], names, heads[part], (letters, small))
        return drawing.save(figure, path_stem)


def _figure(width: float, height: float) -> Figure:
    """An empty figure of a size in inches, without a layout of its own."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=200)
    FigureCanvasAgg(figure)
    return figure


def _band(
    axis: Axes,
    rows: Sequence[Sequence[Point | None]],
    names: Sequence[str],
    heads: Sequence[str],
    sizes: tuple[float, float],
) -> None:
    """Some columns, with their names above and the models' at the left; `sizes` are of names and numbers, in points."""
    letters, small = sizes
    from matplotlib.patches import Rectangle

    axis.set(xlim=(0, len(heads)), ylim=(max(1, len(rows)), 0))
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0, labeltop=True, labelbottom=False, pad=2)
    axis.set_xticks([at + 0.5 for at in range(len(heads))], heads, rotation=90, fontsize=small, parse_math=False)
    axis.set_yticks([at + 0.5 for at in range(len(rows))], names, fontsize=letters, parse_math=False)
    for x in range(len(heads)):
        fair = [point.wer for row in rows if (point := row[x]) and point.comparable and point.wer is not None]
        lowest = min(fair, default=0.0)
        # Beside a lowest of 0 all others would be darkest.
        best = min((rate for rate in fair if rate > 0), default=0.0)
        for y, row in enumerate(rows):
            point = row[x]
            if point is None or point.wer is None or not finite(point.wer):
                axis.text(x + 0.5, y + 0.5, "–", ha="center", va="center", fontsize=small, color=GRAY)
                continue
            dark = darkness(point.wer, best) if point.comparable else 0.0
            face = (1 - 0.9 * dark, 1 - 0.65 * dark, 1 - 0.35 * dark)
            axis.add_patch(Rectangle((x + 0.02, y + 0.04), 0.96, 0.92, facecolor=face, edgecolor="#dddddd", lw=0.3))
            ink = "#777777" if not point.comparable else "white" if _luminance(face) < _HALF else "black"
            weight = "bold" if point.comparable and point.wer == lowest and len(fair) > 1 else "normal"
            axis.text(
                x + 0.5, y + 0.52, number(point.wer), ha="center", va="center_baseline", fontsize=small, color=ink,
                fontweight=weight,
            )  # fmt: skip


def darkness(rate: float, best: float) -> float:
    """How dark a cell is, from 0 for the best of its column above 0 to 1 for `DARKEST` times that and more."""
    floor = max(best, 1e-4)
    return min(1.0, max(0.0, math.log(max(rate, floor) / floor) / math.log(DARKEST)))


def _luminance(color: tuple[float, float, float]) -> float:
    """The relative luminance of an sRGB color, from 0 to 1 (WCAG 2.2)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def number(rate: float) -> str:
    """A rate in percent, as it is written in a cell."""
    percent = 100 * rate
    return f"{percent:.2f}" if percent < 99.995 else f"{percent:.0f}"
