"""What all plots share: figures, styles, axes, saving. matplotlib is imported when something is drawn."""

from __future__ import annotations

import contextlib
import io
import math
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.records.codec import write_bytes
from harness.reporting import escape

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    Place = Literal["outside upper center", "outside upper right"]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999999")
"""Okabe and Ito's palette, which people with any color vision tell apart."""

MARKERS = ("o", "D", "s", "^", "v", "P", "X", "*", "<")
"""Shapes, so that color is never the only difference. Nine and eight colors give 72 pairs."""

PHASES = ("decode", "features", "transfer", "model", "text", "untracked")
"""The clock's phases in the order in which they happen."""

_DPI = 200
RADIUS = 4.0
"""Radius of a marker in points (1/72 inch)."""
GRAY = "#999999"
"""What cannot be compared with the rest."""


@dataclass(frozen=True, slots=True)
class Point:
    """One model in a plot."""

    model: str
    wer: float | None
    """Word error rate as a fraction; None is not known, and the model is named below the plot."""
    rtfx: float | None = None
    """Seconds of audio per second spent; None is not known, and the model stands in a strip of its own."""
    low: float | None = None
    """Lower end of the interval of `wer`."""
    high: float | None = None
    """Upper end of the interval of `wer`."""
    ours: bool = True
    """False for a published figure, which is drawn hollow."""
    comparable: bool = True
    """False where `wer` is of other benchmarks or other data than the other points': drawn hollow."""
    frontier: bool = True
    """Whether the Pareto frontier may run through it."""
    served: int | None = None
    """Requests at a time, where `rtfx` is the throughput of a server: a square, off the frontier."""


def style(number: int) -> tuple[str, str]:
    """Color and shape of the n-th model."""
    return COLORS[number % len(COLORS)], MARKERS[number % len(MARKERS)]


def timed(point: Point) -> bool:
    """Whether the point has a place in the plane."""
    return finite(point.wer) and finite(point.rtfx) and (point.rtfx or 0.0) > 0


def finite(value: float | None) -> bool:
    """Whether the value is a number that can be drawn."""
    return value is not None and math.isfinite(value)


def limit_of(points: Sequence[Point]) -> float:
    """The largest rate that the axis shows: what lies far above the rest is drawn at the edge."""
    values = sorted(p.wer or 0.0 for p in points if finite(p.wer)) or [1.0]
    limit = max(values[-1], 0.001)
    for smaller, larger in pairwise(values[len(values) // 2 :]):
        if larger > 3 * max(smaller, 0.02):
            limit = 1.25 * max(smaller, 0.02)
            break
    highs = [p.high for p in points if p.high is not None and p.wer is not None and p.wer <= limit]
    return max(limit, *(min(high, 1.5 * limit) for high in highs), 0.0)


@contextlib.contextmanager
def settings() -> Iterator[None]:
    """The settings that all plots are drawn and saved under, put back afterwards."""
    import matplotlib as mpl

    # `hashsalt` fixes the ids in SVG. A name in a script that the font lacks is drawn as boxes: no reason to stop.
    look = {"svg.hashsalt": "asr", "font.family": "DejaVu Sans", "font.size": 9, "hatch.linewidth": 0.6}
    with mpl.rc_context(look), warnings.catch_warnings():  # type: ignore[arg-type]
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def panels(width: float, height: float, strip: float = 0.0) -> tuple[Figure, list[Axes]]:
    """A figure with a panel of this size in inches, and under it, unless 0, a strip of that height on its x axis."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [height, strip] if strip else [height]
    figure = Figure(figsize=(width, sum(heights)), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False).flat)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(visible=True, color="#e6e6e6", lw=0.7)
        axis.set_axisbelow(True)
    return figure, axes


def wer_x(point: Point, limit: float) -> float:
    """Where a point stands on the WER axis, in percent."""
    return 100 * min(point.wer or 0.0, limit)


def marker(axis: Axes, point: Point, y: float, style: tuple[str, str], limit: float) -> None:
    """Draws a point with its interval; beyond the limit as an arrow, hollow if published or not comparable."""
    color, shape = style
    if point.low is not None and point.high is not None:
        ends = [100 * min(v, limit) for v in (point.low, point.high)]
        axis.plot(ends, [y, y], color=color, lw=1, alpha=0.6, zorder=2)
    shape = ">" if (point.wer or 0.0) > limit else shape
    face = color if point.ours and point.comparable else "white"
    size = 2 * RADIUS - 1
    axis.plot([wer_x(point, limit)], [y], marker=shape, ms=size, color=color, mfc=face, ls="", clip_on=False, zorder=3)


def log_axis(axis: Axis, values: Sequence[float], room: float = 1.5) -> None:
    """A log scale with plain numbers at 1, 2 and 5 times the powers of ten (the powers alone over many decades)."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = min(values) / room, max(values) * room
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 3, 5, 7) if high < 12 * low else (1, 2, 5) if high < 1000 * low else (1,)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    name = axis.axis_name  # type: ignore[attr-defined]
    axis.axes.set(**{f"{name}scale": "log"})
    axis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.axes.set(**{f"{name}lim": (low, high)})


def shortened(name: str, longest: int = 44) -> str:
    """A name as it is written in a plot."""
    name = escape.plain(name)
    return name if len(name) <= longest else name[: longest - 1] + "…"


def names(axis: Axes, names: Sequence[str]) -> None:
    """Writes names along the vertical axis, the first on top."""
    axis.set_yticks(range(len(names)), [shortened(name) for name in names], parse_math=False)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.grid(visible=False, axis="y")


def called(point: Point) -> str:
    """A model's name as it is written in a plot of speeds."""
    return shortened(point.model) + (f", served, {point.served} at once" if point.served else "")


def legend(figure: Figure, keys: Sequence[Artist], place: Place = "outside upper center", columns: int = 3) -> None:
    """Explains colors, shapes and lines above the panel."""
    if keys:
        shown = figure.legend(handles=keys, loc=place, ncols=columns, frameon=False, fontsize=8)
        for text in shown.get_texts():
            text.set_parse_math(False)


def legend_of_kinds(figure: Figure, axis: Axes, points: Sequence[Point]) -> None:
    """The legend of a plot of models: the frontier, and what hollow means where something is hollow."""
    from matplotlib.lines import Line2D

    keys = [line for line in axis.get_lines() if not str(line.get_label()).startswith("_")]
    if any(not p.ours for p in points):
        keys.append(Line2D([], [], color=COLORS[0], marker="o", mfc="white", ls="", label="published figure"))
        keys.append(Line2D([], [], color=COLORS[0], marker="o", ls="", label="measured here"))
    if any(p.served for p in points):
        label = "served: throughput of a server at so many requests at a time"
        keys.append(Line2D([], [], color=COLORS[0], marker="s", ls="", label=label))
    if any(not p.comparable for p in points):
        keys.append(Line2D([], [], color=GRAY, marker="o", mfc="white", ls="", label="over other benchmarks"))
    legend(figure, keys, "outside upper right")


def legend_of_models(figure: Figure, models: Sequence[str]) -> None:
    """Colors and shapes of models."""
    from matplotlib.lines import Line2D

    looks = [(model, *style(number)) for number, model in enumerate(models)]
    legend(figure, [Line2D([], [], color=c, marker=m, ls="", label=shortened(model)) for model, c, m in looks])


def describe(figure: Figure, axis: Axes, title: str, *caption: str) -> None:
    """The title over a panel, and small print below everything."""
    axis.set_title(escape.plain(title), loc="left", fontweight="bold", parse_math=False)
    text = escape.plain(" ".join(part for part in caption if part))
    if text:
        lines = textwrap.fill(text, int(figure.get_figwidth() * 15))
        figure.supxlabel(lines, fontsize=7.5, color="#555555", ha="left", x=0.01).set_parse_math(False)


def save(figure: Figure, path_stem: Path) -> list[Path]:
    """PNG and SVG beside each other, without a date, so that equal figures are equal files."""
    path_stem.parent.mkdir(parents=True, exist_ok=True)
    png, svg = (path_stem.with_name(path_stem.name + ending) for ending in (".png", ".svg"))
    for path, metadata in ((png, {"Software": None}), (svg, {"Date": None, "Creator": None})):
        drawn = io.BytesIO()
        figure.savefig(drawn, format=path.suffix[1:], dpi=_DPI, metadata=metadata)
        write_bytes(path, drawn.getvalue(), lasting=False)
    return [png, svg]
