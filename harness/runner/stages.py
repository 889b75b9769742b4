"""One batch through a model, stage by stage: what the loop overlaps from batch to batch.

Each function is called in one thread at a time, for a batch at a time; different functions may run beside each other
for different batches. Clips that are longer than the model takes are cut at pauses here, and joined again.
"""

from __future__ import annotations

import gc
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from harness.errors import ModelError
from harness.runner import segments
from harness.runner.plan import Budget, plan
from harness.types import Hypothesis

if TYPE_CHECKING:
    from harness.models.base import Model
    from harness.records.run import Event
    from harness.runner.clock import Clock, Lap
    from harness.types import Clip


class Stop:
    """Set from a signal handler; the loop ends after the batch in hand."""

    def __init__(self) -> None:
        self.requested = False


@dataclass(slots=True, kw_only=True)
class State:
    """One model at work on one benchmark."""

    model: Model
    budget: Budget
    """What a batch may hold; a lack of memory makes it smaller."""
    clock: Clock
    stop: Stop
    warm: bool = False
    """Whether the model is warm already."""
    overlap: bool = True
    """Whether stages of different batches run beside each other; else each waits for the last."""
    events: list[Event] = field(default_factory=list)
    """What disturbed the run, such as a lack of memory."""
    batches: int = 0
    """The number of the next batch."""

    def next_number(self) -> int:
        """The number of a batch that begins."""
        self.batches += 1
        return self.batches - 1


class OutOfMemory(Exception):  # noqa: N818 - a value that is handed on, rarely raised
    """The device or the host had no memory left for a batch."""


@dataclass(slots=True)
class Work:
    """A batch on its way through the stages."""

    clips: list[Clip]
    pieces: list[list[Clip]]
    """The pieces of each clip; the clip itself where it was not cut."""
    parts: list[tuple[list[int], Any]]
    """What goes through the network at a time: places among all pieces, and what the last stage made of them."""


def prepare(model: Model, clips: list[Clip], budget: Budget, lap: Lap, longest: float | None = None) -> Work:
    """Features, on the device.

    Args:
        model: whose features they are.
        clips: of one batch.
        budget: kept by the pieces too, where clips are cut.
        lap: takes the time.
        longest: cut at this length in seconds instead of at the model's own limit, one piece at a time.
    """
    limit = model.card.max_seconds if longest is None else longest
    pieces = [segments.split(clip, limit) for clip in clips]
    flat = [piece for clip in pieces for piece in clip]
    batches = [list(range(len(flat)))]
    if len(flat) > len(clips):
        budget = budget if longest is None else Budget(clips=1, packs=budget.packs)
        batches = plan([piece.duration for piece in flat], budget)
    parts: list[tuple[list[int], Any]] = []
    for places in batches:
        with lap.phase("features", model.synchronize):
            features = model.features([flat[place] for place in places])
        with lap.phase("transfer", model.synchronize):
            parts.append((places, model.transfer(features)))
    return Work(clips, pieces, parts)


def infer(model: Model, work: Work, lap: Lap) -> None:
    """The network, in place: features are given up as they are used."""
    for number, (places, features) in enumerate(work.parts):
        with lap.phase("model", model.synchronize):
            work.parts[number] = places, model.infer(features)


def text(model: Model, work: Work, lap: Lap) -> list[Hypothesis]:
    """One hypothesis a clip.

    Raises:
        ModelError: the model returned something else.
    """
    flat = [piece for clip in work.pieces for piece in clip]
    found: dict[int, Hypothesis] = {}
    for places, output in work.parts:
        with lap.phase("text", model.synchronize):
            hypotheses = _checked(model.text(output), [flat[place] for place in places], model.card.id)
        found.update(zip(places, hypotheses, strict=True))
    every = iter([found[place] for place in range(len(flat))])
    return [segments.join(list(islice(every, len(pieces))), pieces) for pieces in work.pieces]


def _checked(hypotheses: Any, clips: Sequence[Clip], model: str) -> list[Hypothesis]:
    """A model's answer, or an error that names the model and the clip."""
    if not isinstance(hypotheses, list) or len(hypotheses) != len(clips):
        count = len(hypotheses) if isinstance(hypotheses, list) else type(hypotheses).__name__
        raise ModelError(f"{model} returned {count} texts for {len(clips)} clips (first: {clips[0].id!r})")
    for hypothesis, clip in zip(hypotheses, clips, strict=True):
        if not isinstance(hypothesis, Hypothesis) or not isinstance(hypothesis.text, str):
            raise ModelError(f"{model} returned no text for {clip.id!r} but {type(hypothesis).__name__}")
        try:  # no file can hold a lone surrogate, which half a byte sequence becomes, or a time of NaN
            hypothesis.text.encode()
        except UnicodeEncodeError as error:
            msg = f"{model} returned text for {clip.id!r} that is not UTF-8: {error.reason} at {error.start}"
            raise ModelError(msg) from None
        for word in hypothesis.words or ():
            if not (math.isfinite(word.start) and math.isfinite(word.end)):
                msg = f"{model} returned a time for {clip.id!r} that is not a finite number, for {word.text!r}"
                raise ModelError(msg)
    return hypotheses


def caught(error: Exception) -> Exception:
    """What a model raised, without the frames that keep its tensors alive; a lack of memory as `OutOfMemory`."""
    # Told by name, so that torch need not be loaded.
    if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__ or "out of memory" in str(error):
        return OutOfMemory()
    return error.with_traceback(None)


def empty_cache() -> None:
    """Gives the device's cached memory back."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
