"""`load`: what it costs a server in latency to be asked so often. docs/load.md has the definitions."""

from __future__ import annotations

import argparse
import shlex
import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.commands.own_data import add_own_data, asked, check_unused
from harness.commands.shared import teller
from harness.errors import ExitStatus, Interrupted, UsageError
from harness.flags import add_flags, made
from harness.load_generator.settings import DATA, MODEL, LoadSettings
from harness.load_generator.sweep import LOAD_FILE, Heard, Plan, Sweep
from harness.serving.flags import ServeSettings
from harness.streams import put_json

if TYPE_CHECKING:
    from harness.models.served.model import ServedModel
    from harness.records.load import Load
    from harness.serving.managed import Managed
    from harness.types import Clip

HELP = "put load on a server: latency at each rate, and up to where it keeps up"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    groups = {title: parser.add_argument_group(title) for title in (MODEL, DATA)}
    groups[MODEL].add_argument("--model", metavar="ID", required=True, help="openai:URL#MODEL, or a name for --serve")
    groups[DATA].add_argument("--suite", metavar="NAME", help="a suite, whose clips are sent (default sample)")
    add_own_data(groups[DATA])
    add_flags(parser, LoadSettings, groups)
    add_flags(parser, ServeSettings, groups)
    parser.add_argument("--json", action="store_true", help="print load.json alone on stdout")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


def run(args: argparse.Namespace) -> ExitStatus:
    """Measures every rate; prints the table of all of them."""
    from harness.reporting.load import load_table, write_load_files
    from harness.runner.folder import locked, run_folder, set_aside

    settings, serving = made(LoadSettings, args), made(ServeSettings, args)
    say = teller(quiet=args.quiet)
    managed = serving.managed(args.model, say)
    name = managed.name if managed else args.model
    if managed is None:
        _check_served(name)
    data, clips = _clips(args, settings)
    folder = run_folder(settings.out, data, name)
    with locked(folder):
        known = (folder / LOAD_FILE).exists()  # and nobody else is writing there
    if known:
        set_aside(folder)
        say(f"{folder}: what was measured there before is kept under another name")
    with ExitStack() as stack:
        # To be told to end is as Ctrl-C: what was measured is kept.
        for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts what it runs in the background deaf to SIGINT
            stack.callback(signal.signal, number, signal.signal(number, signal.default_int_handler))
        stack.enter_context(locked(folder))
        if managed is not None:
            stack.enter_context(managed)
        model = _loaded(managed.start(folder) if managed else name, settings)
        stack.callback(model.close)
        fitting = _fitting(clips, model.card.max_seconds, say)
        plan = _plan(settings, name, data, fitting)
        if managed is not None:
            plan = replace(plan, server=shlex.join(managed.command))
        load = _measured(plan, model, fitting, folder, say=say, managed=managed)
    files = write_load_files(load, folder)
    if args.json:
        put_json(load)
    else:
        print(load_table(load).render("terminal"), end="")
    say(f"load.json, every request, table and plot: {files[-2].parent}")
    offered = all(rate.stopped is None and not rate.late and rate.answered for rate in load.rates)
    return ExitStatus.GOOD if offered else ExitStatus.FAILED


def _measured(
    plan: Plan,
    model: ServedModel,
    clips: Sequence[Clip],
    folder: Path,
    *,
    say: Callable[[str], None],
    managed: Managed | None,
) -> Load:
    """Asks once, so that what no request would survive is said at once; then puts the load on."""
    from harness.load_generator.asking import ask, asker
    from harness.load_generator.sending import Threads
    from harness.reporting.load import write_load_files

    expected = plan.check()
    calls = [model.call(clip) for clip in clips]  # encoded now, which is no part of any latency
    say(f"{amount(expected, 'request')} of {amount(len(calls), 'clip')}; one is sent to begin with")
    ask(model, calls[0])
    alive = managed.check if managed is not None else lambda: None
    sweep = Sweep(plan=plan, wire=Threads(asker(model, calls)), folder=folder, say=say, alive=alive)
    try:
        return sweep.run()
    except KeyboardInterrupt:
        if sweep.rates:
            write_load_files(sweep.record(), folder)
        kept = f"{len(sweep.rates)} of {len(plan.rates)} rates are kept in {folder}"
        raise Interrupted(f"interrupted; {kept}; the same command begins again") from None


def _clips(args: argparse.Namespace, settings: LoadSettings) -> tuple[str, Sequence[Clip]]:
    """The name of what is sent, and its clips."""
    from benchmarks.registry import get_suite
    from harness.audio import load_clip
    from harness.config import Settings
    from harness.request import own_data, what_to_run
    from harness.runner.selection import Selected

    if args.suite is not None and args.data is not None:
        raise UsageError("say what to send: --suite NAME or --data PATH, not both")
    if args.data is not None:
        suite, datasets = own_data(args.data, asked(args))
    else:
        check_unused(args)
        suite, datasets = what_to_run(get_suite(args.suite or "sample"))
    chosen = Settings(limit=settings.limit, seed=settings.seed, root=settings.root, channel=settings.channel)
    utterances = [
        utterance
        for dataset in datasets
        for utterance in Selected(dataset, suite.lock.get(dataset.name), chosen).open(set())
    ]
    return suite.name, [load_clip(utterance) for utterance in utterances]


def _check_served(name: str) -> None:
    """Refuses a model that is no server's, before anything is read.

    Raises:
        UsageError: as it says.
    """
    from harness.models.registry import check_model, is_served

    check_model(name)
    if not is_served(name):
        raise UsageError(f"{name} runs in this process; load asks servers: openai:URL#MODEL, or add --serve NAME")


def _loaded(name: str, settings: LoadSettings) -> ServedModel:
    """The model, by the name of its adapter."""
    from harness.models.base import LoadOptions
    from harness.models.registry import load_model
    from harness.models.served.model import ServedModel

    options = LoadOptions(
        # A limit on the silence before an answer would be a second time-out, which nobody asked for.
        model_option=(f"timeout={settings.timeout:g}", f"silence={settings.timeout:g}", *settings.model_option),
        keywords=settings.keywords,
        concurrency=settings.max_outstanding,
        yes_this_costs=settings.yes_this_costs,
    )
    model = load_model(name, options)
    if not isinstance(model, ServedModel):
        raise UsageError(f"{name} is no server's model; load asks servers: openai:URL#MODEL, or add --serve NAME")
    return model


def _fitting(clips: Sequence[Clip], longest: float | None, say: Callable[[str], None]) -> Sequence[Clip]:
    """The clips that the server takes whole; a clip in pieces would be several requests."""
    found = [clip for clip in clips if longest is None or clip.duration <= longest]
    if len(found) < len(clips):
        say(f"left out: {amount(len(clips) - len(found), 'clip')} longer than the {longest:g} s that the model takes")
    if not found:
        raise UsageError("no clip is short enough for the model; send others with --suite or --data")
    return found


def _plan(settings: LoadSettings, model: str, data: str, clips: Sequence[Clip]) -> Plan:
    return Plan(
        model=model,
        data=data,
        clips=[Heard(id=clip.id, seconds=clip.duration) for clip in clips],
        rates=settings.rate,
        duration=settings.duration,
        warmup=settings.counted_from,
        seed=settings.seed,
        slo=settings.slo,
        max_outstanding=settings.max_outstanding,
        max_requests=settings.max_requests,
        timeout=settings.timeout,
    )
