"""The table and the plot of a load measurement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.records.codec import cannot_write, write_text
from harness.reporting import drawing
from harness.reporting.drawing import COLORS, GRAY, MARKERS
from harness.reporting.table import EXTENSIONS, Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from harness.records.load import Figure, Knee, Load, Rate, Times

QUANTILES = ("p50", "p95", "p99")

COLUMNS = (
    Column("rate", "Rate", format="g", unit="requests/s"),
    Column("sustained", "Sustained", align="left"),
    Column("offered", "Offered /s", format="adaptive", unit="requests/s"),
    Column("achieved", "Achieved /s", format="adaptive", unit="requests/s"),
    *(Column(name, name, format="adaptive", unit="s") for name in (*QUANTILES, "mean")),
    Column("first_token_p50", "First token p50", format="adaptive", unit="s"),
    Column("rtfx_offered", "RTFx offered", format="adaptive"),
    Column("rtfx_achieved", "RTFx achieved", format="adaptive"),
    Column("concurrency", "At once", format="adaptive"),
    Column("concurrency_max", "Most at once"),
    Column("requests", "Requests"),
    Column("failed", "Failed"),
    Column("lateness_p99", "Sent late p99", format=".4f", unit="s"),
)


def load_table(load: Load) -> Table:
    """A row for each rate."""
    streamed = any(rate.first_token is not None for rate in load.rates)
    shown = [at for at, column in enumerate(COLUMNS) if streamed or column.key != "first_token_p50"]
    rows = tuple(tuple(_row(rate)[at] for at in shown) for rate in load.rates)
    columns = tuple(COLUMNS[at] for at in shown)
    return Table(f"Load on {load.model}", _caption(load), columns, rows, tuple(_notes(load)))


def _row(rate: Rate) -> tuple[Cell, ...]:
    times, first = rate.latency, rate.first_token
    latencies = (*_quantiles(times), times.mean) if times else (None,) * 4
    return (
        Cell(rate.rate),
        Cell({True: "yes", False: "no", None: "unknown"}[rate.sustained], notes=rate.why),
        Cell(rate.offered),
        Cell(rate.achieved),
        *(_cell(one) for one in latencies),
        _cell(first.p50 if first else None),
        Cell(rate.rtfx_offered),
        Cell(rate.rtfx_achieved),
        Cell(rate.concurrency_mean),
        Cell(rate.concurrency_max),
        Cell(rate.counted),
        Cell(rate.counted - rate.answered),
        Cell(rate.lateness.p99),
    )


def _quantiles(times: Times) -> tuple[Figure, ...]:
    return times.p50, times.p95, times.p99


def _cell(figure: Figure | None) -> Cell:
    if figure is None:
        return Cell(None)
    notes = ("at least: requests that were given up weigh in it",) if figure.at_least else ()
    return Cell(figure.value, figure.low, figure.high, notes)


def _caption(load: Load) -> str:
    slo = f"; p95 may be {load.slo:g} s" if load.slo is not None else ""
    return (
        f"{amount(load.clips, 'clip')} of {load.data}, {load.audio_seconds:.0f} s of audio; "
        f"Poisson arrivals, seed {load.seed}; each rate {load.duration:g} s, the first {load.warmup:g} s not counted; "
        f"no retries{slo}."
    )


def _notes(load: Load) -> list[str]:
    highest = "none" if load.sustained is None else f"{load.sustained:g} a second"
    notes = [
        "Times in seconds, from the moment at which a request was to be sent; 95 % intervals.",
        f"Highest rate that is sustained, with all lower ones that are known: {highest}.",
    ]
    if load.knee is not None:
        notes.append(f"Knee, the most throughput for its latency: {_place(load.knee)}.")
    if changed := sum(rate.changed_texts for rate in load.rates):
        notes.append(
            f"{amount(changed, 'transcript differs', 'transcripts differ')} from the first that their clip got."
        )
    for rate in load.rates:
        notes += [f"Rate {rate.rate:g}: {times} x {error}" for error, times in rate.errors.items()]
    return [*notes, *load.notes]


def _place(knee: Knee) -> str:
    """Where it is, as far as the rates that were tried can tell."""
    if knee.above is not None and knee.below is not None:
        return f"{knee.rate:g} a second, of those tried; it lies between {knee.above:g} and {knee.below:g}"
    side = "lower" if knee.above is None else "higher"
    return f"{knee.rate:g} a second, the {side[:-2]}est that was tried; it may lie {side}"


def write_load_files(load: Load, folder: Path) -> list[Path]:
    """The table in every form, and the plot as PNG and SVG.

    Raises:
        RunError: the folder cannot be written.
    """
    table, files = load_table(load), []
    try:
        for form, extension in EXTENSIONS.items():
            path = folder / f"table.{extension}"
            write_text(path, table.render(form, width=120, color=False))
            files.append(path)
        return [*files, *load_curve(load, folder / "load")]
    except OSError as error:
        raise cannot_write(folder, error) from None


def load_curve(load: Load, path_stem: Path) -> list[Path]:
    """Latency over the offered rate, with the knee; below it what was achieved. PNG and SVG.

    Hollow: the rate is not sustained, or not known to be. Quantiles are drawn with their intervals.
    """
    rates = sorted(load.rates, key=lambda rate: rate.rate)
    told = [(rate, _quantiles(rate.latency)) for rate in rates if rate.latency is not None]
    with drawing.settings():
        figure, (main, below) = drawing.panels(9, 4.6, 1.9)
        for number, name in enumerate(QUANTILES):
            _line(main, [(rate, figures[number]) for rate, figures in told], number, name)
        drawing.log_axis(main.yaxis, [end for _, figures in told for one in figures for end in _ends(one)] or [1.0])
        main.set_ylabel("latency, seconds (log scale)")
        _achieved(below, rates)
        drawing.log_axis(below.xaxis, [rate.rate for rate in rates] or [1.0], room=1.2)
        below.set_xticks([rate.rate for rate in rates], [f"{one.rate:g}\n{one.rtfx_offered:.3g}" for one in rates])
        below.set_xlabel("offered (log scale): requests a second, and below it seconds of audio a second (RTFx)")
        _marks([main, below], load)
        keys = [key for key in (*main.get_lines(), *main.patches) if not str(key.get_label()).startswith("_")]
        drawing.legend(figure, keys, columns=6)
        small = f"{_caption(load)} Bars are 95 % intervals; hollow: the rate is not sustained, or not known to be."
        drawing.describe(figure, main, f"Latency against load: {drawing.shortened(load.model, 70)}", small)
        return drawing.save(figure, path_stem)


def _ends(figure: Figure) -> list[float]:
    return [value for value in (figure.low, figure.value, figure.high) if value is not None and value > 0]


def _line(axis: Axes, told: Sequence[tuple[Rate, Figure]], number: int, name: str) -> None:
    """A quantile over the rates, with intervals beside each other where they would lie on each other."""
    color, marker = COLORS[number], MARKERS[number]
    xs, ys = [rate.rate for rate, _ in told], [one.value for _, one in told]
    axis.plot(xs, ys, color=color, marker=marker, ms=6, lw=1.4, label=name, zorder=3)
    for rate, figure in told:
        ends = _ends(figure)
        if figure.low is not None or figure.high is not None:
            x = rate.rate * 1.018 ** (number - 1)
            axis.plot([x, x], [min(ends), max(ends)], color=color, lw=4, alpha=0.3, zorder=2, solid_capstyle="butt")
        if not rate.sustained:
            axis.plot([rate.rate], [figure.value], color=color, marker=marker, ms=6, mfc="white", ls="", zorder=4)


def _achieved(axis: Axes, rates: Sequence[Rate]) -> None:
    """What was achieved of what was offered, in percent."""
    told = [(rate, 100 * rate.achieved / rate.offered) for rate in rates if rate.offered]
    axis.plot([rate.rate for rate, _ in told], [share for _, share in told], color=GRAY, lw=1.2, zorder=2)
    for rate, share in told:
        face = "black" if rate.sustained else "white"
        axis.plot([rate.rate], [share], color="black", marker="o", ms=5, mfc=face, ls="", zorder=3)
    axis.axhline(95, color=GRAY, lw=1, ls=":")
    axis.set(ylim=(0, max([112.0, *(share + 5 for _, share in told)])), ylabel="achieved,\npercent of offered")


def _marks(axes: Sequence[Axes], load: Load) -> None:
    """The knee, the rates that are sustained, and the bound on p95."""
    for axis in axes:
        first = axis is axes[0]
        if load.knee is not None:
            axis.axvline(load.knee.rate, color="black", lw=1, ls="--", zorder=1, label="knee" if first else None)
        if load.sustained is not None:
            left, _ = axis.get_xlim()
            label = "sustained" if first else None
            axis.axvspan(left, load.sustained, color=COLORS[2], alpha=0.1, lw=0, zorder=0, label=label)
    if load.slo is not None:
        axes[0].axhline(load.slo, color=GRAY, lw=1, ls=":", label="bound on p95")
