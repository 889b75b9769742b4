"""`run_eval.py --suite NAME`: runs models on a suite and prints the table."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.config import DEFAULT_WORKERS, Settings
from harness.errors import ExitStatus, UsageError
from harness.version import program

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from types import FrameType

    from benchmarks.dataset import Dataset
    from benchmarks.registry import Suite
    from harness.runner.loop import Stop

HELP = "Evaluate speech recognition models: run them on a suite, score, print the table."

EMBEDDED = "embedded"
"""The default model of a suite that stands for every installed model that comes with a package."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    what = parser.add_argument_group("what to run")
    what.add_argument("--suite", metavar="NAME", help=f"a suite: see `{program()} list suites`")
    what.add_argument("--data", metavar="PATH", type=Path, help="your own data: manifest.jsonl, .csv, .tsv or a folder")
    what.add_argument(
        "--model", metavar="ID", action="append", default=[], help="a model, repeatable: hub id, folder or known name"
    )
    what.add_argument("--limit", metavar="N", type=int, help="N utterances a benchmark, sampled over all lengths")
    what.add_argument("--seed", metavar="N", type=int, default=0, help="seed of that sample (default 0)")
    what.add_argument("--language", metavar="L", help="language of --data, where the data does not say (default en)")
    how = parser.add_argument_group("how")
    how.add_argument("--out", metavar="DIR", type=Path, default=Path("results/runs"), help="default results/runs")
    how.add_argument("--from", dest="root", metavar="DIR", type=Path, help="folder with the original data sets")
    how.add_argument("--streaming", action="store_true", help="read the hub's files as they are needed; keep none")
    how.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    how.add_argument("--dtype", choices=("float32", "bfloat16"), help="default float32 on cpu, bfloat16 on cuda")
    how.add_argument("--attention", choices=("auto", "flash", "varlen", "sdpa"), default="auto")
    size = how.add_mutually_exclusive_group()
    size.add_argument("--batch-size", metavar="N", type=int, help="clips a batch")
    size.add_argument("--batch-seconds", metavar="S", type=float, help="padded seconds of audio a batch")
    how.add_argument(
        "--workers",
        metavar="N",
        type=int,
        default=DEFAULT_WORKERS,
        help=f"threads that decode ahead (default half the cores, here {DEFAULT_WORKERS})",
    )
    how.add_argument("--revision", metavar="SHA", help="revision of the model on the hub")
    how.add_argument("--trust-remote-code", action="store_true", help="let a model's own code from the hub run here")
    how.add_argument(
        "--clock",
        choices=("phases", "leaderboard"),
        default="phases",
        help="leaderboard: also time each benchmark as the leaderboard's scripts do, in a pass of its own",
    )
    how.add_argument("--repeats", metavar="N", type=int, default=1, help="run N times in all, for the spread of speed")
    how.add_argument(
        "--audit-batching", metavar="N", type=int, default=0, help="transcribe N utterances again in other batches"
    )
    how.add_argument("--dry-run", action="store_true", help="print the plan and run nothing")
    many = parser.add_argument_group("on many devices (docs/cluster.md)")
    many.add_argument("--engine", choices=("local", "ray"), default="local", help="in this process, or on Ray workers")
    many.add_argument("--ray-address", metavar="HOST:PORT", help="a running cluster, or auto (default: one is started)")
    many.add_argument("--ray-workers", metavar="N", type=int, help="copies of the model (default: one for each device)")
    many.add_argument(
        "--gpus-per-worker", metavar="F", type=float, default=1.0, help="share of a GPU for each (default 1)"
    )
    many.add_argument("--cpus-per-worker", metavar="N", type=int, default=1, help="CPUs for each, without GPUs")
    again = parser.add_argument_group("going on, failing, starting over")
    again.add_argument(
        "--on-error",
        choices=("record", "stop", "score-empty"),
        default="record",
        help="a failed utterance is recorded (default), stops the run, or counts as an empty transcript",
    )
    again.add_argument(
        "--batch-timeout", metavar="S", type=float, help="give the run up where a stage of a batch takes longer"
    )
    again.add_argument("--retry-failed", action="store_true", help="run utterances that failed before again")
    again.add_argument("--fresh", action="store_true", help="start over; the old run is kept under another name")
    again.add_argument("--allow-drift", action="store_true", help="go on, marked, where data differs from the lock")
    parser.add_argument("--json", action="store_true", help="print the scores as JSON alone on stdout")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


def run(args: argparse.Namespace) -> ExitStatus:
    """Runs every model on the suite; prints the table of all of them."""
    suite, datasets = _suite(args)
    settings = Settings(
        out=args.out,
        limit=args.limit,
        seed=args.seed,
        device=args.device,
        dtype=args.dtype or ("bfloat16" if args.device == "cuda" else "float32"),
        attention=args.attention,
        batch_size=args.batch_size,
        batch_seconds=args.batch_seconds,
        root=args.root,
        streaming=args.streaming,
        revision=args.revision,
        trust_remote_code=args.trust_remote_code,
        on_error=args.on_error,
        fresh=args.fresh,
        retry_failed=args.retry_failed,
        workers=args.workers,
        allow_drift=args.allow_drift,
        audit_batching=args.audit_batching,
        clock=args.clock,
        batch_timeout=args.batch_timeout,
        repeats=args.repeats,
        engine=args.engine,
        ray_address=args.ray_address,
        ray_workers=args.ray_workers,
        gpus_per_worker=args.gpus_per_worker,
        cpus_per_worker=args.cpus_per_worker,
    )
    models = _models(args.model, suite)
    if args.dry_run:
        from harness.runner.preview import preview

        for model in models:
            print(preview(suite, datasets, model, settings))
        return ExitStatus.GOOD

    from harness.commands.summary import finish, write_scores
    from harness.progress import progress
    from harness.runner.loop import Stop
    from harness.runner.run import Run

    stop = Stop()
    folders: list[Path] = []
    scores: list[dict[str, Any]] = []
    status = ExitStatus.GOOD
    with _stop_on_signals(stop), progress(quiet=args.quiet) as reporter:
        for model in models:
            work = Run(
                suite=suite, datasets=datasets, model_name=model, settings=settings, reporter=reporter, stop=stop
            )
            record = work.execute()
            folders.append(work.folder)
            scores.append(write_scores(work.folder))
            if not record["complete"]:
                status = ExitStatus.FAILED
    finish(folders, scores, as_json=args.json, quiet=args.quiet)
    return status


def _suite(args: argparse.Namespace) -> tuple[Suite, list[Dataset]]:
    """The suite and its data sets, or the user's own data as a suite of one."""
    from benchmarks.registry import Suite, get_dataset, get_suite, suites

    if (args.suite is None) == (args.data is None):
        names = ", ".join(min((suite.name, *suite.aliases), key=len) for suite in suites().values())
        msg = f"say what to run: --suite NAME ({names}) or --data PATH; see {program()} --help"
        raise UsageError(msg)
    if args.suite is not None:
        suite = get_suite(args.suite)
        return suite, [get_dataset(name) for name in suite.benchmarks]
    from benchmarks.sources.manifest import dataset_from_path

    dataset = dataset_from_path(args.data, args.language or "en")
    profile = "card@2026-04" if dataset.language == "en" else "leaderboard@2026-08"
    return Suite(name=dataset.name, profile=profile, benchmarks=(dataset.name,)), [dataset]


def _models(asked: list[str], suite: Suite) -> list[str]:
    """The models to run: those asked for, once each, or the suite's own."""
    names = list(dict.fromkeys(asked)) or list(suite.default_models)
    if EMBEDDED in names and not asked:
        from harness.models.registry import EMBEDDED as EMBEDDED_NAMES
        from harness.models.registry import embedded_models

        place = names.index(EMBEDDED)
        names[place : place + 1] = embedded_models()
        if not names:
            msg = (
                f"none of the embedded models ({', '.join(EMBEDDED_NAMES)}) is installed; to install: "
                "pip install -c constraints.txt '.[sample]', or name a model with --model"
            )
            raise UsageError(msg)
    if not names:
        msg = f"{suite.name} has no model of its own; name one with --model (see `{program()} list models`)"
        raise UsageError(msg)
    from harness.models.registry import check_model

    for name in names:
        check_model(name)
    return names


@contextmanager
def _stop_on_signals(stop: Stop) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM lets the batch in hand finish; a second Ctrl-C ends at once."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.requested:
            raise KeyboardInterrupt
        stop.requested = True

    before: dict[int, Any] = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
