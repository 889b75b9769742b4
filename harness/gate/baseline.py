"""Baselines as small files in a repository: a zip of run.json and the journals, without audio, times or drafts."""

from __future__ import annotations

import contextlib
import json
import lzma
import re
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SUFFIX = ".zip"
SPEED = "speed.json"
"""Member with the RTFx of every repeat."""

KEPT = ("id", "language", "session", "duration", "reference", "hypothesis", "error", "parent_id", "chunk_index", "tags")
"""Keys of a journal line that a baseline keeps: what scoring reads, but for times."""

LIMIT_BYTES = 2**30
"""Unpacked size above which a file is refused: more than ten thousand hours of transcripts."""

_MEMBER = re.compile(r"(?:run\.json|speed\.json|[a-z0-9_]{1,100}\.jsonl)\Z")
_BROKEN = (zipfile.BadZipFile, lzma.LZMAError, zlib.error, OSError, EOFError, RuntimeError, ValueError)
"""What reading a damaged, encrypted or foreign zip raises."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of all members, so that equal runs are equal files."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A baseline in a folder of baselines."""

    path: Path
    suite: str
    model: str
    profile: str
    commit: str | None
    """Of this program, when the run was made."""
    utterances: int
    repeats: int
    """Measurements of speed."""
    bytes: int


def file_name(suite: str, model: str) -> Path:
    """Where the baseline of a model on a suite lies in a folder of baselines."""
    return Path(_safe(suite)) / (_safe(model) + SUFFIX)


def save(run: Path, speeds: Mapping[str, Sequence[float]], directory: Path) -> Path:
    """Writes the baseline of a complete run; an older one of the same model and suite is replaced.

    Args:
        run: the run's folder.
        speeds: measure (``rtfx``, ``rtfx_end_to_end``) to its value in each repeat.
        directory: folder of baselines, made if needed.

    Raises:
        UsageError: it is no run folder, or the run is not complete.
        RunError: the folder cannot be written.
    """
    record = _record(run)
    failed = [name for name, fact in record["benchmarks"].items() if fact.get("failed")]
    if not record.get("complete") or failed or not record["benchmarks"]:
        why = f"{failed[0]} has failed utterances" if failed else "it did not go to its end"
        raise UsageError(f"{run} cannot be a baseline: {why}; repeat the run's command first")
    members = {"run.json": record, SPEED: {key: list(values) for key, values in speeds.items()}}
    texts = {name: json.dumps(content, ensure_ascii=False, indent=1) + "\n" for name, content in members.items()}
    for name in record["benchmarks"]:
        texts[f"{name}.jsonl"] = _slim(run / f"{name}.jsonl")
    path = directory / file_name(str(record["suite"]), str(record["model"]["id"]))
    temporary = path.with_name(path.name + ".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(temporary, "w") as archive:
            for name, text in texts.items():
                info = zipfile.ZipInfo(name, _EPOCH)
                info.compress_type = zipfile.ZIP_LZMA
                archive.writestr(info, text.encode("utf-8", errors="backslashreplace"))
        temporary.replace(path)
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror or error})") from None
    return path


def check_repeats(runs: Sequence[Path]) -> None:
    """Refuses runs that are not repeats of the first: their speeds would be mixed under one name.

    Raises:
        UsageError: a run is of another model or suite; the message names it.
    """
    what = [(_record(run)["suite"], _record(run)["model"]["id"]) for run in runs]
    for run, (suite, model) in zip(runs, what, strict=True):
        if (suite, model) != what[0]:
            raise UsageError(
                f"{run} is {model} on {suite}, no repeat of {what[0][1]} on {what[0][0]}; save each model by itself"
            )


def find(directory: Path, suite: str | None, model: str) -> Path | None:
    """The baseline of a model on a suite in a folder of baselines, or None."""
    if suite is None:
        return None
    path = directory / file_name(suite, model)
    return path if path.is_file() else None


def stored(directory: Path) -> list[Stored]:
    """All baselines in a folder, by name.

    Raises:
        DataError: a file is broken.
    """
    found = []
    for path in sorted(directory.glob(f"*/*{SUFFIX}")):
        with opened(path) as folder:
            record, speeds = _record(folder), read_speeds(folder)
            found.append(
                Stored(
                    path=path,
                    suite=str(record.get("suite")),
                    model=str(record["model"]["id"]),
                    profile=str(record.get("profile")),
                    commit=(record.get("environment") or {}).get("commit"),
                    utterances=sum(int(fact.get("done") or 0) for fact in record["benchmarks"].values()),
                    repeats=len(speeds.get("rtfx", ())),
                    bytes=path.stat().st_size,
                )
            )
    return found


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Path]:
    """A baseline file as a run folder, for as long as it is looked at.

    Raises:
        DataError: the file is broken, holds something else, or would unpack to more than LIMIT_BYTES.
    """
    with tempfile.TemporaryDirectory(prefix="baseline") as temporary:
        folder = Path(temporary)
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
                strange = [info.filename for info in members if not _MEMBER.match(info.filename)]
                if strange or sum(info.file_size for info in members) > LIMIT_BYTES:
                    raise DataError(f"{path} is not a baseline: {strange[:1] or 'it unpacks to too much'}")
                left = LIMIT_BYTES
                for info in members:
                    with archive.open(info) as member:
                        content = member.read(left + 1)  # what the header says of the size need not be true
                    left -= len(content)
                    if left < 0:
                        raise DataError(f"{path} is not a baseline: it unpacks to too much")
                    (folder / info.filename).write_bytes(content)
        except _BROKEN as error:
            raise DataError(f"{path} is not a baseline that can be read: {error}") from None
        yield folder


def read_speeds(folder: Path) -> dict[str, list[float]]:
    """The RTFx of every repeat that was saved with a baseline; empty for a run."""
    try:
        found = json.loads((folder / SPEED).read_bytes())
        return {str(key): [float(value) for value in values] for key, values in found.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError):
        raise DataError(f"{SPEED} of the baseline is broken; save it again") from None


def _record(run: Path) -> dict[str, Any]:
    try:
        record = json.loads((run / "run.json").read_bytes())
    except OSError:
        raise UsageError(f"{run} is no run folder: it has no run.json that can be read") from None
    except ValueError:
        record = None
    if not isinstance(record, dict) or not all(isinstance(record.get(key), dict) for key in ("model", "benchmarks")):
        raise DataError(f"{run / 'run.json'} is not the run.json of a run; restore it, or run again")
    return record


def _slim(journal: Path) -> str:
    """The journal's lines with what scoring needs."""
    try:
        lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").split("\n") if line]
    except (OSError, ValueError) as error:
        raise DataError(f"{journal} cannot be read: {error}") from None
    kept = [{key: line[key] for key in KEPT if line.get(key) is not None} for line in lines]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in kept)


def _safe(name: str) -> str:
    """A name as one part of a path."""
    cleaned = re.sub(r"[^\w.@+=-]+", "--", name, flags=re.ASCII).strip(".")
    return cleaned or "unnamed"
