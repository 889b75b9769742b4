"""From run folders, saved baselines and predictions of others to the Sides that the gate compares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import UsageError, unknown_name
from harness.gating.baseline import rtfx
from harness.gating.repeats import unlike
from harness.records.baseline import read_speeds
from harness.records.decision import Compared
from harness.records.packed import is_packed, opened
from harness.records.run import RUN_FILE, BenchmarkRecord, read_run_record
from harness.scoring.predictions import System, read_systems
from harness.scoring.resolve import resolve_profile
from harness.scoring.scored import Scored, count_systems

if TYPE_CHECKING:
    from harness.records.policy import Measure
    from harness.scoring.profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two runs."""

    name: str
    """What to call it: the run's path or the baseline's."""
    system: System
    profile: Profile
    """The rules that it is scored under."""
    scored: Mapping[str, Scored | None]
    """Its benchmarks, counted; None for one that should be there and has not been begun."""
    rtfx: Sequence[float] = ()
    """RTFx over all benchmarks, one for each repeat."""
    repeats: Sequence[str] = ()
    """Further runs, of which the speed alone was read."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """Of the command line, by which it was read and is scored, with their values: another command needs them too."""

    @property
    def complete(self) -> bool:
        """Whether the run says that it went to its end; predictions of others cannot say."""
        return self.system.run is None or self.system.run.complete is True

    @property
    def hardware(self) -> str | None:
        """What it was computed on; None is not known."""
        return self.system.run.hardware if self.system.run is not None else None

    def fact(self, benchmark: str) -> BenchmarkRecord:
        """What run.json says of a benchmark, or of the one that it is a part of."""
        known = self.system.run.benchmarks if self.system.run is not None else {}
        scored = self.scored[benchmark]
        return known.get(scored.predictions.measured_as if scored else benchmark) or BenchmarkRecord()

    def rows(self, benchmark: str) -> int:
        """Utterances of a benchmark, or of the one that it is a part of."""
        return sum(len(one.predictions.rows) for one in self._whole(benchmark))

    def failed(self, benchmark: str) -> int:
        """Those without a transcript."""
        return sum(one.failed for one in self._whole(benchmark))

    def _whole(self, benchmark: str) -> list[Scored]:
        """A benchmark, or all parts of the one that it is a part of."""
        found = [one for one in self.scored.values() if one is not None]
        whole = next(
            (one.predictions.measured_as for one in found if one.predictions.benchmark == benchmark), benchmark
        )
        return [one for one in found if one.predictions.measured_as == whole]

    def record(self) -> Compared:
        """What a decision says of it."""
        return Compared(
            name=self.name,
            called=self.system.run.name if self.system.run is not None else None,
            model=self.system.model,
            suite=self.system.suite,
            repeats=tuple(self.repeats),
        )


Read = Callable[[Path], list[System]]
"""Reads what a path holds."""


def read_one(path: Path) -> list[System]:
    """A run folder, or predictions of others."""
    return read_systems([path])


def read_side(
    paths: Sequence[Path],
    measure: Measure,
    profile: str | None = None,
    read: Read = read_one,
    *,
    flags: Mapping[str, str] | None = None,
) -> Side:
    """One side of the gate.

    Args:
        paths: a run folder, a saved baseline or predictions of others; further ones are repeats, read for speed only.
        measure: which RTFx.
        profile: rules to score under; None takes those of its suite, or else that the run was made for.
        read: reads runs and predictions; saved baselines are unpacked for it.
        flags: of the command line, by which `read` reads.

    Raises:
        UsageError: a path holds no run, or more than one; or a further one is no repeat (`unlike`), or has no speed.
        DataError: a file is broken.
    """
    with _opened(paths[0]) as folder:
        system = _one_system(read(folder), paths[0])
        saved = read_speeds(folder) if folder != paths[0] else None
        rules = resolve_profile(system, profile)
        [counted] = count_systems([system], [rules])
    measured = (getattr(saved, measure) if saved else ()) or measured_rtfx(system, measure)
    for path in paths[1:]:
        with _opened(path) as folder:
            again = _one_system(read(folder), path)
        if (again.model, again.suite) != (system.model, system.suite):
            raise UsageError(f"{path} is no repeat of {paths[0]}: it is {again.model} on {again.suite}")
        if (why := unlike(system, again, str(paths[0]))) is not None:
            raise UsageError(f"{path} is {why}; give one of them")
        if again.run is None:
            raise UsageError(f"{path}: further runs are read for speed, which predictions have none of; judge it apart")
        measured += measured_rtfx(again, measure)
    repeats = list(map(str, paths[1:]))
    return as_side(str(paths[0]), system, rules, counted, measured, repeats=repeats, flags=flags)


def by_model(paths: Sequence[Path], read: Read = read_one) -> dict[tuple[str, str | None], list[Path]]:
    """Paths by their model and suite, in order: several of one are a run and its repeats, or candidates (`apart`).

    Raises:
        UsageError: a path holds no run, or more than one.
        DataError: a file is broken.
    """
    found: dict[tuple[str, str | None], list[Path]] = {}
    for path in paths:
        model, suite, _ = called(path, read)
        found.setdefault((model, suite), []).append(path)
    return found


def called(path: Path, read: Read = read_one) -> tuple[str, str | None, str | None]:
    """The model of a run, a saved baseline or predictions of others, its suite, and the run's name.

    Raises:
        UsageError: the path holds no run, or more than one.
        DataError: a file is broken.
    """
    with _opened(path) as folder:
        if (folder / RUN_FILE).is_file():
            run = read_run_record(folder)
            return run.model.id, run.suite, run.name
        system = _one_system(read(folder), path)
        return system.model, system.suite, None


def model_meant(asked: str, paths: Iterable[Path], suite: str | None, read: Read = read_one) -> str:
    """The model of the one baseline that a user names: by its model, its run's name, or where it lies.

    Args:
        asked: a model's id, the name of a run, or the path, or the last part of the path, of a run or of a baseline.
        paths: the baselines that there are.
        suite: of which it must be; one that states none may be of any.
        read: as for `by_model`.

    Raises:
        UsageError: there is none, or several are called so.
        DataError: a file is broken.
    """
    known: dict[str, set[str | None]] = {}
    for path in paths:
        model, of, name = called(path, read)
        if of in {suite, None}:
            known.setdefault(model, set()).update({name, str(path), path.name, path.resolve().name, path.stem})
    if asked in known:
        return asked
    found = [model for model, names in known.items() if names & {asked, str(Path(asked))}]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"--candidate-of {asked}: baselines of {', '.join(found)} are called so; give the model")
    raise unknown_name(f"baseline of {suite}, for --candidate-of,", asked, known)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that is judged."""

    paths: list[Path]
    """Its own, and those of its repeats."""
    why: str | None = None
    """Why it is no repeat of the run before it; None for the first of its model."""


def apart(paths: Sequence[Path], read: Read = read_one) -> list[Candidate]:
    """Runs of one model and suite, told apart by weights, settings and transcripts: only what repeats a run is its own.

    Raises:
        UsageError: a path holds no run, or more than one.
        DataError: a file is broken.
    """
    if len(paths) == 1:
        return [Candidate([*paths])]
    found: list[tuple[System, Candidate]] = []
    for path in paths:
        with _opened(path) as folder:
            system = _one_system(read(folder), path)
            reasons = [unlike(one, system, str(candidate.paths[0])) for one, candidate in found]
        if None in reasons:
            found[reasons.index(None)][1].paths.append(path)
        else:
            found.append((system, Candidate([path], reasons[0] if reasons else None)))
    return [candidate for _, candidate in found]


def as_side(
    name: str,
    system: System,
    profile: Profile,
    counted: Sequence[Scored],
    measured: Sequence[float] = (),
    *,
    repeats: Sequence[str] = (),
    flags: Mapping[str, str] | None = None,
) -> Side:
    """One side of the gate from a system whose benchmarks are counted under the profile."""
    scored = {one.predictions.benchmark: one for one in counted}
    begun = {one.predictions.measured_as for one in counted}
    not_begun = dict.fromkeys(one for one in _named(system) if one not in begun)
    return Side(
        name=name,
        system=system,
        profile=profile,
        scored={**not_begun, **scored},
        rtfx=measured,
        repeats=repeats,
        flags=flags or {},
    )


def _opened(path: Path) -> AbstractContextManager[Path]:
    """A path as something that `read_systems` reads: saved baselines are unpacked."""
    return opened(path) if is_packed(path) else nullcontext(path)


def _one_system(systems: Sequence[System], shown: Path) -> System:
    if len(systems) != 1:
        names = ", ".join(sorted(system.model for system in systems)[:4])
        raise UsageError(f"{shown} holds {len(systems)} systems ({names}); the gate takes one, give its own path")
    return systems[0]


def measured_rtfx(system: System, measure: Measure) -> tuple[float, ...]:
    """What a run measured, one RTFx for each repeat; nothing for predictions of others."""
    return rtfx(system.run, measure) if system.run is not None else ()


def _named(system: System) -> list[str]:
    """The benchmarks that the suite or run.json names."""
    from benchmarks.registry import known_suite

    if system.run is None:
        return []
    suite = known_suite(system.suite)
    return [*(suite.benchmarks if suite else ()), *system.run.benchmarks]
