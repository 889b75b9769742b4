"""How many bytes of tensors are alive at a time, counted as they are made: the same on any device."""

from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveBytes(TorchDispatchMode):
    """While it is entered, `peak` is the most that tensors made within held at once, `before` included."""

    def __init__(self, *before: torch.Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self.peak = 0
        self._note(before)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        self._note(leaf for leaf in tree_leaves(made) if isinstance(leaf, torch.Tensor))
        return made

    def _note(self, tensors: Any) -> None:
        self._alive = {key: held for key, held in self._alive.items() if not held[0].expired()}
        for tensor in tensors:
            storage = tensor.untyped_storage()
            held = StorageWeakRef(storage)
            self._alive[held.cdata] = held, storage.nbytes()
        self.peak = max(self.peak, sum(size for _, size in self._alive.values()))
