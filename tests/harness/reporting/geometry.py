"""Where the texts of a plot lie, from the renderer that draws them: which overlap, and which are outside the figure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from matplotlib.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    Box = tuple[float, float, float, float]


def texts(figure: Figure) -> list[tuple[str, Box]]:
    """Every text that is drawn, with its rectangle in pixels."""
    figure.canvas.draw()
    hidden = {id(label) for axis in figure.axes for label in _undrawn(axis)}
    found = []
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if text.get_text().strip() and text.get_visible() and id(text) not in hidden:
            box = text.get_window_extent()
            found.append((text.get_text(), (box.x0, box.y0, box.x1, box.y1)))
    return found


def _undrawn(axes: Any) -> list[Text]:
    """Labels of ticks that are outside the limits, or switched off."""
    undrawn = []
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        room = 1e-9 * (high - low)
        for tick in axis.get_major_ticks() + axis.get_minor_ticks():
            inside = low - room <= tick.get_loc() <= high + room
            undrawn += [label for label in (tick.label1, tick.label2) if not inside or not label.get_visible()]
            if not axes.get_visible():
                undrawn += [tick.label1, tick.label2]
    return undrawn


def faults(figure: Figure, slack: float = 1.5) -> list[str]:
    """What is wrong: texts that overlap by more than `slack` pixels both ways, or leave the figure."""
    placed = texts(figure)
    width, height = figure.bbox.width, figure.bbox.height
    found = [
        f"outside: {text!r}"
        for text, (x0, y0, x1, y1) in placed
        if x0 < -slack or y0 < -slack or x1 > width + slack or y1 > height + slack
    ]
    for at, (text, (x0, y0, x1, y1)) in enumerate(placed):
        for other, (u0, v0, u1, v1) in placed[:at]:
            if min(x1, u1) - max(x0, u0) > slack and min(y1, v1) - max(y0, v0) > slack:
                found.append(f"overlap: {text!r} and {other!r}")
    return found


def smallest(figure: Figure) -> float:
    """Of the letters, in points."""
    found = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    return min(float(text.get_fontsize()) for text in found if text.get_text().strip())


def unclear(figure: Figure, owners: dict[str, tuple[float, float]], radius: float) -> list[str]:
    """The names in a scatter of which it cannot be told whose they are.

    A name has to be nearer to its own marker than to any other, by the marker's radius or, where two markers are nearer
    to each other than twice that, by half of what is between them; or a line has to lead from the one to the other,
    long enough to be seen.

    Args:
        figure: of one panel at least, the first of which has the markers.
        owners: where the marker of each name is, in data coordinates.
        radius: of the markers, in points.
    """
    figure.canvas.draw()
    axis, reach = figure.axes[0], radius * figure.dpi / 72
    spots = {name: tuple(axis.transData.transform(spot)) for name, spot in owners.items()}
    thin = [line for line in axis.get_lines() if line.get_color() == "#999999" and line.get_linewidth() < 1]
    leaders = [[tuple(point) for point in axis.transData.transform(line.get_path().vertices)] for line in thin]
    found = []
    for text in axis.texts:
        name = text.get_text()
        box = text.get_window_extent()
        ends = (box.x0, box.y0, box.x1, box.y1)
        own = _gap(ends, spots[name])
        near = [
            other
            for other, spot in spots.items()
            if other != name and _gap(ends, spot) - min(reach, math.dist(spot, spots[name]) / 2) < own - 1.5
        ]
        led = any(
            math.dist(line[0], spots[name]) < 1
            and _gap(ends, line[1]) < 4 * figure.dpi / 72
            and math.dist(*line) >= 2 * reach
            for line in leaders
        )
        if near and not led:
            found.append(f"{name}: as near to {', '.join(near)}")
    return found


def _gap(box: Box, spot: tuple[float, ...]) -> float:
    """Pixels from a spot to the nearest place of a rectangle."""
    x, y = spot
    return math.hypot(x - min(max(x, box[0]), box[2]), y - min(max(y, box[1]), box[3]))
