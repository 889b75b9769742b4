"""Which folder the runs of own data have: two data sets of one name never share one, and each finds its own again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.dataset import Request, open_dataset
from harness.errors import DataError
from harness.records.journal import read_journal
from harness.records.run import RUN_FILE, SHARDS, read_run_record

if TYPE_CHECKING:
    from benchmarks.dataset import Dataset
    from benchmarks.registry import Suite


def placed(suite: Suite, datasets: Sequence[Dataset], out: Path) -> tuple[Suite, Sequence[Dataset]]:
    """Own data under the name that its runs have below `out`; others as they are.

    The first data set of a name has it: ``data_test``. The next one is called after its folder too, ``data_test_fr``,
    and where that is taken, by a digest of its place; so are several that are run as one suite. A run states the place
    of its data, so that the same place has the same folder again. A run that states none, an older one, is that of the
    data that most of its lines fit.
    """
    origins = [one.origin for one in datasets if one.origin is not None]
    if not origins or len(origins) < len(datasets):
        return suite, datasets
    candidates = [_named(suite, datasets, name) for name in _names(suite.name, origins)]
    owners = [_owner(out / one.name, found) for one, found in candidates]
    for owner in (Owner.OURS, Owner.NOBODY):
        if owner in owners:
            return candidates[owners.index(owner)]
    return candidates[-1]


class Owner(Enum):
    """Whose runs a folder holds."""

    OURS = "of this data"
    NOBODY = "none, or some that may be of this data as well as of any"
    OTHERS = "of other data"


def _named(suite: Suite, datasets: Sequence[Dataset], name: str) -> tuple[Suite, Sequence[Dataset]]:
    """The suite under a name; a data set alone has its suite's."""
    if len(datasets) > 1:
        return msgspec.structs.replace(suite, name=name), datasets
    return msgspec.structs.replace(suite, name=name, benchmarks=(name,)), [replace(datasets[0], name=name)]


def _names(name: str, origins: Sequence[str]) -> Iterator[str]:
    """What data may be called, the best first; the last is its own whatever others there are."""
    yield name
    parent = re.split(r"[/\\]", origins[0].rstrip("/\\"))[-2:][0]
    parent = re.sub(r"[^a-z0-9]+", "_", parent.lower()).strip("_")
    if parent and len(origins) == 1:
        yield f"{name}_{parent}"
    yield f"{name}_{hashlib.sha256(chr(0).join(origins).encode(errors='surrogateescape')).hexdigest()[:8]}"


def _owner(folder: Path, datasets: Sequence[Dataset]) -> Owner:
    """Whose runs a folder holds."""
    unknown = list[Path]()
    for file in sorted([*folder.glob(f"*/{RUN_FILE}"), *folder.glob(f"*/{SHARDS}/*/{RUN_FILE}")]):
        try:
            record = read_run_record(file.parent)
        except (DataError, OSError):
            continue  # the run itself will say what is wrong
        known = [(record.benchmarks.get(one.name), one.origin) for one in datasets]
        stated = [(entry.data.origin, origin) for entry, origin in known if entry and entry.data and entry.data.origin]
        if stated:
            return Owner.OURS if all(before == now for before, now in stated) else Owner.OTHERS
        unknown.append(file.parent)
    journals = [(place / f"{one.name}.jsonl", one) for place in unknown for one in datasets]
    found = next(((file, one) for file, one in journals if file.is_file() and file.stat().st_size), None)
    return Owner.NOBODY if found is None or _fits(*found) else Owner.OTHERS


def _fits(journal: Path, dataset: Dataset) -> bool:
    """Whether most lines of a journal are of the data."""
    references = {line.id: line.reference for line in read_journal(journal).lines}
    rows = open_dataset(dataset, Request(lengths=False))
    same = sum(references.get(row.id) == row.reference for row in rows)
    return 2 * same > len(references)
