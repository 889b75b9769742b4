"""What a run was computed with, stretch by stretch: one that is gone on with elsewhere, or after an update, says so.

Other versions of what can change a transcript are refused, or with `--mix-packages` noted. A speed is of one machine:
what a benchmark was measured at on others is kept apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.errors import UsageError
from harness.models.versions import NOT_IN_TRANSCRIPTS
from harness.records.run import BenchmarkRecord, Environment, RunRecord, SpeedElsewhere, Stretch
from harness.records.speed import Speed
from harness.version import VERSION

if TYPE_CHECKING:
    from pathlib import Path


def check_packages(folder: Path, record: RunRecord, now: dict[str, str], matters: Callable[[str], bool]) -> None:
    """Refuses to go on with a run by other versions than it was begun with.

    Args:
        folder: of the run, for the message.
        record: as it was until now; packages that it does not list at all were not looked for when it was made.
        now: versions that are installed.
        matters: whether a package's version can change a transcript of this model.

    Raises:
        UsageError: one differs. The message names the first, both versions, and the ways on.
    """
    last = record.stretches[-1].environment if record.stretches else record.environment
    names = {*last.packages, *now} if record.stretches else {*last.packages}
    for name in sorted(names):
        was, is_now = last.packages.get(name), now.get(name)
        if was != is_now and matters(name):
            raise UsageError(
                f"{folder} was computed with {name} {was or '(not installed)'}, here is {is_now or 'none'}; "
                "--mix-packages goes on and marks the run, another --out or --name, or --fresh, begins a new one"
            )


def begin_stretch(
    record: RunRecord, now: Environment, *, resumed: bool, matters: Callable[[str], bool]
) -> tuple[str, ...]:
    """Notes in a run's record what it is computed with from now on, and which speeds are of another machine then.

    Args:
        record: as it was until now. Runs from before stretches were noted state one environment, which is the first.
        now: what is here, the model's libraries loaded.
        resumed: whether anything was computed before.
        matters: whether a package's version can change a transcript of this model.

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
    packages = {*before.environment.packages, *now.packages} if before else set()
    mixed = tuple(each for each in differs if (name := each.partition(" ")[0]) in packages and matters(name))
    if before is None or differs:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        record.stretches.append(Stretch(since=since, version=VERSION, environment=now, differs=differs, mixed=mixed))
    record.environment = now
    here = stretches_here(record)
    for entry in record.benchmarks.values():
        if entry.speed is not None:
            away = not {*(entry.stretches[-1:] or (0,))} <= here
            entry.speed = replace(entry.speed, elsewhere=away or None)
    return differs


def speeds_apart(record: RunRecord, before: BenchmarkRecord, *, resumed: bool) -> tuple[Speed, list[SpeedElsewhere]]:
    """The speed that a benchmark goes on from here, and what was measured elsewhere.

    Args:
        record: of the run, its current stretch begun.
        before: what was known of the benchmark.
        resumed: whether it has lines.
    """
    here = stretches_here(record)
    known = [*before.speeds_elsewhere]
    if resumed and before.speed is not None:
        last = (before.stretches or (0,))[-1]
        known.append(SpeedElsewhere(stretch=last, speed=replace(before.speed, elsewhere=None)))
    mine = next((one.speed for one in known if one.stretch in here), Speed())
    return mine, [one for one in known if one.stretch not in here]


def stretches_here(record: RunRecord) -> set[int]:
    """Places of the stretches whose speed is one with the current one's: the same machine, Python and packages."""
    return {place for place, one in enumerate(record.stretches) if alike(one.environment, record.environment)}


def alike(one: Environment, other: Environment) -> bool:
    """Whether what is measured in both is one speed: the same machine, Python and packages."""
    return _speed_of(one) == _speed_of(other)


def _speed_of(environment: Environment) -> tuple[object, ...]:
    packages = {name: version for name, version in environment.packages.items() if name not in NOT_IN_TRANSCRIPTS}
    return environment.hardware.describe(), environment.python, sorted(packages.items())


def _differences(before: Stretch, now: Environment, *, known: bool) -> Iterator[str]:
    """What could change a transcript or a speed. `known`: whether packages that were not noted were not there."""
    then = before.environment
    names = {*then.packages, *now.packages} if known else {*then.packages}
    for name in sorted(names - NOT_IN_TRANSCRIPTS):
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
