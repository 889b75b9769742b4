"""Every benchmark and suite by name. A data set is one object in a module of `corpora`, mentioned nowhere else."""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache
from typing import TYPE_CHECKING

from benchmarks import corpora
from benchmarks.dataset import Dataset
from benchmarks.suite import Suite, read_suites
from harness.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

__all__ = ["Suite", "datasets", "get_dataset", "get_suite", "identify", "suites"]


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
                msg = f"two data sets are called {dataset.name!r}; rename the one in {info.name}"
                raise UsageError(msg)
    return found


def _declared(module: ModuleType) -> Iterator[Dataset]:
    """The data sets among a module's values, alone or in tuples."""
    for value in vars(module).values():
        if isinstance(value, Dataset):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Dataset))


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
    best: tuple[int, Dataset] | None = None
    text = file_part.removesuffix(".jsonl").lower()
    for dataset in datasets().values():
        for pattern in (rf"^{re.escape(dataset.name)}$", *dataset.file_patterns):
            for match in re.finditer(pattern, text, re.IGNORECASE):
                length = match.end() - match.start()
                if best is None or length > best[0]:
                    best = (length, dataset)
    return best[1] if best else None


@cache
def _suites() -> dict[str, Suite]:
    """All suites by resolved name."""
    found: dict[str, Suite] = {}
    names: set[str] = set()
    for suite in read_suites():
        for name in (suite.name, *suite.aliases):
            if name in names:
                msg = f"two suites are called {name!r}; rename one in benchmarks/suites"
                raise UsageError(msg)
            names.add(name)
        found[suite.name] = suite
    return found


def suites() -> dict[str, Suite]:
    """All suites by resolved name."""
    return dict(_suites())


def get_suite(name: str) -> Suite:
    """The suite of that name or alias.

    Raises:
        UsageError: there is none; the message has the nearest name.
    """
    by_name = {alias: suite for suite in _suites().values() for alias in (suite.name, *suite.aliases)}
    if name not in by_name:
        raise unknown_name("suite", name, by_name)
    return by_name[name]
