"""Kaldi's and ESPnet's data folders: wav.scp and text, with segments, utt2spk and the like where they are there.

Formats: https://kaldi-asr.org/doc/data_prep.html, and kaldiio for audio in an ark. A command in wav.scp is never run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from benchmarks.dataset import Audio, Entry
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.lookup import Paths, is_file, named_split, names_in, seconds_of, spoken
from benchmarks.sources.header import channels as channels_of
from benchmarks.sources.header import seconds
from benchmarks.sources.text_files import file_lines
from harness.errors import DataError

SCP, TEXT, SEGMENTS, CHANNELS = "wav.scp", "text", "segments", "reco2file_and_channel"
BELOW = ("", "data", "dump/raw")
"""Where a recipe has its folders."""
OF_SPEAKER = {"spk2gender": "gender", "spk2age": "age", "spk2accent": "accent"}
OF_UTTERANCE = {"utt2gender": "gender", "utt2accent": "accent", "utt2category": "category"}
"""Files to the tag that they hold."""
LANGUAGES = ("utt2lang", "utt2lid")
LENGTHS = "utt2dur"
ARK = re.compile(r"(?P<path>.+):(?P<place>\d+)(?P<part>\[[\d:, ]*\])?")
SIDES = {"A": 0, "B": 1}
"""As the sides of a call are called; a number is a channel, from 0."""
Rows = dict[str, tuple[str, str]]
"""Where each line stands, and what it says, by its first word."""


@dataclass(slots=True)
class _Recording:
    """A line of wav.scp."""

    where: str
    audio: Audio
    used: bool = False


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the folder's other files say of utterances and speakers."""

    speakers: Mapping[str, str] = field(default_factory=dict)
    languages: Rows = field(default_factory=dict)
    lengths: Rows = field(default_factory=dict)
    tags: Mapping[str, tuple[bool, Rows]] = field(default_factory=dict)
    """By the tag; whether it is of the speaker."""

    def item(self, key: str, text: str, where: str, audio: Audio, recording: str | None) -> Item:
        """The utterance; `recording` is of which it is a segment."""
        who = self.speakers.get(key)
        tags = {}
        for name, (of_speaker, rows) in self.tags.items():
            at, value = rows.get((who or "") if of_speaker else key, ("", ""))
            if at and value:
                tags[name] = value
        at, said = self.languages.get(key, ("", ""))
        length = None
        if audio.end is not None:
            length = audio.end - (audio.start or 0)
        elif audio.start:
            whole = seconds(audio)
            length = None if whole is None else whole - audio.start
        elif key in self.lengths and audio.start is None:
            at_length, stated = self.lengths[key]
            length = seconds_of(stated, partial(_error, at_length), "the duration")
        entry = Entry(id=key, reference=text, duration=length, session=who or recording, tags=tags)
        return Item(entry, audio, where, spoken(said, partial(_error, at)))


def _error(where: str, what: str) -> DataError:
    return DataError(f"{where}: {what}")


def _folders(place: str) -> dict[str, Path]:
    """The folders with a wav.scp that a place means, by their names."""
    path = Path(place)
    if path.name == SCP and is_file(path):
        return {path.parent.name: path.parent}
    if is_file(path / SCP):
        return {path.name: path}
    for below in BELOW:
        found = {name: path / below / name for name in names_in(path / below) if is_file(path / below / name / SCP)}
        if found:
            return found
    return {}


def _rows(path: Path) -> Rows:
    """A table of the folder, by the first word of each line; empty where it is not there."""
    found: Rows = {}
    for where, line in file_lines(path) if is_file(path) else ():
        key, *rest = line.split(maxsplit=1)
        if key in found:
            raise _error(where, f"{key!r} was there before; each may come once")
        found[key] = where, rest[0].strip() if rest else ""
    return found


def _facts(folder: Path, account: Account) -> _Facts:
    """What is known besides audio and texts."""
    speakers = {key: who for key, (_, who) in _rows(folder / "utt2spk").items() if who}
    if speakers and all(key == who for key, who in speakers.items()):
        account.note("utt2spk gives each utterance a speaker of its own: who speaks is not known")
        speakers = {}
    tags = {tag: (False, _rows(folder / file)) for file, tag in OF_UTTERANCE.items()}
    tags |= {tag: (True, rows) for file, tag in OF_SPEAKER.items() if (rows := _rows(folder / file))}
    languages = next((folder / file for file in LANGUAGES if is_file(folder / file)), folder / LANGUAGES[0])
    return _Facts(
        speakers, _rows(languages), _rows(folder / LENGTHS), {tag: rows for tag, rows in tags.items() if rows[1]}
    )


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances in the order of segments, else of wav.scp."""
    folders = _folders(place)
    if not folders:
        raise DataError(f"{place}: no {SCP} in it")
    folder = folders[named_split(place, asked, account, folders)]
    if not is_file(folder / TEXT):
        raise DataError(f"{folder}: no file {TEXT} beside {SCP}, so that nobody says what was said")
    texts = _rows(folder / TEXT)
    facts = _facts(folder, account)
    cut = is_file(folder / SEGMENTS)
    for key, recording, where, audio in _segments(folder, account) if cut else _whole(folder, account):
        found = texts.pop(key, None)
        if found is None:
            account.leave_out(f"{'segments' if cut else 'recordings'} without a transcript", where)
        else:
            yield facts.item(key, found[1], where, audio, recording)
    for where, _ in texts.values():
        account.leave_out("transcripts without audio", where)


def _whole(folder: Path, account: Account) -> Iterator[tuple[str, str | None, str, Audio]]:
    """The recordings as utterances: id, no recording that it is of, where it stands, audio."""
    if not is_file(folder / CHANNELS):
        yield from ((key, None, where, audio) for key, where, audio in _recordings(folder, account))
        return
    for key, one in _known(folder, account).items():
        yield key, None, one.where, one.audio


def _known(folder: Path, account: Account) -> dict[str, _Recording]:
    """The recordings by their ids, with their channels."""
    recordings = {key: _Recording(where, audio) for key, where, audio in _recordings(folder, account)}
    _set_channels(recordings, _rows(folder / CHANNELS), account)
    return recordings


def _recordings(folder: Path, account: Account) -> Iterator[tuple[str, str, Audio]]:
    """The lines of wav.scp: id, where it stands, audio."""
    paths, seen = Paths(folder, account), set[str]()
    for where, line in file_lines(folder / SCP):
        key, *rest = line.split(maxsplit=1)
        if key in seen:
            raise _error(where, f"{key!r} was there before; each may come once")
        seen.add(key)
        if not rest:
            raise _error(where, f"no path of the audio of {key!r}")
        yield key, where, _audio(rest[0].strip(), where, paths)


def _audio(said: str, where: str, paths: Paths) -> Audio:
    """What a line of wav.scp names.

    Raises:
        DataError: it is a command, which is not run, or a place in an ark where no audio is.
    """
    if said.endswith("|") or said.startswith("|") or said == "-":
        msg = f"a command instead of a file ({said[:80]!r}): commands of data are never run"
        raise _error(where, f"{msg}; write its output into files, and their paths into {SCP}")
    path = paths.find(said)
    quoted = len(said) > 2 and said[0] == said[-1] and said[0] in "\"'"
    if quoted and not is_file(path):
        path = paths.find(said[1:-1])
    ark = None if is_file(path) else ARK.fullmatch(said)
    if ark is None:
        return Audio(origin=path, path=Path(path))
    if ark["part"]:
        raise _error(where, f"a part of a matrix ({ark['part']}) is no audio")
    path = paths.find(ark["path"])
    begin, size = _in_ark(path, int(ark["place"]), where)
    return Audio(origin=f"{path}:{ark['place']}", path=Path(path), offset=begin, size=size)


def _in_ark(path: str, place: int, where: str) -> tuple[int, int]:
    """Where encoded bytes begin at a place in an ark, and how many they are: a WAV, or as kaldiio writes others."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - as often as there are rows
            total = file.seek(0, 2)
            file.seek(min(place, total))
            head = file.read(32)
    except OSError as error:
        raise _error(where, f"{path}: cannot be read ({error.strerror or error})") from None
    if head.startswith(b"RIFF"):
        return place, min(int.from_bytes(head[4:8], "little") + 8, total - place)
    if head.startswith(b"fLaC"):
        return place, total - place
    if head.startswith(b"AUDIO") and 0 < head[5] <= 8:
        begin, size = place + 6 + head[5], int.from_bytes(head[6 : 6 + head[5]], "little")
        if begin + size <= total:
            return begin, size
    what = "features, not audio" if head.startswith((b"\0B", b"NPY")) else "no audio"
    raise _error(where, f"{what} at byte {place} of {path}; write the audio into files")


def _segments(folder: Path, account: Account) -> Iterator[tuple[str, str | None, str, Audio]]:
    """The lines of segments: utterance, recording, where it stands, audio; what has none is counted."""
    recordings = _known(folder, account)
    for key, (where, rest) in _rows(folder / SEGMENTS).items():
        fields = rest.split()
        if len(fields) not in {3, 4}:
            raise _error(where, f"{len(fields) + 1} fields; expected utterance, recording, start, end")
        start = seconds_of(fields[1], partial(_error, where), "the start")
        open_end = fields[2] in {"-1", "-1.0"}
        end = None if open_end else seconds_of(fields[2], partial(_error, where), "the end")
        if end is not None and end <= start:
            raise _error(where, f"the segment ends at {end:g} s, where it begins at {start:g} s")
        found = recordings.get(fields[0])
        if found is None:
            account.leave_out(f"segments whose recording is not in {SCP}", where)
            continue
        found.used = True
        channel = found.audio.channel if len(fields) == 3 else _channel(fields[3], where)
        yield key, fields[0], where, replace(found.audio, start=start, end=end, channel=channel)
    for one in recordings.values():
        if not one.used:
            account.leave_out("recordings without a segment", one.where)


def _channel(said: str, where: str) -> int:
    """A channel as a file of the folder says it."""
    if said.upper() in SIDES:
        return SIDES[said.upper()]
    if not (said.isascii() and said.isdecimal() and len(said) < 4):
        raise _error(where, f"the channel is {said[:40]!r}, neither A, B nor a number")
    return int(said)


def _set_channels(recordings: dict[str, _Recording], channels: Rows, account: Account) -> None:
    """Which channel a recording is: reco2file_and_channel says it for scoring, of files with one channel too.

    It counts where two recordings are of one file, or the file has several channels. Numbers count from 1, as NIST's
    do, where no recording of the folder is 0.
    """
    of_file: dict[tuple[str, int], list[str]] = {}
    for key, one in recordings.items():
        of_file.setdefault((str(one.audio.path), one.audio.offset), []).append(key)
    every = {key: one[1].split()[-1:] for key, one in channels.items()}
    first = int(["0"] not in every.values())
    for keys in of_file.values():
        several = len(keys) > 1 or (keys[0] in every and (channels_of(recordings[keys[0]].audio) or 1) > 1)
        said = {key: every[key] for key in keys if key in every and several}
        for key, (channel, *_) in ((key, one) for key, one in said.items() if one):
            number = _channel(channel, channels[key][0]) - first * channel.isdecimal()
            recordings[key].audio = replace(recordings[key].audio, channel=number)
            account.note(f"channels are taken from {CHANNELS}")


FORM = Form(
    name="kaldi",
    title="a Kaldi or ESPnet folder (wav.scp, text)",
    rank=100,
    uses=frozenset({"split"}),
    recognizes=lambda place: bool(_folders(place)),
    items=_items,
)
