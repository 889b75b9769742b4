"""What a run was computed with, stretch by stretch: one that is gone on with elsewhere, or after an update, says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harness.records.run import Stretch
from harness.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.records.run import Environment, RunRecord

SCORING = {"datasets", "huggingface_hub", "jiwer", "kaldialign", "num2words", "whisper-normalizer"}
"""Packages that no transcript depends on."""


def begin_stretch(record: RunRecord, now: Environment, *, resumed: bool) -> tuple[str, ...]:
    """Notes in a run's record what it is computed with from now on.

    Args:
        record: as it was until now. Runs from before stretches were noted state one environment, which is the first.
        now: what is here, the model's libraries loaded.
        resumed: whether anything was computed before.

    Returns:
        In what it differs from before, in words; empty where nothing does, or nothing was before.
    """
    known = bool(record.stretches)
    if resumed and not known:
        record.stretches = [Stretch(since=record.started, version=record.version, environment=record.environment)]
    if not resumed:
        record.stretches = []
    before = record.stretches[-1] if record.stretches else None
    differs = tuple(_differences(before, now, known=known)) if before else ()
    if before is None or differs:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        record.stretches.append(Stretch(since=since, version=VERSION, environment=now, differs=differs))
    record.environment = now
    return differs


def _differences(before: Stretch, now: Environment, *, known: bool) -> Iterator[str]:
    """What could change a transcript or a speed. `known`: whether packages that were not noted were not there."""
    then = before.environment
    names = {*then.packages, *now.packages} if known else {*then.packages}
    for name in sorted(names - SCORING):
        was, is_now = then.packages.get(name), now.packages.get(name)
        if was != is_now:
            yield f"{name} {is_now or 'gone'} (was {was or 'not there'})"
    facts = (
        ("Python", then.python, now.python),
        ("version", before.version, VERSION),
        ("commit", then.commit and then.commit[:12], now.commit and now.commit[:12]),
        ("machine", then.hardware.describe(), now.hardware.describe()),
    )
    for name, was, is_now in facts:
        if was is not None and was != is_now:
            yield f"{name} {is_now or 'not known'} (was {was})"
