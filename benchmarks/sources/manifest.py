"""Your own data as a benchmark: a manifest (JSON lines, CSV, TSV; NeMo's too) or a folder of audio with texts."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.dataset import Audio, Dataset, Door, Entry
from benchmarks.sources.header import seconds
from benchmarks.sources.pairing import AUDIO_ENDINGS
from benchmarks.sources.tables import Row, read_table
from harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.dataset import Request, Utterance

AUDIO = ("audio", "audio_filepath", "audio_path", "path", "file_name", "file", "wav", "filename")
TEXT = ("text", "transcript", "transcription", "sentence", "reference")
SESSION = ("session", "speaker", "speaker_id", "client_id")
LANGUAGE = ("language", "lang", "locale")
"""The names that a column may have; the first that is there counts."""

IN_FOLDER = ("manifest.jsonl", "manifest.csv", "manifest.tsv", "manifest.json", "metadata.jsonl", "metadata.csv")
"""The manifest that a folder may hold; without one, each audio file has a .txt of the same name beside it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One utterance of the user's own."""

    entry: Entry
    path: str
    language: str


def dataset_from_path(path: Path, language: str = "en") -> Dataset:
    """The benchmark that a manifest or a folder is. Texts are read and checked now, audio is not.

    Args:
        path: a .jsonl, .json, .csv or .tsv file, or a folder.
        language: BCP-47 primary subtag of the rows that do not say theirs.

    Raises:
        UsageError: there is nothing at the path, or nothing that is understood.
        DataError: a line cannot be used; the message names it.
    """
    source = _manifest(path)
    items = _from_folder(path, language) if source is None else _from_table(source, language)
    if not items:
        msg = f"{path}: no utterances in it; a folder needs audio files with a .txt of the same name beside each"
        raise DataError(msg)
    _check_ids(items, source or path)
    name = _name(path)
    languages = Counter(item.language for item in items)
    empty = sum(not item.entry.reference.strip() for item in items)
    known = [item.entry.duration for item in items if item.entry.duration is not None]
    return Dataset(
        name=name,
        title=f"{path}",
        language=languages.most_common(1)[0][0],
        license="the user's own",
        doors=(Door(kind="manifest", where=str(source or path), open=partial(_open, tuple(items))),),
        rows=len(items),
        hours=sum(known) / 3600 if len(known) == len(items) else None,
        words=sum(len(item.entry.reference.split()) for item in items),
        notes=f"{empty} of {len(items)} references are empty: insertions there count as errors." if empty else "",
    )


def _manifest(path: Path) -> Path | None:
    """The manifest file that a path means, or None for a folder without one."""
    if path.is_dir():
        return next((path / name for name in IN_FOLDER if (path / name).is_file()), None)
    if not path.exists():
        msg = (
            f"no file or folder at {path}; --data takes a manifest (.jsonl, .csv, .tsv) or a folder of audio with texts"
        )
        raise UsageError(msg)
    return path


def _name(path: Path) -> str:
    """``data_`` and the name of the path, as an id; a folder's manifest is called after the folder."""
    real = path.resolve()
    stem = (
        real.parent.name if real.name in IN_FOLDER and real.parent.name else real.stem if real.is_file() else real.name
    )
    return "data_" + (re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_") or "unnamed")


def _from_table(source: Path, language: str) -> list[Item]:
    """The utterances of a manifest file."""
    return [_item(source, row, language) for row in read_table(source)]


def _item(source: Path, row: Row, language: str) -> Item:
    """The utterance of one row."""
    audio, text = row.string(*AUDIO), row.string(*TEXT, empty=True)
    if audio is None or text is None:
        missing = f"audio ({', '.join(AUDIO[:2])}, ...)" if audio is None else f"text ({', '.join(TEXT[:2])}, ...)"
        raise row.error(f"no {missing}")
    path = os.path.join(source.parent, audio)  # noqa: PTH118 - five times as fast as pathlib
    start, duration = row.number("offset"), row.number("duration")
    if start is not None and duration is None:
        raise row.error("an offset without a duration")
    cut = "" if start is None else f"_{start:g}"
    given = row.string("id", "utterance_id", "utt_id")
    entry = Entry(
        id=given or _stem(audio) + cut,
        reference=text,
        duration=duration,
        session=row.string(*SESSION),
        start=start,
        end=None if start is None or duration is None else start + duration,
    )
    if not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises where a name is too long
        raise row.error(f"no audio file at {path[:300]}")
    return Item(entry, path, (row.string(*LANGUAGE) or language).lower().replace("_", "-").partition("-")[0])


def _stem(audio: str) -> str:
    """An audio's path without its ending: the id where none is given."""
    head, _, tail = audio.replace("\\", "/").rpartition("/")
    name = tail.rpartition(".")[0] or tail
    return f"{head}/{name}" if head and not head.startswith("/") else name


def _from_folder(folder: Path, language: str) -> list[Item]:
    """The utterances of a folder of audio with a .txt of the same name beside each file."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in AUDIO_ENDINGS and path.is_file())
    lonely = [path for path in found if not path.with_suffix(".txt").is_file()]
    if lonely:
        msg = f"{folder}: {len(lonely)} of {len(found)} audio files have no .txt beside them, the first is {lonely[0]}"
        raise DataError(msg)
    texts = {path for path in folder.rglob("*.txt") if path.is_file()} if found else set()
    deaf = sorted(texts - {path.with_suffix(".txt") for path in found})
    if deaf:
        msg = f"{folder}: {len(deaf)} texts have no audio file beside them, the first is {deaf[0]}"
        raise DataError(msg)
    items = []
    for path in found:
        text = path.with_suffix(".txt")
        try:
            reference = " ".join(text.read_text(encoding="utf-8-sig").split())
        except (UnicodeDecodeError, OSError) as error:
            msg = f"{text}: cannot be read as UTF-8 text ({error})"
            raise DataError(msg) from error
        key = path.relative_to(folder).with_suffix("").as_posix()
        items.append(Item(Entry(id=key, reference=reference), str(path), language))
    return items


def _check_ids(items: Sequence[Item], source: Path) -> None:
    """Ids must be unique: they pair systems, and tell a resumed run what is done."""
    twice, count = Counter(item.entry.id for item in items).most_common(1)[0]
    if count > 1:
        msg = f"{source}: the id {twice!r} occurs {count} times; give each utterance an id of its own in a column id"
        raise DataError(msg)


def _open(items: Sequence[Item], request: Request) -> Iterator[Utterance]:
    """The utterances, in the manifest's order."""
    request.note("revision", "local files")
    for item in items:
        audio = Audio(origin=item.path, path=Path(item.path))
        yield item.entry.utterance(audio, item.language, seconds(audio) if item.entry.duration is None else None)
