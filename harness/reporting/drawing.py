"""What all plots share: figures, styles, axes, saving. matplotlib is imported when something is drawn."""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.records.codec import write_bytes
from harness.reporting import escape
from harness.reporting.short_names import short_names

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
    elsewhere: bool = False
    """Whether `rtfx` is of other hardware than the other points': hollow where speed is drawn."""


_LONGEST, _LONGEST_NARROW = 44, 16
"""Letters that a name may have, and may have where it is narrow."""

_FAR = 5.0
"""Times the next lower rate from which on a rate is drawn at the edge, so that it does not squeeze the rest."""


def _cut(name: str, longest: int) -> str:
    """A name without its middle: versions and sizes stand at the end."""
    begin = longest // 2
    return name if len(name) <= longest else f"{name[:begin]}…{name[begin + 1 - longest :]}"


@dataclass(frozen=True, slots=True)
class Size:
    """How wide plots are drawn, and whether they are written as PDF too."""

    width: float | None = None
    """Inches, as in a column of a paper, whose letters are of 6 to 7 points; None: as wide as a screen has room."""
    pdf: bool = False
    """Whether a PDF is written beside PNG and SVG."""

    @property
    def narrow(self) -> bool:
        """Whether there is no room for whole names of models."""
        return self.width is not None and self.width < 6

    def of(self, usual: float) -> float:
        """The width of a figure in inches that is usually so wide."""
        return usual if self.width is None else self.width

    def named(self, names: Sequence[str]) -> list[str]:
        """Names as there is room for them: where it is narrow without owners, and cut in their middle."""
        if not self.narrow:
            return [shortened(name) for name in names]
        short = short_names(names)
        plain = [escape.plain(short[name]) for name in names]
        longest = _LONGEST_NARROW
        while len({_cut(name, longest) for name in plain}) < len(set(plain)) and longest < _LONGEST:
            longest += 1  # names that differ in their middles stay different
        return [_cut(name, longest) for name in plain]

    def high(self, usual: float, rows: int) -> float:
        """Inches of a row that usually is so high, where there are so many: a column of a paper has to hold them."""
        return usual if self.width is None else min(usual, 0.15 if rows <= 30 else 0.105)


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
        if larger > _FAR * max(smaller, 0.02):
            limit = 1.25 * max(smaller, 0.02)
            break
    highs = [p.high for p in points if p.high is not None and p.wer is not None and p.wer <= limit]
    return max(limit, *(min(high, 1.5 * limit) for high in highs), 0.0)


_SCREEN, _PAPER = 9.0, 7.0
"""Sizes of letters in points, on a screen and in a column of a paper."""

_SIZE: ContextVar[Size] = ContextVar("size", default=Size())  # noqa: B039 - it is frozen
"""Of the plot that is drawn."""


@contextlib.contextmanager
def settings(size: Size | None = None) -> Iterator[None]:
    """The settings that all plots are drawn and saved under, put back afterwards."""
    import matplotlib as mpl

    # `hashsalt` fixes the ids in SVG. A name in a script that the font lacks is drawn as boxes: no reason to stop.
    size = size or Size()
    letters = _SCREEN if size.width is None else _PAPER
    look = {"svg.hashsalt": "asr", "font.family": "DejaVu Sans", "font.size": letters, "hatch.linewidth": 0.6}
    look |= {"pdf.fonttype": 42}  # TrueType, which journals ask for
    token = _SIZE.set(size)
    try:
        with mpl.rc_context(look), warnings.catch_warnings():  # type: ignore[arg-type]
            warnings.filterwarnings("ignore", message="Glyph .* missing")
            yield
    finally:
        _SIZE.reset(token)


def radius() -> float:
    """Of a marker, in points (1/72 inch)."""
    return 2.5 if _SIZE.get().narrow else 4.0


def points_of(usual: float) -> float:
    """The size of letters in points that are usually so large: in a column of a paper none are under 6."""
    return usual if _SIZE.get().width is None else max(6.0, min(usual, _PAPER))


def width_of(text: str, points: float) -> float:
    """How wide a line of text is, in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=points)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, False)
    return float(width) / 72


def wrapped(text: str, points: float, inches: float) -> str:
    """Text in lines that are no wider than this, where its words allow it."""
    lines: list[str] = []
    for word in escape.plain(text).split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, points) <= inches:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def room_below(width: float, *caption: str) -> float:
    """Inches that the small print takes of a figure so wide beyond its first lines, for which there is room anyway."""
    text = " ".join(part for part in caption if part)
    lines = wrapped(text, points_of(7.5), 0.96 * width).count("\n") + 1
    return max(0, lines - 3) * 1.25 * points_of(7.5) / 72


def room_above(width: float, labels: Sequence[str], columns: int = 3) -> float:
    """Inches that a legend of these labels takes beyond its first line."""
    lines = math.ceil(len(labels) / _legend_columns(width, labels, columns)) if labels else 0
    return max(0, lines - 1) * 1.7 * points_of(8.0) / 72


def _legend_columns(width: float, labels: Sequence[str], most: int) -> int:
    """In how many columns the labels of a legend fit."""
    points = points_of(8.0)
    widest = max(width_of(label, points) for label in labels) + 5 * points / 72
    return max(1, min(most, int((width - 0.2) / widest)))


def panels(width: float, height: float, strip: float = 0.0, foot: float = 0.0) -> tuple[Figure, list[Axes]]:
    """A figure with a panel of this size in inches, and under it, unless 0, a strip of that height on its x axis.

    `foot` is further room, for long captions and legends.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [height, strip] if strip else [height]
    figure = Figure(figsize=(width, sum(heights) + foot), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False).flat)
    for axis in axes:
        _bare(axis)
    return figure, axes


def sheet(columns: int, rows: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A figure of this size in inches with panels beside and under each other, each with axes of its own."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis in axes:
        _bare(axis)
    return figure, axes


def _bare(axis: Axes) -> None:
    """A panel without a frame, with faint lines under what is drawn."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(visible=True, color="#e6e6e6", lw=0.7)
    axis.set_axisbelow(True)


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
    size = 2 * radius() - 1
    axis.plot([wer_x(point, limit)], [y], marker=shape, ms=size, color=color, mfc=face, ls="", clip_on=False, zorder=3)


def at_the_edge(points: Sequence[Point], limit: float) -> str:
    """The sentence on what lies beyond the axis, or nothing."""
    beyond = any(finite(p.wer) and (p.wer or 0.0) > limit for p in points)
    return f"Above {100 * limit:.3g} %: drawn at the edge." if beyond else ""


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


def shortened(name: str, longest: int = _LONGEST) -> str:
    """A name as it is written in a plot."""
    name = escape.plain(name)
    return name if len(name) <= longest else name[: longest - 1] + "…"


def names(axis: Axes, names: Sequence[str]) -> None:
    """Writes names along the vertical axis, the first on top."""
    shown = [shortened(name) for name in names]
    letters = points_of(8.0) if len(names) <= 30 else points_of(6.0) if _SIZE.get().width else 8.0
    axis.set_yticks(range(len(names)), shown, parse_math=False, fontsize=letters)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.grid(visible=False, axis="y")


def called(point: Point) -> str:
    """A model's name as it is written in a plot of speeds."""
    return shortened(point.model) + (f", served, {point.served} at once" if point.served else "")


def legend(figure: Figure, keys: Sequence[Artist], place: Place = "outside upper center", columns: int = 3) -> None:
    """Explains colors, shapes and lines above the panel, in as many columns as there is room for."""
    if keys:
        fit = _legend_columns(figure.get_figwidth(), [str(key.get_label()) for key in keys], columns)
        shown = figure.legend(handles=keys, loc=place, ncols=fit, frameon=False, fontsize=points_of(8.0))
        for text in shown.get_texts():
            text.set_parse_math(False)


def legend_of_kinds(figure: Figure, axis: Axes, points: Sequence[Point]) -> None:
    """The legend of a plot of models: the frontier, and what hollow means where something is hollow."""
    from matplotlib.lines import Line2D

    speeds = "RTFx" in axis.get_ylabel()

    keys = [line for line in axis.get_lines() if not str(line.get_label()).startswith("_")]
    if any(not p.ours for p in points):
        keys.append(Line2D([], [], color=COLORS[0], marker="o", mfc="white", ls="", label="published figure"))
        if any(p.ours for p in points):
            keys.append(Line2D([], [], color=COLORS[0], marker="o", ls="", label="measured here"))
    if any(p.served for p in points):
        label = "served: throughput of a server at so many requests at a time"
        label = label if figure.get_figwidth() > 6 else "served: throughput"
        keys.append(Line2D([], [], color=COLORS[0], marker="s", ls="", label=label))
    if any(not p.comparable for p in points):
        keys.append(Line2D([], [], color=GRAY, marker="o", mfc="white", ls="", label="over other benchmarks or data"))
    if any(p.elsewhere for p in points if speeds):
        keys.append(Line2D([], [], color=GRAY, marker="o", mfc="white", ls="", label="RTFx of other hardware"))
    legend(figure, keys, "outside upper right")


def legend_of_models(figure: Figure, models: Sequence[str]) -> None:
    """Colors and shapes of models."""
    from matplotlib.lines import Line2D

    looks = [(model, *style(number)) for number, model in enumerate(models)]
    legend(figure, [Line2D([], [], color=c, marker=m, ls="", label=shortened(model)) for model, c, m in looks])


def describe(figure: Figure, axis: Axes, title: str, *caption: str) -> None:
    """The title over a panel, and small print below everything."""
    axis.set_title(escape.plain(title), loc="left", fontweight="bold", parse_math=False)
    text = " ".join(part for part in caption if part)
    if text:
        points = points_of(7.5)
        lines = wrapped(text, points, 0.96 * figure.get_figwidth())
        figure.supxlabel(lines, fontsize=points, color="#555555", ha="left", x=0.01).set_parse_math(False)


def axis_label(figure: Figure, text: str, *, beside: float = 0.0) -> str:
    """The label of a horizontal axis in lines that fit.

    Args:
        figure: where it is written.
        text: the label.
        beside: inches that names take beside the axis.
    """
    return wrapped(text, points_of(9.0), figure.get_figwidth() - beside - 0.4)


def save(figure: Figure, path_stem: Path) -> list[Path]:
    """PNG and SVG beside each other, and PDF if told, without a date, so that equal figures are equal files."""
    path_stem.parent.mkdir(parents=True, exist_ok=True)
    unsaid: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
    if _SIZE.get().pdf:
        unsaid["pdf"] = {"CreationDate": None, "Creator": None, "Producer": None}
    files = []
    for ending, metadata in unsaid.items():
        drawn = io.BytesIO()
        figure.savefig(drawn, format=ending, dpi=_DPI, metadata=metadata)
        files.append(path_stem.with_name(f"{path_stem.name}.{ending}"))
        write_bytes(files[-1], drawn.getvalue(), lasting=False)
    return files
