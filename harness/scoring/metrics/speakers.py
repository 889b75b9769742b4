"""Who spoke: errors of words and of their attribution, where reference and hypothesis say who says each word."""

import functools
from collections.abc import Callable, Sequence

from harness.scoring import lattice
from harness.scoring.metrics.base import Absent, Metric, Parts, Utterances
from harness.scoring.profiles import Profile
from harness.scoring.speakers import SpeakerErrors, count_speakers, labelled


def _count(
    utterances: Utterances, profile: Profile, language: str, *, of: Callable[[SpeakerErrors], Parts]
) -> Sequence[Parts | None] | Absent:
    words = functools.cache(profile.texts(language).words)
    counted: list[Parts | None] = []
    for one in utterances:
        row = one.row
        sides = (row.reference, row.reference_speakers), (row.hypothesis or "", row.speakers)
        fit = all(who is not None and len(text.split()) == len(who) for text, who in sides)
        if not fit or lattice.parse(row.reference) is not None:  # labels may be of other words than the text's
            counted.append(None)
            continue
        said, written = (labelled(text, who or (), words) for text, who in sides)
        counted.append(of(count_speakers(said, written)))
    if counted.count(None) == len(counted):
        return Absent("reference and hypothesis do not both say who speaks")
    return counted


CP_WER = Metric(
    name="cp_wer",
    title="cpWER",
    meaning="word error rate of each speaker's words together, under the assignment of speakers with the fewest errors",
    count=functools.partial(_count, of=lambda found: (found.errors, found.words)),
)

WDER = Metric(
    name="wder",
    title="WDER",
    meaning="words of another speaker than in the reference, of the words that face one, under the best assignment",
    count=functools.partial(_count, of=lambda found: (found.misattributed, found.facing)),
)

SPEAKERS_MISCOUNTED = Metric(
    name="speakers_miscounted",
    title="speakers miscounted",
    meaning="speakers too many or too few in each session, of those of the references",
    count=functools.partial(_count, of=lambda found: (found.miscounted, found.speakers)),
)
