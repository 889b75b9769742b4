"""Reads what is to be scored: run folders of ours, and predictions that others wrote.

Ours is a folder with run.json and one journal a benchmark. Others': files with a reference and a transcript a row
(`harness.scoring.rows`), such as the leaderboard's manifests and NeMo's; a file is one benchmark of one model.
"""

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from benchmarks.languages import primary_subtag
from harness.errors import DataError
from harness.perturb.names import joined, named
from harness.records.journal import Line, StoredLines, read_journal
from harness.records.packed import is_packed, opened
from harness.records.run import RUN_FILE, RunRecord, read_run_record
from harness.records.stored import mapped, taken
from harness.scoring import file_names
from harness.scoring.average import remember
from harness.scoring.finding import held_by, places_apart
from harness.scoring.folders import Say
from harness.scoring.forms import Form, stem
from harness.scoring.rows import UNSAID, read_translated

DEFAULT_LANGUAGE = "en"
"""Where nothing says which it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What one model made of one benchmark."""

    benchmark: str
    language: str
    """BCP-47 primary subtag, of all rows."""
    language_stated: bool = True
    """False where nothing said which it is, so that it is taken to be English."""
    part_of: str | None = None
    """The benchmark of several languages that this is the part in one language of."""
    rows: Sequence[Line]
    """Ids are unique where the source is ours; others' may repeat."""
    source: Path
    """The file."""
    said_in: Path | None = None
    """The file of the references; None where they are in the same one."""
    ours: bool = False
    """Whether it is a journal of ours, which holds every row of the benchmark, scored or not."""
    scores_empty: bool = False
    """Whether failed utterances count as empty transcripts: the run was told ``--on-error score-empty``."""

    untranslated: int = 0
    """Rows of its file that were left out: they have no translation, which others there have."""

    @property
    def target(self) -> str | None:
        """The language that was translated into, `UNSAID` where no row says which; None of transcripts.

        Raises:
            DataError: the rows have several, or some are transcripts: there is no score that holds for all.
        """
        found = {row.target for row in self.rows}
        named = found - {UNSAID} if found - {UNSAID, None} else found
        if len(named) > 1:
            kinds = sorted("transcripts" if one is None else f"translations into {one}" for one in named)
            raise DataError(f"{self.source}: its rows are {' and '.join(kinds)}; give a file for each")
        return next(iter(named), None)

    @property
    def left_out(self) -> str | None:
        """What is said of rows that were left out; None where none were."""
        if not self.untranslated:
            return None
        rows = f"{self.untranslated:,} row{'s' if self.untranslated > 1 else ''}"
        return f"left out {rows} of {self.source.name} without a translation"

    @property
    def measured_as(self) -> str:
        """What run.json calls it, or what it is a part of."""
        return self.part_of or self.benchmark


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One model and all that it predicted."""

    model: str
    suite: str | None = None
    """Resolved name of the suite; None for predictions of others."""
    folder: Path | None = None
    """The run's folder; None for predictions of others."""
    run: RunRecord | None = None
    """run.json; None for predictions of others."""
    benchmarks: list[Predictions]

    @property
    def name(self) -> str:
        """What it is called: as the user named the run, else by its model."""
        return (self.run.name if self.run is not None else None) or self.model


def read_systems(
    paths: Iterable[Path | str],
    language: str | None = None,
    form: Form | None = None,
    say: Say = lambda _line: None,
) -> list[System]:
    """Everything that the paths hold, one System a model (a run of ours is one of its own).

    Args:
        paths: run folders, saved baselines, prediction files, or folders of one of these, searched to any depth.
        language: overrides what columns, corpora and runs say.
        form: of the files of others; None tells it by their endings and contents.
        say: told what folders hold that is left out.

    Raises:
        UsageError: a path does not exist or holds nothing to score, or two files are the same model and benchmark.
        DataError: a file is not what it should be.
    """
    chosen = primary_subtag(language) if language else None
    held = held_by(paths, say)
    read = [read_packed(path, chosen) if is_packed(path) else read_run(path, chosen) for path in held.runs]
    return read + _read_files(held.files, chosen, form)


def read_run(folder: Path, language: str | None = None) -> System:
    """A run of ours, finished or not.

    Raises:
        DataError: run.json or a journal is broken.
    """
    run = read_run_record(folder)
    remember(run)
    given = run.settings.get("keywords")
    keywords = given if isinstance(given, tuple) and given else None
    read = []
    for name, fact in run.benchmarks.items():
        journal = folder / f"{name}.jsonl"
        if journal.exists():
            found = read_journal(journal).lines
            one = Predictions(
                benchmark=name,
                language=language or fact.language or DEFAULT_LANGUAGE,
                language_stated=language is not None or fact.language_stated is not False,
                rows=_with_keywords(found, keywords),
                source=journal,
                ours=True,
                scores_empty=run.scores_empty,
            )
            read += [one] if language else by_language(one, found.language if isinstance(found, StoredLines) else None)
    return System(model=run.model.id, suite=run.suite, folder=folder, run=run, benchmarks=read)


def read_packed(path: Path, language: str | None = None) -> System:
    """A run that was saved as a baseline.

    Raises:
        DataError: it is none, or broken.
    """
    with opened(path) as folder:
        if not (folder / RUN_FILE).exists():
            raise DataError(f"{path} is not a baseline: it has no {RUN_FILE}")
        system = read_run(folder, language)
    benchmarks = [replace(one, source=path / one.source.name) for one in system.benchmarks]
    return replace(system, folder=path, benchmarks=benchmarks)


def _with_keywords(rows: Sequence[Line], given: tuple[str, ...] | None) -> Sequence[Line]:
    """Rows with the list that the run was given, where they have none of their own."""
    if given is None:
        return rows
    return mapped(rows, lambda row: row if row.keywords is not None else msgspec.structs.replace(row, keywords=given))


def _read_files(files: Mapping[Path, Path], language: str | None, form: Form | None) -> list[System]:
    """Files of others, each with the folder that it was found by: a system a model, and a place where they clash."""
    apart = places_apart(files, lambda path: _model_and_benchmark(path)[:2])
    systems: dict[tuple[str, Path], list[Predictions]] = {}
    for path, place in apart.items():
        model, benchmark, spoken, pattern = _model_and_benchmark(path)
        rows, untranslated = read_translated(path, form)
        if pattern is not None:
            rows = [_with_session(row, pattern) for row in rows]
        stated = language or spoken
        one = Predictions(
            benchmark=benchmark,
            language=stated or DEFAULT_LANGUAGE,
            language_stated=stated is not None,
            rows=rows,
            source=path,
            untranslated=untranslated,
        )
        systems.setdefault((model, place), []).extend([one] if language else by_language(one))
    return [System(model=model, benchmarks=benchmarks) for (model, _), benchmarks in systems.items()]


def _model_and_benchmark(path: Path) -> tuple[str, str, str | None, str | None]:
    """What a file's name says: the model, the benchmark, its language, and the pattern of sessions, where known."""
    model, data = file_names.model_and_data(stem(path))
    return model, *file_names.benchmark_of(data)


def by_language(predictions: Predictions, alone: str | None = None) -> list[Predictions]:
    """Predictions whose rows say their languages, one for each of them; what says nothing is in the file's own.

    Each language is a benchmark of its own, ``name_de``: texts are only normalized and averaged within one. Where it is
    known that all rows say the same it is `alone`.
    """
    places: dict[str, array[int]] = {} if alone is None else {alone: array("q", range(len(predictions.rows)))}
    for at, row in enumerate(predictions.rows if alone is None else ()):
        places.setdefault(row.language, array("q")).append(at)
    unsaid = places.pop("", array("q"))
    if not places:
        return [predictions]
    if unsaid:
        places.setdefault(predictions.language, array("q")).extend(unsaid)
    rows = {spoken: taken(predictions.rows, found) for spoken, found in places.items()}
    name = predictions.benchmark if len(rows) > 1 else None
    # A journal of ours repeats in every line what nothing said.
    guessed = not predictions.language_stated and (predictions.ours or bool(unsaid))
    return [
        replace(
            predictions,
            benchmark=_part(name, spoken) if name else predictions.benchmark,
            language=spoken,
            language_stated=not (guessed and spoken == DEFAULT_LANGUAGE),
            part_of=name,
            rows=found,
        )
        for spoken, found in sorted(rows.items())
    ]


def _part(benchmark: str, spoken: str) -> str:
    """The name of the part in one language: under a condition the clean one's part, under that condition."""
    found = named(benchmark)
    return f"{benchmark}_{spoken}" if found is None else joined(f"{found.clean}_{spoken}", found.condition)


def _with_session(row: Line, pattern: str) -> Line:
    match = re.search(pattern, row.id)
    return msgspec.structs.replace(row, session=match[1]) if match and row.session is None else row
