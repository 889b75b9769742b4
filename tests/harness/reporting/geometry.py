"""Where the texts of a plot lie, from the renderer that draws them: which overlap, and which are outside the figure."""

from __future__ import annotations

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
