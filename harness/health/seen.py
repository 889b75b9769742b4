"""What is kept of each utterance while a set is read: no audio, some 2 KB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.health.kinds import KINDS
from harness.records.health import HealthFinding

if TYPE_CHECKING:
    from benchmarks.dataset import Audio
    from harness.health.measure import Facts
    from harness.records.health import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One utterance."""

    benchmark: str
    id: str
    reference: str
    language: str
    session: str | None
    origin: str
    """What to call its audio."""
    audio: Audio | None
    """Where it is, if that is a file; None where its bytes would have to be held."""
    facts: Facts | None
    """None where the audio could not be decoded."""
    trouble: str | None = None
    """Why it could not be decoded."""
    odd: tuple[str, ...] = ()
    """What its container states that is odd, although it was decoded."""


def finding(
    one: Seen,
    kind: str,
    message: str,
    *,
    value: float | None = None,
    threshold: float | None = None,
    unit: str = "",
    where: str | None = None,
    confidence: float = 0.7,
    severity: Severity | None = None,
    others: tuple[str, ...] = (),
) -> HealthFinding:
    """A finding about an utterance."""
    return HealthFinding(
        kind=kind,
        severity=severity or KINDS[kind].severity,
        confidence=round(min(max(confidence, 0.0), 1.0), 3),
        benchmark=one.benchmark,
        utterance=one.id,
        others=others,
        where=where,
        value=None if value is None else round(value, 4),
        threshold=threshold,
        unit=unit,
        message=message,
    )


def of_set(
    benchmark: str,
    kind: str,
    message: str,
    *,
    others: tuple[str, ...] = (),
    value: float | None = None,
    threshold: float | None = None,
    unit: str = "",
    severity: Severity | None = None,
    confidence: float = 0.7,
) -> HealthFinding:
    """A finding about a set as a whole."""
    return HealthFinding(
        kind=kind,
        severity=severity or KINDS[kind].severity,
        confidence=confidence,
        benchmark=benchmark,
        others=others[:20],
        value=None if value is None else round(value, 4),
        threshold=threshold,
        unit=unit,
        message=message,
    )
