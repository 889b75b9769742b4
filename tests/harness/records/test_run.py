"""What run.json says of a run, in today's names and in those of format 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError
from harness.records import codec
from harness.records.format_1 import upgrade_run
from harness.records.run import Environment, Hardware, RunRecord, Stretch, read_run_record
from harness.records.speed import Speed
from tests.harness.run_records import run_record


@pytest.mark.parametrize(
    ("hardware", "words"),
    [
        (Hardware(), None),
        (Hardware(cpu="EPYC"), "EPYC"),
        (Hardware(cores=4), None),
        (Hardware(cpu="EPYC", cores=2.0), "EPYC, 2 cores"),
        (Hardware(cpu="EPYC", cores=2, accelerator="H100"), "H100"),
        (Hardware(accelerator="H100", accelerators=1), "H100"),
        (Hardware(accelerator="H100", accelerators=8), "8 x H100"),
    ],
)
def test_hardware_in_words(hardware: Hardware, words: str | None) -> None:
    assert run_record(environment=Environment(hardware=hardware)).hardware == words


def test_settings_that_decide_what_is_scored() -> None:
    assert run_record().limit is None
    assert run_record(settings={"limit": 0}).limit == 0
    assert [run_record(settings={"on_error": on}).scores_empty for on in ("score-empty", "record", None)] == [
        True,
        False,
        False,
    ]
    assert run_record().scores_empty is False


def test_the_audio_that_belongs_to_the_counted_seconds() -> None:
    assert Speed(audio_seconds=9.0, audio_seconds_undisturbed=7.0).counted_audio == 7.0
    assert Speed(audio_seconds=9.0).counted_audio == 9.0
    assert Speed().counted_audio is None


def test_names_of_format_1_are_renamed_in_speeds_alone() -> None:
    device = {"heard": 5.0, "counted": 0.5, "workers": None}
    speed = {"seconds_heard": 9.0, "seconds_heard_leaderboard": 8.0, "cluster": {"devices": {"d": device}}}
    old = {
        "model": {"id": "m"},
        "settings": {"heard": 1, "counted": None},
        "benchmarks": {"heard": {"speed": speed, "events": [{"event": "batch_failed", "batch": None}]}},
    }
    found = codec.convert(old, RunRecord, "run.json", upgrade_run)
    assert found.settings == {"heard": 1}
    one = found.benchmarks["heard"]
    assert one.speed is not None
    assert (one.speed.audio_seconds, one.speed.audio_seconds_leaderboard) == (9.0, 8.0)
    assert one.speed.cluster is not None
    (got,) = one.speed.cluster.devices.values()
    assert (got.audio_seconds, got.seconds_counted, got.workers) == (5.0, 0.5, 1)
    assert one.events[0].batch is None


def test_an_audit_of_format_1_may_have_no_rate() -> None:
    """Nulls are left out of what format 1 wrote, and a benchmark without words has no rate."""
    replay = {"changed": 0, "wer_in_run": None, "wer": None, "worst": None}
    audit = {"asked": 1, "utterances": 1, "alone": replay, "reversed": replay, "one_batch": replay}
    old = {"model": {"id": "m"}, "benchmarks": {"b": {"audit": audit}}}
    found = codec.convert(old, RunRecord, "run.json", upgrade_run).benchmarks["b"].audit
    assert found is not None
    assert (found.alone.wer, found.alone.wer_in_run) == (None, None)


@pytest.mark.parametrize("limit", [-1, 1.5, "3", True])
def test_a_limit_that_is_no_number_of_utterances_is_refused(limit: object) -> None:
    with pytest.raises(DataError, match=r"settings\.limit is not a whole number of 0 or more"):
        codec.convert({"model": {"id": "m"}, "benchmarks": {}, "settings": {"limit": limit}}, RunRecord, "run.json")


@pytest.mark.parametrize(
    "entry",
    [{"stretches": [0, 2]}, {"stretches": [0], "speeds_elsewhere": [{"stretch": 10**30, "speed": {}}]}],
)
def test_a_stretch_that_the_run_does_not_have(tmp_path: Path, entry: dict[str, Any]) -> None:
    record = json.loads(codec.pretty(run_record(stretches=[Stretch(since="a"), Stretch(since="b")])))
    (tmp_path / "run.json").write_text(json.dumps(record | {"benchmarks": {"b": {"stretches": [1]}}}))
    assert read_run_record(tmp_path).benchmarks["b"].stretches == (1,)
    (tmp_path / "run.json").write_text(json.dumps(record | {"benchmarks": {"b": entry}}))
    with pytest.raises(DataError, match=r"run\.json: b names a stretch beyond the 2 of the run"):
        read_run_record(tmp_path)
