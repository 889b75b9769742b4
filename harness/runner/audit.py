"""`--audit-batching`: does a transcript depend on which clips shared its batch?

A sample of a finished benchmark is transcribed again: each clip alone, in batches in reversed order, and all in one
batch. What differs from the journal was made by the batch, not by the speech.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.sampling import sample
from harness.errors import ModelError
from harness.runner.audio import load_clip
from harness.runner.plan import plan
from harness.scoring.error_counts import ErrorCounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.dataset import Utterance
    from harness.models.base import Model
    from harness.runner.plan import Budget
    from harness.scoring.profiles import Profile
    from harness.types import Clip


def audit_batching(
    model: Model,
    lines: Sequence[dict[str, Any]],
    utterances: Iterable[Utterance],
    *,
    count: int,
    budget: Budget,
    profile: Profile,
) -> dict[str, Any]:
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
        For run.json: for each way of batching the number of changed transcripts, the WER of the sample before and
        after, and the clip that changed most.
    """
    limit = model.card.max_seconds
    said = {line["id"]: line for line in lines if "hypothesis" in line and (limit is None or line["heard"] <= limit)}
    chosen = sample(list(said.values()), count, 0, length=lambda line: line["heard"], key=lambda line: line["id"])
    ids = {line["id"] for line in chosen}
    kept = [utterance for utterance in utterances if utterance.id in ids]
    clips = sorted((load_clip(utterance) for utterance in kept), key=lambda clip: (-clip.duration, clip.id))
    planned = [[clips[index] for index in batch] for batch in plan([clip.duration for clip in clips], budget)]
    ways = {
        "alone": [[clip] for clip in clips],
        "reversed": [batch[::-1] for batch in reversed(planned)],
        "one_batch": _batches_of(clips, model.card.max_batch or len(clips)),
    }
    result: dict[str, Any] = {"utterances": len(clips)}
    for way, batches in ways.items():
        texts = _transcribe(model, batches)
        result[way] = _difference(said, texts, profile)
    return result


def _batches_of(clips: list[Clip], size: int) -> list[list[Clip]]:
    return [clips[start : start + size] for start in range(0, len(clips), max(1, size))]


def _transcribe(model: Model, batches: Iterable[list[Clip]]) -> dict[str, str]:
    """Texts by clip id."""
    texts: dict[str, str] = {}
    for batch in batches:
        hypotheses = model.text(model.infer(model.transfer(model.features(batch))))
        if len(hypotheses) != len(batch):
            msg = f"{model.card.id} returned {len(hypotheses)} texts for {len(batch)} clips"
            raise ModelError(msg)
        texts.update((clip.id, hypothesis.text) for clip, hypothesis in zip(batch, hypotheses, strict=True))
    return texts


def _difference(said: dict[str, dict[str, Any]], texts: dict[str, str], profile: Profile) -> dict[str, Any]:
    """What changed between the journal and other texts of the same clips."""
    before = after = ErrorCounts()
    changed = 0
    worst: tuple[int, str] | None = None
    for name, text in sorted(texts.items()):
        line = said[name]
        was = profile.count(line["reference"], line["hypothesis"], line["language"])
        now = profile.count(line["reference"], text, line["language"])
        before, after = before + was, after + now
        if text != line["hypothesis"]:
            changed += 1
            moved = abs(now.errors - was.errors)
            if worst is None or moved > worst[0]:
                worst = (moved, name)
    found: dict[str, Any] = {"changed": changed, "wer_in_run": before.rate, "wer": after.rate, "worst": None}
    if worst is not None:
        name = worst[1]
        found["worst"] = {"id": name, "in_run": said[name]["hypothesis"], "now": texts[name]}
    return found
