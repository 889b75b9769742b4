"""A suite: a versioned, locked list of benchmarks with its profile. Suites are data: `suites/*.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN_MEAN = "mean"
"""The only average there is: the plain mean of the benchmarks' unrounded rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A named list of benchmarks and the rules under which it is scored."""

    name: str
    """With its version, as in ``open_asr@2026-08``."""
    profile: str
    """Name of the scoring profile."""
    benchmarks: tuple[str, ...]
    """Ids of the benchmarks, in the order of the table."""
    default_models: tuple[str, ...] = ()
    """What is run where the user names no model; ``embedded`` is every installed model that comes with a package."""
    aliases: tuple[str, ...] = ()
    """Shorter names; printed resolved wherever they are used."""
    average: str = PLAIN_MEAN
    """How the average over the benchmarks is taken."""
    title: str = ""
    """What it is, in one line."""
    lock: Mapping[str, Lock] = field(default_factory=dict)
    """What is known about the data of each benchmark."""


def read_suites() -> list[Suite]:
    """All suites of the package, in the order of their file names.

    Raises:
        UsageError: a file does not have the form of a suite.
    """
    folder = files("benchmarks") / "suites"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return [parse_suite((folder / name).read_text(encoding="utf-8"), name) for name in names]


def parse_suite(text: str, where: str) -> Suite:
    """The suite that a TOML text describes.

    Args:
        text: the file's content.
        where: what to call the file in messages.

    Raises:
        UsageError: not TOML, an unknown or missing key, or a lock for a benchmark that is not in the suite.
    """
    try:
        raw: dict[str, Any] = tomllib.loads(text)
        lock = {name: Lock(**facts) for name, facts in raw.pop("lock", {}).items()}
        raw |= {key: tuple(raw.get(key, ())) for key in ("benchmarks", "default_models", "aliases")}
        suite = Suite(**raw, lock=lock)
    except (tomllib.TOMLDecodeError, TypeError, AttributeError) as error:
        known = ", ".join(entry.name for entry in fields(Suite))
        msg = f"suite file {where}: {error}; its keys are {known}"
        raise UsageError(msg) from error
    strays = sorted(set(lock) - set(suite.benchmarks))
    if strays or not suite.benchmarks:
        msg = (
            f"suite file {where}: {'lock for ' + strays[0] + ', which it does not list' if strays else 'no benchmarks'}"
        )
        raise UsageError(msg)
    return suite
