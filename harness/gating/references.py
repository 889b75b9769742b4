"""References that changed between a baseline and a run: told, and held against the references as they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.records.stored import taken
from harness.scoring.counting import count_pairs

if TYPE_CHECKING:
    from harness.scoring.matching import Key
    from harness.scoring.pairing import PairedBenchmark

NAMED = 5
"""Ids that a message names; JSON has all."""


def named(changed: Sequence[Key]) -> str:
    """How many references, and of which utterances."""
    ids = ", ".join(repr(name) for name, _ in changed[:NAMED])
    more = f" and {len(changed) - NAMED:,} more" if len(changed) > NAMED else ""
    return f"the reference{'s' if len(changed) > 1 else ''} of {ids}{more}"


def too_many(changed: Sequence[Key], utterances: int, allowed: float) -> str:
    """Why a benchmark cannot be judged by the rest."""
    share = f"{len(changed):,} of {amount(utterances, 'reference')} differ from the baseline's"
    what = f"{share}, such as that of {changed[0][0]!r}"
    return f"{what}; at most {100 * allowed:g} % may (changed_references): look at them, then save a new baseline"


def more_errors(paired: PairedBenchmark) -> int:
    """How many more errors the run has on the utterances that are left out, against the baseline's references.

    Args:
        paired: the baseline, then the run.
    """
    sides = [taken(one.units.rows, at) for one, at in zip(paired.scored, paired.changed, strict=True)]
    profile, language = paired.scored[0].profile, paired.language
    errors = []
    for side in sides:
        pairs = [(old.reference, row.hypothesis or "", language) for old, row in zip(sides[0], side, strict=True)]
        errors.append(sum(0 if one.dropped else one.counts.errors for one in count_pairs(pairs, profile)))
    return errors[1] - errors[0]
