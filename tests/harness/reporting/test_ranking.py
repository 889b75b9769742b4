"""Order and ranks: the best first, equal ones equal, and only what can be compared has a rank."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.reporting.drawing import Point
from harness.reporting.points import Points
from harness.reporting.ranking import ranking, with_common_averages, with_ranks
from harness.reporting.results import results_table
from tests.harness.reporting.made import entry, score

NAMES = ["slow", "Best", "other", "equal", "elsewhere"]
RATES = [0.2, 0.1, 0.01, 0.10001, 0.3]
SPEEDS = [1.0, 5.0, 9.0, 5.0, 50.0]


def points(over: str = "") -> Points:
    averages = [
        Point(name, rate, speed, comparable=name != "other", elsewhere=name == "elsewhere")
        for name, rate, speed in zip(NAMES, RATES, SPEEDS, strict=True)
    ]
    rows = {name: Point(name, 1 - rate) for name, rate in zip(NAMES, RATES, strict=True)}
    return Points(averages, {"read": rows}, ("read",), over, "")


SCORES = [score(name, [entry("read", 1 - rate)], rate) for name, rate in zip(NAMES, RATES, strict=True)]


@pytest.mark.parametrize(
    ("by", "order", "ranks"),
    [
        ("average", (1, 3, 0, 4, 2), (1, 1, 3, 4, None)),
        ("rtfx", (1, 3, 0, 4, 2), (1, 1, 3, None, None)),
        ("name", (1, 4, 3, 2, 0), (1, 4, 1, None, 3)),
        ("given", (0, 1, 2, 3, 4), (3, 1, None, 1, 4)),
        ("read", (4, 0, 3, 1, 2), (1, 2, 3, 3, 5)),
    ],
)
def test_order_and_ranks(by: str, order: tuple[int, ...], ranks: tuple[int | None, ...]) -> None:
    found = ranking(SCORES, [points()], NAMES, by)
    assert (found.order, found.ranks) == (order, ranks)
    assert found.sorted(NAMES) == [NAMES[at] for at in order]


def test_what_nothing_can_be_sorted_by_is_told() -> None:
    with pytest.raises(UsageError, match="did you mean 'average'"):
        ranking(SCORES, [points()], NAMES, "averge")


def test_the_table_has_ranks_and_what_plots_compare() -> None:
    table = results_table(SCORES, [None] * 5)
    ranked = with_ranks(
        with_common_averages(table, {"wer": points("Over the one that all have: read.")}), [3, 1, None, 1, 4]
    )
    keys = [column.key for column in ranked.columns]
    assert keys[:5] == ["model", "rank", "read", "average", "average_common_wer"]
    assert [row[1].value for row in ranked.rows] == [3, 1, None, 1, 4]
    assert [row[4].value for row in ranked.rows] == [0.2, 0.1, None, 0.10001, 0.3]
    assert [row[4].best for row in ranked.rows] == [False, True, False, True, False]
    assert ranked.notes[-1] == "WER over the one common: Over the one that all have: read."
    hollow = with_common_averages(table, {"wer": points("Over the one that all but the hollow ones have: read.")})
    assert hollow.notes[-1] == "WER over the one common: Over the one that all but other have: read.", (
        "a table has names"
    )
    assert with_common_averages(table, {"wer": points()}) == table
    assert with_ranks(table, [1, None, None, None, None]) == table


def test_rates_are_equal_where_they_are_shown_as_equal() -> None:
    """Two decimals of percent; RTFx as it is."""
    rates = [0.10004, 0.10011, 0.1, 0.2]
    shown = [Point(name, rate, 1 / rate) for name, rate in zip("abcd", rates, strict=True)]
    found = Points(shown, {}, ("read",), "", "")
    scores = [score(name, [entry("read", rate)], rate) for name, rate in zip("abcd", rates, strict=True)]
    assert ranking(scores, [found], [*"abcd"], "given").ranks == (1, 3, 1, 4)
    assert ranking(scores, [found], [*"abcd"], "rtfx").ranks == (1, 2, 3, 4)
    assert ranking(scores, [found], [*"abcd"], "rtfx").order == (2, 0, 1, 3)


def test_by_speed_a_server_has_no_rank() -> None:
    shown = [Point("a", 0.1, 5.0), Point("b", 0.1, 50.0, served=8), Point("c", 0.1, 1.0)]
    scores = [score(name, [entry("read", 0.1)], 0.1) for name in "abc"]
    assert ranking(scores, [Points(shown, {}, ("read",), "", "")], [*"abc"], "rtfx").ranks == (1, 2, None)
    assert ranking(scores, [Points(shown, {}, ("read",), "", "")], [*"abc"], "rtfx").order == (0, 2, 1)
