"""The full-size network on a GPU that is not there: device and number format carried through, kernels counted."""

from __future__ import annotations

import pytest
import torch

from harness.models.granite_nar import SECOND_VALUES
from perf.fake_gpu import DEVICE, fake_gpu, faked
from perf.roofline import GPUS, bound_of, counted, lengths, on_meta

CLIPS = 128


@pytest.mark.parametrize(
    ("kernels", "most"),
    [("plain", 2439), ("fused", 1223), ("triton", 1095)],
)
def test_a_batch_of_the_full_network_runs_on_cuda_and_asks_for_no_more_kernels_than_before(
    kernels: str, most: int
) -> None:
    """A mix of devices or dtypes raises. 1,700 kernels and two waits were the aim."""
    seconds = lengths(CLIPS)
    account = counted(on_meta(kernels), seconds, "varlen")
    assert account.waits == ["draft head", "editor head"]
    assert account.copies <= 18
    cost = account.of()
    assert 0.85 * SECOND_VALUES < account.peak / 2 / seconds.sum() <= SECOND_VALUES  # bfloat16
    assert cost.kernels <= most
    assert cost.flops / seconds.sum() / 1e9 == pytest.approx(103.9, rel=0.01)
    assert {name: round(account.of(name).flops / seconds.sum() / 1e9, 1) for name in account.costs} == {
        "features": 0.0,
        "encoder": 44.9,
        "draft head": 2.6,
        "projector": 3.7,
        "editor": 49.8,
        "editor head": 2.9,
    }


def test_fused_moves_fewer_bytes_and_multiplies_as_much() -> None:
    seconds = lengths(64)
    plain, fused = (counted(on_meta(kernels), seconds, "varlen") for kernels in ("plain", "fused"))
    assert fused.of().flops == plain.of().flops
    assert fused.of("editor").moved < 0.6 * plain.of("editor").moved
    assert fused.of("encoder").moved < 0.85 * plain.of("encoder").moved
    triton = counted(on_meta("triton"), seconds, "varlen")
    assert triton.of("encoder").moved < 0.85 * fused.of("encoder").moved
    assert triton.costs["encoder"]["glu_conv"].kernels == 16
    rows = sum(int(each * 16_000) // 320 for each in seconds)  # read in bfloat16 with both borders, and taps; written
    assert triton.costs["encoder"]["glu_conv"].moved == 16 * (rows * (4096 * 2 + 2048 * 2 + 8) + 16 * 2048 * 4)
    assert bound_of(fused, GPUS["h100"]) < bound_of(plain, GPUS["h100"])


def test_what_would_fail_on_a_gpu_fails_here() -> None:
    with fake_gpu() as account:
        there, here = torch.empty(3, 4, device=DEVICE), faked(torch.zeros(3, 4))
        with pytest.raises(RuntimeError, match="device"):
            there @ here.T
        with pytest.raises(RuntimeError, match="dtype"):
            there @ torch.empty(4, 3, device=DEVICE, dtype=torch.bfloat16)
        account.costs.clear()
        account.component = "x"
        product = there @ there.T
        assert (product.device, tuple(product.shape)) == (torch.device(DEVICE), (3, 3))
        assert account.of("x").kernels == 1
        assert account.of("x").flops == 2 * 3 * 4 * 3
        assert account.of("x").moved == 4 * (12 + 12 + 9)
        places = torch.tensor([2, 0], device=DEVICE)
        assert tuple(there[places].shape) == (2, 4)
        assert tuple(there[:, None, places.new_zeros(5)].shape) == (3, 1, 5)
        assert tuple(there[..., 1:3].shape) == (3, 2)
        assert tuple(there[0].shape) == (4,)
        assert there.cpu().numpy().sum() == 0.0
        assert account.waits == ["x"]


def test_memory_is_what_is_held_at_a_time() -> None:
    with fake_gpu() as account:
        account.begin_peak()
        first = torch.empty(100, device=DEVICE)
        second = first + 1
        view = second[:10]
        assert (account.held, account.peak) == (800, 800)
        del second
        assert account.held == 800  # the view has it
        del view
        assert (account.held, account.peak) == (400, 800)
        third = torch.cat([first, first])
        assert (account.held, account.peak) == (1200, 1200)
        del first, third
        assert (account.held, account.peak) == (0, 1200)
