"""Punctuation: error rates by slots, and precision, recall and F1 of marks.

On the alignment of normalized words; `harness.scoring.written` has how marks face each other.
"""

import functools
from collections.abc import Sequence

from harness.scoring import lattice
from harness.scoring.metrics.base import Absent, Metric, Parts, Utterances, f1, halves
from harness.scoring.profiles import Profile
from harness.scoring.written.counts import Tally, punctuation
from harness.scoring.written.facing import of_faces
from harness.scoring.written.marks import KINDS
from harness.scoring.written.nemo import MARKS, punctuation_of_texts
from harness.scoring.written.references import lacks_punctuation


def tallies(utterances: Utterances, profile: Profile, language: str) -> Sequence[Tally | None] | Absent:
    """The marks of each utterance; None for a reference that accepts several spellings."""
    reason = lacks_punctuation((one.row.reference for one in utterances), language)
    if reason is not None:
        return Absent(reason)
    return of_faces(utterances, profile, language, punctuation, "punctuation")


def _errors(utterances: Utterances, profile: Profile, language: str) -> Sequence[Parts | None] | Absent:
    found = tallies(utterances, profile, language)
    return found if isinstance(found, Absent) else [None if one is None else (one.errors, one.slots) for one in found]


def _by_nemo(utterances: Utterances, _profile: Profile, language: str) -> Sequence[Parts | None] | Absent:
    reason = lacks_punctuation((one.row.reference for one in utterances), language)
    if reason is not None:
        return Absent(reason)
    counted: list[Parts | None] = []
    for one in utterances:
        if lattice.parse(one.row.reference) is not None:
            counted.append(None)
            continue
        tally = punctuation_of_texts(one.row.reference, one.row.hypothesis or "")
        counted.append((tally.errors, tally.slots))
    return counted


def _share(
    utterances: Utterances, profile: Profile, language: str, *, of: str, kind: str | None = None
) -> Sequence[Parts | None] | Absent:
    found = tallies(utterances, profile, language)
    if isinstance(found, Absent):
        return found
    marks = None if kind is None else KINDS[kind] + (";" if (kind, language) == ("question", "el") else "")
    counted: list[Parts | None] = []
    for one in found:
        right, said, written = (0, 0, 0) if one is None else one.of(marks)
        parts = {"precision": (right, written), "recall": (right, said), "f1": f1(right, said, written)}
        counted.append(None if one is None else parts[of])
    return counted


PER = Metric(
    name="punctuation_error_rate",
    title="PER",
    meaning="punctuation error rate: marks substituted, left out and added, of these and the right ones, on the "
    "alignment of normalized words",
    count=_errors,
    counted=("wrong mark", "wrong marks"),
    classes=True,
    part=True,
)

PER_NEMO = Metric(
    name="punctuation_error_rate_nemo",
    title="PER (NeMo)",
    meaning=f"punctuation error rate as NeMo counts it: {' '.join(MARKS)} alone, aligned together with the raw words",
    count=_by_nemo,
    counted=("wrong mark", "wrong marks"),
    classes=True,
    part=True,
)

PUNCTUATION_PRECISION = Metric(
    name="punctuation_precision",
    title="punctuation precision",
    meaning="right punctuation marks, of those that were written",
    count=functools.partial(_share, of="precision"),
    counted=("wrong mark", "wrong marks"),
    classes=True,
    better="higher",
)

PUNCTUATION_RECALL = Metric(
    name="punctuation_recall",
    title="punctuation recall",
    meaning="right punctuation marks, of those of the references",
    count=functools.partial(_share, of="recall"),
    counted=("missed mark", "missed marks"),
    classes=True,
    better="higher",
)

PUNCTUATION_F1 = Metric(
    name="punctuation_f1",
    title="punctuation F1",
    meaning="harmonic mean of precision and recall of punctuation marks, all marks together",
    count=functools.partial(_share, of="f1"),
    counted=halves("mark", "marks"),
    classes=True,
    better="higher",
)


def _of_kind(kind: str) -> Metric:
    return Metric(
        name=f"{kind}_f1",
        title=f"{kind} F1",
        meaning=f"harmonic mean of precision and recall of the marks {' '.join(KINDS[kind])}",
        count=functools.partial(_share, of="f1", kind=kind),
        counted=halves("mark", "marks"),
        classes=True,
        better="higher",
    )


PERIOD_F1, COMMA_F1, QUESTION_F1, EXCLAMATION_F1 = map(_of_kind, ("period", "comma", "question", "exclamation"))
