"""Floating-point operations of a network, counted on meta tensors: shapes go through it, and nothing is computed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

METHOD = "counted on the meta device, clip by clip"


def counted(run: Callable[[], object]) -> float:
    """The operations of all matrix products, convolutions and attention that a call makes, two a multiply-add.

    Element-wise work (norms, activations, softmax) is not in it, as in what peaks of devices are stated for.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        run()
    return float(counter.get_total_flops())


def shapes_of(auto_class: Any, config: Any) -> Any:
    """A network of transformers without numbers: the same layers on the meta device.

    Args:
        auto_class: of transformers, such as `AutoModelForCTC`.
        config: of the network that is run.
    """
    import torch

    from harness.models._transformers import quiet

    with torch.device("meta"), quiet():
        # Fused attention is not counted everywhere; written out, it is the same products.
        return auto_class.from_config(copy.deepcopy(config), attn_implementation="eager").eval()


def network_flops(shapes: Any, tensors: Mapping[str, Tensor]) -> float:
    """Operations of one call of a network, of which only the shapes of what it takes matter; no mask is needed."""
    moved = {name: tensor.to("meta") for name, tensor in tensors.items() if "mask" not in name}
    return counted(lambda: shapes(**moved))
