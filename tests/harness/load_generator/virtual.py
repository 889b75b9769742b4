"""A queue in virtual time behind the same interface as a real server, and the laws that it follows."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.load_generator.offer import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

Service = Callable[[], float]


def exponential(mean: float, seed: int) -> Service:
    source = random.Random(seed)
    return lambda: source.expovariate(1 / mean)


class Queue:
    """Servers of one queue, first come first served. Its clock stands still between events."""

    def __init__(self, service: Service, servers: int = 1, text: Callable[[int], str] = str) -> None:
        self.clock = 100.0
        self.service, self.text = service, text
        self._free = [0.0] * servers
        self._under_way: list[tuple[float, int, Callable[[Answer], None], Answer]] = []
        self._count = 0

    def now(self) -> float:
        return self.clock

    def wait(self, until: float) -> None:
        while self._under_way and self._under_way[0][0] <= until:
            _, _, done, answer = heapq.heappop(self._under_way)
            done(answer)
        self.clock = max(self.clock, until)

    def send(self, clip: int, done: Callable[[Answer], None]) -> None:
        end = max(self.clock, heapq.heappop(self._free)) + self.service()
        heapq.heappush(self._free, end)
        self._count += 1
        answer = Answer(sent=self.clock, ended=end, text=self.text(clip))
        heapq.heappush(self._under_way, (end, self._count, done, answer))

    def settle(self, until: float) -> None:
        last = max((end for end, *_ in self._under_way), default=self.clock)
        self.wait(min(until, last))


def lindley(arrivals: Sequence[float], services: Sequence[float]) -> list[float]:
    """Latencies of a queue with one server by Lindley's recursion: the slow twin of `Queue`."""
    found, wait, before = [], 0.0, None
    for at, service in zip(arrivals, services, strict=True):
        if before is not None:
            wait = max(0.0, wait + before[1] - (at - before[0]))
        found.append(wait + service)
        before = (at, service)
    return found


def pollaczek_khinchine(rate: float, mean: float, second_moment: float) -> float:
    """Mean latency of M/G/1: rho = rate * mean < 1."""
    return mean + rate * second_moment / (2 * (1 - rate * mean))


def erlang_c(offered: float, servers: int) -> float:
    """The probability to wait in M/M/c; offered = rate * mean service."""
    terms = [offered**k / math.factorial(k) for k in range(servers)]
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(terms) + last)


def mmc_mean(rate: float, mean: float, servers: int) -> float:
    return mean + erlang_c(rate * mean, servers) / (servers / mean - rate)


def mmc_tail(t: float, rate: float, mean: float, servers: int) -> float:
    """P(latency > t) of M/M/c: the service, plus with Erlang's probability an exponential wait."""
    mu, drain = 1 / mean, servers / mean - rate
    waits = erlang_c(rate * mean, servers)
    if math.isclose(mu, drain):
        return math.exp(-mu * t) * (1 + waits * mu * t)
    both = (drain * math.exp(-mu * t) - mu * math.exp(-drain * t)) / (drain - mu)
    return (1 - waits) * math.exp(-mu * t) + waits * both


def md1_tail(t: float, rate: float, service: float) -> float:
    """P(latency > t) of M/D/1 (Erlang 1909; Tijms, A First Course in Stochastic Models, 2003, section 9.2.3)."""
    wait = t - service
    if wait < 0:
        return 1.0
    terms = []
    for k in range(math.floor(wait / service) + 1):
        x = rate * (k * service - wait)
        terms.append(x**k / math.factorial(k) * math.exp(-x))
    return 1 - (1 - rate * service) * math.fsum(terms)


def solved(tail: Callable[[float], float], share: float) -> float:
    """The time that this share of latencies do not pass."""
    low, high = 0.0, 1.0
    while tail(high) > 1 - share:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) > 1 - share else (low, middle)
    return high
