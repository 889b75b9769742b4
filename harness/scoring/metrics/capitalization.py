"""Capitals of the words that are the same on both sides."""

from collections.abc import Sequence

from harness.scoring.metrics.base import Absent, Metric, Parts, Utterances, f1, halves
from harness.scoring.profiles import Profile
from harness.scoring.written.counts import Tally, capitalization
from harness.scoring.written.facing import of_faces
from harness.scoring.written.references import lacks_capitals


def tallies(utterances: Utterances, profile: Profile, language: str) -> Sequence[tuple[Tally, int] | None] | Absent:
    """The capitals of each utterance and how many words were compared; None for a reference of several spellings."""
    reason = lacks_capitals((one.row.reference for one in utterances), language)
    if reason is not None:
        return Absent(reason)
    return of_faces(utterances, profile, language, capitalization, "capitalization")


def _errors(utterances: Utterances, profile: Profile, language: str) -> Sequence[Parts | None] | Absent:
    found = tallies(utterances, profile, language)
    return found if isinstance(found, Absent) else [None if one is None else (one[0].errors, one[1]) for one in found]


def _f1(utterances: Utterances, profile: Profile, language: str) -> Sequence[Parts | None] | Absent:
    found = tallies(utterances, profile, language)
    return found if isinstance(found, Absent) else [None if one is None else f1(*one[0].of()) for one in found]


CAPITALIZATION_ERROR_RATE = Metric(
    name="capitalization_error_rate",
    title="capitalization errors",
    meaning="words with other capitals than in the reference, of the words with case that both sides have alike",
    count=_errors,
    counted=("word with other capitals", "words with other capitals"),
    classes=True,
    part=True,
)

CAPITALIZATION_F1 = Metric(
    name="capitalization_f1",
    title="capitalization F1",
    meaning="harmonic mean of precision and recall of words with capitals (Capitalized, UPPER, mixed), of the words "
    "that both sides have alike",
    count=_f1,
    counted=halves("word with capitals", "words with capitals"),
    classes=True,
    better="higher",
)
