"""One set of clips in every form that own data may have, and a slow count of what each form then holds.

A writer makes the set below an empty folder and says what it made. The audio is the same bytes in each, so that ids,
references and samples must be. `WRITERS` is all of them: who adds a form adds its writer here.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tarfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.sources.embedded import audio_folder

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Clip:
    """One of the project's own clips."""

    id: str
    text: str
    session: str
    seconds: float
    flac: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer made."""

    place: str
    """What ``--data`` is told."""
    form: str
    """The form that it must be recognized as."""
    sessions: bool = True
    """Whether the form holds who speaks."""
    count: Callable[[], int] | None = None
    """How much there is to be found now, counted without the form's own code; may raise where that is broken."""


Writer = Callable[["Path", Sequence[Clip]], Written]


def clips(count: int) -> list[Clip]:
    """The first clips of the project's digits."""
    folder = audio_folder("digits_audio")
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()[:count]
    return [
        Clip(row["id"], row["text"], row["session"], row["duration"], (folder / row["audio"]).read_bytes())
        for row in map(json.loads, lines)
    ]


def _audio(folder: Path, found: Iterable[Clip]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for clip in found:
        (folder / f"{clip.id}.flac").write_bytes(clip.flac)


def _lines(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _filled(path: Path) -> list[str]:
    """The lines of a file that hold something."""
    return [line for line in path.read_bytes().decode("utf-8-sig").split("\n") if line.strip()]


def _first_words(*paths: Path) -> set[str]:
    return {line.split()[0] for path in paths for line in _filled(path)}


def manifest(folder: Path, found: Sequence[Clip]) -> Written:
    """JSON lines with all columns."""
    _audio(folder / "audio", found)
    path = folder / "set.jsonl"
    rows = [
        {"audio": f"audio/{clip.id}.flac", "text": clip.text, "id": clip.id, "session": clip.session} for clip in found
    ]
    _lines(path, map(json.dumps, rows))
    return Written(str(path), "manifest", count=lambda: len(_filled(path)))


def table(folder: Path, found: Sequence[Clip]) -> Written:
    """CSV, as spreadsheets write it."""
    _audio(folder, found)
    path = folder / "set.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerows(
            [("file_name", "transcription", "speaker"), *((f"{c.id}.flac", c.text, c.session) for c in found)]
        )
    return Written(str(path), "manifest")


def beside(folder: Path, found: Sequence[Clip]) -> Written:
    """A folder with a text beside each file."""
    _audio(folder, found)
    for clip in found:
        (folder / f"{clip.id}.txt").write_text(f"{clip.text}\n", encoding="utf-8")
    return Written(str(folder), "folder", sessions=False)


def kaldi(folder: Path, found: Sequence[Clip]) -> Written:
    """Kaldi's folder, whose paths are from the recipe's."""
    _audio(folder / "wav", found)
    place = folder / "data" / "test"
    _lines(place / "wav.scp", (f"{clip.id} wav/{clip.id}.flac" for clip in found))
    _lines(place / "text", (f"{clip.id} {clip.text}" for clip in found))
    _lines(place / "utt2spk", (f"{clip.id} {clip.session}" for clip in found))
    return Written(str(place), "kaldi", count=lambda: len(_first_words(place / "wav.scp", place / "text")))


def _recording(clip: Clip) -> dict[str, Any]:
    source = {"type": "file", "channels": [0], "source": f"audio/{clip.id}.flac"}
    length = {"sampling_rate": 8_000, "num_samples": round(clip.seconds * 8_000), "duration": clip.seconds}
    return {"id": clip.id, "sources": [source], **length, "channel_ids": [0]}


def _supervision(clip: Clip) -> dict[str, Any]:
    place = {"id": clip.id, "recording_id": clip.id, "start": 0.0, "duration": clip.seconds, "channel": 0}
    return {**place, "text": clip.text, "language": "English", "speaker": clip.session}


def lhotse(folder: Path, found: Sequence[Clip]) -> Written:
    """lhotse's cuts."""
    _audio(folder / "audio", found)
    path = folder / "cuts.jsonl"
    head = [{"id": clip.id, "start": 0, "duration": clip.seconds, "channel": 0} for clip in found]
    rest = [{"supervisions": [_supervision(c)], "recording": _recording(c), "type": "MonoCut"} for c in found]
    _lines(path, (json.dumps({**one, **two}) for one, two in zip(head, rest, strict=True)))
    return Written(str(path), "lhotse")


def lhotse_pair(folder: Path, found: Sequence[Clip]) -> Written:
    """lhotse's recordings and supervisions."""
    _audio(folder / "audio", found)
    _lines(folder / "recordings.jsonl", (json.dumps(_recording(clip)) for clip in found))
    _lines(folder / "supervisions.jsonl", (json.dumps(_supervision(clip)) for clip in found))
    return Written(str(folder), "lhotse")


def nemo(folder: Path, found: Sequence[Clip]) -> Written:
    """NeMo's manifest."""
    _audio(folder, found)
    path = folder / "test_manifest.json"
    rows = [
        {"audio_filepath": f"{clip.id}.flac", "duration": clip.seconds, "text": clip.text, "speaker": clip.session}
        for clip in found
    ]
    _lines(path, map(json.dumps, rows))
    return Written(str(path), "manifest", count=lambda: len(_filled(path)))


def _tar(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def _samples(found: Iterable[Clip]) -> Iterable[tuple[str, bytes]]:
    for clip in found:
        yield f"{clip.id}.flac", clip.flac
        yield f"{clip.id}.json", json.dumps({"text": clip.text, "speaker": clip.session}).encode()


def _keys(*shards: Path) -> int:
    """How many samples and stray files there are, by the library's own rule."""
    names = []
    for shard in shards:
        with tarfile.open(shard) as tar:
            names += [member.name.removeprefix("./") for member in tar if member.isreg()]
    matches = [re.match(r"^((?:.*/|)[^.]+)[.]([^/]*)$", name) for name in names]
    return len({match[1] for match in matches if match}) + sum(match is None for match in matches)


def webdataset(folder: Path, found: Sequence[Clip]) -> Written:
    """WebDataset's shards."""
    half = len(found) // 2
    shards = [folder / f"set-{number:06d}.tar" for number in range(2)]
    for shard, part in zip(shards, (found[:half], found[half:]), strict=True):
        _tar(shard, _samples(part))
    return Written(str(folder), "webdataset", count=lambda: _keys(*shards))


def webdataset_packed(folder: Path, found: Sequence[Clip]) -> Written:
    """A shard that is packed, the audio before all that is said."""
    _tar(folder / "set.tar.gz", sorted(_samples(found), key=lambda one: one[0].endswith(".json")))
    return Written(str(folder / "set.tar.gz"), "webdataset")


def librispeech(folder: Path, found: Sequence[Clip]) -> Written:
    """LibriSpeech's tree."""
    _audio(folder / "1" / "2", found)
    path = folder / "1" / "2" / "1-2.trans.txt"
    _lines(path, (f"{clip.id} {clip.text}" for clip in found))

    def count() -> int:
        return len(_first_words(path) | {file.stem for file in path.parent.glob("*.flac")})

    return Written(str(folder), "librispeech", sessions=False, count=count)


def ljspeech(folder: Path, found: Sequence[Clip]) -> Written:
    """LJ Speech's folder."""
    _audio(folder / "wavs", found)
    _lines(folder / "metadata.csv", (f"{clip.id}|{clip.text}|{clip.text}" for clip in found))
    return Written(str(folder), "ljspeech", sessions=False)


def common_voice(folder: Path, found: Sequence[Clip]) -> Written:
    """Common Voice's folder of a language."""
    _audio(folder / "en" / "clips", found)
    rows = (f"{clip.session}\t{clip.id}.flac\t{clip.text}\ten" for clip in found)
    path = folder / "en" / "test.tsv"
    _lines(path, ["client_id\tpath\tsentence\tlocale", *rows])
    return Written(str(folder / "en"), "common_voice", count=lambda: len(_filled(path)) - 1)


WRITERS: dict[str, Writer] = {
    "manifest": manifest,
    "CSV": table,
    "folder": beside,
    "Kaldi": kaldi,
    "lhotse": lhotse,
    "lhotse's pair": lhotse_pair,
    "NeMo": nemo,
    "WebDataset": webdataset,
    "WebDataset, packed": webdataset_packed,
    "LibriSpeech": librispeech,
    "LJ Speech": ljspeech,
    "Common Voice": common_voice,
}
"""By what people call the form."""
