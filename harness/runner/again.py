"""A finished benchmark is run again: whole, for its speed, or a sample of it in other batches.

`--repeats` and `--clock leaderboard` run all of it; its transcripts are compared, not kept. The leaderboard's scripts
put one clock around features, transfer, network and text of a batch whose audio is decoded already, with nothing beside
it; so does a run whose stages do not overlap.

`--audit-batching` asks whether a transcript depends on which clips shared its batch: a sample is transcribed with each
clip alone, in batches in reversed order, and all in one batch. What differs from the journal was made by the batch, not
by the speech.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from msgspec.structs import replace

from benchmarks.sampling import sample
from harness.amounts import amount
from harness.audio import load_clip
from harness.errors import ModelError
from harness.records.run import Audit, Replay, Worst
from harness.records.speed import Repeats, Speed
from harness.runner.clock import Clock
from harness.runner.engine import loop_type
from harness.runner.journal import JournalFile
from harness.runner.plan import Budget, plan
from harness.runner.stages import State, Stop
from harness.scoring.error_counts import ErrorCounts

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance
    from harness.config import Settings
    from harness.models.base import Model
    from harness.records.journal import Line
    from harness.runner.loop import Listener
    from harness.scoring.profiles import Profile
    from harness.types import Clip


def run_again(
    model: Model,
    utterances: Iterable[Utterance],
    lines: Sequence[Line],
    *,
    settings: Settings,
    listener: Listener,
    stop: Stop,
    overlap: bool = True,
) -> tuple[Clock, int]:
    """One more run of a benchmark, warm: its clock, and the number of transcripts that differ from the journal's lines.

    Without `overlap` each batch is decoded, then timed alone.
    """
    texts = {line.id: line.hypothesis for line in lines}
    clock, budget = Clock(), settings.budget(model.card)
    state = State(model=model, budget=budget, clock=clock, stop=stop, warm=True, overlap=overlap)
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, JournalFile(Path(folder) / "again.jsonl") as journal:
        loop = loop_type(settings)(
            state=state, benchmark="again", journal=journal, listener=listener, workers=settings.workers
        )
        loop.run(utterance for utterance in utterances if utterance.id in texts)
        clock.wall = time.perf_counter() - begin
        changed = sum(texts[line.id] != line.hypothesis for line in journal.lines)
    return clock, changed


def with_leaderboard(speed: Speed, clock: Clock) -> Speed:
    """The speed with that of a run without overlap, which is timed as the leaderboard's scripts time a batch."""
    return replace(
        speed,
        rtfx_leaderboard=clock.rtfx,
        audio_seconds_leaderboard=clock.audio_seconds_undisturbed,
        seconds_counted_leaderboard=clock.counted,
    )


def with_repeats(speed: Speed, clocks: Sequence[Clock], changed: int) -> Speed:
    """The speed with RTFx of each run, the first one included, their medians, and how steady the texts were."""
    rtfx = tuple(clock.rtfx for clock in clocks if clock.rtfx is not None)
    end_to_end = tuple(clock.rtfx_end_to_end for clock in clocks if clock.rtfx_end_to_end is not None)
    repeats = Repeats(
        asked=len(clocks),
        changed_transcripts=changed,
        rtfx=rtfx,
        rtfx_median=median(rtfx) if rtfx else None,
        rtfx_end_to_end=end_to_end,
        rtfx_end_to_end_median=median(end_to_end) if end_to_end else None,
    )
    return replace(speed, repeats=repeats)


def audit_batching(
    model: Model,
    lines: Sequence[Line],
    utterances: Iterable[Utterance],
    *,
    count: int,
    budget: Budget,
    profile: Profile,
) -> Audit:
    """Replays `count` lines of a journal in other batches than the run's, a seeded sample over all lengths.

    Clips that the model takes only in pieces are left out: they have a batch of their own anyway.

    Returns:
        For each way of batching the number of changed transcripts, the WER of the sample before and after, and the
        clip that changed most.
    """
    limit = model.card.max_seconds
    fitting = [line for line in lines if line.hypothesis is not None and (limit is None or _length(line) <= limit)]
    chosen = {line.id: line for line in sample(fitting, count, 0, length=_length, key=lambda line: line.id)}
    kept = (load_clip(utterance) for utterance in utterances if utterance.id in chosen)
    clips = sorted(kept, key=lambda clip: (-clip.duration, clip.id))
    most = model.card.max_batch or max(1, len(clips))
    planned = [[clips[index] for index in batch] for batch in plan([clip.duration for clip in clips], budget)]

    def replayed(batches: Iterable[list[Clip]]) -> Replay:
        return _difference(chosen, _transcribe(model, batches), profile)

    return Audit(
        asked=count,
        utterances=len(clips),
        alone=replayed([clip] for clip in clips),
        reversed=replayed(batch[::-1] for batch in reversed(planned)),
        one_batch=replayed(clips[start : start + most] for start in range(0, len(clips), most)),
    )


def _length(line: Line) -> float:
    return line.audio_seconds or 0.0


def _transcribe(model: Model, batches: Iterable[list[Clip]]) -> dict[str, str]:
    """Texts by clip id."""
    texts: dict[str, str] = {}
    for batch in batches:
        hypotheses = model.text(model.infer(model.transfer(model.features(batch))))
        if len(hypotheses) != len(batch):
            raise ModelError(
                f"{model.card.id} returned {amount(len(hypotheses), 'text')} for {amount(len(batch), 'clip')}"
            )
        texts.update((clip.id, hypothesis.text) for clip, hypothesis in zip(batch, hypotheses, strict=True))
    return texts


def _difference(lines: Mapping[str, Line], texts: Mapping[str, str], profile: Profile) -> Replay:
    """What changed between the journal and other texts of the same clips."""
    before = after = ErrorCounts()
    changed: list[tuple[int, Worst]] = []
    for name, text in sorted(texts.items()):
        line = lines[name]
        in_run = line.hypothesis or ""
        was = profile.count(line.reference, in_run, line.language)
        now = profile.count(line.reference, text, line.language)
        before, after = before + was, after + now
        if text != in_run:
            changed.append((abs(now.errors - was.errors), Worst(id=name, in_run=in_run, now=text)))
    worst = max(changed, key=itemgetter(0))[1] if changed else None
    return Replay(changed=len(changed), wer_in_run=before.rate, wer=after.rate, worst=worst)
