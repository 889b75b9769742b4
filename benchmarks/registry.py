"""Every benchmark and suite by name. A data set is one object in a module of `corpora`, mentioned nowhere else."""

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Container, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from benchmarks import corpora
from benchmarks.dataset import Dataset
from benchmarks.files import stated
from benchmarks.suite import FOLDER, Suite, parse_suite
from harness.errors import UsageError, unknown_name

__all__ = ["Suite", "datasets", "get_dataset", "get_suite", "identify", "known_suite", "remember_suite", "suites"]


@cache
def datasets() -> dict[str, Dataset]:
    """All benchmarks by id, in the order of their modules.

    Raises:
        UsageError: two data sets have the same id.
    """
    found: dict[str, Dataset] = {}
    for info in pkgutil.iter_modules(corpora.__path__, f"{corpora.__name__}."):
        for dataset in _declared(importlib.import_module(info.name)):
            if found.setdefault(dataset.name, dataset) is not dataset:
                raise UsageError(f"two data sets are called {dataset.name!r}; rename the one in {info.name}")
    return found


def _declared(module: ModuleType) -> Iterator[Dataset]:
    """The data sets among a module's values, alone or in tuples."""
    for value in vars(module).values():
        items = value if isinstance(value, tuple) else (value,)
        yield from (item for item in items if isinstance(item, Dataset))


def get_dataset(name: str) -> Dataset:
    """The benchmark of that id.

    Raises:
        UsageError: there is none; the message has the nearest name.
    """
    known = datasets()
    if name not in known:
        raise unknown_name("benchmark", name, known)
    return known[name]


def identify(file_part: str) -> Dataset | None:
    """The benchmark that the data-set part of a foreign file name means, or None.

    Where several patterns are found the longest match wins, so that ``earnings22_cleaned_aa_chunked`` is not
    ``earnings22``; a benchmark's own id is always one of its patterns.

    Args:
        file_part: what stands after ``DATASET_`` in the file name, with or without its ``.jsonl``.
    """
    text = file_part.removesuffix(".jsonl").lower()
    found = (
        (len(match[0]), dataset)
        for dataset in datasets().values()
        for pattern in (rf"^{re.escape(dataset.name)}$", *dataset.file_patterns)
        for match in re.finditer(pattern, text, re.IGNORECASE)
    )
    return max(found, key=lambda pair: pair[0], default=(0, None))[1]


@cache
def suites() -> dict[str, Suite]:
    """All suites by resolved name, in the order of their files.

    Raises:
        UsageError: two have the same name, or a file does not have the form of a suite.
    """
    found = [parse_suite(path.read_text(encoding="utf-8"), path.name) for path in sorted(FOLDER.glob("*.toml"))]
    names = Counter(name for suite in found for name in suite.names)
    name, count = names.most_common(1)[0]
    if count > 1:
        raise UsageError(f"two suites are called {name!r}; rename one in benchmarks/suites")
    return {suite.name: suite for suite in found}


_own: dict[str, Suite] = {}
"""Suites of the user's files, or of runs of them, that were read, by name: later steps know a suite by its name."""


def known_suite(name: str | None) -> Suite | None:
    """The suite of a resolved name: one of ours, or of a user's that was read before; None where there is none.

    Under conditions (``sample+noise@10dB``) it is scored and averaged as the clean one.
    """
    clean = (name or "").partition("+")[0]
    return None if name is None else suites().get(clean) or _own.get(name) or _own.get(clean)


def remember_suite(suite: Suite) -> None:
    """Makes a suite of the user's own known by its name, as reading its file does; ours stay what they are."""
    _own[suite.name] = suite


def get_suite(name: str) -> Suite:
    """The suite of that name or alias, or of a file of the user's own, whose name ends in ``.toml``.

    Raises:
        UsageError: there is none, with the nearest name; or the file cannot be used.
    """
    by_name = {alias: suite for suite in suites().values() for alias in suite.names}
    if name.endswith(".toml"):
        own = _read_own(Path(name), by_name)
        _own[own.name] = own
        return own
    if name not in by_name:
        raise unknown_name("suite", name, by_name)
    return by_name[name]


def _read_own(path: Path, taken: Container[str]) -> Suite:
    """The suite of a user's file, which may have no name of ours and lists benchmarks that there are."""
    try:
        suite = parse_suite(stated(path), str(path))
        for benchmark in suite.benchmarks:
            get_dataset(benchmark)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"suite file {path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    except UsageError as error:
        msg = str(error)
        raise UsageError(msg if str(path) in msg else f"suite file {path}: {msg}") from error
    clash = next((name for name in suite.names if name in taken), None)
    if clash is not None:
        msg = f"suite file {path}: a suite called {clash!r} comes with the program; give yours a name of its own"
        raise UsageError(msg)
    return suite
