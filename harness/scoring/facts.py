"""What the rows of a benchmark say besides their texts, looked at once."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from harness.records.journal import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Of all rows together, but for the sessions."""

    rows: Sequence[Line]
    """What was looked at."""
    sessions: list[str | None]
    """Of each row; rows of one session share its name."""
    durations: array[float]
    """Of each row, in seconds; -1 where it does not say."""
    seconds: float | None
    """Of audio; None where a row does not say."""
    audio: float | None
    """The same, None also where a row says that there is none."""
    spent: float | None
    """Seconds of computing; None where a row does not say."""
    said: bool
    """Whether any reference says anything."""
    ascii: bool
    """Whether no text has a character that is not of ASCII."""
    drafted: bool
    """Whether any row has a draft."""
    translated: bool
    """Whether any row is a translation."""

    @property
    def unit(self) -> Literal["session", "utterance"]:
        """What is taken as independent."""
        return "session" if any(one is not None for one in self.sessions) else "utterance"


class Looking:
    """Facts in the making: takes row after row."""

    def __init__(self) -> None:
        self._names: dict[str | None, str | None] = {}
        self._sessions: list[str | None] = []
        self._durations, self._times = array("d"), array("d")
        self._empty = self._silent = False
        self._said = self._other = self._drafted = self._translated = False

    def add(self, row: Line) -> None:
        """Looks at one."""
        self._sessions.append(self._names.setdefault(row.session, row.session))
        if row.duration is None:
            self._durations.append(-1.0)
            self._silent = True
        else:
            self._durations.append(row.duration)
            self._empty |= not row.duration
        if row.time:
            self._times.append(row.time)
        self._said = self._said or bool(row.reference.strip())
        if not (row.reference.isascii() and (row.hypothesis is None or row.hypothesis.isascii())):
            self._other = True
        if row.draft is not None:
            self._drafted = True
        if row.target:
            self._translated = True

    def facts(self, rows: Sequence[Line]) -> Facts:
        """Those of the rows that were looked at."""
        count = len(self._sessions)
        seconds = sum(self._durations) if count and not self._silent else None
        return Facts(
            rows=rows,
            sessions=self._sessions,
            durations=self._durations,
            seconds=seconds,
            audio=None if self._empty else seconds,
            spent=sum(self._times) if count and len(self._times) == count else None,
            said=self._said,
            ascii=not self._other,
            drafted=self._drafted,
            translated=self._translated,
        )


def facts_of(rows: Sequence[Line]) -> Facts:
    """Looks at each row once."""
    looking = Looking()
    for row in rows:
        looking.add(row)
    return looking.facts(rows)
