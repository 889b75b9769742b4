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


Found = tuple[Callable[..., Any] | None, str]
"""A function, or none and why there is none."""

LEAST = (8, 0)
"""The compute capability that variable-length kernels need: Ampere's."""


@cache
def _flash() -> Found:
    """flash-attn's function. Its kernels are compiled for one torch and one CUDA: with others the import fails."""
    if importlib.util.find_spec("flash_attn") is None:
        return None, "the package flash-attn is not installed"
    try:
        from flash_attn import flash_attn_varlen_func
    except Exception as error:  # noqa: BLE001 - a library that cannot be loaded raises what it likes
        return None, f"the package flash-attn is broken here ({type(error).__name__}: {' '.join(str(error).split())})"
    return flash_attn_varlen_func, ""


@cache
def _varlen() -> Found:
    """Torch's variable-length attention, where this torch has it."""
    lacks = f"torch {torch.__version__} has no torch.nn.attention.varlen (2.10 has)"
    if importlib.util.find_spec("torch.nn.attention.varlen") is None:
        return None, lacks
    try:
        from torch.nn.attention.varlen import varlen_attn
    except Exception as error:  # noqa: BLE001 - a build without its kernels
        return None, f"{lacks}: {type(error).__name__}"
    return varlen_attn, ""


def _capability(device: torch.device) -> tuple[int, int]:
    """Of a GPU; `LEAST` where none can be asked."""
    return torch.cuda.get_device_capability(device) if torch.cuda.is_available() else LEAST


def unavailable(device: torch.device, dtype: torch.dtype) -> dict[str, str]:
    """Why each of `BACKENDS` cannot run here; empty where it can. Asks nothing of a GPU that is not meant."""
    reasons = {"flash": _flash()[1], "varlen": _varlen()[1], "sdpa": ""}
    for backend in ("flash", "varlen"):
        if device.type != "cuda":
            reasons[backend] = "it needs --device cuda"
        elif dtype not in HALF:
            reasons[backend] = reasons[backend] or "it needs --dtype bfloat16"
        elif not reasons[backend] and (found := _capability(device)) < LEAST:
            reasons[backend] = f"it needs compute capability {LEAST[0]}.{LEAST[1]}, the GPU has {found[0]}.{found[1]}"
    return reasons


@cache
def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters)


def choose_backend(name: str, device: torch.device | str, dtype: torch.dtype) -> str:
    """The backend that a name means here: one of `BACKENDS`, or for ``auto`` the first of them that can run.

    Raises:
        UsageError: there is no such backend, or it cannot run here; the message says why.
    """
    missing = unavailable(torch.device(device), dtype)
    if name == "auto":
        return next(backend for backend in BACKENDS if not missing[backend])
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
        padded = own.new_zeros(clips * longest, *own.shape[1:]).index_copy_(0, self.slots, own)
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
            function, options = _flash()[0], {"dropout_p": 0.0, "softmax_scale": scale, "causal": False}
        else:
            function, options, query, key, value = self._for_varlen(query, key, value, scale)
        assert function is not None
        offsets, longest = self.packing.offsets, self.packing.longest
        return function(query, key, value, offsets, offsets, longest, longest, **options)

    def _for_varlen(self, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Any:
        """Torch's function and its arguments, with what this torch's function lacks done to them."""
        function = _varlen()[0]
        assert function is not None
        parameters = _parameters(function)
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
        if "num_splits" in parameters:  # else the keys are summed in an order that depends on the batch
            options["num_splits"] = 1
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
            out = out.index_copy_(0, group.rows, rows)
        return out


def repeated(tensor: Tensor, heads: int, dim: int = 1) -> Tensor:
    """Each key head as often as query heads share it."""
    times = heads // tensor.shape[dim]
    return tensor if times == 1 else tensor.repeat_interleave(times, dim=dim)
