"""How often a system has the words of a reference where a correction of it says that they are wrong."""

from collections.abc import Sequence

from harness.scoring.fitting.judging import judge
from harness.scoring.metrics.base import Absent, Metric, Noted, Parts, Utterances
from harness.scoring.profiles import Profile


def _count(utterances: Utterances, profile: Profile, language: str) -> Sequence[Parts | None] | Noted | Absent:
    if all(one.row.corrected is None for one in utterances):
        return Absent("no utterance has a corrected reference; give them with --corrected")
    found = judge(utterances, profile, language).utterances
    if not any(one.decided for one in found if one):
        return Absent("no position tells the reference from its correction")
    counted = [None if one is None else (one.count("original"), one.decided) for one in found]
    left = sum(one.row.corrected is None for one in utterances)
    return Noted(counted, f"{left} of {len(counted)} utterances have no corrected reference") if left else counted


FITTING = Metric(
    name="fitting",
    title="reference errors",
    meaning="the reference's words where its correction has others, of the places with the words of one of the two",
    count=_count,
    counted=("reference error", "reference errors"),
    takes="--corrected",
    format=".1f",
    part=True,
)
