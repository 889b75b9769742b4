"""The energy of NVIDIA's GPUs by their management library, through the package nvidia-ml-py (module pynvml).

From Volta on a GPU counts its millijoules since the driver was loaded; of older ones the power is read five times a
second and added up. A GPU that is divided (MIG) says nothing of its parts.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from harness.energy.source import NotMeasurable

HOW = "install nvidia-ml-py to read it"


class Nvml:
    """The counters of some GPUs.

    Args:
        module: `pynvml`, or what stands in for it.
        devices: by what each GPU is to be called, its UUID as NVML writes it (``GPU-...``) or its number.
        clock: seconds, for those whose power is added up.

    Raises:
        NotMeasurable: the library or a GPU cannot be asked.
    """

    def __init__(
        self, module: Any, devices: Mapping[str, str | int], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._nvml, self._clock = module, clock
        self._ask(module.nvmlInit)
        self._gpus = [(name, self._handle(device)) for name, device in devices.items()]
        self._counts = [self._counts_energy(handle) for _, handle in self._gpus]
        self._begin = [self._value(at) for at in range(len(self._gpus))]
        self._last, self._joules = list(self._begin), [0.0] * len(self._gpus)
        self._read_at = clock()

    @property
    def interval(self) -> float:
        """Often where power is added up."""
        return 10.0 if all(self._counts) else 0.2

    @property
    def method(self) -> str:
        """A counter, or power added up."""
        return "NVML energy counter of the GPU" if all(self._counts) else "NVML power of the GPU, read 5 times a second"

    def read(self) -> dict[str, float]:
        """Joules of each GPU since this was made."""
        now, values = self._clock(), [self._value(at) for at in range(len(self._gpus))]
        for at, value in enumerate(values):
            if not self._counts[at]:  # milliwatts, a trapezoid between two readings
                self._joules[at] += (value + self._last[at]) / 2000 * (now - self._read_at)
            elif value < self._last[at]:
                raise NotMeasurable(f"the energy counter of {self._gpus[at][0]} went back: its driver was loaded again")
            else:
                self._joules[at] = (value - self._begin[at]) / 1000
        self._last, self._read_at = values, now
        return {name: joules for (name, _), joules in zip(self._gpus, self._joules, strict=True)}

    def _handle(self, device: str | int) -> Any:
        by = self._nvml.nvmlDeviceGetHandleByUUID if isinstance(device, str) else self._nvml.nvmlDeviceGetHandleByIndex
        handle = self._ask(by, device)
        try:
            divided = self._nvml.nvmlDeviceGetMigMode(handle)[0]
        except self._nvml.NVMLError:  # of GPUs that cannot be divided
            divided = 0
        if divided:
            raise NotMeasurable("the GPU is divided (MIG), and counts for all of its parts together only")
        return handle

    def _counts_energy(self, handle: Any) -> bool:
        try:
            self._nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
        except self._nvml.NVMLError:
            self._ask(self._nvml.nvmlDeviceGetPowerUsage, handle)
            return False
        return True

    def _value(self, at: int) -> float:
        """Millijoules, or milliwatts."""
        counts, handle = self._counts[at], self._gpus[at][1]
        ask = self._nvml.nvmlDeviceGetTotalEnergyConsumption if counts else self._nvml.nvmlDeviceGetPowerUsage
        return float(self._ask(ask, handle))

    def _ask(self, question: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return question(*arguments)
        except self._nvml.NVMLError as error:
            raise NotMeasurable(f"NVML does not tell: {error}") from None


def library() -> Any:
    """The module `pynvml`.

    Raises:
        NotMeasurable: it is not installed.
    """
    try:
        import pynvml
    except ImportError:
        raise NotMeasurable(f"the GPU's counter is not read: {HOW}") from None
    return pynvml
