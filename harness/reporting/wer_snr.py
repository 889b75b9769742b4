"""WER against the signal-to-noise ratio, a line for each model, a panel for each benchmark and kind of noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.perturb.names import named
from harness.reporting import drawing, escape
from harness.reporting.drawing import Point, Size
from harness.scoring.robustness import AVERAGE, gaps

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from harness.scoring.robustness import Gap
    from harness.scoring.scored import Scored

MOST = 12
"""Panels that one figure holds."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One model in one panel; rates and intervals are fractions."""

    snr: tuple[float, ...]
    """Decibels, ascending."""
    points: tuple[Point, ...]
    """At each ratio."""
    clean: Point | None
    """Without noise."""


Panels = Mapping[str, Mapping[str, Curve]]
"""By title, then by model."""


def curves(names: Sequence[str], scored: Sequence[Sequence[Scored]]) -> dict[str, dict[str, Curve]]:
    """The lines of each panel, where a kind of noise was measured; `scored` are the benchmarks of each system."""
    panels: dict[str, dict[str, Curve]] = {}
    for name, held in zip(names, scored, strict=True):
        found = (
            gaps(held) if any((parts := named(one.units.benchmark)) and parts.snr is not None for one in held) else []
        )
        clean = {one.benchmark: _point(name, one) for one in found if not one.condition}
        for key in dict.fromkeys((one.benchmark, one.series) for one in found if one.snr is not None):
            each = [one for one in found if (one.benchmark, one.series) == key and one.snr is not None]
            each.sort(key=lambda one: one.snr or 0.0)
            title = f"{'Average' if key[0] == AVERAGE else key[0]}, {key[1]}"
            line = Curve(
                tuple(one.snr or 0.0 for one in each), tuple(_point(name, one) for one in each), clean.get(key[0])
            )
            panels.setdefault(title, {})[name] = line
    return panels


def _point(name: str, one: Gap) -> Point:
    ends = (one.interval.low, one.interval.high) if one.interval else (None, None)
    return Point(name, one.rate, None, *ends)


def wer_by_snr(panels: Panels, path_stem: Path, *, caption: str = "", size: Size | None = None) -> list[Path]:
    """Draws the panels, two a row; the clean rate stands to the right of all ratios, at the end of a dotted line."""
    size = size or Size()
    shown = dict(list(panels.items())[:MOST])
    models = list(dict.fromkeys(model for lines in shown.values() for model in lines))
    bounded = any(one.low is not None for lines in shown.values() for line in lines.values() for one in line.points)
    paired = "ifferences to clean are paired, and surer: see the table."
    what = f"Lines are 95 % intervals of the rate; d{paired}" if bounded else f"D{paired}"
    left = f"Not shown, for room: {', '.join(list(panels)[MOST:])}." if len(panels) > MOST else ""
    with drawing.settings(size):
        columns = 1 if size.narrow else min(2, len(shown))
        rows, width = -(-len(shown) // columns), size.of(5.4 * columns if columns > 1 else 8)
        keys = [drawing.shortened(model) for model in models]
        foot = drawing.room_below(width, caption, what, left) + drawing.room_above(width, keys)
        figure, axes = drawing.sheet(columns, rows, width, rows * (2.6 if size.narrow else 3.6) + foot)
        for axis, (title, lines) in zip(axes, shown.items(), strict=False):
            _panel(axis, title, lines, models)
        for axis in axes[len(shown) :]:
            axis.set_visible(False)
        drawing.legend_of_models(figure, models)
        drawing.describe(figure, axes[0], next(iter(shown)), caption, what, left)
        return drawing.save(figure, path_stem)


def _panel(axis: Axes, title: str, lines: Mapping[str, Curve], models: Sequence[str]) -> None:
    ratios = sorted({snr for line in lines.values() for snr in line.snr})
    step = max(5.0, (ratios[-1] - ratios[0]) / max(1, len(ratios) - 1))
    end = ratios[-1] + step
    highest = [point.wer or 0.0 for line in lines.values() for point in (*line.points, *_known(line.clean))]
    limit = max(1.25 * max(highest), 0.001)  # intervals may reach much further than any rate
    for model, line in lines.items():
        number = models.index(model)
        color, marker = drawing.style(number)
        shift = (number - (len(models) - 1) / 2) * step * 0.02
        xs = [snr + shift for snr in line.snr]
        ys = [drawing.wer_x(point, limit) for point in line.points]
        axis.plot(xs, ys, color=color, marker=marker, ms=6, lw=1.4, zorder=3)
        if line.clean is not None and line.clean.wer is not None:
            y = drawing.wer_x(line.clean, limit)
            axis.plot([xs[-1], end + shift], [ys[-1], y], color=color, lw=1, ls=":", zorder=2)
            axis.plot([end + shift], [y], color=color, marker=marker, ms=6, ls="", zorder=3)
        for x, point in zip((*xs, end + shift), (*line.points, *_known(line.clean)), strict=False):
            if point.low is not None and point.high is not None:
                ends = [100 * min(value, limit) for value in (point.low, point.high)]
                axis.plot([x, x], ends, color=color, lw=1, alpha=0.6, zorder=2)
    axis.set_xticks([*ratios, end], [*(f"{snr:g}" for snr in ratios), "clean"])
    axis.set(ylim=(0, 100 * limit), xlabel="signal-to-noise ratio, dB", ylabel="WER, percent")
    axis.set_title(escape.plain(title), loc="left", fontweight="bold", parse_math=False)


def _known(point: Point | None) -> tuple[Point, ...]:
    return () if point is None else (point,)
