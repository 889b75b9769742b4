"""Which raw tokens and marks of a reference and a hypothesis face each other, told by their normalized words.

A normalizer looks at whole texts, so what became of a token is found again as for numbers and names
(`harness.scoring.word_classes`): each token is normalized by itself and its words are looked for among those of the
whole text. Tokens whose words are all found there are traced one by one; a stretch that came out otherwise ("twenty
one" as 21) is one group. What is scored then faces what the profile's own alignment lets it face.

A profile that keeps case or marks in its words, and a text that a normalizer cannot read, tell nothing of the kind:
there tokens without case are aligned instead, with the fewest errors.
"""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from harness.scoring import lattice
from harness.scoring.align import align
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES
from harness.scoring.written.marks import Pieces, pieces

if TYPE_CHECKING:
    from harness.scoring.align import Alignment
    from harness.scoring.profiles import Profile
    from harness.scoring.scored import ScoredUtterance

Normalize = Callable[[str], Sequence[str]]


class Group(NamedTuple):
    """Tokens in a row, and the normalized words that they became. All groups together are the text."""

    tokens: tuple[str, ...]
    start: int
    """The first of its words."""
    end: int
    """What comes after the last of them; equal to `start` where a normalizer leaves nothing."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two texts."""

    groups: tuple[Group, ...]
    marks: tuple[tuple[int, str], ...]
    """Punctuation marks, and how many normalized words stand before each."""


class Span(NamedTuple):
    """A step of the alignment: which words face each other."""

    hit: bool
    reference: range
    hypothesis: range


@dataclass(frozen=True, slots=True)
class Faced:
    """A reference and a hypothesis on each other."""

    reference: Side
    hypothesis: Side
    spans: tuple[Span, ...]

    def same_words(self) -> list[tuple[str, str]]:
        """Tokens of both sides that are the same word: each alone became words that are all hits."""
        starts = {span.reference.start: at for at, span in enumerate(self.spans) if span.reference}
        alone = {(one.start, one.end): one.tokens[0] for one in self.hypothesis.groups if len(one.tokens) == 1}
        found = []
        for group in self.reference.groups:
            at = starts.get(group.start)
            if len(group.tokens) != 1 or group.start == group.end or at is None:
                continue
            end = at
            while end < len(self.spans) and self.spans[end].hit and self.spans[end].reference.stop < group.end:
                end += 1
            last = self.spans[end] if end < len(self.spans) else None
            if last is not None and last.hit and last.reference.stop == group.end:
                other = alone.get((self.spans[at].hypothesis.start, last.hypothesis.stop))
                if other is not None:
                    found.append((group.tokens[0], other))
        return found

    def opposite(self, group: Group) -> tuple[bool, list[tuple[str, ...]]]:
        """Whether all words of a group of the reference are hits, and what faces them.

        That is the tokens of the words that face its own, and those tokens with what was inserted right beside them.
        """
        first = bisect_right(self.spans, group.start, key=lambda one: one.reference.stop)
        last = bisect_left(self.spans, group.end, key=lambda one: one.reference.start)
        spans = [one for one in self.spans[first:last] if one.reference]
        words = [at for one in spans for at in one.hypothesis]
        while first and not self.spans[first - 1].reference:
            first -= 1
        while last < len(self.spans) and not self.spans[last].reference:
            last += 1
        beside = [at for one in self.spans[first:last] for at in one.hypothesis]
        return all(one.hit for one in spans), [self._written(each) for each in (words, beside)]

    def _written(self, words: Sequence[int]) -> tuple[str, ...]:
        """The tokens of the hypothesis that words in a row belong to."""
        if not words:
            return ()
        written = self.hypothesis.groups
        first = bisect_right(written, words[0], key=lambda one: one.end)
        over = takewhile(lambda one: one.start <= words[-1], islice(written, first, None))
        return tuple(token for one in over if one.end > one.start for token in one.tokens)

    def places(self) -> tuple[list[int], list[int]]:
        """For each number of words before it, in which gap between words that face each other a mark stands."""
        sides: tuple[list[int], list[int]] = [0], [0]
        gap = 0
        for _, *both in self.spans:
            facing = all(both)
            for places, words in zip(sides, both, strict=True):
                if words:  # what is inside of a compound that is written together faces nothing
                    places.extend([gap + facing] * (len(words) - 1) + [gap + 2 * facing])
            gap += 2 * facing
        return sides


def face(one: ScoredUtterance, normalize: Normalize, language: str, *, by_profile: bool) -> Faced | None:
    """The two texts of an utterance on each other; None for a reference that accepts several spellings.

    Args:
        one: as it is scored.
        normalize: gives the words of a raw text that stands alone, under the profile.
        language: of both.
        by_profile: whether the words of the profile can be used (`tells_words`).
    """
    if lattice.parse(one.row.reference) is not None:
        return None
    spaced = language not in LANGUAGES_WITHOUT_SPACES
    said, written = (pieces(text, spaced=spaced) for text in (one.row.reference, one.row.hypothesis or ""))
    if by_profile and not one.as_written:
        sides = (traced(said, one.reference, normalize), traced(written, one.hypothesis, normalize))
        return Faced(*sides, spans_of(one.alignment, one.reference, one.hypothesis))
    words = [[token.casefold() for token in text.tokens] for text in (said, written)]
    plain = align(*words, merge=False)
    return Faced(_untouched(said), _untouched(written), spans_of(plain, *words))


def tells_words(normalize: Normalize, language: str) -> bool:
    """Whether the words of a profile are without case and marks, so that their alignment tells what faces what."""
    spaced = language not in LANGUAGES_WITHOUT_SPACES
    text, plain = ("Ab, cd. Ef?", ["ab", "cd", "ef"]) if spaced else ("好。是，个", ["好", "是", "个"])
    return list(normalize(text)) == plain


def _untouched(text: Pieces) -> Side:
    return Side(tuple(Group((token,), at, at + 1) for at, token in enumerate(text.tokens)), text.marks)


def traced(text: Pieces, words: Sequence[str], normalize: Normalize) -> Side:
    """A text whose tokens are found again in its normalized words."""
    made = [normalize(whole) for whole in text.whole]
    known = _boundaries([word for each in made for word in each], words)
    groups: list[Group] = []
    ends = [0]
    begun = place = start = 0
    for at, each in enumerate(made, start=1):
        place += len(each)
        if (end := known.get(place)) is None:
            continue
        groups.append(Group(text.tokens[begun:at], start, end))
        ends += [end] * (at - begun)
        begun, start = at, end
    return Side(tuple(groups), tuple((ends[before], mark) for before, mark in text.marks))


def _boundaries(made: Sequence[str], words: Sequence[str]) -> dict[int, int]:
    """How many words of the text stand before a place among those of its tokens, where that is known.

    What the whole text has more belongs to what stands before it, and at the beginning to what follows.
    """
    from rapidfuzz.distance import Levenshtein

    known: dict[int, int] = {}
    for block in Levenshtein.opcodes(made, words):
        if block.tag == "equal":
            known |= {
                block.src_start + more: block.dest_start + more for more in range(block.src_end - block.src_start + 1)
            }
    known[0] = 0
    known[len(made)] = len(words)
    return known


def spans_of(alignment: Alignment, reference: Sequence[str], hypothesis: Sequence[str]) -> tuple[Span, ...]:
    """The steps of an alignment by the places of their words, of which it may have joined some."""
    found = []
    at = other = 0
    for step in alignment:
        end, other_end = _after(step.reference, reference, at), _after(step.hypothesis, hypothesis, other)
        found.append(Span(step.operation == "hit", range(at, end), range(other, other_end)))
        at, other = end, other_end
    return tuple(found)


def _after(taken: Sequence[str], words: Sequence[str], at: int) -> int:
    """The place after the words that a step took."""
    letters = sum(map(len, taken))
    while letters > 0:
        letters -= len(words[at])
        at += 1
    return at


_KNOWN: WeakKeyDictionary[ScoredUtterance, tuple[Profile, Faced | None, dict[Hashable, Any]]] = WeakKeyDictionary()
"""Under which profile an utterance was faced, and what was made of that."""
T = TypeVar("T")


def faces(utterances: Sequence[ScoredUtterance], profile: Profile, language: str) -> list[Faced | None]:
    """`face` for each utterance of a benchmark; made once, however many metrics ask."""
    normalize = functools.cache(profile.texts(language).words)
    by_profile = tells_words(normalize, language)
    found = []
    for one in utterances:
        known = _KNOWN.get(one)
        if known is None or known[0] != profile:
            known = _KNOWN[one] = profile, face(one, normalize, language, by_profile=by_profile), {}
        found.append(known[1])
    return found


def of_faces(
    utterances: Sequence[ScoredUtterance], profile: Profile, language: str, make: Callable[[Faced], T], name: Hashable
) -> list[T | None]:
    """What is made of each of `faces`, under a name; made once, however many metrics ask."""
    found: list[T | None] = []
    for one, faced in zip(utterances, faces(utterances, profile, language), strict=True):
        if faced is None:
            found.append(None)
            continue
        known = _KNOWN[one][2]
        if name not in known:
            known[name] = make(faced)
        found.append(known[name])
    return found
