"""A manifest: a table of audio files and what is said in them, as JSON lines, CSV or TSV; NeMo's too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks.dataset import Audio, Entry
from benchmarks.languages import primary_subtag
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.sources.tables import Line, read_table
from harness.errors import UsageError

AUDIO = ("audio", "audio_filepath", "audio_path", "path", "file_name", "file", "wav", "filename")
TEXT = ("text", "transcript", "transcription", "sentence", "reference")
SESSION = ("session", "speaker", "speaker_id", "client_id")
LANGUAGE = ("language", "lang", "locale")
"""The names that a column may have; the first that is there counts."""

ENDINGS = (".jsonl", ".json", ".csv", ".tsv")
IN_FOLDER = ("manifest.jsonl", "manifest.csv", "manifest.tsv", "manifest.json", "metadata.jsonl", "metadata.csv")
"""The manifest that a folder may hold."""


def _recognizes(place: str) -> bool:
    return _file(place) is not None


def _file(place: str) -> Path | None:
    """The manifest that a place means."""
    path = Path(place)
    if path.is_dir():
        return next((path / name for name in IN_FOLDER if (path / name).is_file()), None)
    return path if path.suffix.lower() in ENDINGS and path.exists() else None


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of a manifest file, whose paths are from its folder."""
    source = _file(place)
    if source is None:
        raise UsageError(f"{place}: a manifest ends in {', '.join(ENDINGS)}; see docs/your_own_data.md")
    folder = str(source.parent)
    return (_item(folder, row) for row in read_table(source))


def _item(folder: str, row: Line) -> Item:
    """The utterance of one row."""
    audio, text = row.string(*AUDIO), row.string(*TEXT, empty=True)
    if audio is None or text is None:
        missing = f"audio ({', '.join(AUDIO[:2])}, ...)" if audio is None else f"text ({', '.join(TEXT[:2])}, ...)"
        raise row.error(f"no {missing}")
    path = os.path.join(folder, audio)  # noqa: PTH118 - five times as fast as pathlib
    start, duration = row.number("offset"), row.number("duration")
    if start is not None and duration is None:
        raise row.error("an offset without a duration")
    cut = "" if start is None else f"_{start:g}"
    entry = Entry(
        id=row.string("id", "utterance_id", "utt_id") or _stem(audio) + cut,
        reference=text,
        duration=duration,
        session=row.string(*SESSION),
        start=start,
        end=None if start is None or duration is None else start + duration,
    )
    said = row.string(*LANGUAGE)
    try:
        spoken = None if said is None else primary_subtag(said, "language")
    except UsageError as error:
        raise row.error(str(error)) from None
    return Item(entry, Audio(origin=path, path=Path(path)), row.where, spoken)


def _stem(audio: str) -> str:
    """An audio's path without its ending: the id where none is given."""
    head, _, tail = audio.replace("\\", "/").rpartition("/")
    name = tail.rpartition(".")[0] or tail
    return f"{head}/{name}" if head and not head.startswith("/") else name


FORM = Form(
    name="manifest",
    title=f"a manifest ({', '.join(ENDINGS)})",
    rank=500,
    recognizes=_recognizes,
    items=_items,
)
