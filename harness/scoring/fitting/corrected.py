"""The corrected references of utterances: from a file of texts by id, or of a benchmark that corrects another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.errors import DataError
from harness.flags import is_file_name
from harness.scoring.transcripts import read_texts

if TYPE_CHECKING:
    from harness.scoring.predictions import System


def read_corrected(given: str) -> dict[str, str]:
    """Corrected references by id.

    Args:
        given: a file in any form that holds a reference (`--reference`), or the id of a benchmark, whose data is read
            from the hub.

    Raises:
        UsageError: it is neither.
        DataError, AccessError: it cannot be read.
    """
    if is_file_name(given):
        return read_texts(Path(given).expanduser())
    from benchmarks.dataset import Request, open_dataset
    from benchmarks.registry import get_dataset

    request = Request(audio=False, lengths=False, streaming=True)
    return {one.id: one.reference for one in open_dataset(get_dataset(given), request)}


def with_corrected(systems: Iterable[System], where: str, texts: Mapping[str, str]) -> list[System]:
    """Predictions whose utterances have their corrected references, as far as there is one, by id or file name.

    Raises:
        DataError: no utterance has one.
    """
    by_stem = {Path(name).stem: text for name, text in texts.items()}
    found, given = [], 0
    for system in systems:
        benchmarks = []
        for one in system.benchmarks:
            twins = [texts.get(row.id, by_stem.get(Path(row.id).stem)) for row in one.rows]
            given += sum(twin is not None for twin in twins)
            rows = [msgspec.structs.replace(row, corrected=twin) for row, twin in zip(one.rows, twins, strict=True)]
            benchmarks.append(replace(one, rows=rows))
        found.append(replace(system, benchmarks=benchmarks))
    if not given:
        first = next(iter(texts), "none")
        raise DataError(f"{where}: none of its ids, such as {first!r}, is that of an utterance")
    return found
