"""Every error that a user can cause or meet, and the exit status that it ends the program with.

    HarnessError                 5  anything that ends a run
    |-- UsageError               2  a wrong name, flag, file layout or folder
    |-- DataError                4  audio, transcripts or a data set that is missing, broken or not as stated
    |   `-- AccessError          4  a hub or data set that cannot be reached, or needs terms accepted
    |       `-- ServerError      4  a server that does the work cannot be reached, or refuses all of it
    |-- ModelError               5  a model that cannot be loaded, or returns what it must not
    |-- RunError                 5  the run cannot go on (disk full, folder locked, worker lost)
    |   |-- CostLimitError       5  the next request would cost more than --max-cost leaves
    |   `-- DeviceLostError      5  the GPU is of no use to this process any more
    `-- Interrupted            130  the user stopped it; the same command goes on

The message is one line: what is wrong, where, and how to go on. A traceback is shown with `--debug` only.
"""

import difflib
from collections.abc import Iterable
from enum import IntEnum


class ExitStatus(IntEnum):
    """What the program's exit status means (documented in the README)."""

    GOOD = 0
    REGRESSION = 1
    USAGE = 2
    INCONCLUSIVE = 3
    DATA = 4
    FAILED = 5
    INTERRUPTED = 130


class HarnessError(Exception):
    """Base of all errors that are shown to the user as one line."""

    exit_status = ExitStatus.FAILED

    ends_run = False
    """Whether a model that raises it would at every further clip: the run ends, instead of failing clip by clip."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class UsageError(HarnessError):
    """The user asked for something that does not exist or does not fit."""

    exit_status = ExitStatus.USAGE


class DataError(HarnessError):
    """Audio, transcripts or a data set are missing, broken or not as stated."""

    exit_status = ExitStatus.DATA


class AccessError(DataError):
    """A hub or data set cannot be reached, or asks for a sign-in or accepted terms."""


class ServerError(AccessError):
    """A server that does the work cannot be reached, or refuses whatever it is asked."""

    ends_run = True


class ModelError(HarnessError):
    """A model cannot be loaded, or broke its contract."""


class RunError(HarnessError):
    """The run as a whole cannot go on."""


class CostLimitError(RunError):
    """The next request would cost more than the user allowed."""

    ends_run = True


class DeviceLostError(RunError):
    """The GPU's context is broken: every further call in this process would fail as the last one did."""

    ends_run = True


class Interrupted(HarnessError):  # noqa: N818 - not an error
    """The user stopped the run; the same command goes on with it."""

    exit_status = ExitStatus.INTERRUPTED


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The name that is nearest to what a user wrote; else up to three that hold it, as `libri` is a part of several."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return near or ([one for one in names if name in one][:3] if len(name) > 2 else [])


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that does not exist, with the nearest one that does.

    Args:
        kind: what the name should have been, such as ``suite``.
        name: what the user wrote.
        known: all names that exist.
    """
    names = sorted(known)
    if near := nearest(name, names):
        return UsageError(f"no {kind} called {name!r}; did you mean {' or '.join(map(repr, near))}?")
    listed = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return UsageError(f"no {kind} called {name!r}; there are: {listed or 'none'}")
