"""The sample suite's two data sets: real recorded English that comes with the project, in `sample_audio`.

What each recording is, who made it and under which terms is in `sample_audio/NOTICE`; `sample_audio/rebuild.py` makes
the files anew from the packages that carry the recordings.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.dataset import Audio, Dataset, Door, Utterance
from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.dataset import Request

WHERE = "benchmarks/corpora/sample_audio"
"""The folder, as a person would look for it."""
MANIFEST_SHA256 = "be58ea2fe55de336d75da9f6ff0d1c199f2a7917f0ca8af0ef0e12a41f3398a6"
"""Of manifest.jsonl, which has the SHA-256 of every FLAC file: what was measured is known to the bit."""
BROKEN = "the copy of the project is damaged; install it again"


def audio_folder() -> Path:
    """The folder with the FLAC files and the manifest."""
    return Path(str(files("benchmarks.corpora"))) / "sample_audio"


def open_embedded(name: str, request: Request) -> Iterator[Utterance]:
    """The utterances of one of the two benchmarks, each file checked against the manifest.

    Raises:
        DataError: the manifest or a FLAC file is missing or has other bytes than when it was made.
    """
    folder = audio_folder()
    manifest = _checked(folder / "manifest.jsonl", MANIFEST_SHA256)
    request.note("source", f"embedded:{WHERE}")
    request.note("revision", MANIFEST_SHA256)
    for line in map(json.loads, manifest.decode().splitlines()):
        if line["benchmark"] == name:
            yield _utterance(folder, line)


def _utterance(folder: Path, line: dict[str, Any]) -> Utterance:
    """What a line of the manifest says."""
    path = folder / line["audio"]
    return Utterance(
        id=line["id"],
        audio=Audio(origin=str(path), data=_checked(path, line["sha256"])),
        reference=line["text"],
        language=line["language"],
        duration=line["duration"],
        session=line["session"],
        tags={"license": line["license"]},
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


def _dataset(name: str, **facts: Any) -> Dataset:
    """One of the two benchmarks."""
    door = Door(kind="embedded", where=WHERE, open=partial(open_embedded, name), revision=MANIFEST_SHA256)
    return Dataset(name=name, language="en", doors=(door,), **facts)


READ = _dataset(
    "sample_read",
    title="Sample: sentences read aloud",
    license="LicenseRef-PublicDomain AND MIT",
    rows=13,
    hours=0.01758,
    words=174,
    notes=(
        "Four speakers: Sense and Sensibility and a sonnet of Shakespeare from LibriVox, A Tale of Two Cities, and "
        "Kennedy's inaugural address. 16 and 48 kHz. Austen's lines are lower case without punctuation."
    ),
)
COMMANDS = _dataset(
    "sample_commands",
    title="Sample: short phrases and telephone prompts",
    license="BSD-2-Clause AND CC-BY-SA-3.0",
    rows=14,
    hours=0.01192,
    words=110,
    notes=(
        "Playing cards, a command and a digit string of PocketSphinx's tests (16 kHz), and seven of Asterisk's prompts "
        "(8 kHz, Allison Smith). Numbers are spelled out in the former and digits in the latter. Who speaks the cards "
        "and the command is not known: each set of recordings counts as one session."
    ),
)
