"""The average over benchmarks: the plain mean, of rounded rates where the profile rounds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.scoring.average import average_rate
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import profile_names

PLAIN = get_profile("verbatim")
ROUNDING = replace(PLAIN, round_before_average=True)


def test_rates_are_rounded_only_where_the_profile_rounds() -> None:
    rates = [1 / 3000, 1 / 700]  # 0.0333 and 0.142857 %
    assert average_rate(rates, PLAIN) == pytest.approx((1 / 3000 + 1 / 700) / 2, abs=1e-18)
    assert average_rate(rates, ROUNDING) == pytest.approx((0.0003 + 0.0014) / 2, abs=1e-18)
    assert average_rate([1 / 3000], ROUNDING) == pytest.approx(0.0003, abs=1e-18)


def test_rates_are_rounded_before_and_not_after() -> None:
    assert average_rate([0.00014, 0.00014, 0.00016], ROUNDING) == pytest.approx(0.0004 / 3, abs=1e-18)


@pytest.mark.parametrize("profile", [PLAIN, ROUNDING], ids=["plain", "rounding"])
def test_one_rate_that_is_not_known_leaves_no_average(profile: object) -> None:
    assert average_rate([0.1, None], PLAIN if profile is PLAIN else ROUNDING) is None
    assert average_rate([], PLAIN if profile is PLAIN else ROUNDING) is None
    assert average_rate(iter([0.0, 0.0]), PLAIN if profile is PLAIN else ROUNDING) == 0.0


def test_the_leaderboards_profiles_round_and_no_other() -> None:
    rounding = [name for name in profile_names() if get_profile(name).round_before_average]
    assert rounding == [name for name in profile_names() if name.startswith("leaderboard@")]
