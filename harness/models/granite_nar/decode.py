"""CTC decoding, and the editor's slots: pure functions on token ids."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional


def collapsed(classes: NDArray[np.int64], blank: int) -> NDArray[np.int64]:
    """Merges repeats, then drops blanks: CTC's map from one class a step to tokens."""
    if not len(classes):
        return classes
    changed = np.concatenate([[True], classes[1:] != classes[:-1]])
    kept: NDArray[np.int64] = classes[changed & (classes != blank)]
    return kept


def collapse_each(
    classes: NDArray[np.int64], starts: NDArray[np.int64], blank: int, shift: int = 0
) -> list[NDArray[np.int64]]:
    """Collapses each clip of a packed batch; `starts` are its first row and the total, a token is a class - `shift`."""
    return [collapsed(classes[a:b], blank) - shift for a, b in pairwise(starts)]


def slots(draft: NDArray[np.int64], blank: int, shortest: int) -> NDArray[np.int64]:
    """The editor's text input: blanks, with the draft's N tokens at 1, 3, ..., 2N - 1; `shortest` slots at least."""
    filled = np.full(max(2 * len(draft) + 1, shortest), blank, np.int64)
    filled[1 : 2 * len(draft) : 2] = draft
    return filled


def best_classes(rows: Tensor, weight: Tensor, bias: Tensor | None, chunk: int = 4096) -> Tensor:
    """The class of the greatest logit of each row ``[rows, hidden]``, of equal ones the first: int64 ``[rows]``.

    No more logits are kept at a time than those of `chunk` rows: 4096 of 100,352 classes take 0.8 GB in bfloat16.
    """
    best = [functional.linear(piece, weight, bias).argmax(dim=-1) for piece in rows.split(chunk)]
    return torch.cat(best) if best else torch.zeros(0, dtype=torch.int64, device=rows.device)


def on_its_way(tensor: Tensor) -> Callable[[], NDArray[np.int64]]:
    """Begins to copy a tensor to the host; what it returns waits for that alone, not for what is launched later."""
    if tensor.device.type != "cuda":
        return lambda: tensor.cpu().numpy()
    there = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    there.copy_(tensor, non_blocking=True)
    landed = torch.cuda.Event()
    landed.record(torch.cuda.current_stream(tensor.device))

    def waited() -> NDArray[np.int64]:
        landed.synchronize()
        return there.numpy()

    return waited


def joined(pieces: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """All pieces one after the other; of none, an empty array."""
    return np.concatenate([np.zeros(0, np.int64), *pieces])
