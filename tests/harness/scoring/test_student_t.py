"""Our Student's t against scipy's."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from harness.scoring.student_t import quantile, upper_tail


@pytest.mark.parametrize("degrees", [1, 1.37, 2, 4.5, 9, 39.2, 400, 39_999])
@pytest.mark.parametrize("t", [-3.1, 0.0, 0.01, 1.0, 2.7, 8.0, 60.0])
def test_upper_tail_equals_scipy(degrees: float, t: float) -> None:
    assert upper_tail(t, degrees) == pytest.approx(float(stats.t.sf(t, degrees)), rel=1e-8, abs=1e-300)


@pytest.mark.parametrize("degrees", [1, 1.37, 2, 4.5, 9, 39.2, 400, 39_999])
@pytest.mark.parametrize("probability", [0.005, 0.3, 0.5, 0.8, 0.975, 0.9995])
def test_quantile_equals_scipy(degrees: float, probability: float) -> None:
    assert quantile(probability, degrees) == pytest.approx(
        float(stats.t.ppf(probability, degrees)), rel=1e-9, abs=1e-12
    )


def test_infinite_degrees_are_the_normal_distribution() -> None:
    assert quantile(0.975, math.inf) == pytest.approx(1.959963984540054, abs=1e-12)
    assert upper_tail(math.inf, 3) == 0


@pytest.mark.parametrize(("probability", "degrees"), [(0.0, 5.0), (1.0, 5.0), (0.5, 0.0), (math.nan, 5.0)])
def test_impossible_arguments_are_refused(probability: float, degrees: float) -> None:
    with pytest.raises(ValueError, match="no quantile"):
        quantile(probability, degrees)
