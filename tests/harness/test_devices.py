"""Devices: what their names mean here, with machines that torch is made to see."""

import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch

from harness import devices, environment
from harness.config import Settings
from harness.errors import UsageError
from harness.models._transformers import TorchModel, to_device, torch_device
from harness.models.base import LoadOptions
from harness.models.granite_nar.attention import choose_backend
from harness.runner.folder import fingerprint
from tests.harness.runner.stub_run import Slow


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was asked of the devices that the machine is made to have."""
    return []


def make(monkeypatch: pytest.MonkeyPatch, asked: list[object], kind: str) -> None:
    """A machine with two CUDA GPUs, with Apple's GPU, or with neither."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: kind == "cuda")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: kind == "mps")
    facts = type("Facts", (), {"total_memory": 80 * 2**30})
    held = {0: 2**30, 1: 3 * 2**30}
    for name, answer in {
        "device_count": lambda: 2,
        "current_device": lambda: 1,
        "set_device": lambda device: asked.append(("current", str(device))),
        "empty_cache": lambda: asked.append("cuda emptied"),
        "get_device_name": lambda place: f"GPU {place}",
        "get_device_properties": lambda _place: facts,
        "max_memory_allocated": held.__getitem__,
        "reset_peak_memory_stats": lambda place: asked.append(f"peak of {place} begun"),
        "mem_get_info": lambda place: ((place + 1) * 10 * 2**30, 80 * 2**30),
    }.items():
        monkeypatch.setattr(torch.cuda, name, answer)
    for name, answer in {
        "empty_cache": lambda: asked.append("mps emptied"),
        "synchronize": lambda: asked.append("mps awaited"),
        "driver_allocated_memory": lambda: 5 * 2**30,
        "recommended_max_memory": lambda: 12 * 2**30,
    }.items():
        monkeypatch.setattr(torch.mps, name, answer)


@pytest.mark.parametrize(
    ("machine", "asked_for", "runs_on", "found"),
    [
        ("cuda", "auto", ("cuda", "mps", "cpu"), "cuda"),
        ("mps", "auto", ("cuda", "mps", "cpu"), "mps"),
        ("none", "auto", ("cuda", "mps", "cpu"), "cpu"),
        ("mps", "auto", ("cuda", "cpu"), "cpu"),
        ("cuda", "auto", ("cpu",), "cpu"),
        ("cuda", "cuda:1", ("cuda", "cpu"), "cuda:1"),
        ("cuda", "cuda:1", ("cpu",), "cpu"),
        ("none", "cuda", ("cuda", "mps", "cpu"), "cuda"),  # the model says that it is not there
        ("mps", "cpu", ("cuda", "mps", "cpu"), "cpu"),
        ("none", "mps", ("mps",), "mps"),
    ],
)
def test_what_a_name_means(
    monkeypatch: pytest.MonkeyPatch,
    asked: list[object],
    machine: str,
    asked_for: str,
    runs_on: tuple[str, ...],
    found: str,
) -> None:
    make(monkeypatch, asked, machine)
    assert devices.choose(asked_for, runs_on) == found


def test_names_of_devices() -> None:
    good = ["auto", "cpu", "cuda", "cuda:0", "cuda:12", "mps"]
    assert [name for name in [*good, "tpu", "cuda:", "cuda:x", "mps:0", "CPU", ""] if devices.is_device(name)] == good
    assert [(devices.kind_of(name), devices.index_of(name)) for name in ("cuda:12", "mps")] == [
        ("cuda", 12),
        ("mps", 0),
    ]


def test_a_model_for_the_processor_alone_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "is_here", lambda kind: kind == "cpu" or pytest.fail("torch is loaded for nothing"))
    assert devices.choose("auto", ("cpu",)) == "cpu"


@pytest.mark.parametrize(
    ("machine", "device", "said"),
    [
        ("none", "cuda", "--device cuda: no GPU is visible to torch here; say --device cpu"),
        ("none", "mps", "--device mps: no GPU is visible"),
        ("cuda", "mps", "--device mps: no GPU is visible"),
        ("cuda", "cuda:2", "--device cuda:2: torch sees 2 here, from cuda:0 to cuda:1"),
    ],
)
def test_a_device_that_is_not_there_is_one_line(
    monkeypatch: pytest.MonkeyPatch, asked: list[object], machine: str, device: str, said: str
) -> None:
    make(monkeypatch, asked, machine)
    with pytest.raises(UsageError) as failure:
        torch_device(LoadOptions(device=device))
    assert said in str(failure.value)
    assert asked == []


def test_the_gpu_that_was_named_is_the_current_one(monkeypatch: pytest.MonkeyPatch, asked: list[object]) -> None:
    make(monkeypatch, asked, "cuda")
    assert torch_device(LoadOptions(device="cuda:1")) == torch.device("cuda:1")
    assert torch_device(LoadOptions(device="cuda")) == torch.device("cuda")
    assert asked == [("current", "cuda:1")]


@pytest.mark.parametrize(
    ("platform", "nodes", "cuda", "mps"),
    [
        ("linux", (), False, False),
        ("linux", ("present",), True, False),
        ("darwin", ("present",), False, True),
        ("win32", (), True, False),
    ],
)
def test_torch_is_loaded_only_where_it_may_see_something(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, nodes: tuple[str, ...], *, cuda: bool, mps: bool
) -> None:
    (tmp_path / "present").touch()
    monkeypatch.setattr(devices, "_GPU_NODES", ("/no/such/node", *(str(tmp_path / node) for node in nodes)))
    monkeypatch.setattr(sys, "platform", platform)
    assert (devices._may_be_here("cuda"), devices._may_be_here("mps")) == (cuda, mps)
    fake = types.ModuleType("torch")
    fake.cuda, fake.backends = (  # type: ignore[attr-defined]
        types.SimpleNamespace(is_available=lambda: True),
        types.SimpleNamespace(mps=types.SimpleNamespace(is_available=lambda: True)),
    )
    monkeypatch.delitem(sys.modules, "torch")
    assert devices._may_be_here("cuda") or not devices.is_here("cuda")
    assert "torch" not in sys.modules
    monkeypatch.setitem(sys.modules, "torch", fake)
    assert devices.is_here("cuda")  # who has loaded it is asked


def test_memory_and_machine_by_device(monkeypatch: pytest.MonkeyPatch, asked: list[object]) -> None:
    make(monkeypatch, asked, "cuda")
    facts = environment.hardware()
    assert (facts.accelerator, facts.accelerators, facts.accelerator_memory_gib) == ("GPU 1", 2, 80.0)
    assert environment.peak_memory().device_gib == 3.0
    environment.begin_peak()
    assert asked == ["peak of 0 begun", "peak of 1 begun"]
    asked.clear()
    free = [devices.free_memory(device) for device in ("cuda", "cuda:1", "cuda:2", "mps")]
    assert free == [10 * 2**30, 20 * 2**30, None, None]
    devices.empty_cache()
    make(monkeypatch, asked, "mps")
    facts = environment.hardware()
    assert (facts.accelerator, facts.accelerators, facts.accelerator_memory_gib) == ("Apple GPU (mps)", 1, 12.0)
    assert environment.peak_memory().device_gib == 5.0
    devices.empty_cache()
    make(monkeypatch, asked, "none")
    assert (environment.hardware().accelerator, environment.peak_memory().device_gib) == (None, None)
    devices.empty_cache()
    assert asked == ["cuda emptied", "mps emptied"]


def test_apples_gpu_is_waited_for_and_copied_to_in_order(monkeypatch: pytest.MonkeyPatch, asked: list[object]) -> None:
    make(monkeypatch, asked, "mps")

    class OnMps(TorchModel, Slow):
        device = torch.device("mps")

    OnMps(0.0).synchronize()
    assert asked == ["mps awaited"]

    class Traced(torch.Tensor):
        def to(self, *args: Any, **more: Any) -> Any:
            asked.append((args, more))
            return self

        def pin_memory(self, *_: Any) -> Any:
            pytest.fail("memory is pinned for CUDA alone")

    network = type("Network", (), {"dtype": torch.float32, "device": torch.device("mps")})
    to_device({"x": torch.zeros(2).as_subclass(Traced)}, network)
    assert asked[-1] == ((torch.device("mps"),), {"non_blocking": False})


def test_packed_attention_without_cuda_is_torchs_own() -> None:
    assert choose_backend("auto", torch.device("mps"), torch.bfloat16) == "sdpa"
    with pytest.raises(UsageError, match="--attention flash cannot run here: it needs --device cuda"):
        choose_backend("flash", torch.device("mps"), torch.bfloat16)


def test_auto_is_the_same_run_as_what_it_means(monkeypatch: pytest.MonkeyPatch, asked: list[object]) -> None:
    def printed(device: str) -> object:
        settings = Settings(device=device).on()
        return fingerprint(settings, suite="s", model="m", batch_invariant=False)

    make(monkeypatch, asked, "none")
    assert printed("auto") == printed("cpu") != printed("mps")
    make(monkeypatch, asked, "cuda")
    assert printed("auto") == printed("cuda") == printed("cuda:1") != printed("cpu")


def test_the_peak_of_the_host_begins_anew() -> None:
    """300 MB that were held before are not in it."""
    if sys.platform != "linux":
        pytest.skip("only Linux lets a process begin anew")
    environment.begin_peak()
    begun = environment.peak_memory().host_gib
    held = bytearray(b"x" * (300 << 20))
    high = environment.peak_memory().host_gib
    del held
    environment.begin_peak()
    again = environment.peak_memory().host_gib
    assert begun is not None
    assert high is not None
    assert again is not None
    assert high - begun > 0.28
    assert high - again > 0.28
    free = devices.free_memory("cpu")
    assert free is not None
    assert free > 1 << 20
