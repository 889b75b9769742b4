"""What granite-speech-4.1-2b-plus writes between its words: speaker turns and the times of words.

``[Speaker 2]: hello`` begins a turn, its number by the order of appearance. ``hello [T:45]`` says that a word ended
0.45 s after the beginning, modulo 10 s; ``_ [T:120]`` that a silence ended there. A word begins where the item before
it, word or silence, ended. What is written otherwise stays in the text as it stands, and is counted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.types import Word

SILENCE = "_"
"""Stands for a silence among words with times."""

UNKNOWN = "Speaker ?"
"""The label of words before the first turn."""

WRAP = 1000
"""Hundredths of a second after which the times begin at 0 again."""

SLACK = 0.5
"""Seconds that a time may lie beyond the end of its clip before it is taken for a mistake."""

_TIME = re.compile(r"\[T:(\d{1,3})\]", re.ASCII)
_TURN = re.compile(r"\[(Speaker \d+)\]:", re.ASCII)
_BROKEN = re.compile(r"\[(?:T:|Speaker)[^\[\s]*")
"""What begins like a tag, where the whole ones are out of the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """A transcript without its tags."""

    text: str
    """Words with single spaces between them."""
    words: tuple[Word, ...] | None = None
    """With times in seconds, in timestamp mode."""
    speakers: tuple[str, ...] | None = None
    """One label a word, in speaker mode."""
    malformed: int = 0
    """How much was not as it should be: tags that are none, and words without a tag or tags without a word."""


def read_turns(text: str) -> Tagged:
    """The words and speakers of what the model wrote in speaker mode."""
    pieces = _TURN.split(text)  # what stands before the first turn, then label and words by turns
    words, speakers = pieces[0].split(), [UNKNOWN] * len(pieces[0].split())
    for label, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        found = piece.split()
        words += found
        speakers += [label] * len(found)
    malformed = speakers.count(UNKNOWN) + _broken(pieces[0::2])
    return Tagged(text=" ".join(words), speakers=tuple(speakers), malformed=malformed)


def read_times(text: str, seconds: float) -> Tagged:
    """The words and their times of what the model wrote in timestamp mode.

    Words that share one time all stand between the time before and it; those after the last one, before the clip's end.

    Args:
        text: what the model wrote.
        seconds: length of the clip.
    """
    pieces = _TIME.split(text)  # words, the time that ends them, and so on; what has no time comes last
    words: list[Word] = []
    malformed, last = _broken(pieces[0::2]), 0
    for piece, stated in zip(pieces[0::2], pieces[1::2], strict=False):
        end = unwrapped(int(stated), last)
        found = piece.split()
        malformed += abs(len(found) - 1) + (end / 100 > seconds + SLACK)
        words += [Word(word, last / 100, end / 100) for word in found if word != SILENCE]
        last = end
    rest = pieces[-1].split()
    words += [Word(word, last / 100, max(seconds, last / 100)) for word in rest if word != SILENCE]
    return Tagged(text=" ".join(word.text for word in words), words=tuple(words), malformed=malformed + len(rest))


def unwrapped(stated: int, last: int) -> int:
    """The first time from `last` on that is `stated` modulo 10 s; all in hundredths of a second."""
    return stated + WRAP * max(0, -(-(last - stated) // WRAP))


def _broken(pieces: Sequence[str]) -> int:
    return sum(len(_BROKEN.findall(piece)) for piece in pieces)
