"""Pinned memory that is used again: never before the device has read it. Stand-ins take the place of CUDA's events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from harness.models._staging import Staging
from harness.models._transformers import TorchModel
from harness.models.granite_nar.config import GraniteNarConfig
from harness.models.granite_nar.features import log_mel, pack_audio
from tests.harness.runner.test_loop import Echo

CONFIG = GraniteNarConfig().features


class Device:
    """Reads what it is sent late: when an event after it is waited for, and no sooner."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.device = torch.device("cpu")
        self.under_way: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.log: list[str] = []
        empty, to, outer = torch.empty, torch.Tensor.to, self

        class Event:
            def record(self, stream: object) -> None:
                outer.log.append(f"recorded on {stream}")

            def synchronize(self) -> None:
                outer.log.append("waited")
                outer.read()

        def sent(tensor: torch.Tensor, *arguments: Any, **named: Any) -> torch.Tensor:
            if not named.pop("non_blocking", False):
                return to(tensor, *arguments, **named)
            there = torch.full_like(tensor, -99.0)
            self.under_way.append((tensor, there))
            return there

        def pinned(*arguments: Any, pin_memory: bool = False, **named: Any) -> torch.Tensor:
            if pin_memory:
                self.log.append(f"{arguments[0]} samples pinned")
            return empty(*arguments, **named)

        monkeypatch.setattr(torch.cuda, "Event", Event)
        monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"the stream of {device}")
        monkeypatch.setattr(torch, "empty", pinned)
        monkeypatch.setattr(torch.Tensor, "to", sent)

    def read(self) -> None:
        """What is under way arrives, as the memory is now."""
        for here, there in self.under_way:
            there.copy_(here)
        self.under_way.clear()


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    return Device(monkeypatch)


def test_one_buffer_serves_batch_after_batch_and_is_written_only_when_it_was_read(device: Device) -> None:
    staging, arrived, places = Staging(device.device), [], set()
    for value in (1.0, 2.0, 3.0):
        buffer = staging.take(800)
        buffer.memory[:800] = value
        places.add(buffer.memory.data_ptr())
        arrived.append(buffer.send(buffer.memory[:800]))
    assert arrived[-1].unique().tolist() == [-99.0], "nobody waited for the last copy"
    device.read()
    assert [one.unique().tolist() for one in arrived] == [[1.0], [2.0], [3.0]]
    assert len(places) == 1
    recorded = "recorded on the stream of cpu"
    assert device.log == ["900 samples pinned", recorded, "waited", recorded, "waited", recorded]


def test_a_batch_that_is_packed_before_the_last_was_sent_has_a_buffer_of_its_own(device: Device) -> None:
    staging = Staging(device.device)
    first, second = staging.take(8), staging.take(8)
    first.memory.fill_(1.0)
    second.memory.fill_(2.0)
    there = [first.send(first.memory), second.send(second.memory)]
    device.read()
    assert [one.unique().tolist() for one in there] == [[1.0], [2.0]]
    assert [staging.take(8), staging.take(8)] == [first, second]
    assert staging.take(8) not in {first, second}


def test_a_larger_batch_takes_more_and_the_smaller_buffer_is_let_go(device: Device) -> None:
    staging = Staging(device.device)
    small = staging.take(8)
    small.send(small.memory)
    large = staging.take(80)
    assert (len(small.memory), len(large.memory)) == (9, 90)
    large.send(large.memory)
    assert staging.take(8) is large
    assert not staging.free


def test_only_a_gpu_is_sent_from_pinned_memory() -> None:
    assert [Staging.of(torch.device(kind)) is None for kind in ("cpu", "mps", "meta", "cuda", "cuda:1")] == [
        *[True] * 3,
        *[False] * 2,
    ]


def test_features_by_a_used_buffer_are_those_of_fresh_memory(device: Device) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 30_000).astype(np.float32)
    batches = [[noise[:9_000], noise[9_000:12_345]], [noise[:100], noise[20_000:], noise[:1_601]], []]
    staging = Staging(device.device)
    staging.take(40_000).send(torch.zeros(1))
    for waveforms in batches:
        staging.free[0].memory.fill_(7.0)
        fresh, used = pack_audio(waveforms, CONFIG), pack_audio(waveforms, CONFIG, staging=staging)
        assert used.buffer is not None
        assert used.samples.data_ptr() == used.buffer.memory.data_ptr()
        assert used.samples.tolist() == fresh.samples.tolist()
        there = used.buffer.send(used.samples)
        device.read()
        assert there.tolist() == fresh.samples.tolist()
    assert device.log.count("45000 samples pinned") == 1
    assert sum("pinned" in line for line in device.log) == 1


def test_features_are_made_of_what_was_sent(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    waveform = np.random.default_rng(1).normal(0, 0.1, 8_000).astype(np.float32)
    expected, _ = log_mel(pack_audio([waveform], CONFIG), CONFIG)
    staging = Staging(device.device)
    packed = pack_audio([waveform], CONFIG, staging=staging)
    stft = torch.stft

    def after_the_copy(*arguments: Any, **named: Any) -> Any:
        device.read()  # as on a stream, where what follows a copy comes after it
        return stft(*arguments, **named)

    monkeypatch.setattr(torch, "stft", after_the_copy)
    rows, _ = log_mel(packed, CONFIG)
    assert torch.equal(rows, expected)
    assert list(staging.free) == [packed.buffer]


def test_threads_beside_the_network_have_streams_that_go_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []
    monkeypatch.setattr(torch.cuda, "Stream", lambda device, priority=0: ("stream", device, priority))
    monkeypatch.setattr(torch.cuda, "set_stream", taken.append)

    class OnGpu(TorchModel, Echo):
        def __init__(self, device: str) -> None:
            super().__init__()
            self.device = torch.device(device)

    OnGpu("cuda").beside()
    OnGpu("cpu").beside()
    assert taken == [("stream", torch.device("cuda"), -1)]
