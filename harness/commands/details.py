"""What `score --details` prints below its table: measures, slices, confusions and what looks wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.reporting.table import Table

_SHOWN = 10
"""Confusions, sessions and values of tags that are printed; --json has all."""


def details_text(model: str, found: Mapping[str, Any]) -> str:
    """One benchmark of one model, from `harness.scoring.details.describe`."""
    blocks = [_measures(model, found).render("terminal"), _slices(found).render("terminal")]
    confused = _confusions(found)
    if confused.rows:
        blocks.append(confused.render("terminal"))
    blocks += [f"looks broken: {finding['message']}\n" for finding in found["findings"]]
    return "\n".join(blocks)


def _measures(model: str, found: Mapping[str, Any]) -> Table:
    from harness.reporting.table import Cell, Column, Table

    columns = (
        Column("measure", "Measure", align="left"),
        Column("value", "Value", format=".2f"),
        Column("of", "Of", align="left"),
    )
    rates = [(key.upper(), _percent(found[key]), "percent") for key in ("wer", "cer", "mer", "wil", "ser")]
    rates += [
        (f"missed {kind}s", _percent(missed["rate"]), f"percent of {missed['words']:,} words")
        for kind, missed in found["missed"].items()
        if missed is not None
    ]
    silence = found["inserted_on_silence"]
    if silence is not None:
        rates.append(
            ("inserted on silence", silence["per_minute"], f"words a minute, {silence['minutes']:.1f} minutes")
        )
    rates += [
        (f"flagged: {flag}", one["utterances"], f"utterances: {one['meaning']}")
        for flag, one in found["flags"].items()
        if one["utterances"]
    ]
    rows = tuple((Cell(name), Cell(value), Cell(of)) for name, value, of in rates)
    caption = f"{model}, {found['utterances']:,} utterances."
    return Table(found["benchmark"], caption, columns, rows)


def _percent(rate: float | None) -> float | None:
    return None if rate is None else 100 * rate


def _slices(found: Mapping[str, Any]) -> Table:
    from harness.reporting.table import Cell, Column, Table

    columns = (
        Column("slice", "Slice", align="left"),
        Column("value", "Value", align="left"),
        Column("utterances", "Utterances"),
        Column("words", "Words"),
        Column("rate", "Rate", format=".2f", scale=100),
        Column("interval", "95 % interval"),
    )
    worst = sorted(found["by_session"], key=lambda part: -(part["rate"] or 0))[:_SHOWN]
    rows = []
    for part in [*found["by_length"], *worst, *found["by_tag"][: 5 * _SHOWN]]:
        interval = part["interval"]
        ends = None if interval is None else f"{100 * interval['low']:.2f} to {100 * interval['high']:.2f}"
        cells = (part["kind"], part["value"], part["utterances"], part["words"], part["rate"], ends)
        rows.append(tuple(Cell(cell) for cell in cells))
    notes = (f"Sessions: the {len(worst)} worst of {len(found['by_session'])}.",) if worst else ()
    return Table(f"{found['benchmark']}: slices", "Rates in percent; length in words.", columns, tuple(rows), notes)


def _confusions(found: Mapping[str, Any]) -> Table:
    from harness.reporting.table import Cell, Column, Table

    columns = (
        Column("substituted", "Substituted", align="left"),
        Column("substituted_times", "Times"),
        Column("deleted", "Deleted", align="left"),
        Column("deleted_times", "Times"),
        Column("inserted", "Inserted", align="left"),
        Column("inserted_times", "Times"),
    )
    confused = found["confusions"]
    substituted = [(f"{one} -> {other}", times) for (one, other), times in confused["substitutions"]]
    sides: list[Sequence[tuple[str, int]]] = [substituted, confused["deletions"], confused["insertions"]]
    rows = []
    for index in range(min(_SHOWN, max(map(len, sides)))):
        cells = [side[index] if index < len(side) else (None, None) for side in sides]
        rows.append(tuple(Cell(value) for pair in cells for value in pair))
    return Table(f"{found['benchmark']}: most frequent errors", "", columns, tuple(rows))
