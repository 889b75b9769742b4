"""Every utterance as it was scored, as a file: a table for other programs, or alignments for a reader."""

from __future__ import annotations

import csv
import functools
import io
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec

from harness.errors import UsageError
from harness.records.codec import encode, written
from harness.records.utterances import AlignedWords, UtteranceScore
from harness.reporting.escape import csv_cell, shown
from harness.scoring.scored import ScoredUtterance

if TYPE_CHECKING:
    from harness.scoring.scored import Scored

_FIELDS = tuple(field.name for field in msgspec.structs.fields(UtteranceScore))
_AT_ONCE = 1000
"""Rows that are held at a time."""
_GAP = "*"
_LETTERS = {"hit": "", "substitution": "S", "deletion": "D", "insertion": "I"}


def utterance_scores(model: str, scored: Scored) -> Iterator[UtteranceScore]:
    """The rows of one benchmark of one model, failed and left out ones included."""
    target = scored.target
    profile, language = scored.profile, target or scored.language
    texts = profile.texts(language)
    for index, (row, counts, found) in enumerate(zip(scored.units.rows, scored.kept(), scored.counted, strict=True)):
        kept = found is not None and not scored.drops(index)
        reference, hypothesis, as_written = texts.pair(row.reference, row.hypothesis or "")
        aligned = kept and target is None  # a translation is right in many ways: no word of it is an error
        steps = ScoredUtterance(row, counts, texts, profile, language).alignment if aligned else ()
        yield UtteranceScore(
            model=model,
            benchmark=scored.units.benchmark,
            profile=profile.name,
            id=row.id,
            session=row.session,
            language=language,
            duration=row.duration,
            time=row.time,
            reference=row.reference,
            hypothesis=row.hypothesis,
            error=row.error,
            normalized_reference=reference,
            normalized_hypothesis=None if row.hypothesis is None else hypothesis,
            scored=kept,
            as_written=as_written,
            words=None if target else counts.words,
            hits=None if target else counts.hits,
            substitutions=None if target else counts.substitutions,
            deletions=None if target else counts.deletions,
            insertions=None if target else counts.insertions,
            rate=None if target else counts.rate,
            alignment=tuple(
                AlignedWords(operation=step.operation, reference=step.reference, hypothesis=step.hypothesis)
                for step in steps
            ),
        )


Add = Callable[[Sequence[UtteranceScore]], None]
"""Adds some rows to a file."""
Writer = Callable[[Path], AbstractContextManager[Add]]
"""Opens a file for rows. Where the writing of them ends by an error, what was there before stays."""


def writer(path: Path) -> Writer:
    """What writes a table with the ending of this name.

    Raises:
        UsageError: there is none.
    """
    found = {".jsonl": _lines, ".csv": _csv, ".parquet": _parquet}.get(path.suffix.lower())
    if found is None:
        raise UsageError(f"--per-utterance {path}: the name must end in .jsonl, .csv or .parquet")
    return found


def write_utterances(named: Iterable[tuple[str, Scored]], to: Mapping[Path, Writer]) -> None:
    """Writes every row of benchmarks of models, a few at a time, into files.

    Args:
        named: models and their benchmarks.
        to: the files, and what writes each.

    Raises:
        RunError: one cannot be written.
    """
    rows = (row for name, one in named for row in utterance_scores(name, one))
    with ExitStack() as files:
        adding = [files.enter_context(each(path)) for path, each in to.items()]
        while some := list(islice(rows, _AT_ONCE)):
            for add in adding:
                add(some)


@contextmanager
def _lines(path: Path) -> Iterator[Add]:
    with written(path) as file:
        yield lambda rows: file.writelines(encode(row) + b"\n" for row in rows)


@contextmanager
def _csv(path: Path) -> Iterator[Add]:
    """For spreadsheets: texts are shown as in all our tables (`csv_cell`); exact ones are in the other two forms."""
    with written(path) as file:

        def add(rows: Iterable[Iterable[object]]) -> None:
            table = io.StringIO(newline="")
            csv.writer(table).writerows(rows)
            file.write(table.getvalue().encode("utf-8", "backslashreplace"))

        add([_FIELDS])
        yield lambda rows: add(map(_cell, msgspec.structs.astuple(row)) for row in rows)


def _cell(value: object) -> object:
    if isinstance(value, tuple):
        return shown(encode(value).decode())
    return csv_cell(value) if isinstance(value, str) else value


@contextmanager
def _parquet(path: Path) -> Iterator[Add]:
    import pyarrow as pa
    from pyarrow import parquet

    words = pa.list_(pa.string())
    step = pa.struct([("operation", pa.string()), ("reference", words), ("hypothesis", words)])
    kinds = {"int": pa.int64(), "bool": pa.bool_(), "str": pa.string(), "float": pa.float64(), "tuple": pa.list_(step)}
    schema = pa.schema(
        [
            (name, next(column for kind, column in kinds.items() if kind in str(hint)))
            for name, hint in get_type_hints(UtteranceScore).items()
        ]
    )

    def table(rows: Sequence[UtteranceScore]) -> pa.Table:
        return pa.Table.from_pylist([_storable(msgspec.to_builtins(row)) for row in rows], schema=schema)

    with written(path) as file, parquet.ParquetWriter(file, schema) as to:
        yield lambda rows: to.write_table(table(rows))


def _storable(value: Any) -> Any:
    """Plain values with lone surrogates, which no column can hold, written out as in the other forms."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _storable(each) for key, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list | tuple) else value


@contextmanager
def alignments(path: Path) -> Iterator[Add]:
    """Alignments to read, in the manner of sclite's ``pralign``: words that face each other stand in one column.

    They are read in terminals and logs: what those would obey is shown instead (`escape.shown`).
    """
    with written(path) as file:
        between = ""

        def add(rows: Sequence[UtteranceScore]) -> None:
            nonlocal between
            for row in rows:
                file.write(f"{between}{_block(row)}".encode("utf-8", "backslashreplace"))
                between = "\n"

        yield add


def _block(row: UtteranceScore) -> str:
    head = f"id: {row.model} {row.benchmark} ({row.id})"
    if not row.scored:
        why = f"failed: {row.error}" if row.hypothesis is None else "left out by the profile"
        return f"{_one_line(head)}\nnot scored, {_one_line(why)}\n"
    scores = f"Scores: (#C #S #D #I) {row.hits} {row.substitutions} {row.deletions} {row.insertions}"
    return f"{_one_line(head)}\n{scores}\n{_facing(row.alignment)}\n"


def _facing(steps: Sequence[AlignedWords]) -> str:
    columns = []
    for step in steps:
        said, heard = " ".join(step.reference), " ".join(step.hypothesis)
        if step.operation in {"substitution", "insertion", "deletion"}:
            said, heard = said.upper(), heard.upper()
        said, heard = _shown(said), _shown(heard)
        width = max(_width(said), _width(heard), 1)
        cells = (said or _GAP * width, heard or _GAP * width, _LETTERS[step.operation])
        columns.append([cell + " " * (width - _width(cell)) for cell in cells])
    lines = zip(*columns, strict=True) if columns else ((), (), ())
    named = zip(("REF: ", "HYP: ", "Eval:"), lines, strict=True)
    return "\n".join(f"{name} {' '.join(cells)}".rstrip() for name, cells in named)


@functools.lru_cache(maxsize=100_000)
def _shown(words: str) -> str:
    return shown(words, begins_line=False)


def _width(text: str) -> int:
    """Columns of a terminal: wide characters take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
        for char in text
    )


def _one_line(text: str) -> str:
    return shown(" ".join(text.split()), begins_line=False)
