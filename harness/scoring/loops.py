"""Inserted words told apart: loops, made-up endings, and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.scoring.scored import ScoredUtterance

LONGEST_UNIT = 10
"""Words of a phrase that loops."""

TIMES, WORDS = 3, 4
"""A phrase loops where it stands so often in a row, and these are so many words: a single word four times."""


class Inserted(NamedTuple):
    """How many words of an utterance were inserted, each in one of three ways."""

    looped: int
    """In a loop, from its second time on."""
    ending: int
    """In none, after the last word of the reference that was recognized; 0 where none was."""
    other: int
    """Anywhere else."""


def looped(words: Sequence[str]) -> list[bool]:
    """For each word whether it repeats a loop: what stands from the second time on, also where the last is cut off."""
    found = [False] * len(words)
    for unit in range(1, min(LONGEST_UNIT, len(words) // TIMES) + 1):
        run = 0
        least = max(TIMES * unit, WORDS)
        for place in range(unit, len(words)):
            run = run + 1 if words[place] == words[place - unit] else 0
            if run and run + unit >= least:
                begin = place if run + unit > least else place - run + 1
                found[begin : place + 1] = [True] * (place + 1 - begin)
    return found


def inserted(one: ScoredUtterance) -> Inserted:
    """What was inserted into an utterance, in the alignment that its errors are counted in."""
    if not one.counts.insertions:
        return Inserted(0, 0, 0)
    added, last = _late(one)
    counts = [0, 0, 0]
    for place, (again, new) in enumerate(zip(looped(one.hypothesis), added, strict=True)):
        if new:
            counts[0 if again else 1 if last is not None and place > last else 2] += 1
    return Inserted(*counts)


def _late(one: ScoredUtterance) -> tuple[list[bool], int | None]:
    """For each word of the hypothesis whether it was inserted, and the place of the last that was recognized.

    Of equally good alignments it is the one that inserts late: of "bye bye" for "bye" the second is new.
    """
    words, added, right = one.hypothesis, list[bool](), list[bool]()
    for step in one.alignment:
        added += [step.operation == "insertion"] * len(step.hypothesis)
        right += [step.operation == "hit" and step.reference == step.hypothesis] * len(step.hypothesis)
    for begin in range(len(words) - 1, -1, -1):
        place, after = begin, begin + 1
        while place < len(words) and added[place]:
            while after < len(words) and added[after]:
                after += 1
            if after == len(words) or not right[after] or words[place] != words[after]:
                break
            added[place], added[after] = False, True
            right[place], right[after] = True, False
            place += 1
    hits = [place for place, hit in enumerate(right) if hit]
    return added, hits[-1] if hits else None


def without_loops(words: Sequence[str]) -> tuple[str, ...]:
    """The words with every loop said once."""
    return tuple(word for word, again in zip(words, looped(words), strict=True) if not again)


def seconds_heard(row: Line) -> float | None:
    """Seconds of audio that a model was given, which under a condition are not those of the data."""
    return row.duration if row.audio_seconds is None else row.audio_seconds
