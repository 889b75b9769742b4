"""`data check`: what to look at in a data set before anything is run on it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.commands.own_data import add_own_data, asked
from harness.commands.shared import add_shared, teller
from harness.errors import ExitStatus, UsageError, unknown_name
from harness.health.kinds import KINDS, SEVERITIES
from harness.records.codec import write, write_bytes
from harness.reporting import escape
from harness.scoring.labels import labels
from harness.scoring.pairing import read_apart
from harness.scoring.resolve import common_profile
from harness.streams import exact, put_json

if TYPE_CHECKING:
    from benchmarks.dataset import Audio, Dataset, Utterance
    from harness.health.seen import Seen
    from harness.records.health import Health, HealthFinding
    from harness.scoring.predictions import System
    from harness.scoring.profiles import Profile

HELP = "what to look at before anything is run: audio and references that look wrong"

AUDIO_MEGABYTES = 10.0
"""Of audio in the page, unless said."""
WORST = 10
"""Findings that are shown on the terminal."""
MOST_PLAYED = 1_000
"""Utterances whose audio is looked for, for the page."""
LINE_SECONDS = 15.0
"""How often a line is written where there is no terminal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    parser.add_argument("what", metavar="PATH|BENCHMARK|SUITE", help="own data, or what is to be checked by its name")
    parser.add_argument(
        "--systems",
        nargs="+",
        metavar="RUN",
        help="runs or predictions of others on this set: what all systems contradict alike is probably a wrong label",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for health.json and a page to look at and listen to"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="check the first N utterances of each set only")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="threads that decode (default 2)")
    parser.add_argument(
        "--fail-on",
        action="append",
        default=[],
        metavar="KIND",
        help="end with status 4 where this is found: a kind, or high, medium, low and what is worse; may be repeated",
    )
    parser.add_argument(
        "--audio-mb", type=float, metavar="N", help="megabytes of audio to put into the page (default 10)"
    )
    parser.add_argument("--quiet", action="store_true", help="do not say how far it is")
    add_shared(parser, "--profile")
    add_own_data(parser, data=False)


def run(args: argparse.Namespace) -> ExitStatus:
    """Reads, checks, prints; findings are no failure unless `--fail-on` says so."""
    from harness.health.examine import check_set, put_together, read_set
    from harness.health.rows import check_account

    _check_flags(args)
    systems = _systems(args)
    name, datasets = _datasets(args)
    sets: dict[str, list[Seen]] = {}
    found: list[HealthFinding] = []
    left_out = 0
    for dataset in datasets:
        utterances, rest = _limited(dataset, args)
        rows = list(_told(read_set(dataset.name, utterances, args.workers), dataset, args))
        left_out += rest()
        sets[dataset.name] = rows
        found += check_account(dataset.name, dataset.account)
        found += check_set(rows, whole=args.limit is None, more=systems(rows, len(datasets)))
    every = sum(map(len, sets.values()))
    health = put_together(name, sets, found, of=every + left_out if left_out else None, systems=systems.names)
    if args.out is not None:
        _write(args, health, sets, datasets)
    if args.json:
        put_json(health)
    else:
        print("\n".join(_lines(health, args.out)))
    return ExitStatus.DATA if any(_fails(one, args.fail_on) for one in health.findings) else ExitStatus.GOOD


def _check_flags(args: argparse.Namespace) -> None:
    """What the flags must be.

    Raises:
        UsageError: one is not.
    """
    for name in args.fail_on:
        if name not in KINDS and name not in SEVERITIES:
            raise unknown_name("kind of finding", name, [*KINDS, *SEVERITIES])
    if args.audio_mb is not None and args.out is None:
        raise UsageError(f"--audio-mb {args.audio_mb:g} is of the page, which --out DIR writes; add it")
    for flag, value in (("--limit", args.limit), ("--workers", args.workers)):
        if value is not None and value < 1:
            raise UsageError(f"{flag} {value}: give a number from 1 up")


def _fails(one: HealthFinding, wanted: Iterable[str]) -> bool:
    """Whether a finding is one that the user wants the check to fail on."""
    bad = SEVERITIES.index(one.severity)
    return any(name == one.kind or (name in SEVERITIES and bad <= SEVERITIES.index(name)) for name in wanted)


def _datasets(args: argparse.Namespace) -> tuple[str, list[Dataset]]:
    """What a name or place means."""
    from benchmarks.registry import datasets, get_dataset
    from harness.request import told, what_to_run

    if args.what in datasets() and not Path(args.what).exists():
        return args.what, [get_dataset(args.what)]
    suite, found = what_to_run(args.what, asked=asked(args))
    for line in (line for dataset in found for line in told(dataset)):
        teller(quiet=args.quiet)(line)
    return (args.what if found[0].account is not None else suite.name), list(found)


def _limited(dataset: Dataset, args: argparse.Namespace) -> tuple[Iterator[Utterance], Callable[[], int]]:
    """The utterances to check, and what counts the others afterwards."""
    from benchmarks.dataset import Request, open_dataset

    everything = open_dataset(dataset, Request(root=args.root))
    if args.limit is None:
        return everything, lambda: 0
    return islice(everything, args.limit), lambda: sum(1 for _ in everything)


def _told(rows: Iterable[Seen], dataset: Dataset, args: argparse.Namespace) -> Iterator[Seen]:
    """The rows, while a person is told on stderr how far it is."""
    tell = teller(quiet=args.quiet)
    total = min(dataset.rows or 0, args.limit or sys.maxsize) or None
    begin = last = time.monotonic()
    seconds, count = 0.0, 0
    wide = sys.stderr.isatty() and not args.quiet
    for count, one in enumerate(rows, start=1):
        yield one
        seconds += one.facts.seconds if one.facts is not None else 0.0
        now = time.monotonic()
        if now - last > (0.2 if wide else LINE_SECONDS):
            last = now
            left = f" of {total:,}, {_clock((now - begin) * (total - count) / count)} left" if total else ""
            line = f"{dataset.name}: {amount(count, 'utterance')}{left}, {seconds / 3600:.2f} h"
            if wide:
                print(f"\r{escape.plain(line)}\x1b[K", end="", file=exact(sys.stderr), flush=True)
            else:
                tell(line)
    if wide:
        print("\r\x1b[K", end="", file=exact(sys.stderr))
    passed = time.monotonic() - begin
    tell(f"{dataset.name}: {amount(count, 'utterance')}, {seconds / 3600:.2f} h measured in {_clock(passed)}")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


class _Systems:
    """Transcripts of systems beside the references; none where none were given."""

    def __init__(self, systems: Sequence[System], profile: Profile | None) -> None:
        self._systems, self._profile = systems, profile
        self.names: tuple[str, ...] = tuple(labels(systems)) if systems else ()

    def __call__(self, rows: Sequence[Seen], sets: int) -> list[HealthFinding]:
        """What they say about a set, one of so many."""
        if not self._systems or self._profile is None:
            return []
        from harness.health.systems import check_systems

        return check_systems(rows, self._systems, self.names, self._profile, alone=sets == 1)


def _systems(args: argparse.Namespace) -> _Systems:
    if not args.systems:
        return _Systems((), None)
    systems = read_apart([Path(path) for path in args.systems], args.language)
    return _Systems(systems, common_profile(systems, args.profile))


def _write(
    args: argparse.Namespace, health: Health, sets: Mapping[str, Sequence[Seen]], datasets: Sequence[Dataset]
) -> None:
    """Writes the record and the page."""
    from harness.reporting.health import health_page

    try:
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {args.out}: {error.strerror}; give a folder that can be written") from None
    write(args.out / "health.json", health)
    room = int((AUDIO_MEGABYTES if args.audio_mb is None else args.audio_mb) * 1e6)
    sounds = _sounds(health, sets, datasets, args) if room > 0 else {}
    page = health_page(health, sets, sounds, room)
    write_bytes(args.out / "index.html", page.encode("utf-8", "backslashreplace"))


def _sounds(
    health: Health, sets: Mapping[str, Sequence[Seen]], datasets: Sequence[Dataset], args: argparse.Namespace
) -> dict[tuple[str, str], Audio]:
    """Audio of the utterances that are shown; what was not kept, since it is no file, is read once more."""
    from benchmarks.dataset import Request, open_dataset
    from harness.reporting.health import shown_utterances

    wanted = set(shown_utterances(health.findings)[:MOST_PLAYED])
    found = {(row.benchmark, row.id): row.audio for rows in sets.values() for row in rows if row.audio is not None}
    sounds = {key: audio for key, audio in found.items() if key in wanted}
    for dataset in datasets:
        missing = {name for benchmark, name in wanted - set(sounds) if benchmark == dataset.name}
        for utterance in open_dataset(dataset, Request(root=args.root)) if missing else ():
            if utterance.id in missing:
                sounds[dataset.name, utterance.id] = utterance.audio
                missing.discard(utterance.id)
            if not missing:
                break
    return sounds


def _lines(health: Health, out: Path | None) -> Iterator[str]:
    """What is printed."""
    from harness.reporting.health import health_table

    table = health_table(health, advice=False)
    if not health.findings:
        yield f"{escape.plain(table.title)}: {table.caption}; nothing found"
        return
    yield table.render("terminal")
    worst = [one for one in health.findings if one.severity != "info"][:WORST]
    if worst:
        yield f"The worst {len(worst)}:" if len(worst) < len(health.findings) else "All of them:"
    for one in worst:
        name = one.utterance if one.utterance is not None else f"the set {one.benchmark}"
        where = f" ({one.where})" if one.where else ""
        yield escape.plain(f"  {one.severity:6} {one.kind}, {name}{where}: {one.message}")
    more = "--out DIR writes all of it, and a page to listen to"
    yield "\n" + (more if out is None else f"wrote {out / 'index.html'} and health.json")
