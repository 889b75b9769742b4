"""What own data is, as a person wants to know before anything is run: counts, languages, lengths, a few rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance

LENGTHS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 300.0)
"""Seconds at which the buckets of the histogram of lengths end."""
SHOWN = 3
"""Rows that are shown."""


@dataclass(frozen=True, slots=True)
class Example:
    """A row, as it is understood."""

    id: str
    reference: str
    language: str
    session: str | None
    seconds: float | None
    audio: str
    start: float | None
    end: float | None
    channel: int | str | None
    keywords: tuple[str, ...]
    tags: dict[str, str]


@dataclass(slots=True)
class Summary:
    """Counts over the rows that were read."""

    rows: int = 0
    seconds: float = 0.0
    unmeasured: int = 0
    """Rows whose length is not known before they are decoded."""
    words: int = 0
    empty: int = 0
    """Rows whose reference is empty."""
    languages: Counter[str] = field(default_factory=Counter)
    sessions: set[str] = field(default_factory=set)
    without_session: int = 0
    files: set[str] = field(default_factory=set)
    """Where the audio is: fewer than the rows where these are parts of recordings."""
    lengths: Counter[int] = field(default_factory=Counter)
    """By the number of the bucket."""
    longest: float = 0.0
    examples: list[Example] = field(default_factory=list)

    def add(self, one: Utterance) -> None:
        """Counts a row."""
        self.rows += 1
        self.words += len(one.reference.split())
        self.empty += not one.reference.strip()
        self.languages[one.language] += 1
        self.files.add(one.audio.origin)
        if one.session is None:
            self.without_session += 1
        else:
            self.sessions.add(one.session)
        if one.duration is None:
            self.unmeasured += 1
        else:
            self.seconds += one.duration
            self.longest = max(self.longest, one.duration)
            self.lengths[sum(one.duration >= end for end in LENGTHS)] += 1
        if len(self.examples) < SHOWN:
            audio = one.audio
            self.examples.append(
                Example(
                    id=one.id,
                    reference=one.reference,
                    language=one.language,
                    session=one.session,
                    seconds=one.duration,
                    audio=audio.origin,
                    start=audio.start,
                    end=audio.end,
                    channel=audio.channel,
                    keywords=one.keywords,
                    tags=dict(one.tags),
                )
            )

    def histogram(self) -> list[tuple[str, int]]:
        """The buckets of lengths from the first to the last that has rows, as ``2-5 s``, and how many are in each."""
        if not self.lengths:
            return []
        names = [f"{begin:g}-{end:g} s" for begin, end in zip((0.0, *LENGTHS), LENGTHS, strict=False)]
        names.append(f"{LENGTHS[-1]:g} s and more")
        return [(names[at], self.lengths[at]) for at in range(min(self.lengths), max(self.lengths) + 1)]


def summarize(utterances: Iterable[Utterance]) -> Summary:
    """Counts rows, one at a time."""
    found = Summary()
    for one in utterances:
        found.add(one)
    return found
