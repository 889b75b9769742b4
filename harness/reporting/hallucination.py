"""The table of what is written where nothing was said: words a minute, clips with any, loops, the commonest phrases."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.reporting.model import SUBJECT
from harness.reporting.table import Cell, Column, Table
from harness.scoring.intervals import wer_interval
from harness.scoring.loops import inserted, seconds_heard, without_loops

if TYPE_CHECKING:
    from harness.scoring.scored import Scored, ScoredUtterance

TAG = "sound"
"""The tag by which there is a row for each value (`benchmarks.corpora.non_speech`)."""

PHRASES, LONGEST = 5, 60
"""Phrases of all clips that are shown, and characters of each."""

NARROW = 24
"""Characters of the commonest phrase of a sort of sound, which stands in a column."""

COLUMNS = (
    *SUBJECT,
    Column("sound", "Sound", align="left"),
    Column("clips", "Clips", format=",d"),
    Column("minutes", "Minutes", format=".1f"),
    Column("inserted", "Words a minute", format=".2f"),
    Column("looped", "Of them looped", format=".2f"),
    Column("wrote", "Clips with words, %", format=".1f", scale=100),
    Column("phrase", "Commonest", align="left"),
)

CAPTION = (
    "Nothing is said in these clips, so that every word is made up. Looped: words of a phrase that stands three times "
    "in a row or more, from its second time on. Commonest: what is written into most clips, normalized, each loop once."
)
METHOD = "95 % intervals over sorts of sound (sessions)."


def hallucination_table(names: Sequence[str], scored: Sequence[Sequence[Scored]]) -> Table | None:
    """A row for each system and benchmark in which nothing is said, and one for each sort of sound; None without any.

    Args:
        names: what to call the systems.
        scored: the benchmarks of each, counted.
    """
    rows: list[tuple[Cell, ...]] = []
    notes = []
    for name, held in zip(names, scored, strict=True):
        for one in held:
            if says_nothing(one):
                rows += _rows(name, one)
                notes.append(_said_most(name, one))
    if not rows:
        return None
    return Table("Words where nothing is said", f"{CAPTION} {METHOD}", COLUMNS, tuple(rows), tuple(notes))


def says_nothing(one: Scored) -> bool:
    """Whether nobody speaks in a benchmark, so that there is no error rate: no reference has words, or turns."""
    rows = one.units.rows
    return bool(rows) and not one.facts.said and not any(row.reference_turns for row in rows)


def _said_most(name: str, one: Scored) -> str:
    """What a system writes into most clips of a benchmark."""
    found = _commonest(_phrases(one.utterances(dropped=True)))[:PHRASES]
    said = "; ".join(f"{_short(phrase, LONGEST)!r} ({count})" for phrase, count in found) or "nothing"
    return f"Most often on {one.units.benchmark} {name} writes, with the number of clips: {said}."


def _phrases(utterances: Sequence[ScoredUtterance]) -> Counter[str]:
    """What is written in how many clips, loops once."""
    return Counter(" ".join(without_loops(one.hypothesis)) for one in utterances if one.hypothesis)


def _rows(name: str, one: Scored) -> Iterator[tuple[Cell, ...]]:
    utterances, benchmark = one.utterances(dropped=True), one.units.benchmark
    yield _row(name, benchmark, "all", utterances, intervals=True)
    sounds = dict.fromkeys(row.tags.get(TAG) for row in one.units.rows)
    for sound in sorted(sound for sound in sounds if sound is not None):
        part = [utterance for utterance in utterances if utterance.row.tags.get(TAG) == sound]
        yield _row(name, benchmark, sound, part, intervals=False)


def _row(
    name: str, benchmark: str, sound: str, utterances: Sequence[ScoredUtterance], *, intervals: bool
) -> tuple[Cell, ...]:
    seconds = [seconds_heard(one.row) for one in utterances]
    minutes = [(length or 0.0) / 60 for length in seconds]
    known = None not in seconds and sum(minutes) > 0
    words = [len(one.hypothesis) for one in utterances]
    loops = [inserted(one).looped for one in utterances]
    sessions = [one.row.session for one in utterances]
    phrase = next((phrase for phrase, _ in _commonest(_phrases(utterances))), "")
    wrote = [int(count > 0) for count in words]

    def share(counted: Sequence[int], of: Sequence[float], most: float = math.inf) -> Cell:
        found = wer_interval(counted, of, sessions) if intervals else None
        value = sum(counted) / sum(of) if sum(of) else None
        return Cell(value, *((found.low, min(found.high, most)) if found else ()))

    return (
        Cell(name),
        Cell(benchmark),
        Cell(sound),
        Cell(len(utterances)),
        Cell(sum(minutes) if known else None),
        share(words, minutes) if known else Cell(None),
        Cell(sum(loops) / sum(minutes) if known else None),
        share(wrote, [1.0] * len(wrote), most=1.0),
        Cell(_short(phrase, NARROW) or "–"),
    )


def _commonest(phrases: Counter[str]) -> list[tuple[str, int]]:
    """The phrases of most clips, of equally many those first that come first in the alphabet."""
    return sorted(phrases.items(), key=lambda one: (-one[1], one[0]))


def _short(phrase: str, longest: int) -> str:
    return phrase if len(phrase) <= longest else phrase[: longest - 1] + "…"
