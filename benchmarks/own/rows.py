"""A row of a table as an utterance: what manifests, hub tables and other forms with columns have in common."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from sys import intern
from typing import TYPE_CHECKING, Protocol

from benchmarks.dataset import LONGEST, NO_TAGS, Entry
from benchmarks.languages import primary_subtag
from benchmarks.own.columns import LONGEST_TAG, NAMES, SAYS, Columns, check_asked, find_columns, listed, plain
from benchmarks.own.form import Item
from benchmarks.sources.tables import NOT_TEXT
from benchmarks.sources.timed_rows import TURNS, WORDS, turns_in, words_in
from harness.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.dataset import Audio, Channel, SpokenTurn, SpokenWord
    from benchmarks.own.form import Account, Asked, Role
    from benchmarks.sources.tables import Line

MISSING = frozenset({"nan", "NaN", "<NA>", "None"})
"""What pandas makes of a missing cell where it is written as text: no one said that."""

NO_TEXT = "rows without a text (null, NaN, or nan as pandas writes it)"
"""Why a row is left out; an empty text is one: nothing was said."""

NO_TRANSLATION = "rows without a translation"
"""Why a row is left out where translations are scored: what it says otherwise is what was spoken."""

REFERENCES = frozenset({"reference", "reference_text", "ref", "ref_text", "ground_truth", "referenz", "referenztext"})
"""Names of columns that say that they are what was said, and no system's."""

_CHANNELS: Mapping[str, Channel] = {
    **dict.fromkeys(("left", "l", "a", "links"), 0),
    **dict.fromkeys(("right", "r", "b", "rechts"), 1),
    **dict.fromkeys(("mix", "mono", "both"), "mix"),
    "best": "best",
}
SPOKEN = frozenset((*TURNS, *WORDS))
"""Columns that may hold turns, or words with times."""
UNKNOWN_LENGTH = -1
"""What NeMo writes for a duration that is not known."""


class Sounds(Protocol):
    """What the audio cells of a table hold: paths, or bytes."""

    @property
    def seen(self) -> bool:
        """Whether `audio` sees that the file is there."""

    def audio(self, line: Line, cell: object) -> Audio:
        """The audio of a cell. Raises DataError naming row, column and value."""

    def name(self, line: Line, cell: object) -> str:
        """What the utterance is called whose row has no id."""


@dataclass(slots=True)
class Rows:
    """Turns the rows of one table into items; what its columns hold is found once for each set of them."""

    asked: Asked
    account: Account
    sounds: Sounds
    _known: dict[tuple[str, ...], Columns] = field(default_factory=dict)

    def items(self, lines: Iterable[Line]) -> Iterator[Item]:
        """The items of the rows; those that say no text are left out, and counted."""
        for line in lines:
            item = self.item(line)
            if item is not None:
                yield item

    def columns(self, line: Line) -> Columns:
        """What the columns of a row hold."""
        header = tuple(line.values)
        found = self._known.get(header)
        if found is None:
            if not self._known:
                check_asked(header, self.asked, line.where)
            found = self._known[header] = find_columns(header, self.asked, self.account)
        return found

    def item(self, line: Line) -> Item | None:
        """The utterance of a row; None where its text is missing, which is counted.

        Raises:
            DataError: it cannot be used; the message names the row, the column and the value.
        """
        columns, values, account = self.columns(line), line.values, self.account
        of = columns.of
        cell = _first(line, of["audio"])
        if cell is None:
            raise line.error(_lacks("audio", columns, values))
        text = self._text(line, columns)
        if text is None:
            account.leave_out(NO_TRANSLATION if self.asked.translation else NO_TEXT, line.where)
            return None
        audio = self.sounds.audio(line, cell)
        # Most tables have few of these columns, and no row is to pay for the others.
        start, end, duration = _times(line, columns, account) if columns.timed else (None, None, None)
        channel = _channel(line, of["channel"], account) if of["channel"] else None
        speaker = _string(line, of["speaker"]) if of["speaker"] else None
        session = _string(line, of["session"]) if of["session"] else None
        session = speaker if session is None else session
        kept = frozenset(columns.tags).intersection(SPOKEN) if columns.tags else ()
        turns, words = _spoken(line, start, account) if kept else ((), ())
        name = _string(line, of["id"]) if of["id"] else None
        language = _language(line, of["language"]) if of["language"] else None
        entry = Entry(
            id=segment_id(self.sounds.name(line, cell), start, channel) if name is None else name,
            reference=text,
            duration=duration,
            session=session,
            start=start,
            end=end,
            keywords=_keywords(line, of["keywords"]) if of["keywords"] else (),
            turns=turns,
            words=words,
            tags=_tags(values, columns, account, kept if turns or words else ()) if columns.tags else NO_TAGS,
        )
        audio = audio if channel is None else replace(audio, channel=channel)
        return Item(entry, audio, line.where, language, seen=self.sounds.seen, speaker=speaker)

    def audio_in(self, line: Line) -> object:
        """What the audio column of a row holds; None where nothing."""
        return _first(line, self.columns(line).of["audio"])

    def id_in(self, line: Line) -> str | None:
        """The id that a row states."""
        names = self.columns(line).of["id"]
        return _string(line, names) if names else None

    def _text(self, line: Line, columns: Columns) -> str | None:
        """What was said: the first of the columns that is not empty; empty where they all are; None where missing."""
        names, empty, missing = columns.of["text"], False, False
        for name in names:
            value = line.values.get(name)
            value = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
            if _there(value, empty=True) is None:
                missing = missing or name in line.values or self.asked.translation
                continue
            if not isinstance(value, str):
                raise line.error(f"{name} holds {type(value).__name__}, not text")
            if not value.strip():
                empty = True
                continue
            if NOT_TEXT.search(value):
                raise line.error(f"{name} holds a character that is not text (a surrogate or NUL)")
            if empty:
                self.account.note(f"where {names[0]!r} is empty, {name!r} is the text", line.where)
            if len(names) > 1:
                self._say_others(line, name, value, names)
            return value
        if empty:
            return ""
        if missing:
            return None
        raise line.error(_lacks("text", columns, line.values))

    def _say_others(self, line: Line, taken: str, text: str, names: Sequence[str]) -> None:
        """Where a column that is called a reference says other words, the one that is taken may be a system's."""
        for name in names if plain(taken) not in REFERENCES else ():
            other = line.values.get(name)
            if plain(name) not in REFERENCES or not isinstance(other, str) or _there(other) is None:
                continue
            if _bare(other) != _bare(text):
                how = f"column {taken!r} is the text, {name!r} has other words: --text-column {name} takes that one"
                self.account.note(how, line.where)


def _bare(text: str) -> str:
    """A text's letters and digits."""
    return "".join(filter(str.isalnum, text.casefold()))


def _first(line: Line, names: Sequence[str]) -> object:
    """The first of the columns that holds something."""
    for name in names:
        value = _there(line.values.get(name))
        if value is not None:
            return value
    return None


def _there(value: object, *, empty: bool = False) -> object:
    """A cell's value; None where it is missing: null, not a number, what pandas writes for that; an empty text too."""
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, str):
        return None if value in MISSING or (not empty and not value.strip()) else value
    return value


def _lacks(role: Role, columns: Columns, values: Mapping[str, object]) -> str:
    """What is said of a row without audio or text."""
    here = columns.of[role]
    if here:
        return f"no {role}: {here[0]} is {str(values.get(here[0]))[:40]!r}"
    some = ", ".join(NAMES[role][:2])
    return f"no {role} ({some}, ...) among the columns {listed(tuple(values))}; name one with {SAYS[role]}"


def _string(line: Line, names: Sequence[str]) -> str | None:
    """The first of the columns that holds something, as text."""
    for name in names:
        value = line.values.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # what pandas makes of whole numbers where a cell is missing
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if _there(value) is None:
            continue
        if not isinstance(value, str):
            raise line.error(f"{name} holds {type(value).__name__}, not text")
        if NOT_TEXT.search(value):
            raise line.error(f"{name} holds a character that is not text (a surrogate or NUL)")
        return value
    return None


_DATE = re.compile(r"\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?!\d)")


def _number(line: Line, columns: Columns, role: Role, account: Account) -> float | None:
    """The first column of a role that holds something, in seconds."""
    for name in columns.of[role]:
        value = line.values.get(name)
        if _there(value) is None:
            continue
        if isinstance(value, str) and _DATE.match(value):
            account.note(f"column {name!r} holds dates, which are no times in a recording", line.where)
            continue
        number = math.nan
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            try:
                number = float(value)
            except (ValueError, OverflowError):
                number = _clock(value) if isinstance(value, str) else math.nan
        if role == "duration" and number == UNKNOWN_LENGTH:
            return None
        number /= columns.scale.get(name, 1.0)
        if not 0 <= number < LONGEST:  # not a number neither
            raise line.error(f"{name} is {str(value)[:40]!r}, not a number of seconds")
        return number
    return None


def _clock(text: str) -> float:
    """Seconds as people write them: ``1,25`` of a German spreadsheet, ``0:01:02.5``; not a number where it is none."""
    match = re.fullmatch(r"\s*(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,9}(?:[.,]\d{1,9})?)\s*(?:s|sec|Sek\.?)?\s*", text)
    if match is None:
        return math.nan
    hours, minutes, seconds = match.groups()
    return 3_600 * int(hours or 0) + 60 * int(minutes or 0) + float(seconds.replace(",", "."))


def _times(line: Line, columns: Columns, account: Account) -> tuple[float | None, float | None, float | None]:
    """Begin, end and length in seconds, by ``start`` and ``end`` or by ``offset`` and ``duration``."""
    duration = _number(line, columns, "duration", account)
    start, end, offset = (_number(line, columns, role, account) for role in ("start", "end", "offset"))
    if start is not None and offset is not None and start != offset:
        raise line.error(f"it begins at {start:g} by {columns.of['start'][0]}, at {offset:g} by its offset")
    start = offset if start is None else start
    if end is None:
        if start is None:
            return None, None, duration
        return start, None if duration is None else start + duration, duration
    if end <= (start or 0.0):
        raise line.error(f"it ends at {end:g} seconds, where it begins at {start or 0.0:g}")
    return start or 0.0, end, end - (start or 0.0)


def _channel(line: Line, names: Sequence[str], account: Account) -> Channel | None:
    """The channel that a row names, from 0."""
    for name in names:
        value = line.values.get(name)
        if _there(value) is None:
            continue
        if isinstance(value, list) and len(value) == 1:  # lhotse's
            value = value[0]
        found = channel_of(value)
        if found is None and isinstance(value, str) and value.replace(" ", "").replace("_", "").isalpha():
            account.note(
                f"column {name!r} holds words like {value[:40]!r}, which are no channels of a file", line.where
            )
            return None
        if found is None:
            raise line.error(f"{name} is {str(value)[:40]!r}; give 0, 1, ..., left, right, A, B or mix")
        return found
    return None


def channel_of(value: object) -> Channel | None:
    """A channel as people write it: a number from 0, ``left``, ``right``, ``A``, ``B``, ``mix``; None where none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    if not isinstance(value, str):
        return None
    text = re.sub(r"\.0$", "", value.strip().lower())
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text) else _CHANNELS.get(text)


def segment_id(name: str, start: float | None, channel: Channel | None) -> str:
    """The id of a row that has none: its recording's name, where it begins and which channel, if not at the first."""
    cut = f"_{start:g}" if start and float(f"{start:g}") == start else f"_{start!r}" if start else ""
    return name + cut + (f"_ch{channel}" if channel else "")


def _keywords(line: Line, names: Sequence[str]) -> tuple[str, ...]:
    """A list, or a text between semicolons, bars or commas."""
    for name in names:
        value = line.values.get(name)
        if _there(value) is None:
            continue
        if isinstance(value, str):
            between = next((mark for mark in ";|" if mark in value), ",")
            value = value.split(between)
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise line.error(f"{name} is {str(value)[:40]!r}, not a list of words")
        return tuple(dict.fromkeys(" ".join(one.split()) for one in value if one.strip()))
    return ()


def _language(line: Line, names: Sequence[str]) -> str | None:
    """What the row says of its language, as a primary subtag."""
    said = _string(line, names)
    if said is None:
        return None
    try:
        return primary_subtag(said, names[0])
    except UsageError as error:
        raise line.error(str(error)) from None


def _spoken(line: Line, start: float | None, account: Account) -> tuple[tuple[SpokenTurn, ...], tuple[SpokenWord, ...]]:
    """Turns and words with times, by the clock of the utterance.

    A row that is a part of its recording may state them by the recording's clock: it does where none is before it.
    """
    try:
        turns, words = turns_in(line.values, TURNS, WORDS) or (), words_in(line.values, WORDS) or ()
    except ValueError as error:
        raise line.error(str(error)) from None
    times = [*(one.start for one in turns if one.start is not None), *(one.start for one in words)]
    if start and times and min(times) >= start:
        account.note("times of turns and words are taken by the clock of the recording")
        turns = tuple(
            one if one.start is None or one.end is None else one._replace(start=one.start - start, end=one.end - start)
            for one in turns
        )
        words = tuple(one._replace(start=one.start - start, end=one.end - start) for one in words)
    if turns or words:
        account.note("columns of turns or words with times are kept: who spoke, and when (docs/scoring.md)")
    return turns, words


def _tags(
    values: Mapping[str, object], columns: Columns, account: Account, without: Collection[str] = ()
) -> Mapping[str, str]:
    """What the other columns hold, as texts; lists, tables and texts that are long are not kept, which is said."""
    tags = {}
    for name in columns.tags:
        value = None if name in without else _there(values.get(name))
        if value is None:
            continue
        text = value if isinstance(value, str) else str(value) if isinstance(value, int | float) else None
        if text is None or len(text) > LONGEST_TAG or NOT_TEXT.search(text):
            what = "lists or tables" if text is None else f"longer than {LONGEST_TAG} characters, or no text"
            account.note(f"column {name!r}: values that are {what} are not kept as tags")
            continue
        tags[intern(name)] = intern(text) if len(text) < 32 else text
    return tags
