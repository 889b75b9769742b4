"""Who said what and when on both sides of an utterance: turns of normalized words, from whatever a row holds."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from benchmarks.sources.timed_rows import PAUSE
from harness.scoring import lattice
from harness.types import Turn, Word

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.scoring.profiles import Profile
    from harness.scoring.scored import ScoredUtterance

Words = Callable[[str], Sequence[str]]


class Said(NamedTuple):
    """A turn."""

    speaker: str
    words: tuple[str, ...]
    """Normalized; each turn is normalized by itself."""
    start: float | None
    end: float | None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two sides of an utterance, its turns in the order of their times where those are known."""

    turns: tuple[Said, ...]
    stated: bool
    """Whether the row says what its turns are; else all of the text is one, and an empty one is none."""
    holds: bool
    """Whether the turns hold the text: those of an RTTM do not."""
    more: int = 0
    """Words of the turns that the text does not have, in whichever order."""
    fewer: int = 0
    """Words of the text that the turns do not have."""

    @property
    def turned(self) -> bool:
        """Whether it is known which words are one turn."""
        return self.holds and (self.stated or not self.turns)

    @property
    def named(self) -> bool:
        """Whether it is known who says each word."""
        return self.turned and all(one.speaker for one in self.turns if one.words)

    @property
    def timed(self) -> bool:
        """Whether it is known of every turn when it is."""
        return (self.stated or not self.turns) and all(None not in {one.start, one.end} for one in self.turns)

    @property
    def diarized(self) -> bool:
        """Whether it is known who speaks when, whatever is said."""
        return self.timed and all(one.speaker for one in self.turns)

    @property
    def length(self) -> int:
        """Words of all turns."""
        return sum(len(one.words) for one in self.turns)

    @property
    def labelled(self) -> list[tuple[str, str]]:
        """Its words, and who says each of them."""
        return [(word, one.speaker) for one in self.turns for word in one.words]


class Sides(NamedTuple):
    """Both of them."""

    reference: Side
    hypothesis: Side


def turns_of(
    text: str, turns: Sequence[Turn] | None, labels: Sequence[str] | None, words: Sequence[Word] | None
) -> tuple[Turn, ...] | None:
    """The turns of one side of a row: as they are stated, or from a label a word; None where neither is there.

    Args:
        text: of the side.
        turns: as the row states them.
        labels: who says each word, of `words` or of the text.
        words: with times.
    """
    if turns is not None:
        known = all(one.start is not None for one in turns)
        return tuple(sorted(turns, key=lambda one: one.start or 0.0)) if known else tuple(turns)
    if labels is None:
        return None
    if words is not None and len(words) == len(labels):
        return tuple(_by_pause(words, labels))
    tokens = text.split()
    if len(tokens) != len(labels):  # labels of other words than the text's
        return None
    runs = groupby(zip(tokens, labels, strict=True), key=lambda pair: pair[1])
    return tuple(Turn(who, " ".join(token for token, _ in run), None, None) for who, run in runs)


def _by_pause(words: Sequence[Word], labels: Sequence[str]) -> Iterator[Turn]:
    """Words in a row of one speaker, up to the next pause."""
    begun = 0
    for at in range(1, len(words) + 1):
        whole = at == len(words)
        if whole or labels[at] != labels[begun] or words[at].start - words[at - 1].end > PAUSE:
            run = words[begun:at]
            text, end = " ".join(word.text.strip() for word in run), max(word.end for word in run)
            yield Turn(labels[begun], text, run[0].start, max(end, run[0].start))
            begun = at


def _side(text: str, found: Sequence[Turn] | None, words: Words) -> Side:
    if found is None:
        made = tuple(words(text))
        return Side((Said("", made, None, None),) if made else (), stated=False, holds=True)
    said = tuple(Said(one.speaker, tuple(words(one.text)), one.start, one.end) for one in found)
    holds = any(one.text.strip() for one in found) or not text.strip()
    if found and not holds:  # an RTTM has no words to compare
        return Side(said, stated=True, holds=False)
    more, fewer = _apart(" ".join(one.text for one in found), text, [word for one in said for word in one.words], words)
    return Side(said, stated=True, holds=holds, more=more, fewer=fewer)


def _apart(spoken: str, text: str, turned: Sequence[str], words: Words) -> tuple[int, int]:
    """How many words turns have that a text does not have, and the other way round."""
    if Counter(spoken.split()) == Counter(text.split()):  # what is normalized turn by turn may come out otherwise
        return 0, 0
    left, right = Counter(turned), Counter(words(text))
    return (left - right).total(), (right - left).total()


def read_sides(row: Line, words: Words) -> Sides | None:
    """Both sides of a row; None for a reference that accepts several spellings."""
    if lattice.parse(row.reference) is not None:
        return None
    text = row.hypothesis or ""
    said = turns_of(row.reference, row.reference_turns, row.reference_speakers, row.reference_words)
    written = turns_of(text, row.turns, row.speakers, row.words)
    return Sides(_side(row.reference, said, words), _side(text, written, words))


_KNOWN: WeakKeyDictionary[ScoredUtterance, tuple[Profile, Sides | None]] = WeakKeyDictionary()


def sides_of(utterances: Sequence[ScoredUtterance], profile: Profile, language: str) -> list[Sides | None]:
    """`read_sides` of each utterance of a benchmark; made once, however many metrics ask."""
    words = functools.cache(profile.texts(language).words)
    found = []
    for one in utterances:
        known = _KNOWN.get(one)
        if known is None or known[0] != profile:
            known = _KNOWN[one] = profile, read_sides(one.row, words)
        found.append(known[1])
    return found
