"""Which rows of several systems are the same utterance: paired by id and equal raw reference.

`compare` refuses what cannot be paired; tables leave such a system out of their ties; the gate makes a finding of it.
All of them ask `harness.scoring.matching.match`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.amounts import amount
from harness.errors import UsageError
from harness.records.stored import taken
from harness.scoring.finding import with_something
from harness.scoring.large import PackedCounts, PackedErrors, errors_and_words
from harness.scoring.matching import Key, Match, keys_of, match
from harness.scoring.predictions import System, read_systems
from harness.scoring.significance import Counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.records.journal import Line
    from harness.scoring.error_counts import ErrorCounts
    from harness.scoring.folders import Say
    from harness.scoring.forms import Form
    from harness.scoring.scored import Scored


LOOKED_AT = 200
"""References of a benchmark by which two systems are usually told to have the same data."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """In what the rows of a second system are not the utterances of a first."""

    missing: list[Key]
    """Not in the second."""
    added: list[Key]
    """Not in the first."""
    changed: list[Key]
    """In both, with other references."""


def keyed(rows: Iterable[Line]) -> dict[Key, Line]:
    """Rows by id; where an id occurs again, by its place among its equals."""
    times: dict[str, int] = {}
    found = {}
    for row in rows:
        count = times[row.id] = times.get(row.id, 0) + 1
        found[row.id, count] = row
    return found


def mismatch(first: Mapping[Key, Line], second: Mapping[Key, Line]) -> Mismatch | None:
    """In what two systems are not of the same utterances; None where they can be paired."""
    missing = [key for key in first if key not in second]
    added = [key for key in second if key not in first]
    changed = [key for key, row in first.items() if key in second and row.reference != second[key].reference]
    return Mismatch(missing, added, changed) if missing or added or changed else None


@dataclass(frozen=True, slots=True)
class PairedBenchmark:
    """One benchmark as several systems did it, row for row the same utterances (or merged sessions)."""

    systems: list[int]
    """Index of each system that has this benchmark."""
    scored: list[Scored]
    """Of each of those systems."""
    order: list[NDArray[np.int64]]
    """For each of those systems, which of its rows each utterance is, shape ``[systems][utterances]``."""
    changed: list[NDArray[np.int64]] = field(default_factory=list)
    """Likewise of the utterances that are left out, since their references differ; empty where there is none."""

    @property
    def benchmark(self) -> str:
        """Its name."""
        return self.scored[0].units.benchmark

    @property
    def language(self) -> str:
        """Of all systems."""
        return self.scored[0].language

    @property
    def target(self) -> str | None:
        """The language that was translated into; None of transcripts."""
        return self.scored[0].target

    @property
    def by_character(self) -> bool:
        """Whether characters were counted, for all systems."""
        return self.scored[0].profile.by_character(self.language)

    def __len__(self) -> int:
        """Number of utterances."""
        return len(self.order[0])

    def rows(self, at: int) -> Sequence[Line]:
        """The utterances as one of the systems (by its place in `systems`) has them."""
        return taken(self.scored[at].units.rows, self.order[at])

    def left_out(self) -> list[Key]:
        """Utterances of the first system that were not paired."""
        return keys_of(self.scored[0].units.rows, self.changed[0]) if self.changed else []

    def sessions(self) -> list[str | None]:
        """The session of each utterance, from the first system that knows it."""
        held = [
            [one.facts.sessions[at] for at in order.tolist()]
            for one, order in zip(self.scored, self.order, strict=True)
        ]
        return [next((one for one in known if one is not None), None) for known in zip(*held, strict=True)]

    def transcribed(self) -> NDArray[np.int64]:
        """The utterances that no system failed on."""
        absent = [one.table.absent[order] for one, order in zip(self.scored, self.order, strict=True)]
        return np.flatnonzero(~np.logical_or.reduce(absent))

    def counts(self, kept: Sequence[int] | NDArray[np.int64] | None = None) -> list[PackedErrors]:
        """What each system did on the kept utterances, or on all, shape ``[systems][kept]``.

        What one system's run does not score (a reference that normalizes to nothing), no system is scored on.
        """
        at = np.arange(len(self)) if kept is None else np.asarray(kept, np.int64)
        tables = [PackedCounts(one.table.table[order[at]]) for one, order in zip(self.scored, self.order, strict=True)]
        dropped = [one.dropped for one, scored in zip(tables, self.scored, strict=True) if scored.units.ours]
        out = np.logical_or.reduce(dropped) if dropped else np.zeros(len(at), dtype=bool)
        return [one.without(one.absent | out) for one in tables]


def as_counts(counts: Sequence[ErrorCounts]) -> Counts:
    """Counts of utterances as columns for statistics."""
    return Counts(*errors_and_words(counts))


def pair_benchmarks(scored: Sequence[Sequence[Scored]], names: Sequence[str]) -> list[PairedBenchmark]:
    """The benchmarks that two or more of the systems have, paired.

    Args:
        scored: for each system its benchmarks, counted.
        names: what to call the systems.

    Raises:
        UsageError: there is none, or two systems do not hold the same utterances and references of one.
    """
    paired = [_pair(held, names) for held in _by_benchmark(scored).values() if len(held) > 1]
    if not paired:
        listed = "; ".join(
            f"{name} has {', '.join(one.units.benchmark for one in held) or 'none'}"
            for name, held in zip(names, scored, strict=True)
        )
        raise UsageError(
            f"nothing to compare: no benchmark is in two of the systems: {listed}; give files of one benchmark the "
            "same name, in two folders, or MODEL_<model>_DATASET_<benchmark>"
        )
    return paired


def comparable(scored: Sequence[Sequence[Scored]]) -> list[PairedBenchmark]:
    """The benchmarks of two or more systems that can be paired with the first one that failed on nothing.

    Systems that cannot are left out.

    Args:
        scored: for each system its benchmarks, counted.
    """
    paired = []
    for held in _by_benchmark(scored).values():
        whole = [(index, one) for index, one in held if not one.table.absent.any()]
        if len(whole) < 2:
            continue
        same, places = [whole[0]], []
        for index, one in whole[1:]:
            found = match(whole[0][1].units.rows, one.units.rows) if one.language == whole[0][1].language else None
            if found is not None and found.whole:
                same.append((index, one))
                places.append(found.places)
        if places:
            paired.append(_ordered(same, places))
    return paired


def other_utterances(scored: Sequence[Sequence[Scored]]) -> list[frozenset[str]]:
    """For each system the benchmarks of which it has as many utterances as most, but others: rates do not compare.

    What tells it is what is said in them: ids may be numbers of lines, or written otherwise by others. Of benchmarks
    of which systems have more or fewer utterances, counts tell it.

    Args:
        scored: for each system its benchmarks, counted.
    """
    found: list[set[str]] = [set() for _ in scored]
    for name, held in _by_benchmark(scored).items():
        kinds: list[list[tuple[int, Scored]]] = []
        for index, one in held:
            alike = next((kind for kind in kinds if _same_data(kind[0][1], one)), None)
            if alike is None:
                kinds.append([(index, one)])
            else:
                alike.append((index, one))
        most = max(kinds, key=len)
        for index, one in (each for kind in kinds if kind is not most for each in kind):
            if len(one.units.rows) == len(most[0][1].units.rows):
                found[index].add(name)
    return [frozenset(names) for names in found]


def _same_data(one: Scored, other: Scored) -> bool:
    """Whether two systems have as many utterances of a benchmark, and the same is said in half of them or more.

    References are looked at as they stand, of a part of the rows; and where they differ all of them, normalized.
    """
    count = len(one.units.rows)
    if count != len(other.units.rows):
        return False
    places = np.unique(np.linspace(0, max(0, count - 1), min(count, LOOKED_AT)).astype(np.int64))
    pairs = zip(taken(one.units.rows, places), taken(other.units.rows, places), strict=True)
    if 2 * sum(row.reference == facing.reference for row, facing in pairs) >= len(places):
        return True
    said, heard = (Counter(_references(side)) for side in (one, other))
    return 2 * (said & heard).total() >= count


def _references(one: Scored) -> Iterator[str]:
    """What is said in each utterance, normalized."""
    texts = one.profile.texts(one.language)
    return (texts.pair(row.reference, "")[0] for row in one.units.rows)


def pair_rest(first: Scored, second: Scored, found: Match) -> PairedBenchmark:
    """Two systems that have the same utterances of a benchmark, paired without those whose references differ."""
    kept = np.delete(np.arange(len(found.places)), found.changed)
    order, changed = ([at, found.places[at]] for at in (kept, found.changed))
    return PairedBenchmark([0, 1], [first, second], order, changed)


def _by_benchmark(scored: Sequence[Sequence[Scored]]) -> dict[str, list[tuple[int, Scored]]]:
    """The systems that have each benchmark, in order of appearance."""
    held: dict[str, list[tuple[int, Scored]]] = {}
    for index, system in enumerate(scored):
        for one in system:
            held.setdefault(one.units.benchmark, []).append((index, one))
    return held


def _pair(held: Sequence[tuple[int, Scored]], names: Sequence[str]) -> PairedBenchmark:
    (index, one), *others = held
    places = []
    for other_index, other in others:
        where = f"{one.units.benchmark} of {names[index]} and of {names[other_index]} cannot be paired"
        found = match(one.units.rows, other.units.rows)
        if not found.whole:
            raise UsageError(f"{where}: {_why(found, one, other)}")
        if one.target != other.target:
            raise UsageError(f"{where}: one is transcripts, or translated into another language than the other")
        if one.language != other.language:
            raise UsageError(
                f"{where}: one is {one.language!r}, the other {other.language!r}; --language overrides both"
            )
        places.append(found.places)
    return _ordered(held, places)


def _why(found: Match, one: Scored, other: Scored) -> str:
    """Why two systems cannot be paired."""
    for at, held, lacking in ((found.missing, one, other), (found.added, other, one)):
        for name, count in keys_of(held.units.rows, at[:1]):
            rows = len(held.units.rows)
            if count > 1:
                return (
                    f"{name!r} stands {count} times in {rows} rows of the one, {amount(count - 1, 'time')} in "
                    f"{lacking.predictions.source}; each utterance belongs there once, or as often in both"
                )
            return (
                f"{len(at)} of {amount(rows, 'utterance')} are not in {lacking.predictions.source}, the first is "
                f"{name!r}; compare runs over the same utterances"
            )
    first = int(found.changed[0])
    row, again = one.units.rows[first], other.units.rows[int(found.places[first])]
    return (
        f"{len(found.changed)} of {amount(len(found.places), 'reference')} differ, the first is {row.id!r}: "
        f"{row.reference[:60]!r} and {again.reference[:60]!r}; both must be of the same release, written "
        "the same way"
    )


def _ordered(held: Sequence[tuple[int, Scored]], places: Sequence[NDArray[np.int64]]) -> PairedBenchmark:
    """Systems that can be paired, their utterances in the order of the first; `places` are those of the others."""
    order = [np.arange(len(held[0][1].units.rows)), *places]
    return PairedBenchmark([index for index, _ in held], [one for _, one in held], order)


def read_apart(
    paths: Iterable[Path | str],
    language: str | None = None,
    form: Form | None = None,
    say: Say = lambda _line: None,
) -> list[System]:
    """Systems to be compared: like `read_systems`, but the same model under two paths is two systems.

    Files of one model that are different benchmarks are still one system, so that lists of files may be given. A file
    that an earlier path holds too is no second system.
    """
    systems: list[System] = []
    held: set[Path] = set()
    for path in with_something(paths, say):
        found = read_systems([path], language, form, say)
        places = {one.source.resolve() for system in found for one in system.benchmarks}
        if again := len(places & held):
            say(f"{path}: {again:,} file{'s' if again > 1 else ''} of an earlier path, counted once")
        for whole in found:
            system = replace(whole, benchmarks=[one for one in whole.benchmarks if one.source.resolve() not in held])
            if whole.benchmarks and not system.benchmarks:
                continue
            joined = [index for index, known in enumerate(systems) if _may_join(known, system)]
            if joined:
                known = systems[joined[0]]
                systems[joined[0]] = replace(known, benchmarks=[*known.benchmarks, *system.benchmarks])
            else:
                systems.append(system)
        held |= places
    return systems


def _may_join(known: System, system: System) -> bool:
    one, other = ({predictions.benchmark for predictions in each.benchmarks} for each in (known, system))
    return known.run is None and system.run is None and known.model == system.model and not one & other
