"""`list suites|benchmarks|models|profiles`: what there is."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import msgspec

from benchmarks.registry import datasets, suites
from harness.commands.shared import add_shared
from harness.commands.shared import table as made_of
from harness.errors import ExitStatus
from harness.models.base import Adapter, Listed, ModelCard
from harness.models.registry import adapters, missing_modules
from harness.reporting.published import find
from harness.reporting.table import Column, Table
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import profile_names

HELP = "List what there is."

Row = dict[str, "str | int | float | list[str] | None"]
"""One thing by its facts; None is not known."""

_METRICS = {"wer": "WER", "rtfx": "RTFx"}
NOT_RUN = "not run here"
_WIDE = 10_000
"""Columns of the terminal form: a fact is never cut, the terminal wraps it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    parser.add_argument("what", choices=tuple(LISTS), help="what to list")
    add_shared(parser, "--json")
    parser.add_argument(
        "--markdown", action="store_true", help="print Markdown (docs/models.md has that of the models)"
    )


def run(args: argparse.Namespace) -> ExitStatus:
    """Prints the list."""
    rows = LISTS[args.what]()
    if args.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    elif args.markdown:
        print(markdown(args.what), end="")
    else:
        rows = [_shown(row) for row in rows] if args.what == "models" else rows
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


def markdown(what: str) -> str:
    """The list as a table in Markdown; of the models without what depends on this machine."""
    rows = [_documented(row) for row in _models()] if what == "models" else LISTS[what]()
    return table(what, rows).render("markdown").partition("\n\n")[2]


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
        card = adapter.card or ModelCard(id=adapter.name)
        options = [option.name for option in adapter.options] + ["keywords"] * adapter.keywords
        hub = [card.id] if "/" in card.id else []
        rows.append(_model(card, missing_modules(adapter), adapter, options, hub))
        for one in adapter.listed():
            card = ModelCard(id=f"{adapter.name}: {one.name}", languages=one.languages)
            lacking = missing_modules(replace(adapter, requires=(*adapter.requires, *one.needs)))
            rows.append(_model(card, lacking, one, list(one.asks), list(one.hub)))
    return rows


def _model(card: ModelCard, lacking: Sequence[str], what: Adapter | Listed, options: list[str], hub: list[str]) -> Row:
    return {
        "model": card.id,
        "parameters": card.parameters,
        "languages": list(card.languages) or None,
        "license": card.license,
        "installed": f"no, needs {', '.join(lacking)}" if lacking else "yes",
        "what": what.summary,
        "options": options,
        "hub": hub,
        "extra": what.extra if isinstance(what, Adapter) else None,
        "run here": what.tried or NOT_RUN,
        "published": [f"{model}: {figures}" for model in hub if (figures := _published(model))],
    }


def _shown(row: Row) -> Row:
    """A model for the terminal: figures beside their ids, and many languages as their number; `--json` has all."""
    languages, hub, published = row["languages"], row["hub"], row["published"]
    assert isinstance(hub, list)
    assert isinstance(published, list)
    figures = dict(each.split(": ", 1) for each in published)
    many = f"{len(languages)} languages" if isinstance(languages, list) and len(languages) > 8 else languages
    shown = [f"{model} ({figures[model]})" if model in figures else model for model in hub]
    return {**{name: fact for name, fact in row.items() if name != "published"}, "languages": many, "hub": shown}


def _documented(row: Row) -> Row:
    """A model for docs/models.md: as `_shown`, without what is installed here and what a column cannot hold."""
    shown = _shown(row)
    number = shown.pop("parameters")
    shown["parameters"] = f"{number:,}" if isinstance(number, int) else None
    order = ("model", "what", "parameters", "languages", "license", "options", "extra", "hub", "run here")
    return {name: shown[name] for name in order}


def _published(model: str) -> str:
    """The newest averages over the leaderboard's English sets; of the original weights, where these are converted."""
    for name in dict.fromkeys((model, model.removesuffix("-hf"), model.removesuffix("-trfs"))):
        found = {metric: find(name, "average", metric, suite="open_asr@2026-04")[:1] for metric in ("wer", "rtfx")}
        facts = [f"{_METRICS[metric]} {one.value:g}" for metric, figures in found.items() for one in figures]
        if facts:
            return ", ".join(facts)
    return ""


def _profiles() -> list[Row]:
    rows: list[Row] = []
    for name in profile_names():
        rules = msgspec.to_builtins(get_profile(name))
        kinds = {"English": "english", "other languages": "others", "without spaces": "unspaced"}
        of_languages: Row = {title: _rules(rules.pop(key)) for title, key in kinds.items()}
        chinese = rules.pop("chinese")
        if chinese is not None:
            of_languages["without spaces"] = f"{of_languages['without spaces']}; Chinese: {_rules(chinese)}"
        counting = _rules({key: value for key, value in rules.items() if key != "name"})
        rows.append({"profile": name, **of_languages, "counting": counting})
    return rows


def _rules(rules: Mapping[str, object] | None) -> str:
    """The rules that are on, by name."""
    if rules is None:
        return "as written"
    on = [name.replace("_", " ") if value is True else f"{name} {value}" for name, value in rules.items() if value]
    return ", ".join(on) or "none of the rules that can be switched"


LISTS: dict[str, Callable[[], list[Row]]] = {
    "suites": _suites,
    "benchmarks": _benchmarks,
    "models": _models,
    "profiles": _profiles,
}
