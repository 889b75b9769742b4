"""Adds up what a run takes: counters are read at its beginning, now and then, and whenever it is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from harness.devices import index_of, kind_of
from harness.energy.nvml import Nvml, library
from harness.energy.rapl import POWERCAP, Rapl
from harness.energy.source import NotMeasurable, Source
from harness.records.cost import Energy


def sources_of(
    device: str,
    *,
    elsewhere: str | None = None,
    root: Path = POWERCAP,
    nvml: Callable[[], Any] = library,
    identify: Callable[[str], str | int] | None = None,
) -> tuple[list[Source], str | None]:
    """What can be read of the parts that a device's work uses: a GPU's counter with the processor's, or this alone.

    Args:
        device: ``cpu``, ``cuda:1``, ...
        elsewhere: why the work is not done on this machine alone; None: it is.
        root: the processor's zones.
        nvml: gives NVIDIA's library.
        identify: names the GPU of a device to it; None asks torch.

    Returns:
        The sources, and of what nothing can be read and why; without sources why nothing is.
    """
    if elsewhere is not None:
        return [], elsewhere
    kind, found = kind_of(device), list[Source]()
    try:
        if kind == "mps":
            raise NotMeasurable("Apple's GPU has no counter that a program may read")
        if kind == "cuda":
            found.append(Nvml(nvml(), {f"GPU {index_of(device)}": (identify or _gpu)(device)}))
    except NotMeasurable as why:
        return [], str(why)
    try:
        found.append(Rapl(root))
    except NotMeasurable as why:
        return found, f"without the processor: {why}" if found else str(why)
    return found, None


def _gpu(device: str) -> str | int:
    """NVML's name of a GPU: CUDA may number them otherwise, or see some of them only."""
    import torch

    if torch.version.hip is not None:
        raise NotMeasurable("AMD's GPUs are not read")
    uuid = getattr(torch.cuda.get_device_properties(index_of(device)), "uuid", None)
    return index_of(device) if uuid is None else f"GPU-{uuid}"


class Meter:
    """What the sources count from when this is entered.

    Args:
        sources: what is read; none where nothing can be.
        remark: of what nothing is read, and why.
        before: what earlier processes of the same run measured; it is added to.
        clock: seconds.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        remark: str | None = None,
        before: Energy | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._sources, self._remark, self._before = sources, remark, before or Energy()
        self._clock, self._lock, self._over = clock, threading.Lock(), threading.Event()
        self._broken: str | None = None
        self._parts: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._begin = self._clock()
        self._offsets = self._look()
        if self._sources:
            threading.Thread(target=self._follow, name="energy", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()

    def _follow(self) -> None:
        """In a thread of its own: reads often enough that no counter begins again twice between two readings."""
        interval = min(source.interval for source in self._sources)
        while not self._over.wait(interval) and self._broken is None:
            self._look()

    def _look(self) -> dict[str, float]:
        """The newest readings; what cannot be read any more ends the measurement."""
        with self._lock:
            try:
                if self._broken is None:
                    self._parts = {name: joules for one in self._sources for name, joules in one.read().items()}
            except NotMeasurable as why:
                self._broken = str(why)
            return dict(self._parts)

    def record(self, audio_seconds: float) -> Energy:
        """For run.json: what was measured until now, with what was before.

        Args:
            audio_seconds: that the model was given since this was entered.
        """
        found = self._look()
        parts = {name: joules - self._offsets.get(name, 0.0) for name, joules in found.items()}
        still = [name for name, joules in parts.items() if joules <= 0]
        parts = {name: joules for name, joules in parts.items() if name not in still}
        why = self._broken or (None if self._sources else self._remark)
        if why is None and any(not name.endswith(" dram") for name in still):
            why = f"the counter of {still[0]} stands still"
        before = self._before
        if why is not None:
            return Energy(
                joules=before.joules,
                parts=before.parts,
                seconds=before.seconds,
                audio_seconds=before.audio_seconds,
                method=before.method,
                not_measured=why,
            )
        methods = [*(source.method for source in self._sources), *([self._remark] if self._remark else [])]
        return Energy(
            joules=(before.joules or 0.0) + sum(parts.values()),
            parts={name: before.parts.get(name, 0.0) + parts.get(name, 0.0) for name in {**before.parts, **parts}},
            seconds=(before.seconds or 0.0) + self._clock() - self._begin,
            audio_seconds=(before.audio_seconds or 0.0) + audio_seconds,
            method="; ".join(methods),
        )
