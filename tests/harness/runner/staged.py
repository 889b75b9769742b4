"""A model whose stages note when they run, and a run of it."""

import threading
import time
from collections.abc import Sequence
from typing import Any

from harness.models.base import Model, ModelCard
from harness.runner.journal import JournalFile
from harness.runner.loop import Loop
from harness.runner.plan import Budget
from harness.types import Clip, Hypothesis
from tests.harness.runner.test_loop import loop, utterances

STAGES = ("features", "transfer", "infer", "text")


class Staged(Model):
    """Sleeps in its stages; remembers in which threads, and how many at a time, each of them ran."""

    def __init__(self, seconds: dict[str, float] | None = None, **card: Any) -> None:
        self.card = ModelCard(id="staged", batch_invariant=True, **card)
        self.seconds = dict.fromkeys(STAGES, 0.0) | (seconds or {})
        self.threads: dict[str, set[str]] = {stage: set() for stage in STAGES}
        self.streams: set[str] = set()
        self.inside = dict.fromkeys(STAGES, 0)
        self.most = dict.fromkeys(STAGES, 0)

    def beside(self) -> None:
        self.streams.add(threading.current_thread().name)

    def stage(self, name: str, value: Any) -> Any:
        self.inside[name] += 1
        self.most[name] = max(self.most[name], self.inside[name])
        self.threads[name].add(threading.current_thread().name)
        try:
            time.sleep(self.seconds[name])
            return self.look(name, value)
        finally:
            self.inside[name] -= 1

    def look(self, name: str, value: Any) -> Any:
        return value

    def features(self, clips: Sequence[Clip]) -> Any:
        return self.stage("features", [clip.id for clip in clips])

    def transfer(self, features: Any) -> Any:
        return self.stage("transfer", features)

    def infer(self, features: Any) -> Any:
        return self.stage("infer", features)

    def text(self, output: Any) -> list[Hypothesis]:
        return [Hypothesis(text=f"this is {name}") for name in self.stage("text", output)]


def run(model: Model, journal: JournalFile, count: int = 20, **more: Any) -> tuple[Loop, float]:
    parts: dict[str, Any] = {"warm": True, "budget": Budget(clips=1)}
    work = loop(model, journal, **(parts | more))
    data = utterances([0.1] * count)
    begin = time.perf_counter()
    work.run(data)
    work.state.clock.wall = time.perf_counter() - begin
    return work, work.state.clock.wall


def texts(journal: JournalFile) -> dict[str, str]:
    return {line.id: str(line.hypothesis or line.error) for line in journal.lines}


EVERYTHING = {f"u{number}": f"this is u{number}" for number in range(20)}
