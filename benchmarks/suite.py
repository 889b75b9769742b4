"""A suite: a versioned, locked list of benchmarks with its profile. Suites are data: `suites/*.toml`, or your file."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from harness.errors import UsageError

FOLDER = Path(__file__).parent / "suites"
"""The suites that come with the project."""

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.@-]*$"
"""A suite's name is a folder's too."""
Name = Annotated[str, msgspec.Meta(pattern=NAME)]


class Lock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known about a benchmark's data. A fact that is not known is None and is not compared."""

    source: str | None = None
    """The source that `revision` and `words` were found in, as `Source.name` writes it."""
    revision: str | None = None
    """Revision of the hub's repository, 40 hexadecimal digits, or None where it is not locked."""
    rows: int | None = None
    """Number of utterances."""
    hours: float | None = None
    """Hours of audio."""
    words: int | None = None
    """Whitespace-separated words of the raw references."""

    @property
    def pins(self) -> dict[str, str]:
        """What `Request.pins` takes: the revision to ask for, by the source that it belongs to."""
        return {self.source: self.revision} if self.source and self.revision else {}


class Suite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named list of benchmarks and the rules under which it is scored."""

    name: Name
    """With its version, as in ``open_asr@2026-08``."""
    profile: str
    """Name of the scoring profile."""
    benchmarks: tuple[str, ...]
    """Ids of the benchmarks, in the order of the table."""
    default_models: tuple[str, ...] = ()
    """What is run where the user names no model; ``embedded`` is every installed model that comes with a package."""
    aliases: tuple[Name, ...] = ()
    """Shorter names; printed resolved wherever they are used."""
    average: Literal["mean", "macro"] = "mean"
    """How rates are averaged: the plain mean over the benchmarks, or over `groups` the mean of each group's mean."""
    groups: dict[str, tuple[str, ...]] = {}
    """Of a macro average, such as the benchmarks of each language. A benchmark in no group is shown, not averaged."""
    not_measured: tuple[str, ...] = ()
    """What the published headline of these versions averages besides, and nobody outside can measure."""
    seconds: dict[str, float] = {}
    """Audio of each benchmark by which published speeds are pooled; empty: by what was measured."""
    claims: bool = False
    """Whether reports list all that is published of `default_models`, beside what was measured."""
    title: str = ""
    """What it is, in one line."""
    lock: dict[str, Lock] = {}
    """What is known about the data of each benchmark."""

    def lacks(self, benchmarks: Collection[str]) -> list[str]:
        """What an average over these benchmarks lacks: groups that have none of them, or benchmarks."""
        if self.groups:
            return [name for name, members in self.groups.items() if set(members).isdisjoint(benchmarks)]
        return [name for name in self.benchmarks if name not in benchmarks]

    @property
    def names(self) -> tuple[str, ...]:
        """All that it is called: its name, and its aliases."""
        return (self.name, *self.aliases)


def parse_suite(text: str, where: str) -> Suite:
    """The suite that a TOML text describes; `where` is what to call the file in messages.

    Raises:
        UsageError: not TOML, an unknown, missing or wrong key, benchmarks that are listed twice, or locked, grouped or
            timed only, or groups without a macro average.
    """
    try:
        suite = msgspec.toml.decode(text, type=Suite)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise UsageError(f"suite file {where}: {error}; its keys are {', '.join(Suite.__struct_fields__)}") from error
    listed = suite.benchmarks
    faults = [f"lock for {name}, which it does not list" for name in suite.lock if name not in listed]
    grouped = [name for group in suite.groups.values() for name in group]
    faults += [f"group with {name}, which it does not list" for name in grouped if name not in listed]
    faults += [f"{name} is in two groups" for number, name in enumerate(grouped) if name in grouped[:number]]
    faults += [f"group {name!r} is empty" for name, group in suite.groups.items() if not group]
    faults += [f"seconds of {name}, which it does not list" for name in suite.seconds if name not in listed]
    faults += [f"{name} lasts {value} seconds" for name, value in suite.seconds.items() if not 0 < value < 1e9]
    if (suite.average == "macro") != bool(suite.groups):
        faults.append('average = "macro" and [groups] need each other')
    faults += [f"{name} is listed twice" for number, name in enumerate(listed) if name in listed[:number]]
    faults += [] if listed else ["no benchmarks"]
    if faults:
        raise UsageError(f"suite file {where}: {faults[0]}")
    return suite
