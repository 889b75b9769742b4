"""Several systems by a tag: the same comparison on the utterances with each value, corrected for all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from harness.errors import UsageError
from harness.records.comparison import Block, SlicedBlock
from harness.scoring.metrics import get_metric
from harness.scoring.resampled import all_parts, block_of
from harness.scoring.significance import ALPHA, holm
from harness.scoring.slicing import slice_by

if TYPE_CHECKING:
    from harness.scoring.columns import Columns
    from harness.scoring.slicing import Slicing

MakeBlock = Callable[..., Block]
"""Makes the block of a title, columns, names and rates (`harness.scoring.comparison`)."""


def compare_slices(
    columns: Sequence[Columns], names: Sequence[str], tags: Sequence[str], make: MakeBlock
) -> tuple[list[SlicedBlock], list[str]]:
    """Every benchmark by each tag, and which benchmarks have no such tag.

    Raises:
        UsageError: no benchmark has a tag.
    """
    found, notes = list[SlicedBlock](), list[str]()
    for tag in dict.fromkeys(tags):
        blocks, why = [], list[UsageError]()
        for one in columns:
            try:
                blocks.append(_by_tag(one, names, tag, make))
            except UsageError as error:
                notes.append(f"{one.paired.benchmark} is not shown by {tag}: {error}")
                why.append(error)
        if not blocks and why:
            raise why[0]
        found += blocks
    return found, notes


def _by_tag(one: Columns, names: Sequence[str], tag: str, make: MakeBlock) -> SlicedBlock:
    slicing = slice_by(one.rows(), [int(words) for words in one.counts[0].words], tag)
    blocks = _of_translations(one, names, slicing) if one.translated else _of_rates(one, names, slicing, make)
    p_values = holm([pair.difference.p if pair.difference else None for block in blocks for pair in block.pairs])
    corrected = iter(p_values)
    blocks = [
        replace(
            block,
            pairs=tuple(
                replace(pair, p_holm=p, significant=None if p is None else p < ALPHA)
                for pair, p in zip(block.pairs, corrected, strict=False)
            ),
        )
        for block in blocks
    ]
    return SlicedBlock(
        tag=tag,
        benchmark=one.paired.benchmark,
        binned=slicing.binned,
        untagged=slicing.values.count(None),
        values=tuple(sorted(blocks, key=_least)),
    )


def _of_rates(one: Columns, names: Sequence[str], slicing: Slicing, make: MakeBlock) -> list[Block]:
    blocks = []
    for value in slicing.order:
        part = one.part([at for at, held in enumerate(slicing.values) if held == value])
        rates = [each.rate for each in part.counts]
        block = make(value, [part], names, rates, draws=np.empty((0, len(rates))))
        blocks.append(replace(block, left_out=0))
    return blocks


def _of_translations(one: Columns, names: Sequence[str], slicing: Slicing) -> list[Block]:
    """BLEU of each slice: translations have no error rate."""
    metric = get_metric("bleu")
    parts, reason = all_parts(one.paired, metric, [scored.utterances() for scored in one.paired.scored])
    sessions = one.paired.sessions()
    blocks = []
    for value in slicing.order:
        places = [at for at, held in zip(one.kept.tolist(), slicing.values, strict=True) if held == value]
        places = [at for at in places if all(each[at] is not None for each in parts)]
        if not places:
            raise UsageError(f"it has no {metric.title}: {reason}")
        rows = [[each[at] or () for at in places] for each in parts]
        held = [sessions[at] for at in places]
        blocks.append(replace(block_of(one.paired, metric, rows, held, names), benchmark=value, left_out=0))
    return blocks


def _least(block: Block) -> float:
    return min((pair.p_holm for pair in block.pairs if pair.p_holm is not None), default=math.inf)
