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
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from benchmarks.sources.embedded import audio_folder
from tests.benchmarks.own import tables
from tests.benchmarks.own.tables import write

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


def nemo_tarred(folder: Path, found: Sequence[Clip]) -> Written:
    """NeMo's tarred set: one manifest of all shards."""
    rows = []
    for shard in range(2):
        part = found[shard::2]
        _tar(folder / f"audio_{shard}.tar", ((f"{clip.id}.flac", clip.flac) for clip in part))
        rows += [
            {
                "audio_filepath": f"{c.id}.flac",
                "duration": c.seconds,
                "text": c.text,
                "shard_id": shard,
                "speaker": c.session,
            }
            for c in part
        ]
    path = folder / "tarred_audio_manifest.json"
    _lines(path, map(json.dumps, rows))

    def count() -> int:
        named = {json.loads(line)["audio_filepath"].rpartition("/")[2].rpartition(".")[0] for line in _filled(path)}
        strange = 0
        for shard in range(2):
            with tarfile.open(folder / f"audio_{shard}.tar") as tar:
                for name in (PurePosixPath(member.name) for member in tar):
                    if name.suffix.lower() == ".flac" and name.name[0] != ".":
                        named.add(name.stem)
                    else:
                        strange += 1
        return len(named) + strange

    return Written(str(folder), "nemo_tarred", count=count)


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


def transcripts(folder: Path, found: Sequence[Clip]) -> Written:
    """One file of transcripts, as MLS has it."""
    _audio(folder / "audio", found)
    _lines(folder / "transcripts.txt", (f"{clip.id}\t{clip.text}" for clip in found))
    return Written(str(folder), "transcripts", sessions=False)


def parallel(folder: Path, found: Sequence[Clip]) -> Written:
    """A folder of audio beside one of texts, as VCTK has them."""
    _audio(folder / "wav48", found)
    for clip in found:
        _lines(folder / "txt" / f"{clip.id}.txt", [clip.text])
    return Written(str(folder), "parallel", sessions=False)


def stm(folder: Path, found: Sequence[Clip]) -> Written:
    """NIST's segments."""
    _audio(folder, found)
    path = folder / "set.stm"
    _lines(path, (f"{c.id} 1 {c.session} 0 {c.seconds + 0.001:.3f} <o> {c.text}" for c in found))
    count = lambda: sum(not line.startswith(";;") for line in _filled(path))  # noqa: E731
    return Written(str(path), "timed", sessions=False, count=count)


def ctm(folder: Path, found: Sequence[Clip]) -> Written:
    """NIST's words."""
    _audio(folder, found)
    words = ((clip, at, word) for clip in found for at, word in enumerate(clip.text.split()))
    _lines(folder / "set.ctm", (f"{clip.id} 1 {at / 10} 0.1 {word}" for clip, at, word in words))
    return Written(str(folder), "timed", sessions=False)


def seglst(folder: Path, found: Sequence[Clip]) -> Written:
    """meeteval's segments."""
    _audio(folder, found)
    rows = [
        {"session_id": c.id, "speaker": c.session, "start_time": 0, "end_time": c.seconds + 0.001, "words": c.text}
        for c in found
    ]
    _lines(folder / "set.json", [json.dumps(rows, indent=1)])
    return Written(str(folder / "set.json"), "seglst", sessions=False)


def textgrid(folder: Path, found: Sequence[Clip]) -> Written:
    """Praat's annotations."""
    _audio(folder, found)
    for clip in found:
        end = clip.seconds + 0.001
        tier = ['"IntervalTier"', '"utterance"', "0", end, "1", "0", end, f'"{clip.text}"']
        head = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", end, "<exists>", "1"]
        _lines(folder / f"{clip.id}.TextGrid", map(str, [*head, *tier]))
    return Written(str(folder), "timed", sessions=False)


def eaf(folder: Path, found: Sequence[Clip]) -> Written:
    """ELAN's annotations."""
    _audio(folder, found)
    for clip in found:
        slots = [
            f'<TIME_SLOT TIME_SLOT_ID="t{at}" TIME_VALUE="{ms}"/>' for at, ms in ((1, 0), (2, clip.seconds * 1e3 + 1))
        ]
        place = 'ANNOTATION_ID="a" TIME_SLOT_REF1="t1" TIME_SLOT_REF2="t2"'
        value = f"<ALIGNABLE_ANNOTATION {place}><ANNOTATION_VALUE>{clip.text}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>"
        tier = f'<TIER TIER_ID="{clip.session}"><ANNOTATION>{value}</ANNOTATION></TIER>'
        text = f"<ANNOTATION_DOCUMENT><TIME_ORDER>{''.join(slots)}</TIME_ORDER>{tier}</ANNOTATION_DOCUMENT>"
        _lines(folder / f"{clip.id}.eaf", [text])
    return Written(str(folder), "timed", sessions=False)


def srt(folder: Path, found: Sequence[Clip]) -> Written:
    """Subtitles."""
    _audio(folder, found)
    for clip in found:
        end = f"00:00:{clip.seconds + 0.001:06.3f}".replace(".", ",")
        _lines(folder / f"{clip.id}.srt", ["1", f"00:00:00,000 --> {end}", clip.text])
    return Written(str(folder), "timed", sessions=False)


def _rows(found: Sequence[Clip]) -> list[dict[str, Any]]:
    """As the hub has them; the audio's path is what is without an id."""
    return [
        {"audio": {"bytes": clip.flac, "path": f"{clip.id}.flac"}, "sentence": clip.text, "client_id": clip.session}
        for clip in found
    ]


def parquet(folder: Path, found: Sequence[Clip]) -> Written:
    """A clone of a repository, in two files of small row groups."""
    import pyarrow.parquet as pq

    middle = len(found) // 2
    paths = [folder / "data" / f"test-{number:05d}-of-00002.parquet" for number in range(2)]
    for path, some in zip(paths, (found[:middle], found[middle:]), strict=True):
        write(path, tables.parquet(_rows(some)))
    write(folder / "README.md", "---\nlanguage: en\n---\n")
    return Written(str(folder), "parquet", count=lambda: sum(pq.ParquetFile(path).metadata.num_rows for path in paths))


def saved(folder: Path, found: Sequence[Clip]) -> Written:
    """save_to_disk, of several splits."""
    for split, some in {"train": found[:1], "test": found}.items():
        names = [f"data-{number:05d}-of-00002.arrow" for number in range(2)]
        for name, rows in zip(names, (_rows(some[::2]), _rows(some[1::2]) or _rows(some)), strict=True):
            write(folder / split / name, tables.arrow(rows))
        write(folder / split / "state.json", json.dumps({"_data_files": [{"filename": name} for name in names]}))
        write(folder / split / "dataset_info.json", "{}")
    write(folder / "dataset_dict.json", json.dumps({"splits": ["train", "test"]}))
    return Written(str(folder), "save_to_disk")


def audiofolder(folder: Path, found: Sequence[Clip]) -> Written:
    """An audio folder of two splits."""
    for split, some in {"train": found[:1], "test": found}.items():
        _audio(folder / split, some)
        rows = ({"file_name": f"{clip.id}.flac", "transcription": clip.text, "speaker": clip.session} for clip in some)
        _lines(folder / split / "metadata.jsonl", map(json.dumps, rows))
    return Written(str(folder), "audiofolder")


WRITERS: dict[str, Writer] = {
    "manifest": manifest,
    "CSV": table,
    "folder": beside,
    "Kaldi": kaldi,
    "lhotse": lhotse,
    "lhotse's pair": lhotse_pair,
    "NeMo": nemo,
    "NeMo, tarred": nemo_tarred,
    "WebDataset": webdataset,
    "WebDataset, packed": webdataset_packed,
    "LibriSpeech": librispeech,
    "LJ Speech": ljspeech,
    "Common Voice": common_voice,
    "MLS": transcripts,
    "VCTK": parallel,
    "STM": stm,
    "CTM": ctm,
    "SegLST": seglst,
    "TextGrid": textgrid,
    "EAF": eaf,
    "SRT": srt,
    "Parquet": parquet,
    "save_to_disk": saved,
    "audiofolder": audiofolder,
}
"""By what people call the form."""
