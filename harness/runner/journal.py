"""The journal being written: what a line says about an utterance, and the file that lines are appended to.

A line is written once and never changed. A process may be killed at any byte: what a torn last line held is run again,
whole lines stay. Reading is `harness.records.journal`'s.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from msgspec.structs import replace

from harness.errors import HarnessError
from harness.records.codec import cannot_write, refuse_link
from harness.records.journal import Line, encode_lines, read_journal
from harness.secret_values import hide
from harness.types import Hypothesis, Turn, Word

if TYPE_CHECKING:
    from benchmarks.dataset import Audio, Utterance
    from harness.records.journal import AudioFile
    from harness.types import AudioWarning

SYNC_SECONDS = 1.0
"""How often the file is forced to the disk. Each batch is handed to the system at once, which survives our death;
this bounds what a loss of power costs."""


def transcribed(
    utterance: Utterance,
    hypothesis: Hypothesis,
    *,
    audio_seconds: float,
    time: float,
    batch: int,
    undisturbed: bool,
    segments: tuple[tuple[float, float], ...],
    warnings: tuple[AudioWarning, ...] = (),
    heard: AudioFile | None = None,
) -> Line:
    """The line of an utterance that was transcribed; the fields are those of `harness.records.journal.Line`.

    Begin and end of the pieces that the clip was cut into are stated where there are several.
    """
    words, speakers, draft = hypothesis.words, hypothesis.speakers, hypothesis.draft
    # A model may give subclasses of these types, such as numpy's, which no file can hold.
    return _line(
        utterance,
        audio_seconds,
        hypothesis=str(hypothesis.text),
        draft=None if draft is None else str(draft),
        words=words and tuple(Word(str(word.text), float(word.start), float(word.end)) for word in words),
        speakers=speakers and tuple(map(str, speakers)),
        turns=hypothesis.turns and tuple(map(_turn, hypothesis.turns)),
        usage=hypothesis.usage,
        time=time,
        batch=batch,
        undisturbed=undisturbed,
        segments=segments if len(segments) > 1 else None,
        audio_warnings=warnings or None,
        audio_file=heard,
    )


def _turn(one: Turn) -> Turn:
    times = (None if time is None else float(time) for time in (one.start, one.end))
    return Turn(str(one.speaker), str(one.text), *times)


def failed(
    utterance: Utterance, error: Exception, audio_seconds: float | None = None, heard: AudioFile | None = None
) -> Line:
    """The line of an utterance that could not be transcribed."""
    usage = getattr(error, "usage", None)
    return _line(utterance, audio_seconds, error=describe(error), usage=usage, audio_file=heard)


def _line(utterance: Utterance, audio_seconds: float | None, **outcome: Any) -> Line:
    """What a line says in either case, and the fields of the one that it is."""
    return Line(
        id=utterance.id,
        duration=utterance.duration if utterance.duration is not None else audio_seconds,
        audio_seconds=audio_seconds,
        **stated(utterance),
        audio=where_heard(utterance.audio),
        **outcome,
    )


def stated(utterance: Utterance) -> dict[str, Any]:
    """What a line repeats of the data, under the names of its fields."""
    return {
        "reference": utterance.reference,
        "language": utterance.language,
        "session": utterance.session,
        "parent_id": utterance.parent_id,
        "chunk_index": utterance.chunk_index,
        "keywords": utterance.keywords or None,
        "reference_turns": tuple(Turn(*one) for one in utterance.turns) or None,
        "reference_words": tuple(Word(*one) for one in utterance.words) or None,
        "target": utterance.target,
        "tags": dict(utterance.tags),
    }


def where_heard(audio: Audio) -> str:
    """Where the audio is found again."""
    whole = audio.start is None and audio.end is None
    return audio.origin + ("" if whole else f"#t={_exactly(audio.start or 0.0)},{_exactly(audio.end)}")


def _exactly(seconds: float | None) -> str:
    """Seconds to the microsecond, without the zeros at their end; empty for the end of the file."""
    return "" if seconds is None else f"{seconds:.6f}".rstrip("0").rstrip(".")


def describe(error: Exception) -> str:
    """An exception as one line for the journal."""
    text = hide(" ".join(str(error).split()))
    return text if isinstance(error, HarnessError) else f"{type(error).__name__}: {text}"[:500]


class JournalFile:
    """A journal open for writing. Opening it cuts off a torn last line. Lines are not held in memory."""

    def __init__(self, path: Path, stretch: int = 0) -> None:
        self.path = path
        self.stretch = stretch
        """Which one of the run computes what is written; stated where it is not the first."""
        known = read_journal(path)
        self._count = len(known.lines)
        self._synced = time.monotonic()
        refuse_link(path)
        try:
            # Unbuffered: what a failed write left behind must not be written again when the file is closed.
            self._file = path.open("ab", buffering=0)
            self._file.truncate(known.size)
        except OSError as error:
            raise cannot_write(path, error) from None

    def append(self, lines: Collection[Line]) -> None:
        """Writes the lines of one batch, all or none of them as far as the system allows.

        Raises:
            RunError: the disk is full or the file cannot be written. What was there before stays.
        """
        size = self._file.tell()
        if self.stretch:
            lines = [replace(line, stretch=self.stretch) for line in lines]
        view = memoryview(encode_lines(lines))
        try:
            while view:  # a nearly full disk takes a part and says so only to those who look
                view = view[self._file.write(view) or 0 :]
            if time.monotonic() - self._synced > SYNC_SECONDS:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            self._file.truncate(size)  # back to the last good line
            self._file.seek(size)  # where the next one would be undone to
            raise cannot_write(self.path, error) from None
        self._count += len(lines)

    def __len__(self) -> int:
        """Number of lines."""
        return self._count

    @property
    def lines(self) -> Sequence[Line]:
        """All lines, read from the file."""
        return read_journal(self.path).lines

    def close(self) -> None:
        """Forces everything to the disk.

        Raises:
            RunError: it could not be, for the disk is full or broken.
        """
        if self._file.closed:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise cannot_write(self.path, error) from None
        finally:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def drop_failed(path: Path) -> None:
    """Takes failed utterances out of a journal, so that they are run again."""
    lines = read_journal(path).lines
    kept = [line for line in lines if line.error is None]
    if len(kept) == len(lines):
        return
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    with JournalFile(temporary) as journal:
        journal.append(kept)
    temporary.replace(path)
