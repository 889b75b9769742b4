"""Clips longer than a model takes: cut at pauses, transcribed in pieces, joined again.

The cut is where speech is quietest, so that as few words as possible are cut through. It depends on the clip alone,
never on its batch, and is recorded with the transcript.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

from harness.types import SAMPLE_RATE, Clip, Hypothesis, Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME = SAMPLE_RATE // 50
"""Samples of a frame whose loudness is measured: 20 ms."""

PAUSE_FRAMES = 15
"""Frames over which a pause is looked for: 300 ms, longer than the closure of a stop consonant."""

SEARCH = 0.5
"""The share of the longest piece, from its end, in which the cut is looked for: pieces are not cut needlessly short."""


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
    """One hypothesis for a clip from those of its pieces: texts with a space between, word times moved."""
    if len(hypotheses) == 1:
        return hypotheses[0]
    words = []
    speakers: list[str] = []
    offset = 0.0
    for hypothesis, piece in zip(hypotheses, pieces, strict=True):
        words += [Word(word.text, word.start + offset, word.end + offset) for word in hypothesis.words or ()]
        speakers += hypothesis.speakers or ()
        offset += piece.duration
    drafts = [hypothesis.draft for hypothesis in hypotheses]
    return Hypothesis(
        text=_spaced(hypothesis.text for hypothesis in hypotheses),
        draft=None if None in drafts else _spaced(draft or "" for draft in drafts),
        words=tuple(words) if all(hypothesis.words is not None for hypothesis in hypotheses) else None,
        speakers=tuple(speakers) if all(hypothesis.speakers is not None for hypothesis in hypotheses) else None,
    )


def bounds(pieces: Sequence[Clip]) -> tuple[tuple[float, float], ...]:
    """Begin and end of each piece in seconds, for the journal."""
    ends = list(accumulate((piece.duration for piece in pieces), initial=0.0))
    return tuple(pairwise(ends))


def _spaced(texts: Iterable[str]) -> str:
    return " ".join(text.strip() for text in texts if text.strip())
