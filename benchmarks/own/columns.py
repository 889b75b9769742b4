"""What a column of a table holds, told by its name: the same for manifests, the hub's tables and others."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import DataError

if TYPE_CHECKING:
    from benchmarks.own.form import Account, Asked, Role

NAMES: Mapping[Role, tuple[str, ...]] = {
    "audio": (
        *("audio", "audio_filepath", "audio_path", "path", "file_name", "file", "wav", "filename", "audio_filename"),
        *("wav_filename", "audio_file", "filepath", "file_path", "wav_path", "wav_file", "wav_filepath", "recording"),
        *("mp3", "flac", "datei", "dateiname", "dateipfad", "audiodatei", "pfad", "aufnahme"),
    ),
    "text": (
        *("text", "transcript", "transcription", "sentence", "reference", "transcript_text", "reference_text", "ref"),
        *("ref_text", "ground_truth", "wrd", "txt", "raw_text", "raw_transcription", "normalized_text", "transkript"),
        *("transkription", "satz", "wortlaut", "referenz", "referenztext"),
    ),
    "id": ("id", "utterance_id", "utt_id", "utt", "uttid", "uid", "key", "kennung"),
    "session": (
        *("session", "session_id", "meeting_id", "call_id", "conversation_id", "recording_id", "sitzung", "gespraech"),
        *("gespräch", "anruf"),
    ),
    "speaker": (
        "speaker",
        "speaker_id",
        "client_id",
        "spk_id",
        "spkid",
        "spk",
        "sprecher",
        "sprecherin",
        "sprecher_id",
    ),
    "language": ("language", "lang", "locale", "language_id", "lang_id", "language_code", "source_lang", "sprache"),
    "duration": (
        *("duration", "duration_s", "duration_sec", "duration_seconds", "dur", "length_s", "length_seconds"),
        *("audio_duration", "audio_length", "duration_ms", "length_ms", "dauer", "länge", "laenge"),
    ),
    "start": (
        *("start", "start_time", "begin", "begin_time", "segment_start", "start_s", "start_sec", "start_seconds"),
        *("start_ms", "beginn", "anfang"),
    ),
    "end": (*("end", "end_time", "stop", "segment_end", "end_s", "end_sec", "end_seconds", "end_ms", "ende", "stopp"),),
    "offset": ("offset", "offset_s", "offset_seconds", "offset_ms", "versatz"),
    "channel": ("channel", "channel_id", "channel_index", "audio_channel", "kanal"),
    "keywords": ("keywords", "hotwords", "bias_words", "biasing_words", "boost_words", "stichworte", "stichwörter"),
}
"""The names that a column may have, however they are written; the first that is there, and is not empty, counts."""

SAYS: Mapping[Role, str] = {role: f"--{role}-column" for role in ("audio", "text", "id", "session", "language")}
"""The flags that name a column."""

TRANSLATION = "translation"
"""The column that holds the references of translations."""

MOST_TAGS = 64
"""Columns that are kept as tags."""
LONGEST_TAG = 200
"""Characters of a tag's value."""

_ROLES: Mapping[str, tuple[Role, int]] = {
    name: (role, place) for role, names in NAMES.items() for place, name in enumerate(names)
}
_IGNORED = re.compile(r"(?:unnamed[:_ ]*\d+|__index_level_\d+__)?")
"""What pandas calls its row numbers: no one's column."""


def plain(name: str) -> str:
    """A column's name however it is written: ``Audio File`` and ``audio-file`` are ``audio_file``, and ``wavFile`` too.

    A unit in brackets is a part of the name: ``duration[ms]`` is ``duration_ms``.
    """
    spaced = re.sub(r"(?<=[a-z0-9äöüß])(?=[A-Z])", "_", name.strip().lstrip("\ufeff"))
    return re.sub(r"[\W_]+", "_", spaced.lower()).strip("_")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a table hold what."""

    of: Mapping[Role, tuple[str, ...]]
    """The columns of each role, those to ask first standing first; none where it has none."""
    tags: tuple[str, ...]
    """All others."""
    scale: Mapping[str, float]
    """What to divide a number by, for columns in other units than seconds."""
    timed: bool
    """Whether a column tells where an utterance begins or ends, or how long it is."""

    def names(self, role: Role) -> tuple[str, ...]:
        """The columns that may hold something; none where there is none."""
        return self.of[role]


def find_columns(header: Sequence[str], asked: Asked, account: Account) -> Columns:
    """What the columns of a table hold, by what the user said, then by their names; reported in the account.

    Args:
        header: the names of the columns, as they stand there.
        asked: names given by the user win, whatever they are; `check_asked` sees that they are there.
        account: told what each column is taken for.
    """
    given = dict(asked.columns)
    if asked.translation:  # a row without one has no text: its transcript is none
        given.setdefault("text", next((name for name in header if plain(name) == TRANSLATION), TRANSLATION))
    found: dict[Role, list[tuple[int, bool, int, str]]] = {role: [(0, False, 0, name)] for role, name in given.items()}
    rest: list[str] = []
    for number, name in enumerate(header):
        role, place = _ROLES.get(plain(name), (None, 0))
        if role is not None and role not in given:
            written_otherwise = name != NAMES[role][place]  # of `text` and `Text` the one with the very name counts
            found.setdefault(role, []).append((place, written_otherwise, number, name))
        elif name not in given.values() and _IGNORED.fullmatch(name.strip().lower()) is None:
            rest.append(name)
    if len(rest) > MOST_TAGS:
        account.note(f"{len(rest)} further columns, of which the first {MOST_TAGS} are kept as tags")
    tags = tuple(rest[:MOST_TAGS])
    columns = {role: tuple(name for *_, name in sorted(names)) for role, names in found.items()}
    taken: dict[str, str] = {name: role for role, names in columns.items() for name in names}
    for name in header:
        use = taken.get(name, "tag" if name in tags else "not used")
        if account.columns.get(name, "not used") == "not used":
            account.columns[name] = use
    timed = not columns.keys().isdisjoint(("duration", "start", "end", "offset"))
    of: dict[Role, tuple[str, ...]] = {role: columns.get(role, ()) for role in NAMES}
    return Columns(of, tags, {name: 1_000.0 for name in header if plain(name).endswith("_ms")}, timed)


def check_asked(header: Collection[str], asked: Asked, where: str) -> None:
    """Every column that the user named must be there.

    Raises:
        DataError: one is not; the message names those that are.
    """
    for role, name in asked.columns.items():
        if name not in header:
            raise DataError(f"{where}: no column {name!r} ({SAYS.get(role, role)}); its columns are {listed(header)}")


def listed(names: Collection[str]) -> str:
    """Names for a message, of many of them the first."""
    shown = ", ".join(repr(name)[:40] for name in list(names)[:20])
    return f"{shown}, ... ({len(names)} in all)" if len(names) > 20 else shown or "none"
