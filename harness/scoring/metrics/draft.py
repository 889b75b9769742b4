"""What a drafting stage wrote before it was edited, so that what the editor earns is visible."""

from collections.abc import Sequence

from harness.scoring.counting import count_pairs
from harness.scoring.metrics.base import Metric, Parts, Utterances
from harness.scoring.profiles import Profile


def _count(utterances: Utterances, profile: Profile, language: str) -> Sequence[Parts] | None:
    drafts = [(one.row.reference, one.row.draft, language) for one in utterances if one.row.draft is not None]
    if len(drafts) < len(utterances) or not drafts or profile.by_character(language):
        return None
    return [(found.counts.errors, found.counts.words) for found in count_pairs(drafts, profile)]


DRAFT_WER = Metric(
    name="draft_wer",
    title="draft WER",
    meaning="word error rate of the draft, where the model edits one",
    count=_count,
    always=lambda facts: facts.drafted,
)
