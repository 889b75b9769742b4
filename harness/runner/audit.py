"""`--audit-batching`: does a transcript depend on which clips shared its batch?

A sample of a finished benchmark is transcribed again: each clip alone, in batches in reversed order, and all in one
batch. What differs from the journal was made by the batch, not by the speech.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from benchmarks.sampling import sample
from harness.errors import ModelError
from harness.records.run import Audit, Replay, Worst
from harness.runner.audio import load_clip
from harness.runner.plan import plan
from harness.scoring.error_counts import ErrorCounts

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance
    from harness.models.base import Model
    from harness.records.journal import Line
    from harness.runner.plan import Budget
    from harness.scoring.profiles import Profile
    from harness.types import Clip


def audit_batching(
    model: Model,
    lines: Sequence[Line],
    utterances: Iterable[Utterance],
    *,
    count: int,
    budget: Budget,
    profile: Profile,
) -> Audit:
    """Replays a sample of a journal in other batches.

    Args:
        model: the model that wrote the journal.
        lines: the journal.
        utterances: the benchmark's utterances, read anew.
        count: how many to replay, a seeded sample over all lengths. Clips that the model takes only in pieces are
            left out: they have a batch of their own anyway.
        budget: what the run's batches held.
        profile: how the change in WER is counted.

    Returns:
        For each way of batching the number of changed transcripts, the WER of the sample before and after, and the
        clip that changed most.
    """
    limit = model.card.max_seconds
    whole = {line.id: line for line in lines if line.hypothesis is not None and _fits(line, limit)}
    chosen = sample(list(whole.values()), count, 0, length=_length, key=lambda line: line.id)
    ids = {line.id for line in chosen}
    kept = [utterance for utterance in utterances if utterance.id in ids]
    clips = sorted((load_clip(utterance) for utterance in kept), key=lambda clip: (-clip.duration, clip.id))
    planned = [[clips[index] for index in batch] for batch in plan([clip.duration for clip in clips], budget)]

    def replayed(batches: Iterable[list[Clip]]) -> Replay:
        return _difference(whole, _transcribe(model, batches), profile)

    return Audit(
        asked=count,
        utterances=len(clips),
        alone=replayed([clip] for clip in clips),
        reversed=replayed(batch[::-1] for batch in reversed(planned)),
        one_batch=replayed(_batches_of(clips, model.card.max_batch or len(clips))),
    )


def _length(line: Line) -> float:
    return line.audio_seconds or 0.0


def _fits(line: Line, limit: float | None) -> bool:
    return limit is None or _length(line) <= limit


def _batches_of(clips: list[Clip], size: int) -> list[list[Clip]]:
    return [clips[start : start + size] for start in range(0, len(clips), max(1, size))]


def _transcribe(model: Model, batches: Iterable[list[Clip]]) -> dict[str, str]:
    """Texts by clip id."""
    texts: dict[str, str] = {}
    for batch in batches:
        hypotheses = model.text(model.infer(model.transfer(model.features(batch))))
        if len(hypotheses) != len(batch):
            raise ModelError(f"{model.card.id} returned {len(hypotheses)} texts for {len(batch)} clips")
        texts.update((clip.id, hypothesis.text) for clip, hypothesis in zip(batch, hypotheses, strict=True))
    return texts


def _difference(lines: Mapping[str, Line], texts: Mapping[str, str], profile: Profile) -> Replay:
    """What changed between the journal and other texts of the same clips."""
    before = after = ErrorCounts()
    changed = 0
    most = -1
    worst: Worst | None = None
    for name, text in sorted(texts.items()):
        line = lines[name]
        in_run = line.hypothesis or ""
        was = profile.count(line.reference, in_run, line.language)
        now = profile.count(line.reference, text, line.language)
        before, after = before + was, after + now
        if text == in_run:
            continue
        changed += 1
        moved = abs(now.errors - was.errors)
        if moved > most:
            most, worst = moved, Worst(id=name, in_run=in_run, now=text)
    return Replay(changed=changed, wer_in_run=before.rate, wer=after.rate, worst=worst)
