"""Scores that are no ratio of sums, such as BLEU: their intervals and differences, by drawing whole sessions anew.

Paired bootstrap resampling (Koehn, 2004), of sessions instead of sentences: each draw takes as many sessions as there
are, with replacement, the same ones for all systems. The seed is fixed, so that figures repeat. Percentiles of the
draws are the interval's ends; p is the share of draws whose difference is as far from the mean of all as the one that
was found is from 0 (as sacrebleu has it).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.records.statistics import Difference, Interval
from harness.scoring.intervals import LEVEL, MIN_SESSIONS, detectable

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAWS = 1000
SEED = 12345
METHOD = f"bootstrap of sessions, {DRAWS:,} draws, seed {SEED}"
PAIRED = f"paired bootstrap of sessions, {DRAWS:,} draws, seed {SEED}"

Value = Callable[[tuple[float, ...]], float | None]
Rows = Sequence[Sequence[float]]
"""What each utterance adds."""


def by_session(rows: Rows, sessions: Sequence[Hashable]) -> NDArray[np.float64]:
    """What each session adds, in order of appearance; an utterance without a session is its own."""
    places: dict[Hashable, int] = {}
    codes = [places.setdefault((at,) if one is None else (one, None), len(places)) for at, one in enumerate(sessions)]
    sums = np.zeros((len(places), len(rows[0]) if len(rows) else 0))
    np.add.at(sums, codes, np.asarray(rows, dtype=np.float64).reshape(len(codes), -1))
    return sums


def draws_of(sums: Sequence[NDArray[np.float64]], value: Value) -> NDArray[np.float64]:
    """The score of each system in each draw, shape ``[draws, systems]``; NaN where a draw has none."""
    sessions = len(sums[0])
    times = np.random.default_rng(SEED).multinomial(sessions, np.full(sessions, 1 / sessions), size=DRAWS)
    found = [[value(tuple(row)) for row in times @ one] for one in sums]
    return np.array([[np.nan if one is None else one for one in each] for each in found]).T


def interval(rows: Rows, sessions: Sequence[Hashable], value: Value, level: float = LEVEL) -> Interval | None:
    """Interval of a score over sessions; None under five of them, or where a draw has no score."""
    sums = by_session(rows, sessions)
    if len(sums) < MIN_SESSIONS:
        return None
    found = draws_of([sums], value)[:, 0]
    if not np.isfinite(found).all():
        return None
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    error, degrees = float(found.std(ddof=1)), float(len(sums) - 1)
    return Interval(
        low=float(low),
        high=float(high),
        method=METHOD,
        sessions=len(sums),
        standard_error=error,
        degrees=degrees,
        smallest_difference=detectable(math.sqrt(2) * error, degrees) if error else 0.0,
    )


def difference(
    first: Rows, second: Rows, sessions: Sequence[Hashable], value: Value, level: float = LEVEL
) -> Difference | None:
    """First minus second on the same utterances; None under five sessions, or where a draw has no score."""
    sums = [by_session(rows, sessions) for rows in (first, second)]
    whole = [value(tuple(one.sum(axis=0))) for one in sums]
    if len(sums[0]) < MIN_SESSIONS or whole[0] is None or whole[1] is None:
        return None
    found = draws_of(sums, value)
    if not np.isfinite(found).all():
        return None
    changes, change = found[:, 0] - found[:, 1], float(whole[0] - whole[1])
    low, high = np.quantile(changes, [(1 - level) / 2, (1 + level) / 2])
    far = int((np.abs(changes - changes.mean()) >= abs(change)).sum())
    error, degrees = float(changes.std(ddof=1)), float(len(sums[0]) - 1)
    return Difference(
        value=change,
        low=float(low),
        high=float(high),
        p=1.0 if change == 0 else (far + 1) / (DRAWS + 1),
        standard_error=error,
        degrees=degrees,
        sessions=len(sums[0]),
        level=level,
        method=PAIRED,
        smallest_difference=detectable(error, degrees, level) if error else 0.0,
    )
