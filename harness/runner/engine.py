"""Where a run computes: in this process, or on the devices of a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.devices import kind_of
from harness.runner.loop import Loop
from harness.runner.watchdog import Watched

if TYPE_CHECKING:
    from harness.config import Settings
    from harness.models.base import Model


def loaded(load: Callable[[], Model], settings: Settings) -> Model:
    """The model, here or on many devices.

    Raises:
        HarnessError: what `load` raises, and where there is no cluster or no room on it.
    """
    if settings.engine == "local":
        model = load()
        return model if settings.batch_timeout is None else Watched(model, settings.batch_timeout)
    from harness.runner.ray_cluster import Cluster
    from harness.runner.ray_connect import Share

    share = Share(
        address=settings.ray_address,
        workers=settings.ray_workers,
        gpus=settings.gpus_per_worker if kind_of(settings.device) == "cuda" else 0.0,
        cpus=settings.cpus_per_worker,
    )
    return Cluster(load, share, decoders=settings.workers, batch_timeout=settings.batch_timeout)


def loop_type(settings: Settings) -> type[Loop]:
    """The loop for a model that `loaded` gave."""
    if settings.engine == "local":
        return Loop
    from harness.runner.ray_engine import RayLoop

    return RayLoop
