"""References that accept several spellings: slots in a row, each with its variants, any of which is right.

Raw, such a reference is the JSON text ``[["colour", "color"], ["is"], ["", "very"]]``, as the leaderboard writes it; an
empty variant may be left out. NIST's ``{ a / b / @ }`` and ``(word)`` are turned into it when they are read
(`benchmarks.sources.nist`).

Two scores are told apart. `nearest` is ours: the accepted reading that the hypothesis comes nearest to is the
reference, and everything is counted of that pair. `oiwer` is the leaderboard's for Hindi (PyPI's voi_oiwer 0.1.4),
which chooses variants by words in common, fixes the number of reference words by them, and forgives runs of errors
afterwards: it is not the cheapest path (docs/scoring.md).
"""

import json
from collections.abc import Sequence
from itertools import chain, groupby
from operator import itemgetter

from harness.scoring.error_counts import ErrorCounts

Slots = list[list[str]]
"""The accepted variants of each slot, as they are written or normalized."""

_SPREAD = 1 << 20
"""What an error weighs against a hit, so that of readings with as few errors the one with most hits is taken."""
_LONGEST_COMPOUND = 4
"""Words that are looked at as one compound."""


def parse(reference: str) -> Slots | None:
    """The slots of a raw reference; None where it is plain text.

    Raises:
        ValueError: it is a list of lists, but not of texts.
    """
    if not reference.lstrip().startswith("[["):
        return None
    try:
        found = json.loads(reference)
    except (ValueError, RecursionError):
        return None  # plain text that begins so
    return checked(found)


def checked(found: object) -> Slots:
    """Slots from plain values; blank variants stand for nothing said.

    Raises:
        ValueError: they are no list of lists of texts, or a slot is empty.
    """
    if not isinstance(found, list) or not found or not all(isinstance(slot, list) and slot for slot in found):
        raise ValueError("not a list with a list of variants for each slot")
    if not all(isinstance(variant, str) for slot in found for variant in slot):
        raise ValueError("a variant that is not text")
    return found


def joined(slots: Slots) -> Slots:
    """Neighbors with one variant each as one slot, so that what belongs together is normalized together."""
    found: Slots = []
    for slot in slots:
        if len(slot) == 1 and found and len(found[-1]) == 1:
            found[-1] = [f"{found[-1][0]} {slot[0]}"]
        else:
            found.append(slot)
    return found


def written(slots: Slots) -> str:
    """Slots as a raw reference."""
    return json.dumps(slots, ensure_ascii=False)


def nearest(slots: Sequence[Sequence[Sequence[str]]], hypothesis: Sequence[str], *, merge: bool = False) -> list[str]:
    """The accepted reading with the fewest errors, of those with as few the one with most hits, then the first.

    Args:
        slots: the words (or characters) of each variant of each slot.
        hypothesis: its words.
        merge: words that are one word of the other side, written together, match it at no cost.

    Returns:
        The words of the reading.
    """
    ends = [index * _SPREAD for index in range(len(hypothesis) + 1)]
    tables = []
    for variants in slots:
        rows = [_after(variant, ends, hypothesis, merge=merge) for variant in variants]
        ends = [min(column) for column in zip(*(row[-1] for row in rows), strict=True)]
        tables.append(rows)
    column, chosen = len(hypothesis), []
    for variants, rows in zip(reversed(slots), reversed(tables), strict=True):
        best = min(range(len(variants)), key=lambda index: rows[index][-1][column])
        chosen.append(variants[best])
        column = _begin(variants[best], rows[best], hypothesis, column, merge=merge)
    return list(chain(*reversed(chosen)))


def _after(words: Sequence[str], begin: list[int], hypothesis: Sequence[str], *, merge: bool) -> list[list[int]]:
    """Costs of each word's end at each place of the hypothesis; the first row is where the words begin."""
    rows = [begin]
    for at in range(1, len(words) + 1):
        rows.append([])
        for column in range(len(begin)):
            moves = _moves(words, hypothesis, at, column, merge=merge)
            rows[at].append(min(rows[a][b] + cost for a, b, cost in moves))
    return rows


def _moves(
    words: Sequence[str], hypothesis: Sequence[str], at: int, column: int, *, merge: bool
) -> list[tuple[int, int, int]]:
    """Where a path can come from, and what that costs: row, column, cost. Hits come first, then deletions."""
    found = []
    if column:
        same = words[at - 1] == hypothesis[column - 1]
        found.append((at - 1, column - 1, -1 if same else _SPREAD))
    for several in range(2, _LONGEST_COMPOUND + 1) if merge and column else ():
        if at >= several and "".join(words[at - several : at]) == hypothesis[column - 1]:
            found.append((at - several, column - 1, -several))
        if column >= several and "".join(hypothesis[column - several : column]) == words[at - 1]:
            found.append((at - 1, column - several, -1))
    found.append((at - 1, column, _SPREAD))
    if column:
        found.append((at, column - 1, _SPREAD))
    return found


def _begin(words: Sequence[str], rows: list[list[int]], hypothesis: Sequence[str], column: int, *, merge: bool) -> int:
    """Where the cheapest path that ends a variant at a place of the hypothesis began it."""
    at = len(words)
    while at:
        moves = _moves(words, hypothesis, at, column, merge=merge)
        at, column = next((a, b) for a, b, cost in moves if rows[a][b] + cost == rows[at][column])
    return column


def oiwer(slots: Sequence[Sequence[str]], hypothesis: Sequence[str]) -> ErrorCounts:
    """The leaderboard's counts for Hindi.

    Args:
        slots: the normalized variants of each slot.
        hypothesis: normalized words.
    """
    slots = [list(dict.fromkeys(variants)) for variants in slots]
    flat: list[tuple[int, frozenset[str]]] = []
    for index, variants in enumerate(slots):
        if all(len(variant.split()) <= 1 for variant in variants):
            flat.append((index, frozenset(variants)))
        else:
            flat += ((index, frozenset({word})) for word in _chosen(variants, hypothesis))
    steps = _flat_alignment([accepted for _, accepted in flat], hypothesis)
    counts = ErrorCounts()
    positions = [sum(at == index for at, _ in flat) for index in range(len(slots))]
    for run in _runs(steps):
        touched = [flat[place][0] for place, _ in run if place is not None]
        said = " ".join(hypothesis[place] for _, place in run if place is not None)
        whole = len(set(touched)) == 1 and len(touched) == positions[touched[0]]
        if not (whole and said in slots[touched[0]]):
            counts += _errors(run)
    hits = len(flat) - counts.substitutions - counts.deletions
    return ErrorCounts(hits, counts.substitutions, counts.deletions, counts.insertions)


def _chosen(variants: Sequence[str], hypothesis: Sequence[str]) -> list[str]:
    """The words of the variant that has most words of the hypothesis, wherever they stand."""
    split = [variant.split() for variant in variants]
    return max(split, key=lambda words: sum(word in words for word in hypothesis))


_Pair = tuple[int | None, int | None]
"""Places in the reference and in the hypothesis that face each other; None where there is nothing."""


def _flat_alignment(reference: Sequence[frozenset[str]], hypothesis: Sequence[str]) -> list[tuple[bool, _Pair]]:
    """Whether each step is right, and its places; way back: replaced, else inserted, else deleted."""
    table = [list(range(len(hypothesis) + 1))]
    for accepted in reference:
        above = table[-1]
        row = [above[0] + 1]
        for index, word in enumerate(hypothesis):
            row.append(min(above[index] + (word not in accepted), above[index + 1] + 1, row[-1] + 1))
        table.append(row)
    steps: list[tuple[bool, _Pair]] = []
    at, column = len(reference), len(hypothesis)
    while at or column:
        cost = table[at][column]
        right = bool(at and column) and hypothesis[column - 1] in reference[at - 1]
        if at and column and cost == table[at - 1][column - 1] + (not right):
            at, column = at - 1, column - 1
            steps.append((right, (at, column)))
        elif column and cost == table[at][column - 1] + 1:
            column -= 1
            steps.append((False, (None, column)))
        else:
            at -= 1
            steps.append((False, (at, None)))
    return steps[::-1]


def _runs(steps: Sequence[tuple[bool, _Pair]]) -> list[list[_Pair]]:
    """The places of maximal runs of errors."""
    return [[pair for _, pair in group] for right, group in groupby(steps, key=itemgetter(0)) if not right]


def _errors(run: Sequence[_Pair]) -> ErrorCounts:
    deleted = sum(place is None for _, place in run)
    inserted = sum(place is None for place, _ in run)
    return ErrorCounts(0, len(run) - deleted - inserted, deleted, inserted)
