"""Conditions beside clean: counted by hand, differences as statistics of pairs give them, and where rates double."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.perturb.names import joined
from harness.records.journal import Line
from harness.scoring.average import Averaging
from harness.scoring.pairing import as_counts
from harness.scoring.predictions import Predictions
from harness.scoring.profile_files import get_profile
from harness.scoring.robustness import AVERAGE, Gap, doublings, gaps
from harness.scoring.scored import Scored, count_predictions
from harness.scoring.significance import average_difference

WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def scored(benchmark: str, wrong: Sequence[int | None], sessions: int = 6) -> Scored:
    """Utterances of ten words, so many of each wrong; None failed."""
    rows = [
        Line(
            id=f"u{at}",
            language="en",
            reference=" ".join(WORDS),
            hypothesis=None if errors is None else " ".join(["x"] * errors + WORDS[errors:]),
            error="broken" if errors is None else None,
            session=f"s{at % sessions}",
        )
        for at, errors in enumerate(wrong)
    ]
    predictions = Predictions(benchmark=benchmark, language="en", rows=rows, source=Path("x"), ours=True)
    return count_predictions(predictions, get_profile("verbatim"))


CLEAN = [1, 0, 0, 2, 1, 0, 0, 1, 0, 1, 0, 0]
AT_10 = [2, 1, 0, 3, 3, 0, 1, 1, 1, 1, 2, 0]
AT_0 = [6, 5, 3, 9, 8, 2, 4, 4, 3, 5, 5, 2]


def under(benchmark: str, sessions: int = 6) -> list[Scored]:
    return [
        scored(benchmark, CLEAN, sessions),
        scored(joined(benchmark, "noise@10dB"), AT_10, sessions),
        scored(joined(benchmark, "noise@0dB"), AT_0, sessions),
    ]


def test_each_condition_stands_beside_the_clean_one() -> None:
    found = gaps(under("a"))
    assert [(one.benchmark, one.condition, one.rate, one.clean, one.snr) for one in found] == [
        ("a", "", 6 / 120, 6 / 120, None),
        ("a", "noise@10dB", 15 / 120, 6 / 120, 10.0),
        ("a", "noise@0dB", 56 / 120, 6 / 120, 0.0),
    ]
    assert [one.times for one in found] == [1.0, pytest.approx(2.5), pytest.approx(56 / 6)]
    assert {(one.unit, one.sessions, one.utterances, one.left_out) for one in found} == {("session", 6, 12, 0)}


def test_differences_are_paired_over_sessions_and_corrected() -> None:
    clean, *noisy = under("a")
    sessions = [row.session for row in clean.units.rows]
    expected = [average_difference([(as_counts(one.kept()), as_counts(clean.kept()), sessions)]) for one in noisy]
    _, *found = gaps([clean, *noisy])
    assert [one.difference for one in found] == expected
    assert all(one is not None and one.low > 0 for one in expected)
    ps = [one.p for one in expected if one is not None]
    assert [one.p_holm for one in found] == pytest.approx([max(ps[0], 2 * min(ps)), 2 * min(ps)])


def test_under_five_sessions_utterances_are_taken_as_independent_and_it_is_said() -> None:
    found = gaps(under("a", sessions=4))
    assert {(one.unit, one.sessions) for one in found} == {("utterance", 4)}
    difference = found[1].difference
    assert difference is not None
    assert difference.sessions == 12


def test_what_was_not_transcribed_both_times_is_left_out() -> None:
    broken: list[int | None] = [*AT_10]
    broken[3] = None
    (clean, one) = gaps([scored("a", CLEAN), scored("a+noise@10dB", broken)])
    assert clean.rate == 6 / 120
    assert (one.rate, one.clean, one.left_out, one.utterances) == (12 / 110, 4 / 110, 1, 11)


def test_what_has_no_clean_run_beside_it_has_no_gap() -> None:
    assert gaps([scored("a+noise@10dB", AT_10)]) == []
    assert gaps([scored("a", CLEAN[:5]), scored("a+noise@10dB", AT_10)]) == []
    assert gaps([scored("a", CLEAN)]) == []


def test_the_average_is_over_what_all_benchmarks_have() -> None:
    extra = scored("b+babble@5dB", AT_0)
    found = [one for one in gaps([*under("a"), *under("b"), extra]) if one.benchmark == AVERAGE]
    assert [one.condition for one in found] == ["", "noise@10dB", "noise@0dB"]
    assert [one.rate for one in found] == pytest.approx([6 / 120, 15 / 120, 56 / 120])
    assert [one.clean for one in found] == pytest.approx([6 / 120] * 3)
    each = gaps(under("a"))[1].difference
    both = found[1].difference
    assert each is not None
    assert both is not None
    assert both.standard_error == pytest.approx(each.standard_error / 2**0.5)


def gap(snr: float, times: float | None, series: str = "noise") -> Gap:
    return Gap(
        benchmark="a",
        condition=f"{series}@{snr:g}dB",
        series=series,
        snr=snr,
        rate=None if times is None else 0.1 * times,
        interval=None,
        clean=0.1,
        unit="session",
        utterances=1,
        sessions=1,
    )


@pytest.mark.parametrize(
    ("points", "snr", "why"),
    [
        ([(20, 1.0), (10, 1.5), (0, 3.5)], 7.5, ""),
        ([(0, 3.5), (20, 1.0), (10, 1.5)], 7.5, ""),
        ([(20, 1.0), (10, 2.0), (0, 5.0)], 10.0, ""),
        ([(20, 1.0), (10, 3.0), (5, 1.0), (0, 4.0)], 15.0, ""),
        ([(20, 2.5), (10, 3.0)], None, "above 20 dB, the highest that was measured"),
        ([(20, 1.0), (10, 1.2), (-5, 1.9)], None, "not reached down to -5 dB"),
        ([(20, None)], None, "the clean rate is 0 or not known"),
    ],
)
def test_where_the_rate_is_twice_the_clean_one(
    points: list[tuple[float, float | None]], snr: float | None, why: str
) -> None:
    (found,) = doublings([gap(*point) for point in points])
    assert (found.benchmark, found.series, found.why) == ("a", "noise", why)
    assert found.snr == (None if snr is None else pytest.approx(snr))


def test_kinds_of_noise_are_apart_and_other_conditions_have_no_ratio() -> None:
    other = Gap(
        benchmark="a", condition="reverb@0.5s", series="reverb", rate=0.5, interval=None, clean=0.1, unit="session",
        utterances=1, sessions=1,
    )  # fmt: skip
    found = doublings([gap(10, 1.0), gap(10, 3.0, "babble"), other])
    assert [(one.series, one.why) for one in found] == [
        ("noise", "not reached down to 10 dB"),
        ("babble", "above 10 dB, the highest that was measured"),
    ]


def test_averages_over_benchmarks_leave_conditions_out() -> None:
    rates = {"a": 0.1, "a+noise@10dB": 0.5, "b": 0.3, "b+noise@10dB": 0.7}
    assert Averaging().rate(rates) == pytest.approx(0.2)
    assert Averaging().weights(list(rates)) == [0.5, 0, 0.5, 0]
    assert Averaging().weights(["a", "b"]) == []
    assert Averaging(groups={"x": ("a",)}).rate(rates) == 0.1
    alone = {"a+noise@10dB": 0.5, "b+noise@10dB": 0.7}
    assert Averaging().rate(alone) == pytest.approx(0.6)
    assert Averaging().weights(list(alone)) == []
