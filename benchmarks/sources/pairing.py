"""Transcripts and audio of a release brought together, and what is missing on either side said."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from benchmarks.sources.header import seconds
from harness.errors import DataError

if TYPE_CHECKING:
    from benchmarks.dataset import Audio, Entry, Utterances
    from benchmarks.sources.archive import Release

PENDING_BYTES = 256 << 20
"""How much audio may wait for its transcripts in memory, while an archive is read."""

AUDIO_ENDINGS = (
    *(".flac", ".wav", ".mp3", ".ogg", ".opus", ".sph", ".m4a", ".aac", ".webm", ".mp4", ".wma", ".amr", ".awb"),
    *(".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64", ".rf64", ".bwf", ".wave", ".oga", ".spx", ".mka"),
    *(".mkv", ".mov", ".m4b", ".m4v", ".3gp", ".3g2", ".mp2", ".mpga", ".weba", ".ac3", ".nist", ".wv", ".tta"),
)
"""What the name of a recording ends in, of all kinds that are decoded."""

Key = Callable[[str], str | None]
"""A member's name to the key of its recording; None where the file is none of the recordings."""


def stem(name: str) -> str:
    """A file name without its audio ending, folders kept: basenames repeat across calls in Earnings-22."""
    head, dot, tail = name.rpartition(".")
    return head if dot and f".{tail.lower()}" in AUDIO_ENDINGS else name


def stem_in(folder: str, name: str) -> str | None:
    """The key of audio that lies in a folder whose path ends so: the file's name without its ending."""
    place, _, file = f"/{name}".rpartition("/")
    return stem(file) if place.endswith(folder) else None


def pair(
    release: Release, entries: Mapping[str, Sequence[Entry]], key: Key, language: str, *, every_audio: bool = False
) -> Utterances:
    """The utterances of a release in the order in which its audio is stored.

    Args:
        release: where the audio is.
        entries: what the transcripts say, by the key of the recording: one entry, or the segments of a long one.
        key: a member's name to the key of its recording.
        language: BCP-47 primary subtag.
        every_audio: whether a recording without a transcript is an error.

    Raises:
        DataError: a transcript without audio, a recording twice, or one without a transcript where all must have one.
    """
    recordings = set[str]()

    def wanted(name: str) -> bool:
        if not name.lower().endswith(AUDIO_ENDINGS):
            return False
        found = key(name)
        return found is not None and (every_audio or found in entries)

    for member in release.members(wanted):
        recording = key(member.name) or ""
        if recording not in entries:
            raise release.error(f"{member.name} has no transcript; the release is not whole, or was changed")
        if recording in recordings:
            raise release.error(f"the recording {recording} is there twice, the second time as {member.name}")
        recordings.add(recording)
        audio = member.audio()
        for entry in entries[recording]:
            whole = entry.start is None and entry.end is None and entry.duration is None
            yield entry.utterance(audio, language, seconds(audio) if whole else None)
        if len(recordings) == len(entries) and not every_audio:
            return
    _check_all_found(release, set(entries) - recordings)


def pair_as_read(
    release: Release, text: str, parse: Callable[[str, bytes], Mapping[str, Entry]], key: Key, language: str
) -> Utterances:
    """As `pair` with every audio, for releases whose transcripts lie near their audio: the release is read only once.

    Audio waits for its transcripts; where more than PENDING_BYTES of it would wait, the release is read once more.

    Args:
        release: where both are.
        text: how the names of the transcript files end.
        parse: a transcript file's name and content to its entries by the key of their recording.
        key: as in `pair`.
        language: BCP-47 primary subtag.

    Raises:
        DataError: as `pair`, or an id is in two transcript files.
    """
    entries: dict[str, Entry] = {}  # whose audio has not come yet
    waiting: dict[str, tuple[Audio, float | None]] = {}  # whose transcripts have not, and its seconds
    recordings = set[str]()
    held = 0
    for member in release.members(lambda name: name.endswith(text) or key(name) is not None):
        if member.name.endswith(text):
            for name, entry in parse(member.name, member.read()).items():
                if name in entries or (name in recordings and name not in waiting):
                    raise _in_two_files(release, name)
                if name not in waiting:
                    entries[name] = entry
                    continue
                audio, length = waiting.pop(name)
                held -= len(audio.data or b"")
                yield entry.utterance(audio, language, length)
            continue
        name = key(member.name) or ""
        if name in recordings:
            raise release.error(f"the recording {name} is there twice, the second time as {member.name}")
        recordings.add(name)
        audio = member.audio()
        length = seconds(audio)
        if name in entries:
            yield entries.pop(name).utterance(audio, language, length)
            continue
        waiting[name] = audio, length
        held += len(audio.data or b"")
        if held > PENDING_BYTES:
            later = set(waiting)
            waiting.clear()
            entries_of = _all_entries(release, text, parse)
            done = {entry.id for name, (entry,) in entries_of.items() if name in recordings and name not in later}
            rest = pair(release, entries_of, key, language, every_audio=True)
            yield from (utterance for utterance in rest if utterance.id not in done)
            return
    if waiting:
        raise release.error(f"{next(iter(waiting.values()))[0].origin} has no transcript; the release is not whole")
    _check_all_found(release, set(entries))


def _all_entries(
    release: Release, text: str, parse: Callable[[str, bytes], Mapping[str, Entry]]
) -> dict[str, Sequence[Entry]]:
    """The entries of every transcript file, as `pair` takes them."""
    entries: dict[str, Sequence[Entry]] = {}
    for file, content in release.files(re.escape(text) + "$"):
        for name, entry in parse(file, content).items():
            if name in entries:
                raise _in_two_files(release, name)
            entries[name] = (entry,)
    return entries


def _in_two_files(release: Release, name: str) -> DataError:
    """The error for transcript files that overlap."""
    return DataError(f"{release.path}: the utterance {name} is in two transcript files")


def _check_all_found(release: Release, left: set[str]) -> None:
    """Every transcript must have its audio."""
    if left:
        raise release.error(f"transcripts without audio: {len(left):,}, the first is {min(left)}: get the audio again")
