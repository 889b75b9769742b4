"""Word times: how far the starts and ends of right words are from those of the reference, in milliseconds.

A time of the reference is a word's, or where it only has segments that of a segment: the start of its first word, the
end of its last one. So for the hypothesis. Words are the raw ones; which of them are right is told by the alignment of
the normalized words, and what became of a raw word there by `harness.scoring.written.facing`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from harness.amounts import amount
from harness.scoring import lattice
from harness.scoring.align import align
from harness.scoring.rollover import ends_early, goes_back, rolls_over, unwrapped
from harness.scoring.written.facing import spans_of, traced
from harness.scoring.written.marks import Pieces

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.scoring.profiles import Profile
    from harness.scoring.scored import ScoredUtterance
    from harness.types import Turn, Word

Normalize = Callable[[str], Sequence[str]]


class Timed(NamedTuple):
    """A raw word, and what is known of its time, in seconds."""

    text: str
    start: float | None
    end: float | None


class Spot(NamedTuple):
    """Normalized words that come from raw ones in a row, and when these begin and end."""

    first: int
    after: int
    start: float | None
    end: float | None


class TimeErrors(NamedTuple):
    """What is counted of an utterance; errors are hypothesis minus reference, so that what is late is positive."""

    starts: tuple[float, ...]
    """Milliseconds, of the right words whose start both sides know."""
    ends: tuple[float, ...]
    """Milliseconds, of the right words whose end both sides know."""
    judged: int
    """Right words of which a start or an end was compared."""
    words: int
    """Words of the reference that have a start or an end."""
    strays: tuple[int, int] = (0, 0)
    """Normalized words with times that are not in the text of their side, reference and hypothesis: not compared."""
    untimed: tuple[int, int] = (0, 0)
    """Normalized words of each text that no word with times is."""


def timed_words(words: Sequence[Word] | None, turns: Sequence[Turn] | None) -> list[Timed] | None:
    """The words of one side with their times, or with those of their segments; None where there are no times."""
    if words is not None:
        known = unwrapped(words) if rolls_over(words) else words
        return [Timed(one.text, one.start, one.end) for one in known]
    if turns is None or all(one.start is None for one in turns):
        return None
    found = []
    for one in sorted(turns, key=lambda one: one.start or 0.0):
        tokens = one.text.split()
        ends = len(tokens) - 1
        found += [
            Timed(token, one.start if at == 0 else None, one.end if at == ends else None)
            for at, token in enumerate(tokens)
        ]
    return found


class Own(NamedTuple):
    """The words with times of a side, and where the text of that side has them."""

    spots: list[Spot]
    """Of those that are in the text."""
    strays: int = 0
    """Words that are not in the text."""
    untimed: int = 0
    """Words of the text that they are not."""


def own_words(words: Sequence[Timed], scored: Sequence[str], normalize: Normalize) -> Own:
    """Where the text has its words with times; what both share is told by an alignment with the fewest errors.

    Args:
        words: raw, in the order of the text.
        scored: the text's words, normalized.
        normalize: gives the words of a raw text.
    """
    texts = [one.text for one in words]
    if any(tuple(normalize(mark.join(texts))) == tuple(scored) for mark in (" ", "")):
        return Own(list(spots_of(words, scored, normalize)))
    found = tuple(normalize(" ".join(texts)))
    places: dict[int, int] = {}
    at = place = 0
    for step in align(tuple(scored), found, merge=False):
        if step.operation == "hit":
            places[place] = at
        at, place = at + len(step.reference), place + len(step.hypothesis)
    spots = []
    for spot in spots_of(words, found, normalize):
        held = [places[one] for one in range(spot.first, spot.after) if one in places]
        if held and len(held) == spot.after - spot.first == held[-1] + 1 - held[0]:
            spots.append(spot._replace(first=held[0], after=held[-1] + 1))
    return Own(spots, len(found) - len(places), len(scored) - len(places))


def spots_of(words: Sequence[Timed], scored: Sequence[str], normalize: Normalize) -> Iterator[Spot]:
    """What became of raw words among the normalized ones of the whole text.

    Args:
        words: raw, in the order of the text.
        scored: the text's words, normalized.
        normalize: gives the words of a raw text that stands alone.
    """
    texts = tuple(one.text for one in words)
    at = 0
    for group in traced(Pieces(texts, texts, ()), scored, normalize).groups:
        after = at + len(group.tokens)
        if group.end > group.start:
            yield Spot(group.start, group.end, words[at].start, words[after - 1].end)
        at = after


def time_errors(one: ScoredUtterance, normalize: Normalize) -> TimeErrors | None:
    """The errors of an utterance; None where a side has no times, or the reference accepts several spellings."""
    row = one.row
    said = timed_words(row.reference_words, row.reference_turns)
    written = timed_words(row.words, row.turns)
    if written is None and not (row.hypothesis or "").strip():
        written = []  # what is empty is timed as well as can be
    if said is None or written is None or lattice.parse(row.reference) is not None:
        return None
    own = own_words(said, one.reference, normalize), own_words(written, one.hypothesis, normalize)
    starts, ends = {spot.first: spot.start for spot in own[1].spots}, {spot.after: spot.end for spot in own[1].spots}
    begins: dict[int, int] = {}
    stops: dict[int, int] = {}
    right = set[int]()
    for span in spans_of(one.alignment, one.reference, one.hypothesis):
        if span.hit:
            begins[span.reference.start], stops[span.reference.stop] = span.hypothesis.start, span.hypothesis.stop
            right.update(span.reference)
    late: tuple[list[float], list[float]] = [], []
    judged = words = 0
    for spot in own[0].spots:
        words += spot.start is not None or spot.end is not None
        if not right.issuperset(range(spot.first, spot.after)):
            continue
        begin = starts.get(begins.get(spot.first, -1))
        end = ends.get(stops.get(spot.after, -1))
        pairs = (begin, spot.start), (end, spot.end)
        for found, (theirs, true) in zip(late, pairs, strict=True):
            if theirs is not None and true is not None:
                found.append(round(1000 * (theirs - true), 6))
        judged += any(None not in pair for pair in pairs)
    strays, untimed = (own[0].strays, own[1].strays), (own[0].untimed, own[1].untimed)
    return TimeErrors(tuple(late[0]), tuple(late[1]), judged, words, strays, untimed)


_KNOWN: WeakKeyDictionary[ScoredUtterance, tuple[Profile, TimeErrors | None]] = WeakKeyDictionary()


def errors_of(utterances: Sequence[ScoredUtterance], profile: Profile, language: str) -> list[TimeErrors | None]:
    """`time_errors` of each utterance of a benchmark; made once, however many metrics ask."""
    normalize = functools.cache(profile.texts(language).words)
    found = []
    for one in utterances:
        known = _KNOWN.get(one)
        if known is None or known[0] != profile:
            known = _KNOWN[one] = profile, time_errors(one, normalize)
        found.append(known[1])
    return found


def remarks(rows: Sequence[Line]) -> list[str]:
    """What is odd about the times of words, of either side: that they begin again at 0, go back, or end too early."""
    sides = [side for row in rows for side in (row.reference_words, row.words) if side]
    rolled = sum(map(rolls_over, sides))
    straight = [side for side in sides if not rolls_over(side)]
    found = []
    if rolled:
        found.append(f"times of words begin again at 0 every 10 s in {amount(rolled, 'text')}, and were unwrapped")
    if back := sum(map(goes_back, straight)):
        found.append(
            f"{amount(back, 'word begins', 'words begin')} more than 1 s before the one in front of it does: left so"
        )
    if ended := sum(map(ends_early, straight)):
        found.append(f"{amount(ended, 'word ends before it begins', 'words end before they begin')}: left so")
    return found


def contradictions(found: Sequence[TimeErrors | None]) -> list[str]:
    """What words with times and texts do not share, in how many utterances; a sentence a side and kind."""
    known = [one for one in found if one is not None]
    told, every = [], amount(len(known), "utterance")
    for side, name in enumerate(("reference", "transcript")):
        strays, untimed = [one.strays[side] for one in known], [one.untimed[side] for one in known]
        if any(strays):
            words = amount(sum(strays), "word with times is", "words with times are")
            told.append(f"{words} not the {name}'s, in {_some(strays)} of {every}: their times are not scored")
        if any(untimed):
            words = amount(sum(untimed), f"word of {name}s has", f"words of {name}s have")
            told.append(f"{words} no times, in {_some(untimed)} of {every}")
    return told


def _some(counts: Sequence[int]) -> int:
    return sum(map(bool, counts))
