"""RAPL counters on trees of made-up zones: exact joules, and what cannot be measured says why."""

from pathlib import Path

import pytest

from harness.energy.rapl import Rapl, increase
from harness.energy.source import NotMeasurable
from tests.harness.energy.machine import zone


def test_joules_of_two_packages_and_their_memory_to_the_microjoule(tmp_path: Path) -> None:
    first, second = (
        zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000),
        zone(tmp_path, "intel-rapl:1", "package-1", 7),
    )
    memory = zone(tmp_path, "intel-rapl:0:2", "dram", 500)
    core = zone(tmp_path, "intel-rapl:0:0", "core", 0)
    zone(tmp_path, "intel-rapl:2", "psys", 0)
    rapl = Rapl(tmp_path)
    assert rapl.read() == {"package-0": 0.0, "package-1": 0.0, "package-0 dram": 0.0}
    first.write_text("3500001")
    second.write_text("1000007")
    memory.write_text("250500")
    core.write_text("99999999")
    assert rapl.read() == {"package-0": 2.500001, "package-1": 1.0, "package-0 dram": 0.25}
    assert rapl.method == "RAPL counters of the processor's packages and memory"


def test_a_counter_that_begins_again_goes_on(tmp_path: Path) -> None:
    counter = zone(tmp_path, "intel-rapl:0", "package-0", 65_000_000_000, span=65_532_610_987)
    rapl = Rapl(tmp_path)
    counter.write_text("467389013")
    assert rapl.read() == {"package-0": 1000.0}
    counter.write_text("65000000000")
    assert rapl.read() == {"package-0": 1000.0 + 64_532.610987}
    counter.write_text("0")
    assert rapl.read() == {"package-0": 1000.0 + 64_532.610987 + 532.610987}
    assert rapl.method.endswith("packages, without memory")


def test_an_increase_is_what_was_counted() -> None:
    assert increase(5, 5, 100) == 0
    assert increase(5, 99, 100) == 94
    assert increase(99, 5, 100) == 6


def test_a_second_view_of_the_same_package_is_not_counted_twice(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 0)
    assert Rapl(tmp_path).read() == {"package-0": 0.0}  # where there is no other view
    counter = zone(tmp_path, "intel-rapl:0", "package-0", 0)
    rapl = Rapl(tmp_path)
    counter.write_text("1000000")
    assert rapl.read() == {"package-0": 1.0}


def test_a_machine_without_counters_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotMeasurable, match=f"no counters of the processor below {tmp_path}"):
        Rapl(tmp_path)
    zone(tmp_path, "intel-rapl:0", "psys", 0)
    with pytest.raises(NotMeasurable, match="no counters of the processor"):
        Rapl(tmp_path)


def test_a_counter_for_root_only_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = zone(tmp_path, "intel-rapl:0", "package-0", 0)
    read = Path.read_text

    def refused(path: Path, *arguments: object, **more: object) -> str:
        if path == counter:
            raise PermissionError(13, "Permission denied", str(path))
        return read(path, encoding="ascii")

    monkeypatch.setattr(Path, "read_text", refused)  # tests may run as root, who may read all
    with pytest.raises(NotMeasurable, match=f"{counter} may only be read by root; .*chmod"):
        Rapl(tmp_path)


@pytest.mark.parametrize(
    ("text", "why"), [("", "cannot be read"), ("-4", "holds no number"), ("nan", "holds no number")]
)
def test_a_broken_counter_is_no_zero(tmp_path: Path, text: str, why: str) -> None:
    counter = zone(tmp_path, "intel-rapl:0", "package-0", 0)
    rapl = Rapl(tmp_path)
    counter.write_text(text)
    with pytest.raises(NotMeasurable, match=why):
        rapl.read()
