"""The scatter of speed against accuracy, with its Pareto frontier and a name at every marker."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.reporting import drawing
from harness.reporting.drawing import (
    COLORS,
    GRAY,
    Point,
    Size,
    called,
    finite,
    log_axis,
    points_of,
    radius,
    shortened,
    timed,
    wer_x,
)  # fmt: skip
from harness.reporting.labels import free, mistaken, place
from harness.reporting.short_names import short_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEW = 3
"""Models up to which names stand beside their markers whatever the room."""


def pareto(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats: none is better on one axis and not worse on the other. By increasing WER."""
    known = sorted((p for p in points if timed(p)), key=lambda p: (p.wer or 0.0, -(p.rtfx or 0.0), p.model))
    frontier: list[Point] = []
    for point in known:
        last = frontier[-1] if frontier else None
        if last is None or (point.rtfx or 0.0) > (last.rtfx or 0.0) or (point.wer, point.rtfx) == (last.wer, last.rtfx):
            frontier.append(point)
    return frontier


def rtfx_wer(
    points: Sequence[Point],
    path_stem: Path,
    *,
    title: str = "Speed against accuracy",
    caption: str = "",
    size: Size | None = None,
    rate: str = "WER",
) -> list[Path]:
    """WER against RTFx on a log scale, with the Pareto frontier and every model's name.

    Models whose RTFx is not known stand in a strip below. What is not comparable, or was timed on other hardware, is
    hollow and off the frontier. A WER far above all others is drawn at the right edge as an arrow, with its value in
    the label, so that it does not squeeze the rest. The WER axis is logarithmic too where the largest is over four
    times the smallest. Where names have no room, markers have numbers, and the small print says whose they are.

    `caption` states suite, profile and hardware; `rate` is what is counted, WER or CER.

    Returns:
        The files written: PNG and SVG, and PDF if `size` says so.
    """
    size = size or Size()
    whole: dict[str, str] = {}
    if size.narrow:
        short = short_names(p.model for p in points)
        named = size.named([p.model for p in points])
        whole = {name: shortened(short[p.model]) for p, name in zip(points, named, strict=True)}
        points = [replace(p, model=name) for p, name in zip(points, named, strict=True)]
    with drawing.settings(size):
        figure, free = _scatter(points, (title, caption, rate), size, whole, numbered=size.narrow and len(points) > FEW)
        if not free and len(points) > FEW:
            figure, _ = _scatter(points, (title, caption, rate), size, whole, numbered=True)
        return drawing.save(figure, path_stem)


def _scatter(
    points: Sequence[Point], words: tuple[str, str, str], size: Size, whole: Mapping[str, str], *, numbered: bool
) -> tuple[Figure, bool]:
    """The figure, and whether all labels found room; `whole` are names that are cut in the plot."""
    title, caption, rate = words
    shown = [p for p in points if finite(p.wer)]
    placed = [p for p in shown if timed(p)]
    untimed = sorted((p for p in shown if not timed(p)), key=lambda p: (p.wer or 0.0, p.model))
    limit = drawing.limit_of(shown)
    large = 1.5 if len(placed) > 40 and size.width is None else 1.0
    width, height = (
        size.of(10 * large),
        7.0 * large if size.width is None else (0.8 if len(placed) <= 40 else 1.3) * size.width,
    )
    strip = min((0.3 if size.width is None else 0.4) + 0.15 * len(untimed), 5.0) if untimed else 0.0
    unknown = [p.model for p in points if p not in shown]
    by_number = sorted(placed, key=lambda p: (p.wer or 0.0, p.model)) if numbered else []
    numbers = {id(point): str(at) for at, point in enumerate(by_number, start=1)}
    legend = "; ".join(f"{numbers[id(p)]}\N{NO-BREAK SPACE}{whole.get(p.model, p.model)}" for p in by_number)
    said = [
        caption,
        f"{legend}." if legend else "",
        drawing.at_the_edge(shown, limit),
        f"Not shown, {rate} not known: {', '.join(unknown)}." if unknown else "",
    ]
    figure, (main, *strips) = drawing.panels(width, height, strip, drawing.room_below(width, *said))
    # A published figure's speed is of its source's hardware, so published ones have a frontier of their own.
    frontiers = [pareto([p for p in placed if p.frontier and p.ours == ours]) for ours in (True, False)]
    best = {id(point) for frontier in frontiers for point in frontier}
    for point in placed:
        color = COLORS[1] if point.ours and id(point) in best else _color(point)
        shape = "D" if id(point) in best else "s" if point.served else "o"
        solid = point.comparable and not point.elsewhere
        drawing.marker(main, replace(point, comparable=solid), point.rtfx or 1.0, (color, shape), limit)
    steps = _frontier(main, frontiers[0], limit, COLORS[1], "Pareto frontier")
    steps += _frontier(main, frontiers[1], limit, COLORS[0], "frontier of published figures")
    log_axis(main.yaxis, [p.rtfx or 1.0 for p in placed] or [1.0, 1000.0])
    main.set_ylabel(
        "RTFx (log scale)" if size.narrow else "RTFx, seconds of audio per second (log scale; up is faster)"
    )
    _wer_axis(main, [100 * min(v, limit) for p in shown for v in (p.low, p.wer, p.high) if v is not None])
    for below in strips:
        _unknown(below, untimed, limit)
    scale = ", log scale" if main.get_xscale() == "log" else ""
    [main, *strips][-1].set_xlabel(f"{rate}, percent{scale} (left is better)")
    drawing.legend_of_kinds(figure, main, shown)
    drawing.describe(figure, main, title, *said)
    figure.canvas.draw()
    texts = [numbers.get(id(point)) or _name(point, limit) for point in placed]
    return figure, _label(main, placed, texts, limit, steps)


def _color(point: Point) -> str:
    return COLORS[0] if point.comparable and not point.elsewhere else GRAY


def _unknown(axis: Axes, points: Sequence[Point], limit: float) -> None:
    """The strip of models whose RTFx is not known: a row for each, its name beside its marker."""
    for row, point in enumerate(points):
        drawing.marker(axis, point, row, (_color(point), "o"), limit)
        left, right = axis.get_xlim()
        middle = math.sqrt(left * right) if axis.get_xscale() == "log" else (left + right) / 2
        side = 1 if wer_x(point, limit) < middle else -1
        ends = [100 * min(end, limit) for end in (point.low, point.high) if end is not None]
        beside = (max if side > 0 else min)([wer_x(point, limit), *ends])
        axis.annotate(
            _name(point, limit), (beside, row), ((radius() + 3) * side, 0), textcoords="offset points",
            fontsize=points_of(6.5), ha="left" if side > 0 else "right", va="center_baseline", parse_math=False,
        )  # fmt: skip
    axis.set(ylim=(len(points) - 0.3, -0.7), yticks=[])
    axis.set_ylabel("RTFx\nnot known", rotation=0, ha="right", va="center", fontsize=points_of(9.0))
    axis.grid(visible=False, axis="y")


def _frontier(
    axis: Axes, frontier: Sequence[Point], limit: float, color: str, label: str
) -> list[tuple[float, float, float, float]]:
    """The border of what is reachable: the best RTFx for every WER. Returns its segments in data coordinates."""
    corners: list[tuple[float, float]] = []
    for point in frontier:
        if corners:
            corners.append((wer_x(point, limit), corners[-1][1]))
        corners.append((wer_x(point, limit), point.rtfx or 1.0))
    if len(corners) > 1:
        xs, ys = zip(*corners, strict=True)
        axis.plot(xs, ys, color=color, ls="--", lw=1, zorder=1, label=label)
    return [(*start, *end) for start, end in pairwise(corners)]


def _wer_axis(axis: Axes, values: Sequence[float]) -> None:
    """Limits of the WER axis, and its scale: logarithmic where a linear one would squeeze most models together."""
    low, high = (min(values), max(values)) if values else (0.0, 100.0)
    if low > 0 and high > 4 * low:
        log_axis(axis.xaxis, values, room=1.2)
        return
    pad = 0.08 * (high - low) or 0.2 * high or 1.0
    axis.set_xlim(max(-pad / 2, low - pad), high + pad)


def _name(point: Point, limit: float) -> str:
    """What to write beside a marker."""
    return called(point) + (f" ({100 * (point.wer or 0):.0f} %)" if (point.wer or 0) > limit else "")


def _label(
    axis: Axes,
    group: Sequence[Point],
    names: Sequence[str],
    limit: float,
    drawn: Sequence[tuple[float, float, float, float]],
) -> bool:
    """Names beside their markers, with a thin line where a name had to move away.

    Args:
        axis: where the markers are; its limits are final.
        group: the points.
        names: what to write beside them.
        limit: the largest WER shown.
        drawn: segments that names should not lie on, in data coordinates.

    Returns:
        Whether every name has a place of its own.
    """
    from matplotlib.patheffects import withStroke

    figure = axis.get_figure(root=True)
    assert figure is not None
    pixel = figure.dpi / 72
    spots = [(wer_x(p, limit), p.rtfx or 1.0) for p in group]
    halo = [withStroke(linewidth=1.5, foreground="white")]
    size = points_of(7.5 if len(group) <= 30 else 6.0 if all(name.isdigit() for name in names) else 6.5)
    texts = [
        axis.text(*spot, name, fontsize=size, parse_math=False, zorder=5, path_effects=halo)
        for name, spot in zip(names, spots, strict=True)
    ]
    boxes = [text.get_window_extent() for text in texts]
    sizes = [(box.width + 4 * pixel, size * 1.15 * pixel) for box in boxes]
    intervals = [
        (100 * min(p.low, limit), y, 100 * min(p.high, limit), y)
        for p, (_, y) in zip(group, spots, strict=True)
        if p.low is not None and p.high is not None
    ]
    to_pixels, to_data = axis.transData.transform, axis.transData.inverted().transform
    centers = to_pixels(np.array(spots).reshape(-1, 2))
    lines = to_pixels(np.array([*drawn, *intervals]).reshape(-1, 2)).reshape(-1, 4)
    corners = place(centers, sizes, axis.get_window_extent().extents, radius() * pixel, lines)
    for at, (text, center, (left, bottom), (width, height)) in enumerate(
        zip(texts, centers, corners, sizes, strict=True)
    ):
        end = np.clip(center, (left, bottom), (left + width, bottom + height))
        text.set(position=to_data((left + 2 * pixel, bottom + height / 2)), verticalalignment="center_baseline")
        box = np.array([[left, bottom, left + width, bottom + height]])
        if math.dist(center, end) > 2.5 * radius() * pixel or mistaken(box, centers, at, radius() * pixel)[0]:
            leader = zip(spots[at], to_data(end), strict=True)
            axis.plot(*leader, color="#999999", lw=0.5, zorder=1.5, scalex=False, scaley=False)
    return free(corners, sizes, axis.get_window_extent().extents)
