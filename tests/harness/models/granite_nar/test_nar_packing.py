from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.models.granite_nar.packing import Blocks, PackedLengths

lengths_lists = st.lists(st.integers(0, 23), max_size=7)


@given(lengths_lists)
def test_positions_and_owners(lengths: list[int]) -> None:
    packing = PackedLengths(lengths)
    assert packing.positions.tolist() == [place for length in lengths for place in range(length)]
    assert packing.owners.tolist() == [clip for clip, length in enumerate(lengths) for _ in range(length)]
    assert packing.offsets.tolist() == [0, *np.cumsum(lengths).tolist()]
    assert packing.offsets.dtype == torch.int32


@given(lengths_lists, st.integers(1, 9), st.booleans())
def test_blocks_hold_every_row_once_in_order(lengths: list[int], size: int, shrink: bool) -> None:
    packing = PackedLengths(lengths)
    rows = torch.arange(1, packing.total + 1, dtype=torch.float32)[:, None]
    blocks = Blocks(packing, size, shrink=shrink)
    spread = blocks.spread(rows)
    assert torch.equal(blocks.gather(spread), rows)
    assert blocks.total == sum(-(-length // blocks.size) for length in lengths)
    expected = []
    start = 1
    for length in lengths:
        values = list(range(start, start + length)) + [0] * (-length % blocks.size)
        expected += [values[at : at + blocks.size] for at in range(0, len(values), blocks.size)]
        start += length
    assert spread[..., 0].tolist() == expected
    assert torch.equal(blocks.mask(), spread[..., 0] > 0)
    if shrink and lengths and max(lengths):
        assert blocks.size == min(size, -(-max(lengths) // 8) * 8)
