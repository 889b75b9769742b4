"""Which runs of a model repeat each other: the same weights, settings, machine and transcripts, so that speeds pool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.records.run import RunRecord, Scalar
    from harness.scoring.predictions import System

_OF_NO_RESULT = {
    "allow_drift", "audit_batching", "batch_timeout", "energy", "max_cost", "mix_packages", "model", "model revision",
    "on_error", "peak_tflops", "price", "profile", "repeats", "revision", "seed", "suite",
}  # fmt: skip
"""Settings that change neither a transcript nor a speed, or that are compared as what they came to."""


def unlike(first: System, other: System, shown: str) -> str | None:
    """Why a run is no repeat of another one of the same model and suite; None where it is.

    Args:
        first: the run.
        other: what could repeat it.
        shown: what to call the first.
    """
    said = [] if first.run is None or other.run is None else list(_settings(first.run, other.run))
    before, after = _transcripts(first), _transcripts(other)
    count = max((after - before).total(), (before - after).total())
    if count:
        said.append(
            f"{count:,} transcript{'s are' if count > 1 else ' is'} not {'those' if count > 1 else 'that'} of it"
        )
    return f"no repeat of {shown}: {'; '.join(said)}" if said else None


def _settings(first: RunRecord, other: RunRecord) -> Iterator[str]:
    """In what two runs were made otherwise; where one of them states no settings at all, nothing is known to differ."""
    if _one_run(first, other):
        yield "a copy of it, whose speed was measured once"
    if first.model.revision != other.model.revision:
        yield f"model revision {other.model.revision}, not {first.model.revision}"
    named = {name.replace(" ", "_").removesuffix("s") for name in (first.fingerprint or {}) | (other.fingerprint or {})}
    yield from _unlike(first.fingerprint or {}, other.fingerprint or {}, _OF_NO_RESULT)
    said = {name for name in first.settings | other.settings if name.removesuffix("s") in named}
    yield from _unlike(first.settings, other.settings, _OF_NO_RESULT | said)
    before, after = (one.environment.hardware.describe() for one in (first, other))
    if before is not None and after is not None and before != after:
        yield f"hardware {after}, not {before}"


def _one_run(first: RunRecord, other: RunRecord) -> bool:
    """Whether both are one run: begun at the same second, and timed alike, which no two runs are."""
    speeds, again = ({name: fact.speed for name, fact in one.benchmarks.items()} for one in (first, other))
    return first.started is not None and first.started == other.started and speeds == again and any(speeds.values())


def _unlike(before: Mapping[str, Scalar], after: Mapping[str, Scalar], but: Set[str]) -> Iterator[str]:
    """What is not the same in both, of which a null may be left out."""
    for name in dict.fromkeys([*after, *before]) if before and after else ():
        if name not in but and before.get(name) != after.get(name):
            yield f"{name} {after.get(name)}, not {before.get(name)}"


def _transcripts(system: System) -> Counter[tuple[str, str, str | None]]:
    return Counter((one.benchmark, row.id, row.hypothesis) for one in system.benchmarks for row in one.rows)
