"""Audio that comes with the project as a source: a folder of FLAC files beside its corpus, with a manifest.

What was measured is known to the bit: the corpus states the SHA-256 of manifest.jsonl, which has that of every file.
"""

import hashlib
import json
from functools import partial
from importlib.resources import files
from pathlib import Path

from benchmarks.dataset import Audio, Request, Source, Utterance, Utterances
from harness.errors import DataError

BROKEN = "the copy of the project is damaged; install it again"


def audio_folder(name: str) -> Path:
    """The folder of that name in benchmarks/corpora."""
    return Path(str(files("benchmarks.corpora"))) / name


def embedded_source(folder: str, manifest_sha256: str, *, tag: str, benchmark: str | None = None) -> Source:
    """The source that a folder of the project is.

    Args:
        folder: its name in benchmarks/corpora.
        manifest_sha256: of its manifest.jsonl.
        tag: the key of a manifest line that becomes the utterance's tag.
        benchmark: takes only the lines whose ``benchmark`` is this; None takes all.
    """
    read = partial(_utterances, folder, manifest_sha256, tag, benchmark)
    where = f"benchmarks/corpora/{folder}"
    return Source(
        kind="embedded", where=where, open=read, state=lambda _request: manifest_sha256, revision=manifest_sha256
    )


def _utterances(folder: str, digest: str, tag: str, benchmark: str | None, request: Request) -> Utterances:
    """The utterances, each file checked against the manifest, which is checked itself."""
    place = audio_folder(folder)
    manifest = _checked(place / "manifest.jsonl", digest)
    request.note("source", f"embedded:benchmarks/corpora/{folder}")
    request.note("revision", digest)
    for line in map(json.loads, manifest.decode().splitlines()):
        if benchmark is not None and line["benchmark"] != benchmark:
            continue
        path = place / line["audio"]
        yield Utterance(
            id=line["id"],
            audio=Audio(origin=str(path), data=_checked(path, line["sha256"])),
            reference=line["text"],
            language=line["language"],
            duration=line["duration"],
            session=line["session"],
            tags={tag: line[tag]},
        )


def _checked(path: Path, digest: str) -> bytes:
    """The bytes of a file that comes with the project."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; {BROKEN}") from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise DataError(f"{path} has other bytes than it was made with; {BROKEN}")
    return data
