"""Columns of cost: exact values from made-up runs, their methods in the caption, and why there is a dash."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from msgspec.structs import replace

from harness.price import price_of
from harness.records.run import RunRecord
from harness.records.scores import Average, AverageSpeed
from harness.reporting.costs import Costs, energy_cell
from harness.reporting.results import results_table
from harness.reporting.table import Table
from tests.harness.reporting.made import entry, run, score

ENERGY = {"joules": 90.0, "parts": {"GPU 0": 90.0}, "seconds": 2.0, "audio_seconds": 200.0, "method": "NVML"}
COMPUTE = {"flops_a_second": 104e9, "method": "counted", "peak_tflops": 989.5, "peak_source": "a data sheet"}
SPEED = {"audio_seconds": 200.0, "seconds_counted": 0.1}


def made(*facts: dict[str, Any], **more: Any) -> RunRecord:
    return run(benchmarks={f"b{at}": {"speed": SPEED} | each for at, each in enumerate(facts)}, **more)


def table(record: RunRecord | None, costs: Costs | None = None) -> Table:
    return results_table([score("m", [entry("one", 0.1)], 0.1)], [record], costs=costs)


def cells(found: Table) -> dict[str, Any]:
    return dict(zip([column.key for column in found.columns], found.rows[0], strict=True))


def test_without_a_wish_or_something_stated_there_is_no_column_of_cost() -> None:
    assert not {"watt_hours", "money", "flop_utilization"} & set(cells(table(made({"energy": ENERGY}))))
    assert not {"watt_hours", "money", "flop_utilization"} & set(cells(table(None)))


def test_watt_hours_of_all_benchmarks_together() -> None:
    found = table(made({"energy": ENERGY}, {"energy": ENERGY | {"joules": 30.0}}), Costs(energy=True))
    assert cells(found)["watt_hours"].value == 120 / 400
    assert "Wh for an hour of audio: all that the counted parts drew while it ran" in found.caption
    assert "(NVML)" in found.caption


def test_a_run_that_was_asked_for_its_energy_has_the_column() -> None:
    assert cells(table(made({"energy": ENERGY}, settings={"energy": True})))["watt_hours"].value == 0.45


def test_what_was_not_measured_is_a_dash_with_the_reason() -> None:
    found = table(made({"energy": {"not_measured": "no counters"}}), Costs(energy=True))
    assert cells(found)["watt_hours"].value is None
    assert cells(found)["watt_hours"].notes == ("energy: not measurable here (no counters)",)
    assert energy_cell(None).notes == ("energy: not measurable here (the run was not measured)",)


def test_energy_of_a_part_of_the_audio_says_so() -> None:
    half = ENERGY | {"audio_seconds": 100.0, "joules": 50.0, "not_measured": "root only"}
    cell = energy_cell(made({"energy": half}))
    assert cell.value == 0.5
    assert cell.notes == ("energy of 50 % of the audio: root only",)


def test_money_by_the_hour_of_machine_is_over_the_wall_clock() -> None:
    found = table(made({}), Costs(price=price_of("2.5 USD/h")))
    assert cells(found)["money"].value == pytest.approx(2.5 / 7.25)
    assert cells(found)["money"].notes == ()
    assert "by 2.5 USD/h: the price of a machine's hour over RTFx end to end" in found.caption


def test_money_without_a_wall_clock_is_of_what_the_network_took() -> None:
    known = replace(score("m", [entry("one", 0.1)], 0.1), average=Average(wer=0.1, speed=AverageSpeed(rtfx=25.0)))
    found = results_table([known], [None], costs=Costs(price=price_of("2.5/h")))
    assert cells(found)["money"].value == 0.1
    assert cells(found)["money"].notes == ("from RTFx: the wall clock is not known",)
    by_minute = results_table([known], [None], costs=Costs(price=price_of("0.006/min")))
    assert cells(by_minute)["money"].notes == ()


def test_money_by_the_minute_of_audio_depends_on_no_speed() -> None:
    found = table(None, Costs(price=price_of("0.006/min")))
    assert cells(found)["money"].value == pytest.approx(0.36)
    assert "60 times the price of a minute of audio" in found.caption


def test_a_run_that_states_a_price_has_its_column_unless_another_is_asked_for() -> None:
    stated = made({}, settings={"price": "29/h"})
    assert cells(table(stated))["money"].value == 4.0
    assert cells(table(stated, Costs(price=price_of("0.05/min"))))["money"].value == 3.0
    both = results_table([score(name, [entry("one", 0.1)], 0.1) for name in "ab"], [stated, None])
    assert [row[-2].value for row in both.rows] == [4.0, None]


def test_flop_utilization_is_operations_over_what_the_device_could_do() -> None:
    found = table(made({"compute": COMPUTE}, {"compute": COMPUTE | {"flops_a_second": 52e9}}))
    assert cells(found)["flop_utilization"].value == pytest.approx((104e9 + 52e9) * 200 / (989.5e12 * 0.2))
    assert "FLOP utilization, percent: 104.0, 52.0 GFLOP a second of audio (counted)" in found.caption
    assert "over 989.5 TFLOP/s by a data sheet." in found.caption
    stated = table(made({"compute": COMPUTE}), Costs(peak_tflops=500.0))
    assert cells(stated)["flop_utilization"].value == pytest.approx(104e9 * 200 / (500e12 * 0.1))
    assert "500 TFLOP/s by --peak-tflops" in stated.caption


def test_a_run_whose_operations_are_not_all_counted_has_no_utilization() -> None:
    assert "flop_utilization" not in cells(table(made({"compute": COMPUTE}, {})))


def test_each_row_says_by_which_price_and_a_dash_why_there_is_none() -> None:
    """One column holds money of several currencies, by the hour of a machine and by the minute of audio."""
    priced = ["0.19/h", "5 EUR/h", "$0.006/min", None]
    runs = [made({}, settings={"price": one}) if one else made({}) for one in priced]
    scores = [score(name, [entry("one", 0.1)], 0.1) for name in "abcd"]
    found = results_table(scores, runs)
    rows = list(csv.DictReader(io.StringIO(found.render("csv"))))
    assert [(row["price"], row["money"]) for row in rows] == [
        ("0.19/h", repr(0.19 / 7.25)),
        ("5 EUR/h", repr(5 / 7.25)),
        ("0.006 $/min", repr(60 * 0.006)),
        ("", ""),
    ]
    assert rows[3]["notes"] == "money: no price: the run states none, --price gives one"
    assert "5 EUR/h" in found.render("terminal", width=160)
    slow = replace(scores[0], average=replace(scores[0].average, speed=AverageSpeed()))
    [row] = results_table([slow], [runs[0]]).rows
    money = dict(zip([column.key for column in results_table([slow], [runs[0]]).columns], row, strict=True))["money"]
    assert (money.value, money.notes) == (None, ("no cost by the hour of a machine: the speed is not known",))
