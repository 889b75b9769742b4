"""Published figures: what others say about a model, with the rules, data, date and hardware as far as they state them.

`results/published/*.csv`: one row one fact, an empty cell an unknown. A word error rate is in percent as it was
published, RTFx is a ratio, `parameters_billion` is what the table calls the model's size.

    benchmark   a benchmark's id; `average`: of the suite; `coraal`, `average_with_coraal`: of the long-form table
    profile     the rules of ours that are those it was made under; empty where that is not certain
    source      where it stands, and in parentheses what is particular about it

`results/published/model_ids.csv` has what others write in place of a model's id, where no rule finds it: that ``/`` is
written ``-`` (the leaderboard's file names) or ``--`` (our folders), and letters in another case, needs no entry.
"""

import csv
import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

import msgspec

from harness.errors import DataError
from harness.version import IN_CHECKOUT, ROOT

FOLDER = (ROOT if IN_CHECKOUT else ROOT / "harness") / "results" / "published"
"""The CSV files that come with the project; in a wheel they lie below `harness`, so that it brings no `results`."""
MODEL_IDS = "model_ids.csv"
COLUMNS = ("model", "benchmark", "metric", "value", "profile", "suite", "source", "date", "hardware", "batch")
"""The header of every file."""
SHARES = frozenset({"wer", "punctuation_error_rate", "capitalization_f1", "keyword_f1", "wder"})
"""Metrics in percent, as published."""
METRICS = SHARES | {"end_error", "rtfx", "parameters_billion"}
NOT_BENCHMARKS = frozenset({"average", "average_with_coraal", "coraal"})
"""What may stand for a benchmark besides the ids of the registry."""
_DATE = re.compile(r"\d{4}-\d\d(-\d\d)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One published number. None is what its source does not say."""

    model: str
    """The hub id, or ``company/product`` for a service."""
    metric: str
    """``wer`` or another of `SHARES`, in percent; ``end_error`` in milliseconds; ``rtfx``; ``parameters_billion``."""
    value: float
    source: str
    benchmark: str | None = None
    profile: str | None = None
    suite: str | None = None
    date: str | None = None
    """ISO 8601, to the day or the month."""
    hardware: str | None = None
    batch: int | None = None
    """Utterances in a batch."""

    @property
    def rate(self) -> float:
        """A share as a fraction, as scores.json has it; any other value as it is."""
        return self.value / 100 if self.metric in SHARES else self.value


@functools.cache
def published_figures(folder: Path = FOLDER) -> tuple[Figure, ...]:
    """All published figures, file by file in the order of their names; read once.

    Raises:
        DataError: a file breaks the schema; the message has file, line, cell and what it should be.
    """
    figures: dict[tuple[object, ...], tuple[str, Figure]] = {}
    for path in sorted(folder.glob("*.csv")):
        for where, figure in _read_file(path) if path.name != MODEL_IDS else ():
            fact = (figure.model, figure.benchmark, figure.metric, figure.profile, figure.suite, figure.source)
            if fact in figures:
                raise DataError(f"{where} states what {figures[fact][0]} states: one row one fact; delete one of them")
            figures[fact] = where, figure
    return tuple(figure for _, figure in figures.values())


def find(
    model: str | None = None,
    benchmark: str | None = None,
    metric: str | None = None,
    *,
    profile: str | None = None,
    suite: str | None = None,
) -> list[Figure]:
    """The figures that agree with everything that is given; newest first, those without a date last.

    A model may be written in any form that `canonical_model` understands.
    """
    wanted = {"benchmark": benchmark, "metric": metric, "profile": profile, "suite": suite}
    given = {name: value for name, value in wanted.items() if value is not None}
    figures = _by_model().get(canonical_model(model), ()) if model else published_figures()
    found = [one for one in figures if all(getattr(one, name) == value for name, value in given.items())]
    return sorted(found, key=lambda one: one.date or "", reverse=True)


@functools.cache
def _by_model() -> dict[str, list[Figure]]:
    """The figures of each model, in the order of `published_figures`."""
    found: dict[str, list[Figure]] = {}
    for one in published_figures():
        found.setdefault(one.model, []).append(one)
    return found


def canonical_model(written: str) -> str:
    """The real id of a model as others write it; what is not known comes back as it is.

    Transcripts in a file that is called after a model (``transcripts:ibm-granite--granite-speech-4.1-2b-nar.jsonl``)
    are that model's.
    """
    name = written.strip()
    aliases = _aliases()
    file = PurePath(name)
    forms = (name, file.stem, file.name) if name.startswith("transcripts:") else (name,)
    for form in (*forms, *(one.replace("--", "/") for one in forms)):
        if form.casefold() in aliases:
            return aliases[form.casefold()]
    return name


@functools.cache
def _aliases() -> dict[str, str]:
    """Real ids by every form in which they are written, in folded case."""
    entries: dict[str, str] = {}
    for where, row in _rows(FOLDER / MODEL_IDS, ("written", "model")):
        if not all(row.values()):
            raise DataError(f"{where}: neither cell may be empty")
        entries[row["written"]] = row["model"]
    known = {figure.model for figure in published_figures()} | set(entries.values())
    aliases = {form: model for model in sorted(known) for form in (model.casefold(), _in_file_name(model))}
    for written, model in entries.items():
        aliases |= {written.casefold(): model, _in_file_name(written): model}
    return aliases


def lacking(benchmark: str, utterances: int, suite: str | None) -> str:
    """How a number of utterances is not that of the whole benchmark, of which figures are published; empty where it is.

    How many those are the suite's lock says, else the registry; empty too where neither does.
    """
    from benchmarks.facts import stated_fact
    from benchmarks.registry import datasets, known_suite

    dataset, known = datasets().get(benchmark), known_suite(suite)
    whole = stated_fact(dataset, known.lock.get(benchmark) if known else None, "rows") if dataset else None
    return "" if whole is None or utterances == whole else f"{utterances:,} of {whole:,} utterances"


def _in_file_name(model: str) -> str:
    """An id as the leaderboard writes it in file names, in folded case."""
    return model.replace("/", "-").casefold()


def _read_file(path: Path) -> Iterator[tuple[str, Figure]]:
    """The figures of one file, each with the place where it stands."""
    from benchmarks.registry import datasets, suites
    from harness.scoring.profiles import profile_names

    benchmarks = {*datasets(), *NOT_BENCHMARKS}
    known = {"metric": {*METRICS}, "benchmark": benchmarks, "profile": {*profile_names()}, "suite": {*suites()}}
    for where, row in _rows(path, COLUMNS):
        for column in ("model", "metric", "value", "source"):
            if not row[column]:
                raise DataError(f"{where}: {column} is empty; a figure needs it")
        for column, names in known.items():
            if row[column] and row[column] not in names:
                raise DataError(f"{where}: no {column} is called {row[column]!r}; leave it empty where it is unknown")
        if row["date"] and not _DATE.fullmatch(row["date"]):
            raise DataError(f"{where}: date {row['date']!r} is not YYYY-MM-DD or YYYY-MM")
        if row["batch"] and not (row["batch"].isascii() and row["batch"].isdigit()):
            raise DataError(f"{where}: batch {row['batch']!r} is not a whole number")
        facts: dict[str, object] = {column: text or None for column, text in row.items()}
        facts |= {"value": _number(where, row["value"]), "batch": int(row["batch"]) if row["batch"] else None}
        yield where, msgspec.convert(facts, Figure)


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a CSV file with this header, each with its file and line."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if tuple(header) != columns:
                raise DataError(f"{path}: the header is {','.join(header)!r} where {','.join(columns)!r} is needed")
            for cells in reader:
                where = f"{path}, line {reader.line_num}"
                if len(cells) != len(columns):
                    raise DataError(f"{where}: {len(cells)} cells where there are {len(columns)} columns")
                yield where, dict(zip(columns, cells, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _number(where: str, text: str) -> float:
    """The value of a figure: a finite number that is not negative (the leaderboard writes -1 for an unknown)."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise DataError(f"{where}: value {text!r} is not a number of zero or more; an unknown figure has no row")
    return value
