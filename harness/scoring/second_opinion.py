"""`score --check jiwer`: the counts again, by the library that papers name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.errors import DataError
from harness.scoring.error_counts import ErrorCounts

if TYPE_CHECKING:
    from harness.scoring.scored import Scored


def by_jiwer(scored: Scored) -> ErrorCounts:
    """What jiwer counts on the same normalized texts. It has no counts for an empty reference: those are insertions."""
    import jiwer

    by_character = scored.profile.by_character(scored.language)
    process, between = (jiwer.process_characters, "") if by_character else (jiwer.process_words, " ")
    utterances = scored.utterances()
    counts = ErrorCounts(insertions=sum(len(one.hypothesis) for one in utterances if not one.reference))
    spoken = [one for one in utterances if one.reference]
    if spoken:
        found = process(
            [between.join(one.reference) for one in spoken], [between.join(one.hypothesis) for one in spoken]
        )
        counts += ErrorCounts(found.hits, found.substitutions, found.deletions, found.insertions)
    return counts


def check(counted: Iterable[Scored]) -> list[str]:
    """Counts benchmarks again with jiwer.

    Profiles that merge or join compounds match words that jiwer does not, so that jiwer may count more errors there.

    Returns:
        One line a benchmark: what each of the two counts.

    Raises:
        DataError: jiwer counts otherwise where the rules are the same.
    """
    lines = []
    for one in counted:
        theirs, ours = by_jiwer(one), sum(one.kept(), ErrorCounts())
        where = f"{one.units.benchmark} ({one.predictions.source})"
        same = theirs == ours
        what = (
            f"jiwer counts {theirs.errors:,} errors of {theirs.words:,}, this program {ours.errors:,} of {ours.words:,}"
        )
        if not same and not one.profile.matches_compounds(one.language):
            raise DataError(f"{where}: {what}; report it with these predictions")
        lines.append(f"{where}: {what}{'' if same else ': the profile lets compounds match, jiwer does not'}")
    return lines
