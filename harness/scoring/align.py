"""Word alignment: how many words of a reference were hit, substituted, deleted, and how many were inserted.

Two sets of rules, each exactly that of the library that made it the standard:

- plain: jiwer's (which is rapidfuzz's Levenshtein distance over words);
- merging compounds: kaldialign's `merge_compounds`, where k >= 2 words in a row that, written together, are one word of
  the other side cost nothing. The number of reference words stays that of the reference as written.

kaldialign looks at every cell of the table and keeps 20 bytes of each, so it is called only where it must be: for
texts that can be merged and are short. What makes the rest quick is proven where it stands, and tested against it.
Note what is *not* done: cutting off the words that both texts begin with is wrong where compounds merge ("a b c"
against "a abc" is one error, "b c" against "abc" two), and cutting off those that they end with changes which of two
equally good alignments is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.scoring.error_counts import ErrorCounts

Words = Sequence[str]

LARGEST_SMALL_TABLE = 60_000
"""Cells up to which kaldialign is quicker than the banded alignment (245 words against 245)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One step of an alignment."""

    operation: Literal["hit", "substitution", "deletion", "insertion"]
    """A merged compound is a hit of several words."""
    reference: tuple[str, ...]
    """None where words were inserted."""
    hypothesis: tuple[str, ...]
    """None where words were deleted."""


def count_plain(reference: Words, hypothesis: Words) -> ErrorCounts:
    """Counts without compound merging; equal to `jiwer.process_words` on the same words."""
    if reference == hypothesis:
        return ErrorCounts(len(reference))
    from rapidfuzz.distance import Levenshtein

    hits = substitutions = deletions = insertions = 0
    for block in Levenshtein.opcodes(*_coded(reference, hypothesis)):
        if block.tag == "equal":
            hits += block.src_end - block.src_start
        elif block.tag == "replace":
            substitutions += block.src_end - block.src_start
        elif block.tag == "delete":
            deletions += block.src_end - block.src_start
        else:
            insertions += block.dest_end - block.dest_start
    return ErrorCounts(hits, substitutions, deletions, insertions)


def count_merged(reference: Words, hypothesis: Words) -> ErrorCounts:
    """Counts with compound merging; equal to `kaldialign.edit_distance(..., merge_compounds=True)`."""
    if reference == hypothesis:
        return ErrorCounts(len(reference))
    if len(reference) * len(hypothesis) > LARGEST_SMALL_TABLE:
        return _count_pieces(align_merged(reference, hypothesis))
    from harness.scoring.banded import merged_spans

    if merged_spans(reference, hypothesis) or merged_spans(hypothesis, reference):
        return _count_by_kaldialign(reference, hypothesis, merge=True)
    return _count_without_merges(reference, hypothesis)


def count_characters(reference: str, hypothesis: str) -> ErrorCounts:
    """Counts over characters, spaces counted; equal to `jiwer.process_characters` on the same texts."""
    return count_plain(list(reference.strip()), list(hypothesis.strip()))


def align_plain(reference: Words, hypothesis: Words) -> list[Piece]:
    """The alignment behind `count_plain`, word by word."""
    from rapidfuzz.distance import Levenshtein

    pieces = []
    for block in Levenshtein.opcodes(*_coded(reference, hypothesis)):
        words = reference[block.src_start : block.src_end]
        others = hypothesis[block.dest_start : block.dest_end]
        if block.tag == "delete":
            pieces += [Piece("deletion", (word,), ()) for word in words]
        elif block.tag == "insert":
            pieces += [Piece("insertion", (), (word,)) for word in others]
        else:
            kind: Literal["hit", "substitution"] = "hit" if block.tag == "equal" else "substitution"
            pieces += [Piece(kind, (word,), (other,)) for word, other in zip(words, others, strict=True)]
    return pieces


def align_merged(reference: Words, hypothesis: Words) -> list[Piece]:
    """The alignment behind `count_merged`: that of `kaldialign.align(..., merge_compounds=True)`."""
    from rapidfuzz.distance import Levenshtein

    from harness.scoring.banded import merged_steps

    pieces = []
    at = other_at = 0
    upper = Levenshtein.distance(*_coded(reference, hypothesis))
    for taken, other_taken in merged_steps(reference, hypothesis, upper):
        words = tuple(reference[at : at + taken])
        others = tuple(hypothesis[other_at : other_at + other_taken])
        at, other_at = at + taken, other_at + other_taken
        if not others:
            pieces.append(Piece("deletion", words, ()))
        elif not words:
            pieces.append(Piece("insertion", (), others))
        else:
            pieces.append(Piece("hit" if "".join(words) == "".join(others) else "substitution", words, others))
    return pieces


class _Codes(dict[str, int]):
    """A number for each word, which cannot collide as hashes of words might."""

    def __missing__(self, word: str) -> int:
        self[word] = code = len(self)
        return code


_CODES = _Codes()
_CODES_LIMIT = 1_000_000


def _coded(reference: Words, hypothesis: Words) -> tuple[list[int], list[int]]:
    """Both texts as numbers."""
    if len(_CODES) > _CODES_LIMIT:
        _CODES.clear()
    return list(map(_CODES.__getitem__, reference)), list(map(_CODES.__getitem__, hypothesis))


def _count_without_merges(reference: Words, hypothesis: Words) -> ErrorCounts:
    """Kaldialign's counts of a short pair in which nothing can be merged.

    The cost is then the Levenshtein distance. As deletions less insertions are the difference in length, the cost
    leaves no choice where it exceeds that difference by at most one substitution. Else kaldialign chooses; cutting off
    the words that both begin with is safe here, since its way back ends with hits and insertions (or deletions) once
    it is among them.
    """
    from rapidfuzz.distance import Levenshtein

    longer = len(reference) - len(hypothesis)
    substitutions = Levenshtein.distance(*_coded(reference, hypothesis)) - abs(longer)
    if substitutions <= 1:
        deletions = max(longer, 0)
        return ErrorCounts(len(reference) - substitutions - deletions, substitutions, deletions, max(-longer, 0))
    same = 0
    while reference[same] == hypothesis[same]:
        same += 1
    rest = _count_by_kaldialign(reference[same:], hypothesis[same:], merge=False)
    return rest + ErrorCounts(hits=same)


def _count_by_kaldialign(reference: Words, hypothesis: Words, *, merge: bool) -> ErrorCounts:
    import kaldialign

    try:
        found = kaldialign.edit_distance(reference, hypothesis, merge_compounds=merge)
    except TypeError:  # a lone surrogate has no form that it could be handed over in
        return _count_pieces(align_merged(reference, hypothesis))
    substitutions, deletions, insertions = int(found["sub"]), int(found["del"]), int(found["ins"])
    return ErrorCounts(len(reference) - substitutions - deletions, substitutions, deletions, insertions)


def _count_pieces(pieces: Sequence[Piece]) -> ErrorCounts:
    hits = substitutions = deletions = insertions = 0
    for piece in pieces:
        if piece.operation == "hit":
            hits += len(piece.reference)
        elif piece.operation == "substitution":
            substitutions += 1
        elif piece.operation == "deletion":
            deletions += 1
        else:
            insertions += 1
    return ErrorCounts(hits, substitutions, deletions, insertions)
