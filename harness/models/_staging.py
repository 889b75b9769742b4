"""Memory of the host from which batches are copied to a GPU: pinned once, and used again.

Fresh memory for every batch costs more than to fill it, and what is not pinned the driver copies first to memory of its
own, while the host waits.
"""

from __future__ import annotations

from collections import deque

import torch
from torch import Tensor

SPARE = 1.125
"""By how much more is taken than is asked for, so that slightly larger batches need none anew."""


class Buffer:
    """A stretch of pinned memory, taken for one batch."""

    def __init__(self, staging: Staging, size: int) -> None:
        self._staging = staging
        self.memory = torch.empty(size, dtype=torch.float32, pin_memory=True)
        """float32 ``[size]``, of any content."""
        self.read: torch.cuda.Event = torch.cuda.Event()
        """Happens when the device has read what was sent last."""

    def send(self, filled: Tensor) -> Tensor:
        """Copies a part of the memory to the device, without waiting, and gives the buffer back.

        The copy goes to the stream of the calling thread.
        """
        there = filled.to(self._staging.device, non_blocking=True)
        self.read.record(torch.cuda.current_stream(self._staging.device))
        self._staging.free.append(self)
        return there


class Staging:
    """The buffers of a device. One is enough where batches are packed and sent in turn.

    A batch that is packed and never sent takes its buffer with it.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.free: deque[Buffer] = deque()
        """Sent, though the device may still be reading."""

    @classmethod
    def of(cls, device: torch.device) -> Staging | None:
        """That of a GPU; other devices read the host's memory as it is."""
        return cls(device) if device.type == "cuda" else None

    def take(self, size: int) -> Buffer:
        """A buffer for so many samples at least, which nobody else has and the device has read."""
        while self.free:
            buffer = self.free.popleft()
            if len(buffer.memory) >= size:
                buffer.read.synchronize()
                return buffer
        return Buffer(self, int(size * SPARE))
