"""The command line: finds the verb, runs it, and turns what goes wrong into one line and an exit status."""

import argparse
import errno
import importlib
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn, Protocol, cast

from harness.commands.examples import EXAMPLES
from harness.complaints import in_words
from harness.errors import ExitStatus, HarnessError, UsageError, unknown_name
from harness.shadowing import need_own_benchmarks
from harness.streams import lasting, lost, tell
from harness.version import DISTRIBUTION, VERSION, program

RUN = "run"
"""The verb where none is given: ``run_eval.py --suite NAME``; what was typed is `harness.version.program`."""

VERBS = {
    RUN: "run models on a suite (where no command is given)",
    "launch": "run parts on SLURM or Hugging Face Jobs",
    "load": "put load on a server: latency at each rate",
    "score": "score a run, or predictions of others",
    "normalize": "normalize text: one line in, one line out",
    "explain": "say why one set of predictions has two WERs",
    "compare": "compare systems: differences with intervals",
    "fitting": "tell systems that reproduce a reference's errors",
    "gate": "pass or fail a run against a baseline",
    "baseline": "save or list baselines for the gate",
    "report": "make tables, plots and a page from runs",
    "runs": "list the runs that are there, show, rename or remove them",
    "data": "describe a data set, or verify what is on the disk",
    "list": "list suites, benchmarks, models or profiles",
    "check-model": "check that a model keeps what the runner relies on",
    "doctor": "check this machine: packages, device, audio, hub, disk",
    "completion": "print what lets a shell complete commands and flags",
}
"""The verbs, in the order of the help, with what they do."""

QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
"""Settings that keep libraries from talking over our own output."""


class Verb(Protocol):
    """A module of `harness.commands`."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the verb's flags."""

    def run(self, args: argparse.Namespace) -> ExitStatus:
        """Does it."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line like all others."""

    def error(self, message: str) -> NoReturn:
        """Raises what argparse would print with a page of usage."""
        raise UsageError(f"{in_words(message, self._option_string_actions, verbs_with)}; see {self.prog} --help")


class Help(argparse.RawDescriptionHelpFormatter):
    """Help that leaves examples as they are, and says every default."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        shown, text = action.default, action.help or ""
        said = "default" in text or "unless said" in text
        if said or shown in (None, False, True, argparse.SUPPRESS) or shown == [] or not action.option_strings:
            return text
        return f"{text} (default %(default)s)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: without the program's name; None takes those of the process.

    Returns:
        The exit status, as `harness.errors.ExitStatus` names it.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    with _restored(), lasting() as out:
        if not debug:
            _silence_libraries()
        try:
            status = _run(words, debug=debug, alone=arguments is None)
        except SystemExit:  # the help or the version was printed
            out.flush()
            if untold := lost(out):
                return _complain(untold, ExitStatus.FAILED)
            raise
        out.flush()
        untold = lost(out)
        return _complain(untold, ExitStatus.FAILED) if untold and status == ExitStatus.GOOD else status


def _run(words: list[str], *, debug: bool, alone: bool) -> ExitStatus:
    """Does what the words say; what goes wrong is one line."""
    try:
        need_own_benchmarks(alone=alone)
        return _dispatch(words)
    except HarnessError as error:
        return _complain(str(error), error.exit_status, debug=debug)
    except KeyboardInterrupt:
        return _complain("interrupted; the same command goes on where it was", ExitStatus.INTERRUPTED, debug=debug)
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            return _internal(error, debug=debug)
        place = (
            f"{os.fsdecode(error.filename)[:300]}: " if isinstance(error.filename, str | bytes | os.PathLike) else ""
        )
        return _complain(f"{place}{error.strerror}", ExitStatus.DATA, debug=debug)
    except Exception as error:  # noqa: BLE001 - a bug: say so in one line as well
        return _internal(error, debug=debug)


def _dispatch(words: list[str]) -> ExitStatus:
    """Finds the verb and runs it; its module is imported only now."""
    name = RUN
    if words and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in VERBS:
            raise unknown_name("command", name, VERBS)
    verb = module_of(name)
    return verb.run(parser_of(name, verb).parse_args(words))


def module_of(name: str) -> Verb:
    """The module of a verb; imported only now."""
    return cast("Verb", importlib.import_module(f"harness.commands.{name.replace('-', '_')}"))


def parser_of(name: str, verb: Verb) -> Parser:
    """What reads the words after a verb."""
    parser = Parser(
        prog=program() if name == RUN else f"{program()} {name}",
        description=verb.HELP,
        epilog="\n\n".join(filter(None, (_examples(name), _overview() if name == RUN else ""))),
        formatter_class=Help,
        allow_abbrev=False,
    )
    verb.add_arguments(parser)
    parser.add_argument("--version", action="version", version=f"{DISTRIBUTION} {VERSION}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks and the libraries' own messages")
    for what, below in subparsers(parser).items():
        below.formatter_class, below.epilog = Help, _examples(name, what)
    return parser


def verbs_with(option: str) -> list[str]:
    """The verbs that take a flag, with the word behind them where only some of these do."""
    found = []
    for name in VERBS:
        parser = parser_of(name, module_of(name))
        below = [f"{name} {what}" for what, one in subparsers(parser).items() if option in one._option_string_actions]
        found += [name] if option in parser._option_string_actions else below
    return found


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of what stands behind a verb, such as `check` of ``data check``."""
    groups = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    return {name: below for group in groups for name, below in group.choices.items()}


def _examples(name: str, what: str = "") -> str:
    """Command lines to begin with; of one word behind a verb, those that have it."""
    lines = [
        f"  {program()} {line}"
        for line in EXAMPLES.get(name, ())
        if f"{line} ".startswith(f"{name} {what}") or name == RUN
    ]
    return "examples:\n" + "\n".join(lines)


def _overview() -> str:
    """The list of verbs under the main help."""
    lines = [f"  {name:<11} {what}" for name, what in VERBS.items() if name != RUN]
    return f"other commands ({program()} COMMAND --help):\n" + "\n".join(lines)


@contextmanager
def _restored() -> Iterator[None]:
    """Undoes at its end what a command changes of the process: a notebook that calls `main` goes on with it."""
    environment = {name: os.environ.get(name) for name in QUIET}
    disabled, path = logging.root.manager.disable, list(sys.path)
    try:
        with warnings.catch_warnings():
            yield
    finally:
        logging.disable(disabled)
        sys.path[:] = path
        for name, value in environment.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _silence_libraries() -> None:
    """Keeps libraries' warnings and logs off the screen; errors of theirs reach the user as ours."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)


def _internal(error: Exception, *, debug: bool) -> ExitStatus:
    if isinstance(error, RuntimeError) and "Symlink loop" in str(error):  # as pathlib tells of it
        return _complain(f"{error}; remove the link", ExitStatus.DATA, debug=debug)
    what = f"internal error, {type(error).__name__}: {error}; run again with --debug and report what it prints"
    return _complain(" ".join(what.split()), ExitStatus.FAILED, debug=debug)


def _complain(message: str, status: ExitStatus, *, debug: bool = False) -> ExitStatus:
    if debug:
        traceback.print_exc()
    tell(f"{'error' if status != ExitStatus.INTERRUPTED else 'stopped'}: {message}")
    return status


if __name__ == "__main__":
    sys.exit(main())
