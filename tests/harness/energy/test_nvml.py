"""NVIDIA's counters through a made-up library: exact joules, power added up, and what cannot be measured says why."""

import pytest

from harness.energy.nvml import Nvml
from harness.energy.source import NotMeasurable
from tests.harness.energy.machine import FakeNvml


def test_joules_are_the_difference_of_the_counter() -> None:
    library = FakeNvml(a=5_000, b=10**12)
    gpus = Nvml(library, {"GPU 1": "GPU-b"})
    library.millijoules |= {"a": 9_999, "b": 10**12 + 123_456}
    assert gpus.read() == {"GPU 1": 123.456}
    assert gpus.read() == {"GPU 1": 123.456}
    assert library.asked == ["GPU-b"]
    assert gpus.method == "NVML energy counter of the GPU"
    assert gpus.interval == 10.0


def test_gpus_may_be_named_by_number() -> None:
    library = FakeNvml(a=0, b=0)
    gpus = Nvml(library, {"GPU 0": 0, "GPU 1": 1})
    library.millijoules |= {"a": 1_000, "b": 2_500}
    assert gpus.read() == {"GPU 0": 1.0, "GPU 1": 2.5}


def test_power_is_added_up_where_there_is_no_counter() -> None:
    library, now = FakeNvml(a=None), [10.0]
    library.milliwatts["a"] = 100_000
    gpus = Nvml(library, {"GPU 0": "GPU-a"}, clock=lambda: now[0])
    now[0], library.milliwatts["a"] = 12.0, 200_000
    assert gpus.read() == {"GPU 0": 300.0}  # 150 W for 2 s
    now[0] = 12.5
    assert gpus.read() == {"GPU 0": 400.0}
    assert gpus.interval == 0.2
    assert "5 times a second" in gpus.method


def test_a_library_without_a_driver_a_gpu_that_is_not_there_and_a_divided_one_say_why() -> None:
    library = FakeNvml(a=0)
    library.away = True
    with pytest.raises(NotMeasurable, match="NVML does not tell: Driver Not Loaded"):
        Nvml(library, {"GPU 0": "GPU-a"})
    library.away = False
    with pytest.raises(NotMeasurable, match="Not Found"):
        Nvml(library, {"GPU 0": "GPU-c"})
    library.divided["a"] = 1
    with pytest.raises(NotMeasurable, match="divided \\(MIG\\)"):
        Nvml(library, {"GPU 0": "GPU-a"})


def test_a_counter_that_goes_back_is_no_measurement() -> None:
    library = FakeNvml(a=1_000)
    gpus = Nvml(library, {"GPU 0": "GPU-a"})
    library.millijoules["a"] = 900
    with pytest.raises(NotMeasurable, match="GPU 0 went back"):
        gpus.read()
