"""Words with times and turns of speakers in the columns of rows, and in a recognizer's own JSON.

A list of words is a list of objects with ``word`` (or ``text``), ``start`` and ``end``; turns (or segments) have
``text`` (or ``words``), ``start``, ``end``, ``speaker``. Names as OpenAI's API, whisper, WhisperX, faster-whisper,
NeMo and meeteval write them. A column of such a name that holds something else, such as a count, is left alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeGuard

from benchmarks.dataset import SpokenTurn, SpokenWord
from benchmarks.sources.json_keys import loads
from benchmarks.sources.seconds import in_order, seconds

Values = Mapping[str, object]

WORDS = ("reference_words", "words", "word_times", "word_timestamps")
TURNS = ("reference_turns", "turns", "reference_segments", "segments")
"""Columns of what was said, or of the one side that a file has."""

_TEXT = ("word", "text", "words", "transcript", "punctuated_word")
_START = ("start", "start_time", "begin", "start_s")
_END = ("end", "end_time", "stop", "end_s")
_SPEAKER = ("speaker", "speaker_id", "speaker_label")

PAUSE = 0.5
"""Seconds without a word at which words with times and speakers, which come in no turns, are two turns."""


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


def turns_in(values: Values, names: Sequence[str], words: Sequence[str] = ()) -> tuple[SpokenTurn, ...] | None:
    """The turns of the first column that has any; None where none has.

    A turn whose own words name speakers is as many as they are. Where no turn names anybody, words that do are turns:
    those of one speaker in a row, up to a pause of more than `PAUSE`.

    Args:
        values: of a row, or a recognizer's object.
        names: columns of turns.
        words: columns of words.

    Raises:
        ValueError: a turn has no text, a time that is none, or ends before it begins.
    """
    timed = _timed(values, names, "turn")
    found: list[SpokenTurn] = []
    for one, where, start, end in timed or ():
        said = _text(one, where, 1)
        try:
            times = (None, None) if start is None or end is None else in_order(start, end)
            parts = _by_words(said, _speaker(one), one["words"]) if _has_words(one) else []
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
        whole = SpokenTurn(_speaker(one), said, *times)
        found += [whole._replace(speaker=parts[0].speaker)] if len(parts) == 1 else parts or [whole]
    if not any(one.speaker for one in found):
        listed = next((values[name] for name in words if _listed(values.get(name))), None)
        spoken = _by_words("", "", listed, PAUSE)
        return tuple(spoken or found) if spoken or timed is not None else None
    return tuple(found)


def _has_words(one: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(one, Mapping) and isinstance(one.get("words"), list)


def _by_words(text: str, speaker: str, listed: object, pause: float = math.inf) -> list[SpokenTurn]:
    """The turns of words that name speakers: words of one of them in a row. Nothing where no word does.

    A word that names nobody is of who said the one before it; the first ones are `speaker`'s, else of the first who is
    named. A turn goes from its first to its last time, and has none where none of its words has.

    Args:
        text: of all words, cut where a turn begins; the words are put together where one does not stand in it.
        speaker: of the segment that they are in; empty where it names nobody.
        listed: the words.
        pause: seconds without a word after which one speaker's words are another turn.

    Raises:
        ValueError: a word has a time that is none.
    """
    words = _timed({"words": listed}, ("words",), "word") or []
    named = [_speaker(one) if isinstance(one, Mapping) else "" for one, *_ in words]
    if not any(named):
        return []
    speaker = speaker or next(filter(None, named))
    runs: list[_Run] = []
    at, last = 0, math.inf
    for (one, where, start, end), who in zip(words, named, strict=True):
        word = _text(one, where, 0)
        place = text.find(word, at) if at >= 0 else -1
        at = place + len(word) if place >= 0 else -1
        speaker = who or speaker
        if not runs or runs[-1].speaker != speaker or (start is not None and start - last > pause):
            runs.append(_Run(speaker, place if runs else 0, [], []))
        runs[-1].words.append(word)
        if start is not None and end is not None:
            last = end
            runs[-1].times.append((start, end))
    places = [*(run.place for run in runs[1:]), len(text)]
    return [
        SpokenTurn(run.speaker, text[run.place : after].strip() if at >= 0 else " ".join(run.words), *run.span)
        for run, after in zip(runs, places, strict=True)
    ]


class _Run(NamedTuple):
    """Words of one speaker in a row."""

    speaker: str
    place: int
    """Of the first one in the text of all."""
    words: list[str]
    times: list[tuple[float, float]]
    """Of those that have any."""

    @property
    def span(self) -> tuple[float | None, float | None]:
        """From the first time to the last."""
        if not self.times:
            return None, None
        begin = self.times[0][0]
        return begin, max(begin, *(end for _, end in self.times))


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
        (isinstance(one, Mapping) and (_has_words(one) or any(isinstance(one.get(name), str) for name in _TEXT)))
        or (isinstance(one, list) and len(one) >= 3 and any(isinstance(part, str) for part in one))
        for one in value
    )
    return value if all(texts) else None


def _text(one: object, where: str, place: int) -> str:
    """The text of an object, or of a list at a place."""
    if isinstance(one, Mapping):
        stated = next((str(one[name]).strip() for name in _TEXT if isinstance(one.get(name), str)), None)
        if stated is None:
            words = _timed(one, ("words",), "word") or ()
            return " ".join(_text(word, f"{where}, {inside}", 0) for word, inside, _, _ in words)
        return stated
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
    return seconds(value, f"{where}: {names[0]}")
