"""Another package called `benchmarks`: many projects have one, and Python looks where it was started first."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from harness.errors import UsageError
from harness.version import DISTRIBUTION, ROOT


def need_own_benchmarks(*, alone: bool = False) -> None:
    """Sees to it that `benchmarks` is the package that lies beside `harness`.

    Args:
        alone: whether this process runs nothing but our command line: ours then comes first. In a program of the
            user's own, which may need the other one, nothing is moved.

    Raises:
        UsageError: it is another one; the message says which, and how to go on.
    """
    place = _found()
    if place == ROOT:
        return
    if alone and "benchmarks" not in sys.modules:
        sys.path.insert(0, str(ROOT))
        return
    msg = (
        f"the package 'benchmarks' in {place or '(nowhere)'} is in the place of the one that {DISTRIBUTION} brings, in "
        f"{ROOT}; start Python in another folder or with -P, or give yours another name; the command run-eval is not "
        "affected"
    )
    raise UsageError(msg)


def _found() -> Path | None:
    """The folder that holds the package `benchmarks` which an import gives."""
    try:
        spec = importlib.util.find_spec("benchmarks")
    except ValueError:  # somebody put something without a spec in its place
        return None
    return Path(spec.origin).resolve().parents[1] if spec is not None and spec.origin else None
