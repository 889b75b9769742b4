"""What lets a run pass that must not: records that contradict themselves, other audio, silence; and what to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.records.decision import Reason
from harness.records.stored import order_of, taken

if TYPE_CHECKING:
    from pathlib import Path

    from harness.gating.pair import Pair
    from harness.gating.sides import Side
    from harness.records.journal import Line

SAME_LENGTH = 0.1, 0.01
"""Seconds, and share, by which two lengths of the same audio may differ: they may be stated in tenths."""
VERY_RUN = "the baseline is this very run, which it cannot be worse than"
_OF_THE_MODEL = {"suite", "model", "model revision"}
"""What fingerprints say that has a note of its own, or is what a gate is for."""


def miscounted(name: str, side: Side) -> str | None:
    """In what run.json and the journal of a benchmark contradict each other; None where they do not."""
    fact, rows = side.fact(name), side.rows(name)
    if fact.done not in {None, rows}:
        return f"has {amount(rows, 'utterance')} where its run.json counts {fact.done:,}"
    if fact.failed and fact.failed > side.failed(name):
        return f"has {amount(side.failed(name), 'failed utterance')} where its run.json counts {fact.failed:,}"
    return None


def other_audio(before: Sequence[Line], after: Sequence[Line]) -> str | None:
    """Why the same ids cannot be the same recordings: their lengths differ. None where nothing says so."""
    first, count = None, 0
    for old, new in zip(before, after, strict=True):
        if _lengths_differ(old.duration, new.duration):
            first, count = first or (old, new), count + 1
    if first is None:
        return None
    old, new = first
    what = f"{amount(count, 'utterance is', 'utterances are')} of another length than the baseline's"
    return f"{what}, such as {new.id!r}: {new.duration:g} s, which was {old.duration:g} s"


def _lengths_differ(one: float | None, other: float | None) -> bool:
    seconds, share = SAME_LENGTH
    return one is not None and other is not None and abs(one - other) > seconds + share * max(one, other)


def nothing_there(pair: Pair) -> tuple[Reason, str] | None:
    """Why a benchmark can tell nothing: nobody can read its references, or the baseline wrote nothing at all.

    Characters that nobody sees, such as zero-width spaces, are words for some rules, and none for anybody else.
    """
    if not any(_legible(row.reference) for row, _ in pair.rows):
        return Reason.NO_WORDS, "no letter or digit is in any reference, so there is no error rate"
    if not any(_legible(row.hypothesis or "") for row, _ in pair.rows):
        what = f"the baseline has no word in any of its {amount(len(pair.rows), 'transcript')}"
        return Reason.INCOMPLETE, f"{what}; save one of a model that works"
    return None


def _legible(text: str) -> bool:
    return any(character.isalnum() for character in text)


def notes(run: Side, baseline: Side | None, now: datetime | None = None) -> tuple[str, ...]:
    """What whoever reads a verdict has to know of its two sides, one sentence each.

    Args:
        run: what is judged.
        baseline: what it is held against.
        now: the time; None is that of this machine.
    """
    sides = [("run", run), *([("baseline", baseline)] if baseline is not None else [])]
    said = [note for what, side in sides for note in _of_one(what, side, now or datetime.now(UTC))]
    if baseline is not None:
        said += _of_both(run, baseline)
    return tuple(said)


def _of_one(what: str, side: Side, now: datetime) -> Iterator[str]:
    for one in side.system.benchmarks:
        if one.left_out:
            yield f"the {what} on {one.benchmark}: {one.left_out}"
        if one.said_in is not None and one.said_in.resolve() == one.source.resolve():
            yield f"the {what} is its own reference ({one.source}), from which it cannot differ"
    record = side.system.run
    if record is None:
        return
    if record.limit:
        yield f"the {what} is a sample: --limit {record.limit}"
    for stretch in record.stretches[1:]:
        if stretch.mixed:
            yield f"the {what} has transcripts by several versions (--mix-packages): {'; '.join(stretch.mixed)}"
        yield f"the {what} was gone on with otherwise than it was begun: {'; '.join(stretch.differs) or 'elsewhere'}"
    began = _time(record.started)
    if began is not None and began > now + timedelta(days=1):
        yield f"the {what} says that it began on {record.started}, which is in the future"


def _of_both(run: Side, baseline: Side) -> Iterator[str]:
    new, old = run.system, baseline.system
    if new.model != old.model:
        yield f"the run is of {new.model}, the baseline of {old.model}"
    if new.suite != old.suite and new.suite is not None and old.suite is not None:
        yield f"the run is of suite {new.suite}, the baseline of {old.suite}"
    if _one_file(run, baseline):
        yield VERY_RUN
        return
    if new.run is None or old.run is None:
        return
    one, other = new.run.fingerprint or {}, old.run.fingerprint or {}
    both = sorted((one.keys() & other.keys()) - _OF_THE_MODEL)
    differs = [f"{name} {one[name]} (was {other[name]})" for name in both if one[name] != other[name]]
    if differs:
        yield f"the run was made with other settings: {'; '.join(differs)}"
    began, before = _time(new.run.started), _time(old.run.started)
    if _same_run(run, baseline):
        yield VERY_RUN
    elif began is not None and before is not None and before > began:
        yield f"the baseline ({old.run.started}) is newer than the run ({new.run.started}); are they swapped?"


def _one_file(run: Side, baseline: Side) -> bool:
    """Whether both sides were read from one place."""
    read, before = ({path.resolve() for path in _files(side)} for side in (run, baseline))
    return run.system is baseline.system or not read.isdisjoint(before)


def _files(side: Side) -> Iterator[Path]:
    """What a side was read from, as far as it is still there: texts that a program holds have a name alone."""
    sources = (one.source for one in side.system.benchmarks)
    return (path for path in sources if path.exists())


def _same_run(run: Side, baseline: Side) -> bool:
    """Whether one is the other, or a copy: begun at the same second, or timed alike, with the same transcripts."""
    new, old = run.system, baseline.system
    assert new.run is not None
    assert old.run is not None
    began = new.run.started is not None and new.run.started == old.run.started and new.model == old.model
    parts, others = (
        {one.predictions.benchmark: one.predictions.rows for one in held if one.predictions.rows}
        for held in ([one for one in side.scored.values() if one is not None] for side in (run, baseline))
    )
    if {name: len(rows) for name, rows in parts.items()} != {name: len(rows) for name, rows in others.items()}:
        return False
    timed = False
    for name, rows in parts.items():
        for one, other in zip(_by_id(rows), _by_id(others[name]), strict=True):
            if one.id != other.id or one.hypothesis != other.hypothesis or not (began or one.time == other.time):
                return False
            timed = timed or bool(one.time)
    return began or timed


def _by_id(rows: Sequence[Line]) -> Sequence[Line]:
    """The rows of a journal in the order of their ids, in which two runs can be compared."""
    return taken(rows, order_of(row.id for row in rows))


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
