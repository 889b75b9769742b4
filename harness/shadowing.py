"""Another package called `benchmarks`: many projects have one, and Python looks where it was started first."""

import importlib
import sys
from importlib.util import find_spec
from pathlib import Path

from harness.errors import UsageError
from harness.version import DISTRIBUTION, ROOT

OURS = ROOT / "benchmarks"


def need_own_benchmarks(*, alone: bool = False) -> None:
    """Sees to it that what we import of `benchmarks` is in the package that lies beside `harness`.

    Python looks for a module of a package in all folders that the package's path names. So ours is named there after
    the user's own: theirs stays what it was, and what it does not have is found in ours.

    Args:
        alone: whether this process runs nothing but our command line: ours is then the only one.

    Raises:
        UsageError: theirs has modules that are called as ours; the message says which, and how to go on.
    """
    try:
        spec = find_spec("benchmarks")
    except ValueError:  # somebody put something without a spec in its place
        spec = None
    origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
    if origin == OURS / "__init__.py":
        return
    if alone and "benchmarks" not in sys.modules:
        sys.path.insert(0, str(ROOT))
        return
    hidden = _hidden(origin.parent) if origin is not None and origin.name == "__init__.py" else ["benchmarks"]
    if not hidden:
        path = importlib.import_module("benchmarks").__path__
        if str(OURS) not in path:
            path.append(str(OURS))
        return
    raise UsageError(
        f"{origin or 'something without a file'} hides the package 'benchmarks' of {DISTRIBUTION} (both have "
        f"{', '.join(hidden)}); start Python in another folder or with -P, or give yours another name; the command "
        "run-eval is not affected"
    )


def _hidden(theirs: Path) -> list[str]:
    """Our modules that would not be found behind another package."""
    names = sorted({path.stem for path in OURS.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()})
    return [
        f"benchmarks.{name}"
        for name in names
        if name != "__init__" and ((theirs / name).is_dir() or (theirs / f"{name}.py").is_file())
    ]
