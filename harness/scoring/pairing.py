"""Which rows of several systems are the same utterance: paired by id and equal raw reference.

`compare` refuses what cannot be paired; tables leave such a system out of their ties; the gate makes a finding of it.
All of them ask `mismatch`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import UsageError
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.predictions import System, read_systems, without_reports
from harness.scoring.significance import Counts

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.scoring.folders import Say
    from harness.scoring.forms import Form
    from harness.scoring.scored import Scored

Key = tuple[str, int]
"""An utterance's id, and which of those with this id it is: others' ids may repeat."""


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
    order: list[list[int]]
    """For each of those systems, which of its rows each utterance is, shape ``[systems][utterances]``."""

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
        return self.scored[0].units.target

    @property
    def by_character(self) -> bool:
        """Whether characters were counted, for all systems."""
        return self.scored[0].profile.by_character(self.language)

    def rows(self, at: int) -> list[Line]:
        """The utterances as one of the systems (by its place in `systems`) has them."""
        rows = self.scored[at].units.rows
        return [rows[index] for index in self.order[at]]

    def left_out(self) -> list[Key]:
        """Utterances of the first system that were not paired."""
        kept = set(self.order[0])
        return [key for at, key in enumerate(keyed(self.scored[0].units.rows)) if at not in kept]

    def sessions(self) -> list[str | None]:
        """The session of each utterance, from the first system that knows it."""
        together = zip(*(self.rows(at) for at in range(len(self.systems))), strict=True)
        return [next((row.session for row in rows if row.session is not None), None) for rows in together]

    def transcribed(self) -> list[int]:
        """The utterances that no system failed on."""
        counted = [[one.counted[index] for index in order] for one, order in zip(self.scored, self.order, strict=True)]
        return [at for at, found in enumerate(zip(*counted, strict=True)) if None not in found]

    def counts(self, kept: Sequence[int]) -> list[list[ErrorCounts]]:
        """What each system did on the kept utterances, shape ``[systems][kept]``.

        What one system's run does not score (a reference that normalizes to nothing), no system is scored on.
        """
        held = list(zip(self.scored, self.order, strict=True))
        dropped = {at for at in kept if any(one.drops(order[at]) for one, order in held)}
        columns = [[None if at in dropped else one.counted[order[at]] for at in kept] for one, order in held]
        return [[ErrorCounts() if found is None else found.counts for found in column] for column in columns]


def as_counts(counts: Iterable[ErrorCounts]) -> Counts:
    """Counts of utterances as columns for statistics."""
    columns = np.array([(one.errors, one.words) for one in counts], dtype=np.int64).reshape(-1, 2)
    return Counts(*columns.T)


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
        whole = [(index, one) for index, one in held if None not in one.counted]
        if len(whole) < 2:
            continue
        first = keyed(whole[0][1].units.rows)
        same = [
            (index, one)
            for index, one in whole
            if one.language == whole[0][1].language and mismatch(first, keyed(one.units.rows)) is None
        ]
        if len(same) > 1:
            paired.append(_ordered(same))
    return paired


def pair_rest(first: Scored, second: Scored, left_out: Collection[Key]) -> PairedBenchmark:
    """Two systems that have the same utterances of a benchmark, paired without some of them."""
    whole = _ordered([(0, first), (1, second)])
    kept = [at for at, key in enumerate(keyed(first.units.rows)) if key not in left_out]
    return replace(whole, order=[[order[at] for at in kept] for order in whole.order])


def _by_benchmark(scored: Sequence[Sequence[Scored]]) -> dict[str, list[tuple[int, Scored]]]:
    """The systems that have each benchmark, in order of appearance."""
    held: dict[str, list[tuple[int, Scored]]] = {}
    for index, system in enumerate(scored):
        for one in system:
            held.setdefault(one.units.benchmark, []).append((index, one))
    return held


def _pair(held: Sequence[tuple[int, Scored]], names: Sequence[str]) -> PairedBenchmark:
    (index, one), *others = held
    first = keyed(one.units.rows)
    for other_index, other in others:
        where = f"{one.units.benchmark} of {names[index]} and of {names[other_index]} cannot be paired"
        second = keyed(other.units.rows)
        found = mismatch(first, second)
        if found is not None:
            raise UsageError(f"{where}: {_why(found, (first, one), (second, other))}")
        if one.units.target != other.units.target:
            raise UsageError(f"{where}: one is transcripts, or translated into another language than the other")
        if one.language != other.language:
            raise UsageError(
                f"{where}: one is {one.language!r}, the other {other.language!r}; --language overrides both"
            )
    return _ordered(held)


def _why(found: Mismatch, *sides: tuple[Mapping[Key, Line], Scored]) -> str:
    """Why two systems cannot be paired."""
    (first, one), (second, other) = sides
    for keys, held, lacking in ((found.missing, first, other), (found.added, second, one)):
        if keys and keys[0][1] > 1:
            name, count = keys[0]
            return (
                f"{name!r} stands {count} times in {len(held)} rows of the one, {count - 1} times in "
                f"{lacking.predictions.source}; each utterance belongs there once, or as often in both"
            )
        if keys:
            return (
                f"{len(keys)} of {len(held)} utterances are not in {lacking.predictions.source}, the first is "
                f"{keys[0][0]!r}; compare runs over the same utterances"
            )
    key = found.changed[0]
    return (
        f"{len(found.changed)} of {len(first)} references differ, the first is {key[0]!r}: "
        f"{first[key].reference[:60]!r} and {second[key].reference[:60]!r}; both must be of the same release, written "
        "the same way"
    )


def _ordered(held: Sequence[tuple[int, Scored]]) -> PairedBenchmark:
    """Systems that can be paired, their utterances in the order of the first."""
    first = list(keyed(held[0][1].units.rows))
    order = []
    for _, one in held:
        places = {key: place for place, key in enumerate(keyed(one.units.rows))}
        order.append([places[key] for key in first])
    return PairedBenchmark([index for index, _ in held], [one for _, one in held], order)


def read_apart(
    paths: Iterable[Path | str],
    language: str | None = None,
    form: Form | None = None,
    say: Say = lambda _line: None,
) -> list[System]:
    """Systems to be compared: like `read_systems`, but the same model under two paths is two systems.

    Files of one model that are different benchmarks are still one system, so that lists of files may be given.
    """
    systems: list[System] = []
    for path in without_reports(paths):
        for system in read_systems([path], language, form, say):
            joined = [index for index, known in enumerate(systems) if _may_join(known, system)]
            if joined:
                known = systems[joined[0]]
                systems[joined[0]] = replace(known, benchmarks=[*known.benchmarks, *system.benchmarks])
            else:
                systems.append(system)
    return systems


def _may_join(known: System, system: System) -> bool:
    one, other = ({predictions.benchmark for predictions in each.benchmarks} for each in (known, system))
    return known.run is None and system.run is None and known.model == system.model and not one & other
