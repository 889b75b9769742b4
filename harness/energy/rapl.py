"""The energy counters of Intel's and AMD's processors (RAPL), as Linux shows them below /sys/class/powercap.

A zone is a folder with ``name``, ``energy_uj`` (microjoules) and ``max_energy_range_uj``, at which the counter begins
again (Linux, Documentation/power/powercap). Taken are the packages and their memory (``dram``), which is not in the
package's figure; ``core`` and ``uncore`` are in it, ``psys`` holds the packages and more, and ``intel-rapl-mmio`` shows
the same packages a second time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.energy.source import NotMeasurable

POWERCAP = Path("/sys/class/powercap")
SECOND_VIEW = "intel-rapl-mmio"
"""The interface that repeats what ``intel-rapl`` has."""


@dataclass(frozen=True, slots=True)
class Zone:
    """One counter."""

    name: str
    """``package-0``, or ``package-0 dram``."""
    file: Path
    """Microjoules."""
    range: int
    """Microjoules at which it begins again at 0."""


def zones(root: Path = POWERCAP) -> list[Zone]:
    """The packages and their memory.

    Raises:
        NotMeasurable: there are none, or one states no range.
    """
    named = {folder.name: _text(folder / "name") for folder in sorted(root.glob("*:*"))}
    packages = {place: name for place, name in named.items() if name.startswith("package-")}
    if any(not place.startswith(SECOND_VIEW) for place in packages):
        packages = {place: name for place, name in packages.items() if not place.startswith(SECOND_VIEW)}
    if not packages:
        raise NotMeasurable(f"no counters of the processor below {root}")
    memory = {
        place: f"{packages[place.rpartition(':')[0]]} dram"
        for place, name in named.items()
        if name == "dram" and place.rpartition(":")[0] in packages
    }
    return [
        Zone(name, root / place / "energy_uj", _number(root / place / "max_energy_range_uj"))
        for place, name in (packages | memory).items()
    ]


def increase(before: int, now: int, span: int) -> int:
    """What a counter counted between two readings, that begins again at `span` and did so once at most."""
    return now - before if now >= before else now - before + span


class Rapl:
    """The counters of all packages, followed across the places where they begin again.

    Args:
        root: the folder of zones.

    Raises:
        NotMeasurable: there are none, or they cannot be read.
    """

    interval = 10.0
    """The smallest ranges hold 65 kJ, which 1,000 W fill in a minute."""

    def __init__(self, root: Path = POWERCAP) -> None:
        self._zones = zones(root)
        self._last = [_number(zone.file) for zone in self._zones]
        self._counted = [0] * len(self._zones)

    @property
    def method(self) -> str:
        """Of the packages, and what of them is counted."""
        memory = " and memory" if any(zone.name.endswith(" dram") for zone in self._zones) else ", without memory"
        return f"RAPL counters of the processor's packages{memory}"

    def read(self) -> dict[str, float]:
        """Joules of each zone since this was made."""
        now = [_number(zone.file) for zone in self._zones]
        self._counted = [
            counted + increase(before, after, zone.range)
            for counted, before, after, zone in zip(self._counted, self._last, now, self._zones, strict=True)
        ]
        self._last = now
        return dict(self._named())

    def _named(self) -> Iterator[tuple[str, float]]:
        for zone, counted in zip(self._zones, self._counted, strict=True):
            yield zone.name, counted / 1e6


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except PermissionError:
        raise NotMeasurable(f"{file} may only be read by root; an administrator can allow it (chmod a+r)") from None
    except (OSError, UnicodeDecodeError):
        return ""


def _number(file: Path) -> int:
    text = _text(file)
    if not (text.isascii() and text.isdigit()):
        raise NotMeasurable(f"{file} holds no number" if text else f"{file} cannot be read")
    return int(text)
