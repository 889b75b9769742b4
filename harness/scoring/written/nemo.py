"""NeMo's punctuation error rate, as its documentation defines it (`punct_er`, after Meister et al., 2023).

Words are runs of word characters and apostrophes, as written; all else but the marks is dropped. Marks are masked, so
that each is equal to any other, and both texts aligned with unit costs. Marks that face each other are correct or
substituted; all others are deleted or inserted, whatever faces them. The rate is of errors and correct marks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.scoring.weighted import align_weighted
from harness.scoring.written.counts import Tally

MARKS = (".", ",", "?")
"""The marks that NeMo's evaluation script looks at unless told otherwise."""


def punctuation_of_texts(reference: str, hypothesis: str, marks: Sequence[str] = MARKS) -> Tally:
    """Counts of one pair of raw texts."""
    tokens = re.compile(rf"[\w']+|[{''.join(map(re.escape, marks))}]")
    said, written = tokens.findall(reference), tokens.findall(hypothesis)
    tally = Tally()
    known = set(marks)
    left, right = ([mark for mark in side if mark in known] for side in (said, written))
    if left or right:
        masked = [[None if token in known else token for token in side] for side in (said, written)]
        for at, other in align_weighted(*masked, substitution=1, gap=1):
            if at is None or other is None or masked[0][at] is not None or masked[1][other] is not None:
                continue
            if said[at] == written[other]:
                tally.right[said[at]] += 1
            else:
                tally.taken[said[at], written[other]] += 1
    tally.left_out.update(left)
    tally.left_out.subtract(tally.right)
    tally.added.update(right)
    tally.added.subtract(tally.right)
    for (mark, instead), times in tally.taken.items():
        tally.left_out[mark] -= times
        tally.added[instead] -= times
    return tally
