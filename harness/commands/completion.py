"""`completion bash|zsh|tcsh`: prints a script by which a shell completes commands, flags and names."""

import argparse

from harness.errors import ExitStatus, UsageError
from harness.version import COMMAND

HELP = "print what lets a shell complete commands, flags, suites, models and profiles"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the shell."""
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="which shell")


def run(args: argparse.Namespace) -> ExitStatus:
    """Prints the script."""
    try:
        import shtab
    except ImportError:
        message = "completion needs shtab, which is not installed: pip install 'asr-harness[completion]'"
        raise UsageError(message) from None
    print(shtab.complete(whole_parser(), shell=args.shell))
    return ExitStatus.GOOD


def whole_parser() -> argparse.ArgumentParser:
    """All commands in one parser, as completion needs them; in use each has its own."""
    from harness.cli import RUN, VERBS, module_of

    parser = argparse.ArgumentParser(prog=COMMAND, description=module_of(RUN).HELP)
    module_of(RUN).add_arguments(parser)
    verbs = parser.add_subparsers()
    for name, what in VERBS.items():
        if name != RUN:
            module_of(name).add_arguments(verbs.add_parser(name, help=what))
    for each in (parser, *verbs.choices.values()):
        _name_values(each)
    return parser


def _name_values(parser: argparse.ArgumentParser) -> None:
    """What flags take: names that are known, folders, files."""
    import shtab

    from benchmarks.registry import suites
    from harness.models.registry import adapters
    from harness.scoring.profiles import profile_names

    known = {
        "suite": [name for suite in suites().values() for name in suite.names],
        "model": [name for name in adapters() if name.isidentifier() or "." in name],
        "profile": profile_names(),
    }
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                _name_values(below)
        elif action.dest in known and action.choices is None:
            action.choices = known[action.dest]
        elif action.metavar in {"DIR", "PATH", "FILE", "RUN", "FILE.toml|NAME", "list|show|rm|mv RUN|DIR|NAME"}:
            vars(action)["complete"] = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE
