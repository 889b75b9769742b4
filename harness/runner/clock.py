"""Where the time of a run goes: named phases, what the device waited for, and an untracked rest.

Stages of different batches overlap, so the phases may sum to more than the wall clock. What sums to it is the device's
own account: the phase `model`, the seconds that it waited for the host, warm-up, and the untracked rest.

What `rtfx` counts of a batch: on a processor, which all phases share, its features, transfer, model and text; on an
accelerator its model, and of the other three only what the accelerator waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from harness.records.journal import seconds_of
from harness.records.speed import ClusterSpeed, Speed, Waits

if TYPE_CHECKING:
    from harness.records.journal import Line

PHASES = ("decode", "features", "transfer", "model", "text")
"""`decode` is the time that a batch waited for decoded audio; decoding itself goes on beside it, ahead."""

COUNTED = ("features", "transfer", "model", "text")
"""The phases that `rtfx` counts."""

Span = tuple[str, float, float]
"""A phase as it ran: its name, its beginning and its end."""


def overlap(spans: Iterable[Span], begin: float, end: float) -> dict[str, float]:
    """Seconds of each phase that lie in an interval."""
    found: dict[str, float] = {}
    for name, first, last in spans:
        if (both := min(last, end) - max(first, begin)) > 0:
            found[name] = found.get(name, 0.0) + both
    return found


@dataclass(slots=True)
class Lap:
    """The phases of one batch, in seconds.

    Args:
        waits_only: whether of all phases but the model's only that is counted which the network's thread waited for.
    """

    waits_only: bool = False
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))
    waited: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))
    """Of these, those for which the network's thread waited."""
    spans: list[Span] = field(default_factory=list)
    awaited: float | None = None
    """Since when the network's thread waits for the text."""
    busy: float = 0.0
    """Threads that decoded, on average, while the batch waited for decoded audio."""

    @property
    def counted(self) -> float:
        """Seconds that `rtfx` counts."""
        parts = self.seconds if not self.waits_only else self.waited | {"model": self.seconds["model"]}
        return sum(parts[name] for name in COUNTED)

    def wait(self, begin: float, end: float, *names: str) -> None:
        """Notes an interval in which the network's thread waited for phases of these names."""
        for name, seconds in overlap((span for span in self.spans if span[0] in names), begin, end).items():
            self.waited[name] += seconds

    def written(self) -> None:
        """Called in the thread that writes, when the text is there and before it is journalled."""
        if self.awaited is not None:
            self.wait(self.awaited, time.perf_counter(), "text")

    @contextmanager
    def phase(self, name: str, synchronize: Callable[[], None] | None = None) -> Iterator[None]:
        """Times a phase, up to the end of the device work that it started."""
        begin = time.perf_counter()
        try:
            yield
            if synchronize is not None:
                synchronize()
        finally:
            end = time.perf_counter()
            self.seconds[name] += end - begin
            self.spans.append((name, begin, end))


@dataclass(slots=True)
class Clock:
    """The time of one benchmark of a run, over all the processes that it took."""

    phases: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))
    """Seconds by phase, all batches, each measured in the thread that it runs in."""
    waited: float = 0.0
    """Seconds that the network's thread waited for features, or for texts and the journal."""
    waits: Waits = field(default_factory=Waits)
    """What for."""
    wall: float = 0.0
    """Seconds from the first utterance read to the last line journalled, summed over processes."""
    audio_seconds: float = 0.0
    """Seconds of audio that the model was given, all batches."""
    audio_seconds_undisturbed: float = 0.0
    """The same over the batches that nothing disturbed."""
    counted: float = 0.0
    """Counted seconds of the batches that nothing disturbed."""
    batches: int = 0
    excluded: int = 0
    """Batches left out of `rtfx`."""
    warmup: float = 0.0
    """Seconds of warm-up, excluded from everything above."""
    cluster: ClusterSpeed | None = None
    """Where many devices share the work, what each did; see `harness.runner.ray_engine`."""

    def add(self, lap: Lap, audio_seconds: float, *, undisturbed: bool) -> None:
        """Adds a batch of so many seconds of audio."""
        for name, seconds in lap.seconds.items():
            self.phases[name] += seconds
        self.audio_seconds += audio_seconds
        self.batches += 1
        if undisturbed:
            self.audio_seconds_undisturbed += audio_seconds
            self.counted += lap.counted
        else:
            self.excluded += 1

    def wait(self, seconds: float, found: dict[str, float], rest: str, *, busy: float, threads: int) -> None:
        """Adds a wait of the network's thread.

        Args:
            seconds: all of it.
            found: those that lay in phases of the batch that was waited for, fields of `Waits`.
            rest: what it waited for in the others, a field of `Waits`.
            busy: threads that decoded in that time, on average.
            threads: that decode.
        """
        self.waited += seconds
        parts: dict[str, Any] = found | {rest: max(0.0, seconds - sum(found.values()))}
        self.waits = self.waits.plus(Waits(**parts, busy_seconds=busy * found.get("decode", 0.0), threads=threads))

    def merge(self, other: Clock) -> None:
        """Adds what another clock counted beside this one. Wall-clock time is this one's own."""
        for name, seconds in other.phases.items():
            self.phases[name] += seconds
        self.waited += other.waited
        self.waits = self.waits.plus(other.waits)
        self.audio_seconds += other.audio_seconds
        self.audio_seconds_undisturbed += other.audio_seconds_undisturbed
        self.counted += other.counted
        self.batches += other.batches
        self.excluded += other.excluded
        self.warmup += other.warmup

    @property
    def rtfx(self) -> float | None:
        """Audio over counted seconds, undisturbed batches only; None where there are none."""
        audio = self.audio_seconds_undisturbed
        return audio / self.counted if self.counted > 0 and audio > 0 else None

    @property
    def rtfx_end_to_end(self) -> float | None:
        """Audio over wall-clock seconds; None where there was none."""
        return self.audio_seconds / self.wall if self.wall > 0 and self.audio_seconds > 0 else None

    def speed(self) -> Speed:
        """For run.json."""
        untracked = max(0.0, self.wall - self.phases["model"] - self.waited - self.warmup)
        return Speed(
            rtfx=self.rtfx,
            rtfx_end_to_end=self.rtfx_end_to_end,
            audio_seconds=self.audio_seconds,
            audio_seconds_undisturbed=self.audio_seconds_undisturbed,
            seconds_counted=self.counted,
            seconds_wall=self.wall,
            seconds_warmup=self.warmup,
            seconds_waited=self.waited,
            waits=replace(self.waits, cause=self.waits.largest) if self.waited else None,
            phases={**self.phases, "untracked": untracked},
            batches=self.batches,
            excluded_batches=self.excluded,
            cluster=self.cluster,
        )

    @classmethod
    def resumed(cls, speed: Speed, lines: Sequence[Line], stretches: Collection[int] | None = None) -> Clock:
        """The clock of an earlier process of the same run, to go on from.

        What `rtfx` needs is taken from the journal, which is never older than run.json: of all its lines, or of those
        of some stretches.
        """
        audio, counted = seconds_of(lines, stretches)
        return cls(
            phases={name: speed.phases.get(name, 0.0) for name in PHASES},
            waited=speed.seconds_waited or 0.0,
            waits=(speed.waits or Waits()).plus(Waits()),
            wall=speed.seconds_wall or 0.0,
            audio_seconds=speed.audio_seconds or 0.0,
            audio_seconds_undisturbed=audio,
            counted=counted,
            batches=speed.batches or 0,
            excluded=speed.excluded_batches or 0,
            warmup=speed.seconds_warmup or 0.0,
            cluster=speed.cluster,
        )
