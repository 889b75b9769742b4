"""The one table of a corpus's transcripts, whose rows are read when they are wanted.

Of each row no more is held than its bytes and where they begin: an Entry with its strings takes half a kilobyte.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from math import isnan, nan
from typing import TYPE_CHECKING

from benchmarks.ids import IdSet
from benchmarks.sources.tables import lines, row_of, text_of
from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.dataset import Entry


def from_table(
    data: bytes,
    where: str,
    delimiter: str,
    entry: Callable[[Mapping[str, str]], Entry],
    header: Sequence[str] | None = None,
) -> Transcripts:
    """The entries of a table in which quotes mean nothing: they are often unbalanced.

    Args:
        data: the table.
        where: the file, for messages.
        delimiter: a tab or ``|``.
        entry: a row to what it says.
        header: names of the columns, for tables that do not begin with them.

    Raises:
        DataError: a row has more or fewer fields than the header, is not UTF-8, or has another row's id.
    """
    names = header
    if names is None:
        first = next((line for _, _, line in lines(data)), b"")
        names = [name.strip() for name in text_of(first, f"{where}, line 1").split(delimiter)]
    return Transcripts(
        data, where, lambda line, at: entry(row_of(line, delimiter, names, at)), skip=1 if header is None else 0
    )


class Transcripts(Mapping[str, "tuple[Entry]"]):
    """A corpus's entries by id, as `pairing.pair` takes them."""

    def __init__(self, data: bytes, where: str, entry: Callable[[str, str], Entry], *, skip: int = 0) -> None:
        """Reads every line once, to know its id.

        Args:
            data: the table.
            where: what to call it in messages.
            entry: a line and what to call it to what it says; it may raise DataError, KeyError or ValueError.
            skip: how many lines stand before the first row.

        Raises:
            DataError: a line is not UTF-8, or its id stands in another line too.
        """
        self._data, self._where, self._entry = data, where, entry
        self._ids, self._starts = IdSet(), array("Q")
        self._durations: array[float] | None = None
        for number, start, line in islice(lines(data), skip, None):
            found = entry(text_of(line, f"{where}, line {number}"), f"{where}, line {number}")
            if not self._ids.add(found.id):
                msg = f"{where}, line {number}: {found.id} is there twice"
                raise DataError(msg)
            self._starts.append(start)

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[str]:
        return (self._at(number).id for number in range(len(self)))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._ids

    def __getitem__(self, name: str) -> tuple[Entry]:
        number = self._ids.number(name)
        entry = None if number is None else self._at(number)
        if number is None or entry is None or entry.id != name:
            raise KeyError(name)
        seconds = nan if self._durations is None else self._durations[number]
        return (entry if isnan(seconds) else replace(entry, duration=seconds),)

    def set_duration(self, name: str, seconds: float) -> None:
        """What another table says of the length of a row; a row that is not here is passed over."""
        number = self._ids.number(name)
        if number is None:
            return
        if self._durations is None:
            self._durations = array("d", [nan]) * len(self)
        self._durations[number] = seconds

    def _at(self, number: int) -> Entry:
        """The entry of a row."""
        start = self._starts[number]
        end = self._data.find(b"\n", start)
        line = self._data[start : len(self._data) if end < 0 else end].rstrip(b"\r")
        return self._entry(text_of(line, self._where), self._where)
