"""What the tables say of a run that was gone on with on another machine, or with other packages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.records.run import BenchmarkRecord, RunRecord


def apart(run: RunRecord | None) -> tuple[str, ...]:
    """What a speed is not of, where a run was computed on several machines, or with several versions of packages."""
    if run is None or not run.speed_is_of_a_part:
        return ()
    places = [one.environment.hardware.describe() or "a machine not known" for one in run.stretches]
    parts = [(name, *_places(entry, places)) for name, entry in run.benchmarks.items()]
    others = [f"{name} {rtfx:.4g} on {place}" for name, *found in parts for place, rtfx in found if rtfx is not None]
    return (f"of what {run.environment.hardware.describe()} computed; RTFx elsewhere: {', '.join(others)}",)


def _places(entry: BenchmarkRecord, places: Sequence[str]) -> Iterator[tuple[str, float | None]]:
    """Where else a benchmark was computed, and its RTFx there."""
    for one in entry.speeds_elsewhere:
        yield places[one.stretch], one.speed.rtfx
    if entry.speed is not None and entry.speed.elsewhere:
        yield places[(entry.stretches or (0,))[-1]], entry.speed.rtfx


def mixed(run: RunRecord | None) -> tuple[str, ...]:
    """That a run was gone on with by other versions."""
    found = run.mixed_packages if run is not None else ()
    return (f"several versions (--mix-packages): {'; '.join(found)}",) if found else ()
