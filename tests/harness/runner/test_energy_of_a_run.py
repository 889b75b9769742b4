"""Energy in run.json: counted over the run, added up where it is gone on with, and a reason where nobody can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.registry import Suite
from harness.commands.end_of_run import _energy
from harness.config import Settings
from harness.energy.source import NotMeasurable
from harness.models.base import LoadOptions, Model
from harness.progress import Silent
from harness.records.run import read_run_record
from harness.runner import run as run_module
from harness.runner.run import Run
from harness.runner.stages import Stop
from tests.harness.runner.stub_run import Slow, dataset


class Steps:
    """Seven joules from reading to reading."""

    method, interval = "steps", 3600.0

    def __init__(self) -> None:
        self.readings = -1

    def read(self) -> dict[str, float]:
        self.readings += 1
        return {"package-0": 7.0 * self.readings}


def work(out: Path, count: int = 12) -> Run:
    return Run(
        suite=Suite(name="stubs", profile="card@2026-04", benchmarks=("stub",)),
        datasets=[dataset(count)],
        model_name="org/slow",
        settings=Settings(out=out, batch_size=4, device="cpu"),
        reporter=Silent(),
        stop=Stop(),
    )


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_name: str, _options: LoadOptions) -> Model:
        return Slow(0.0)

    monkeypatch.setattr(run_module, "load_model", load)


def test_joules_over_the_audio_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None]] = []

    def sources(device: str, *, elsewhere: str | None = None) -> tuple[list[Steps], None]:
        asked.append((device, elsewhere))
        return [Steps()], None

    monkeypatch.setattr(run_module, "sources_of", sources)
    run = work(tmp_path)
    entry = run.execute().benchmarks["stub"]
    energy = entry.energy
    assert energy is not None
    assert entry.speed is not None
    assert asked == [("cpu", None)]
    assert energy.joules is not None
    assert energy.joules % 7 == 0
    assert energy.joules >= 7
    assert energy.parts == {"package-0": energy.joules}
    assert energy.audio_seconds == pytest.approx(entry.speed.audio_seconds)
    assert energy.watt_hours == pytest.approx(energy.joules / (entry.speed.audio_seconds or 1))
    assert read_run_record(run.folder).benchmarks["stub"].energy == energy
    (line,) = _energy(read_run_record(run.folder))
    assert line.startswith("energy: ")
    assert line.endswith(" Wh for an hour of audio")

    more = work(tmp_path, 20).execute().benchmarks["stub"]  # the data has grown
    assert more.energy is not None
    assert more.speed is not None
    assert more.energy.joules is not None
    assert more.energy.joules > energy.joules
    assert more.energy.audio_seconds == pytest.approx(more.speed.audio_seconds)


def test_a_machine_without_counters_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "sources_of", lambda *_, **__: ([], "no counters of the processor below /sys"))
    run = work(tmp_path)
    energy = run.execute().benchmarks["stub"].energy
    assert energy is not None
    assert (energy.joules, energy.not_measured) == (None, "no counters of the processor below /sys")
    assert list(_energy(read_run_record(run.folder))) == [
        "energy: not measurable here (no counters of the processor below /sys)"
    ]


def test_a_counter_that_is_taken_away_costs_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(Steps):
        def read(self) -> dict[str, float]:
            if self.readings >= 0:
                raise NotMeasurable("it is gone")
            return super().read()

    monkeypatch.setattr(run_module, "sources_of", lambda *_, **__: ([Gone()], None))
    record = work(tmp_path).execute()
    assert record.complete
    energy = record.benchmarks["stub"].energy
    assert energy is not None
    assert (energy.joules, energy.not_measured) == (None, "it is gone")
