"""A run that is gone on with elsewhere, or after an update: each stretch is noted, and no speed is mixed in silence."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from harness import environment
from harness.records.codec import write
from harness.records.run import Environment, Hardware, ModelRecord, RunRecord, Stretch
from harness.runner.stretches import begin_stretch
from harness.version import VERSION
from tests.harness.runner.tones import Again, manifest, run, tone

HERE = Environment(
    python="3.11.9",
    packages={"torch": "2.13.0", "jiwer": "3"},
    commit="a" * 40,
    hardware=Hardware(cpu="EPYC", cores=2),
)


def record(*stretches: Stretch, **more: Any) -> RunRecord:
    return RunRecord(model=ModelRecord(id="m"), benchmarks={}, stretches=[*stretches], **more)


CHANGES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({}, ()),
    ({"packages": {"torch": "2.14.0", "jiwer": "3"}}, ("torch 2.14.0 (was 2.13.0)",)),
    ({"packages": {"torch": "2.13.0", "jiwer": "4"}}, ()),  # no transcript depends on it
    ({"packages": {"torch": "2.13.0", "av": "1"}}, ("av 1 (was not there)",)),
    ({"packages": {}}, ("torch gone (was 2.13.0)",)),
    ({"python": "3.12.1"}, ("Python 3.12.1 (was 3.11.9)",)),
    ({"commit": "b" * 40}, ("commit bbbbbbbbbbbb (was aaaaaaaaaaaa)",)),
    ({"hardware": Hardware(accelerator="H100", accelerators=1)}, ("machine H100 (was EPYC, 2 cores)",)),
    (
        {"hardware": Hardware(cpu="EPYC", cores=4), "packages": {"torch": "2.14.0"}},
        ("torch 2.14.0 (was 2.13.0)", "machine EPYC, 4 cores (was EPYC, 2 cores)"),
    ),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_what_is_otherwise_is_named(change: dict[str, Any], said: tuple[str, ...]) -> None:
    first = record()
    assert begin_stretch(first, HERE, resumed=False) == ()
    assert [(one.environment, one.version, one.differs) for one in first.stretches] == [(HERE, VERSION, ())]
    now = replace(HERE, **change)
    assert begin_stretch(first, now, resumed=True) == said
    assert [one.environment for one in first.stretches] == [HERE, now][: 1 + bool(said)]
    assert first.stretches[-1].differs == said
    assert first.environment == now


def test_a_run_from_before_has_one_stretch_that_it_states() -> None:
    """What older programs did not look for was not gone."""
    old = record(environment=HERE, started="then", version="0.1")
    now = replace(HERE, packages={**HERE.packages, "av": "1"})
    assert begin_stretch(old, now, resumed=True) == (f"version {VERSION} (was 0.1)",)
    assert (old.stretches[0].since, old.stretches[0].version) == ("then", "0.1")
    assert len(old.stretches) == 2


def test_what_is_begun_anew_has_no_past() -> None:
    first = record(Stretch(environment=HERE))
    assert begin_stretch(first, replace(HERE, python="4"), resumed=False) == ()
    assert len(first.stretches) == 1


def test_machines_are_all_named_where_a_speed_is_of_several() -> None:
    elsewhere = replace(HERE, hardware=Hardware(accelerator="H100", accelerators=1))
    several = record(*(Stretch(environment=one) for one in (HERE, elsewhere, HERE)), environment=HERE)
    assert several.hardware == "EPYC, 2 cores, then H100"
    assert record(Stretch(environment=HERE), environment=HERE).hardware == "EPYC, 2 cores"
    assert record(environment=HERE).hardware == "EPYC, 2 cores"
    assert record().hardware is None


def go(tmp_path: Path, count: int, here: Environment, monkeypatch: pytest.MonkeyPatch) -> Again:
    """The command on the first rows of some data, on a machine of ours."""
    rows = [
        {"audio": str(tone(tmp_path / f"{n}.wav", n)), "id": str(n), "text": "one", "duration": 0.2}
        for n in range(1, count + 1)
    ]
    monkeypatch.setattr(environment, "describe", lambda: here)
    return run(manifest(tmp_path / "calls.jsonl", rows), tmp_path / "out")


def test_a_run_says_it_and_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = replace(HERE, packages={"torch": "2.14.0", "jiwer": "3"}, hardware=Hardware(cpu="Xeon", cores=8))
    first = go(tmp_path, 2, HERE, monkeypatch)
    assert (len(first.record.stretches), first.entry.stretches, first.record.hardware) == (1, (0,), "EPYC, 2 cores")
    again = go(tmp_path, 2, elsewhere, monkeypatch)  # nothing is computed there
    assert (again.record.stretches, again.record.environment, again.said) == (first.record.stretches, HERE, [])
    more = go(tmp_path, 3, elsewhere, monkeypatch)
    assert more.said[-1] == (
        "loudness: gone on with otherwise than before, its speed is of both: torch 2.14.0 (was 2.13.0); "
        "machine Xeon, 8 cores (was EPYC, 2 cores)"
    )
    assert [one.environment for one in more.record.stretches] == [HERE, elsewhere]
    assert more.entry.stretches == (0, 1)
    assert more.record.hardware == "EPYC, 2 cores, then Xeon, 8 cores"
    last = go(tmp_path, 4, elsewhere, monkeypatch)
    assert (len(last.record.stretches), last.entry.stretches, len(last.said)) == (2, (0, 1), 1)


def test_an_older_run_that_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = go(tmp_path, 2, HERE, monkeypatch)
    first.record.stretches = []
    first.entry.stretches = ()
    write(first.folder / "run.json", first.record)
    more = go(tmp_path, 3, replace(HERE, python="3.12.0"), monkeypatch)
    assert [one.environment.python for one in more.record.stretches] == ["3.11.9", "3.12.0"]
    assert more.entry.stretches == (0, 1)
