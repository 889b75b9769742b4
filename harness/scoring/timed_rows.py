"""Words with times and turns of speakers in the columns of predictions, and in a recognizer's own JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.sources import timed_rows
from benchmarks.sources.timed_rows import TURNS, WORDS
from harness.types import Turn, Word

Values = Mapping[str, object]

SAID_WORDS, SAID_TURNS = WORDS, TURNS
"""Columns of a row's reference, or of the one side that a file has."""
WRITTEN_WORDS = ("pred_words", "hypothesis_words", "pred_word_times")
WRITTEN_TURNS = ("pred_turns", "hypothesis_turns", "pred_segments", "hypothesis_segments")
"""Columns of a row's transcript, where its reference is beside it."""
OWN_WORDS, OWN_TURNS = ("words",), ("turns",)
"""Of transcripts, in the lines of our own journals."""


def words_in(values: Values, names: Sequence[str]) -> tuple[Word, ...] | None:
    """The words with times of the first column that has any; None where none has. Raises ValueError: one is none."""
    found = timed_rows.words_in(values, names)
    return None if found is None else tuple(Word(*one) for one in found)


def turns_in(values: Values, names: Sequence[str], words: Sequence[str] = ()) -> tuple[Turn, ...] | None:
    """The turns of the first column that has any, or that words with speakers are; None where there is none of both.

    Raises:
        ValueError: one is none.
    """
    found = timed_rows.turns_in(values, names, words)
    return None if found is None else tuple(Turn(*one) for one in found)


def journal_row(values: Values) -> bool:
    """Whether a row is a line of one of our journals, whose ``words`` are the transcript's."""
    return isinstance(values.get("format"), int) and "reference" in values and "hypothesis" in values


def recognizer_text(values: Values) -> tuple[str, tuple[Turn, ...] | None, tuple[Word, ...] | None]:
    """Text, turns and words of a recognizer's JSON of one recording.

    Raises:
        ValueError: it has none of them, or one is not what it should be.
    """
    turns = turns_in(values, ("segments", "utterances", "turns"), ("words", "word_segments"))
    words = words_in(values, ("words",))
    if words is None:
        listed = values.get("segments")
        parts = (
            [words_in(one, ("words",)) for one in listed or () if isinstance(one, Mapping)]
            if isinstance(listed, list)
            else []
        )
        words = tuple(word for part in parts for word in part or ()) or None
    text = values.get("text")
    if isinstance(text, str):
        return text, turns, words
    if turns is not None:
        return " ".join(one.text.strip() for one in turns), turns, words
    if words is not None:
        return " ".join(one.text.strip() for one in words), turns, words
    raise ValueError("no text, segments or words")
