"""Parts of a run that were journalled elsewhere, and how they come into its journal: each utterance once.

    RUN/.shards/2-of-8/                                    a run folder of its own, by `--shard 2/8`
    RUN/.shards/ray.<benchmark>.<token>.<worker>.jsonl     journals of Ray workers, while `--engine ray` is at work

What a worker of Ray wrote is left there only where the process that it worked for was killed: it sends all of it, too.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.amounts import amount
from harness.errors import RunError
from harness.records.codec import MALFORMED, refuse_link, write
from harness.records.cost import Energy
from harness.records.journal import Line, read_journal, read_line
from harness.records.run import RUN_FILE, SHARDS, BenchmarkRecord, RunRecord, SpeedElsewhere, Stretch, read_run_record
from harness.records.speed import PeakMemory, Speed
from harness.runner.clock import Clock
from harness.runner.folder import locked
from harness.runner.journal import JournalFile
from harness.runner.stretches import alike
from harness.runner.usage import Totals

if TYPE_CHECKING:
    from harness.records.run import DataRecord

SEVERAL = "rows:of several machines"
"""The digest of data that shards did not see alike, so that its rows are compared before the run is answered."""


def shard_folder(folder: Path, shard: tuple[int, int]) -> Path:
    """Where the Ith of N parts of a run lies.

    Raises:
        RunError: a symbolic link stands there: in a run that somebody sent it may lead anywhere.
    """
    place = folder / SHARDS / f"{shard[0]}-of-{shard[1]}"
    refuse_link(place.parent)
    refuse_link(place)
    return place


def begin_parts(journal: Path) -> Path:
    """Makes the file by which workers see that they share the run's folder, and beside which they keep journals.

    Raises:
        RunError: as `shard_folder`.
    """
    refuse_link(journal.parent / SHARDS)
    mark = journal.parent / SHARDS / f"ray.{journal.stem}.{secrets.token_hex(4)}"
    with suppress(OSError):  # then nobody keeps any
        mark.parent.mkdir(exist_ok=True)
        mark.touch()
    return mark


def end_parts(mark: Path) -> None:
    """Removes the file and the journals beside it, all of which is in the run's own."""
    with suppress(OSError):
        for path in [mark, *mark.parent.glob(f"{mark.name}.*.jsonl")]:
            path.unlink(missing_ok=True)
        mark.parent.rmdir()


def take_in(folder: Path, check: Callable[[Path, RunRecord, RunRecord], None]) -> str:
    """Brings into a run, whose folder is locked, what its shards and workers that lost their driver journalled.

    A line is appended where its utterance has none, or has failed. Journals are written before run.json, and that
    before a shard is removed, so that this may be killed anywhere and begun again.

    Args:
        folder: of the run.
        check: told the place of a shard, the run's record and the shard's; raises where they are not of one run.

    Returns:
        What was taken in, in words; empty where nothing was there.

    Raises:
        RunError: a shard is still at work, has other data than the run, or is a symbolic link.
        HarnessError: what `check` raises.
    """
    refuse_link(folder / SHARDS)
    if not (folder / SHARDS).is_dir():
        return ""
    for path in (folder / SHARDS).iterdir():
        refuse_link(path)
    places = [path for path in sorted((folder / SHARDS).glob("*-of-*")) if re.fullmatch(r"\d+-of-\d+", path.name)]
    record, count, shards = _stored(folder), 0, 0
    for place in places:
        if not (place / RUN_FILE).exists():  # it was lost before it had begun
            continue
        with locked(place):
            shard = read_run_record(place)
            if record is None:
                record = RunRecord(**{field: getattr(shard, field) for field in _OF_A_RUN}, benchmarks={})
            check(place, record, shard)
            count += _add(folder, record, place, shard)
            write(folder / RUN_FILE, record)
        shutil.rmtree(place)
        shards += 1
    lost = sorted((folder / SHARDS).glob("ray.*.jsonl"))
    count += sum(_take_in_worker(folder, path, record) for path in lost if record is not None)
    for path in (folder / SHARDS).glob("ray.*"):
        path.unlink(missing_ok=True)
    with suppress(OSError):  # where there is none, or something of others
        (folder / SHARDS).rmdir()
    parts = [amount(shards, "shard")] * bool(shards)
    parts += [amount(len(lost), "journal of a worker", "journals of workers")] * bool(lost)
    return f"took in {' and '.join(parts)}: {amount(count, 'utterance')}" if parts else ""


_OF_A_RUN = ("version", "name", "suite", "profile", "averaging", "model", "started", "settings", "fingerprint")
"""What all parts of a run have in common."""


def _stored(folder: Path) -> RunRecord | None:
    try:
        return read_run_record(folder)
    except FileNotFoundError:
        return None


def _add(folder: Path, record: RunRecord, place: Path, shard: RunRecord) -> int:
    """Adds a shard to a run's journals and record; how many lines are new."""
    added, name = 0, f"{place.name} {shard.started}"
    stretches = [_place_of(record, one) for one in shard.stretches] or [0]
    record.environment = record.stretches[-1].environment if record.stretches else shard.environment
    for benchmark, entry in shard.benchmarks.items():
        known = record.benchmarks.get(benchmark)
        if known is not None and None not in {known.revision, entry.revision} and known.revision != entry.revision:
            msg = f"{place} read {benchmark} at revision {entry.revision}, the run has {known.revision}"
            raise RunError(f"{msg}; remove the shard, or start over with --fresh")
        with JournalFile(folder / f"{benchmark}.jsonl") as journal:
            lines = journal.lines
            first = _next_batch(lines)
            found = read_journal(place / f"{benchmark}.jsonl").lines
            new = [
                replace(
                    line,
                    batch=None if line.batch is None else first + line.batch,
                    stretch=_there(stretches, line.stretch or 0, place / f"{benchmark}.jsonl") or None,
                )
                for line in _missing(found, lines)
            ]
            journal.append(new)
            added += len(new)
        if known is not None and known.complete and not new:
            continue  # it was there before, from elsewhere
        if name not in record.merged:  # else it was killed before it could remove the shard
            moved = _moved(entry, stretches, first)
            record.benchmarks[benchmark] = joined = _joined(known, moved, lines, new)
            totals = Totals()
            totals.add([*lines, *new])
            joined.done, joined.failed, joined.audio_warnings = (
                len(lines) + len(new),
                totals.errors,
                totals.audio or None,
            )
            joined.speed = totals.complete(joined.speed or Speed(), record.served)
    record.merged[name] = tuple(each for each, entry in shard.benchmarks.items() if entry.complete)
    for benchmark in record.merged[name]:
        joined = record.benchmarks[benchmark]
        if not joined.complete and _all_there(record, place.name, benchmark):
            joined.expected, joined.complete = joined.done, True
    return added


def _all_there(record: RunRecord, name: str, benchmark: str) -> bool:
    """Whether all shards of as many as that one is of have gone to the end of a benchmark."""
    of = name.partition("-of-")[2]
    there = {each.split()[0] for each, whole in record.merged.items() if benchmark in whole}
    return all(f"{number}-of-{of}" in there for number in range(1, int(of) + 1))


def _take_in_worker(folder: Path, path: Path, record: RunRecord) -> int:
    """Adds the transcripts of a worker of Ray; what failed there is run again."""
    benchmark = path.name.removesuffix(".jsonl").rsplit(".", 2)[0].removeprefix("ray.")
    if benchmark not in record.benchmarks:
        return 0
    with JournalFile(folder / f"{benchmark}.jsonl", max(0, len(record.stretches) - 1)) as journal:
        lines = journal.lines
        first = _next_batch(lines)
        found = [line for line in _whole_lines(path) if line.error is None]
        numbers = {number: first + place for place, number in enumerate(dict.fromkeys(line.batch for line in found))}
        new = [replace(line, batch=numbers[line.batch]) for line in _missing(found, lines)]
        journal.append(new)
    return len(new)


def _whole_lines(path: Path) -> Iterator[Line]:
    """The lines of a worker's journal up to one that is torn."""
    for raw in path.read_bytes().split(b"\n")[:-1]:
        try:
            yield read_line(raw)
        except MALFORMED:
            return


def _missing(found: Iterable[Line], lines: Sequence[Line]) -> list[Line]:
    """Those of the lines found whose utterance has no line, or has failed where it has a transcript now."""
    failed = {line.id: line.error is not None for line in lines}
    return [line for line in found if failed.get(line.id, True) and (line.id not in failed or line.error is None)]


def _next_batch(lines: Iterable[Line]) -> int:
    return 1 + max((line.batch for line in lines if line.batch is not None), default=-1)


def _place_of(record: RunRecord, stretch: Stretch) -> int:
    """The place of a stretch in a run's list, to which it is added where none is of the same code and machine."""
    for place, one in enumerate(record.stretches):
        if one.version == stretch.version and alike(one.environment, stretch.environment):
            return place
    record.stretches.append(stretch)
    return len(record.stretches) - 1


def _there(stretches: Sequence[int], own: int, journal: Path) -> int:
    """The run's place of a shard's stretch.

    Raises:
        RunError: its journal names one that its run.json does not have.
    """
    if own >= len(stretches):
        msg = f"{journal} names stretch {own}, and its run.json has {len(stretches)}"
        raise RunError(f"{msg}; remove the shard, or start over with --fresh")
    return stretches[own]


def _moved(entry: BenchmarkRecord, stretches: Sequence[int], first: int) -> BenchmarkRecord:
    """A shard's record with the run's places of stretches and numbers of batches."""
    elsewhere = [replace(one, stretch=stretches[one.stretch]) for one in entry.speeds_elsewhere]
    events = [one if one.batch is None else replace(one, batch=first + one.batch) for one in entry.events]
    own = tuple(stretches[one] for one in entry.stretches)
    return replace(entry, stretches=own, speeds_elsewhere=elsewhere, events=events, expected=None, complete=False)


def _joined(
    known: BenchmarkRecord | None, shard: BenchmarkRecord, lines: Sequence[Line], new: list[Line]
) -> BenchmarkRecord:
    """What a run says of a benchmark with a shard's record. Speeds of different machines stay apart."""
    if known is None:
        return shard
    here, there = (known.stretches or (0,))[-1], (shard.stretches or (0,))[-1]
    speed, elsewhere = known.speed, [*known.speeds_elsewhere, *shard.speeds_elsewhere]
    if shard.speed is not None and (speed is None or here == there):
        clock = Clock.resumed(speed or Speed(), [line for line in lines if (line.stretch or 0) == here])
        other = Clock.resumed(shard.speed, [line for line in new if (line.stretch or 0) == there])
        clock.merge(other)
        clock.wall += other.wall
        speed = replace(clock.speed(), cluster=None)  # its devices were not at work at the same time
    elif shard.speed is not None:
        elsewhere.append(SpeedElsewhere(stretch=there, speed=shard.speed))
    return replace(
        known,
        complete=False,
        expected=None,
        stretches=(*(one for one in sorted({*known.stretches, *shard.stretches}) if one != here), here),
        speed=speed,
        speeds_elsewhere=elsewhere,
        events=[*known.events, *shard.events],
        data=_data(known.data, shard.data),
        peak_memory=_most(known.peak_memory, shard.peak_memory),
        energy=_sum(known.energy, shard.energy),
        padding=known.padding if known.padding == shard.padding else None,
        compute=known.compute if known.compute == shard.compute else None,
        audit=None,
    )


def _data(one: DataRecord | None, other: DataRecord | None) -> DataRecord | None:
    if one is None or other is None or one.digest == other.digest:
        return one or other
    return replace(one, digest=SEVERAL)


def _most(one: PeakMemory | None, other: PeakMemory | None) -> PeakMemory | None:
    if one is None or other is None:
        return one or other

    def larger(field: str) -> float | None:
        return max((value for each in (one, other) if (value := getattr(each, field)) is not None), default=None)

    return PeakMemory(host_gib=larger("host_gib"), device_gib=larger("device_gib"))


def _sum(one: Energy | None, other: Energy | None) -> Energy | None:
    """The energy of both, each of its own machine; not measured where one is not."""
    if one is None or other is None or None in {one.joules, other.joules}:
        return Energy(not_measured="not all shards could be measured")
    return Energy(
        joules=(one.joules or 0.0) + (other.joules or 0.0),
        parts={each: one.parts.get(each, 0.0) + other.parts.get(each, 0.0) for each in {**one.parts, **other.parts}},
        seconds=(one.seconds or 0.0) + (other.seconds or 0.0),
        audio_seconds=(one.audio_seconds or 0.0) + (other.audio_seconds or 0.0),
        method=one.method,
    )
