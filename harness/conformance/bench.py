"""A model at work as in a run: each stage in the thread that a run gives it, and what it answers looked at."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.models.base import Model
from harness.runner import stages
from harness.runner.clock import Lap
from harness.runner.journal import describe
from harness.runner.plan import Budget
from harness.runner.threads import Threads
from harness.types import Clip, Hypothesis

if TYPE_CHECKING:
    from types import TracebackType

TIME_SLACK = 0.1
"""Seconds by which a word may end after its clip: models count in frames."""


class Observed(Model):
    """A model, with what is wrong in its answers noted under the name of a check."""

    def __init__(self, inner: Model) -> None:
        self.inner, self.card = inner, inner.card
        self.wrong: dict[str, str] = {}
        self._asked: list[list[Clip]] = []

    def features(self, clips: Sequence[Clip]) -> Any:
        """As the model's; the clips must be after it what they were."""
        before = [clip.waveform.copy() for clip in clips]
        features = self.inner.features(clips)
        for clip, waveform in zip(clips, before, strict=True):
            if not np.array_equal(clip.waveform, waveform, equal_nan=True):
                self.wrong.setdefault("input", f"features changed the waveform of {clip.id}")
                clip.waveform[...] = waveform  # the other checks are about other things
        return [list(clips), features]

    def transfer(self, features: Any) -> Any:
        """As the model's."""
        return [features[0], self.inner.transfer(features[1])]

    def infer(self, features: Any) -> Any:
        """As the model's."""
        return [features[0], self.inner.infer(features[1])]

    def text(self, output: Any) -> list[Hypothesis]:
        """As the model's."""
        clips, answer = output
        hypotheses = self.inner.text(answer)
        self._look(hypotheses, clips)
        if "count" in self.wrong or "text" in self.wrong:
            raise Wrong
        return hypotheses

    def beside(self) -> None:
        """As the model's."""
        self.inner.beside()

    def synchronize(self) -> None:
        """As the model's."""
        self.inner.synchronize()

    def _look(self, hypotheses: object, clips: Sequence[Clip]) -> None:
        if not isinstance(hypotheses, list) or len(hypotheses) != len(clips):
            count = len(hypotheses) if isinstance(hypotheses, list) else f"a {type(hypotheses).__name__}, not a list of"
            self.wrong.setdefault("count", f"text gave {count} hypotheses for {len(clips)} clips")
            return
        for hypothesis, clip in zip(hypotheses, clips, strict=True):
            if not isinstance(hypothesis, Hypothesis) or not isinstance(hypothesis.text, str):
                self.wrong.setdefault("text", f"{clip.id}: not a Hypothesis with a text, but {hypothesis!r:.60}")
                continue
            try:
                hypothesis.text.encode()
            except UnicodeEncodeError as error:
                self.wrong.setdefault("text", f"{clip.id}: not UTF-8 ({error.reason} at {error.start})")
            if wrong := wrong_times(hypothesis, clip.duration):
                self.wrong.setdefault("times", f"{clip.id}: {wrong}")


def wrong_times(hypothesis: Hypothesis, seconds: float) -> str | None:
    """What is wrong with the times of words, which lie in the clip and in order; None where nothing is."""
    last = 0.0
    for word in hypothesis.words or ():
        times = f"{word.text!r} from {word.start:.2f} to {word.end:.2f} s"
        if not (math.isfinite(word.start) and math.isfinite(word.end)):
            return f"{times} is no number"
        if word.start < last:
            return f"{times} begins before the word before it, or the clip"
        if word.end < word.start:
            return f"{times} ends before it begins"
        if word.end > seconds + TIME_SLACK:
            return f"{times} is not in a clip of {seconds:.2f} s"
        last = word.start
    if hypothesis.speakers is not None and len(hypothesis.speakers) != len(hypothesis.words or hypothesis.text.split()):
        return f"{len(hypothesis.speakers)} speakers for {len(hypothesis.words or hypothesis.text.split())} words"
    return None


class Failed(Exception):  # noqa: N818 - an answer that is waited for
    """A model raised."""


class Wrong(Exception):  # noqa: N818 - an answer that is waited for
    """An answer is none; why is noted."""


@contextmanager
def _named(clips: Sequence[Clip]) -> Iterator[None]:
    """Names the clips of whatever a model raises."""
    try:
        yield
    except Wrong:
        raise
    except Exception as error:
        more = f" and {len(clips) - 1} more" if len(clips) > 1 else ""
        raise Failed(f"{clips[0].id}{more}: {describe(error)}") from error


class Bench:
    """The model in a run's threads. A context: the threads end with it."""

    def __init__(self, model: Model, most: int) -> None:
        self.model = Observed(model)
        self.most = min(most, model.card.max_batch or most)
        self._budget = Budget(clips=self.most, packs=model.card.packs)
        self._threads = Threads(self.model, 1)

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.close()

    def heard(self, batches: Iterable[Sequence[Clip]], lap: Lap | None = None) -> dict[str, str]:
        """Texts by id, a batch after the other.

        Raises:
            Failed: a stage raised, or its answer is none.
        """
        texts: dict[str, str] = {}
        for batch in batches:
            work = self.prepared(batch, lap)
            self.run(work, lap)
            texts |= self.text(work, lap)
        return texts

    def prepared(self, batch: Sequence[Clip], lap: Lap | None = None) -> stages.Work:
        """Features, in the thread beside the network."""
        lap = lap or Lap()
        with _named(batch):
            return self._threads.prepare.submit(stages.prepare, self.model, list(batch), self._budget, lap).result()

    def run(self, work: stages.Work, lap: Lap | None = None) -> None:
        """The network, here."""
        with _named(work.clips):
            stages.infer(self.model, work, lap or Lap())

    def text(self, work: stages.Work, lap: Lap | None = None) -> dict[str, str]:
        """Texts by id, in the thread that writes."""
        with _named(work.clips):
            hypotheses = self._threads.write.submit(stages.text, self.model, work, lap or Lap()).result()
        return {clip.id: one.text for clip, one in zip(work.clips, hypotheses, strict=True)}

    def batches(self, clips: Sequence[Clip]) -> list[Sequence[Clip]]:
        """The clips in batches of their order, as large as the model and the kit take."""
        return [clips[start : start + self.most] for start in range(0, len(clips), self.most)]
