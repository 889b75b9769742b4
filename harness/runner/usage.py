"""What the transcripts of a benchmark took, from the journal: tokens, acceptance, the latencies of a server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from harness.records.run import AudioWarnings
from harness.records.speed import ServedSpeed, Speed

if TYPE_CHECKING:
    from harness.records.journal import Line


@dataclass(slots=True)
class Totals:
    """Adds up the usage of journal lines, each of which is added once."""

    tokens: int | None = None
    tokens_undisturbed: int = 0
    limited: int = 0
    malformed: int = 0
    drafted: int = 0
    accepted: int = 0
    requests: int = 0
    retries: int = 0
    cost: float | None = None
    made_by: set[str] = field(default_factory=set)
    errors: int = 0
    latencies: list[float] = field(default_factory=list)
    first_tokens: list[float] = field(default_factory=list)
    audio: dict[str, AudioWarnings] = field(default_factory=dict)
    """What is odd about audio that was decoded, by kind."""

    def add(self, lines: Iterable[Line]) -> None:
        """Adds lines; those that say nothing of it (`harness.records.journal.saying_more`) may be left out."""
        for line in lines:
            self.errors += line.error is not None
            for warning in line.audio_warnings or ():
                known = self.audio.get(warning.kind) or AudioWarnings(utterances=0, first=f"{line.id}: {warning.text}")
                self.audio[warning.kind] = replace(known, utterances=known.utterances + 1)
            usage = line.usage
            if usage is None:
                continue
            if usage.tokens is not None:
                self.tokens = (self.tokens or 0) + usage.tokens
                self.tokens_undisturbed += usage.tokens if line.undisturbed else 0
            self.limited += bool(usage.limited)
            self.malformed += bool(usage.malformed)
            self.drafted += usage.drafted or 0
            self.accepted += usage.accepted or 0
            if usage.requests is not None:
                self.requests += usage.requests
                self.retries += max(0, usage.requests - 1) if usage.retries is None else usage.retries
            if usage.cost is not None:
                self.cost = (self.cost or 0.0) + usage.cost
            if usage.made_by is not None:
                self.made_by.add(usage.made_by)
            if usage.latency is not None and line.error is None:
                self.latencies.append(usage.latency)
            if usage.first_token is not None:
                self.first_tokens.append(usage.first_token)

    def complete(self, speed: Speed, concurrency: int | None) -> Speed:
        """The speed with what was added; `concurrency` is that of a server, None where there is none."""
        seconds = speed.seconds_counted
        rate = self.tokens_undisturbed / seconds if self.tokens_undisturbed and seconds else None
        served = None
        if concurrency is not None:
            low, mid, high = _percentiles(self.latencies, 50, 95, 99)
            first, late = _percentiles(self.first_tokens, 50, 95)
            served = ServedSpeed(
                concurrency=concurrency,
                requests=self.requests,
                retries=self.retries,
                errors=self.errors,
                latency_p50=low,
                latency_p95=mid,
                latency_p99=high,
                first_token_p50=first,
                first_token_p95=late,
                cost=self.cost,
                made_by=tuple(sorted(self.made_by)),
            )
        return replace(
            speed,
            tokens=self.tokens,
            limited=self.limited or None,
            malformed=self.malformed or None,
            tokens_per_second=rate,
            acceptance_rate=self.accepted / self.drafted if self.drafted else None,
            served=served,
        )


def _percentiles(values: Sequence[float], *places: int) -> list[float | None]:
    """Percentiles, linear between neighbors; None where there are no values."""
    if not values:
        return [None] * len(places)
    return [float(value) for value in np.percentile(values, places)]
