"""Where a model runs: the names of devices, and which of them are here. Torch is asked only where it matters."""

import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

KINDS = ("cuda", "mps", "cpu")
"""Kinds of device, the best first: NVIDIA's and AMD's GPUs, Apple's, the processor."""

AUTO = "auto"
"""The best kind that is here and that the model runs on."""

_GPU_NODES = ("/dev/nvidiactl", "/dev/nvmap", "/dev/dxg", "/dev/kfd")
"""One of these is there where Linux has a GPU that torch calls CUDA: NVIDIA's, a Jetson's, that of Windows, AMD's."""

_NAME = re.compile(r"auto|cpu|mps|cuda(:\d+)?", re.ASCII)


def is_device(name: str) -> bool:
    """Whether `--device` takes this name: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``."""
    return _NAME.fullmatch(name) is not None


def kind_of(device: str) -> str:
    """The kind of a device: ``cuda`` of ``cuda:1``."""
    return device.partition(":")[0]


def index_of(device: str) -> int:
    """The number of a device among those of its kind; the first where it names none."""
    return int(device.partition(":")[2] or 0)


def choose(device: str, kinds: Sequence[str] = KINDS) -> str:
    """The device that a name means for a model that runs on some kinds of device.

    ``auto`` is the best of the kinds that is here. A device that the model cannot use becomes the processor; whether
    one that was named is here is for the model to say.
    """
    if device == AUTO:
        return next((kind for kind in KINDS if kind in kinds and is_here(kind)), "cpu")
    return device if kind_of(device) in kinds else "cpu"


def is_here(kind: str) -> bool:
    """Whether torch sees such a device."""
    if kind == "cpu":
        return True
    if "torch" not in sys.modules and not _may_be_here(kind):  # loading it takes seconds
        return False
    import torch

    return torch.cuda.is_available() if kind == "cuda" else torch.backends.mps.is_available()


def _may_be_here(kind: str) -> bool:
    """Whether the system has what every device of a kind needs."""
    if kind == "mps" or sys.platform == "darwin":
        return kind == "mps" and sys.platform == "darwin"
    return sys.platform != "linux" or any(Path(node).exists() for node in _GPU_NODES)


def memory_of(device: str) -> int | None:
    """Bytes of memory of a GPU that torch sees; None for the processor, and where torch was never loaded."""
    torch = sys.modules.get("torch")
    if torch is None or kind_of(device) != "cuda" or not torch.cuda.is_available():
        return None
    return int(torch.cuda.get_device_properties(index_of(device)).total_memory)


def free_memory(device: str) -> int | None:
    """Bytes that are free now: of a GPU that torch sees, or of the machine for the processor. None is not known."""
    if kind_of(device) == "cuda" and is_here("cuda"):
        import torch

        place = index_of(device)
        return int(torch.cuda.mem_get_info(place)[0]) if place < torch.cuda.device_count() else None
    if device == "cpu":
        with suppress(OSError, ValueError):
            for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) << 10
    return None


def begin_peak() -> None:
    """Begins anew with the most that was held on GPUs, where torch is loaded and keeps account."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        for place in range(torch.cuda.device_count()):
            torch.cuda.reset_peak_memory_stats(place)


def empty_cache() -> None:
    """Gives the memory back that torch keeps for later; nothing where torch was never loaded."""
    torch = sys.modules.get("torch")
    if torch is None:
        return
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def allocated() -> int:
    """Bytes that torch's tensors hold on GPUs now; 0 where torch was never loaded."""
    torch = sys.modules.get("torch")
    if torch is None:
        return 0
    held = sum(torch.cuda.memory_allocated(place) for place in range(torch.cuda.device_count()))
    return int(held + (torch.mps.current_allocated_memory() if torch.backends.mps.is_available() else 0))
