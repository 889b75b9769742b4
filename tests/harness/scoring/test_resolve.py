"""Which rules a system is scored under: asked for, else its suite's, else its run's, else the default."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.scoring.predictions import System
from harness.scoring.profiles import DEFAULT_PROFILE
from harness.scoring.resolve import common_profile, resolve_profile
from tests.harness.run_records import run_record


def system(suite: str | None = None, *, ran: bool = False, stored: str | None = None) -> System:
    run = run_record(profile=stored) if ran else None
    return System(model="m", suite=suite, run=run, benchmarks=[])


@pytest.fixture
def suite() -> tuple[str, str]:
    """A suite whose rules are not the default ones, and those."""
    from benchmarks.registry import suites

    return next((name, one.profile) for name, one in suites().items() if one.profile != DEFAULT_PROFILE)


def test_what_was_asked_for_wins(suite: tuple[str, str]) -> None:
    for one in (system(), system(suite[0], ran=True, stored="card@2026-04")):
        assert resolve_profile(one, "verbatim").name == "verbatim"


def test_else_the_suites_rules_are_taken_whatever_the_run_says(suite: tuple[str, str]) -> None:
    assert resolve_profile(system(suite[0])).name == suite[1]
    assert resolve_profile(system(suite[0], ran=True, stored="verbatim")).name == suite[1]


def test_else_those_that_the_run_was_started_with() -> None:
    assert resolve_profile(system(ran=True, stored="card@2026-04")).name == "card@2026-04"
    assert resolve_profile(system("a suite that is gone", ran=True, stored="card@2026-04")).name == "card@2026-04"


def test_else_the_default() -> None:
    for one in (system(), system("a suite that is gone"), system(ran=True), system("gone", ran=True)):
        assert resolve_profile(one).name == DEFAULT_PROFILE


def test_rules_that_do_not_exist_are_refused() -> None:
    for arguments in ((system(), "verbatm"), (system(ran=True, stored="verbatm"),)):
        with pytest.raises(UsageError, match="did you mean 'verbatim'"):
            resolve_profile(*arguments)


def test_systems_that_stand_beside_each_other_have_one_profile() -> None:
    card, plain = system(ran=True, stored="card@2026-04"), system()
    assert common_profile([card, card]).name == "card@2026-04"
    assert common_profile([plain, system(ran=True)]).name == DEFAULT_PROFILE
    assert common_profile([card, plain], "verbatim").name == "verbatim"
    with pytest.raises(UsageError, match=f"different rules: card@2026-04, {DEFAULT_PROFILE}; choose one with --prof"):
        common_profile([card, plain, card])
