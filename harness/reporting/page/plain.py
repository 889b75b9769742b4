"""Benchmarks without an error rate in the page's browser: translations, and recordings whose speakers alone are known.

There is nothing to align, so that they are shown as they are, the systems below each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.reporting.page.data import PageBenchmark, PageSystem, silences_of, tags_of

if TYPE_CHECKING:
    from harness.reporting.page.audio import Placed
    from harness.reporting.page.data import Group, Held
    from harness.scoring.matching import Key
    from harness.scoring.scored import Scored
    from harness.types import Turn

MOST_TURNS = 500
"""Of a recording that are shown."""


def has_no_rate(one: Scored) -> bool:
    """Whether a benchmark has no error rate, whatever its texts are: translations, or no words but speakers."""
    return one.target is not None or only_speakers(one)


def only_speakers(one: Scored) -> bool:
    """Whether references say who speaks when, and none what."""
    return not one.facts.said and any(row.reference_turns for row in one.units.rows)


def plain_benchmark(one: Group, audio: Placed) -> PageBenchmark:
    """A benchmark as it is written, with nothing counted."""
    rows = list(one.rows.values())
    speakers = all(only_speakers(held.scored) for held in one.systems.values())
    keys = [(one.benchmark, row.id) for row in rows]
    silences, silent = silences_of(keys, audio)
    return PageBenchmark(
        name=one.name,
        characters=False,
        ids=[row.id for row in rows],
        sessions=[row.session for row in rows],
        seconds=[None if row.duration is None else round(row.duration, 2) for row in rows],
        references=[_turns(row.reference_turns or ()) if speakers else row.reference for row in rows],
        audio={str(at): audio.addresses[key] for at, key in enumerate(keys) if key in audio.addresses},
        systems={str(index): _system(list(one.rows), held, speakers=speakers) for index, held in one.systems.items()},
        silences=silences,
        silent=silent,
        tags=tags_of(rows),
        plain=True,
    )


def _system(keys: Sequence[Key], held: Held, *, speakers: bool) -> PageSystem:
    units = held.scored.units.rows
    places = [held.rows.get(key) for key in keys]
    rows = [None if at is None else units[at] for at in places]
    written = [
        None if row is None or row.error is not None else _turns(row.turns or ()) if speakers else row.hypothesis
        for row in rows
    ]
    nothing = [0] * len(rows)
    return PageSystem(
        hypotheses=written,
        normalized=[*nothing],
        steps=[*nothing],
        failed={str(at): row.error for at, row in enumerate(rows) if row is not None and row.error is not None},
        there="".join("0" if row is None else "1" for row in rows),
        words=nothing,
        substitutions=nothing,
        deletions=nothing,
        insertions=nothing,
    )


def _turns(turns: Sequence[Turn]) -> str:
    """Who speaks when: ``a 0.00–2.00, b 2.50–5.50``."""
    shown = [f"{turn.speaker} {_time(turn.start)}–{_time(turn.end)}" for turn in turns[:MOST_TURNS]]
    more = [f"and {len(turns) - MOST_TURNS:,} more"] if len(turns) > MOST_TURNS else []
    return ", ".join([*shown, *more])


def _time(seconds: float | None) -> str:
    return "?" if seconds is None else f"{seconds:.2f}"
