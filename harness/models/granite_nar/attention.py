"""Attention inside each clip of a packed batch: one function, three backends.

- `flash`: the flash-attn package's `flash_attn_varlen_func` (GPU, half precision).
- `varlen`: torch's own variable-length attention, `torch.nn.attention.varlen` (GPU, half precision). Its signature
  differs between versions, so what it lacks is done beforehand: scaling of the queries, repeating of the key heads.
- `sdpa`: scaled_dot_product_attention with a key mask, on clips of similar length padded to each other; everywhere.
"""

import importlib.util
import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from harness.errors import UsageError
from harness.models.granite_nar.packing import PackedLengths

BACKENDS = ("flash", "varlen", "sdpa")
HALF = (torch.bfloat16, torch.float16)


@cache
def _flash() -> Callable[..., Any] | None:
    if importlib.util.find_spec("flash_attn") is None:
        return None
    from flash_attn import flash_attn_varlen_func

    return flash_attn_varlen_func  # type: ignore[no-any-return]


@cache
def _varlen() -> tuple[Callable[..., Any], frozenset[str]] | None:
    """Torch's variable-length attention and the names of its parameters, where this torch has it."""
    if importlib.util.find_spec("torch.nn.attention.varlen") is None:
        return None
    from torch.nn.attention.varlen import varlen_attn

    return varlen_attn, frozenset(inspect.signature(varlen_attn).parameters)


def choose_backend(name: str, device: torch.device | str, dtype: torch.dtype) -> str:
    """The backend that a name means here: one of `BACKENDS`, or for ``auto`` the first of them that can run.

    Raises:
        UsageError: there is no such backend, or it cannot run here; the message says why.
    """
    on_gpu = torch.device(device).type == "cuda"
    missing = {
        "flash": None if _flash() else "the package flash-attn is not installed",
        "varlen": None if _varlen() else f"torch {torch.__version__} has no torch.nn.attention.varlen (2.10 has)",
        "sdpa": None,
    }
    for backend in ("flash", "varlen"):
        if not on_gpu:
            missing[backend] = "it needs --device cuda"
        elif dtype not in HALF:
            missing[backend] = missing[backend] or "it needs --dtype bfloat16"
    if name == "auto":
        return next(backend for backend in BACKENDS if missing[backend] is None)
    if name not in missing:
        raise UsageError(f"no attention called {name!r}; there are: auto, {', '.join(BACKENDS)}")
    if missing[name]:
        raise UsageError(f"--attention {name} cannot run here: {missing[name]}; --attention auto takes what can")
    return name


class _Group:
    """Clips of similar length, padded to the longest of them."""

    def __init__(self, clips: np.ndarray[Any, np.dtype[np.int64]], packing: PackedLengths) -> None:
        lengths = packing.lengths[clips]
        self.shape = (len(clips), int(lengths.max()))
        inner = PackedLengths(lengths, packing.device)
        self.slots = inner.slots(self.shape[1])
        everything = len(clips) == len(packing.lengths) and bool((clips == np.arange(len(clips))).all())
        places = (
            np.repeat(packing.starts[:-1][clips], lengths)
            + np.arange(inner.total)
            - np.repeat(inner.starts[:-1], lengths)
        )
        self.rows = None if everything else packing.on_device(places)
        filled = bool((lengths == self.shape[1]).all())
        keys = torch.arange(self.shape[1]) < torch.from_numpy(lengths)[:, None]
        self.mask = None if filled else keys[:, None, None, :].to(packing.device)

    def padded(self, rows: Tensor) -> Tensor:
        """``[total, heads, dim]`` to ``[clips, heads, longest, dim]``; empty slots are zero."""
        own = rows if self.rows is None else rows[self.rows]
        clips, longest = self.shape
        padded = own.new_zeros(clips * longest, *own.shape[1:]).index_copy(0, self.slots, own)
        return padded.reshape(clips, longest, *own.shape[1:]).transpose(1, 2)


class PackedAttention:
    """Bidirectional attention of packed rows, each clip to itself; built once for a batch, used by all layers."""

    def __init__(self, packing: PackedLengths, backend: str) -> None:
        self.packing, self.backend = packing, backend
        self.groups = self._grouped() if backend == "sdpa" else []

    def _grouped(self) -> list[_Group]:
        """Clips by length, so that no group's longest is more than a quarter (and 16 rows) over its shortest."""
        lengths = self.packing.lengths
        present = np.flatnonzero(lengths > 0)
        if not len(present):
            return []
        if lengths[present].max() <= 1.25 * lengths[present].min() + 16:
            return [_Group(present, self.packing)]
        groups, start = [], 0
        order = present[np.argsort(lengths[present], kind="stable")]
        for end in range(1, len(order) + 1):
            if end == len(order) or lengths[order[end]] > 1.25 * lengths[order[start]] + 16:
                groups.append(_Group(np.sort(order[start:end]), self.packing))
                start = end
        return groups

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Attends, products being multiplied by `scale` before the softmax.

        Query and answer are ``[total, heads, dim]``, key and value ``[total, key heads, dim]``, of which heads are a
        multiple.
        """
        if self.backend == "sdpa":
            return self._run_sdpa(query, key, value, scale)
        function: Callable[..., Tensor] | None
        options: dict[str, float]
        if self.backend == "flash":
            function, options = _flash(), {"dropout_p": 0.0, "softmax_scale": scale, "causal": False}
        else:
            function, options, query, key, value = self._for_varlen(query, key, value, scale)
        assert function is not None
        offsets, longest = self.packing.offsets, self.packing.longest
        return function(query, key, value, offsets, offsets, longest, longest, **options)

    def _for_varlen(self, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Any:
        """Torch's function and its arguments, with what this torch's function lacks done to them."""
        found = _varlen()
        assert found is not None
        function, parameters = found
        options: dict[str, float] = {}
        if "scale" in parameters:
            options["scale"] = scale
        else:  # it multiplies by 1 / sqrt(dim) of its own
            query = query * (scale * query.shape[-1] ** 0.5)
        if "enable_gqa" in parameters:
            options["enable_gqa"] = True
        else:
            key, value = (repeated(each, query.shape[1]) for each in (key, value))
        if "is_causal" in parameters:
            options["is_causal"] = False
        return function, options, query, key, value

    def _run_sdpa(self, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        heads = query.shape[1]
        out = torch.zeros_like(query)
        for group in self.groups:
            own_key, own_value = (repeated(group.padded(each), heads, dim=1) for each in (key, value))
            attended = functional.scaled_dot_product_attention(
                group.padded(query), own_key, own_value, attn_mask=group.mask, scale=scale
            )
            rows = attended.transpose(1, 2).flatten(0, 1)[group.slots]
            if group.rows is None:
                return rows
            out = out.index_copy(0, group.rows, rows)
        return out


def repeated(tensor: Tensor, heads: int, dim: int = 1) -> Tensor:
    """Each key head as often as query heads share it."""
    times = heads // tensor.shape[dim]
    return tensor if times == 1 else tensor.repeat_interleave(times, dim=dim)
