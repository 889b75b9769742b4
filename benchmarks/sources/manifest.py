"""Your own data as a benchmark: a manifest (JSON lines, CSV, TSV; NeMo's too) or a folder of audio with texts."""

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.dataset import Audio, Dataset, Entry, Request, Source, Utterances
from benchmarks.facts import Seen
from benchmarks.languages import primary_subtag
from benchmarks.sources.header import seconds
from benchmarks.sources.pairing import AUDIO_ENDINGS
from benchmarks.sources.tables import Line, read_table
from harness.errors import DataError, UsageError

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
    where: str
    """What to call it in messages: the manifest's line, or the file."""
    stated: bool = False
    """Whether it says its language itself."""


def dataset_from_path(path: Path, language: str | None = None) -> Dataset:
    """The benchmark that a manifest or a folder is. Texts are read and checked now, audio is not.

    It is read again when it is opened, so that no row is held in memory.

    Args:
        path: a .jsonl, .json, .csv or .tsv file, or a folder.
        language: BCP-47 primary subtag of the rows that do not say theirs; English where nothing is said.

    Raises:
        UsageError: there is nothing at the path, or nothing that is understood.
        DataError: a line cannot be used; the message names it.
    """
    source = _manifest(path)
    if source is None:
        _check_folder(path)
    unsaid = language or "en"
    items = partial(_from_table, source, unsaid) if source else partial(_from_folder, path, unsaid)
    found, empty, spoken, silent = Seen(), 0, Counter[str](), False
    for item in _checked(items()):
        found.add(item.entry)
        empty += not item.entry.reference.strip()
        spoken[item.language] += 1
        silent = silent or not item.stated
    if not found.rows:
        msg = f"{path}: no utterances in it; a folder needs audio files with a .txt of the same name beside each"
        raise DataError(msg)
    return Dataset(
        name=_name(path),
        title=f"{path}",
        language=spoken.most_common(1)[0][0],
        language_stated=language is not None or not silent,
        languages=tuple(sorted(spoken)),
        unsaid=unsaid if silent else None,
        license="the user's own",
        sources=(Source(kind="manifest", where=str(source or path), open=partial(_open, items)),),
        rows=found.rows,
        hours=found.hours,
        words=found.words,
        notes=f"{empty} of {found.rows} references are empty: insertions there count as errors." if empty else "",
    )


def _checked(items: Iterator[Item]) -> Iterator[Item]:
    """Each row, whose audio must be there and whose id its own: ids pair systems, and tell what is done."""
    ids = set[str]()
    for item in items:
        if item.entry.id in ids:
            msg = f"the id {item.entry.id!r} occurs again; give each utterance an id of its own in a column id"
            raise DataError(f"{item.where}: {msg}")
        ids.add(item.entry.id)
        if not os.path.isfile(item.path):  # noqa: PTH113 - Path.is_file raises where a name is too long
            raise DataError(f"{item.where}: no audio file at {item.path[:300]}")
        yield item


def _manifest(path: Path) -> Path | None:
    """The manifest file that a path means, or None for a folder without one."""
    if path.is_dir():
        return next((path / name for name in IN_FOLDER if (path / name).is_file()), None)
    if not path.exists():
        takes = "--data takes a manifest (.jsonl, .csv, .tsv) or a folder of audio with texts"
        raise UsageError(f"no file or folder at {path}; {takes}")
    return path


def _name(path: Path) -> str:
    """``data_`` and the name of the path, as an id; a folder's manifest is called after the folder."""
    real = path.resolve()
    if real.name in IN_FOLDER and real.parent.name:
        real = real.parent
    stem = real.stem if real.is_file() else real.name
    return "data_" + (re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_") or "unnamed")


def _from_table(source: Path, language: str) -> Iterator[Item]:
    """The utterances of a manifest file, whose paths are from its folder."""
    folder = str(source.parent)
    return (_item(folder, row, language) for row in read_table(source))


def _item(folder: str, row: Line, language: str) -> Item:
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
    given = row.string("id", "utterance_id", "utt_id")
    entry = Entry(
        id=given or _stem(audio) + cut,
        reference=text,
        duration=duration,
        session=row.string(*SESSION),
        start=start,
        end=None if start is None or duration is None else start + duration,
    )
    said = row.string(*LANGUAGE)
    try:
        spoken = language if said is None else primary_subtag(said, "language")
    except UsageError as error:
        raise row.error(str(error)) from None
    return Item(entry, path, sys.intern(spoken), row.where, stated=said is not None)


def _stem(audio: str) -> str:
    """An audio's path without its ending: the id where none is given."""
    head, _, tail = audio.replace("\\", "/").rpartition("/")
    name = tail.rpartition(".")[0] or tail
    return f"{head}/{name}" if head and not head.startswith("/") else name


def _files(folder: Path) -> Iterator[tuple[Path, bool, bool]]:
    """The audio files of a folder, sorted, and texts without one; whether each has an audio, and a text."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        stems = {name.removesuffix(".txt") for name in names if name.endswith(".txt")}
        recordings = set[str]()
        for name in sorted(names):
            stem, ending = os.path.splitext(name)  # noqa: PTH122 - pathlib takes ten times as long
            if ending.lower() in AUDIO_ENDINGS:
                recordings.add(stem)
                yield Path(place, name), True, stem in stems
        for stem in sorted(stems - recordings):
            yield Path(place, f"{stem}.txt"), False, True


def _check_folder(folder: Path) -> None:
    """Every audio file needs its text, and every text its audio; a folder without audio is no one's data."""
    found = list(_files(folder))
    audio = sum(has_audio for _, has_audio, _ in found)
    without_text = [path for path, _, has_text in found if not has_text]
    without_audio = [path for path, has_audio, _ in found if not has_audio]
    if without_text:
        msg = f"{folder}: {len(without_text)} of {audio} audio files have no .txt beside them"
        raise DataError(f"{msg}, the first is {without_text[0]}")
    if audio and without_audio:
        msg = f"{folder}: {len(without_audio)} texts have no audio file beside them, the first is {without_audio[0]}"
        raise DataError(msg)


def _from_folder(folder: Path, language: str) -> Iterator[Item]:
    """The utterances of a folder of audio with a .txt of the same name beside each file."""
    for path, has_audio, _ in _files(folder):
        if not has_audio:
            continue
        text = path.with_suffix(".txt")
        try:
            reference = " ".join(text.read_text(encoding="utf-8-sig").split())
        except (UnicodeDecodeError, OSError) as error:
            raise DataError(f"{text}: cannot be read as UTF-8 text ({error})") from error
        key = path.relative_to(folder).with_suffix("").as_posix()
        yield Item(Entry(id=key, reference=reference), str(path), language, str(path))


def _open(items: Callable[[], Iterator[Item]], request: Request) -> Utterances:
    """The utterances, in the manifest's order."""
    request.note("revision", "local files")
    for item in items():
        audio = Audio(origin=item.path, path=Path(item.path))
        yield item.entry.utterance(audio, item.language, seconds(audio) if item.entry.duration is None else None)
