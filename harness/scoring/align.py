"""Word alignment: how the words of a reference and a hypothesis face each other, and the counts that follow from it.

Three sets of rules, each exactly that of the program that made it the standard:

- plain: jiwer's (which is rapidfuzz's Levenshtein alignment over words);
- merging compounds: kaldialign's `merge_compounds`, where k >= 2 words in a row that, written together, are one word of
  the other side cost nothing. The number of reference words stays that of the reference as written;
- NIST's: sclite's (substitution 4, insertion and deletion 3), for the matched pairs test alone.

`count` gives the counts of `align` without making it, which is what most texts need. kaldialign looks at every cell of
the table and keeps 20 bytes of each, so it is called only where it must be: for texts that can be merged and are
short. What makes the rest quick is proven where it stands, and tested against it. Note what is *not* done: cutting off
the words that both texts begin with is wrong where compounds merge ("a b c" against "a abc" is one error, "b c" against
"abc" two), and cutting off those that they end with changes which of two equally good alignments is taken.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from itertools import count as naturals
from operator import ne
from typing import Literal, NamedTuple

from harness.scoring.error_counts import ErrorCounts

Words = Sequence[str]

Operation = Literal["hit", "substitution", "deletion", "insertion"]

LARGEST_SMALL_TABLE = 60_000
"""Cells up to which kaldialign is quicker than the banded alignment (245 words against 245)."""

_LONG_PAIR = 1_000_000
"""Reference words times hypothesis words above which sclite's alignment would take seconds."""


class Step(NamedTuple):
    """One step of an alignment."""

    operation: Operation
    """A merged compound is a hit of several words."""
    reference: tuple[str, ...]
    """Empty where a word was inserted."""
    hypothesis: tuple[str, ...]
    """Empty where a word was deleted."""


Alignment = tuple[Step, ...]
"""From the first words to the last. Written after each other, the sides of its steps are the two texts."""


def counts_of(alignment: Alignment) -> ErrorCounts:
    """The counts of an alignment."""
    times = Counter(step.operation for step in alignment)
    hits = sum(len(step.reference) for step in alignment if step.operation == "hit")
    return ErrorCounts(hits, times["substitution"], times["deletion"], times["insertion"])


def align(reference: Words, hypothesis: Words, *, merge: bool) -> Alignment:
    """The alignment with the fewest errors: jiwer's, or kaldialign's where compounds are merged."""
    if reference == hypothesis:
        return tuple(map(_hit, reference))
    return _merged(reference, hypothesis) if merge else _plain(reference, hypothesis)


def count(reference: Words, hypothesis: Words, *, merge: bool) -> ErrorCounts:
    """The counts of `align`; equal to `jiwer.process_words`, or to `kaldialign.edit_distance` where compounds merge.

    Args:
        reference: words, none of them empty.
        hypothesis: words, none of them empty.
        merge: whether compounds merge.
    """
    if reference == hypothesis:
        return ErrorCounts(len(reference))
    if not merge:
        return _count_plain(reference, hypothesis)
    start, end = _shared_ends(reference, hypothesis)
    one_error = max(len(reference), len(hypothesis)) == start + end + 1
    if one_error and not _merge_at_the_error(reference, hypothesis, start):
        longer = len(reference) - len(hypothesis)
        return _of_length(len(reference), 0 if longer else 1, max(longer, 0), max(-longer, 0))
    if len(reference) * len(hypothesis) > LARGEST_SMALL_TABLE:
        return counts_of(_merged(reference, hypothesis))
    from harness.scoring.banded import can_merge

    if can_merge(reference, hypothesis) or can_merge(hypothesis, reference):
        return _count_by_kaldialign(reference, hypothesis, merge=True)
    return _count_without_merges(reference, hypothesis, start, end)


def count_characters(reference: str, hypothesis: str) -> ErrorCounts:
    """Counts over characters, spaces counted; equal to `jiwer.process_characters` on the same texts."""
    return count(list(reference.strip()), list(hypothesis.strip()), merge=False)


@functools.lru_cache(maxsize=100_000)
def _hit(word: str) -> Step:
    """One object for all that are equal: most steps of most alignments are these."""
    return Step("hit", (word,), (word,))


def _plain(reference: Words, hypothesis: Words) -> Alignment:
    from rapidfuzz.distance import Levenshtein

    steps: list[Step] = []
    for block in Levenshtein.opcodes(*_coded(reference, hypothesis)):
        words = reference[block.src_start : block.src_end]
        others = hypothesis[block.dest_start : block.dest_end]
        if block.tag == "delete":
            steps += [Step("deletion", (word,), ()) for word in words]
        elif block.tag == "insert":
            steps += [Step("insertion", (), (word,)) for word in others]
        elif block.tag == "equal":
            steps += map(_hit, words)
        else:
            steps += [Step("substitution", (word,), (other,)) for word, other in zip(words, others, strict=True)]
    return tuple(steps)


def _merged(reference: Words, hypothesis: Words) -> Alignment:
    if len(reference) * len(hypothesis) <= LARGEST_SMALL_TABLE:
        import kaldialign

        from harness.scoring.banded import can_merge

        # Where nothing can be merged, its way without merges is the same, and compares numbers in place of texts.
        merges = can_merge(reference, hypothesis) or can_merge(hypothesis, reference)
        try:
            found = kaldialign.align(reference, hypothesis, "", merge_compounds=merges)
        except TypeError:  # a lone surrogate has no form that it could be handed over in
            return _merged_in_band(reference, hypothesis)
        return tuple(_step(tuple(word.split()), tuple(other.split())) for word, other in found)
    return _merged_in_band(reference, hypothesis)


def _merged_in_band(reference: Words, hypothesis: Words) -> Alignment:
    from rapidfuzz.distance import Levenshtein

    from harness.scoring.banded import merged_steps

    steps: list[Step] = []
    at = other_at = 0
    upper = Levenshtein.distance(*_coded(reference, hypothesis))
    for taken, other_taken in merged_steps(reference, hypothesis, upper):
        end, other_end = at + taken, other_at + other_taken
        steps.append(_step(tuple(reference[at:end]), tuple(hypothesis[other_at:other_end])))
        at, other_at = end, other_end
    return tuple(steps)


def _step(words: tuple[str, ...], others: tuple[str, ...]) -> Step:
    if not words or not others:
        return Step("insertion" if others else "deletion", words, others)
    if words == others and len(words) == 1:
        return _hit(words[0])
    return Step("hit" if "".join(words) == "".join(others) else "substitution", words, others)


class _Codes(dict[str, int]):
    """A number for each word, which cannot collide as hashes of words might."""

    def __missing__(self, word: str) -> int:
        self[word] = code = len(self)
        return code


_CODES = _Codes()
_CODES_LIMIT = 200_000


def _coded(reference: Words, hypothesis: Words) -> tuple[list[int], list[int]]:
    """Both texts as numbers."""
    if len(_CODES) > _CODES_LIMIT:
        _CODES.clear()
    return list(map(_CODES.__getitem__, reference)), list(map(_CODES.__getitem__, hypothesis))


def _count_plain(reference: Words, hypothesis: Words) -> ErrorCounts:
    """Counts of texts that differ."""
    if len(reference) == len(hypothesis) and sum(map(ne, reference, hypothesis)) == 1:
        return ErrorCounts(len(reference) - 1, 1)  # whatever else costs one error changes the length
    from rapidfuzz.distance import Levenshtein

    edits = [edit.tag for edit in Levenshtein.editops(*_coded(reference, hypothesis))]
    return _of_length(len(reference), edits.count("replace"), edits.count("delete"), edits.count("insert"))


def _of_length(words: int, substitutions: int, deletions: int, insertions: int) -> ErrorCounts:
    return ErrorCounts(words - substitutions - deletions, substitutions, deletions, insertions)


def _count_without_merges(reference: Words, hypothesis: Words, start: int, end: int) -> ErrorCounts:
    """Kaldialign's counts of a short pair in which nothing can be merged.

    The cost is then the Levenshtein distance. As deletions less insertions are the difference in length, one deletion
    and one insertion more are two substitutions less, and one hit more. So there are as many substitutions as the cost
    leaves room for, unless these are two or more and the words have more in common than that leaves. Else kaldialign
    chooses; cutting off the words that both begin with is safe here, since its way back ends with hits and insertions
    (or deletions) once it is among them.

    Args:
        reference: words.
        hypothesis: words.
        start: how many words both begin with.
        end: how many words behind those both end with.
    """
    distance, in_common = _rapidfuzz()
    middles = _coded(reference[start : len(reference) - end], hypothesis[start : len(hypothesis) - end])
    longer = len(reference) - len(hypothesis)
    substitutions = distance(*middles) - abs(longer)
    counts = _of_length(len(reference), substitutions, max(longer, 0), max(-longer, 0))
    if substitutions <= 1 or in_common(*middles) == counts.hits - start - end:
        return counts
    rest = _count_by_kaldialign(reference[start:], hypothesis[start:], merge=False)
    return rest + ErrorCounts(hits=start)


@functools.cache
def _rapidfuzz() -> tuple[Callable[[list[int], list[int]], int], ...]:
    """The distance of two texts, and the length of the longest sequence of words that both have in order."""
    from rapidfuzz.distance import LCSseq, Levenshtein

    return Levenshtein.distance, LCSseq.similarity


def _shared_beginning(reference: Iterable[str], hypothesis: Iterable[str]) -> int | None:
    """How many words both begin with; None where one of them is over before they differ."""
    return next(compress(naturals(), map(ne, reference, hypothesis)), None)


def _shared_ends(reference: Words, hypothesis: Words) -> tuple[int, int]:
    """How many words both begin with, and how many of those behind both end with."""
    shorter = min(len(reference), len(hypothesis))
    start = _shared_beginning(reference, hypothesis)
    if start is None:
        return shorter, 0
    end = _shared_beginning(reversed(reference), reversed(hypothesis))
    return start, shorter - start if end is None else min(end, shorter - start)


def _merge_at_the_error(reference: Words, hypothesis: Words, start: int) -> bool:
    """Whether kaldialign may merge words of two texts that one substitution, deletion or insertion tells apart.

    Say that it does. If its first step that is no hit is an error, then its last one that is none is a merge, since
    nothing else may cost anything. Behind that both texts are alike, so up to there they are one error apart too, and
    the merge saves nothing: it is not taken. So the first step that is no hit is a merge, with the same words before it
    on both sides. It stands where they first differ, as no word is equal to a longer one, and there one of the two
    words begins with the other.

    Args:
        reference: words.
        hypothesis: words.
        start: how many words both begin with.
    """
    if start == min(len(reference), len(hypothesis)):
        return False
    word, other = reference[start], hypothesis[start]
    return word.startswith(other) or other.startswith(word)


def _count_by_kaldialign(reference: Words, hypothesis: Words, *, merge: bool) -> ErrorCounts:
    import kaldialign

    try:
        found = kaldialign.edit_distance(reference, hypothesis, merge_compounds=merge)
    except TypeError:  # a lone surrogate has no form that it could be handed over in
        return counts_of(_merged(reference, hypothesis))
    return _of_length(len(reference), int(found["sub"]), int(found["del"]), int(found["ins"]))


def align_nist(reference: Words, hypothesis: Words) -> Alignment:
    """Sclite's alignment: substitution 4, insertion and deletion 3 each.

    Of equally cheap alignments it takes sclite's, so that segments of the matched pairs test come out as sc_stats cuts
    them. Pairs of very many words (whole calls) are aligned with unit costs by rapidfuzz instead, in bounded memory.
    """
    if reference == hypothesis or len(reference) * len(hypothesis) > _LONG_PAIR:
        return align(reference, hypothesis, merge=False)
    same, _ = _shared_ends(reference, hypothesis)
    # Where the cheapest path leaves the middle by its rim, the beginning that both share is not matched one to one.
    steps = _nist_from(same, reference, hypothesis) or _nist_from(0, reference, hypothesis)
    assert steps is not None
    return tuple(steps)


def _nist_from(start: int, reference: Words, hypothesis: Words) -> list[Step] | None:
    """The alignment if the first ``start`` words of both sides face each other; None if the path ends elsewhere."""
    row, column = len(reference), len(hypothesis)
    backwards: list[Step] = []
    while row > start and column > start and reference[row - 1] == hypothesis[column - 1]:
        row, column = row - 1, column - 1  # sclite always matches equal last words
        backwards.append(Step("hit", (reference[row],), (hypothesis[column],)))
    moves = _nist_moves(reference[start:row], hypothesis[start:column])
    while row > start and column > start:
        move = moves[row - start - 1][column - start - 1]
        row -= move != _INSERTION
        column -= move != _DELETION
        words = () if move == _INSERTION else (reference[row],)
        others = () if move == _DELETION else (hypothesis[column],)
        backwards.append(Step(_OPERATIONS[move], words, others))
    if start and row != column:
        return None
    backwards += [Step("insertion", (), (word,)) for word in reversed(hypothesis[start:column])]
    backwards += [Step("deletion", (word,), ()) for word in reversed(reference[start:row])]
    backwards += [Step("hit", (word,), (word,)) for word in reversed(reference[:start])]
    return backwards[::-1]


_MATCH, _SUBSTITUTION, _DELETION, _INSERTION = range(4)
_OPERATIONS: tuple[Operation, ...] = ("hit", "substitution", "deletion", "insertion")


def _nist_moves(reference: Words, hypothesis: Words) -> list[bytearray]:
    """The last step of the cheapest alignment of each pair of beginnings, shape ``[reference][hypothesis]``."""
    costs = list(range(0, 3 * len(hypothesis) + 1, 3))
    moves = []
    for index, word in enumerate(reference):
        diagonal, left = costs[0], 3 * (index + 1)
        costs[0] = left
        line = bytearray(len(hypothesis))
        for column, other in enumerate(hypothesis, start=1):
            above = costs[column]
            replaced, deleted, extra = diagonal + (0 if word == other else 4), above + 3, left + 3
            if replaced <= deleted and replaced <= extra:
                left = replaced
                line[column - 1] = _MATCH if word == other else _SUBSTITUTION
            elif deleted < extra:
                left = deleted
                line[column - 1] = _DELETION
            else:
                left = extra
                line[column - 1] = _INSERTION
            diagonal = above
            costs[column] = left
        moves.append(line)
    return moves
