"""What the requests of one rate say of the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.amounts import amount
from harness.load_generator.quantiles import Estimate, mean, quantile
from harness.records.load import Figure, Lateness, Rate, Times

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.load_generator.offer import Exchange, Offered

KEPT_UP = 0.95
"""A server keeps up with a rate where it achieves at least this share of what was offered."""
FAILED = 0.01
"""... and no more than this share of the requests fail."""
LATE = 0.05
"""Above this share of the mean latency, the mean lateness of our own sending is no trifle any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What all rates of a measurement have in common."""

    duration: float
    """Seconds of each rate."""
    warmup: float
    """The first seconds of it, which are not counted."""
    slo: float | None
    """Seconds that p95 may be; None is anything."""
    audio: Sequence[float]
    """Seconds of each clip."""


def measure(rate: float, offered: Offered, conditions: Conditions, changed: Sequence[bool]) -> Rate:
    """The figures of one rate.

    The window is from the end of the warm-up to that of the rate. Latencies are of the requests that were to be sent in
    it; throughput is of the answers that came in it, since those that come after it no longer had to share the server.

    Args:
        rate: requests a second that were asked for.
        offered: what became of it.
        conditions: of the measurement.
        changed: for each request, whether its text differs from the first that its clip got.
    """
    end = conditions.duration if offered.stopped is None else offered.stopped
    begin = min(conditions.warmup, end)
    seconds = end - begin
    counted = [one for one in offered.exchanges if one.arrival.at >= begin]
    came = [one for one in offered.exchanges if _transcript(one) and begin <= _ended(one, offered) < end]
    failed = [one.answer.error for one in counted if one.answer and one.answer.error and not one.answer.timed_out]
    latency = _latency(counted, offered)
    lateness = _lateness(counted)
    late = latency is not None and lateness.mean > LATE * latency.mean.value
    audio = conditions.audio
    found = Rate(
        rate=rate,
        sent=len(offered.exchanges),
        counted=len(counted),
        answered=sum(map(_transcript, counted)),
        given_up=sum(map(_given_up, counted)),
        errors=dict(Counter(failed).most_common()),
        changed_texts=sum(changed),
        seconds=seconds,
        offered=len(counted) / seconds if seconds else 0.0,
        achieved=len(came) / seconds if seconds else 0.0,
        rtfx_offered=sum(audio[one.arrival.clip] for one in counted) / seconds if seconds else 0.0,
        rtfx_achieved=sum(audio[one.arrival.clip] for one in came) / seconds if seconds else 0.0,
        latency=latency,
        first_token=_first_token(counted),
        concurrency_mean=_concurrency(offered, begin, end),
        concurrency_max=_most_at_once(offered),
        lateness=lateness,
        late=late,
        stopped=offered.stopped,
        sustained=False,
        why=(),
    )
    return _judged(found, conditions.slo)


def _judged(rate: Rate, slo: float | None) -> Rate:
    """With whether the server keeps up, and why not."""
    from msgspec.structs import replace

    why = []
    if rate.late:
        late = f"this program sent {rate.lateness.mean:.3g} s late on average"
        why.append(f"{late}: the figures are of this machine, not of the server")
    if rate.stopped is not None:
        why.append(f"stopped after {rate.stopped:.1f} s with {amount(rate.concurrency_max, 'request')} under way")
    if rate.achieved < KEPT_UP * rate.offered:
        why.append(f"achieved {100 * rate.achieved / rate.offered:.0f} % of what was offered")
    if rate.counted and (lost := rate.counted - rate.answered) > FAILED * rate.counted:
        why.append(f"{lost} of {amount(rate.counted, 'request')} failed or were given up")
    if not rate.counted:
        why.append("no request fell after the warm-up")
    if slo is not None and rate.latency is not None and rate.latency.p95.value > slo:
        why.append(f"p95 is over {slo:g} s")
    steady = rate.stopped is None and rate.achieved >= KEPT_UP * rate.offered
    latency, first = (times if steady else _unsure(times) for times in (rate.latency, rate.first_token))
    known = None if rate.late else not why
    return replace(rate, latency=latency, first_token=first, sustained=known, why=tuple(why))


def _unsure(times: Times | None) -> Times | None:
    """Without intervals: where a queue only grows, times depend on how long it was looked at."""
    if times is None:
        return None
    bare = {name: Figure(value=one.value, low=None, high=None, at_least=one.at_least) for name, one in times.figures()}
    return Times(**bare, max=times.max)


def _transcript(one: Exchange) -> bool:
    return one.answer is not None and one.answer.error is None


def _given_up(one: Exchange) -> bool:
    return one.answer is None or one.answer.timed_out


def _ended(one: Exchange, offered: Offered) -> float:
    """When it was over, or the waiting for it."""
    return offered.waited if one.answer is None else one.answer.ended


def _latency(counted: Sequence[Exchange], offered: Offered) -> Times | None:
    """Of transcripts, and of what was given up, which took at least as long as it was waited for.

    A refusal that comes quickly is an error, and no quick answer.
    """
    held = [one for one in counted if _transcript(one) or _given_up(one)]
    waits = np.array([_ended(one, offered) - one.arrival.at for one in held])
    return _times(waits, np.array([_given_up(one) for one in held], dtype=bool))


def _first_token(counted: Sequence[Exchange]) -> Times | None:
    waits = [one.answer.first - one.arrival.at for one in counted if one.answer and one.answer.first is not None]
    return _times(np.array(waits), np.zeros(len(waits), dtype=bool))


def _times(waits: NDArray[np.float64], given_up: NDArray[np.bool_]) -> Times | None:
    """The distribution. What was given up counts as longer than everything that was not."""
    if not len(waits) or given_up.all():
        return None
    ranked = np.where(given_up, waits + waits.max(), waits)
    limit = float(waits[~given_up].max())
    longest = float(waits.max())
    shown = [_figure(quantile(ranked, share), limit, longest) for share in (0.5, 0.95, 0.99)]
    average = mean(waits)
    return Times(
        mean=Figure(value=average.value, low=average.low, high=average.high, at_least=bool(given_up.any())),
        p50=shown[0],
        p95=shown[1],
        p99=shown[2],
        max=longest,
    )


def _figure(found: Estimate, limit: float, longest: float) -> Figure:
    """A quantile; one that lies among what was given up is at least as long as it was waited for."""
    beyond = found.value > limit
    low = None if found.low is None or found.low > limit else found.low
    high = None if found.high is None or found.high > limit else found.high
    return Figure(value=longest if beyond else found.value, low=low, high=high, at_least=beyond)


def _lateness(counted: Sequence[Exchange]) -> Lateness:
    """Of what was sent; what never was has no answer either, and is given up."""
    late = np.array([one.answer.sent - one.arrival.at for one in counted if one.answer] or [0.0])
    return Lateness(mean=float(late.mean()), p99=quantile(late, 0.99).value, max=float(late.max()))


def _spans(offered: Offered) -> list[tuple[float, float]]:
    """From when to when each request was under way."""
    return [(one.answer.sent if one.answer else one.arrival.at, _ended(one, offered)) for one in offered.exchanges]


def _concurrency(offered: Offered, begin: float, end: float) -> float:
    """Requests under way, averaged over the window."""
    within = (min(stop, end) - max(start, begin) for start, stop in _spans(offered))
    return sum(max(0.0, seconds) for seconds in within) / (end - begin) if end > begin else 0.0


def _most_at_once(offered: Offered) -> int:
    steps = sorted((at, step) for span in _spans(offered) for at, step in zip(span, (1, -1), strict=True))
    most = now = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most
