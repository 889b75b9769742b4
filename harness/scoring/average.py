"""The average over benchmarks, in one place for tables, tests, gate and exports: plain, or by a suite's groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from harness.perturb.names import clean_among

if TYPE_CHECKING:
    from benchmarks.suite import Suite
    from harness.records.run import AveragingRecord, RunRecord
    from harness.scoring.profiles import Profile


def average_rate(rates: Iterable[float | None], profile: Profile) -> float | None:
    """The plain mean of rates, as a fraction; None where there is none, or one of them is not known.

    Profiles that round before they average (the leaderboard's) round each to hundredths of a percent.
    """
    return _mean(rates, rounded=profile.round_before_average)


def macro_average(rates: Iterable[tuple[float | None, bool]], profile: Profile) -> float | None:
    """The plain mean of the rates of several languages, each with whether characters were counted.

    None where one is not known, or words are counted in some and characters in others.
    """
    held = list(rates)
    return average_rate([rate for rate, _ in held], profile) if len({by for _, by in held}) == 1 else None


def _mean(rates: Iterable[float | None], *, rounded: bool) -> float | None:
    known = []
    for rate in rates:
        if rate is None:
            return None
        known.append(round(100 * rate, 2) / 100 if rounded else rate)
    return sum(known) / len(known) if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Averaging:
    """How the rates of several benchmarks become one: under a profile, and as a suite declares it."""

    rounded: bool = False
    """Rates, and the means of groups, are rounded to hundredths of a percent before they are averaged."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of a group to its benchmarks, for a macro average; empty for the plain mean."""
    not_measured: tuple[str, ...] = ()
    """What the published headline averages besides."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Audio of each benchmark by which published speeds are pooled."""

    def rate(self, rates: Mapping[str, float | None]) -> float | None:
        """The average of rates by benchmark, as a fraction.

        None where a rate that counts is not known, there is none, or a group has no benchmark among them: a macro
        average is one over every group, each the mean of what is there of it.
        """
        if not self.groups:
            return _mean([rates[name] for name in clean_among(rates)], rounded=self.rounded)
        means = [
            _mean([rates[name] for name in members if name in rates], rounded=self.rounded)
            for members in self.groups.values()
        ]
        return _mean(means, rounded=self.rounded)

    def weights(self, benchmarks: Sequence[str]) -> list[float]:
        """What each benchmark weighs in a macro average over them, which may be nothing; empty for the plain mean.

        Benchmarks under a condition weigh nothing beside clean ones.
        """
        clean = clean_among(benchmarks)
        if not self.groups:
            return [(name in clean) / len(clean) for name in benchmarks] if len(clean) < len(benchmarks) else []
        weights = dict.fromkeys(benchmarks, 0.0)
        for members in self.groups.values():
            here = [name for name in members if name in weights]
            weights |= dict.fromkeys(here, 1 / (len(here) * len(self.groups)) if here else 0.0)
        return list(weights.values())

    def among(self, benchmarks: Collection[str]) -> Averaging:
        """The same over a part of the benchmarks: over the groups that have any of them."""
        groups = {name: members for name, members in self.groups.items() if not set(members).isdisjoint(benchmarks)}
        return replace(self, groups=groups)

    @property
    def described(self) -> str:
        """In words, for a table's caption."""
        rounded = f"{'' if self.rounded else 'un'}rounded"
        how = f"plain mean of the {rounded} rates of the benchmarks"
        if self.groups:
            how = f"mean over {', '.join(self.groups)} of the {rounded} means of their benchmarks"
        without = f", without {' and '.join(self.not_measured)}, which nobody outside can measure"
        return how + (without if self.not_measured else "")


def averaging(suites: Iterable[str | None], *, rounded: bool) -> Averaging:
    """How systems of these suites are averaged: as their suite declares where it is one, else plainly.

    `rounded` is what the profile says of that (`Profile.round_before_average`).
    """
    from benchmarks.registry import known_suite

    named = set(suites)
    suite = known_suite(next(iter(named))) if len(named) == 1 else None
    if suite is None:
        return Averaging(rounded=rounded)
    return Averaging(rounded=rounded, groups=suite.groups, not_measured=suite.not_measured, seconds=suite.seconds)


def pooled_by(suite: str | None) -> Mapping[str, float]:
    """The audio of each benchmark by which the speeds of a suite are pooled; nothing where it states none."""
    from benchmarks.registry import known_suite

    found = known_suite(suite)
    return {} if found is None else found.seconds


def declared(suite: Suite) -> AveragingRecord | None:
    """What a run keeps of how its suite is averaged; None where that is the plain mean, or a suite of ours says it."""
    from benchmarks.registry import suites
    from harness.records.run import AveragingRecord

    if suite.name in suites() or not (suite.groups or suite.not_measured or suite.seconds):
        return None
    return AveragingRecord(
        benchmarks=suite.benchmarks, groups=suite.groups, not_measured=suite.not_measured, seconds=suite.seconds
    )


def remember(run: RunRecord) -> None:
    """Has the suite of a run averaged as the run says, where it is one of the user's own."""
    from benchmarks.registry import remember_suite
    from benchmarks.suite import Suite

    found = run.averaging
    if found is None or run.suite is None or run.profile is None:
        return
    remember_suite(
        Suite(
            name=run.suite,
            profile=run.profile,
            benchmarks=found.benchmarks,
            average="macro" if found.groups else "mean",
            groups=found.groups,
            not_measured=found.not_measured,
            seconds=found.seconds,
        )
    )
