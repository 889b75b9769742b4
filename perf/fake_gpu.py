"""A GPU that is not there: tensors with device, dtype and shape and without values, and an account of what ran.

Torch's fake tensors carry a device through every operation, so that code which would mix devices or number formats
fails here as it would on a GPU. What is counted for each operation: whether it is a kernel (views are not), floating
point operations, bytes read and written; and each time that the host would wait for the device.
"""

from __future__ import annotations

import math
import weakref
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode, unset_fake_temporarily
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from harness.models.granite_nar import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEVICE = "cuda:0"


@dataclass(slots=True)
class Cost:
    """What one sort of kernel did."""

    kernels: int = 0
    flops: int = 0
    moved: int = 0
    """Bytes read and written, each tensor once."""


@dataclass(slots=True)
class Account:
    """What ran on the device, by component and by operation."""

    costs: dict[str, dict[str, Cost]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Cost)))
    waits: list[str] = field(default_factory=list)
    """What the host waited for, in order."""
    copies: int = 0
    """From the host to the device."""
    component: str = ""
    """Whose operations are counted now."""
    held: int = 0
    """Bytes that tensors made since `begin_peak` hold now."""
    peak: int = 0
    """The most that they held at a time."""
    attended: int = 0
    """Pairs of rows that variable-length attention has, which its arguments do not say without their values."""
    _seen: set[int] = field(default_factory=set)

    def add(self, name: str, flops: int, tensors: Iterable[Tensor]) -> None:
        """Counts a kernel."""
        cost = self.costs[self.component][name]
        cost.kernels += 1
        cost.flops += flops
        cost.moved += sum(tensor.nbytes for tensor in tensors)

    def begin_peak(self) -> None:
        """What is there now counts no more."""
        self.held = self.peak = 0
        self._seen.clear()

    def hold(self, tensors: Iterable[Tensor]) -> None:
        """Counts memory that was not there before, until the last tensor that uses it is gone."""
        for tensor in tensors:
            storage = tensor.untyped_storage()
            if storage._cdata in self._seen:
                continue
            self._seen.add(storage._cdata)
            self.held += storage.nbytes()
            self.peak = max(self.peak, self.held)
            weakref.finalize(storage, self._let_go, storage._cdata, storage.nbytes())

    def _let_go(self, place: int, size: int) -> None:
        if place in self._seen:
            self._seen.remove(place)
            self.held -= size

    def of(self, component: str | None = None) -> Cost:
        """The sum over a component, or over all."""
        parts = [
            cost
            for name, costs in self.costs.items()
            if component is None or name == component
            for cost in costs.values()
        ]
        return Cost(
            sum(part.kernels for part in parts), sum(part.flops for part in parts), sum(part.moved for part in parts)
        )


def _on_device(values: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor) and leaf.device.type == "cuda"]


class _Counting(TorchDispatchMode):
    def __init__(self, account: Account) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._account = account

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = kwargs or {}
        made = func(*args, **given)
        if func._overloadpacket.__name__ in _ONE_DTYPE:
            _check_dtypes(func, args)
        read, wrote = _on_device((args, given)), _on_device(made)
        if not wrote:
            return made
        if not _is_alias(func):
            self._account.hold(wrote)
        if not read and _from_host(func):
            self._account.copies += 1
            return made
        if _is_view(func):
            return made
        name, flops = func._overloadpacket.__name__, 0
        if name == "_varlen_attn":
            flops = 4 * read[0].shape[1] * read[0].shape[2] * self._account.attended
        elif (counted := flop_registry.get(func._overloadpacket)) is not None:
            flops = int(counted(*args, **given, out_val=made))
        self._account.add(name, flops, (*read, *wrote))
        return made


_ONE_DTYPE = frozenset({"mm", "addmm", "bmm", "baddbmm", "convolution"})
"""Operations whose kernels want one number format, which fake tensors do not look at."""


def _check_dtypes(func: Any, args: Any) -> None:
    dtypes = {leaf.dtype for leaf in tree_leaves(args) if isinstance(leaf, Tensor)}
    if len(dtypes) > 1:
        raise RuntimeError(f"{func}: tensors of more than one dtype: {sorted(map(str, dtypes))}")


def _from_host(func: Any) -> bool:
    return func._overloadpacket.__name__ in ("_to_copy", "lift_fresh", "copy_")


def _is_alias(func: Any) -> bool:
    """Whether what an operation gives is in memory that was there."""
    return any(one.alias_info is not None and not one.alias_info.is_write for one in func._schema.returns)


def _is_view(func: Any) -> bool:
    """Whether an operation only makes another view of memory, or reserves some."""
    return _is_alias(func) or func._overloadpacket.__name__ in (
        "empty",
        "empty_like",
        "new_empty",
        "detach",
        "_unsafe_view",
    )


def _indexed(tensor: Tensor, places: Any) -> Tensor:
    """`tensor[places]` by operations: torch's own way asks for CUDA's driver, which no build for processors has."""
    axis, at = 0, places if isinstance(places, tuple) else (places,)
    chosen: list[Tensor | None] = []
    if Ellipsis in [one for one in at if not isinstance(one, Tensor)]:
        before = at.index(Ellipsis)
        left = tensor.ndim - sum(one is not None and one is not Ellipsis for one in at)
        at = (*at[:before], *([slice(None)] * left), *at[before + 1 :])
    for place in at:
        if place is None:
            tensor = tensor.unsqueeze(axis)
        elif isinstance(place, int):
            tensor = tensor.select(axis, place)
            continue
        elif isinstance(place, slice):
            tensor = torch.ops.aten.slice.Tensor(tensor, axis, place.start, place.stop, place.step or 1)
        chosen.append(place if isinstance(place, Tensor) else None)
        axis += 1
    return torch.ops.aten.index.Tensor(tensor, chosen) if any(one is not None for one in chosen) else tensor


def _inverted(tensor: Tensor) -> Tensor:
    return torch.bitwise_not(tensor)


def _contiguous(tensor: Tensor, **_: Any) -> Tensor:
    return tensor if tensor.is_contiguous() else tensor.clone(memory_format=torch.contiguous_format)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was copied to the host."""

    shape: tuple[int, ...]
    dtype: str

    def numpy(self) -> NDArray[Any]:
        """Zeros of its shape."""
        return np.zeros(self.shape, self.dtype)


@contextmanager
def fake_gpu() -> Iterator[Account]:
    """Within, whatever is made on "cuda" is fake, and what is done with it is counted.

    What is copied to the host arrives there as zeros of its shape: the code goes on as if the network had said nothing.
    """
    account = Account()
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    from_numpy = torch.from_numpy

    def fetched(tensor: Tensor, *_: Any, **__: Any) -> Fetched:
        account.waits.append(account.component)
        return Fetched(tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))

    def given(values: Any) -> Tensor:
        with unset_fake_temporarily():
            real = from_numpy(values)
        return mode.from_tensor(real)

    def attend(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, **_: Any) -> Tensor:
        """One kernel, as fused attention is on a GPU."""
        masks = [] if attn_mask is None else [attn_mask]
        if {tensor.device for tensor in (key, value, *masks)} != {query.device}:
            raise RuntimeError("attention over tensors of different devices")
        if {tensor.dtype for tensor in (key, value)} != {query.dtype}:
            raise RuntimeError("attention over tensors of different dtypes")
        out = torch.empty_like(query)
        *rest, rows, dim = query.shape
        flops = 4 * math.prod(rest) * rows * key.shape[-2] * dim
        account.add("scaled_dot_product_attention", flops, (query, key, value, out, *masks))
        return out

    def normed(rows: Tensor, _shape: Any, weight: Tensor, _eps: float) -> Tensor:
        """One kernel, as aten::_fused_rms_norm has it for CUDA; builds for processors take it apart."""
        if rows.device != weight.device:
            raise RuntimeError("a norm over tensors of different devices")
        out = torch.empty_like(rows)
        account.add("rms_norm", 0, (rows, weight, out))
        return out

    with ExitStack() as entered:
        entered.enter_context(mock.patch.object(decode, "on_its_way", lambda tensor: tensor.cpu().numpy))
        entered.enter_context(mock.patch.object(functional, "rms_norm", normed))
        entered.enter_context(mock.patch.object(functional, "scaled_dot_product_attention", attend))
        stand_ins: dict[str, Any] = {"cpu": fetched, "pin_memory": lambda tensor, *_: tensor, "__getitem__": _indexed}
        stand_ins["__invert__"] = _inverted
        stand_ins["contiguous"] = _contiguous
        for name, stand_in in stand_ins.items():
            entered.enter_context(mock.patch.object(Tensor, name, stand_in))
        entered.enter_context(mock.patch.object(torch, "from_numpy", given))
        entered.enter_context(mode)
        entered.enter_context(_Counting(account))
        yield account


def faked(tensor: Tensor) -> Tensor:
    """A real tensor of the host as a fake one there. Called within `fake_gpu`."""
    (mode,) = [
        mode
        for mode in torch.utils._python_dispatch._get_current_dispatch_mode_stack()
        if isinstance(mode, FakeTensorMode)
    ]
    return mode.from_tensor(tensor)


def place(network: nn.Module) -> None:
    """Puts a network of the meta device onto the fake GPU. Called within `fake_gpu`."""
    for module in network.modules():
        for name, held in module._parameters.items():
            if held is not None:
                empty = torch.empty(held.shape, dtype=held.dtype, device=DEVICE)
                module._parameters[name] = nn.Parameter(empty, requires_grad=False)
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = torch.empty(buffer.shape, dtype=buffer.dtype, device=DEVICE)
