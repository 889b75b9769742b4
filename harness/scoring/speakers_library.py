"""tcpWER, ORC-WER and DI-cpWER by meeteval, DER by pyannote.metrics: the extra ``speakers``, loaded when asked for.

meeteval: von Neumann et al., MeetEval, CHiME 2023, https://github.com/fgnt/meeteval. pyannote.metrics: Bredin,
Interspeech 2017, https://github.com/pyannote/pyannote-metrics.
"""

from __future__ import annotations

import importlib.util
import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from harness.scoring.speakers_sides import Said, Side, Sides

COLLAR = 5.0
"""Seconds that a word of the hypothesis may be away from its place in tcpWER by default; meeteval's advice."""
MOST_STREAMS = 10
"""Speakers of the side whose streams are chosen among, at which meeteval stops."""
MOST_STATES = 2_000_000
"""Places in all streams together up to which the assignment of ORC-WER is searched whole."""
MOST_STEPS = 300_000_000
"""The same times the words that are assigned: some seconds."""


def missing(library: str) -> str | None:
    """Why a metric cannot be counted; None where its library is there."""
    if importlib.util.find_spec(library.partition(".")[0]) is not None:
        return None
    name = {"meeteval": "meeteval", "pyannote.metrics": "pyannote.metrics"}[library]
    return f"{name} is not installed: pip install 'asr-harness[speakers]'"


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what meeteval says of every session: that it has no times, that a speaker overlaps with himself."""
    loggers = [logging.getLogger(name) for name in ("preprocess", "time_constrained")]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)


def _segments(side: Side, *, timed: bool) -> list[dict[str, Any]]:
    """A side as meeteval takes it."""
    return [
        {"session_id": "", "speaker": one.speaker or "?", "words": " ".join(one.words)}
        | ({"start_time": one.start, "end_time": max(one.end or 0.0, one.start or 0.0)} if timed else {})
        for one in side.turns
    ]


def tcp_errors(sides: Sides, collar: float) -> int:
    """Word errors of tcpWER: as cpWER's, but words face each other only where their times, widened by a collar, touch.

    Times of words are made of those of their turns, by their letters; of the hypothesis their middles count.
    """
    from meeteval.wer.wer.time_constrained import time_constrained_minimum_permutation_word_error_rate as tcp

    if not sides.hypothesis.length or not sides.reference.length:
        return sides.reference.length + sides.hypothesis.length
    reference, hypothesis = (_segments(side, timed=True) for side in sides)
    with _quietly():
        return int(tcp(reference, hypothesis, collar=collar).errors)


def orc_errors(sides: Sides) -> tuple[int, bool]:
    """Word errors of ORC-WER, and whether the assignment was searched whole: of long meetings greedily."""
    from meeteval.wer.wer.orc import greedy_orc_word_error_rate, orc_word_error_rate

    if not sides.hypothesis.length or not sides.reference.length:
        return sides.reference.length + sides.hypothesis.length, True
    states = math.prod(length + 1 for length in _streams(sides.hypothesis).values())
    whole = states <= MOST_STATES and states * sides.reference.length <= MOST_STEPS
    count = orc_word_error_rate if whole else greedy_orc_word_error_rate
    with _quietly():
        return int(count(*(_segments(side, timed=False) for side in sides)).errors), whole


def di_cp_errors(sides: Sides) -> int:
    """Word errors of DI-cpWER, whose assignment meeteval searches greedily."""
    from meeteval.wer.wer.di_cp import greedy_di_cp_word_error_rate

    if not sides.hypothesis.length or not sides.reference.length:
        return sides.reference.length + sides.hypothesis.length
    with _quietly():
        return int(greedy_di_cp_word_error_rate(*(_segments(side, timed=False) for side in sides)).errors)


def streams(side: Side) -> int:
    """How many speakers a side has."""
    return len(_streams(side))


def _streams(side: Side) -> dict[str, int]:
    """Words of each speaker."""
    found: dict[str, int] = {}
    for one in side.turns:
        found[one.speaker] = found.get(one.speaker, 0) + len(one.words)
    return found


class Diarized(NamedTuple):
    """Seconds of one session, where several who speak at once count each."""

    speech: float
    """Of the reference."""
    missed: float
    false_alarm: float
    confused: float


def diarization(sides: Sides, collar: float = 0.0) -> Diarized:
    """What DER is made of (Fiscus et al., NIST, 2006), under the best assignment of speakers; overlapped speech counts.

    Args:
        sides: both with times and speakers.
        collar: seconds before and after each boundary of the reference that are not scored.
    """
    from pyannote.core import Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    reference, hypothesis = (_annotation(side) for side in sides)
    ends = [one.end or 0.0 for side in sides for one in side.turns]
    whole = Timeline([Segment(0.0, max(ends, default=0.0) + 1.0)])
    with _quietly():
        # pyannote's collar is the whole of what is left out around a boundary, half of it on each side
        found = DiarizationErrorRate(collar=2 * collar).compute_components(reference, hypothesis, uem=whole)
    names = ("total", "missed detection", "false alarm", "confusion")
    return Diarized(*(float(found[name]) for name in names))


def _annotation(side: Side) -> Any:
    """A side as pyannote takes it; stretches of one speaker that touch or overlap are one."""
    from pyannote.core import Annotation, Segment

    made = Annotation()
    for number, (speaker, start, end) in enumerate(_stretches(side.turns)):
        made[Segment(start, end), number] = speaker
    return made


def _stretches(turns: Sequence[Said]) -> Iterator[tuple[str, float, float]]:
    """When each speaker speaks, without overlaps."""
    timed = sorted((one.speaker, one.start or 0.0, one.end or 0.0) for one in turns)
    for speaker, own in groupby(timed, key=lambda one: one[0]):
        begun: float | None = None
        last = 0.0
        for _, start, end in own:
            if begun is not None and start > last:
                yield speaker, begun, last
                begun = None
            begun, last = (start, end) if begun is None else (begun, max(last, end))
        if begun is not None:
            yield speaker, begun, last
