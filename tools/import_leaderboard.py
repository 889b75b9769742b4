"""Turns the tables of the Open ASR Leaderboard's repository into our CSV files of published figures.

    python -m tools.import_leaderboard FOLDER           writes results/published/leaderboard_*.csv
    python -m tools.import_leaderboard FOLDER --print   prints what it would write

FOLDER holds `en_shortform.csv`, `en_longform.csv`, `multilingual.csv` as in `scripts/data` of
github.com/huggingface/open_asr_leaderboard at d1e99b2, and `en_longform_PR191_h200_unmerged.csv`, the same table on the
branch of its pull request 191. -1 and empty cells are unknown there and make no row here.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.reporting.published import COLUMNS, FOLDER, Figure, canonical_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REPOSITORY = "https://github.com/huggingface/open_asr_leaderboard"
SOURCE = f"{REPOSITORY}/blob/d1e99b2/scripts/data/"
AS_OF = "2026-03-26"
"""The repository dates its tables and plots so."""
SIZE, SPEED = "Model size (B)", "RTFx"
UNKNOWN = {"", "-1"}


@dataclass(frozen=True, slots=True)
class Origin:
    """One table, and what all of its figures have in common."""

    file: str
    into: str
    """Name of our file."""
    source: str
    suite: str
    """Of every column but those with CORAAL, and the long-form RTFx, of which the data is not stated."""
    averages: Mapping[str, str]
    """Our benchmark id of each column that is not a benchmark's own."""
    profile: str | None = None
    """The rules, where they are certain."""
    date: str | None = AS_OF
    hardware: str | None = None


SHORT = Origin(
    file="en_shortform.csv",
    into="leaderboard_shortform.csv",
    source=f"{SOURCE}en_shortform.csv",
    suite="open_asr@2026-04",
    averages={"Avg. WER": "average"},
    profile="leaderboard@2026-04",
)
LONG_AVERAGES = {
    "Avg (without CORAAL)": "average",
    "Average": "average_with_coraal",
    "coraal_avg": "coraal",
}
LONG = Origin(
    file="en_longform.csv",
    into="leaderboard_longform.csv",
    source=f"{SOURCE}en_longform.csv",
    suite="longform@2026-03",
    averages=LONG_AVERAGES,
    profile="leaderboard@2026-04",
)
LONG_H200 = Origin(
    file="en_longform_PR191_h200_unmerged.csv",
    into="leaderboard_longform_h200.csv",
    source=f"{REPOSITORY}/pull/191 (not merged)",
    suite="longform@2026-03",
    averages=LONG_AVERAGES,
    date=None,
    hardware="1x H200",
)
MULTILINGUAL = Origin(
    file="multilingual.csv",
    into="leaderboard_multilingual.csv",
    source=f"{SOURCE}multilingual.csv",
    suite="multilingual@2026-07",
    averages={"Avg": "average"},
)
ORIGINS = (SHORT, LONG, LONG_H200, MULTILINGUAL)


def benchmark_columns() -> dict[str, str]:
    """Our benchmark's id by what the published tables call it."""
    from benchmarks.registry import datasets

    return {column: dataset.name for dataset in datasets().values() for column in dataset.columns}


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a table, keyed by its header, with stripped cells."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{key: value.strip() for key, value in row.items()} for row in csv.DictReader(file)]


def figures_of(origin: Origin, folder: Path) -> Iterator[Figure]:
    """Every known figure of a table, row by row, in the order of its columns."""
    names = benchmark_columns() | dict(origin.averages)
    earlier = {row["model_id"]: row for row in read_table(folder / LONG.file)} if origin is LONG_H200 else {}
    for row in read_table(folder / origin.file):
        written = row.get("model") or row["model_id"]
        if row == earlier.get(written):  # carried over unchanged: a figure of the earlier table, not of the new machine
            continue
        for column, value in row.items():
            if value in UNKNOWN or column not in {SIZE, SPEED, *names}:
                continue
            if names.get(column) == "average_with_coraal" and row["coraal_avg"] in UNKNOWN:
                continue  # without CORAAL it is the other average once more
            yield _figure(origin, canonical_model(written), column, value, names)


def _figure(origin: Origin, model: str, column: str, value: str, names: Mapping[str, str]) -> Figure:
    """One cell of a table."""
    if column == SIZE:
        return Figure(model=model, metric="parameters_billion", value=float(value), source=origin.source)
    benchmark = "average" if column == SPEED else names[column]
    coraal = "coraal_avg" in origin.averages and (column == SPEED or "coraal" in benchmark)
    return Figure(
        model=model,
        benchmark=benchmark,
        metric="rtfx" if column == SPEED else "wer",
        value=float(value),
        profile=origin.profile,
        suite=None if coraal else origin.suite,
        source=origin.source,
        date=origin.date,
        hardware=origin.hardware,
    )


def tables(folder: Path) -> dict[str, str]:
    """Our files by name. Numbers are as short as they can be written; the same size of a model is stated once."""
    sizes: set[tuple[str, float]] = set()
    written: dict[str, str] = {}
    for origin in ORIGINS:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for figure in figures_of(origin, folder):
            if figure.metric == "parameters_billion":
                if (figure.model, figure.value) in sizes:
                    continue
                sizes.add((figure.model, figure.value))
            cells = [getattr(figure, column) for column in COLUMNS]
            writer.writerow(
                "" if cell is None else f"{cell:.10g}" if isinstance(cell, float) else cell for cell in cells
            )
        written[origin.into] = text.getvalue()
    return written


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--print", action="store_true", dest="only_print")
    args = parser.parse_args()
    for name, text in tables(args.folder).items():
        if args.only_print:
            sys.stdout.write(text)
        else:
            (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
