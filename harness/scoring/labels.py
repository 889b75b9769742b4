"""What systems are called, everywhere: in tables, plots, the page, comparisons, and what the gate says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.scoring.predictions import System

Fact = Callable[["System"], "str | None"]
"""Something short that may tell two systems apart; None where it is not known."""


def labels(systems: Sequence[System]) -> list[str]:
    """A name for each system, no two alike: its run's, or its model's.

    Where names are equal, the first of these that tells all of them apart is added: model, suite, date, commit of the
    program, time, the end of the path; and where nothing does, a number.
    """
    names = [system.name for system in systems]
    found = list(names)
    for name in dict.fromkeys(names):
        places = [at for at, one in enumerate(names) if one == name]
        if len(places) > 1:
            for at, more in zip(places, _apart([systems[at] for at in places]), strict=True):
                found[at] = f"{name} ({more})" if more else name
    return _numbered(found)


def _apart(systems: Sequence[System]) -> list[str]:
    """What tells systems of one name apart; empty texts where nothing does."""
    for fact in _FACTS:
        told = [fact(system) for system in systems]
        if None not in told and len({*told}) == len(told):
            return [str(one) for one in told]
    return _ends([_place(system) for system in systems], systems[0].name)


def _started(length: int) -> Fact:
    """The beginning of when a run began, in UTC: 10 characters are the date, 16 go to the minute, 19 to the second."""

    def fact(system: System) -> str | None:
        started = system.run.started if system.run is not None else None
        return started[:length].replace("T", " ") if started else None

    return fact


def _commit(system: System) -> str | None:
    """The program's commit in short, with a plus where files were changed since."""
    made = system.run.environment if system.run is not None else None
    return f"{made.commit[:7]}{'+' if made.dirty else ''}" if made is not None and made.commit else None


_FACTS: tuple[Fact, ...] = (
    lambda system: system.model,
    lambda system: system.suite,
    _started(10),
    _commit,
    _started(16),
    _started(19),
)


def _place(system: System) -> Path:
    if system.folder is not None:
        return system.folder
    return system.benchmarks[0].source.parent if system.benchmarks else Path()


def _ends(paths: Sequence[Path], name: str) -> list[str]:
    """The least of the ends of paths that tells them apart, without what they all end with; more than the name."""
    parts = [path.parts for path in paths]
    common = 0
    while common < min(map(len, parts)) and len({one[len(one) - 1 - common] for one in parts}) == 1:
        common += 1
    kept = [one[: len(one) - common] for one in parts]
    for depth in range(1, max(map(len, kept), default=0) + 1):
        ends = ["/".join(one[-depth:]) or "." for one in kept]
        if len({*ends}) == len(ends) and name not in ends:
            return ends
    return [""] * len(paths)


def _numbered(names: Iterable[str]) -> list[str]:
    """The names; one that was there before has a number."""
    taken: dict[str, None] = {}
    for name in names:
        number, candidate = 1, name
        while candidate in taken:
            number += 1
            candidate = f"{name} #{number}"
        taken[candidate] = None
    return list(taken)
