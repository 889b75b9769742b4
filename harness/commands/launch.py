"""`launch --on slurm|hf-jobs --shards N -- FLAGS`: a script that runs the parts of a run as jobs, then takes them in.

The script is printed, and with `--submit` run. It holds the ordinary command of the run, with `--shard` for each job;
nothing else knows that there are jobs, so that parts may come from them, from Ray and from this machine together.
"""

import argparse
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.commands.experiment import fill, read_experiment
from harness.config import Settings
from harness.errors import ExitStatus, RunError, UsageError
from harness.flags import made
from harness.records.run import SHARDS
from harness.streams import tell
from harness.version import COMMAND, IN_CHECKOUT, ROOT, SCRIPT

HELP = "run the parts of a run as jobs of SLURM or Hugging Face Jobs: print the script, or submit it"

PROGRAMS = {"slurm": "sbatch", "hf-jobs": "hf"}
"""What submits jobs."""

MOST = 100_000
WHOLE_RUN = ("shard", "fresh", "repeats", "audit_batching", "gate_early", "dry_run")
"""Flags of a run that are not for each of its parts."""

JOB = "/tmp/runs"  # noqa: S108 - of a container that nobody else is in
MOUNT = "/runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares where, how many, and the run."""
    parser.add_argument("--on", required=True, choices=tuple(PROGRAMS), help="where jobs run")
    parser.add_argument("--shards", required=True, type=int, metavar="N", help="how many parts, each a job")
    job = "a flag for each job as its launcher takes it, as --job-option=--gres=gpu:1; repeats"
    parser.add_argument("--job-option", action="append", default=[], metavar="FLAG", help=job)
    parser.add_argument("--bucket", metavar="ORG/NAME", help="hf-jobs: a storage bucket for what the jobs write")
    parser.add_argument("--image", metavar="NAME", help=f"hf-jobs: a container that has {COMMAND}")
    parser.add_argument(
        "--unchecked",
        action="store_true",
        help="whether data, suite and model are there is not looked at: where only the machines of the jobs have them",
    )
    parser.add_argument("--submit", action="store_true", help="run the script instead of printing it")
    parser.add_argument("flags", nargs="*", metavar="-- FLAGS", help="those of the run, behind --")


def run(args: argparse.Namespace) -> ExitStatus:
    """Prints or submits."""
    if args.on == "slurm" and (args.bucket or args.image):
        raise UsageError("--bucket and --image are of --on hf-jobs; SLURM's jobs share the folder of --out")
    if any("token" in option.lower() for option in args.job_option):
        raise UsageError("--job-option: a token does not belong on a command line; jobs are given HF_TOKEN as a secret")
    for option in args.job_option:
        if not option.strip() or (option.startswith("-") and " " in option.partition("=")[0]):
            raise UsageError(
                f"--job-option {option!r}: give one flag as one word, as --job-option=--gres=gpu:1; repeats"
            )
    if not 1 <= args.shards <= MOST:
        raise UsageError(f"--shards {args.shards}: give a number from 1 to {MOST:,}")
    settings = _checked(args.flags, look=not args.unchecked)
    script = _slurm(args) if args.on == "slurm" else _hf_jobs(args, settings)
    if not args.submit:
        print(script, end="")
        return ExitStatus.GOOD
    program = PROGRAMS[args.on]
    if shutil.which(program) is None:
        raise UsageError(
            f"--submit: there is no {program} here; without --submit the script is printed, to be run there"
        )
    done = subprocess.run(["/bin/sh", "-s"], input=script, text=True, check=False)
    if done.returncode:
        raise RunError(f"the script ended with status {done.returncode}; what {program} said stands above")
    tell("submitted" if args.on == "slurm" else "done")
    return ExitStatus.GOOD


def _checked(flags: Sequence[str], *, look: bool) -> Settings:
    """The settings that the flags of a run mean.

    Args:
        flags: of the run.
        look: whether to look for what they name, as far as neither network nor weights are needed.

    Raises:
        UsageError: there is none, one is wrong, or one cannot be of a part; or what one names is not there.
    """
    from harness.cli import RUN, module_of, parser_of

    if not flags:
        raise UsageError(
            "launch: give the flags of the run behind --, as: launch --on slurm --shards 8 -- --suite open_asr"
        )
    parser = parser_of(RUN, module_of(RUN))
    parsed = parser.parse_args(list(flags))
    wrong = [name for name in WHOLE_RUN if getattr(parsed, name, None) not in {None, False}]
    if wrong:
        raise UsageError(f"launch: --{wrong[0].replace('_', '-')} is not for parts of a run; leave it out")
    if not look:
        parsed.root = None  # a folder of other machines
        return made(Settings, parsed)
    if parsed.experiment is not None:
        fill(parsed, read_experiment(parsed.experiment, parser))
    settings = made(Settings, parsed)
    try:
        _look(parsed)
    except UsageError as error:
        raise UsageError(f"{error}; launch --unchecked does not look, where only the jobs' machines have it") from None
    return settings


def _look(parsed: argparse.Namespace) -> None:
    """Refuses a run whose suite, data or models are not there, as each of its jobs would."""
    from benchmarks.own.recognize import recognize
    from benchmarks.registry import get_suite
    from harness.commands.run import check_what_to_run, models_to_run
    from harness.models.registry import check_model

    check_what_to_run(parsed)
    for place in parsed.data or ():
        recognize(str(Path(place).expanduser()) if "://" not in place else place, parsed.form)
    suite = None if parsed.suite is None else get_suite(parsed.suite)
    if parsed.serve is not None:  # the server knows its models
        return
    if suite is not None:
        models_to_run(parsed.model, suite)
    for model in parsed.model if suite is None else ():
        check_model(model)


def _program() -> list[str]:
    """How this program is called by a job on a machine that shares this one's files."""
    if IN_CHECKOUT:
        return [sys.executable, str(ROOT / SCRIPT)]
    return [shutil.which(COMMAND) or COMMAND]


def _head(what: str, how: str) -> str:
    return f"#!/bin/sh\n# {what}\n# {how}\nset -eu\n"


def _slurm(args: argparse.Namespace) -> str:
    """An array of jobs, and one after it that takes in what they did and runs what is missing."""
    command = f"cd {shlex.quote(str(Path.cwd()))} && exec {shlex.join([*_program(), *args.flags])}"
    part = f'{command} --shard "$SLURM_ARRAY_TASK_ID/{args.shards}"'
    sbatch = shlex.join(["sbatch", "--parsable", *args.job_option])
    return (
        _head(
            f"{args.shards} parts as an array of jobs; the last job takes them in, and runs what is missing.",
            "To go on after jobs were lost, run this again: what is there is not run again.",
        )
        + f"parts=$({sbatch} --job-name=asr-part --array=1-{args.shards} --wrap={shlex.quote(part)})\n"
        + f'{sbatch} --job-name=asr-whole --dependency="afterany:${{parts%%;*}}" --wrap={shlex.quote(command)}\n'
    )


def _hf_jobs(args: argparse.Namespace, settings: Settings) -> str:
    """A job for each part, which copies what it wrote into a bucket; the parts are taken in here."""
    if args.bucket is None or args.image is None:
        raise UsageError(
            "--on hf-jobs: give --bucket ORG/NAME, where jobs leave what they write (hf buckets create), and "
            f"--image NAME, a container that has {COMMAND}"
        )
    flags = _without_out(args.flags)
    inside = shlex.join([COMMAND, *flags, "--out", JOB])
    # A bucket is no disk to append to: the journal is written beside it, and copied whole. A job copies its own part
    # alone: those of others are at work, and what it saw of them when it began would take the place of more.
    job = (
        'set -eu; copy() ( cd "$1"; for part in */*/' + f'{SHARDS}/"$SHARD-of-{args.shards}"; do '
        'if [ -d "$part" ]; then mkdir -p "$2/$part"; cp -R "$part/." "$2/$part/"; fi; done ); '
        f"mkdir -p {JOB}; copy {MOUNT} {JOB}; status=0; "
        f'{inside} --shard "$SHARD/{args.shards}" || status=$?; copy {JOB} {MOUNT}; exit $status'
    )
    bucket = f"hf://buckets/{args.bucket}"
    submit = shlex.join(
        [
            *("hf", "jobs", "run", "--detach", "--quiet", "--secrets", "HF_TOKEN", "--volume", f"{bucket}:{MOUNT}"),
            *args.job_option,
        ]
    )
    here = shlex.join([*_program(), *flags, "--out", str(settings.out)])
    return (
        _head(
            f"{args.shards} parts, each a job that leaves what it writes in {bucket}; they are taken in here.",
            "HF_TOKEN is read from the environment by hf; it stands nowhere.",
        )
        + 'jobs=""\n'
        + f"for shard in $(seq 1 {args.shards}); do\n"
        + f'  jobs="$jobs $({submit} --env "SHARD=$shard" {shlex.quote(args.image)} sh -c {shlex.quote(job)})"\n'
        + "done\n"
        + "hf jobs wait $jobs || true  # what a lost job did not do is run here\n"
        + f"cd {shlex.quote(str(Path.cwd()))}\n"
        + f"hf buckets sync {bucket} {shlex.quote(str(settings.out))}\n"
        + f"exec {here}\n"
    )


def _without_out(flags: Sequence[str]) -> list[str]:
    """The flags but for `--out`, whose folder is another one in a job."""
    kept: list[str] = []
    words = iter(flags)
    for word in words:
        if word == "--out":
            next(words, None)
        elif not word.startswith("--out="):
            kept.append(word)
    return kept
