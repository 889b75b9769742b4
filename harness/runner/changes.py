"""What became of a run's lines where its data changed: which stay, which are scored anew, which are run again.

Old lines are never lost: before a journal is replaced by one that lacks or changes lines, those stand beside it in
``<benchmark>.jsonl.old1`` (2, ...). A process may be killed at any point between: the next one finds the same changes,
or none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.audio.hearing import as_stated
from harness.records.codec import write_bytes
from harness.records.journal import Line, encode_lines
from harness.records.run import Update
from harness.runner.identity import Heard, audio_file, compare_audio, given
from harness.runner.journal import stated, where_heard

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance


@dataclass(slots=True, kw_only=True)
class Changes:
    """How the rows that are asked for stand to the lines that there are."""

    lines: list[Line] = field(default_factory=list)
    """Those that stay, as they are to stand, in their order."""
    aside: list[Line] = field(default_factory=list)
    """Those that do not stay, or not as they were."""
    asked: int = 0
    """Rows."""
    new: int = 0
    """Rows without a line."""
    scored_again: int = 0
    """Rows that say something else of the same audio."""
    run_again: int = 0
    """Rows whose audio is other, or that a model would be told something else about."""
    removed: int = 0
    """Lines without a row."""
    touched: int = 0
    """Lines whose audio is the same in a file of other times."""
    gone: int = 0
    """Lines whose audio cannot be read any more, so that it could not be compared."""
    not_compared: int = 0
    """Lines that do not say what was heard."""

    @property
    def any(self) -> bool:
        """Whether the lines are to be written anew."""
        return bool(self.aside or self.touched or self.not_compared)

    @property
    def missing(self) -> int:
        """Rows that are to be run."""
        return self.new + self.run_again

    def told(self, *, new: bool) -> str:
        """In words, empty where there is nothing to tell; `new`: whether rows without a line are news."""
        parts = [
            (self.new if new else 0, "new, to be run"),
            (self.scored_again, "with another reference, session, language or tag, scored again"),
            (self.run_again, "with other audio (or language), run again"),
            (self.removed, "removed, no longer scored"),
            (self.not_compared, "from before audio was noted, so that it could not be compared"),
            (self.gone, "whose audio cannot be read now, so that it could not be compared"),
        ]
        return "; ".join(f"{count:,} row{'s' * (count != 1)} {what}" for count, what in parts if count)

    def update(self, *, new: bool, kept_in: str | None = None) -> Update | None:
        """For run.json; None where the data did not change."""
        if not (self.aside or (new and self.new)):
            return None
        return Update(
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            new=(self.new if new else 0) or None,
            scored_again=self.scored_again or None,
            run_again=self.run_again or None,
            removed=self.removed or None,
            kept_in=kept_in,
        )


def compare(utterances: Iterable[Utterance], lines: Sequence[Line], *, one_language: bool) -> Changes:
    """Compares every row that is asked for with its line.

    Args:
        utterances: the rows.
        lines: of the journal.
        one_language: whether the model knows a single one, so that a row's language cannot change its transcript.
    """
    left = {line.id: line for line in lines}
    stays: dict[str, Line] = {}
    changes = Changes()
    for utterance in utterances:
        changes.asked += 1
        line = left.pop(utterance.id, None)
        if line is None:
            changes.new += 1
            continue
        kept = _kept(utterance, line, changes, one_language=one_language)
        if kept is not None:
            stays[line.id] = kept
    changes.removed = len(left)
    for line in lines:
        kept = stays.get(line.id)
        if kept is not None:
            changes.lines.append(kept)
        if kept is None or (kept is not line and _says(kept) != _says(line)):
            changes.aside.append(line)
    return changes


def _kept(utterance: Utterance, line: Line, changes: Changes, *, one_language: bool) -> Line | None:
    """The line as it is to stand; None where the row is to be run again. Counts which it is."""
    said = stated(utterance)
    differs = any(getattr(line, name) != value for name, value in said.items())
    length = utterance.duration if utterance.duration is not None else line.duration
    heard = line.audio_file
    if heard is not None:
        how = compare_audio(utterance, heard)
    else:
        how = Heard.TOUCHED if _as_before(utterance, line) else Heard.OTHER
    told = line.language != utterance.language and not one_language
    if how is Heard.OTHER or told or (length != line.duration and not _of_length(line, length)):
        changes.run_again += 1
        return None
    changes.gone += how is Heard.GONE
    if heard is None:
        changes.not_compared += 1
        heard = audio_file(utterance, read=False)
    elif how is Heard.TOUCHED:
        changes.touched += 1
        heard = audio_file(utterance)
    changes.scored_again += differs
    if not differs and length == line.duration and how is Heard.SAME:
        return line
    place = line.audio if how in {Heard.SAME, Heard.GONE} else where_heard(utterance.audio)
    return replace(line, **said, duration=length, audio=place, audio_file=heard)


def _of_length(line: Line, length: float | None) -> bool:
    """Whether a line would have been written if this had been stated as its length."""
    return line.error is None and (
        length is None or line.audio_seconds is None or as_stated(line.audio_seconds, length)
    )


def _as_before(utterance: Utterance, line: Line) -> bool:
    """Whether a line that does not say what was heard is taken to be the row's: nothing that it says is otherwise."""
    before, now = ((place or "").rpartition("#t=") for place in (line.audio, where_heard(utterance.audio)))
    names = [re.split(r"[/\\!]", place[0] or place[2])[-1] for place in (before, now)]
    cuts = [place[2] if place[0] else "" for place in (before, now)]
    more = [part for part in given(utterance).split() if not part.startswith(("start=", "end="))]
    same_place = line.audio is None or (names[0] == names[1] and cuts[0] == cuts[1])
    return same_place and line.reference == utterance.reference and not more


def _says(line: Line) -> Line:
    """The line without what is of the file only."""
    return replace(line, audio=None, audio_file=None)


def write_changes(path: Path, changes: Changes) -> str | None:
    """Replaces a journal by the lines that stay; the name of the file that keeps the others as they were.

    Raises:
        RunError: the disk is full or the folder cannot be written; the journal is as it was.
    """
    if not changes.any:
        return None
    kept_in = _keep(path, encode_lines(changes.aside)) if changes.aside else None
    write_bytes(path, encode_lines(changes.lines))
    return kept_in


def _keep(path: Path, data: bytes) -> str:
    """Writes what is set aside to the first free name, unless the last one holds it: the process was killed then."""
    number = 1
    while (aside := path.with_name(f"{path.name}.old{number}")).exists():
        number += 1
    last = path.with_name(f"{path.name}.old{number - 1}")
    if last.exists() and last.stat().st_size == len(data) and last.read_bytes() == data:
        return last.name
    write_bytes(aside, data)
    return aside.name
