"""One batch through a model, stage by stage: what the loop overlaps from batch to batch.

Each function is called in one thread at a time, for a batch at a time; different functions may run beside each other
for different batches.

Clips that are longer than the model takes are cut at pauses, transcribed in pieces, and joined again. The cut is where
speech is quietest, so that as few words as possible are cut through. It depends on the clip alone, never on its batch,
and is recorded with the transcript.
"""

from __future__ import annotations

import gc
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, islice, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import devices
from harness.amounts import amount
from harness.errors import DeviceLostError, HarnessError, ModelError
from harness.runner.contain import contained
from harness.runner.plan import Budget, plan
from harness.types import SAMPLE_RATE, Clip, Hypothesis, Turn, Usage, Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.models.base import Model
    from harness.records.run import Event
    from harness.runner.clock import Clock, Lap

FRAME = SAMPLE_RATE // 50
"""Samples of a frame whose loudness is measured: 20 ms."""

PAUSE_FRAMES = 15
"""Frames over which a pause is looked for: 300 ms, longer than the closure of a stop consonant."""

_LACK = re.compile(
    r"out of memory|can't allocate memory|not enough memory"  # CUDA's, MPS's, NCCL's; the processor's allocator
    r"|CU[A-Z]+_STATUS_ALLOC_FAILED|CUFFT_ALLOC_FAILED|CUDNN_STATUS_INTERNAL_ERROR_[A-Z_]*ALLOCATION_FAILED",
    re.IGNORECASE,
)
"""How libraries on a device say that they could not allocate, beside exceptions of their own."""

_LOST = re.compile(
    r"illegal (memory access|address|instruction)|device-side assert|misaligned address|unspecified launch failure"
    r"|launch timed out|(hardware stack|uncorrectable (ECC|NVLink)) error|invalid program counter|address space"
    r"|tensor memory|unknown error|device (was )?(removed|lost)|busy or unavailable|no kernel image",
    re.IGNORECASE,
)
"""What CUDA and HIP say when a context is broken for good (cudaGetLastError's sticky errors), or never worked."""

SEARCH = 0.5
"""The share of the longest piece, from its end, in which the cut is looked for: pieces are not cut needlessly short."""


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
    pieces = [split(clip, limit) for clip in clips]
    flat = [piece for clip in pieces for piece in clip]
    batches = [list(range(len(flat)))]
    if len(flat) > len(clips):
        budget = budget if longest is None else replace(budget, seconds=None, clips=1)
        batches = plan([piece.duration for piece in flat], budget)
    parts: list[tuple[list[int], Any]] = []
    for places in batches:
        with contained(model.card.id), lap.phase("features", model.synchronize):
            features = model.features([flat[place] for place in places])
        with contained(model.card.id), lap.phase("transfer", model.synchronize):
            parts.append((places, model.transfer(features)))
    return Work(clips, pieces, parts)


def infer(model: Model, work: Work, lap: Lap) -> None:
    """The network, in place: features are given up as they are used."""
    for number, (places, features) in enumerate(work.parts):
        with contained(model.card.id), lap.phase("model", model.synchronize):
            work.parts[number] = places, model.infer(features)


def text(model: Model, work: Work, lap: Lap) -> list[Hypothesis]:
    """One hypothesis a clip.

    Raises:
        ModelError: the model returned something else.
    """
    flat = [piece for clip in work.pieces for piece in clip]
    found: dict[int, Hypothesis] = {}
    for places, output in work.parts:
        with contained(model.card.id), lap.phase("text", model.synchronize):
            hypotheses = _checked(model.text(output), [flat[place] for place in places], model.card.id)
        found.update(zip(places, hypotheses, strict=True))
    every = iter([found[place] for place in range(len(flat))])
    return [join(list(islice(every, len(pieces))), pieces) for pieces in work.pieces]


def _checked(hypotheses: Any, clips: Sequence[Clip], model: str) -> list[Hypothesis]:
    """A model's answer, or an error that names the model and the clip."""
    if not isinstance(hypotheses, list) or len(hypotheses) != len(clips):
        found = amount(len(hypotheses), "text") if isinstance(hypotheses, list) else type(hypotheses).__name__
        raise ModelError(f"{model} returned {found} for {amount(len(clips), 'clip')} (first: {clips[0].id!r})")
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
    """What a model raised, without the frames that keep its tensors alive.

    A lack of memory is `OutOfMemory`; an error after which a GPU's context answers every call with the same error is
    `DeviceLostError`, so that no clip is blamed for it.
    """
    # Told by name, so that torch need not be loaded.
    if isinstance(error, HarnessError):
        lacks = "out of memory" in str(error)
    else:
        lacks = (
            isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__ or bool(_LACK.search(str(error)))
        )
    if lacks:
        return OutOfMemory()
    told = str(error)
    ours = type(error).__name__ == "AcceleratorError" or "CUDA error" in told or "HIP error" in told
    if ours and not isinstance(error, HarnessError) and _LOST.search(told):
        return DeviceLostError(
            f"the GPU cannot be used by this process any more ({told.strip().splitlines()[0]}); what was finished is "
            "journalled, and the same command goes on after it; CUDA_LAUNCH_BLOCKING=1 shows which call it is"
        )
    return error.with_traceback(None)


def empty_cache() -> None:
    """Gives the device's cached memory back."""
    gc.collect()
    devices.empty_cache()


def cut(waveform: NDArray[np.float32], max_seconds: float) -> list[tuple[int, int]]:
    """Where to cut a waveform so that no piece is longer than a model takes.

    Args:
        waveform: samples, shape ``[samples]``.
        max_seconds: the longest piece, at least 1 second.

    Returns:
        First and end sample of each piece; they follow each other and cover the waveform.
    """
    longest = int(max_seconds * SAMPLE_RATE)
    pieces: list[tuple[int, int]] = []
    begin = 0
    while len(waveform) - begin > longest:
        end = begin + _quietest(waveform[begin : begin + longest])
        pieces.append((begin, end))
        begin = end
    pieces.append((begin, len(waveform)))
    return pieces


def _quietest(window: NDArray[np.float32]) -> int:
    """The middle of the quietest pause in the later part of a window, in samples; the latest of equally quiet ones."""
    start = int(len(window) * (1 - SEARCH))
    frames = len(window[start:]) // FRAME
    if frames <= PAUSE_FRAMES:
        return len(window)
    energy = np.square(window[start : start + frames * FRAME].astype(np.float64)).reshape(frames, FRAME).mean(axis=1)
    pause = np.convolve(energy, np.ones(PAUSE_FRAMES), mode="valid")
    last = len(pause) - 1 - int(np.argmin(pause[::-1]))
    return start + (2 * last + PAUSE_FRAMES) * FRAME // 2


def split(clip: Clip, max_seconds: float | None) -> list[Clip]:
    """The pieces of a clip as clips; the clip itself where it is short enough."""
    if max_seconds is None or clip.duration <= max_seconds:
        return [clip]
    return [
        replace(clip, id=f"{clip.id}#{number}", waveform=clip.waveform[begin:end])
        for number, (begin, end) in enumerate(cut(clip.waveform, max_seconds))
    ]


def join(hypotheses: Sequence[Hypothesis], pieces: Sequence[Clip]) -> Hypothesis:
    """One hypothesis for a clip from those of its pieces: texts with a space between, word times moved.

    Nobody knows whether a speaker of one piece is one of another, so labels name their piece: `Speaker 1, piece 2`.
    """
    if len(hypotheses) == 1:
        return hypotheses[0]
    words = []
    speakers: list[str] = []
    turns: list[Turn] = []
    offset = 0.0
    for number, (hypothesis, piece) in enumerate(zip(hypotheses, pieces, strict=True), start=1):
        words += [Word(word.text, word.start + offset, word.end + offset) for word in hypothesis.words or ()]
        speakers += [f"{label}, piece {number}" for label in hypothesis.speakers or ()]
        turns += [_later(turn, offset, number) for turn in hypothesis.turns or ()]
        offset += piece.duration
    drafts = [hypothesis.draft for hypothesis in hypotheses]
    usages = [hypothesis.usage for hypothesis in hypotheses if hypothesis.usage is not None]
    return Hypothesis(
        text=_spaced(hypothesis.text for hypothesis in hypotheses),
        draft=None if None in drafts else _spaced(draft or "" for draft in drafts),
        words=tuple(words) if all(hypothesis.words is not None for hypothesis in hypotheses) else None,
        speakers=tuple(speakers) if all(hypothesis.speakers is not None for hypothesis in hypotheses) else None,
        turns=tuple(turns) if all(hypothesis.turns is not None for hypothesis in hypotheses) else None,
        usage=_together(usages) if len(usages) == len(hypotheses) else None,
    )


def _later(turn: Turn, offset: float, number: int) -> Turn:
    """A turn of a piece by the clock of its clip."""
    times = (None if time is None else time + offset for time in (turn.start, turn.end))
    return Turn(f"{turn.speaker}, piece {number}", turn.text, *times)


def _together(usages: Sequence[Usage]) -> Usage:
    """What the pieces of a clip took, which were asked for at the same time; a fact that one lacks is not known."""

    def over(field: str, way: Callable[[list[Any]], Any]) -> Any:
        values = [getattr(usage, field) for usage in usages]
        return None if None in values else way(values)

    counts = {name: over(name, sum) for name in ("tokens", "drafted", "accepted", "requests", "retries")}
    faults = {name: sum(getattr(usage, name) or 0 for usage in usages) or None for name in ("limited", "malformed")}
    costs = [usage.cost for usage in usages if usage.cost is not None]  # nothing is paid for a piece that is not sent
    return Usage(
        latency=over("latency", max),
        first_token=over("first_token", min),
        cost=sum(costs) if costs else None,
        made_by=next((usage.made_by for usage in usages if usage.made_by is not None), None),
        **counts,
        **faults,
    )


def bounds(pieces: Sequence[Clip]) -> tuple[tuple[float, float], ...]:
    """Begin and end of each piece in seconds, for the journal."""
    ends = list(accumulate((piece.duration for piece in pieces), initial=0.0))
    return tuple(pairwise(ends))


def _spaced(texts: Iterable[str]) -> str:
    return " ".join(text.strip() for text in texts if text.strip())
