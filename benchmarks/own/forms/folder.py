"""A folder of audio with a .txt of the same name beside each file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks.dataset import Audio, Entry
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.sources.pairing import AUDIO_ENDINGS
from harness.errors import DataError


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


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances, by their paths."""
    folder = Path(place)
    _check_folder(folder)
    for path, has_audio, _ in _files(folder):
        if not has_audio:
            continue
        text = path.with_suffix(".txt")
        try:
            reference = " ".join(text.read_text(encoding="utf-8-sig").split())
        except (UnicodeDecodeError, OSError) as error:
            raise DataError(f"{text}: cannot be read as UTF-8 text ({error})") from error
        key = path.relative_to(folder).with_suffix("").as_posix()
        yield Item(Entry(id=key, reference=reference), Audio(origin=str(path), path=path), str(path))


FORM = Form(
    name="folder",
    title="a folder of audio with a .txt beside each file",
    rank=900,
    recognizes=lambda place: Path(place).is_dir(),
    items=_items,
)
