"""What each device of a cluster did, for the speed of each and of all of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from harness.records.speed import ClusterSpeed, DeviceSpeed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.runner.ray_cluster import Handle
    from harness.runner.ray_worker import Written


class Devices:
    """Who is ready on each device; counted anew where others are, as all are asked for with every batch."""

    def __init__(self) -> None:
        self._ready: tuple[Handle, ...] = ()
        self._workers = Counter[str]()

    def speed(
        self, known: ClusterSpeed | None, worker: Handle, written: Written, ready: Sequence[Handle]
    ) -> ClusterSpeed:
        """The speeds with a batch more.

        A device that several workers share does what one of them does, as often as there are of them.
        """
        if self._ready != tuple(ready):
            self._ready, self._workers = tuple(ready), Counter(str(one.place) for one in ready)
        place, known = str(worker.place), known or ClusterSpeed()
        before = known.devices.get(place) or DeviceSpeed()
        workers = max(before.workers, self._workers[place])
        audio_seconds = before.audio_seconds + written.clock.audio_seconds_undisturbed
        counted = before.seconds_counted + written.clock.counted
        device = DeviceSpeed(
            workers=workers,
            batches=before.batches + written.clock.batches,
            audio_seconds=audio_seconds,
            seconds_counted=counted,
            peak_memory=written.memory,
            rtfx=workers * audio_seconds / counted if counted > 0 else None,
        )
        devices = known.devices | {place: device}
        speeds = [device.rtfx for device in devices.values() if device.rtfx is not None]
        total = sum(speeds) if speeds else None
        per_device = total / len(speeds) if total is not None else None
        return ClusterSpeed(devices=devices, rtfx=total, rtfx_per_device=per_device)
