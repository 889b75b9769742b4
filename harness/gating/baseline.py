"""Baselines as small files in a repository: a zip of run.json and the journals, without audio, times or drafts."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec.structs import replace

from harness.amounts import amount
from harness.errors import DataError, RunError, UsageError
from harness.gating.repeats import unlike
from harness.records.baseline import SPEEDS_FILE, SavedBaseline, Speeds, read_speeds
from harness.records.codec import FORMAT, pretty
from harness.records.journal import Line, encode_lines, read_journal
from harness.records.packed import SUFFIX, opened
from harness.records.run import RUN_FILE, RunRecord, Selection, read_run_record
from harness.records.speed import Repeats, Speed
from harness.scoring.average import pooled_by, remember
from harness.scoring.predictions import read_run
from harness.scoring.score import suite_speed
from harness.version import VERSION

if TYPE_CHECKING:
    from harness.records.policy import Measure

_LEFT_OUT = ("audio_seconds", "time", "batch", "undisturbed", "draft", "segments", "audio")
"""Fields of a line that scoring does without."""
_OF_SPEAKERS_AND_TIMES = ("words", "speakers", "turns")
"""Fields that it needs where the reference says who speaks, or when."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of all members, so that equal runs are equal files."""


def file_name(suite: str | None, model: str) -> Path:
    """Where the baseline of a model on a suite lies in a folder of baselines."""
    return Path(_safe(str(suite))) / (_safe(model) + SUFFIX)


def save(runs: Sequence[Path], directory: Path) -> Path:
    """Writes the baseline of a complete run; an older one of the same model and suite is replaced.

    Args:
        runs: the run's folder, and those of its repeats, of which only the speed is kept.
        directory: folder of baselines, made if needed.

    Raises:
        UsageError: one is no run folder or no repeat of the first, or the first is not complete.
        RunError: the folder cannot be written.
    """
    members = packed(runs)
    record = _record(runs[0])
    path = directory / file_name(record.suite, record.model.id)
    _write(path, members)
    return path


def packed(runs: Sequence[Path]) -> dict[str, bytes]:
    """The members of the baseline of a complete run and its repeats, by name.

    Raises:
        UsageError: as `save`.
    """
    records = [_record(run) for run in runs]
    run, record = runs[0], records[0]
    for other, again in zip(runs, records, strict=True):
        if (again.suite, again.model.id) != (record.suite, record.model.id):
            what = f"{again.model.id} on {again.suite}, no repeat of {record.model.id} on {record.suite}"
            raise UsageError(f"{other} is {what}; save each model by itself")
        if other != run and (why := unlike(read_run(run), read_run(other), str(run))) is not None:
            raise UsageError(f"{other} is {why}; a baseline is of one run and its repeats, save one of them")
    if (why := incomplete(record)) is not None:
        raise UsageError(f"{run} cannot be a baseline: {why}")
    speeds = Speeds(
        rtfx=tuple(value for one in records for value in rtfx(one, "rtfx")),
        rtfx_end_to_end=tuple(value for one in records for value in rtfx(one, "rtfx_end_to_end")),
    )
    members = {
        RUN_FILE: pretty(replace(record, format=FORMAT, version=VERSION)).encode(),
        SPEEDS_FILE: pretty(speeds).encode(),
    }
    for name in record.benchmarks:
        lines = read_journal(run / f"{name}.jsonl").lines
        if (why := incomplete(record, {name: len(lines)})) is not None:
            raise UsageError(f"{run} cannot be a baseline: {why}")
        members[f"{name}.jsonl"] = encode_lines(_slim(line) for line in lines)
    return members


def incomplete(record: RunRecord, lines: Mapping[str, int] | None = None) -> str | None:
    """Why a run cannot be a baseline, and what to do first; None where it can.

    Args:
        record: its run.json.
        lines: how many utterances the journals of its benchmarks have, as far as they were read.
    """
    failed = [name for name, fact in record.benchmarks.items() if fact.failed]
    if record.early is not None and record.early.verdict is not None and not record.complete:
        return "it was stopped early, since FAIL was certain; run it to its end, without --gate-early, first"
    if failed:
        return f"{failed[0]} has failed utterances; repeat the run's command first"
    if not record.complete or not record.benchmarks:
        return "it did not go to its end; repeat the run's command first"
    for name, count in (lines or {}).items():
        expected = record.benchmarks[name].expected
        if not count or expected not in {None, count}:
            whole = amount(expected, "utterance") if expected else "its utterances"
            return f"{name}.jsonl has {count:,} of {whole}; repeat the run's command first"
    return None


def _record(run: Path) -> RunRecord:
    if run.is_file():
        what = f"{run} is no run folder, which alone can be saved"
        raise UsageError(f"{what}; a file of predictions is a baseline as it is: gate --baseline {run}")
    try:
        record = read_run_record(run)
    except FileNotFoundError:
        raise UsageError(f"{run} is no run folder: it has no run.json") from None
    remember(record)
    return record


def _slim(line: Line) -> Line:
    """The line with what scoring needs."""
    judged = line.reference_turns is not None or line.reference_words is not None or line.reference_speakers is not None
    return replace(line, format=FORMAT, **dict.fromkeys((*_LEFT_OUT, *(() if judged else _OF_SPEAKERS_AND_TIMES))))


def _write(path: Path, members: dict[str, bytes]) -> None:
    temporary = path.with_name(path.name + ".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(temporary, "w") as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_LZMA)
        temporary.replace(path)
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror or error})") from None


def rtfx(run: RunRecord, measure: Measure) -> tuple[float, ...]:
    """RTFx over all benchmarks, one for each repeat: total over total. Empty where a benchmark has none.

    A run that was looked at on its way was run in small parts, whose speed says nothing of a run as a whole.
    """
    if run.early is not None:
        return ()
    known = {name: fact.speed or Speed() for name, fact in run.benchmarks.items()}
    speeds = list(known.values())
    repeats = [(getattr(one.repeats or Repeats(), measure), one.audio_seconds or 0.0) for one in speeds]
    if repeats and all(len(values) > 1 and audio > 0 for values, audio in repeats):
        audio = [audio for _, audio in repeats]
        return tuple(
            sum(audio) / sum(one / value for one, value in zip(audio, each, strict=True))
            for each in zip(*(values for values, _ in repeats), strict=False)
        )
    single = getattr(suite_speed(known, pooled_by(run.suite)), measure)
    return () if single is None else (single,)


def find(directory: Path, suite: str | None, model: str) -> Path | None:
    """The baseline of a model on a suite in a folder of baselines, or None.

    Raises:
        DataError: what lies there under their names is another model's, or of another suite.
    """
    path = directory / file_name(suite, model)
    if suite is None:
        return None
    if path.is_file():
        with opened(path) as folder:
            held = _record(folder)
        if (held.suite, held.model.id) != (suite, model):
            what = f"is of {held.model.id} on {held.suite}, not of {model} on {suite} as its name says"
            raise DataError(f"{path} {what}; save it anew, or name it itself")
        return path
    before = directory / _safe_before(suite) / (_safe_before(model) + SUFFIX)
    if not before.is_file():
        return None
    with opened(before) as folder:
        return before if _record(folder).model.id == model else None


def check_replaces(run: Path, before: Path) -> None:
    """Refuses a run that measured less than the baseline which it is to replace.

    Args:
        run: a run folder.
        before: the saved baseline.

    Raises:
        UsageError: the run lacks a benchmark, or is of another sample.
    """
    with opened(before) as folder:
        why = measures_less(_record(run), _record(folder))
    if why is not None:
        raise UsageError(f"{run} cannot replace {before}: {why}")


def measures_less(new: RunRecord, old: RunRecord) -> str | None:
    """Why a run cannot replace a baseline, of which `old` is the run.json; None where it can."""
    for name, fact in old.benchmarks.items():
        if name not in new.benchmarks:
            return f"it has no {name}; run the whole suite"
        samples = [one.selection or Selection() for one in (new.benchmarks[name], fact)]
        if samples[0] != samples[1]:
            said = [f"a sample (--limit {one.limit} --seed {one.seed})" if one.limit else "all" for one in samples]
            return f"its {name} is {said[0]}, the baseline's is {said[1]}"
    return None


def directory_of(path: Path, suite: str | None, model: str) -> Path | None:
    """The folder of baselines that a saved one lies in, under the name by which it is found there; else None."""
    directory = path.parent.parent
    if suite is None:
        return None
    names = (file_name(suite, model), Path(_safe_before(suite)) / (_safe_before(model) + SUFFIX))
    return directory if path.relative_to(directory) in names else None


def baselines_in(directory: Path) -> list[Path]:
    """The files of all baselines in a folder, by name."""
    return sorted(directory.glob(f"*/*{SUFFIX}"))


def stored(directory: Path) -> list[SavedBaseline]:
    """All baselines in a folder, by name.

    Raises:
        DataError: a file is broken.
    """
    found = []
    for path in baselines_in(directory):
        with opened(path) as folder:
            record, speeds = _record(folder), read_speeds(folder)
            found.append(
                SavedBaseline(
                    path=str(path),
                    suite=record.suite,
                    model=record.model.id,
                    profile=record.profile,
                    commit=record.environment.commit,
                    utterances=sum(fact.done or 0 for fact in record.benchmarks.values()),
                    repeats=len(speeds.rtfx) if speeds else 0,
                    bytes=path.stat().st_size,
                )
            )
    return found


def _safe(name: str) -> str:
    """A name as one part of a path, from which it can be told: ``org/model`` is ``org--model``, all else in percents.

    Two names never have one: a dash that could be taken for the sign of a slash is encoded too.
    """
    name = re.sub(r"-(?=[-/])|(?<=[-/])-", "%2D", name.replace("%", "%25"))
    parts = [quote(part, safe="@+=%", errors="surrogateescape") for part in name.split("/")]
    return re.sub(r"^\.", "%2E", "--".join(parts)) or "unnamed"


def _safe_before(name: str) -> str:
    """As it was until the names became unambiguous: baselines of then are found still."""
    cleaned = re.sub(r"[^\w.@+=-]+", "--", name, flags=re.ASCII).strip(".")
    return cleaned or "unnamed"
