"""Which folder the runs of own data have: two data sets of one name never share one, and each finds its own again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.dataset import Request, open_dataset
from harness.errors import DataError
from harness.records.journal import read_journal
from harness.records.run import RUN_FILE, read_run_record

if TYPE_CHECKING:
    from benchmarks.dataset import Dataset
    from benchmarks.registry import Suite


def placed(suite: Suite, datasets: Sequence[Dataset], out: Path) -> tuple[Suite, Sequence[Dataset]]:
    """Own data under the name that its runs have below `out`; others as they are.

    The first data set of a name has it: ``data_test``. The next one is called after its folder too, ``data_test_fr``,
    and where that is taken, by a digest of its place. A run states the place of its data, so that the same place has
    the same folder again. A run that states none, an older one, is that of the data that most of its lines fit.
    """
    dataset = datasets[0] if len(datasets) == 1 else None
    if dataset is None or dataset.origin is None or suite.name != dataset.name:
        return suite, datasets
    names = list(_names(dataset.name, dataset.origin))
    owners = {name: _origins(out / name, name) for name in names}
    own = next((name for name in names if dataset.origin in owners[name]), None)
    if own is None:
        own = next((name for name in names if _is_free(owners[name], out / name, name, dataset)), names[-1])
    named = replace(dataset, name=own)
    return msgspec.structs.replace(suite, name=own, benchmarks=(own,)), [named]


def _names(name: str, origin: str) -> Iterator[str]:
    """What data may be called, the best first; the last is its own whatever others there are."""
    yield name
    parent = re.sub(r"[^a-z0-9]+", "_", re.split(r"[/\\]", origin.rstrip("/\\"))[-2:][0].lower()).strip("_")
    if parent:
        yield f"{name}_{parent}"
    yield f"{name}_{hashlib.sha256(origin.encode(errors='surrogateescape')).hexdigest()[:8]}"


def _origins(folder: Path, name: str) -> set[str | None]:
    """Where the data of the runs in a folder is; None stands for runs that do not say it."""
    found = set[str | None]()
    for file in sorted(folder.glob(f"*/{RUN_FILE}")):
        try:
            entry = read_run_record(file.parent).benchmarks.get(name)
        except (DataError, OSError):
            continue  # the run itself will say what is wrong
        if entry is not None:
            found.add(entry.data.origin if entry.data else None)
    return found


def _is_free(origins: set[str | None], folder: Path, name: str, dataset: Dataset) -> bool:
    """Whether no other data has the name, as far as is known."""
    return not origins or (origins == {None} and all(_fits(file, dataset) for file in _journals(folder, name)))


def _journals(folder: Path, name: str) -> list[Path]:
    return [file for file in sorted(folder.glob(f"*/{name}.jsonl")) if file.stat().st_size][:1]


def _fits(journal: Path, dataset: Dataset) -> bool:
    """Whether most lines of a journal are of the data."""
    references = {line.id: line.reference for line in read_journal(journal).lines}
    rows = open_dataset(dataset, Request(lengths=False))
    same = sum(references.get(row.id) == row.reference for row in rows)
    return 2 * same > len(references)
