"""The average over benchmarks: the plain mean of their rates, in one place for tables, tests, gate and exports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.scoring.profiles import Profile


def average_rate(rates: Iterable[float | None], profile: Profile) -> float | None:
    """The plain mean of rates, as a fraction; None where there is none, or one of them is not known.

    Profiles that round before they average (the leaderboard's) round each to hundredths of a percent.
    """
    known = []
    for rate in rates:
        if rate is None:
            return None
        known.append(round(100 * rate, 2) / 100 if profile.round_before_average else rate)
    return sum(known) / len(known) if known else None
