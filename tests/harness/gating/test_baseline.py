"""What a saved baseline holds, how fast a run was, and which file is whose."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from harness.errors import DataError, UsageError
from harness.gating.baseline import check_replaces, file_name, find, rtfx, save, stored
from harness.records.baseline import Speeds, read_speeds
from harness.records.codec import pretty
from harness.records.journal import read_journal
from harness.records.packed import opened
from harness.records.run import BenchmarkRecord, EarlyRecord, read_run_record
from harness.records.speed import Repeats, Speed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.records.run import RunRecord


@pytest.fixture
def record(make_run: Callable[..., Path]) -> RunRecord:
    return read_run_record(make_run("recorded"))


def with_benchmark(run: Path, **more: Any) -> Path:
    text = json.loads((run / "run.json").read_text())
    text["benchmarks"]["read"] |= more
    (run / "run.json").write_text(json.dumps(text))
    return run


def test_a_repeat_is_of_the_same_suite(make_run: Callable[..., Path], tmp_path: Path) -> None:
    runs = [make_run("one"), make_run("two", suite="demo@2")]
    with pytest.raises(UsageError, match="two is org/model on demo@2, no repeat of org/model on demo@1; save each"):
        save(runs, tmp_path / "kept")


def test_both_speeds_of_every_repeat_are_kept(record: RunRecord, make_run: Callable[..., Path], tmp_path: Path) -> None:
    runs = []
    for at, (counted, wall) in enumerate([(4.0, 8.0), (5.0, 10.0), (2.0, 12.5)]):
        speed = Speed(audio_seconds=100.0, rtfx=100 / counted, rtfx_end_to_end=100 / wall)
        speed = replace(speed, audio_seconds_undisturbed=100.0, seconds_counted=counted, seconds_wall=wall)
        runs.append(make_run(f"run{at}"))
        fact = replace(record.benchmarks["read"], speed=speed)
        (runs[-1] / "run.json").write_text(pretty(replace(record, benchmarks={"read": fact})))
    with opened(save(runs, tmp_path / "kept")) as folder:
        assert read_speeds(folder) == Speeds(rtfx=(25.0, 20.0, 50.0), rtfx_end_to_end=(12.5, 10.0, 8.0))
    [kept] = stored(tmp_path / "kept")
    assert (kept.repeats, kept.utterances) == (3, 40)
    save([with_benchmark(make_run("unknown", suite="demo@2"), expected=None)], tmp_path / "kept")
    assert [one.utterances for one in stored(tmp_path / "kept")] == [40, 40], "counted, not expected"


def test_speed_is_total_over_total_of_each_repeat(record: RunRecord) -> None:
    """Two repeats are as good as three; a run that was looked at on its way has no speed of its own."""
    speeds = (
        Speed(audio_seconds=100.0, repeats=Repeats(rtfx=(10.0, 20.0))),
        Speed(audio_seconds=300.0, repeats=Repeats(rtfx=(30.0, 60.0))),
    )
    made = replace(record, benchmarks={f"b{at}": BenchmarkRecord(speed=speed) for at, speed in enumerate(speeds)})
    assert rtfx(made, "rtfx") == (20.0, 40.0)
    assert rtfx(replace(made, early=EarlyRecord(seed=1, baseline="b")), "rtfx") == ()


@pytest.mark.parametrize("facing", ["reference_turns", "reference_words", "reference_speakers"])
def test_what_is_judged_of_speakers_and_times_is_kept(
    facing: str, make_run: Callable[..., Path], tmp_path: Path
) -> None:
    run = make_run("run")
    word, turn = ["apple", 0.0, 1.0], ["A", "apple", 0.0, 1.0]
    said: dict[str, Any] = {"reference_turns": [turn], "reference_words": [word], "reference_speakers": ["A"] * 10}
    lines = [json.loads(line) for line in (run / "read.jsonl").read_text().splitlines()]
    for line in lines:
        line |= {"words": [word], "speakers": ["A"] * 10, "turns": [turn], "draft": "apple"}
    lines[0][facing] = said[facing]
    (run / "read.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with opened(save([run], tmp_path / "kept")) as folder:
        first, second, *_ = read_journal(folder / "read.jsonl").lines
    assert None not in {first.words, first.speakers, first.turns}
    assert (second.words, second.speakers, second.turns) == (None, None, None)
    assert (first.draft, first.audio, first.time, first.batch, first.audio_seconds) == (None,) * 5


@pytest.mark.parametrize("count", [39, 41])
def test_more_or_fewer_lines_than_expected_are_no_baseline(
    count: int, make_run: Callable[..., Path], tmp_path: Path
) -> None:
    run = with_benchmark(make_run("run"), expected=count)
    with pytest.raises(UsageError, match=f"read.jsonl has 40 of {count} utterances; repeat the run's command first"):
        save([run], tmp_path / "kept")


def test_another_sample_replaces_nothing(make_run: Callable[..., Path], tmp_path: Path) -> None:
    whole, sample = make_run("whole"), make_run("sample", format=2)
    with_benchmark(sample, selection={"limit": 40, "seed": 7})
    kept = save([sample], tmp_path / "kept")
    with pytest.raises(UsageError, match=r"its read is all, the baseline's is a sample \(--limit 40 --seed 7\)"):
        check_replaces(whole, kept)
    check_replaces(sample, kept)


def test_a_file_that_is_another_s_is_refused(make_run: Callable[..., Path], tmp_path: Path) -> None:
    kept = save([make_run("run")], tmp_path / "kept")
    wrong = tmp_path / "kept" / file_name("demo@2", "org/model")
    wrong.parent.mkdir()
    kept.rename(wrong)
    with pytest.raises(DataError, match="is of org/model on demo@1, not of org/model on demo@2 as its name says"):
        find(tmp_path / "kept", "demo@2", "org/model")
    assert find(tmp_path / "kept", "demo@1", "org/model") is None
    assert find(tmp_path / "kept", None, "org/model") is None


def test_names_of_before_are_found_and_are_the_model_s(make_run: Callable[..., Path], tmp_path: Path) -> None:
    """``a:b`` was written ``a--b`` until names became unambiguous, as ``a/b`` was, and a dot at an end was cut off."""
    for model, name in (("a:b", "a--b"), (".c.", "c")):
        kept = save([make_run(name, model={"id": model})], tmp_path / "kept")
        kept.rename(kept.with_name(f"{name}.zip"))
        assert find(tmp_path / "kept", "demo@1", model) == kept.with_name(f"{name}.zip")
    assert find(tmp_path / "kept", "demo@1", "a;b") is None


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("org/model", "org--model.zip"),
        ("org--model", "org%2D%2Dmodel.zip"),
        ("org-/model", "org%2D--model.zip"),
        ("org/-model", "org--%2Dmodel.zip"),
        (".hidden", "%2Ehidden.zip"),
        ("50%2F", "50%252F.zip"),
        ("50%/F", "50%25--F.zip"),
        ("", "unnamed.zip"),
    ],
)
def test_no_two_models_have_one_file(model: str, name: str) -> None:
    assert file_name("demo@1", model).as_posix() == f"demo@1/{name}"
