"""Floating-point operations of a network, counted on meta tensors: shapes go through it, and nothing is computed."""

from collections.abc import Callable


def counted(run: Callable[[], object]) -> float:
    """The operations of all matrix products, convolutions and attention that a call makes, two a multiply-add.

    Element-wise work (norms, activations, softmax) is not in it, as in what peaks of devices are stated for.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        run()
    return float(counter.get_total_flops())
