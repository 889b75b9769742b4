"""The table and the plot of a load measurement, made of a queue in virtual time."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from msgspec.structs import replace

from harness.load_generator.sweep import Heard, Plan, Sweep
from harness.records.load import Knee, Load
from harness.reporting import drawing
from harness.reporting.load import _achieved, load_curve, load_table, write_load_files
from tests.harness.load_generator.virtual import Queue, exponential


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    plan = Plan(
        model="openai:http://127.0.0.1:8000/v1#m",
        data="sample",
        clips=[Heard(id="a", seconds=2.0)],
        rates=(1.0, 2.0, 4.0, 16.0, 32.0),
        duration=60.0,
        warmup=6.0,
        seed=0,
        slo=1.5,
        max_outstanding=64,
        max_requests=9999,
        timeout=60.0,
    )
    queue = Queue(exponential(0.3, 2), servers=4)
    return Sweep(plan=plan, wire=queue, folder=tmp_path_factory.mktemp("load"), say=lambda _line: None).run()


def test_a_row_a_rate_with_what_it_was_made_under(load: Load) -> None:
    table = load_table(load)
    rows = json.loads(table.render("json"))["rows"]
    assert [row["rate"] for row in rows] == [1, 2, 4, 16]
    assert [row["sustained"] for row in rows] == ["yes", "yes", "yes", "no"]
    assert rows[2]["p95"] == load.rates[2].latency.p95.value  # type: ignore[union-attr]
    assert set(rows[2]["p95_interval"]) == {"low", "high"}
    assert "p95_interval" not in rows[3], "a queue that only grows has no p95"
    assert rows[3]["notes"]["sustained"][0].startswith("stopped after ")
    assert "first_token_p50" not in rows[0]
    text = table.render("markdown")
    assert "1 clip of sample, 2 s of audio; Poisson arrivals, seed 0; each rate 60 s, the first 6 s not counted" in text
    assert "no retries; p95 may be 1.5 s." in text
    assert "Highest rate that is sustained, with all lower ones that are known: 4 a second." in text
    assert "Not run: 32, since 16 is too much already." in text


@pytest.mark.parametrize(
    ("knee", "said"),
    [
        (Knee(rate=4, above=2, below=8), "4 a second, of those tried; it lies between 2 and 8."),
        (Knee(rate=1, above=None, below=2), "1 a second, the lowest that was tried; it may lie lower."),
        (Knee(rate=8, above=4, below=None), "8 a second, the highest that was tried; it may lie higher."),
    ],
)
def test_where_the_knee_is_as_far_as_can_be_told(load: Load, knee: Knee, said: str) -> None:
    assert f"Knee, the most throughput for its latency: {said}" in load_table(replace(load, knee=knee)).notes


def test_errors_and_changed_texts_are_told(load: Load) -> None:
    odd = replace(load.rates[0], errors={"the server answered 503: busy": 3}, changed_texts=2)
    notes = load_table(replace(load, rates=(odd,), sustained=None)).notes
    assert "Rate 1: 3 x the server answered 503: busy" in notes
    assert "2 transcripts differ from the first that their clip got." in notes
    assert "Highest rate that is sustained, with all lower ones that are known: none." in notes


def test_a_rate_that_was_sent_late_is_not_known(load: Load) -> None:
    late = replace(load.rates[0], sustained=None, why=("this program sent late",))
    (row,) = json.loads(load_table(replace(load, rates=(late,))).render("json"))["rows"]
    assert row["sustained"] == "unknown"
    assert row["notes"]["sustained"] == ["this program sent late"]


def test_the_plot_says_what_the_table_says(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, tuple[list[float], list[float]]] = {}
    lines, hollow = Axes.plot, []

    def plot(axis, *args, **how):  # type: ignore[no-untyped-def]
        if "label" in how:
            drawn[how["label"]] = (list(args[0]), list(args[1]))
        if how.get("mfc") == "white":
            hollow.append(args[0][0])
        return lines(axis, *args, **how)

    monkeypatch.setattr(Axes, "plot", plot)
    png, svg = load_curve(replace(load, knee=Knee(rate=2, above=1, below=4)), tmp_path / "load")
    times = [rate.latency for rate in load.rates if rate.latency]
    assert drawn["p95"][0] == [1, 2, 4, 16]
    assert drawn["p95"][1] == [one.p95.value for one in times]
    assert drawn["p50"][1] == [one.p50.value for one in times]
    assert set(hollow) == {16}
    text = svg.read_text(encoding="utf-8")
    ET.fromstring(text)
    for word in ("knee", "sustained", "bound on p95", "p99", "openai:http://127.0.0.1:8000/v1#m"):
        assert f"<!-- {word} -->" in text or word in text
    assert png.read_bytes()[:4] == b"\x89PNG"
    assert (
        png.read_bytes()
        == load_curve(replace(load, knee=Knee(rate=2, above=1, below=4)), tmp_path / "again")[0].read_bytes()
    )


def test_everything_is_written_also_where_nothing_was_answered(load: Load, tmp_path: Path) -> None:
    dead = replace(load.rates[0], latency=None, offered=0.0, achieved=0.0, sustained=False)
    files = write_load_files(replace(load, rates=(dead,), knee=None, sustained=None, slo=None), tmp_path)
    assert [path.name for path in files] == [
        *("table.txt", "table.md", "table.csv", "table.tex", "table.html", "table.json", "load.png", "load.svg")
    ]
    assert all(path.stat().st_size for path in files)


def test_what_failed_is_what_was_counted_and_not_answered(load: Load) -> None:
    odd = replace(load.rates[0], counted=10, answered=7)
    [row] = json.loads(load_table(replace(load, rates=(odd,))).render("json"))["rows"]
    assert (row["requests"], row["failed"]) == (10, 3)


def test_what_was_achieved_is_drawn_in_percent_of_what_was_offered(load: Load) -> None:
    rates = [replace(load.rates[at], rate=rate, offered=rate, achieved=rate / 2) for at, rate in ((0, 1.0), (1, 4.0))]
    with drawing.settings():
        figure, (axis,) = drawing.panels(6, 3)
        _achieved(axis, rates)
        line = axis.get_lines()[0]
        assert np.asarray(line.get_xydata()).tolist() == [[1.0, 50.0], [4.0, 50.0]]
        assert figure.axes == [axis]
