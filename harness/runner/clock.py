"""Where the time of a run goes: named phases, what the device waited for, and an untracked rest.

Stages of different batches overlap, so the phases may sum to more than the wall clock. What sums to it is the device's
own account: the phase `model`, the seconds that it waited for the host, warm-up, and the untracked rest.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PHASES = ("decode", "features", "transfer", "model", "text")
"""`decode` is the time that a batch waited for decoded audio; decoding itself goes on beside it, ahead."""

COUNTED = ("features", "transfer", "model", "text")
"""The phases that `rtfx` counts."""


@dataclass(slots=True)
class Lap:
    """The phases of one batch, in seconds."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))

    @property
    def counted(self) -> float:
        """Seconds that `rtfx` counts."""
        return sum(self.seconds[name] for name in COUNTED)

    @contextmanager
    def phase(self, name: str, synchronize: Callable[[], None] | None = None) -> Iterator[None]:
        """Times a phase, up to the end of the device work that it started."""
        begin = time.perf_counter()
        try:
            yield
            if synchronize is not None:
                synchronize()
        finally:
            self.seconds[name] += time.perf_counter() - begin


@dataclass(slots=True)
class Clock:
    """The time of one benchmark of a run, over all the processes that it took.

    Attributes:
        phases: seconds by phase, all batches, each measured in the thread that it runs in.
        waited: seconds that the network's thread waited for features, or for texts and the journal.
        wall: seconds from the first utterance read to the last line journalled, summed over processes.
        heard: seconds of audio that the model was given, all batches.
        clean_heard: the same over clean batches: those that nothing disturbed.
        clean_counted: counted seconds of the clean batches.
        batches: number of batches.
        excluded: number of batches left out of `rtfx`.
        warmup: seconds of warm-up, excluded from everything above.
        cluster: where many devices share the work, what each did; see `harness.runner.ray_engine`.
    """

    phases: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))
    waited: float = 0.0
    wall: float = 0.0
    heard: float = 0.0
    clean_heard: float = 0.0
    clean_counted: float = 0.0
    batches: int = 0
    excluded: int = 0
    warmup: float = 0.0
    cluster: dict[str, Any] = field(default_factory=dict)

    def add(self, lap: Lap, heard: float, *, clean: bool) -> None:
        """Adds a batch that processed so many seconds of audio."""
        for name, seconds in lap.seconds.items():
            self.phases[name] += seconds
        self.heard += heard
        self.batches += 1
        if clean:
            self.clean_heard += heard
            self.clean_counted += lap.counted
        else:
            self.excluded += 1

    def merge(self, other: Clock) -> None:
        """Adds what another clock counted beside this one. Wall-clock time is this one's own."""
        for name, seconds in other.phases.items():
            self.phases[name] += seconds
        self.waited += other.waited
        self.heard += other.heard
        self.clean_heard += other.clean_heard
        self.clean_counted += other.clean_counted
        self.batches += other.batches
        self.excluded += other.excluded
        self.warmup += other.warmup

    @property
    def rtfx(self) -> float | None:
        """Seconds heard over seconds counted, clean batches only; None where there are none."""
        return self.clean_heard / self.clean_counted if self.clean_counted > 0 and self.clean_heard > 0 else None

    @property
    def rtfx_end_to_end(self) -> float | None:
        """Seconds heard over wall-clock seconds; None where nothing was heard."""
        return self.heard / self.wall if self.wall > 0 and self.heard > 0 else None

    def as_dict(self) -> dict[str, Any]:
        """For the `speed` keys of run.json and scores.json."""
        untracked = max(0.0, self.wall - self.phases["model"] - self.waited - self.warmup)
        return {
            "rtfx": self.rtfx,
            "rtfx_end_to_end": self.rtfx_end_to_end,
            "seconds_heard": self.heard,
            "seconds_heard_clean": self.clean_heard,
            "seconds_counted": self.clean_counted,
            "seconds_wall": self.wall,
            "seconds_warmup": self.warmup,
            "seconds_waited": self.waited,
            "phases": {**self.phases, "untracked": untracked},
            "batches": self.batches,
            "excluded_batches": self.excluded,
            **({"cluster": self.cluster} if self.cluster else {}),
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Clock:
        """The clock of an earlier process of the same run, to go on from."""
        phases = dict.fromkeys(PHASES, 0.0)
        for name in PHASES:
            phases[name] = float(stored.get("phases", {}).get(name, 0.0))
        return cls(
            phases=phases,
            waited=float(stored.get("seconds_waited", 0.0)),
            wall=float(stored.get("seconds_wall", 0.0)),
            heard=float(stored.get("seconds_heard", 0.0)),
            clean_heard=float(stored.get("seconds_heard_clean", 0.0)),
            clean_counted=float(stored.get("seconds_counted", 0.0)),
            batches=int(stored.get("batches", 0)),
            excluded=int(stored.get("excluded_batches", 0)),
            warmup=float(stored.get("seconds_warmup", 0.0)),
            cluster=dict(stored.get("cluster", {})),
        )
