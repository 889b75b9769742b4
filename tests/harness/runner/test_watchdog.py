"""A model that hangs ends the run with one line and loses nothing that was journalled."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from harness.errors import UsageError
from harness.models.base import Model, ModelCard
from harness.records.journal import read_journal
from harness.runner.watchdog import Watched
from harness.types import SAMPLE_RATE, Clip, Hypothesis

STUB = Path(__file__).with_name("stub_run.py")


class Sleepy(Model):
    """Sleeps in one of its stages, as it is told to."""

    def __init__(self, stage: str) -> None:
        self.card = ModelCard(id="sleepy")
        self.stage = stage
        self.sleep: Callable[[], object] = lambda: None

    def rest(self, stage: str) -> None:
        if stage == self.stage:
            self.sleep()

    def features(self, clips: Sequence[Clip]) -> list[str]:
        self.rest("features")
        return [clip.id for clip in clips]

    def transfer(self, features: list[str]) -> list[str]:
        self.rest("transfer")
        return features

    def infer(self, features: list[str]) -> list[str]:
        self.rest("infer")
        return features

    def text(self, output: list[str]) -> list[Hypothesis]:
        self.rest("text")
        return [Hypothesis(text=name) for name in output]

    def synchronize(self) -> None:
        self.rest("synchronize")


def clip(name: str) -> Clip:
    return Clip(id=name, language="en", waveform=np.zeros(SAMPLE_RATE, np.float32))


def transcribe(model: Model, clips: Sequence[Clip]) -> list[Hypothesis]:
    output = model.infer(model.transfer(model.features(clips)))
    model.synchronize()
    return model.text(output)


@pytest.mark.parametrize(
    ("stage", "name", "clips", "what"),
    [
        ("features", "features", ["a", "b"], "a and 1 more"),
        ("transfer", "transfer", ["a", "b", "c"], "a and 2 more"),
        ("infer", "network", ["a", "b"], "a and 1 more"),
        ("synchronize", "network", ["a", "b"], "a and 1 more"),
        ("text", "text", ["a"], "a"),
    ],
)
def test_the_stage_and_the_clips_that_take_too_long_are_named(
    stage: str, name: str, clips: list[str], what: str
) -> None:
    said: list[str] = []
    warned = threading.Event()

    def give_up(line: str) -> None:
        said.append(line)
        warned.set()

    sleepy = Sleepy(stage)
    sleepy.sleep = lambda: warned.wait(60)  # the stage hangs until the watchdog has spoken
    model = Watched(sleepy, 0.1, give_up)
    assert [one.text for one in transcribe(model, [clip(name) for name in clips])] == clips
    model.close()
    (line,) = said
    assert line.startswith(f"sleepy: the stage '{name}' has not ended within 0.1 s, for {what}; ")


def test_what_is_in_time_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that goes on as told: the stage takes 9 s of 10, and a long time passes between the stages."""
    now, looks = [0.0], threading.Semaphore(0)

    def monotonic() -> float:
        if threading.current_thread().name == "watchdog":
            looks.release()
        return now[0]

    def watched() -> None:
        while looks.acquire(blocking=False):
            pass
        for _ in range(2):  # the second look from now on began after the clock was set
            assert looks.acquire(timeout=60)

    def sleep() -> None:
        now[0] += 9.0
        watched()

    monkeypatch.setattr("harness.runner.watchdog.LOOK_SECONDS", 0.001)
    monkeypatch.setattr("harness.runner.watchdog.time", SimpleNamespace(monotonic=monotonic))
    said: list[str] = []
    sleepy = Sleepy("infer")
    sleepy.sleep = sleep
    model = Watched(sleepy, 10.0, said.append)
    for _ in range(3):
        transcribe(model, [clip("a")])
        now[0] += 100.0  # no stage runs
        watched()
    model.close()
    assert said == []


def test_a_run_that_hangs_ends_with_one_line_and_goes_on(tmp_path: Path) -> None:
    def start(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(STUB), str(tmp_path), "40", "0.0", *arguments]
        return subprocess.run(
            command, cwd=STUB.parents[3], env={"PYTHONPATH": str(STUB.parents[3])}, text=True, capture_output=True,
            timeout=60, check=False,
        )  # fmt: skip

    hung = start("3", "5")
    assert hung.returncode == 5
    (line,) = hung.stderr.splitlines()
    assert line.startswith("error: slow: the stage 'network' has not ended within 3 s, for u00")
    assert "--batch-timeout" in line
    journal = tmp_path / "stubs" / "slow" / "stub.jsonl"
    before = journal.read_bytes()
    assert 0 < len(read_journal(journal).lines) < 40
    assert start().returncode == 0
    assert journal.read_bytes().startswith(before)
    assert sorted(line.id for line in read_journal(journal).lines) == [f"u{number:04}" for number in range(40)]


def test_a_limit_must_be_one() -> None:
    from harness.config import Settings

    with pytest.raises(UsageError, match="--batch-timeout 0"):
        Settings(batch_timeout=0.0)
