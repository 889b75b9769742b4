"""`list suites|benchmarks|models|profiles`: what there is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.errors import ExitStatus

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

HELP = "List what there is."

Rows = list[dict[str, Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    parser.add_argument("what", choices=tuple(LISTS), help="what to list")
    parser.add_argument("--json", action="store_true", help="print JSON alone on stdout")


def run(args: argparse.Namespace) -> ExitStatus:
    """Prints the list."""
    rows = LISTS[args.what]()
    print(json.dumps(rows, ensure_ascii=False, indent=1) if args.json else aligned(rows))
    return ExitStatus.GOOD


def aligned(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as a plain table: a header, columns as wide as their widest cell, unknown as ``?``."""
    if not rows:
        return "none"
    names = list(rows[0])
    table = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(names))]
    numeric = [all(_is_number(row[name]) for row in rows) for name in names]
    lines = []
    for line in table:
        cells = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _cell(value: Any) -> str:
    if value is None:
        return "?"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _suites() -> Rows:
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


def _benchmarks() -> Rows:
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


def _models() -> Rows:
    from harness.models.registry import adapters, missing_modules

    rows = []
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


def _profiles() -> Rows:
    from harness.scoring.profiles import get_profile, profile_names

    rows = []
    for name in profile_names():
        rules = get_profile(name).as_dict()["rules"]
        rows.append(
            {
                "profile": name,
                "English": _rules(rules["english"]),
                "other languages": _rules(rules["others"]),
                "counting": _rules({key: value for key, value in rules.items() if key not in {"english", "others"}}),
            }
        )
    return rows


def _rules(rules: dict[str, Any] | None) -> str:
    """The rules that are on, by name."""
    if rules is None:
        return "as written"
    return ", ".join(
        name.replace("_", " ") if value is True else f"{name} {value}" for name, value in rules.items() if value
    )


LISTS: dict[str, Callable[[], Rows]] = {
    "suites": _suites,
    "benchmarks": _benchmarks,
    "models": _models,
    "profiles": _profiles,
}
