"""What is counted of how texts are written: marks, capitals and numbers, for each utterance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from harness.scoring.weighted import align_weighted

if TYPE_CHECKING:
    from harness.scoring.written.facing import Faced

Capitals = Literal["lower", "Capitalized", "UPPER", "mixed"]
CAPITALS: tuple[Capitals, ...] = ("Capitalized", "UPPER", "mixed")
"""Classes of words that have capitals."""

Writing = Literal["as written", "spelled out", "other form", "wrong"]
WRITINGS: tuple[Writing, ...] = ("as written", "spelled out", "other form", "wrong")
"""What becomes of a number."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Things of several kinds: right ones, those taken for another kind, left out and added ones."""

    right: Counter[str] = field(default_factory=Counter)
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What the reference has, and what was written instead."""
    left_out: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)

    def of(self, kinds: Iterable[str] | None = None) -> tuple[int, int, int]:
        """Right ones, those of the reference, and those that were written; of some kinds, or of all."""
        said, written = Counter(self.right), Counter(self.right)
        for (one, other), times in self.taken.items():
            said[one] += times
            written[other] += times
        said.update(self.left_out)
        written.update(self.added)
        sums = [
            each if kinds is None else Counter({kind: each[kind] for kind in kinds})
            for each in (self.right, said, written)
        ]
        right, in_reference, in_hypothesis = (each.total() for each in sums)
        return right, in_reference, in_hypothesis

    def add(self, other: Tally) -> None:
        """Takes in what another one has."""
        self.right.update(other.right)
        self.taken.update(other.taken)
        self.left_out.update(other.left_out)
        self.added.update(other.added)

    def kinds(self) -> set[str]:
        """All kinds that occur."""
        return {*self.right, *self.left_out, *self.added, *(kind for pair in self.taken for kind in pair)}

    @property
    def errors(self) -> int:
        """All that is not right."""
        return self.taken.total() + self.left_out.total() + self.added.total()

    @property
    def slots(self) -> int:
        """Errors and right ones: what an error rate by slots is a share of."""
        return self.errors + self.right.total()


def punctuation(faced: Faced) -> Tally:
    """Punctuation marks: those between the same two words that face each other are aligned with one another."""
    gaps: dict[int, tuple[list[str], list[str]]] = {}
    for which, (side, places) in enumerate(zip((faced.reference, faced.hypothesis), faced.places(), strict=True)):
        for before, mark in side.marks:
            gaps.setdefault(places[before], ([], []))[which].append(mark)
    tally = Tally()
    for said, written in gaps.values():
        for left, right in _pairs(said, written):
            if left is None:
                tally.added[str(right)] += 1
            elif right is None:
                tally.left_out[left] += 1
            elif left == right:
                tally.right[left] += 1
            else:
                tally.taken[left, right] += 1
    return tally


def _pairs(said: list[str], written: list[str]) -> Iterator[tuple[str | None, str | None]]:
    if said == written:
        yield from zip(said, written, strict=True)
    elif not said or not written:
        yield from ((mark, None) for mark in said)
        yield from ((None, mark) for mark in written)
    else:
        for at, other in align_weighted(said, written, substitution=1, gap=1):
            yield (None if at is None else said[at]), (None if other is None else written[other])


def capitals_of(token: str) -> Capitals | None:
    """How a word is written; None where it has no letters with case. One capital alone is Capitalized."""
    if token.isascii() and (token.islower() or token.lower() == token.upper()):  # nearly all of them
        return "lower" if token.islower() else None
    cased = [letter for letter in token if letter.lower() != letter.upper()]
    upper = [letter for letter in cased if letter != letter.lower()]
    if not cased:
        return None
    if not upper:
        return "lower"
    if len(upper) == 1 and upper[0] is cased[0]:
        return "Capitalized"
    return "UPPER" if len(upper) == len(cased) else "mixed"


def capitalization(faced: Faced) -> tuple[Tally, int]:
    """Words with capitals among those that are the same on both sides, and how many words with case were compared.

    Two words that are mixed are right where they are written alike. Lower ones are no kind of their own: a capital too
    many is added, one too few left out.
    """
    tally = Tally()
    compared = 0
    for token, other in faced.same_words():
        said, written = capitals_of(token), capitals_of(other)
        if said is None or written is None:
            continue
        compared += 1
        if said == written and (said != "mixed" or token == other):
            if said != "lower":
                tally.right[said] += 1
        elif said == "lower":
            tally.added[written] += 1
        elif written == "lower":
            tally.left_out[said] += 1
        else:
            tally.taken[said, written] += 1
    return tally, compared


def numbers(faced: Faced, same: Callable[[str, str], bool]) -> Counter[Writing]:
    """What became of the numbers that the reference has in digits.

    Args:
        faced: reference and hypothesis.
        same: whether two texts are the same when numbers are read.
    """
    found: Counter[Writing] = Counter()
    for group in faced.reference.groups:
        if group.start == group.end or not _has_digit(group.tokens):
            continue
        hits, facing = faced.opposite(group)
        said, texts = " ".join(group.tokens), [" ".join(tokens) for tokens in facing]
        alike = texts[0] if hits else next((text for text in texts if same(said, text)), None)
        if said in texts:
            found["as written"] += 1
        elif alike is None:
            found["wrong"] += 1
        else:
            found["other form" if _has_digit(alike) else "spelled out"] += 1
    return found


def _has_digit(tokens: Iterable[str]) -> bool:
    return any(character.isdecimal() for token in tokens for character in token)
