"""LibriSpeech's layout, of any corpus: ``<speaker>/<chapter>/`` with audio and a ``*.trans.txt`` of ids and texts.

Format: https://www.openslr.org/12 (README.txt of the release).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks.dataset import Audio, Entry
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.lookup import LOOKED, audio_stem, named_split, walk
from benchmarks.sources.text_files import file_lines
from harness.errors import DataError

TRANS = ".trans.txt"


def _recognizes(place: str) -> bool:
    return any(name.endswith(TRANS) for _, names in islice(walk(Path(place)), LOOKED) for name in names)


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances, folder by folder."""
    root = Path(place)
    folders = []
    for folder, names in walk(root):
        if any(name.endswith(TRANS) for name in names):
            folders.append(folder)
            continue
        for name in names:
            if audio_stem(name) is not None:
                account.leave_out(f"recordings in folders without a {TRANS}", f"{folder}/{name}")
    if not folders:
        raise DataError(f"{place}: no {TRANS} in it")
    subsets = {folder: _subset(root, folder) for folder in folders}
    subset = named_split(place, asked, account, set(subsets.values()))
    for folder in folders:
        if subsets[folder] == subset:
            yield from _of_folder(folder, account)


def _subset(root: Path, folder: Path) -> str:
    """The folder above speaker and chapter: ``test-clean``; the place's own name where these are all there are."""
    parts = (root.resolve().name, *folder.relative_to(root).parts)
    return parts[-3] if len(parts) > 2 else parts[0]


def _of_folder(folder: Path, account: Account) -> Iterator[Item]:
    """The lines of a folder's transcripts, each with its audio."""
    names = next(walk(folder))[1]
    audio: dict[str, str] = {}
    for name in names:
        stem = audio_stem(name)
        if stem is not None and audio.setdefault(stem, name) != name:
            account.leave_out("recordings of the same name as another", f"{folder}/{name}")
    seen = set[str]()
    for where, line in (one for name in names if name.endswith(TRANS) for one in file_lines(folder / name)):
        key, _, words = line.strip().partition(" ")
        if key in seen:
            raise DataError(f"{where}: {key!r} was there before; each may come once")
        seen.add(key)
        if key not in audio:
            account.leave_out("transcripts without audio", where)
            continue
        path = folder / audio[key]
        session = key.partition("-")[0] if key.count("-") == 2 else None
        yield Item(Entry(id=key, reference=words.strip(), session=session), Audio(origin=str(path), path=path), where)
    for key, name in audio.items():
        if key not in seen:
            account.leave_out("recordings without a transcript", f"{folder}/{name}")


FORM = Form(
    name="librispeech",
    title="a tree like LibriSpeech's (*.trans.txt)",
    rank=520,
    uses=frozenset({"split"}),
    recognizes=_recognizes,
    items=_items,
)
