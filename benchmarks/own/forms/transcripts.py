"""One file of transcripts for a folder of audio: ids and texts, as MLS (transcripts.txt) and JSUT have it.

Formats: https://www.openslr.org/94; https://sites.google.com/site/shinnosuketakamichi/publication/jsut.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks.dataset import Entry
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.lookup import LOOKED, Recordings, audio_stem, head, is_file, named_split, names_in, walk
from benchmarks.sources.text_files import file_lines
from harness.errors import DataError

FILES = {"transcripts.txt": "\t", "transcript.txt": "\t", "transcript_utf8.txt": ":"}
"""What the file is called, and what stands behind an id; where that is not on the line, the first white space does."""
DEFAULT = "test"


def _files(place: str) -> dict[str, Path]:
    """The files that a place means, by the names of their folders."""
    path = Path(place)
    if path.name in FILES and is_file(path):
        return {path.parent.resolve().name: path}
    for folders in ([path], [path / name for name in names_in(path)]):
        found = {folder.resolve().name: folder / name for folder in folders for name in FILES if is_file(folder / name)}
        if found:
            return found
    return {}


def _recognizes(place: str) -> bool:
    """Whether there is such a file of ids: behind the first one is a mark, or the first ones are those of audio."""
    return any(_lists_audio(path) for path in _files(place).values())


def _lists_audio(path: Path) -> bool:
    mark = FILES[path.name]
    lines = head(path).decode("utf-8", "ignore").lstrip("\ufeff").split("\n")[:20]
    if mark in lines[0] and " " not in lines[0].partition(mark)[0]:
        return True
    stems = {audio_stem(name) for _, names in islice(walk(path.parent), LOOKED) for name in names} - {path.stem, None}
    return any(line.split(maxsplit=1)[0] in stems for line in lines if line.strip())


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances, in the order of the file."""
    files = _files(place)
    if not files:
        raise DataError(f"{place}: no {' or '.join(FILES)} in it")
    file = files[named_split(place, asked, account, files, DEFAULT)]
    recordings = Recordings.below(account, file.parent)
    seen = set[str]()
    for where, line in file_lines(file):
        key, mark, text = line.partition(FILES[file.name])
        if not mark:
            key, _, text = line.strip().partition(" ")
        key = key.strip()
        if key in seen:
            raise DataError(f"{where}: {key!r} was there before; each may come once")
        seen.add(key)
        audio = recordings.take(key) or recordings.take(audio_stem(key) or key)
        if audio is None:
            account.leave_out("transcripts without audio", where)
            continue
        session = key.partition("_")[0] if key.count("_") == 2 else None
        yield Item(Entry(id=key, reference=text.strip(), session=session), audio, where)
    recordings.rest(account)


FORM = Form(
    name="transcripts",
    title="one file of transcripts for a folder of audio (transcripts.txt of MLS, JSUT's)",
    rank=530,
    uses=frozenset({"split"}),
    recognizes=_recognizes,
    items=_items,
)
