"""The flags of own data, which mean the same wherever `--data` is taken."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.own.form import Asked, Role

COLUMNS: tuple[Role, ...] = ("audio", "text", "id", "session", "language")
"""What a column can be named for."""
_MORE = {
    "split": "of data with several: test, validation, ...",
    "config": "of a hub's data set with several",
    "form": "what --data is, where it is not recognized (docs/your_own_data.md)",
}


def add_own_data(group: argparse._ActionsContainer, *, data: bool = True, without: Collection[str] = ()) -> None:
    """Declares `--data`, unless the place is given otherwise, and what may be said about it, but for some flags."""
    if data:
        group.add_argument(
            "--data",
            metavar="PATH",
            action="append",
            help="your own data: a file, a folder, or hf://ORG/SET; repeatable, each is a benchmark",
        )
    group.add_argument("--language", metavar="L", help="language of --data, where the data does not say (default en)")
    for role in COLUMNS:
        what = "the path of the audio" if role == "audio" else f"the {role}"
        group.add_argument(f"--{role}-column", metavar="NAME", help=f"the column of --data that holds {what}")
    for name, what in _MORE.items():
        if name not in without:
            group.add_argument(f"--{name}", metavar="NAME", help=what)


def asked(args: argparse.Namespace) -> Asked:
    """What the command line says about own data."""
    from harness.request import asked_of

    given: dict[str, str | None] = {role: getattr(args, f"{role}_column") for role in COLUMNS}
    columns = {role: name for role, name in given.items() if name is not None}
    return asked_of(
        language=args.language,
        columns=columns,
        split=args.split,
        config=args.config,
        form=args.form,
        root=getattr(args, "root", None),
        streaming=bool(getattr(args, "streaming", None)),
        target=getattr(args, "target", None),
    )


def is_own(name: str) -> bool:
    """Whether a name is the place of own data, and not that of a benchmark or a suite's file."""
    from benchmarks.registry import datasets, suites

    known = name in datasets() or any(name in suite.names for suite in suites().values())
    return not known and not name.endswith(".toml") and ("/" in name or "\\" in name or Path(name).exists())


def check_unused(args: argparse.Namespace) -> None:
    """Refuses what concerns own data where there is none.

    Raises:
        UsageError: names the flag.
    """
    names = ["language", *(f"{role}-column" for role in COLUMNS), *_MORE]
    stray = next((name for name in names if getattr(args, name.replace("-", "_")) is not None), None)
    if stray is not None:
        raise UsageError(f"--{stray} is about --data PATH, which is not given")
