"""What the rates together say: up to where the server keeps up, and where the curve of its latency turns upward."""

from collections.abc import Sequence

from harness.records.load import Knee, Rate

FEWEST = 3
"""Rates, under which a curve has no knee."""


def knee(rates: Sequence[Rate]) -> Knee | None:
    """The rate with the most power: achieved throughput over mean latency.

    Below it throughput grows faster than latency, above it latency grows faster: it is where a line from the origin
    touches the curve of latency over throughput (Kleinrock, Power and deterministic rules of thumb for probabilistic
    problems in computer communications, ICC 1979). For M/M/1 it lies at half of the server's capacity. Only rates that
    were measured can be named; the true knee is between their neighbors.

    Rates that were stopped, or sent late, do not count; None where fewer than three are left.
    """
    told = sorted((one for one in rates if not one.late and one.stopped is None), key=lambda one: one.rate)
    powers = [one.achieved / one.latency.mean.value for one in told if one.latency is not None]
    if len(powers) < max(FEWEST, len(told)):
        return None
    best = powers.index(max(powers))
    return Knee(
        rate=told[best].rate,
        above=told[best - 1].rate if best else None,
        below=told[best + 1].rate if best + 1 < len(told) else None,
    )


def sustained(rates: Sequence[Rate]) -> float | None:
    """The highest rate that is sustained, with all lower ones of which that is known."""
    found = None
    for one in sorted((one for one in rates if one.sustained is not None), key=lambda one: one.rate):
        if not one.sustained:
            break
        found = one.rate
    return found
