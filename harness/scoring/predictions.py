"""Reads what is to be scored: run folders of ours, and predictions that others wrote.

Ours is a folder with run.json and one journal a benchmark. Others': the leaderboard's manifests and NeMo's, JSON lines
with ``text`` and ``pred_text``; a file is one benchmark of one model. Whatever is wrong with an outside file is said in
one line that names the file and the line.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, UsageError
from harness.records.journal import read_journal
from harness.records.run import _SPEED
from harness.scoring import file_names
from harness.scoring.run_form import check_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.records.journal import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One utterance: what was said, and what a model wrote."""

    id: str
    """Unique in its benchmark where the source is ours; others' may repeat."""
    reference: str
    """As the source has it, raw."""
    hypothesis: str | None
    """What the model wrote, raw; None where it failed."""
    duration: float | None = None
    """Seconds of audio."""
    time: float | None = None
    """Seconds that it took, as the source shares them out."""
    session: str | None = None
    """What is independent of other sessions; None is not known."""
    draft: str | None = None
    """What a drafting stage wrote."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Anything else worth slicing by."""
    parent_id: str | None = None
    """The session whose one reference this chunk shares."""
    chunk_index: int | None = None
    """Place of the chunk in its parent, from 0."""
    error: str | None = None
    """Why there is no hypothesis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What one model made of one benchmark."""

    benchmark: str
    language: str
    """BCP-47 primary subtag."""
    rows: list[Row]
    source: Path
    """The file."""
    ours: bool = False
    """Whether it is a journal of ours, which holds every row of the benchmark, scored or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One model and all that it predicted."""

    model: str
    suite: str | None = None
    """Resolved name of the suite; None for predictions of others."""
    folder: Path | None = None
    """The run's folder; None for predictions of others."""
    run: dict[str, Any] | None = None
    """run.json; None for predictions of others."""
    benchmarks: list[Predictions]


def read_systems(paths: Iterable[Path | str], language: str | None = None) -> list[System]:
    """Everything that the paths hold, one System a model (a run of ours is one of its own).

    Args:
        paths: run folders, prediction files, or folders of either, searched to any depth.
        language: overrides what file names and runs say.

    Raises:
        UsageError: a path does not exist or holds nothing to score, or two files are the same model and benchmark.
        DataError: a file is not what it should be.
    """
    chosen = file_names.primary_subtag(language) if language else None
    runs: dict[Path, None] = {}
    files: dict[Path, None] = {}
    for path in without_reports(paths):
        _find(path, runs, files)
    systems = [read_run(folder, chosen) for folder in runs]
    return systems + _read_files(files, chosen)


def without_reports(paths: Iterable[Path | str]) -> list[Path]:
    """The paths but for reports, which a shell's ``*`` names among the runs; all, if there is nothing else."""
    given = [Path(path) for path in paths]
    return [path for path in given if not _is_report(path)] or given


def _is_report(folder: Path) -> bool:
    """Whether it holds a report's tables and nothing that could be scored."""
    return (folder / "table.json").is_file() and not any(any(folder.rglob(form)) for form in ("run.json", "*.jsonl"))


def _find(path: Path, runs: dict[Path, None], files: dict[Path, None]) -> None:
    """Note the run folders and prediction files under a path, each once, in a stable order."""
    if path.is_file():
        if path.name == "run.json":
            runs[path.parent] = None
        else:
            files[path] = None
        return
    if not path.is_dir():
        message = f"no file or folder {path}; give a run folder, a predictions file, or a folder of them"
        raise UsageError(message)
    here = {run.parent: None for run in sorted(path.rglob("run.json"))}
    inside = {file: None for file in sorted(path.rglob("*.jsonl")) if file.parent not in here}
    if not here and not inside:
        message = f"nothing to score in {path}; expected a run folder (run.json) or *.jsonl files with text, pred_text"
        raise UsageError(message)
    runs.update(here)
    files.update(inside)


def read_run(folder: Path, language: str | None = None) -> System:
    """A run of ours, finished or not.

    Raises:
        DataError: run.json or a journal is broken.
    """
    where = folder / "run.json"
    try:
        run = _with_names_of_format_1(json.loads(where.read_bytes()))
        model, benchmarks = run["model"]["id"], run["benchmarks"]
        facts = {str(name): dict(fact) for name, fact in benchmarks.items()}
    except OSError as error:
        message = f"{where} cannot be read: {error.strerror}"
        raise DataError(message) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        message = f"{where} is not the run.json of a run; restore it, or run again"
        raise DataError(message) from None
    check_run(run, str(where))
    read = []
    for name, fact in facts.items():
        journal = folder / f"{name}.jsonl"
        if not journal.exists():
            continue
        rows = [_our_row(line) for line in read_journal(journal).lines]
        spoken = language or str(fact.get("language") or "en")
        read.append(Predictions(benchmark=name, language=spoken, rows=rows, source=journal, ours=True))
    return System(model=str(model), suite=run.get("suite"), folder=folder, run=run, benchmarks=read)


def _with_names_of_format_1(found: Any, *, inside: bool = False) -> Any:
    """What is read here by names still knows the first format's; it goes when that reads records."""
    old = {new: name for name, new in _SPEED.items() if name not in {"heard", "counted"}}
    if isinstance(found, list):
        return [_with_names_of_format_1(one, inside=inside) for one in found]
    if not isinstance(found, dict):
        return found
    return {
        old.get(key, key) if inside else key: _with_names_of_format_1(value, inside=inside or key == "speed")
        for key, value in found.items()
        if value is not None
    }


def _read_files(files: Iterable[Path], language: str | None) -> list[System]:
    systems: dict[str, dict[str, Predictions]] = {}
    for path in files:
        model, data = file_names.model_and_data(path.name.removesuffix(path.suffix))
        benchmark, spoken, pattern = file_names.benchmark_of(data)
        known = systems.setdefault(model, {})
        if benchmark in known:
            both = f"{known[benchmark].source} and {path}"
            message = f"{both} are both {benchmark} of {model}; leave one out, or score them apart"
            raise UsageError(message)
        rows = _read_rows(path, _foreign_row)
        if pattern is not None:
            rows = [_with_session(row, pattern) for row in rows]
        known[benchmark] = Predictions(benchmark=benchmark, language=language or spoken, rows=rows, source=path)
    return [System(model=model, benchmarks=list(known.values())) for model, known in systems.items()]


def _with_session(row: Row, pattern: str) -> Row:
    from dataclasses import replace

    match = re.search(pattern, row.id)
    return replace(row, session=match[1]) if match and row.session is None else row


def _read_rows(path: Path, parse: Any) -> list[Row]:
    """The rows of a file of JSON lines.

    Args:
        path: the file.
        parse: makes a Row of an object and a line number, or raises ValueError saying what is wrong.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise DataError(message) from None
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            rows.append(parse(_object(line), number))
        except ValueError as error:
            message = f"{path}, line {number}: {error}"
            raise DataError(message) from None
    if not rows:
        message = f"{path} is empty; expected JSON lines with text and pred_text"
        raise DataError(message)
    return rows


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        message = "not UTF-8 text"
        raise ValueError(message) from None
    except (ValueError, RecursionError) as error:
        message = f"not a JSON object ({error})"
        raise ValueError(message) from None
    if not isinstance(found, dict):
        message = f"not a JSON object but {type(found).__name__}"
        raise ValueError(message)
    return found


def _foreign_row(found: dict[str, Any], number: int) -> Row:
    error = _text(found, "error", optional=True)
    if "text" not in found or ("pred_text" not in found and error is None):
        missing = "text" if "text" not in found else "pred_text"
        message = f"no {missing!r}; a prediction has text (the reference) and pred_text"
        raise ValueError(message)
    hypothesis = _text(found, "pred_text", optional=True)
    return Row(
        id=str(found.get("audio_filepath") or found.get("id") or f"row {number}"),
        reference=str(_text(found, "text")),
        hypothesis=hypothesis,
        duration=_seconds(found, "duration"),
        time=_seconds(found, "time"),
        error=(error or "no transcript (pred_text is null)") if hypothesis is None else None,
        **_chunk(found),
    )


def _our_row(line: Line) -> Row:
    return Row(
        id=line.id,
        reference=line.reference,
        hypothesis=line.hypothesis,
        duration=line.duration,
        time=line.time,
        session=line.session,
        draft=line.draft,
        tags=line.tags,
        error=line.error,
        parent_id=line.parent_id,
        chunk_index=line.chunk_index,
    )


def _text(found: Mapping[str, Any], key: str, *, optional: bool = False) -> str | None:
    value = found.get(key)
    if isinstance(value, str) or (value is None and optional):
        return value
    message = f"no {key!r}" if key not in found else f"{key!r} must be text, not {json.dumps(value)[:40]}"
    raise ValueError(message)


def _seconds(found: Mapping[str, Any], key: str) -> float | None:
    value = found.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        message = f"{key!r} must be seconds, not {json.dumps(value)[:40]}"
        raise ValueError(message)
    return float(value)


def _chunk(found: Mapping[str, Any]) -> dict[str, Any]:
    parent, index = _text(found, "parent_id", optional=True), found.get("chunk_index")
    if index is not None and (isinstance(index, bool) or not isinstance(index, int) or index < 0):
        message = f"'chunk_index' must be a whole number from 0, not {json.dumps(index)[:40]}"
        raise ValueError(message)
    if (parent is None) != (index is None):
        message = "a chunk has both parent_id and chunk_index"
        raise ValueError(message)
    return {"parent_id": parent, "chunk_index": index}
