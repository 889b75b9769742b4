"""A model with a deliberate padding bug is caught; a sound one is not."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.dataset import Audio, Utterance
from harness.models.base import Model, ModelCard
from harness.progress import Silent
from harness.runner.again import audit_batching
from harness.runner.clock import Clock
from harness.runner.journal import JournalFile
from harness.runner.loop import Loop
from harness.runner.plan import Budget
from harness.runner.stages import State, Stop
from harness.scoring.profile_files import get_profile
from harness.types import SAMPLE_RATE, Clip, Hypothesis

LENGTHS = [0.4 + 0.1 * number for number in range(12)]


class Padded(Model):
    """Says how long its clip is; with the bug, how long the longest of its batch is."""

    def __init__(self, *, bug: bool) -> None:
        self.card = ModelCard(id="padded")
        self.bug = bug

    def features(self, clips: Sequence[Clip]) -> list[float]:
        longest = max(clip.duration for clip in clips)
        return [longest if self.bug else clip.duration for clip in clips]

    def infer(self, features: list[float]) -> list[float]:
        return features

    def text(self, output: list[float]) -> list[Hypothesis]:
        return [Hypothesis(text=f"tenths {round(10 * seconds)}") for seconds in output]


def utterance(number: int, seconds: float) -> Utterance:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(round(seconds * SAMPLE_RATE), np.float32), SAMPLE_RATE, format="FLAC")
    return Utterance(
        id=f"u{number:02}",
        audio=Audio(origin=str(number), data=buffer.getvalue()),
        reference=f"tenths {round(10 * seconds)}",
        language="en",
        duration=seconds,
    )


@pytest.mark.parametrize(
    ("bug", "changed"),
    [(False, (0, 0, 0)), (True, (8, 0, 9))],
    ids=["sound", "padding bug"],
)
def test_a_padding_bug_is_found(tmp_path: Path, bug: bool, changed: tuple[int, int, int]) -> None:
    data = [utterance(number, seconds) for number, seconds in enumerate(LENGTHS)]
    model, budget = Padded(bug=bug), Budget(clips=3)
    with JournalFile(tmp_path / "b.jsonl") as journal:
        state = State(model=model, budget=budget, clock=Clock(), stop=Stop())
        Loop(state=state, benchmark="b", journal=journal, listener=Silent()).run(data)
        found = audit_batching(model, journal.lines, data, count=12, budget=budget, profile=get_profile("card@2026-04"))
    assert (found.asked, found.utterances) == (12, 12)
    # In batches of three sorted by length, the two shorter of each say the longest's; alone they say their own. In one
    # batch all say the longest of all, which three of them did before.
    assert (found.alone.changed, found.reversed.changed, found.one_batch.changed) == changed
    assert found.alone.wer == 0.0
    assert found.alone.wer_in_run == (8 / 24 if bug else 0.0)
    assert (found.alone.worst is None) == (not bug)
    if found.alone.worst is not None:
        assert found.alone.worst.in_run != found.alone.worst.now
