"""`list suites|benchmarks|models|profiles`: what there is."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence

import msgspec

from benchmarks.registry import datasets, suites
from harness.commands.shared import add_shared
from harness.commands.shared import table as made_of
from harness.errors import ExitStatus
from harness.models.registry import adapters, missing_modules
from harness.reporting.table import Column, Table
from harness.scoring.profiles import get_profile, profile_names

HELP = "List what there is."

Row = dict[str, "str | int | float | list[str] | None"]
"""One thing by its facts; None is not known."""

_WIDE = 10_000
"""Columns of the terminal form: a fact is never cut, the terminal wraps it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    parser.add_argument("what", choices=tuple(LISTS), help="what to list")
    add_shared(parser, "--json")


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
    columns = []
    for name in rows[0]:
        kinds = {type(row[name]) for row in rows} - {type(None)}
        numbers = bool(kinds) and kinds <= {int, float}
        form = ",.2f" if float in kinds else ","
        columns.append(Column(name, name, "right" if numbers else "left", form))
    cells = [[", ".join(fact) if isinstance(fact, list) else fact for fact in row.values()] for row in rows]
    return made_of(what, "", columns, cells)


def _suites() -> list[Row]:
    return [
        {"suite": one.name, "also": list(one.aliases), "profile": one.profile, "benchmarks": list(one.benchmarks)}
        for one in suites().values()
    ]


def _benchmarks() -> list[Row]:
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
                "options": [option.name for option in adapter.options] + ["keywords"] * adapter.keywords,
            }
        )
    return rows


def _profiles() -> list[Row]:
    rows: list[Row] = []
    for name in profile_names():
        rules = msgspec.to_builtins(get_profile(name))
        english, others = _rules(rules.pop("english")), _rules(rules.pop("others"))
        counting = _rules({key: value for key, value in rules.items() if key != "name"})
        rows.append({"profile": name, "English": english, "other languages": others, "counting": counting})
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
