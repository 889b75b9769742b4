"""A folder of audio with a .txt of the same name beside each file."""

from __future__ import annotations

import io
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.dataset import Audio, Entry
from benchmarks.files import whole
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.lookup import is_folder
from benchmarks.sources.encodings import utf8
from benchmarks.sources.header import seconds
from benchmarks.sources.pairing import AUDIO_ENDINGS
from harness.errors import DataError

_SYSTEM = {"thumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "$recycle.bin", "system volume information"}
"""What Windows, macOS and disk stations leave in folders, in lower case."""
_ABOUT = re.compile(
    r"(?:read_?me|licen[cs]e|copying|copyright|notice|authors|contributors|changelog|changes|citation|credits)"
    r"(?:[._-].*)?\.txt",
    re.IGNORECASE,
)
"""Texts about the data, where no audio has their name."""
_SAMPLES = re.compile(r"0 (\d{3,8}) (?=\S)")
"""What TIMIT's texts begin with: the first and the last sample."""
RATES = (7_000, 50_000)
"""Samples a second that these may be."""
HIDDEN, SYSTEM, ABOUT, OTHER, AGAIN = (
    "hidden files",
    "files of the operating system",
    "texts about the data (README, LICENSE, ...)",
    "files that are neither audio nor .txt",
    "linked folders that were read already",
)


def _walk(folder: str, account: Account) -> Iterator[tuple[str, list[str]]]:
    """Each folder with the names of its files, sorted; links are followed, each folder read once.

    Real folders come first, so that what is there twice, once by a link, has its own name.
    """
    seen = set[tuple[int, int]]()
    linked = [folder]
    while linked:
        top = linked.pop(0)
        for place, folders, names in os.walk(top, onerror=_cannot):
            told = os.stat(place)  # noqa: PTH116 - pathlib takes ten times as long
            if (told.st_dev, told.st_ino) in seen:
                account.leave_out(AGAIN, place)
                folders.clear()
                continue
            seen.add((told.st_dev, told.st_ino))
            stray = [name for name in folders if name.startswith(".") or name.lower() in _SYSTEM]
            for name in stray:
                _leave_out_below(os.path.join(place, name), account)  # noqa: PTH118
            folders[:] = sorted(set(folders) - set(stray))
            linked += [path for name in folders if os.path.islink(path := os.path.join(place, name))]  # noqa: PTH114, PTH118
            yield place, sorted(names)


def _cannot(error: OSError) -> None:
    raise DataError(f"{error.filename}: the folder cannot be read ({error.strerror})")


def _leave_out_below(folder: str, account: Account) -> None:
    """Counts the files of a folder that is passed over."""
    for place, _, names in os.walk(folder):
        for name in names:
            account.leave_out(HIDDEN if "/." in place else SYSTEM, os.path.join(place, name))  # noqa: PTH118


def _files(folder: Path, account: Account) -> Iterator[tuple[Path, str, Path | None]]:
    """The audio files of a folder, the id of each and its text, and texts without one; what is stray is counted.

    An audio file without a text has None; a text without an audio file comes with an empty id.
    """
    for place, names in _walk(str(folder), account):
        texts = {name[:-4]: name for name in names if name.lower().endswith(".txt") and not name.startswith(".")}
        alike = {_same(stem): name for stem, name in texts.items()}
        recordings = Counter[str]()
        kept = []
        for name in names:
            stem, ending = os.path.splitext(name)  # noqa: PTH122
            if name.startswith("."):
                account.leave_out(HIDDEN, os.path.join(place, name))  # noqa: PTH118
            elif ending.lower() in AUDIO_ENDINGS:
                recordings[stem] += 1
                kept.append((name, stem))
            elif ending.lower() != ".txt":
                account.leave_out(SYSTEM if name.lower() in _SYSTEM else OTHER, os.path.join(place, name))  # noqa: PTH118
        inside = os.path.relpath(place, folder).replace(os.sep, "/")
        above = "" if inside == "." else f"{inside}/"
        for name, stem in kept:
            beside = texts.get(stem) or alike.get(_same(stem))
            text = Path(place, beside) if beside else None
            if recordings[stem] > 1:
                account.note("files of one name with several endings are called by their endings too", name)
            yield Path(place, name), above + (stem if recordings[stem] == 1 else name), text
        heard = recordings.keys() | set(map(_same, recordings))
        for stem in sorted(stem for stem in texts if stem not in heard and _same(stem) not in heard):
            if _ABOUT.fullmatch(texts[stem]):
                account.leave_out(ABOUT, os.path.join(place, texts[stem]))  # noqa: PTH118
            else:
                yield Path(place, texts[stem]), "", Path(place, texts[stem])


def _same(stem: str) -> str:
    """A name with its accents in one form of Unicode: macOS takes them apart, and texts may come from elsewhere."""
    return stem if stem.isascii() else unicodedata.normalize("NFC", stem)


def _check_folder(folder: Path) -> None:
    """Every audio file needs its text, and every text its audio; a folder without audio is no one's data."""
    audio = 0
    without_text: list[Path] = []
    without_audio: list[Path] = []
    for path, key, text in _files(folder, Account()):
        audio += bool(key)
        if text is None:
            without_text.append(path)
        elif not key:
            without_audio.append(path)
    if without_text:
        msg = f"{folder}: {len(without_text)} of {audio} audio files have no .txt beside them"
        raise DataError(f"{msg}, the first is {without_text[0]}")
    if audio and without_audio:
        msg = f"{folder}: texts without an audio file beside them: {len(without_audio):,}"
        raise DataError(f"{msg}, the first is {without_audio[0]}")


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances, by their paths."""
    folder = Path(place)
    _check_folder(folder)
    for path, key, text in _files(folder, account):
        if text is None or not key:
            continue
        reference = " ".join(_text(text, account).split())
        audio = Audio(origin=str(path), path=path)
        yield Item(Entry(id=key, reference=_without_samples(reference, audio, account)), audio, str(path))


def _without_samples(text: str, audio: Audio, account: Account) -> str:
    """A text without the samples that TIMIT's begin with: ``0 46797 She had your dark suit``."""
    match = _SAMPLES.match(text)
    if match is None:
        return text
    length = seconds(audio)
    if length is None or not RATES[0] <= int(match[1]) / length <= RATES[1]:
        return text
    account.note("texts begin with the samples that they are about, as TIMIT's do: these are left out")
    return text[match.end() :]


def _text(path: Path, account: Account) -> str:
    """The transcript in a file, in UTF-8 or in what Windows writes.

    Raises:
        DataError: it is no text.
    """
    try:
        data = whole(path)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return utf8(io.BytesIO(data), str(path), account.note, western=True).read().decode("utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise DataError(f"{path}: cannot be read as UTF-8 text ({error})") from error


FORM = Form(
    name="folder",
    title="a folder of audio with a .txt beside each file",
    rank=900,
    uses=frozenset(),
    recognizes=is_folder,
    items=_items,
)
