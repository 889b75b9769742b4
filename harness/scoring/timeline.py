"""The same predictions under every version of the leaderboard's rules: what each of them changed, rule by rule."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from benchmarks.registry import suites
from harness.records.explanation import BenchmarkTimeline, Timeline, VersionAverage, VersionStep
from harness.scoring.average import average_rate
from harness.scoring.explain import explain
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import profile_names
from harness.scoring.stepping import Stepping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.scoring.predictions import Predictions, System
    from harness.scoring.profiles import Profile

PREFIX = "leaderboard@"


def official_versions() -> list[Profile]:
    """The profiles of the leaderboard's rules, oldest first."""
    return [get_profile(name) for name in sorted(profile_names()) if name.startswith(PREFIX)]


def timeline(system: System, top: int = 3) -> Timeline:
    """All benchmarks of a system under all versions.

    Args:
        system: predictions of one model.
        top: how many utterances and examples to name for each rule.

    Raises:
        DataError: the chunks of a session are incomplete.
    """
    versions = official_versions()
    found = tuple(_benchmark(one, versions, top) for one in system.benchmarks)
    rates = [
        {one.benchmark: _rate(one, version) if one.metric == "wer" else None for one in found} for version in versions
    ]
    averages = tuple(_average(version, each) for version, each in zip(versions, rates, strict=True))
    return Timeline(model=system.model, benchmarks=found, averages=averages)


def _rate(one: BenchmarkTimeline, version: Profile) -> float | None:
    return next((step.rate for step in one.versions if step.profile == version.name), None)


def _benchmark(predictions: Predictions, every: list[Profile], top: int) -> BenchmarkTimeline:
    """A version whose rules for the language are not known is left out."""
    versions = [version for version in every if version.knows(predictions.language)]
    stepping = Stepping(predictions)
    ways = [explain(predictions, *pair, top=top, stepping=stepping) for pair in pairwise(versions)]
    first = ways[0]
    steps = [
        VersionStep(
            profile=versions[0].name,
            errors=first.start.errors,
            words=first.start.words,
            rate=first.start.rate,
            effect=None,
            utterances_moved=0,
            steps=(),
        )
    ]
    steps += [
        VersionStep(
            profile=profile.name,
            errors=way.end.errors,
            words=way.end.words,
            rate=way.end.rate,
            effect=way.total,
            utterances_moved=way.utterances_moved,
            steps=way.steps,
        )
        for profile, way in zip(versions[1:], ways, strict=True)
    ]
    last = steps[-1].rate
    return BenchmarkTimeline(
        benchmark=predictions.benchmark,
        language=predictions.language,
        metric=first.metric,
        utterances=first.utterances,
        versions=tuple(steps),
        total=None if last is None or first.start.rate is None else last - first.start.rate,
    )


def _average(profile: Profile, rates: Mapping[str, float | None]) -> VersionAverage:
    """Over the suite of the version where it is known, else over all."""
    suite = suites().get(f"open_asr@{profile.name.removeprefix(PREFIX)}")
    wanted = suite.benchmarks if suite is not None else tuple(rates)
    missing = tuple(name for name in wanted if name not in rates)
    return VersionAverage(
        profile=profile.name,
        suite=suite.name if suite is not None else None,
        missing=missing,
        rate=None if missing or not wanted else average_rate((rates[name] for name in wanted), profile),
    )
