"""A line of `score --per-utterance`: one utterance of one model as it was scored, with its alignment."""

from typing import Literal

from harness.records.codec import FORMAT, Record
from harness.records.journal import Seconds


class AlignedWords(Record, frozen=True, kw_only=True):
    """A step of the alignment: words (or characters) that face each other."""

    operation: Literal["hit", "substitution", "deletion", "insertion"]
    reference: tuple[str, ...]
    """Empty where a word was inserted; several where a compound was merged."""
    hypothesis: tuple[str, ...]
    """Empty where a word was deleted; several where a compound was merged."""


class UtteranceScore(Record, frozen=True, kw_only=True):
    """One utterance, or session of chunks, of one model."""

    format: int = FORMAT
    model: str
    benchmark: str
    profile: str
    """The rules that it was scored under."""
    id: str
    session: str | None
    language: str
    """Of both texts: of a translation the one that was translated into."""
    duration: Seconds | None
    """Seconds."""
    time: Seconds | None
    """Its share of the counted seconds of its batch."""
    reference: str
    """Raw."""
    hypothesis: str | None
    """Raw; null where it failed."""
    error: str | None
    """Why there is no hypothesis."""
    normalized_reference: str
    """As it was scored; of a reference with alternatives the reading that the hypothesis comes nearest to."""
    normalized_hypothesis: str | None
    scored: bool
    """False where it failed, or the profile leaves it out."""
    as_written: bool
    """Whether a rule could not digest one of the texts, so that both were scored as they are written."""
    words: int | None
    """Of the reference; characters in languages written without spaces. Null, as all counts, of a translation."""
    hits: int | None
    substitutions: int | None
    deletions: int | None
    insertions: int | None
    rate: float | None
    """Errors over words, a fraction; null where there are no words, and of a translation, which has no such rate."""
    alignment: tuple[AlignedWords, ...]
    """Empty where it was not scored, and of a translation."""
