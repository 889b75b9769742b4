"""The table of slices, of results made by hand: what stands in which column, and what is said below."""

from __future__ import annotations

from msgspec.structs import replace

from harness.records.slices import SliceScore, SliceTable
from harness.records.statistics import Difference
from harness.reporting.slices import compact, slices_table
from harness.scoring.error_counts import ErrorCounts
from tests.harness.reporting.made import interval

CHANGE = Difference(
    value=0.04, low=0.01, high=0.07, p=0.001, standard_error=0.01, degrees=9, sessions=10, level=0.95, method="t",
    smallest_difference=0.02,
)  # fmt: skip
LOUD = SliceScore(
    value="loud",
    utterances=30,
    sessions=10,
    errors=ErrorCounts(90, 10),
    rate=0.1,
    interval=interval(0.05, 0.15),
    difference=CHANGE,
    p_holm=0.004,
    differs=True,
    resolves=0.05,
)
FEW = replace(LOUD, value="odd", utterances=2, sessions=1, interval=None, difference=None, p_holm=None, differs=None)
NOISE = SliceTable(
    tag="noise",
    benchmark="read",
    language="en",
    binned="quantiles of snr",
    unit="session",
    compared="between sessions",
    untagged=8,
    slices=(LOUD, FEW),
)


def values(*slices: SliceScore) -> list[dict[str, object]]:
    found = slices_table("noise", [("m", replace(NOISE, slices=slices))])
    keys = [column.key for column in found.columns]
    return [dict(zip(keys, (cell.value for cell in row), strict=True)) for row in found.rows]


def test_each_value_stands_under_its_heading() -> None:
    loud, few = values(LOUD, FEW)
    assert loud == {
        "model": "m", "benchmark": "read", "value": "loud", "utterances": 30, "sessions": 10, "words": 100, "rate": 0.1,
        "interval": "5.00 to 15.00", "difference": 0.04, "difference_interval": "+1.00 to +7.00", "p_holm": 0.004,
        "resolves": 0.05,
    }  # fmt: skip
    assert [few[key] for key in ("interval", "difference", "difference_interval", "p_holm")] == [None] * 4


def test_what_differs_is_bold_and_what_cannot_be_tested_says_so() -> None:
    table = slices_table("noise", [("m", replace(NOISE, slices=(LOUD, replace(LOUD, differs=False), FEW)))])
    at = [column.key for column in table.columns].index("difference")
    assert [row[at].best for row in table.rows] == [True, False, False]
    assert [row[at].notes for row in table.rows] == [(), (), ("cannot be tested: too few sessions",)]


def test_a_tiny_p_is_shown_as_below_a_thousandth() -> None:
    tiny = (replace(LOUD, p_holm=one) for one in (0.0009, 0.001, 0.009))
    assert [one["p_holm"] for one in values(*tiny)] == ["<0.001", 0.001, 0.009]


def test_notes_say_what_is_in_no_row_and_what_was_taken_as_independent() -> None:
    alone = replace(NOISE, benchmark="far", unit="utterance", untagged=0)
    table = slices_table("noise", [("m", NOISE), ("n", NOISE), ("m", alone)], ["near has no noise."])
    assert table.caption == "Rates in percent by noise. Bins: quantiles of snr."
    assert table.notes[1:] == (
        "Utterances are taken as independent: no sessions are known, or each slice is one: far.",
        "8 of 40 utterances of read have no noise, and are in no row.",
        "near has no noise.",
    )
    assert slices_table("noise", [("m", replace(NOISE, binned=""))]).caption == "Rates in percent by noise."


def test_on_a_screen_what_is_the_same_in_all_rows_is_said_once() -> None:
    one = slices_table("noise", [("m", NOISE)])
    assert compact(one).caption == f"read, m. {one.caption}"
    assert [column.key for column in compact(one).columns][:2] == ["value", "utterances"]
    assert [row[0].value for row in compact(one).rows] == ["loud", "odd"]
    two = compact(slices_table("noise", [("m", NOISE), ("n", NOISE)]))
    assert [column.key for column in two.columns][:2] == ["model", "value"]
    assert two.caption.startswith("read. ")
