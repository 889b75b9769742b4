"""The `digits` benchmark: digit strings in synthetic voices that tiny-nar was never trained on, in `digits_audio`.

It exists to show in seconds that the harness works from a fresh clone, and to move when features, masks, packing or
decoding break. It says nothing about recognition of people's speech. `digits_audio/NOTICE` says how it was made.
"""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.dataset import Audio, Dataset, Door, Utterance
from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.dataset import Request

WHERE = "benchmarks/corpora/digits_audio"
"""The folder, as a person would look for it."""
MANIFEST_SHA256 = "e4faeff275aefcd6d1941d94dd3b83e8c21f2b0206f03b67f0819c397b18e910"
"""Of manifest.jsonl, which has the SHA-256 of every FLAC file."""
BROKEN = "the copy of the project is damaged; install it again"


def audio_folder() -> Path:
    """The folder with the FLAC files and the manifest."""
    return Path(str(files("benchmarks.corpora"))) / "digits_audio"


def open_embedded(request: Request) -> Iterator[Utterance]:
    """The utterances, each file checked against the manifest.

    Raises:
        DataError: the manifest or a FLAC file is missing or has other bytes than when it was made.
    """
    folder = audio_folder()
    manifest = _checked(folder / "manifest.jsonl", MANIFEST_SHA256)
    request.note("source", f"embedded:{WHERE}")
    request.note("revision", MANIFEST_SHA256)
    for line in map(json.loads, manifest.decode().splitlines()):
        path = folder / line["audio"]
        yield Utterance(
            id=line["id"],
            audio=Audio(origin=str(path), data=_checked(path, line["sha256"])),
            reference=line["text"],
            language=line["language"],
            duration=line["duration"],
            session=line["session"],
            tags={"voice": line["voice"]},
        )


def _checked(path: Path, digest: str) -> bytes:
    """The bytes of a file that comes with the project.

    Raises:
        DataError: it cannot be read, or has other bytes.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path}: {error.strerror}; {BROKEN}"
        raise DataError(msg) from error
    if hashlib.sha256(data).hexdigest() != digest:
        msg = f"{path} has other bytes than it was made with; {BROKEN}"
        raise DataError(msg)
    return data


DIGITS = Dataset(
    name="digits",
    title="Digit strings in synthetic voices",
    language="en",
    license="LicenseRef-CMU-Flite",
    doors=(Door(kind="embedded", where=WHERE, open=open_embedded, revision=MANIFEST_SHA256),),
    rows=36,
    hours=0.02561,
    words=211,
    notes="Six voices of flite and eSpeak NG that tiny-nar was not trained on. A self-test, no measure of recognition.",
)
