"""Against published figures: which figure it is, and that the run's own interval is moved by it, not turned."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from harness.gating.published import _shifted, decide_published, figures_of
from harness.records.decision import Reason, Verdict
from harness.records.policy import MetricTable, Policy, Table, Tier, WerTable
from harness.records.statistics import Interval
from harness.reporting import published
from harness.reporting.published import Figure
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.intervals import wer_interval
from tests.harness.gating.test_decide import Benchmark, benchmark, finding, side, units

GOOD = [0, 1] * 100
"""5 wrong words of 200: 2.5 %."""


def figure(benchmark: str | None, percent: float, source: str) -> Figure:
    return Figure(model="m", metric="wer", value=percent, source=source, benchmark=benchmark, profile="p")


def test_the_newest_figure_of_each_benchmark_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """`find` gives the newest first; what is published of an average or of no benchmark is none of these."""
    asked = []

    def find(model: str, **facts: str) -> list[Figure]:
        asked.append((model, facts))
        return [
            figure("read", 3.0, "new"),
            figure("average", 9.0, "x"),
            figure(None, 8.0, "y"),
            figure("read", 2, "old"),
        ]

    monkeypatch.setattr(published, "find", find)
    assert figures_of("m", "p") == {"read": (0.03, "new")}
    assert asked == [("m", {"metric": "wer", "profile": "p"})]


def test_the_interval_is_moved_by_the_figure() -> None:
    facts = {"method": "t", "sessions": 9, "smallest_difference": 0.0}
    interval = Interval(low=0.04, high=0.07, standard_error=0.01, degrees=8.0, **facts)  # type: ignore[arg-type]
    found = _shifted(interval, 0.05, 0.03, 0.9)
    assert (found.value, found.low, found.high) == pytest.approx((0.02, 0.01, 0.04))
    assert found.p == pytest.approx(0.0805, abs=1e-4), "two-sided, of t = 2 at 8 degrees"
    assert (found.level, found.sessions, found.degrees, found.standard_error) == (0.9, 9, 8.0, 0.01)
    assert _shifted(interval, 0.01, 0.03, 0.9).p == pytest.approx(found.p)
    sure = replace(interval, standard_error=0.0)
    assert (_shifted(sure, 0.05, 0.03, 0.9).p, _shifted(sure, 0.03, 0.03, 0.9).p) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("published_rate", "verdict", "where"),
    [
        (0.0001, Verdict.FAIL, "above"),
        (0.025, Verdict.INCONCLUSIVE, "around"),
        (0.2, Verdict.PASS, "at or below"),
    ],
)
def test_verdicts(published_rate: float, verdict: Verdict, where: str) -> None:
    found = finding(decide_published(side(benchmark(GOOD)), {"read": (published_rate, "s")}, Policy()))
    assert (found.verdict, found.before, found.after, found.utterances) == (verdict, published_rate, 0.025, 200)
    assert found.message == f"the interval is {where} the margin of 0.1 points; published by s"
    assert found.reason is Reason.COMPARED


def test_a_perfect_run_is_compared_too() -> None:
    """No utterance differs from a published figure: the interval decides, not that nothing changed."""
    found = finding(decide_published(side(benchmark([0] * 200)), {"read": (0.02, "s")}, Policy()))
    assert (found.verdict, found.reason, found.after) == (Verdict.PASS, Reason.COMPARED, 0.0)


def test_the_interval_has_the_level_of_the_policy() -> None:
    run = side(benchmark(GOOD))
    for alpha in (0.05, 0.2):
        found = finding(decide_published(run, {"read": (0.02, "s")}, Policy(alpha=alpha)))
        interval = wer_interval([*GOOD], [20] * 200, [f"s{at % 10}" for at in range(200)], level=1 - alpha)
        assert interval is not None
        assert found.change is not None
        assert (found.change.low, found.change.high) == (interval.low - 0.02, interval.high - 0.02)
        assert found.change.level == 1 - alpha


def test_what_cannot_be_compared_has_its_reason() -> None:
    few = Benchmark(units=units(GOOD, sessions=4))
    found = finding(decide_published(side(few), {"read": (0.02, "s")}, Policy()))
    assert found.message == "under five sessions there is no interval to decide by; published by s"
    assert found.verdict is Verdict.INCONCLUSIVE
    silent = Benchmark(units=[(row, ErrorCounts()) for row, _ in units(GOOD)])
    assert finding(decide_published(side(silent), {"read": (0.02, "s")}, Policy())).reason is Reason.NO_WORDS
    assert finding(decide_published(side(benchmark(GOOD)), {}, Policy())).reason is Reason.NO_BASELINE
    decision = decide_published(side(benchmark(GOOD), complete=False), {"read": (0.2, "s")}, Policy())
    assert [(one.subject, one.reason) for one in decision.findings] == [
        ("run", Reason.INCOMPLETE),
        ("read", Reason.COMPARED),
    ]
    assert decision.verdict is Verdict.INCONCLUSIVE


def test_what_a_policy_asks_for_besides_has_its_own_tier() -> None:
    policy = Policy(
        metrics={"ser": MetricTable(margin=1, tier=Tier.SHOULD)},
        wer=WerTable(benchmarks={"reed": Table(margin=1)}),
    )
    decision = decide_published(side(benchmark(GOOD)), {"read": (0.2, "s")}, policy)
    assert [(one.subject, one.tier) for one in decision.findings] == [
        ("read", Tier.MUST),
        ("SER", Tier.SHOULD),
        ("reed", Tier.INFORMATIVE),
    ]
    assert decision.findings[-1].message.endswith("; did you mean 'read'?")
    assert decision.baseline is None


def test_a_part_of_a_benchmark_is_no_pass() -> None:
    """Published figures are of all of it: 200 of its 2,620 utterances are other data."""
    part = side(benchmark(GOOD, "librispeech_test_clean"))
    decision = decide_published(part, {"librispeech_test_clean": (0.2, "s")}, Policy())
    found = finding(decision, "librispeech_test_clean")
    assert (found.verdict, found.reason) == (Verdict.INCONCLUSIVE, Reason.OTHER_DATA)
    assert found.message == "the run has 200 of 2,620 utterances, and the published figure is of all"
    assert decision.verdict is Verdict.INCONCLUSIVE


def test_how_many_utterances_would_tell_is_on_the_scale_of_the_interval() -> None:
    """That many have an interval that ends at the margin: its ends, in logarithms of the rate, go with the root."""
    for figure in (0.02, 0.022, 0.03):
        found = finding(decide_published(side(benchmark(GOOD)), {"read": (figure, "s")}, Policy()))
        assert found.verdict is Verdict.INCONCLUSIVE
        assert found.enough is not None
        assert found.change is not None
        limit, shrunk = figure + 0.001, math.sqrt(200 / found.enough)
        width = math.log((figure + found.change.high) / 0.025) * shrunk
        end = 0.025 * math.exp(width if limit > 0.025 else -width)
        assert end == pytest.approx(limit, rel=1e-3)
    even = finding(decide_published(side(benchmark(GOOD)), {"read": (0.024, "s")}, Policy()))
    assert even.enough is None or even.enough > 10**20, "the rate lies on the margin itself"
    spotless = finding(decide_published(side(benchmark([0] * 200)), {"read": (0.0, "s")}, Policy(alpha=0.01)))
    assert spotless.change is not None
    assert spotless.enough == math.ceil(200 * spotless.change.high / 0.001)
