"""Rows of a file that are found for utterances by their ids, with how many were and how many were not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Generic, TypeVar

from benchmarks.own.lookup import audio_stem
from harness.amounts import amount
from harness.errors import DataError

T = TypeVar("T")


class ById(Generic[T]):
    """What a file says of utterances, by id, or by the name of the audio file where one row alone has that."""

    def __init__(self, where: str, rows: Mapping[str, T]) -> None:
        """`where` is what to call the file; `rows` what it says of each id."""
        self._where, self._rows = where, rows
        self._names: dict[str, str | None] = {}
        for one in rows:
            name = _file_name(one)
            self._names[name] = None if name in self._names else one
        self._used: dict[str, str] = {}
        self._shared: dict[str, str] = {}
        self._lacking: dict[str, None] = {}
        self._asked = 0

    def of(self, utterance: str) -> T | None:
        """What there is of an utterance; None where there is no row of it."""
        self._asked += 1
        found = utterance if utterance in self._rows else self._names.get(_file_name(utterance))
        if found is None:
            self._lacking[utterance] = None
            return None
        if self._used.setdefault(found, utterance) != utterance:
            self._shared.setdefault(found, utterance)
        return self._rows[found]

    def tell(self, say: Callable[[str], None]) -> None:
        """Says how many rows are of the utterances that were asked for, and what matches nothing.

        Raises:
            DataError: no row is of any of them.
        """
        first = next(iter(self._rows), "none")
        if self._asked and not self._used:
            raise DataError(
                f"{self._where}: none of its ids, such as {first!r}, is one of the {amount(self._asked, 'utterance')}, "
                f"such as {next(iter(self._lacking))!r}"
            )
        unused = [name for name in self._rows if name not in self._used]
        told = [f"{len(self._used):,} of {len(self._rows):,} rows are of utterances"]
        if unused:
            told.append(f"{len(unused):,} match none, the first is {unused[0]!r}")
        if self._lacking:
            lacking = amount(len(self._lacking), "utterance has", "utterances have")
            told.append(f"{lacking} no row, the first is {next(iter(self._lacking))!r}")
        if self._shared:
            row, other = next(iter(self._shared.items()))
            told.append(
                f"{len(self._shared):,} are taken for several ids, the first is {row!r} for {self._used[row]!r} and "
                f"{other!r}"
            )
        say(f"{self._where}: {'; '.join(told)}")


def _file_name(name: str) -> str:
    """An id without folder and the ending of audio."""
    last = PurePosixPath(name).name
    return audio_stem(last) or last
