"""Simulation: how often the interval holds the true rate, with few and many sessions whose utterances go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.scoring.intervals import average_interval, wer_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRUE_RATE = 0.05
UTTERANCES = 20
SIMULATIONS = 1200


def simulated_corpus(sessions: int, generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Errors and words of utterances like read speech, shape ``[sessions, utterances]``.

    Speakers' rates differ (log-normal, spread 0.5, about as the 40 speakers of LibriSpeech test-clean do), sessions are
    unequal, and errors of an utterance come in bursts (gamma).
    """
    skill = TRUE_RATE * np.exp(generator.normal(0, 0.5, (sessions, 1)) - 0.125)
    length = 20 * np.exp(generator.normal(0, 0.5, (sessions, 1)))
    words = np.maximum(1, generator.poisson(length, (sessions, UTTERANCES)))
    burst = generator.gamma(0.5, 2, (sessions, UTTERANCES))
    return generator.poisson(skill * burst * words), words


def percentile_bootstrap(
    errors: NDArray[np.int64], words: NDArray[np.int64], generator: np.random.Generator
) -> tuple[float, float]:
    """What most toolkits do: draw utterances as if they were independent, and take the percentiles."""
    draws = generator.multinomial(len(errors), np.full(len(errors), 1 / len(errors)), size=200)
    low, high = np.quantile((draws @ errors) / (draws @ words), [0.025, 0.975])
    return float(low), float(high)


@pytest.mark.parametrize(
    ("sessions", "at_least", "at_most"), [(6, 0.90, 0.985), (11, 0.92, 0.975), (40, 0.93, 0.97), (100, 0.93, 0.97)]
)
def test_coverage_over_sessions(sessions: int, at_least: float, at_most: float) -> None:
    generator = np.random.default_rng(sessions)
    hits = 0
    for _ in range(SIMULATIONS):
        errors, words = simulated_corpus(sessions, generator)
        interval = wer_interval(errors.sum(axis=1), words.sum(axis=1), range(sessions))
        assert interval is not None
        hits += interval.low <= TRUE_RATE <= interval.high
    coverage = hits / SIMULATIONS
    print(f"{sessions} sessions: the 95 % interval holds the true rate in {coverage:.1%} of {SIMULATIONS} simulations")
    assert at_least <= coverage <= at_most


@pytest.mark.parametrize("sessions", [6, 40])
def test_an_utterance_bootstrap_does_not_reach_it(sessions: int) -> None:
    generator = np.random.default_rng(sessions)
    simulations = 200
    hits = 0
    for _ in range(simulations):
        errors, words = simulated_corpus(sessions, generator)
        low, high = percentile_bootstrap(errors.ravel(), words.ravel(), generator)
        hits += low <= TRUE_RATE <= high
    coverage = hits / simulations
    print(f"{sessions} sessions: a bootstrap of utterances holds it in {coverage:.1%} of {simulations} simulations")
    assert coverage < 0.80


def test_coverage_of_an_average_over_unlike_benchmarks() -> None:
    generator = np.random.default_rng(7)
    simulations, hits = 500, 0
    for _ in range(simulations):
        benchmarks = []
        for sessions in (6, 11, 40):
            errors, words = simulated_corpus(sessions, generator)
            benchmarks.append((errors.sum(axis=1), words.sum(axis=1), range(sessions)))
        interval = average_interval(benchmarks)
        assert interval is not None
        hits += interval.low <= TRUE_RATE <= interval.high
    print(f"average over 6, 11 and 40 sessions: held in {hits / simulations:.1%} of {simulations} simulations")
    assert 0.93 <= hits / simulations <= 0.985
