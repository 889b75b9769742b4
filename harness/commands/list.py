"""`list suites|benchmarks|models|profiles`: what there is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from harness.errors import ExitStatus

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from harness.reporting.table import Table

HELP = "List what there is."

Row = dict[str, "str | int | float | list[str] | None"]
"""One thing by its facts; None is not known."""

_WIDE = 10_000
"""Columns of the terminal form: a fact is never cut, the terminal wraps it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    parser.add_argument("what", choices=tuple(LISTS), help="what to list")
    parser.add_argument("--json", action="store_true", help="print JSON alone on stdout")


def run(args: argparse.Namespace) -> ExitStatus:
    """Prints the list."""
    rows = LISTS[args.what]()
    if args.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        print(table(args.what, rows).render("terminal", width=_WIDE).rstrip())
    return ExitStatus.GOOD


def table(what: str, rows: Sequence[Row]) -> Table:
    """The rows, a column for each fact."""
    from harness.reporting.table import Cell, Column, Table

    columns = []
    for name in rows[0]:
        kinds = {type(row[name]) for row in rows} - {type(None)}
        numbers = bool(kinds) and kinds <= {int, float}
        form = ",.2f" if float in kinds else ","
        columns.append(Column(name, name, "right" if numbers else "left", form))
    cells = [[", ".join(fact) if isinstance(fact, list) else fact for fact in row.values()] for row in rows]
    return Table(what, "", tuple(columns), tuple(tuple(Cell(fact) for fact in row) for row in cells))


def _suites() -> list[Row]:
    from benchmarks.registry import suites

    return [
        {
            "suite": suite.name,
            "also": list(suite.aliases),
            "profile": suite.profile,
            "benchmarks": list(suite.benchmarks),
        }
        for suite in suites().values()
    ]


def _benchmarks() -> list[Row]:
    from benchmarks.registry import datasets

    return [
        {
            "benchmark": dataset.name,
            "language": dataset.language,
            "rows": dataset.rows,
            "hours": dataset.hours,
            "words": dataset.words,
            "license": dataset.license,
            "sources": list(dict.fromkeys(source.kind for source in dataset.sources)),
            "missing": dataset.missing,
        }
        for dataset in datasets().values()
    ]


def _models() -> list[Row]:
    from harness.models.registry import adapters, missing_modules

    rows: list[Row] = []
    for adapter in adapters().values():
        card = adapter.card
        lacking = missing_modules(adapter)
        rows.append(
            {
                "model": card.id if card else adapter.name,
                "parameters": card.parameters if card else None,
                "languages": list(card.languages) if card else None,
                "license": card.license if card else None,
                "installed": f"no, needs {', '.join(lacking)}" if lacking else "yes",
                "what": adapter.summary,
            }
        )
    return rows


def _profiles() -> list[Row]:
    from harness.scoring.profiles import get_profile, profile_names

    rows: list[Row] = []
    for name in profile_names():
        rules = msgspec.to_builtins(get_profile(name))
        rows.append(
            {
                "profile": name,
                "English": _rules(rules["english"]),
                "other languages": _rules(rules["others"]),
                "counting": _rules(
                    {key: value for key, value in rules.items() if key not in {"name", "english", "others"}}
                ),
            }
        )
    return rows


def _rules(rules: Mapping[str, object] | None) -> str:
    """The rules that are on, by name."""
    if rules is None:
        return "as written"
    return ", ".join(
        name.replace("_", " ") if value is True else f"{name} {value}" for name, value in rules.items() if value
    )


LISTS: dict[str, Callable[[], list[Row]]] = {
    "suites": _suites,
    "benchmarks": _benchmarks,
    "models": _models,
    "profiles": _profiles,
}
