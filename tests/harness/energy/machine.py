"""A machine that tests make up: a tree of RAPL zones, and NVIDIA's library."""

from __future__ import annotations

from pathlib import Path


def zone(root: Path, place: str, name: str, microjoules: int, span: int = 262_143_328_850) -> Path:
    """A zone of /sys/class/powercap; its counter's file."""
    folder = root / place
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "max_energy_range_uj").write_text(f"{span}\n")
    counter = folder / "energy_uj"
    counter.write_text(f"{microjoules}\n")
    return counter


class FakeNvml:
    """What of `pynvml` is used, with one GPU a name; values are set by the test."""

    class NVMLError(Exception):
        """As the library's."""

    def __init__(self, **millijoules: int | None) -> None:
        self.millijoules = dict(millijoules)
        self.milliwatts = dict.fromkeys(millijoules, 0)
        self.divided = dict.fromkeys(millijoules, 0)
        self.asked: list[object] = []
        self.away = False

    def nvmlInit(self) -> None:  # noqa: N802
        if self.away:
            raise self.NVMLError("Driver Not Loaded")

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        self.asked.append(uuid)
        if uuid.removeprefix("GPU-") not in self.millijoules:
            raise self.NVMLError("Not Found")
        return uuid.removeprefix("GPU-")

    def nvmlDeviceGetHandleByIndex(self, index: int) -> str:  # noqa: N802
        self.asked.append(index)
        return list(self.millijoules)[index]

    def nvmlDeviceGetMigMode(self, handle: str) -> list[int]:  # noqa: N802
        return [self.divided[handle], 0]

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:  # noqa: N802
        found = self.millijoules[handle]
        if found is None:
            raise self.NVMLError("Not Supported")
        return found

    def nvmlDeviceGetPowerUsage(self, handle: str) -> int:  # noqa: N802
        return self.milliwatts[handle]
