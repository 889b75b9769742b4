"""Which rules a system is scored under.

Those that are asked for now, else those that its run was told, of its suite, that its run states, or the default.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import Profile, default_profile

if TYPE_CHECKING:
    from harness.scoring.predictions import System


def resolve_profile(system: System, asked: str | None = None) -> Profile:
    """The rules of one system.

    Args:
        system: a run of ours, or predictions of others.
        asked: what the user named; wins.

    Raises:
        UsageError: there is no profile of that name.
    """
    from benchmarks.registry import known_suite

    asked = asked or (system.run.asked_profile if system.run is not None else None)
    if asked is not None:
        return get_profile(asked)
    suite = known_suite(system.suite)
    if suite is not None:
        return get_profile(suite.profile)
    stored = system.run.profile if system.run is not None else None
    return get_profile(stored or default_profile(one.language for one in system.benchmarks))


def common_profile(systems: Sequence[System], asked: str | None = None) -> Profile:
    """The one profile of several systems, whose numbers are to stand beside each other.

    Raises:
        UsageError: they are of different rules, and none was asked for.
    """
    found = dict.fromkeys(resolve_profile(system, asked) for system in systems)
    if len(found) > 1:
        names = ", ".join(profile.name for profile in found)
        raise UsageError(f"the systems were scored under different rules: {names}; choose one with --profile")
    return next(iter(found))
