"""Rate after rate, and what is kept of them: load.json, requests.jsonl, and the table and plot that they say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import UsageError
from harness.load_generator.knee import knee, sustained
from harness.load_generator.measure import Conditions, measure
from harness.load_generator.offer import Exchange, Offered, Wire, offer
from harness.load_generator.schedule import Arrival, poisson
from harness.records.codec import cannot_write, encode, refuse_link, write, write_bytes
from harness.records.load import Load, Rate, Request

LOAD_FILE = "load.json"
REQUESTS_FILE = "requests.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A clip that is sent."""

    id: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be measured."""

    model: str
    data: str
    clips: Sequence[Heard]
    rates: Sequence[float]
    """Requests a second, in the order in which they are tried."""
    duration: float
    warmup: float
    seed: int
    slo: float | None
    max_outstanding: int
    max_requests: int
    timeout: float
    server: str | None = None
    """The command of a server that was started for it."""

    def arrivals(self, rate: float) -> Sequence[Arrival]:
        """The requests of a rate."""
        return poisson(rate, self.duration, len(self.clips), self.seed)

    def check(self) -> int:
        """How many requests it is.

        Raises:
            UsageError: more than `max_requests`.
        """
        expected = math.ceil(sum(self.rates) * self.duration)
        if expected > self.max_requests:
            raise UsageError(
                f"these rates for {self.duration:g} s are about {expected:,} requests, more than the "
                f"{self.max_requests:,} of --max-requests; allow them there, or give a shorter --duration"
            )
        return sum(len(self.arrivals(rate)) for rate in self.rates)


@dataclass(slots=True)
class Sweep:
    """A measurement under way. What is measured so far is always on the disk."""

    plan: Plan
    wire: Wire
    folder: Path
    say: Callable[[str], None]
    """Is told of every rate, before and after."""
    alive: Callable[[], None] = lambda: None
    """Raises where the server is known to be dead; asked after every rate."""
    rates: list[Rate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    _first_texts: dict[int, str] = field(default_factory=dict)

    def run(self) -> Load:
        """Measures every rate; after one that had to be stopped, higher ones are left out, which is noted."""
        plan = self.plan
        _begin(self.folder)
        for number, rate in enumerate(plan.rates):
            arrivals = plan.arrivals(rate)
            self.say(f"rate {rate:g}: {len(arrivals)} requests over {plan.duration:g} s")
            offered = offer(arrivals, self.wire, cap=plan.max_outstanding, patience=plan.timeout)
            self._keep(rate, offered)
            self.say(f"rate {rate:g}: {in_short(self.rates[-1])}")
            self.alive()
            left = [one for one in plan.rates[number + 1 :] if one > rate]
            if offered.stopped is not None and left:
                named = ", ".join(f"{one:g}" for one in left)
                self.notes.append(f"Not run: {named}, since {rate:g} is too much already.")
                break
        self._save()
        return self.record()

    def record(self) -> Load:
        """What is known so far."""
        plan = self.plan
        return Load(
            model=plan.model,
            data=plan.data,
            started=self.started,
            clips=len(plan.clips),
            audio_seconds=sum(clip.seconds for clip in plan.clips),
            seed=plan.seed,
            duration=plan.duration,
            warmup=plan.warmup,
            slo=plan.slo,
            max_outstanding=plan.max_outstanding,
            timeout=plan.timeout,
            server=plan.server,
            rates=tuple(self.rates),
            knee=knee(self.rates),
            sustained=sustained(self.rates),
            notes=tuple(self.notes),
        )

    def _keep(self, rate: float, offered: Offered) -> None:
        """Adds what became of a rate, on the disk too."""
        plan = self.plan
        changed = [self._changed(one) for one in offered.exchanges]
        conditions = Conditions(
            duration=plan.duration, warmup=plan.warmup, slo=plan.slo, audio=[clip.seconds for clip in plan.clips]
        )
        self.rates.append(measure(rate, offered, conditions, changed))
        lines = (
            _line(rate, plan.clips[one.arrival.clip], one, other)
            for one, other in zip(offered.exchanges, changed, strict=True)
        )
        _append(self.folder / REQUESTS_FILE, lines)
        self._save()

    def _changed(self, one: Exchange) -> bool:
        """Whether a transcript differs from the first that its clip got."""
        if one.answer is None or one.answer.error is not None:
            return False
        return self._first_texts.setdefault(one.arrival.clip, one.answer.text) != one.answer.text

    def _save(self) -> None:
        write(self.folder / LOAD_FILE, self.record())


def in_short(rate: Rate) -> str:
    """A rate in a line."""
    parts = [f"achieved {rate.achieved:.3g} of {rate.offered:.3g} a second"]
    if rate.latency is not None:
        quantiles = (("p50", rate.latency.p50), ("p95", rate.latency.p95), ("p99", rate.latency.p99))
        parts += [f"{name} {'>= ' if one.at_least else ''}{one.value:.3g} s" for name, one in quantiles]
    parts += rate.why
    parts += [f"{times} x {error}" for error, times in rate.errors.items()]
    return ", ".join(parts)


def _line(rate: float, clip: Heard, one: Exchange, changed: bool) -> Request:
    answer = one.answer
    return Request(
        rate=rate,
        clip=clip.id,
        audio_seconds=clip.seconds,
        intended=one.arrival.at,
        sent=None if answer is None else answer.sent,
        first=None if answer is None else answer.first,
        ended=None if answer is None else answer.ended,
        error=None if answer is None else answer.error,
        changed=changed,
    )


def _begin(folder: Path) -> None:
    """An empty file of requests in a folder that is there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(folder / REQUESTS_FILE, b"")
    except OSError as error:
        raise cannot_write(folder, error) from None


def _append(path: Path, lines: Iterable[Request]) -> None:
    refuse_link(path)
    try:
        with path.open("ab") as file:
            file.writelines(encode(line) + b"\n" for line in lines)
    except OSError as error:
        raise cannot_write(path, error) from None
