"""Writes the true layouts of corpora, from real clips beside the project, so that each parser meets its own format."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.dataset import Utterance

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ASR_TEST_DATA", ROOT.parent / "shared"))


@dataclass(frozen=True, slots=True)
class Clip:
    """A real recording and what is said in it."""

    id: str
    path: Path
    text: str
    speaker: str
    language: str
    seconds: float

    def samples(self) -> tuple[Any, int]:
        """Samples as 16-bit numbers, shape ``[frames]``, and their rate."""
        data, rate = soundfile.read(self.path, dtype="int16", always_2d=True)
        return data[:, 0], int(rate)


def clips(corpus: str, count: int | None = None, language: str | None = None) -> list[Clip]:
    """Clips of a folder of real speech; skips the test where it is absent."""
    folder = DATA / "corpora" / corpus
    if not (folder / "manifest.jsonl").is_file():
        pytest.skip(f"no real speech at {folder}; set ASR_TEST_DATA to the folder that holds corpora/")
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    found = [
        Clip(row["id"], folder / row["audio"], row["text"], str(row["speaker"]), row["language"], row["duration_s"])
        for row in rows
        if language is None or row["language"] == language
    ]
    return found[:count]


def encode(samples: Any, rate: int, kind: str, subtype: str | None = None) -> bytes:
    """Samples as an encoded file: FLAC, WAV, OGG, MP3, NIST."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, subtype=subtype)
    return buffer.getvalue()


def write_files(root: Path, files: Mapping[str, bytes]) -> Path:
    """Writes files below a folder; returns the folder."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def write_tar(path: Path, files: Mapping[str, bytes], mode: str = "w:gz") -> Path:
    """Writes files as a tar in the order given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"compresslevel": 1} if mode.endswith("gz") else {}
    with tarfile.open(path, mode, **options) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    """Writes files as a zip in the order given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def write_parquet(path: Path, rows: Sequence[Mapping[str, Any]], row_group: int = 8) -> Path:
    """Writes rows as the hub's Parquet: audio is a struct of bytes and path."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), path, row_group_size=row_group)
    return path


def audio_struct(data: bytes | None, path: str | None) -> dict[str, Any]:
    """The hub's audio value."""
    return {"bytes": data, "path": path}


def content_hash(utterances: Iterable[Utterance]) -> str:
    """One hash of ids, references and samples, whatever the order and the container."""
    lines = []
    for utterance in utterances:
        samples = samples_of(utterance)
        digest = hashlib.sha256(np.ascontiguousarray(samples).tobytes()).hexdigest()
        lines.append(f"{utterance.id}\t{utterance.reference}\t{utterance.language}\t{digest}\n")
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def samples_of(utterance: Utterance) -> Any:
    """The samples of an utterance or of its segment, as 16-bit numbers, shape ``[frames]``."""
    audio = utterance.audio
    with audio.open() as file, soundfile.SoundFile(file) as sound:
        begin = round((audio.start or 0.0) * sound.samplerate)
        end = None if audio.end is None else round(audio.end * sound.samplerate)
        sound.seek(begin)
        data = sound.read(-1 if end is None else end - begin, dtype="int16", always_2d=True)
    return data[:, 0]


def librispeech_files(
    part: str = "test-other", count: int | None = None, *, text_last: bool = True
) -> dict[str, bytes]:
    """The original release of real utterances: FLAC and .trans.txt by chapter."""
    chapters: dict[str, list[Clip]] = {}
    for clip in clips("librispeech_test_other", count):
        speaker, chapter, _ = clip.id.split("-")
        chapters.setdefault(f"LibriSpeech/{part}/{speaker}/{chapter}/{speaker}-{chapter}", []).append(clip)
    files: dict[str, bytes] = {}
    for prefix, members in chapters.items():
        folder = prefix.rpartition("/")[0]
        text = {f"{prefix}.trans.txt": "".join(f"{clip.id} {clip.text}\n" for clip in members).encode()}
        audio = {f"{folder}/{clip.id}.flac": clip.path.read_bytes() for clip in members}
        files |= audio | text if text_last else text | audio
    return files


def librispeech_rows(count: int | None = None) -> list[dict[str, Any]]:
    """The rows of openslr/librispeech_asr for the same utterances."""
    rows = []
    for clip in clips("librispeech_test_other", count):
        speaker, chapter, _ = clip.id.split("-")
        rows.append(
            {
                "file": f"{clip.id}.flac",
                "audio": audio_struct(clip.path.read_bytes(), f"{clip.id}.flac"),
                "text": clip.text,
                "speaker_id": int(speaker),
                "chapter_id": int(chapter),
                "id": clip.id,
            }
        )
    return rows


def leaderboard_rows(found: Sequence[Clip], dataset: str) -> list[dict[str, Any]]:
    """The rows of hf-audio/open-asr-leaderboard: lower-case text, longest first."""
    ordered = sorted(found, key=lambda clip: -clip.seconds)
    return [
        {
            "audio": audio_struct(clip.path.read_bytes(), None),
            "dataset": dataset,
            "text": clip.text.lower(),
            "id": clip.id,
            "audio_length_s": clip.seconds,
        }
        for clip in ordered
    ]
