"""The corrected references of utterances: from a file of texts by id, or of a benchmark that corrects another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.flags import is_file_name
from harness.scoring.by_id import ById
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

    instead = f"give the texts of {given} with their ids in a file, --corrected FILE"
    request = Request(audio=False, lengths=False, streaming=True, instead=instead)
    return {one.id: one.reference for one in open_dataset(get_dataset(given), request)}


def with_corrected(
    systems: Iterable[System], where: str, texts: Mapping[str, str], say: Callable[[str], None]
) -> list[System]:
    """Predictions whose utterances have their corrected references, as far as there is one, by id or file name.

    How many have one is told.

    Raises:
        DataError: no utterance has one.
    """
    by_id = ById(where, texts)
    found = []
    for system in systems:
        benchmarks = []
        for one in system.benchmarks:
            rows = [msgspec.structs.replace(row, corrected=by_id.of(row.id)) for row in one.rows]
            benchmarks.append(replace(one, rows=rows))
        found.append(replace(system, benchmarks=benchmarks))
    by_id.tell(say)
    return found
