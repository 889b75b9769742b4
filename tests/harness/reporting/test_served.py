"""The speed of a server is marked wherever it is shown, and never the fastest beside a model's own."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from matplotlib.text import Text
from msgspec.structs import replace

from harness.commands.end_of_run import _servers
from harness.progress import Tally
from harness.records.journal import Line
from harness.records.run import RunRecord
from harness.records.speed import ServedSpeed, Speed
from harness.reporting import drawing, plots
from harness.reporting.drawing import Point
from harness.reporting.hub import checked
from harness.reporting.page.data import phases_of
from harness.reporting.points import points_of
from harness.reporting.results import results_table, served_table
from harness.scoring.profile_files import get_profile
from harness.types import Usage
from tests.harness.reporting.made import entry, run, score
from tests.harness.reporting.test_hub_files import run_of, scores_of

MARK = "served, 4 at once: throughput of a server, not the speed of a model on known hardware"
SPEED = Speed(
    rtfx=30.0,
    phases={"text": 9.0},
    audio_seconds=90.0,
    served=ServedSpeed(
        concurrency=4,
        requests=103,
        retries=3,
        errors=1,
        latency_p50=0.25,
        latency_p95=0.5,
        latency_p99=2.0,
        first_token_p50=0.1,
        cost=0.125,
    ),
)
HERE = {"environment": {"hardware": {"cpu": "X", "cores": 2}}}
LOCAL = run(**HERE)
SERVED = {"model": {"id": "org/model", "served": True}, "settings": {"limit": None, "concurrency": 4}}


def remote(at_once: int = 4, **facts: Any) -> RunRecord:
    return run(model={"id": "api", "served": True}, settings={"concurrency": at_once}, **HERE, **facts)


def two(at_once: int = 4) -> tuple[list[Any], list[RunRecord]]:
    scores = [score("gpu", [entry("one", 0.1)], 0.1), score("api", [entry("one", 0.2, speed=SPEED)], 0.2)]
    return scores, [LOCAL, remote(at_once)]


def test_a_server_is_no_hardware() -> None:
    assert (LOCAL.served, LOCAL.hardware) == (None, "X, 2 cores")
    assert (remote().served, remote().hardware) == (4, "a server, 4 at once")
    assert run(model={"id": "m", "served": False}, settings={"concurrency": 4}).served is None


def test_every_speed_in_the_table_has_its_mark_and_none_is_the_fastest() -> None:
    table = results_table(*two())
    keys = [column.key for column in table.columns]
    assert keys == ["model", "one", "average", "rtfx", "rtfx_end_to_end", "failed"]
    local, api = (dict(zip(keys, row, strict=True)) for row in table.rows)
    for key in ("rtfx", "rtfx_end_to_end"):
        assert (local[key].notes, api[key].notes) == ((), (MARK,))
        assert not local[key].best
        assert not api[key].best
    assert "RTFx of gpu on X, 2 cores." in table.notes
    assert "RTFx of api on a server, 4 at once." in table.notes
    text = table.render("terminal", width=120)
    assert "1,234 †" in text
    assert MARK in " ".join(text.split())
    assert text.count("1,234 †") == 1
    first, second = csv.DictReader(io.StringIO(table.render("csv")))
    assert MARK not in first["notes"]
    assert MARK in second["notes"]


def test_a_table_without_servers_says_nothing_of_them() -> None:
    scores, _ = two()
    table = results_table(scores[:1], [LOCAL])
    assert not table.marks
    assert served_table(scores[:1], ["gpu"]) is None


def test_two_servers_asked_alike_are_ranked() -> None:
    scores, _ = two()
    table = results_table([scores[1], scores[1]], [remote(), remote()])
    assert all(row[3].best for row in table.rows)
    other = results_table([scores[1], scores[1]], [remote(), remote(8)])
    assert not any(row[3].best for row in other.rows)


def test_the_table_of_servers() -> None:
    scores, _ = two()
    table = served_table(scores, ["gpu", "api"])
    assert table is not None
    values = {column.key: cell.value for column, cell in zip(table.columns, table.rows[0], strict=True)}
    assert len(table.rows) == 1
    assert values == {
        "model": "api",
        "benchmark": "one",
        "concurrency": 4,
        "requests": 103,
        "retries": 3,
        "errors": 1,
        "latency_p50": 0.25,
        "latency_p95": 0.5,
        "latency_p99": 2.0,
        "first_token_p50": 0.1,
        "rtfx": 30.0,
        "cost": 0.125,
    }


def test_a_server_is_no_point_of_the_frontier_and_leaves_that_of_the_others() -> None:
    scores, runs = two()
    found = points_of(["gpu", "api"], scores, runs, [[], []], get_profile("card@2026-04"))
    assert [(point.frontier, point.served) for point in found.averages] == [(True, None), (False, 4)]
    assert found.note == "Squares, off the frontier: throughput of servers at so many requests at a time."


def test_the_hub_is_told_no_speed() -> None:
    local, api = (checked(scores_of(), run_of(**more)) for more in ({}, SERVED))
    assert local.rtfx is not None
    assert api.rtfx is None
    assert api.average == local.average


def test_plots_mark_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(
        drawing, "save", lambda figure, _stem: written.extend(t.get_text() for t in figure.findobj(Text))
    )
    points = [Point("gpu", 0.1, 100.0), Point("api", 0.2, 30.0, frontier=False, served=4), Point("slow", 0.3, 20.0)]
    plots.rtfx_wer(points, tmp_path / "p")
    assert {"gpu", "api, served, 4 at once", "slow"} <= set(written)
    assert "served: throughput of a server at so many requests at a time" in written
    written.clear()
    plots.rtfx_wer([points[0], points[2]], tmp_path / "q")
    assert "gpu" in written
    assert not any("served" in text for text in written)


def test_the_clock_here_has_no_phases_of_a_server() -> None:
    scores, _ = two()
    assert phases_of(scores[1]) is None
    assert phases_of(score("m", [entry("one", 0.1, speed=replace(SPEED, served=None))], 0.1)) == ({"text": 9.0}, 90.0)


def test_the_end_of_a_run() -> None:
    done = remote(benchmarks={"one": {"speed": {"rtfx": 1.0}}})
    assert list(_servers(done)) == []
    done.benchmarks["one"].speed = SPEED
    (line,) = _servers(done)
    assert line == (
        "server: 103 requests for one, 4 at once, 3 tried again; seconds to the answer, p50 0.25, p95 0.50, p99 2.00, "
        "to the first token 0.10, 0.1250 USD"
    )


@pytest.mark.parametrize(("usage", "shown"), [(None, "RTFx 4.0"), (Usage(requests=1), "RTFx 4.0 (served)")])
def test_progress(usage: Usage | None, shown: str) -> None:
    tally = Tally(get_profile("card@2026-04"))
    tally.add([Line(id="a", language="en", reference="a", hypothesis="a", audio_seconds=8.0, time=2.0, usage=usage)])
    assert str(tally) == f"0.00 % WER, {shown}"
