"""Words with times and turns of speakers in the columns of rows, and in a recognizer's own JSON.

A list of words is a list of objects with ``word`` (or ``text``), ``start`` and ``end``; turns (or segments) have
``text`` (or ``words``), ``start``, ``end``, ``speaker``. Names as OpenAI's API, whisper, WhisperX, faster-whisper,
NeMo and meeteval write them. A column of such a name that holds something else, such as a count, is left alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from benchmarks.dataset import SpokenTurn, SpokenWord
from benchmarks.sources.json_keys import loads

Values = Mapping[str, object]

WORDS = ("reference_words", "words", "word_times", "word_timestamps")
TURNS = ("reference_turns", "turns", "reference_segments", "segments")
"""Columns of what was said, or of the one side that a file has."""

_TEXT = ("word", "text", "words", "transcript", "punctuated_word")
_START = ("start", "start_time", "begin", "start_s")
_END = ("end", "end_time", "stop", "end_s")
_SPEAKER = ("speaker", "speaker_id", "speaker_label")


def words_in(values: Values, names: Sequence[str]) -> tuple[SpokenWord, ...] | None:
    """The words with times of the first column that has any; those without a time are left out. None where none has.

    Raises:
        ValueError: a word has no text or a time that is none.
    """
    timed = _timed(values, names, "word")
    if timed is None:
        return None
    return tuple(
        SpokenWord(_text(one, where, 0), start, end)
        for one, where, start, end in timed
        if start is not None and end is not None
    )


def turns_in(values: Values, names: Sequence[str]) -> tuple[SpokenTurn, ...] | None:
    """The turns of the first column that has any; None where none has.

    Raises:
        ValueError: a turn has no text, a time that is none, or ends before it begins.
    """
    timed = _timed(values, names, "turn")
    if timed is None:
        return None
    found = []
    for one, where, start, end in timed:
        if start is not None and end is not None and end < start:
            raise ValueError(f"{where}: it ends at {end:g}, before it begins at {start:g}")
        known = start is not None and end is not None
        found.append(SpokenTurn(_speaker(one), _text(one, where, 1), *((start, end) if known else (None, None))))
    return tuple(found)


def is_recognizers(found: object) -> bool:
    """Whether a JSON object is what a recognizer wrote of one recording, and no row of a table."""
    lists = ("segments", "words", "utterances")
    return isinstance(found, dict) and any(_listed(found.get(name)) is not None for name in lists)


def _timed(
    values: Values, names: Sequence[str], kind: str
) -> list[tuple[object, str, float | None, float | None]] | None:
    """Each of the first column that lists any: itself, what to call it in an error, start and end. None: no column."""
    for name in names:
        listed = _listed(values.get(name))
        if listed is not None:
            places = [(one, f"{name}, {kind} {number}") for number, one in enumerate(listed, start=1)]
            return [(one, where, _time(one, _START, where), _time(one, _END, where)) for one, where in places]
    return None


def _listed(value: object) -> list[object] | None:
    """A list of objects or lists, as it is or as JSON in a cell; None where it is none."""
    if isinstance(value, str) and value.lstrip().startswith(("[{", "[[")):
        try:
            value = loads(value)
        except (ValueError, RecursionError):
            raise ValueError("a column of words or turns begins like a JSON list and is none") from None
    if not isinstance(value, list) or not value:
        return [] if value == [] else None
    texts = (
        (isinstance(one, Mapping) and any(isinstance(one.get(name), str) for name in _TEXT))
        or (isinstance(one, list) and len(one) >= 3 and any(isinstance(part, str) for part in one))
        for one in value
    )
    return value if all(texts) else None


def _text(one: object, where: str, place: int) -> str:
    """The text of an object, or of a list at a place."""
    if isinstance(one, Mapping):
        return next(str(one[name]).strip() for name in _TEXT if isinstance(one.get(name), str))
    text = one[place] if isinstance(one, list) else None
    if not isinstance(text, str):
        raise ValueError(f"{where}: a list of text, start and end (of a turn speaker, text, start, end) is expected")
    return text.strip()


def _speaker(one: object) -> str:
    if isinstance(one, Mapping):
        found = [value for name in _SPEAKER if isinstance(value := one.get(name), str | int)]
        return str(found[0]) if found else ""
    return str(one[0]) if isinstance(one, list) and isinstance(one[0], str) else ""


def _time(one: object, names: Sequence[str], where: str) -> float | None:
    """Seconds; None where none are stated."""
    if isinstance(one, Mapping):
        value = next((one[name] for name in names if one.get(name) is not None), None)
    else:
        assert isinstance(one, list)
        value = one[-2] if names is _START else one[-1]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{where}: {names[0]} is {json.dumps(value)[:40]}, not a number of seconds")
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        seconds = math.nan
    if not 0 <= seconds < 1e9:
        raise ValueError(f"{where}: {names[0]} is {str(value)[:40]!r}, not a number of seconds")
    return seconds
