"""Where a reference and its correction differ, and which of the two a hypothesis has there. Pure, on normalized words.

A position is a stretch of words between two anchors, words that both references share. An edit that could stand in
several places ("I" for "I I") is widened over all of them, so that it is one position whatever alignment was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.scoring.align import Alignment, align

Words = Sequence[str]
Verdict = Literal["original", "corrected", "neither"]
"""What a hypothesis has between the anchors: the original's words, the correction's, or neither."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of each of two texts; a border of both is the same place."""

    begin: int
    end: int
    """Words of the original."""
    other_begin: int
    other_end: int
    """Words of the correction."""


def differences(original: Words, corrected: Words, *, merge: bool) -> list[Span]:
    """Where two references differ, in order; nothing where they differ in how compounds are written only.

    Args:
        original: words of the reference.
        corrected: words of its correction.
        merge: whether words that are one word of the other side, written together, are the same.
    """
    spans: list[Span] = []
    at = other = 0
    for step in align(original, corrected, merge=merge):
        end, other_end = at + len(step.reference), other + len(step.hypothesis)
        if step.operation != "hit":
            if spans and (spans[-1].end, spans[-1].other_end) == (at, other):
                spans[-1] = Span(spans[-1].begin, end, spans[-1].other_begin, other_end)
            else:
                spans.append(Span(at, end, other, other_end))
        at, other = end, other_end
    borders = [0, *(border for span in spans for border in (span.begin, span.end)), len(original)]
    widened: list[Span] = []
    for place, span in enumerate(spans):
        wide = _widened(span, original, corrected, borders[2 * place], borders[2 * place + 3])
        if widened and wide.begin <= widened[-1].end:  # what lies between two edits is in the same place in both texts
            last = widened.pop()
            wide = Span(last.begin, wide.end, last.other_begin, wide.other_end)
        widened.append(wide)
    return widened


def _widened(span: Span, original: Words, corrected: Words, lowest: int, highest: int) -> Span:
    """A deletion or insertion over all places where it could stand as well, between two words of the original."""
    begin, end, other_begin, other_end = span.begin, span.end, span.other_begin, span.other_end
    if begin < end and other_begin < other_end:
        return span
    text, low, high = (original, begin, end) if begin < end else (corrected, other_begin, other_end)
    right = left = 0
    while high + right < len(text) and text[low + right] == text[high + right]:
        right += 1
    while low - left > 0 and text[low - left - 1] == text[high - left - 1]:
        left += 1
    right, left = min(right, highest - end), min(left, begin - lowest)
    return Span(begin - left, end + right, other_begin - left, other_end + right)


@dataclass(frozen=True, slots=True)
class Facing:
    """Where each word of a text that is written alike stands in another."""

    begins: list[int | None]
    """First word of the other that faces it; None where it is wrong or missing."""
    ends: list[int | None]
    """The word after the last one."""
    length: int
    """Words of the other."""

    @classmethod
    def of(cls, alignment: Alignment) -> "Facing":
        """From an alignment of the text with the other."""
        begins: list[int | None] = []
        ends: list[int | None] = []
        other = 0
        for step in alignment:
            after = other + len(step.hypothesis)
            hit = step.operation == "hit"
            begins += [other if hit else None] * len(step.reference)
            ends += [after if hit else None] * len(step.reference)
            other = after
        return cls(begins, ends, other)

    def between(self, begin: int, end: int) -> tuple[int, int] | None:
        """What of the other stands between the words around a stretch; None where one of them is not there."""
        low = 0 if begin == 0 else self.ends[begin - 1]
        high = self.length if end == len(self.begins) else self.begins[end]
        return None if low is None or high is None or high < low else (low, high)


EXTRA = 2
"""Words that may stand beside those of a reference between the anchors: a system that errs adds some anywhere."""


def verdict(found: Words, original: Words, corrected: Words, *, merge: bool) -> Verdict:
    """Which of two stretches the words are, or which one of them alone they hold with a few words beside it.

    Where one stretch is a part of the other ("I" of "I I", nothing of anything) words beside it may be the rest of the
    other, so nothing but that very stretch is it.
    """
    sides: tuple[tuple[Verdict, Words], ...] = (("original", original), ("corrected", corrected))
    for name, words in sides:
        if _same(found, words, merge=merge):
            return name
    if _holds(original, corrected, merge=merge) or _holds(corrected, original, merge=merge):
        return "neither"
    held = [name for name, words in sides if len(found) <= len(words) + EXTRA and _holds(found, words, merge=merge)]
    return held[0] if len(held) == 1 else "neither"


def _same(found: Words, words: Words, *, merge: bool) -> bool:
    return tuple(found) == tuple(words) or bool(merge and found and "".join(found) == "".join(words))


def _holds(found: Words, words: Words, *, merge: bool) -> bool:
    """Whether words stand in others, in a row; nothing stands everywhere."""
    return not words or any(
        _same(found[begin:end], words, merge=merge)
        for begin in range(len(found))
        for end in range(begin + 1, len(found) + 1)
    )


@dataclass(frozen=True, slots=True)
class Position:
    """A place where the references differ, and what a hypothesis has there."""

    original: tuple[str, ...]
    corrected: tuple[str, ...]
    verdict: Verdict | None
    """None where the hypothesis has one of the anchors otherwise, so that nobody knows what belongs there."""


def positions(original: Words, corrected: Words, hypothesis: Words, *, merge: bool) -> list[Position]:
    """The places where two references differ, judged for a hypothesis."""
    spans = differences(original, corrected, merge=merge)
    if not spans:
        return []
    facing = [Facing.of(align(text, hypothesis, merge=merge)) for text in (original, corrected)]
    found = []
    for span in spans:
        left = tuple(original[span.begin : span.end])
        right = tuple(corrected[span.other_begin : span.other_end])
        places = facing[0].between(span.begin, span.end), facing[1].between(span.other_begin, span.other_end)
        told = [
            verdict(hypothesis[place[0] : place[1]], left, right, merge=merge) if place else None for place in places
        ]
        found.append(Position(left, right, _settled(told, facing)))
    return found


def _settled(told: Sequence[Verdict | None], facing: Sequence[Facing]) -> Verdict | None:
    """What two alignments say together: what one finds to be said, or where they contradict the better one's word."""
    said = [one for one in dict.fromkeys(told) if one in {"original", "corrected"}]
    if len(said) == 1:
        return said[0]
    if not said:
        return "neither" if "neither" in told else None
    hits = [sum(begin is not None for begin in one.begins) for one in facing]
    errors = [max(len(one.begins), one.length) - right for one, right in zip(facing, hits, strict=True)]
    return "neither" if errors[0] == errors[1] else told[errors.index(min(errors))]


def shared(original: Words, corrected: Words, *, merge: bool) -> list[tuple[int, int]]:
    """Stretches of the correction that the original has too, with nothing more between their words: begin and end."""
    begin, found = 0, list[tuple[int, int]]()
    for span in differences(original, corrected, merge=merge):
        found.append((begin, span.other_begin))
        begin = span.other_end
    return [(low, high) for low, high in [*found, (begin, len(corrected))] if low < high]
