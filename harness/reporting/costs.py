"""Columns of cost: watt-hours and money for an hour of audio, and how much of the device's arithmetic was used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.price import Price, price_of
from harness.reporting.table import Cell, Column

if TYPE_CHECKING:
    from harness.records.run import BenchmarkRecord, RunRecord
    from harness.records.scores import Scores


_FROM_RTFX = "from RTFx: the wall clock is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What was asked for. A run that states its price, or was told to, has its column unasked."""

    energy: bool = False
    price: Price | None = None
    """In place of what runs state."""
    peak_tflops: float | None = None
    """In place of what runs state."""


@dataclass(frozen=True, slots=True)
class CostColumns:
    """Columns beside those of speed."""

    columns: list[Column]
    rows: list[list[Cell]]
    """Of each model."""
    methods: list[str]
    """How each was made, for the caption."""


def cost_columns(scores: Sequence[Scores], runs: Sequence[RunRecord | None], asked: Costs) -> CostColumns:
    """The columns that were asked for, or that runs have something for."""
    parts: list[tuple[Column, list[Cell], str]] = []
    if asked.energy or any(run.settings.get("energy") for run in runs if run):
        cells = [energy_cell(run) for run in runs]
        parts.append((Column("watt_hours", "Wh for an hour", format="adaptive"), cells, _energy_method(runs)))
    prices = [asked.price or _stated(run) for run in runs]
    if any(prices):
        # Rows may differ in currency and in what is paid for, which no number says.
        stated = [Cell(str(price) if price else None) for price in prices]
        parts.append((Column("price", "Price", align="left"), stated, ""))
        cells = [_price_cell(price, score, run) for price, score, run in zip(prices, scores, runs, strict=True)]
        parts.append((Column("money", "Cost of an hour", format=".4f"), cells, _price_method(prices)))
    used = [_utilization(run, asked.peak_tflops) for run in runs]
    if any(cell.number is not None for cell in used):
        column = Column("flop_utilization", "FLOP utilization", format=".1f", scale=100)
        parts.append((column, used, _utilization_method(runs, asked.peak_tflops)))
    rows = [[cells[at] for _, cells, _ in parts] for at in range(len(runs))]
    return CostColumns([column for column, _, _ in parts], rows, [method for *_, method in parts if method])


def _facts(run: RunRecord | None) -> list[BenchmarkRecord]:
    return list(run.benchmarks.values()) if run else []


def energy_cell(run: RunRecord | None) -> Cell:
    """Watt-hours for an hour of audio over all benchmarks of a run, with what is to be known of it."""
    found = [fact.energy for fact in _facts(run) if fact.energy is not None]
    measured = [one for one in found if one.watt_hours is not None]
    why = next((one.not_measured for one in found if one.not_measured), "the run was not measured")
    if not measured:
        return Cell(None, notes=(f"energy: not measurable here ({why})",))
    joules, audio = (sum(getattr(one, name) for one in measured) for name in ("joules", "audio_seconds"))
    whole = sum((fact.speed.audio_seconds or 0.0) if fact.speed else 0.0 for fact in _facts(run))
    share = audio / whole if whole else 1.0
    notes = (f"energy of {100 * share:.0f} % of the audio: {why}",) if share < 0.995 else ()
    return Cell(joules / audio, notes=notes)


def _energy_method(runs: Sequence[RunRecord | None]) -> str:
    methods = dict.fromkeys(fact.energy.method for run in runs for fact in _facts(run) if fact.energy)
    by = "; ".join(method for method in methods if method) or "no counters"
    return f"Wh for an hour of audio: all that the counted parts drew while it ran, idle and other work too ({by})."


def _stated(run: RunRecord | None) -> Price | None:
    stated = run.settings.get("price") if run else None
    return price_of(stated) if isinstance(stated, str) else None


def _price_cell(price: Price | None, score: Scores, run: RunRecord | None) -> Cell:
    if price is None:
        return Cell(None, notes=("no price: the run states none, --price gives one",))
    speed = score.average.speed
    notes = []
    if price.unit == "h" and speed.rtfx_end_to_end is None:
        unknown = speed.rtfx is None
        notes.append("no cost by the hour of a machine: the speed is not known" if unknown else _FROM_RTFX)
    if price.unit == "h" and run is not None and run.served is not None:
        notes.append(f"of a server that is asked {run.served} at once")
    return Cell(price.of_hour(speed.rtfx_end_to_end or speed.rtfx), notes=tuple(notes))


def _price_method(prices: Sequence[Price | None]) -> str:
    stated = list(dict.fromkeys(price for price in prices if price is not None))
    ways = {"h": "the price of a machine's hour over RTFx end to end", "min": "60 times the price of a minute of audio"}
    used = [way for unit, way in ways.items() if any(price.unit == unit for price in stated)]
    return f"Cost of an hour of audio, by {', '.join(map(str, stated))}: {'; '.join(used)}."


def _utilization(run: RunRecord | None, peak: float | None) -> Cell:
    """Operations that the audio needed, over those that the device could have done in the counted seconds."""
    needed = possible = 0.0
    for fact in _facts(run):
        speed, compute = fact.speed, fact.compute
        most = peak or (compute.peak_tflops if compute else None)
        if compute is None or most is None or speed is None or not (speed.counted_audio and speed.seconds_counted):
            return Cell(None)
        needed += compute.flops_a_second * speed.counted_audio
        possible += most * 1e12 * speed.seconds_counted
    return Cell(needed / possible if possible else None)


def _utilization_method(runs: Sequence[RunRecord | None], peak: float | None) -> str:
    found = [fact.compute for run in runs for fact in _facts(run) if fact.compute]
    rates = ", ".join(dict.fromkeys(f"{one.flops_a_second / 1e9:.1f}" for one in found))
    methods = "; ".join(dict.fromkeys(one.method for one in found))
    sources = [f"{peak:g} TFLOP/s by --peak-tflops"] if peak else []
    sources = sources or [f"{one.peak_tflops:g} TFLOP/s by {one.peak_source}" for one in found if one.peak_tflops]
    return (
        f"FLOP utilization, percent: {rates} GFLOP a second of audio ({methods}) times RTFx, over "
        f"{', '.join(dict.fromkeys(sources))}."
    )
