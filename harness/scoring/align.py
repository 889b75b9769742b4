"""Word alignment: how many words of a reference were hit, substituted, deleted, and how many were inserted.

Two sets of rules, each exactly that of the library that made it the standard:

- plain: jiwer's (which is rapidfuzz's Levenshtein distance over words);
- merging compounds: kaldialign's `merge_compounds`, where k >= 2 words in a row that, written together, are one word of
  the other side cost nothing. The number of reference words stays that of the reference as written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.scoring.error_counts import ErrorCounts

if TYPE_CHECKING:
    from collections.abc import Sequence


def count_plain(reference: Sequence[str], hypothesis: Sequence[str]) -> ErrorCounts:
    """Counts without compound merging; equal to `jiwer.process_words` on the same words."""
    from rapidfuzz.distance import Levenshtein

    codes: dict[str, int] = {}
    for word in reference:
        codes.setdefault(word, len(codes))
    for word in hypothesis:
        codes.setdefault(word, len(codes))
    operations = Levenshtein.opcodes([codes[word] for word in reference], [codes[word] for word in hypothesis])
    hits = substitutions = deletions = insertions = 0
    for block in operations:
        if block.tag == "equal":
            hits += block.src_end - block.src_start
        elif block.tag == "replace":
            substitutions += block.src_end - block.src_start
        elif block.tag == "delete":
            deletions += block.src_end - block.src_start
        else:
            insertions += block.dest_end - block.dest_start
    return ErrorCounts(hits, substitutions, deletions, insertions)


def count_merged(reference: Sequence[str], hypothesis: Sequence[str]) -> ErrorCounts:
    """Counts with compound merging; equal to `kaldialign.edit_distance(..., merge_compounds=True)`."""
    import kaldialign

    found = kaldialign.edit_distance(reference, hypothesis, merge_compounds=True)
    substitutions, deletions, insertions = int(found["sub"]), int(found["del"]), int(found["ins"])
    return ErrorCounts(len(reference) - substitutions - deletions, substitutions, deletions, insertions)


def count_characters(reference: str, hypothesis: str) -> ErrorCounts:
    """Counts over characters, spaces counted; equal to `jiwer.process_characters` on the same texts."""
    return count_plain(list(reference.strip()), list(hypothesis.strip()))
