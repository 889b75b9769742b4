"""Packing: clips of different lengths one after the other in one tensor, without padding.

Layers that look at one row at a time run on packed rows `[total, channels]` as they are. Where a layer needs clips,
blocks or gaps, rows are written to slots of a larger zeroed tensor and read back; `PackedLengths` knows the slots.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from numpy.typing import NDArray

T = TypeVar("T")


class PackedLengths:
    """Where each clip's rows lie in a packed tensor.

    Args:
        lengths: rows of each clip; 0 is allowed.
        device: where index tensors are made.
    """

    def __init__(self, lengths: Sequence[int] | NDArray[np.int64], device: torch.device | str = "cpu") -> None:
        self.lengths: NDArray[np.int64] = np.asarray(lengths, np.int64)
        self.device = torch.device(device)
        self._made: dict[Hashable, Any] = {}

    def made(self, kind: Callable[..., T], *arguments: Hashable) -> T:
        """``kind(self, *arguments)``, made once: so what one thread made beforehand another finds."""
        key = (kind, *arguments)
        if key not in self._made:
            self._made[key] = kind(self, *arguments)
        return cast("T", self._made[key])

    @property
    def total(self) -> int:
        """Rows of all clips."""
        return int(self.lengths.sum())

    @property
    def longest(self) -> int:
        """Rows of the longest clip."""
        return int(self.lengths.max(initial=0))

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """First row of each clip, and the total at the end: shape ``[clips + 1]``."""
        return np.concatenate([[0], np.cumsum(self.lengths)])

    @cached_property
    def _owners(self) -> NDArray[np.int64]:
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @cached_property
    def _positions(self) -> NDArray[np.int64]:
        return np.arange(self.total) - self.starts[:-1][self._owners]

    @cached_property
    def offsets(self) -> Tensor:
        """`starts` on the device as int32, as variable-length attention takes them."""
        return self.on_device(self.starts.astype(np.int32))

    @cached_property
    def owners(self) -> Tensor:
        """The clip of each row: int64 ``[total]``."""
        return self.on_device(self._owners)

    @cached_property
    def positions(self) -> Tensor:
        """Each row's place in its clip: int64 ``[total]``."""
        return self.on_device(self._positions)

    def on_device(self, values: NDArray[np.int64] | NDArray[np.int32]) -> Tensor:
        """An index array on the device; the copy does not wait for work that is under way there."""
        tensor = torch.from_numpy(np.ascontiguousarray(values))
        if self.device.type == "cuda":
            return tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor.to(self.device)

    def slots(self, strides: NDArray[np.int64] | int) -> Tensor:
        """The slot of each row where clip i is given `strides[i]` slots (or all the same number): int64 ``[total]``."""
        given = np.broadcast_to(np.asarray(strides, np.int64), self.lengths.shape)
        first = np.cumsum(given) - given
        return self.on_device(first[self._owners] + self._positions)

    def heads(self, kept: NDArray[np.int64], lengths: NDArray[np.int64]) -> Tensor:
        """Rows of the first `kept[i]` of each clip, in a packed tensor where clip i has `lengths[i]` rows."""
        return PackedLengths(kept, self.device).slots(lengths)


@dataclass(frozen=True, slots=True)
class Cut:
    """Clips cut to blocks of one size, on the host; the last block of a clip may be partly empty."""

    size: int
    """Slots of a block."""
    counts: NDArray[np.int64]
    """Blocks of each clip."""
    filled: NDArray[np.int64]
    """Rows of each block that are a clip's own: ``[blocks]``."""

    @classmethod
    def of(cls, lengths: NDArray[np.int64], size: int, *, shrink: bool = False) -> Cut:
        """Blocks of `size` rows; with `shrink` no longer than `Blocks` needs them."""
        size = min(size, max(1, -(-int(lengths.max(initial=0)) // 8)) * 8) if shrink else size
        counts = -(-lengths // size)
        filled = np.full(int(counts.sum()), size, np.int64)
        whole = lengths[lengths > 0]
        filled[np.cumsum(counts)[lengths > 0] - 1] = whole - (whole - 1) // size * size
        return cls(size, counts, filled)


class Blocks:
    """Each clip cut to blocks of one size; the last block of a clip may be partly empty.

    Args:
        packing: the clips.
        size: rows of a block.
        shrink: whether blocks are shorter where no clip fills one: as long as the longest clip, in whole eights, which
            fused attention kernels want.
    """

    def __init__(self, packing: PackedLengths, size: int, *, shrink: bool = False) -> None:
        cut = Cut.of(packing.lengths, size, shrink=shrink)
        self.size, self.counts, self.total = cut.size, cut.counts, len(cut.filled)
        self.slots = packing.slots(self.counts * self.size)
        self.filled = packing.on_device(cut.filled)
        """Rows of each block that are a clip's own: int64 ``[blocks]``."""
        self.full = bool((cut.filled == self.size).all())
        """Whether no block has an empty slot."""

    def spread(self, rows: Tensor) -> Tensor:
        """Packed rows ``[total, ...]`` to blocks ``[blocks, size, ...]``; empty slots are zero."""
        if self.full:
            return rows.reshape(self.total, self.size, *rows.shape[1:])
        blocks = rows.new_zeros(self.total * self.size, *rows.shape[1:])
        return blocks.index_copy_(0, self.slots, rows).reshape(self.total, self.size, *rows.shape[1:])

    def gather(self, blocks: Tensor) -> Tensor:
        """Blocks ``[blocks, size, ...]`` back to packed rows."""
        return blocks.flatten(0, 1) if self.full else blocks.flatten(0, 1)[self.slots]

    def mask(self) -> Tensor:
        """Which slots are a clip's own: bool ``[blocks, size]``."""
        return torch.arange(self.size, device=self.filled.device) < self.filled[:, None]
