"""Which rows of several systems are the same utterance: paired by id and equal raw reference, else refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.scoring.predictions import read_systems, without_reports
from harness.scoring.sessions import merge_sessions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from harness.scoring.predictions import Predictions, Row, System


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedBenchmark:
    """One benchmark as several systems did it, row for row the same utterances (or merged sessions)."""

    benchmark: str
    language: str
    systems: list[int]
    """Index of each system that has this benchmark."""
    rows: list[list[Row]]
    """The rows of each of those systems, in one order, shape ``[systems][utterances]``.

    Where a run was told to score failed utterances as empty (``--on-error score-empty``), their hypothesis is empty.
    """
    ours: list[bool]
    """For each of those systems: whether it is a run of ours, from which the profile may drop references."""

    def sessions(self) -> list[str | None]:
        """The session of each utterance, from the first system that knows it."""
        together = zip(*self.rows, strict=True)
        return [next((row.session for row in rows if row.session is not None), None) for rows in together]


def read_apart(paths: Iterable[Path | str], language: str | None = None) -> list[System]:
    """Systems to be compared: like `read_systems`, but the same model under two paths is two systems.

    Files of one model that are different benchmarks are still one system, so that lists of files may be given.
    """
    systems: list[System] = []
    for path in without_reports(paths):
        for system in read_systems([path], language):
            _join_or_add(systems, system)
    return systems


def _join_or_add(systems: list[System], system: System) -> None:
    new = {predictions.benchmark for predictions in system.benchmarks}
    for index, known in enumerate(systems):
        held = {predictions.benchmark for predictions in known.benchmarks}
        if known.run is None and system.run is None and known.model == system.model and not held & new:
            systems[index] = replace(known, benchmarks=[*known.benchmarks, *system.benchmarks])
            return
    systems.append(system)


def labels(systems: Sequence[System]) -> list[str]:
    """A name for each system: the model, and where it came from if another system has the same model."""
    models = [system.model for system in systems]
    names = [
        system.model if models.count(system.model) == 1 else f"{system.model} ({_origin(system)})" for system in systems
    ]
    return [name if names.count(name) == 1 else f"{name} #{index + 1}" for index, name in enumerate(names)]


def _origin(system: System) -> str:
    if system.folder is not None:
        return str(system.folder)
    return str(system.benchmarks[0].source.parent) if system.benchmarks else "empty"


def pair_benchmarks(systems: Sequence[System]) -> list[PairedBenchmark]:
    """The benchmarks that two or more of the systems have, paired.

    Raises:
        UsageError: there is none, or two systems do not hold the same utterances and references of one.
        DataError: the chunks of a session are incomplete.
    """
    names = labels(systems)
    holders: dict[str, list[tuple[int, Predictions]]] = {}
    for index, system in enumerate(systems):
        for predictions in system.benchmarks:
            held = _with_empty(predictions) if _scores_empty(system) else predictions
            holders.setdefault(predictions.benchmark, []).append((index, held))
    paired = [_pair(benchmark, having, names) for benchmark, having in holders.items() if len(having) > 1]
    if not paired:
        listed = "; ".join(
            f"{name} has {', '.join(p.benchmark for p in system.benchmarks) or 'none'}"
            for name, system in zip(names, systems, strict=True)
        )
        raise UsageError(f"nothing to compare: no benchmark is in two of the systems: {listed}")
    return paired


def _scores_empty(system: System) -> bool:
    return bool(((system.run or {}).get("settings") or {}).get("on_error") == "score-empty")


def _with_empty(predictions: Predictions) -> Predictions:
    rows = [replace(row, hypothesis="") if row.hypothesis is None else row for row in predictions.rows]
    return replace(predictions, rows=rows)


def _pair(benchmark: str, held: Sequence[tuple[int, Predictions]], names: Sequence[str]) -> PairedBenchmark:
    units = [merge_sessions(predictions) for _, predictions in held]
    first = _by_key(units[0].rows)
    ordered = [units[0].rows]
    for (index, predictions), unit in zip(held[1:], units[1:], strict=True):
        rows = _by_key(unit.rows)
        where = f"{benchmark} of {names[held[0][0]]} and of {names[index]} cannot be paired"
        _check_same(first, rows, where, (units[0], predictions))
        ordered.append([rows[key] for key in first])
    return PairedBenchmark(
        benchmark=benchmark,
        language=units[0].language,
        systems=[index for index, _ in held],
        rows=ordered,
        ours=[unit.ours for unit in units],
    )


_Key = tuple[str, int]
"""An id, and which of the rows with this id it is: others' ids may repeat."""


def _by_key(rows: Sequence[Row]) -> dict[_Key, Row]:
    seen: dict[str, int] = {}
    keyed = {}
    for row in rows:
        count = seen[row.id] = seen.get(row.id, 0) + 1
        keyed[row.id, count] = row
    return keyed


def _check_same(
    first: dict[_Key, Row], second: dict[_Key, Row], where: str, sources: tuple[Predictions, Predictions]
) -> None:
    for held, other, source in ((first, second, sources[1]), (second, first, sources[0])):
        missing = [key for key in held if key not in other]
        if missing:
            raise UsageError(
                f"{where}: {len(missing)} of {len(held)} utterances are not in {source.source}, the first is "
                f"{missing[0][0]!r}; compare runs over the same utterances"
            )
    differing = [key for key, row in first.items() if row.reference != second[key].reference]
    if differing:
        mine, theirs = first[differing[0]].reference, second[differing[0]].reference
        raise UsageError(
            f"{where}: {len(differing)} of {len(first)} references differ, the first is {differing[0][0]!r}: "
            f"{mine[:60]!r} and {theirs[:60]!r}; both must be of the same release, written the same way"
        )
    if sources[0].language != sources[1].language:
        raise UsageError(
            f"{where}: one is {sources[0].language!r}, the other {sources[1].language!r}; --language overrides both"
        )
