"""Who spoke: errors of words and of their attribution, where reference and hypothesis say who says what.

`harness.scoring.speakers_sides` has what is known of both sides of an utterance, which here is a meeting.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.scoring.metrics.base import Absent, Metric, Noted, Parts, Utterances
from harness.scoring.speakers import SpeakerErrors, count_speakers
from harness.scoring.speakers_library import (
    COLLAR,
    MOST_STREAMS,
    Diarized,
    di_cp_errors,
    diarization,
    missing,
    orc_errors,
    streams,
    tcp_errors,
)
from harness.scoring.speakers_sides import Sides, sides_of

if TYPE_CHECKING:
    from harness.scoring.profiles import Profile

Fits = Callable[[Sides], bool]


def _each(
    utterances: Utterances,
    profile: Profile,
    language: str,
    count: Callable[[Sides], Parts],
    *,
    fits: Fits,
    lacks: str,
    library: str | None = None,
    alone: bool = False,
) -> Sequence[Parts | None] | Noted | Absent:
    """What is counted of each utterance of which enough is known; the others are left out, which is said.

    Args:
        utterances: of a benchmark.
        profile: the rules.
        language: of the benchmark.
        count: what an utterance adds.
        fits: whether enough is known of it.
        lacks: what is said of those of which it is not.
        library: what counts.
        alone: whether the reference's turns are enough, so that a hypothesis in one piece tells something too.
    """
    found = sides_of(utterances, profile, language)
    fit = [each is not None and fits(each) for each in found]
    # An empty text is nobody's: it tells nothing of a system, and is counted where another says who speaks.
    known = [each for each, one in zip(found, fit, strict=True) if each is not None and one]
    if not any((each.reference if alone else each.hypothesis).stated for each in known):
        return Absent(lacks)
    reason = None if library is None else missing(library)
    if reason is not None:
        return Absent(reason)
    counted = [count(each) if each is not None and one else None for each, one in zip(found, fit, strict=True)]
    left = fit.count(False)
    notes = [f"{left} of {amount(len(fit), 'utterance')} left out: {lacks}"] if left else []
    notes += _contradictions(known)
    return Noted(counted, "; ".join(notes)) if notes else counted


def _contradictions(known: Sequence[Sides]) -> list[str]:
    """What turns and texts of a side do not share, in how many utterances: the turns are what is scored."""
    told = []
    for name, sides in (
        ("reference", [one.reference for one in known]),
        ("transcript", [one.hypothesis for one in known]),
    ):
        more, fewer = sum(one.more for one in sides), sum(one.fewer for one in sides)
        apart = sum(bool(one.more or one.fewer) for one in sides)
        if apart:
            told.append(
                f"the turns of {apart} of {len(sides)} {name}s are not their "
                f"texts: {amount(more, 'word')} more, {fewer:,} fewer; the turns are scored"
            )
    return told


def _both_named(sides: Sides) -> bool:
    return sides.reference.named and sides.hypothesis.named


def _both_timed(sides: Sides) -> bool:
    return _both_named(sides) and sides.reference.timed and sides.hypothesis.timed


WHO = "reference and hypothesis do not both say who speaks"
WHEN = "reference and hypothesis do not both say who speaks when"


def _own(
    utterances: Utterances, profile: Profile, language: str, *, of: Callable[[SpeakerErrors], Parts]
) -> Sequence[Parts | None] | Noted | Absent:
    def count(sides: Sides) -> Parts:
        return of(count_speakers(sides.reference.labelled, sides.hypothesis.labelled))

    return _each(utterances, profile, language, count, fits=_both_named, lacks=WHO)


CP_WER = Metric(
    name="cp_wer",
    title="cpWER",
    meaning="word error rate of each speaker's words together, under the assignment of speakers with the fewest errors",
    count=functools.partial(_own, of=lambda found: (found.errors, found.words)),
)

WDER = Metric(
    name="wder",
    title="WDER",
    meaning="words of another speaker than in the reference, of the words that face one, under the best assignment",
    count=functools.partial(_own, of=lambda found: (found.misattributed, found.facing)),
    counted=("word of another speaker", "words of another speaker"),
    part=True,
)

SPEAKERS_MISCOUNTED = Metric(
    name="speakers_miscounted",
    title="speakers miscounted",
    meaning="speakers too many or too few in each session, of those of the references",
    count=functools.partial(_own, of=lambda found: (found.miscounted, found.speakers)),
    counted=("speaker too many or too few", "speakers too many or too few"),
)


def _tcp(
    utterances: Utterances, profile: Profile, language: str, *, collar: float
) -> Sequence[Parts | None] | Noted | Absent:
    def count(sides: Sides) -> Parts:
        return tcp_errors(sides, collar), sides.reference.length

    return _each(utterances, profile, language, count, fits=_both_timed, lacks=WHEN, library="meeteval")


def _tcp_metric(collar: float) -> Metric:
    return Metric(
        name="tcp_wer" if collar == COLLAR else f"tcp_wer@{collar:g}",
        title=f"tcpWER, collar {collar:g} s",
        meaning="cpWER in which words face each other only where their times are at most the collar apart",
        count=functools.partial(_tcp, collar=collar),
        at=_tcp_metric,
    )


TCP_WER = _tcp_metric(COLLAR)


def _chosen(
    utterances: Utterances, profile: Profile, language: str, *, attribution: bool
) -> Sequence[Parts | None] | Noted | Absent:
    """Errors of ORC-WER, or what cpWER has more."""
    greedy: list[bool] = []

    def count(sides: Sides) -> Parts:
        errors, whole = orc_errors(sides)
        greedy.append(not whole)
        if attribution:
            both = count_speakers(sides.reference.labelled, sides.hypothesis.labelled)
            errors = both.errors - errors
        return errors, sides.reference.length

    def fits(sides: Sides) -> bool:
        known = _both_named(sides) if attribution else sides.reference.turned
        return known and streams(sides.hypothesis) <= MOST_STREAMS

    if attribution:
        lacks = f"{WHO}, or name more than {MOST_STREAMS}"
    else:
        lacks = f"the reference is not in turns, or the hypothesis has more than {MOST_STREAMS} speakers"
    found = _each(
        utterances, profile, language, count, fits=fits, lacks=lacks, library="meeteval", alone=not attribution
    )
    if not any(greedy) or isinstance(found, Absent):
        return found
    sessions = amount(len(greedy), "session")
    note = f"{sum(greedy)} of {sessions} too long to try every assignment of turns: searched greedily"
    return Noted(found.parts, f"{found.note}; {note}") if isinstance(found, Noted) else Noted(found, note)


ORC_WER = Metric(
    name="orc_wer",
    title="ORC-WER",
    meaning="word error rate where each turn of the reference may be any speaker's: errors of words alone",
    count=functools.partial(_chosen, attribution=False),
)

ATTRIBUTION_ERRORS = Metric(
    name="attribution_errors",
    title="attribution errors",
    meaning="cpWER minus ORC-WER: word errors that are there because turns are taken for another speaker's",
    count=functools.partial(_chosen, attribution=True),
    counted=("attribution error", "attribution errors"),
)


def _di_cp(utterances: Utterances, profile: Profile, language: str) -> Sequence[Parts | None] | Noted | Absent:
    def count(sides: Sides) -> Parts:
        return di_cp_errors(sides), sides.reference.length

    def fits(sides: Sides) -> bool:
        return sides.reference.named and sides.hypothesis.turned and streams(sides.reference) <= MOST_STREAMS

    lacks = f"the reference does not say who speaks, or names more than {MOST_STREAMS}, or the hypothesis has no turns"
    return _each(utterances, profile, language, count, fits=fits, lacks=lacks, library="meeteval")


DI_CP_WER = Metric(
    name="di_cp_wer",
    title="DI-cpWER",
    meaning="cpWER where each turn of the hypothesis may be any speaker's: what speaker labels cost is left out",
    count=_di_cp,
)


def _der(
    utterances: Utterances, profile: Profile, language: str, *, of: Callable[[Diarized], float], collar: float = 0.0
) -> Sequence[Parts | None] | Noted | Absent:
    def count(sides: Sides) -> Parts:
        found = diarization(sides, collar)
        return max(0.0, of(found)), found.speech

    def fits(sides: Sides) -> bool:
        return sides.reference.diarized and sides.hypothesis.diarized

    return _each(utterances, profile, language, count, fits=fits, lacks=WHEN, library="pyannote.metrics")


def _all(found: Diarized) -> float:
    return found.missed + found.false_alarm + found.confused


def _der_metric(collar: float) -> Metric:
    return Metric(
        name="der" if not collar else f"der@{collar:g}",
        title="DER" if not collar else f"DER, collar {collar:g} s",
        meaning="diarization error rate: speech that is missed, made up, or another speaker's, of the reference's; all "
        "overlapped speech counts" + (f"; {collar:g} s around boundaries do not" if collar else ""),
        count=functools.partial(_der, of=_all, collar=collar),
        counted=("second", "seconds"),
        at=_der_metric,
    )


DER = _der_metric(0.0)
DER_MISSED = replace(
    DER,
    name="der_missed",
    title="DER: missed",
    meaning="speech of the reference that is nobody's in the hypothesis, of the reference's",
    count=functools.partial(_der, of=lambda found: found.missed),
    at=None,
    part=True,
)
DER_FALSE_ALARM = replace(
    DER_MISSED,
    name="der_false_alarm",
    title="DER: false alarm",
    meaning="speech of the hypothesis that is nobody's in the reference, of the reference's",
    count=functools.partial(_der, of=lambda found: found.false_alarm),
    part=False,
)
DER_CONFUSED = replace(
    DER_MISSED,
    name="der_confused",
    title="DER: confused",
    meaning="speech that another speaker is named for, of the reference's",
    count=functools.partial(_der, of=lambda found: found.confused),
)
