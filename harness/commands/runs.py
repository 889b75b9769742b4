"""`runs [DIR]`, `runs show|rm|mv RUN`: what was run, and putting it in order."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.amounts import amount
from harness.commands.shared import add_shared, left, percent, table
from harness.config import Settings
from harness.errors import ExitStatus, UsageError
from harness.flags import declared
from harness.records.run import read_run_record
from harness.reporting.table import Column
from harness.runner.stored import (
    StoredRun,
    check_removable,
    find_run,
    read_scores,
    remove,
    rename,
    stored_runs,
    together,
)
from harness.streams import put_json
from harness.version import program

HELP = "list the runs that are there, show one, rename one, or remove some"

VERBS = ("list", "show", "rm", "mv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what to do and with what."""
    what = "list [DIR], the default; show RUN; rm RUN...; mv RUN NAME. A RUN is a name, SUITE/NAME or a folder"
    parser.add_argument("words", nargs="*", metavar="list|show|rm|mv RUN|DIR|NAME", help=what)
    parser.add_argument(
        "--out",
        type=Path,
        default=Settings().out,
        metavar="DIR",
        help="folder that holds the runs, as --out of a run (default %(default)s)",
    )
    parser.add_argument("--yes", action="store_true", help="rm: do not ask")
    add_shared(parser, "--json")


def run(args: argparse.Namespace) -> ExitStatus:
    """Does it."""
    words = list(args.words)
    verb = words.pop(0) if words and words[0] in VERBS else "list"
    if verb == "list":
        return _list(Path(_one(words, "list", "DIR")) if words else args.out, as_json=args.json)
    if args.yes and verb != "rm":
        raise UsageError(f"--yes is of `runs rm`; `runs {verb}` asks nothing, leave it out")
    if verb == "show":
        return _show(find_run(_one(words, verb, "RUN"), args.out), as_json=args.json)
    if args.json:
        raise UsageError(f"--json is of `runs list` and `runs show`; `runs {verb}` has nothing to print")
    if verb == "rm":
        return _remove(words, args.out, yes=args.yes)
    if len(words) != 2:
        raise UsageError(f"`runs mv` takes a run and its new name, not {amount(len(words), 'word')}: runs mv RUN NAME")
    return _rename(find_run(words[0], args.out), words[1])


def _one(words: Sequence[str], verb: str, what: str) -> str:
    if len(words) != 1:
        raise UsageError(f"`runs {verb}` takes one {what}, not {len(words)}; `runs list|show|rm|mv`, see --help")
    return words[0]


def _list(place: Path, *, as_json: bool) -> ExitStatus:
    none_yet = not place.exists() and place == Settings().out
    found = [] if none_yet else stored_runs(place)
    if as_json:
        put_json(found)
        return ExitStatus.GOOD
    if not found:
        print(f"no runs below {place}; make one: {program()} --suite sample, or give the folder: {program()} runs DIR")
        return ExitStatus.GOOD
    columns = (
        left("name", "Name"),
        left("suite", "Suite"),
        left("model", "Model"),
        percent("rate", "WER"),
        Column("rtfx", "RTFx", format="adaptive"),
        left("date", "Date (UTC)"),
        left("complete", "Complete"),
        left("folder", "Folder"),
    )
    rows = [(*_shown(one, with_model=one.model != one.name), _beneath(one, place)) for one in found]
    notes = [f"{one.folder}: {one.problem}" for one in found if one.problem]
    if any(one.cer is not None for one in found):
        notes.append("Rates of runs whose names end in (CER) are of characters.")
    notes.append("WER: average over the suite as scored last; a dash: not complete, or not scored.")
    print(table(f"Runs in {place}", together(found) + ".", columns, rows, notes).render("terminal"), end="")
    return ExitStatus.GOOD


def _shown(one: StoredRun, *, with_model: bool) -> tuple[str | float | None, ...]:
    """A run's cells, but for its folder."""
    state = "cannot be read" if one.problem else "yes" if one.complete else "no"
    name = one.name if one.cer is None else f"{one.name} (CER)"
    model = one.model if with_model or one.problem else "same"
    date = (one.started or "")[:16].replace("T", " ") or None
    return name, one.suite, model, one.wer if one.cer is None else one.cer, one.rtfx, date, state


def _beneath(one: StoredRun, place: Path) -> str:
    return str(Path(one.folder).relative_to(place))


def _show(folder: Path, *, as_json: bool) -> ExitStatus:
    record = read_run_record(folder)
    if as_json:
        put_json(record)
        return ExitStatus.GOOD
    scores = read_scores(folder)
    entries = {one.benchmark: one for one in scores.benchmarks} if scores else {}
    commit = (record.environment.commit or "")[:7] + ("+" if record.environment.dirty else "")
    told = [
        ("name", record.name or record.model.id),
        ("model", record.model.id + (f" at {record.model.revision}" if record.model.revision else "")),
        ("suite", record.suite),
        ("rules", scores.profile.name if scores else record.profile),
        ("folder", str(folder)),
        ("started", record.started),
        ("complete", "yes" if record.complete else "no; the same command goes on with it"),
        ("computed on", record.hardware),
        ("program", " ".join(filter(None, (record.version, f"commit {commit}" if commit else "")))),
        ("flags", _flags(record.settings) or "all as unless said"),
    ]
    for title, fact in told:
        print(f"{title:<12} {'not known' if fact is None else fact}")
    columns = (
        left("benchmark", "Benchmark"),
        Column("done", "Utterances", format=","),
        Column("failed", "Failed"),
        percent("rate", "Rate"),
        left("metric", "Metric"),
        Column("rtfx", "RTFx", format="adaptive"),
    )
    rows: list[tuple[str | float | None, ...]] = []
    for name, entry in record.benchmarks.items():
        parts = [one for one in entries.values() if one.measured_as == name]
        rtfx = entry.speed.rtfx if entry.speed else None
        rows += [(one.benchmark, one.utterances, one.failed, one.rate, one.metric.upper(), rtfx) for one in parts]
        if not parts:
            rows.append((name, entry.done, entry.failed, None, None, rtfx))
    print()
    print(table("Benchmarks", "Rates in percent.", columns, rows).render("terminal"), end="")
    return ExitStatus.GOOD


def _flags(settings: dict[str, str | int | float | bool | tuple[str, ...] | None]) -> str:
    """The settings that are not the defaults, as they are typed."""
    said = []
    for each in declared(Settings):
        value = settings.get(each.field, each.default)
        if value in (each.default, None, False) or (isinstance(value, tuple) and not value):
            continue
        values = value if isinstance(value, tuple) else (value,)
        said += [each.option] if value is True else [f"{each.option} {one}" for one in values]
    return " ".join(said)


def _remove(names: Sequence[str], below: Path, *, yes: bool) -> ExitStatus:
    if not names:
        raise UsageError("`runs rm` takes the runs to remove: runs rm RUN...")
    folders = list(dict.fromkeys(find_run(name, below) for name in names))
    for folder in folders:
        check_removable(folder)  # all, before the first is gone
    if not yes and not _agreed(folders):
        print("nothing removed")
        return ExitStatus.GOOD
    for folder in folders:
        remove(folder)
        print(f"removed {folder}")
    return ExitStatus.GOOD


def _agreed(folders: Sequence[Path]) -> bool:
    listed = ", ".join(map(str, folders))
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(f"would remove {listed}; nobody can be asked here: say --yes")
    return input(f"remove {listed} for good? [y/N] ").strip().lower() in {"y", "yes"}


def _rename(folder: Path, name: str) -> ExitStatus:
    target = rename(folder, name)
    print(f"{folder} is now {target}; its command goes on with it under --name {shlex.quote(name)}")
    return ExitStatus.GOOD
