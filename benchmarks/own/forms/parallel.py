"""A tree of audio beside a tree of texts, as VCTK has them: ``wav48/p225/p225_001.wav`` and ``txt/p225/p225_001.txt``.

Format: https://datashare.ed.ac.uk/handle/10283/3443 (README.txt of the release; also 0.80, without microphones).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.dataset import NO_TAGS, Audio, Entry
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.lookup import audio_stem, is_file, is_folder, names_in, walk
from benchmarks.sources.text_files import file_lines
from harness.errors import DataError

TEXTS = ("txt", "text", "texts", "transcripts", "transcript", "trans")
AUDIO = ("wav48_silence_trimmed", "wav48", "wav", "wavs", "audio", "flac", "clips", "recordings")
SPEAKERS = "speaker-info.txt"
SECOND = "_mic2"
"""VCTK 0.92 has each sentence from two microphones."""


def _place(place: str) -> tuple[Path, Path] | None:
    """The tree of audio and that of texts."""
    path = Path(place)
    below = {name.lower(): path / name for name in names_in(path) if is_folder(path / name)}
    audio, texts = (next((below[name] for name in names if name in below), None) for names in (AUDIO, TEXTS))
    return (audio, texts) if audio and texts else None


def _recognizes(place: str) -> bool:
    """Whether there are both, and texts in the one of them."""
    found = _place(place)
    if found is None:
        return False
    return any(name.endswith(".txt") for folder in (found[1], *_first(found[1])) for name in names_in(folder))


def _first(folder: Path) -> list[Path]:
    return [folder / name for name in names_in(folder)[:20]]


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances, in the order of the audio."""
    found = _place(place)
    if found is None:
        raise DataError(f"{place}: no folder {', '.join(AUDIO)} beside one of {', '.join(TEXTS)}")
    audio, texts = found
    left = {
        (folder / name).relative_to(texts).with_suffix("").as_posix(): folder / name
        for folder, names in walk(texts)
        for name in names
        if name.endswith(".txt") and not name.startswith(".")
    }
    speakers = _speakers(Path(place) / SPEAKERS)
    used = set[str]()
    for folder, names in walk(audio):
        for name in names:
            stem = audio_stem(name)
            if stem is None:
                continue
            key = (folder / stem.removesuffix("_mic1").removesuffix(SECOND)).relative_to(audio).as_posix()
            if key in used or (stem.endswith(SECOND) and f"{stem.removesuffix(SECOND)}_mic1.flac" in names):
                account.leave_out("recordings of another microphone, or of the same name", f"{folder}/{name}")
            elif key not in left:
                account.leave_out("recordings without a text", f"{folder}/{name}")
            else:
                used.add(key)
                yield _item(key, left[key], folder / name, speakers)
    for key, path in left.items():
        if key not in used:
            account.leave_out("texts without audio", str(path))


def _item(key: str, text: Path, path: Path, speakers: Mapping[str, Mapping[str, str]]) -> Item:
    """The utterance; its folder is who speaks where the file's name begins with it."""
    folder, _, name = key.rpartition("/")
    who = folder.rpartition("/")[2]
    session = who if who and name.startswith(f"{who}_") else None
    reference = " ".join(" ".join(line.split()) for _, line in file_lines(text))
    entry = Entry(
        id=name if session else key, reference=reference, session=session, tags=speakers.get(session or "", NO_TAGS)
    )
    return Item(entry, Audio(origin=str(path), path=path), str(path))


def _speakers(path: Path) -> dict[str, dict[str, str]]:
    """Gender and accent by speaker, of VCTK's table: ID AGE GENDER ACCENTS REGION."""
    found: dict[str, dict[str, str]] = {}
    for _, line in file_lines(path) if is_file(path) else ():
        who, *facts = line.split()
        if len(facts) >= 3 and facts[0].isdecimal():
            name = who if who.startswith(("p", "s")) else f"p{who}"
            found[name] = {"age": facts[0], "gender": facts[1], "accent": facts[2]}
    return found


FORM = Form(
    name="parallel",
    title="a folder of audio beside one of texts (VCTK: wav48/, txt/)",
    rank=540,
    uses=frozenset(),
    recognizes=_recognizes,
    items=_items,
)
