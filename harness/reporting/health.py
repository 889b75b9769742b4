"""`data check` for people: a table of what was found, and one page with each finding, its waveform, audio and text."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.health.kinds import SEVERITIES
from harness.records.codec import Record
from harness.records.health import HealthFinding, HealthKind
from harness.reporting.model import Cell, Column
from harness.reporting.page.audio import address_of
from harness.reporting.page.build import assemble
from harness.reporting.table import Table

if TYPE_CHECKING:
    from benchmarks.dataset import Audio
    from harness.health.seen import Seen
    from harness.records.health import Health

MOST_CARDS = 5_000
"""Findings that a page holds; a file of more is slow to open. All are in health.json."""

Sounds = Mapping[tuple[str, str], "Audio"]
"""Audio by benchmark and utterance."""


class _Row(Record, frozen=True, kw_only=True):
    """An utterance on the page."""

    reference: str
    language: str
    session: str | None
    seconds: float | None
    outline: tuple[str, ...]
    """Of up to two channels: lowest and highest sample of each column, signed bytes in base64."""
    audio: str | None
    """An address that the page can play."""
    origin: str


class _Data(Record, frozen=True, kw_only=True):
    """All that the page's script shows."""

    benchmarks: tuple[str, ...]
    kinds: tuple[HealthKind, ...]
    findings: tuple[HealthFinding, ...]
    rows: dict[str, _Row]
    """By benchmark and id, with a line end between."""


def health_table(health: Health, *, advice: bool = True) -> Table:
    """What was found, kind by kind; with what to do about it, or else with the name that ``--fail-on`` takes."""
    counts = Counter((one.kind, one.severity) for one in health.findings)
    of = f"{health.utterances:,} of " if health.of is not None else ""
    heard = amount(health.utterances if health.of is None else health.of, "utterance")
    sets = f"{len(health.benchmarks)} sets, " if len(health.benchmarks) > 1 else ""
    share = f"{health.flagged:,} with something to look at ({100 * health.flagged / max(1, health.utterances):.1f} %)"
    columns = (
        Column("title", "Found", align="left"),
        *(Column(name, name.capitalize() if name != "info" else "Information", format=".0f") for name in SEVERITIES),
        Column("advice", "What to do", align="left") if advice else Column("kind", "Kind", align="left"),
    )
    rows = tuple(
        (
            Cell(kind.title),
            *(Cell(counts[kind.kind, name] or None) for name in SEVERITIES),
            Cell(kind.advice if advice else kind.kind),
        )
        for kind in health.kinds
    )
    caption = f"{sets}{of}{heard}, {health.seconds / 3600:.2f} h, {share}"
    return Table(f"Health of {health.name}", caption, columns, rows, ())


def health_page(health: Health, sets: Mapping[str, Sequence[Seen]], sounds: Sounds, audio_bytes: int) -> str:
    """The whole page; it loads nothing.

    Args:
        health: what was found.
        sets: every utterance by benchmark.
        sounds: audio of the utterances that are shown, as far as it is to be had.
        audio_bytes: how much audio to put in, that of the worst findings first; the rest is linked.
    """
    shown = health.findings[:MOST_CARDS]
    seen = {(name, row.id): row for name, rows in sets.items() for row in rows}
    rows: dict[str, _Row] = {}
    left = audio_bytes
    for key in shown_utterances(shown):
        row = seen.get(key)
        if row is None:
            continue
        address, used = address_of(sounds[key], left) if key in sounds and row.facts is not None else (None, 0)
        left -= used
        rows["\n".join(key)] = _row(row, address)
    data = _Data(benchmarks=health.benchmarks, kinds=health.kinds, findings=shown, rows=rows)
    table = health_table(health)
    missing = len(health.findings) - len(shown)
    foot = f"{amount(missing, 'more finding is', 'more findings are')} in health.json. " if missing else ""
    systems = f"Compared with what {', '.join(health.systems)} heard. " if health.systems else ""
    return assemble(
        ("health.html", ("page.css", "health.css"), ("amounts.js", "health.js")),
        title=table.title,
        caption=table.caption,
        tables=[table],
        data=data,
        foot=f"{foot}{systems}Waveforms are scaled to the clip's own peak; yellow is what a finding is about.",
    )


def shown_utterances(findings: Iterable[HealthFinding]) -> list[tuple[str, str]]:
    """Benchmark and id of all utterances that findings name, those of the worst first."""
    names = [(one.benchmark, one.utterance) for one in findings if one.utterance is not None]
    partners = [(one.benchmark, name) for one in findings if one.utterance is not None for name in one.others[:3]]
    return list(dict.fromkeys([*names, *partners]))


def _row(row: Seen, address: str | None) -> _Row:
    facts = row.facts
    outline = () if facts is None else tuple(base64.b64encode(one).decode("ascii") for one in facts.outline)
    return _Row(
        reference=row.reference,
        language=row.language,
        session=row.session,
        seconds=None if facts is None else round(facts.seconds, 2),
        outline=outline,
        audio=address,
        origin=row.origin,
    )
