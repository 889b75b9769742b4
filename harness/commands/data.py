"""`data describe|verify|check|convert`: what data is, whether it is what is stated, and sound; and in another form."""

import argparse
import json
from itertools import islice
from pathlib import Path

import msgspec

from benchmarks.dataset import Dataset, Request, open_dataset
from benchmarks.registry import datasets, get_dataset, get_suite, suites
from benchmarks.suite import Lock, Suite
from benchmarks.verify import GOOD, Finding, merge, suite_file, verify, write_lock
from harness.commands import data_check, data_convert
from harness.commands.data_describe import describe_own
from harness.commands.own_data import add_own_data, asked, check_unused, is_own
from harness.commands.shared import add_shared, teller
from harness.errors import DataError, ExitStatus, UsageError, unknown_name
from harness.request import own_data, told

HELP = "Describe a data set or own data, verify it, check its audio and references, or convert it."

EXAMPLES = 3
"""How many utterances `describe` shows."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    verbs = parser.add_subparsers(dest="data_verb", required=True, metavar="describe|verify|check|convert")
    describe = verbs.add_parser("describe", help="facts, license, citation, sources and three examples")
    describe.add_argument("name", metavar="BENCHMARK|PATH")
    add_own_data(describe, data=False)
    check = verbs.add_parser("verify", help="read data to its end and compare it with what is stated")
    check.add_argument("name", metavar="SUITE|BENCHMARK|PATH")
    add_own_data(check, data=False)
    check.add_argument("--write-lock", action="store_true", help="write what was not known into the suite's file")
    health = verbs.add_parser("check", help=data_check.HELP)
    data_check.add_arguments(health)
    for verb in (describe, check, health):
        verb.add_argument("--from", dest="root", metavar="DIR", type=Path, help="original releases or Parquet copies")
        add_shared(verb, "--json")
    data_convert.add_arguments(verbs.add_parser("convert", help=data_convert.HELP))


def run(args: argparse.Namespace) -> ExitStatus:
    """Does the verb."""
    if args.data_verb == "convert":
        return data_convert.run(args)
    if args.root is not None and not args.root.exists():
        raise UsageError(f"no folder at {args.root}; --from names one with the original releases or Parquet copies")
    return {"describe": _describe, "verify": _verify, "check": data_check.run}[args.data_verb](args)


def _describe(args: argparse.Namespace) -> ExitStatus:
    """Prints the facts of a benchmark and, where a source can be opened, three utterances."""
    if is_own(args.name):
        return describe_own(args)
    check_unused(args)
    dataset = get_dataset(args.name)
    facts: dict[str, str | int | float | list[str] | None] = {
        "benchmark": dataset.name,
        "title": dataset.title,
        "language": dataset.language,
        "license": dataset.license,
        "rows": dataset.rows,
        "hours": dataset.hours,
        "words": dataset.words,
        "home": dataset.url,
        "citation": dataset.citation,
        "sources": [source.name + (f" ({source.text_form})" if source.text_form else "") for source in dataset.sources],
        "suites": [suite.name for suite in suites().values() if dataset.name in suite.benchmarks],
        "superseded by": dataset.superseded_by,
        "missing": dataset.missing or None,
        "notes": dataset.notes or None,
    }
    opened, why_not = [], None
    try:
        opened = list(islice(open_dataset(dataset, Request(root=args.root, streaming=True)), EXAMPLES))
    except DataError as error:
        why_not = str(error)
    if args.json:
        shown = [
            {"id": item.id, "seconds": item.duration, "session": item.session, "reference": item.reference}
            for item in opened
        ]
        print(json.dumps({**facts, "examples": shown, "no_examples": why_not}, ensure_ascii=False, indent=1))
        return ExitStatus.GOOD
    for name, value in facts.items():
        for number, item in enumerate(value if isinstance(value, list) else [value]):
            print(f"{name if not number else '':13}  {_show(item)}")
    for one in opened:
        print(f"\n{one.id}  ({_show(one.duration)} s, session {_show(one.session)})\n  {one.reference}")
    if why_not:
        print(f"\nno examples: {why_not}")
    return ExitStatus.GOOD


def _show(value: object) -> str:
    """A fact as a person reads it; ``?`` is unknown."""
    if value is None:
        return "?"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _verify(args: argparse.Namespace) -> ExitStatus:
    """Checks each benchmark; ends with the data status where one is not good."""
    holders, plan = _own(args) if is_own(args.name) else _plan(args)
    found: list[Finding] = []
    for dataset, lock in plan:
        finding = verify(dataset, lock, Request(root=args.root))
        found.append(finding)
        if not args.json:
            print(_line(finding), flush=True)
    if args.json:
        print(json.dumps(msgspec.to_builtins(found), ensure_ascii=False, indent=1))
    if args.write_lock:
        for path in _write(holders, found, Path(args.name)):
            if not args.json:
                print(f"wrote {path}")
    return ExitStatus.GOOD if all(finding.status == GOOD for finding in found) else ExitStatus.DATA


def _own(args: argparse.Namespace) -> tuple[list[Suite], list[tuple[Dataset, Lock | None]]]:
    """Own data, which no suite concerns and of which nothing is stated."""
    if args.write_lock:
        raise UsageError("--write-lock: own data has no suite whose file could hold it")
    _, (own,) = own_data([args.name], asked(args))
    for line in told(own):
        teller(quiet=args.json)(line)
    return [], [(own, None)]


def _plan(args: argparse.Namespace) -> tuple[list[Suite], list[tuple[Dataset, Lock | None]]]:
    """The suites that a name concerns, and its benchmarks with what is stated of each."""
    check_unused(args)
    name = args.name
    aliases = {alias for suite in suites().values() for alias in suite.names}
    if name.endswith(".toml") or (name in aliases and not (name in datasets() and name not in suites())):
        suite = get_suite(name)
        return [suite], [(get_dataset(benchmark), suite.lock.get(benchmark)) for benchmark in suite.benchmarks]
    if name not in datasets():
        raise unknown_name("suite or benchmark", name, aliases | set(datasets()))
    holders = [suite for suite in suites().values() if name in suite.benchmarks]
    lock = next((suite.lock[name] for suite in holders if name in suite.lock), None)
    return holders, [(get_dataset(name), lock)]


def _line(finding: Finding) -> str:
    """A finding for the terminal."""
    seen = finding.seen
    if seen.rows is None:
        return f"{finding.status:8} {finding.benchmark}: {finding.details[0]}"
    facts = f"{_show(seen.rows)} rows, {_show(seen.hours)} hours, {_show(seen.words)} words, {seen.source}"
    if seen.source is None:  # own data, of which nothing is stated
        facts = facts.removesuffix(", None")
        return f"{finding.status:8} {finding.benchmark}: {facts}; no audio was decoded, which data check does"
    open_facts = f"; not locked: {', '.join(finding.unlocked)}" if finding.unlocked else ""
    wrong = "".join(f"\n         {detail}" for detail in finding.details)
    return f"{finding.status:8} {finding.benchmark}: {facts} at {seen.revision}{open_facts}{wrong}"


def _write(holders: list[Suite], found: list[Finding], own: Path) -> list[Path]:
    """Fills the locks of the suites, or of the user's own file, with what was found to be good."""
    good = {finding.benchmark: finding.seen for finding in found if finding.status == GOOD}
    written = []
    for suite in holders:
        lock = dict(suite.lock)
        lock |= {name: merge(lock.get(name), seen) for name, seen in good.items() if name in suite.benchmarks}
        if lock != suite.lock:
            written.append(own if own.suffix == ".toml" else suite_file(suite.name))
            write_lock(written[-1], lock)
    return written
