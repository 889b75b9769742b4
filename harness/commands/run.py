"""`run_eval.py --suite NAME`: runs models on a suite and prints the table."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.commands.own_data import add_own_data, asked, check_unused
from harness.commands.shared import teller
from harness.config import WHAT, Settings
from harness.errors import ExitStatus, HarnessError, Interrupted, UsageError
from harness.flags import add_flags, made
from harness.secret_values import hide
from harness.serving.flags import ServeSettings
from harness.streams import tell
from harness.version import program

if TYPE_CHECKING:
    from benchmarks.dataset import Dataset
    from benchmarks.registry import Suite
    from harness.gating.watch import EarlyGate
    from harness.records.run import EarlyRecord, RunRecord
    from harness.records.scores import Scores
    from harness.reporting.costs import Costs
    from harness.reporting.tracking import Tracker
    from harness.runner.stages import Stop

HELP = "Evaluate speech recognition models: run them on a suite, score, print the table."

EMBEDDED = "embedded"
"""The default model of a suite that stands for every installed model that comes with a package."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    what = parser.add_argument_group(WHAT)
    what.add_argument("--suite", metavar="NAME", help=f"a suite: see `{program()} list suites`")
    models = "a model, repeatable: hub id, folder, known name or module:name"
    what.add_argument("--model", metavar="ID", action="append", default=[], help=models)
    add_own_data(what, without=("config",))
    what.add_argument(
        "--config",
        metavar="FILE.toml|NAME",
        action=_Config,
        help="an experiment file, whose keys are these flags (docs/running.md); or of a hub's data set with several",
    )
    parser.set_defaults(experiment=None)
    what.add_argument("--dry-run", action="store_true", help="print the plan and run nothing")
    groups = {WHAT: what}
    add_flags(parser, Settings, groups)
    add_flags(parser, ServeSettings, groups)
    gate = parser.add_argument_group("stopping early (docs/gate.md)")
    gate.add_argument(
        "--gate-early", type=Path, metavar="BASELINE", help="end with status 1 as soon as a FAIL of the gate is certain"
    )
    gate.add_argument("--gate-policy", type=Path, metavar="FILE", help="the policy of that gate")
    sent = parser.add_argument_group("tracking (docs/tracking.md)")
    trackers = ("wandb", "mlflow", "tensorboard")
    sent.add_argument("--log", action="append", default=[], choices=trackers, help="send scores there; may be repeated")
    sent.add_argument("--log-transcripts", action="store_true", help="send references and transcripts too")
    parser.add_argument("--json", action="store_true", help="print the scores as JSON alone on stdout")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


class _Config(argparse.Action):
    """`--config`: an experiment's file where it ends so, else the name of a configuration of the data."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: object = None
    ) -> None:
        """Sets the one that is meant."""
        is_file = str(values).endswith(".toml")
        setattr(namespace, "experiment" if is_file else "config", Path(str(values)) if is_file else values)


def run(args: argparse.Namespace) -> ExitStatus:
    """Runs every model on the suite; prints the table of all of them, and does what an experiment file says besides."""
    experiment = None
    if args.experiment is not None:
        from harness.cli import Parser
        from harness.commands.experiment import check_baseline, fill, read_experiment

        parser = Parser(add_help=False, allow_abbrev=False)
        add_arguments(parser)
        experiment = read_experiment(args.experiment, parser)
        fill(args, experiment)
        if not args.dry_run:
            check_baseline(experiment)
    _check_trackers(args.log)
    if args.log_transcripts and not args.log:
        raise UsageError("--log-transcripts says what --log sends; name a tracker with --log, or leave it out")
    folders: list[Path] = []
    status = _run(args, folders)
    _track(args.log, folders, transcripts=args.log_transcripts)
    if experiment is None or not folders:
        return status
    from harness.commands.experiment import follow

    return status or follow(experiment, folders, profile=args.profile, quiet_out=args.json)


def _check_trackers(trackers: Sequence[Tracker]) -> None:
    """Refuses trackers that are not installed, before anything is run."""
    from harness.reporting.tracking import check_installed

    for tracker in trackers:
        check_installed(tracker)


def _track(trackers: Sequence[Tracker], folders: Sequence[Path], *, transcripts: bool) -> None:
    """Sends the runs to the trackers, and says where to."""
    from harness.reporting.tracking import export_of, send

    for folder in folders if trackers else ():
        for tracker in dict.fromkeys(trackers):
            tell(send(tracker, export_of(folder, transcripts=transcripts)))


def _run(args: argparse.Namespace, folders: list[Path]) -> ExitStatus:
    """Runs every model on the suite, and prints the table; `folders` becomes those of the runs."""
    from harness.request import told

    suite, datasets = _suite(args)
    say = teller(quiet=args.quiet)
    known = [line for one in datasets for line in told(one)]
    for line in known:
        say(line)
    settings, serving = made(Settings, args), made(ServeSettings, args)
    datasets = _at_hand(suite, datasets, settings)
    found = _for_server(args.model, serving, settings) or models_to_run(args.model, suite)
    # A model in Python code of the user's own is at the revision of that code: another one is another run.
    models = {
        model: replace(settings, revision=settings.revision or code, name=_name(settings.name, model, len(found)))
        for model, code in found.items()
    }
    if args.dry_run:
        from harness.runner.preview import preview

        for model, how in models.items():
            print(preview(suite, datasets, serving.name(model), how))
        return ExitStatus.GOOD

    from harness.commands.end_of_run import finish, write_scores
    from harness.progress import progress
    from harness.runner.run import Run
    from harness.runner.stages import Stop

    stop = Stop()
    scores: list[Scores] = []
    lost: dict[str, HarnessError] = {}
    status = ExitStatus.GOOD
    with _stop_on_signals(stop), progress(quiet=args.quiet) as reporter:
        for model, how in models.items():
            name = serving.name(model)
            early = _early(args, suite, name)
            work = Run(
                suite=suite,
                datasets=datasets,
                model_name=name,
                settings=how,
                reporter=reporter,
                stop=stop,
                early=early,
            )
            try:
                with serving.through(model, work.folder, say, lambda: stop.requested) as work.load:
                    record = work.execute()
            except HarnessError as error:
                if isinstance(error, Interrupted) or len(models) == 1:
                    raise
                lost[name] = error  # the others are run all the same
                tell(f"error: {error}")
                continue
            if how.shard is not None:
                say(_shard_done(name, how.shard, record))
                status = status if record.complete else ExitStatus.FAILED
                continue
            folders.append(work.folder)
            scores.append(write_scores(work.folder))
            if record.early is not None and record.early.verdict is not None:
                tell(f"{name}: {_stopped(record.early)}")
                status = ExitStatus.REGRESSION
            elif not record.complete and status is ExitStatus.GOOD:
                status = ExitStatus.FAILED
    # What is read while it is run is known only now.
    for line in (line for one in datasets for line in told(one) if line not in known):
        say(line)
    if folders:
        finish(folders, scores, as_json=args.json, quiet=args.quiet, costs=_costs(settings))
    for name, why in lost.items():
        tell(f"not in the table: {name}: {why}")
    return next((why.exit_status for why in lost.values()), status)


def _costs(settings: Settings) -> Costs:
    """What of the run's costs the tables show."""
    from harness.price import price_of
    from harness.reporting.costs import Costs

    price = None if settings.price is None else price_of(settings.price)
    return Costs(energy=settings.energy, price=price, peak_tflops=settings.peak_tflops)


def _stopped(early: EarlyRecord) -> str:
    """What is said of a run that was stopped early."""
    return (
        f"stopped early, FAIL is certain: on {early.benchmark} after {early.utterances:,} of {early.expected:,} "
        f"utterances, at least {100 * (early.least or 0):.2f} points worse than {early.baseline}; without --gate-early "
        "the run goes on"
    )


def _shard_done(model: str, shard: str, record: RunRecord) -> str:
    """What is said of a part of a run, which is neither scored nor shown alone."""
    done = sum(entry.done or 0 for entry in record.benchmarks.values())
    failed = sum(entry.failed or 0 for entry in record.benchmarks.values())
    told = f", {failed:,} of them failed" if failed else ""
    return f"{model}: shard {shard} has {amount(done, 'utterance')}{told}; the same command without --shard takes it in"


def _name(given: str | None, model: str, models: int) -> str | None:
    """What the run of one of the models is called.

    Raises:
        UsageError: it holds a secret, by which a folder would be called.
    """
    if given is not None and hide(given) != given:
        raise UsageError(f"--name {hide(given)} holds a password or a token, and a run's folder is called by it")
    if given is None or models == 1:
        return given
    from harness.runner.folder import model_folder_name

    return f"{given}-{model_folder_name(model)}"[:100].rstrip(".- ")


def _suite(args: argparse.Namespace) -> tuple[Suite, Sequence[Dataset]]:
    """The suite and its data sets, or the user's own data as a suite of one."""
    from benchmarks.registry import get_suite
    from harness.request import own_data, what_to_run

    check_what_to_run(args)
    if args.data is not None:
        return own_data(args.data, asked(args))
    return what_to_run(get_suite(args.suite))


def check_what_to_run(args: argparse.Namespace) -> None:
    """Refuses flags that do not name either a suite or data, and flags about data or workers where there are none."""
    from benchmarks.registry import suites

    if (args.suite is None) == (args.data is None):
        names = ", ".join(min((suite.name, *suite.aliases), key=len) for suite in suites().values())
        raise UsageError(f"say what to run: --suite NAME ({names}) or --data PATH; see {program()} --help")
    if args.data is None:
        check_unused(args)
    if args.engine != "ray" and (args.gpus_per_worker is not None or args.cpus_per_worker is not None):
        raise UsageError("--gpus-per-worker and --cpus-per-worker need --engine ray")


def _at_hand(suite: Suite, datasets: Sequence[Dataset], settings: Settings) -> Sequence[Dataset]:
    """The data sets to run: of claims, each of which stands alone, those that are at hand; of others all."""
    if not suite.claims:
        return datasets
    from harness.runner.selection import at_hand

    found, reasons = at_hand(suite, datasets, settings)
    for why in reasons:
        tell(f"left out, not at hand: {why}")
    return found


def _early(args: argparse.Namespace, suite: Suite, model: str) -> EarlyGate | None:
    """What stops the run of a model early; None where that was not asked for.

    Raises:
        UsageError: the flags do not fit together, or there is no baseline of the model.
    """
    if args.gate_early is None:
        if args.gate_policy is not None:
            raise UsageError("--gate-policy is the policy of --gate-early BASELINE, which is not given")
        return None
    if args.shard is not None:
        raise UsageError(f"--shard {args.shard} is of a part, --gate-early looks at a whole run; leave one out")
    if args.engine == "ray":
        raise UsageError("--gate-early runs a benchmark in small parts, --engine ray is for large ones; leave one out")
    from harness.gating.against import find_baseline
    from harness.gating.policy import read_policy
    from harness.gating.sides import read_side
    from harness.gating.watch import EarlyGate

    policy = read_policy(args.gate_policy)
    paths, others = find_baseline([args.gate_early], model, suite.name)
    if not paths:
        known = f", only of {', '.join(others[:3])}" if others else ""
        raise UsageError(f"--gate-early: {args.gate_early} has no baseline of {model} on {suite.name}{known}")
    return EarlyGate(read_side(paths, policy.speed.measure), policy, suite.profile)


def _for_server(asked: list[str], serving: ServeSettings, settings: Settings) -> dict[str, None]:
    """The models that a server of ours is started for; none where no server was asked for.

    Raises:
        UsageError: no model is named, the server is not installed, or the run is not one for a server.
    """
    if serving.serve is None:
        return {}
    if not asked:
        raise UsageError(f"--serve {serving.serve}: name the model that it is to serve with --model")
    if settings.engine != "local" or settings.clock == "leaderboard":
        raise UsageError("--serve: --engine ray and --clock leaderboard time devices, not servers; leave them out")
    for model in asked:
        serving.managed(model, teller(quiet=True))
    return dict.fromkeys(asked)


def models_to_run(asked: list[str], suite: Suite) -> dict[str, str | None]:
    """The models to run, those asked for, once each, or the suite's own; with the revision of code of the user's."""
    from harness.models import registry

    names = list(dict.fromkeys(asked)) or list(suite.default_models)
    if EMBEDDED in names and not asked:
        place = names.index(EMBEDDED)
        names[place : place + 1] = registry.embedded_models()
        if not names:
            raise UsageError(
                f"none of the embedded models ({', '.join(registry.EMBEDDED)}) is installed; to install: "
                "pip install -c constraints.txt '.[sample]', or name a model with --model"
            )
    if not names:
        raise UsageError(f"{suite.name} has no model of its own; name one with --model (see `{program()} list models`)")
    return {name: registry.check_model(name) for name in names}


@contextmanager
def _stop_on_signals(stop: Stop) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM lets the batch in hand finish; a second Ctrl-C ends at once."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.requested:
            raise KeyboardInterrupt
        stop.requested = True

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
