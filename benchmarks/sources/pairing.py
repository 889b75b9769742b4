"""Transcripts and audio of a release brought together, and what is missing on either side said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.sources.header import seconds
from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.dataset import Entry, Utterance
    from benchmarks.sources.archive import Release

AUDIO_ENDINGS = (".flac", ".wav", ".mp3", ".ogg", ".opus", ".sph")


def pair(
    release: Release,
    entries: Mapping[str, Sequence[Entry]],
    key: Callable[[str], str | None],
    language: str,
    *,
    every_audio: bool = False,
) -> Iterator[Utterance]:
    """The utterances of a release in the order in which its audio is stored.

    Args:
        release: where the audio is.
        entries: what the transcripts say, by the key of the recording: one entry, or the segments of a long one.
        key: a member's name to its key; None where the file is none of the recordings.
        language: BCP-47 primary subtag.
        every_audio: whether a recording without a transcript is an error.

    Raises:
        DataError: a transcript without audio, a recording twice, or one without a transcript where all must have one.
    """
    left = set(entries)

    def wanted(name: str) -> bool:
        if not name.lower().endswith(AUDIO_ENDINGS):
            return False
        found = key(name)
        return found is not None and (every_audio or found in entries)

    for member in release.members(wanted):
        recording = key(member.name)
        if recording not in entries:
            msg = f"{release.path}: {member.name} has no transcript; the release is not whole, or was changed"
            raise DataError(msg)
        if recording not in left:
            msg = f"{release.path}: the recording {recording} is there twice, the second time as {member.name}"
            raise DataError(msg)
        left.discard(recording)
        audio = member.audio()
        for entry in entries[recording]:
            whole = entry.start is None and entry.end is None and entry.duration is None
            yield entry.utterance(audio, language, seconds(audio) if whole else None)
        if not left and not every_audio:
            return
    if left:
        first = min(left)
        msg = f"{release.path}: {len(left)} transcripts have no audio, the first is {first}: get the audio again"
        raise DataError(msg)
