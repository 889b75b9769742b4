"""What a run takes: added up over processes, with a reason wherever it is not known."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from harness.energy.meter import Meter, sources_of
from harness.energy.rapl import Rapl
from harness.energy.source import NotMeasurable
from harness.records.cost import Energy
from tests.harness.energy.machine import FakeNvml, zone

WHOLE = Energy(joules=3.0, parts={"package-0": 3.0}, seconds=2.0, audio_seconds=10.0, method="m")


class Counter:
    """A source whose readings are set."""

    method, interval = "m", 3600.0

    def __init__(self, **joules: float) -> None:
        self.joules, self.broken = joules, False

    def read(self) -> dict[str, float]:
        if self.broken:
            raise NotMeasurable("it was unplugged")
        return {name.replace("_", "-"): value for name, value in self.joules.items()}


def test_joules_seconds_and_audio_since_it_was_entered() -> None:
    now, counter = [5.0], Counter(package_0=40.0)
    with Meter([counter], clock=lambda: now[0]) as meter:
        counter.joules["package_0"], now[0] = 43.0, 7.0
        found = meter.record(10.0)
    assert found == WHOLE
    assert found.watt_hours == 0.3  # 3 J for 10 s: 0.3 J a second of audio is 0.3 Wh an hour of it


def test_processes_of_one_run_add_up() -> None:
    now, counter = [0.0], Counter(package_0=0.0, GPU=0.0)
    with Meter([counter], before=WHOLE, clock=lambda: now[0]) as meter:
        counter.joules, now[0] = {"package_0": 1.0, "GPU": 6.0}, 0.5
        assert meter.record(10.0) == Energy(
            joules=10.0, parts={"package-0": 4.0, "GPU": 6.0}, seconds=2.5, audio_seconds=20.0, method="m"
        )


def test_counters_that_stand_still_are_no_energy_of_zero() -> None:
    with Meter([Counter(package_0=40.0)]) as meter:
        assert meter.record(10.0) == Energy(not_measured="the counter of package-0 stands still")
    moving = Counter(package_0=0.0, package_1=0.0)
    with Meter([moving]) as meter:
        moving.joules["package_0"] = 5.0
        assert meter.record(1.0).not_measured == "the counter of package-1 stands still"


def test_memory_that_is_not_counted_is_left_out() -> None:
    counter = Counter(**{"package_0": 0.0, "package_0 dram": 7.0})
    with Meter([counter]) as meter:
        counter.joules["package_0"] = 5.0
        assert meter.record(1.0).parts == {"package-0": 5.0}


def test_a_counter_that_breaks_leaves_what_was_measured_before() -> None:
    counter = Counter(package_0=0.0)
    with Meter([counter], before=WHOLE) as meter:
        counter.joules["package_0"], counter.broken = 9.0, True
        found = meter.record(5.0)
    assert (found.joules, found.audio_seconds, found.not_measured) == (3.0, 10.0, "it was unplugged")


def test_nothing_to_read_says_why() -> None:
    with Meter([], "no counters") as meter:
        assert meter.record(5.0) == Energy(not_measured="no counters")
        assert meter.record(5.0).watt_hours is None


def test_a_thread_reads_while_nobody_asks(tmp_path: Path) -> None:
    """A counter that begins again twice between two questions is followed all the same."""
    counter = zone(tmp_path, "intel-rapl:0", "package-0", 0, span=1_000_000)

    class Often(Rapl):
        interval = 0.001

    source = Often(tmp_path)
    with Meter([source]) as meter:
        for value in ("900000", "400000", "300000"):  # 0.9, 0.5 and 0.9 J
            (tmp_path / "next").write_text(value)
            (tmp_path / "next").replace(counter)  # a file that is being written is empty for a moment
            while source._last[0] != int(value):
                time.sleep(0.001)
        assert meter.record(1.0).joules == pytest.approx(2.3)


def test_a_gpu_s_run_counts_the_processor_too(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 0)
    library = FakeNvml(a=0)
    found, remark = sources_of("cuda:1", root=tmp_path, nvml=lambda: library, identify=lambda _device: "GPU-a")
    assert [list(one.read()) for one in found] == [["GPU 1"], ["package-0"]]
    assert remark is None


def test_a_gpu_s_run_without_the_processor_s_counter_says_what_is_missing(tmp_path: Path) -> None:
    library = FakeNvml(a=0)
    found, remark = sources_of("cuda", root=tmp_path, nvml=lambda: library, identify=lambda _device: "GPU-a")
    assert remark == f"without the processor: no counters of the processor below {tmp_path}"
    with Meter(found, remark) as meter:
        library.millijoules["a"] = 7_000
        assert meter.record(2.0).method == f"NVML energy counter of the GPU; {remark}"


def test_a_gpu_that_cannot_be_read_is_not_replaced_by_the_processor(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 0)

    def none() -> object:
        raise NotMeasurable("not installed")

    assert sources_of("cuda", root=tmp_path, nvml=none, identify=lambda _: 0) == ([], "not installed")
    assert sources_of("mps", root=tmp_path)[1] == "Apple's GPU has no counter that a program may read"
    assert sources_of("cpu", elsewhere="a server does the work", root=tmp_path) == ([], "a server does the work")
    found, remark = sources_of("cpu", root=tmp_path)
    assert len(found) == 1
    assert remark is None
