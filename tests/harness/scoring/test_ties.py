"""Ties with the best model of a table, from counts; and their marks in the table."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from harness.scoring.counting import Counted
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.predictions import Predictions
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import Scored, count_predictions
from harness.scoring.significance import Counts, difference, holm
from harness.scoring.ties import tied_with_best, ties
from tests.harness.scoring.made import SOURCE, line, predictions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

VERBATIM = get_profile("verbatim")
WORDS = "a b c d e f g h i j"


def counted(probability: float, seed: int, benchmark: str = "set", sessions: int = 12, *, ours: bool = False) -> Scored:
    generator = random.Random(seed)
    rows = []
    for index in range(10 * sessions):
        heard = " ".join(word if generator.random() > probability else "oops" for word in WORDS.split())
        rows.append(line(f"u{index}", WORDS, heard, session=f"s{index % sessions}"))
    one = Predictions(benchmark=benchmark, language="en", rows=rows, source=SOURCE, ours=ours)
    return count_predictions(one, VERBATIM)


def errors(one: Scored) -> int:
    return sum(one.kept(), ErrorCounts()).errors


def test_the_tied_are_found() -> None:
    scored = [[counted(0.2, 1)], [counted(0.05, 2)], [counted(0.05, 3)], [counted(0.05, 4)]]
    assert ties(scored, VERBATIM) == {"set": {1, 2, 3}}
    assert min(errors(one[0]) for one in scored) < errors(scored[0][0])


def test_the_average_has_ties_of_its_own() -> None:
    scored = [
        [counted(0.05, 1, "x"), counted(0.05, 2, "y")],
        [counted(0.05, 3, "x"), counted(0.05, 4, "y")],
        [counted(0.3, 5, "x"), counted(0.3, 6, "y")],
    ]
    found = ties(scored, VERBATIM)
    assert set(found) == {"x", "y", "average"}
    assert found["average"] == {0, 1}


def test_what_cannot_be_paired_is_left_out() -> None:
    one, other = counted(0.05, 1), counted(0.05, 2)
    shorter = count_predictions(replace(other.predictions, rows=other.predictions.rows[:-1]), VERBATIM)
    failed = changed(other.predictions.rows[0], hypothesis=None, error="lost")
    incomplete = count_predictions(replace(other.predictions, rows=[failed, *other.predictions.rows[1:]]), VERBATIM)
    renamed = changed(other.predictions.rows[0], reference="something else")
    otherwise = count_predictions(replace(other.predictions, rows=[renamed, *other.predictions.rows[1:]]), VERBATIM)
    for stranger in (shorter, incomplete, otherwise):
        assert ties([[one], [stranger]], VERBATIM) == {}
    assert ties([[counted(0.05, 1, sessions=4)], [counted(0.05, 2, sessions=4)]], VERBATIM) == {}
    assert ties([[one]], VERBATIM) == {}
    assert ties([], VERBATIM) == {}


def test_order_does_not_matter() -> None:
    one, other = counted(0.05, 1), counted(0.05, 2)
    turned = count_predictions(replace(other.predictions, rows=other.predictions.rows[::-1]), VERBATIM)
    assert ties([[one], [turned]], VERBATIM) == ties([[one], [other]], VERBATIM)
    assert ties([[one], [other]], VERBATIM)["set"] == {0, 1}


def test_references_dropped_by_one_run_count_for_none() -> None:
    august = get_profile("leaderboard@2026-08")
    rows = [line(f"u{i}", "uh", "uh noise" * 9, session=f"s{i}") for i in range(3)]
    rows += [line(f"v{i}", "a b c d", "a b c x", session=f"t{i}") for i in range(9)]
    mine = Predictions(benchmark="set", language="en", rows=rows, source=SOURCE, ours=True)
    theirs = replace(mine, ours=False)
    found = ties([[count_predictions(mine, august)], [count_predictions(theirs, august)]], august)
    assert found == {"set": {0, 1}}


# the rule


def by_hand(systems: dict[int, Counts], sessions: Sequence[str | None]) -> dict[int, bool | None]:
    """The rule on one benchmark, step by step: Holm's adjusted p are at least alpha."""
    rates = {index: one.rate for index, one in systems.items()}
    found: dict[int, bool | None] = dict.fromkeys(systems)
    known = {index: rate for index, rate in rates.items() if rate is not None}
    if not known:
        return found
    best = next(index for index in systems if known.get(index) == min(known.values()))
    found[best] = True
    tests = []
    for index in known:
        change = difference(systems[index], systems[best], sessions)
        if index != best and change is not None:
            tests.append((change.p, index))
    rejected = True
    for rank, (p, index) in enumerate(sorted(tests)):
        rejected = rejected and p < 0.05 / (len(tests) - rank)
        found[index] = not rejected
    return found


def drawn(seed: int) -> tuple[dict[int, Counts], list[str]]:
    """Four systems with errors of their own over nine sessions."""
    generator = np.random.default_rng(seed)
    words = generator.integers(5, 20, 45)
    chances = generator.choice([0.1, 0.13, 0.16, 0.2], 4)
    systems = {
        at: Counts(generator.binomial(words, chance), words) for at, chance in zip((3, 5, 6, 9), chances, strict=True)
    }
    return systems, [f"s{at % 9}" for at in range(45)]


def told(systems: dict[int, Counts], sessions: Sequence[str | None]) -> dict[int, bool | None]:
    rates = {index: one.rate for index, one in systems.items()}
    return tied_with_best(rates, {index: [one] for index, one in systems.items()}, [sessions])


def over_all_pairs(systems: dict[int, Counts], sessions: Sequence[str | None]) -> dict[int, bool]:
    """What `compare` once took: corrected for the pairs of systems that do not hold the best, too."""
    best = min(systems, key=lambda index: systems[index].rate or 0.0)
    pairs = list(combinations(systems, 2))
    found = [difference(systems[one], systems[other], sessions) for one, other in pairs]
    adjusted = holm([None if one is None else one.p for one in found])
    ties = {
        one if other == best else other: p
        for (one, other), p in zip(pairs, adjusted, strict=True)
        if best in {one, other}
    }
    return {index: index == best or (ties[index] or 0.0) >= 0.05 for index in systems}


def test_a_tie_is_what_holms_correction_over_the_pairs_with_the_best_does_not_tell_apart() -> None:
    seen: set[bool | None] = set()
    other_marks = 0
    for seed in range(120):
        systems, sessions = drawn(seed)
        found = told(systems, sessions)
        assert found == by_hand(systems, sessions)
        seen.update(found.values())
        other_marks += found != over_all_pairs(systems, sessions)
    assert seen == {True, False}
    assert other_marks > 5, "the corrections differ, so that this tells them apart"


def test_a_corrected_p_of_five_hundredths_is_a_tie_and_any_less_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    systems, sessions = drawn(0)
    best = min(systems, key=lambda index: systems[index].rate or 0.0)
    others = [index for index in systems if index != best]
    monkeypatch.setattr("harness.scoring.ties.holm", lambda _: [0.05, 0.0499, None])
    assert told(systems, sessions) == dict(zip(others, [True, False, None], strict=True)) | {best: True}


def test_of_equal_rates_the_first_is_the_best() -> None:
    words, sessions = np.full(10, 10), [None] * 10
    systems = {at: [Counts(np.full(10, 1), words)] for at in (4, 2)}
    assert tied_with_best({4: 0.1, 2: 0.1}, systems, [sessions]) == {4: True, 2: True}
    assert tied_with_best({4: None, 2: 0.1}, systems, [sessions]) == {4: None, 2: True}
    assert tied_with_best({4: None, 2: None}, systems, [sessions]) == {4: None, 2: None}
    assert tied_with_best({}, {}, []) == {}


def test_an_average_is_tied_over_all_its_benchmarks() -> None:
    words = np.full(10, 10)
    best, even, worse = (Counts(np.array([1 + extra, 2 + extra] * 5), words) for extra in (0, 0, 3))
    systems = {0: [best, best], 1: [even, worse]}
    sessions = [[None] * 10] * 2
    assert tied_with_best({0: 0.15, 1: 0.3}, systems, sessions) == {0: True, 1: False}
    assert tied_with_best({0: 0.15, 1: 0.15}, {0: [best] * 2, 1: [even] * 2}, sessions) == {0: True, 1: True}
    few: list[list[str | None]] = [[None] * 10, ["s"] * 10]
    assert tied_with_best({0: 0.15, 1: 0.3}, systems, few) == {0: True, 1: None}


def made(name: str, errors: int) -> Scored:
    """Twenty sessions of a million words each, with so many errors in each."""
    units = predictions(*[("a", "a")] * 20, name=name)
    counts = ErrorCounts(hits=1_000_000 - errors, substitutions=errors)
    return Scored(units, units, VERBATIM, [Counted(counts)] * 20)


def test_the_best_on_average_is_that_of_rounded_rates_where_the_profile_rounds() -> None:
    """So that the best of a table is the best by the numbers that it shows."""
    one = [made("x", 10_049), made("y", 10_049)]  # 1.0049 % on average, rounded 1.00 %
    other = [made("x", 10_001), made("y", 10_060)]  # 1.00305 % on average, rounded 1.005 %
    rounding = replace(VERBATIM, round_before_average=True)
    assert ties([one, other], VERBATIM)["average"] == {1}
    assert ties([one, other], rounding)["average"] == {0}


def test_an_average_needs_every_benchmark_of_the_table() -> None:
    parts = [counted(0.05, 1, "x"), counted(0.05, 2, "y")]
    alone = [*parts, counted(0.05, 5, "z")]
    assert "average" in ties([parts, parts], VERBATIM)
    assert "average" not in ties([alone, parts], VERBATIM), "nobody can be paired on z"
    assert "average" not in ties([parts[:1], parts[:1]], VERBATIM), "of one benchmark there is none"
    # Where no system has all of them with another, there is nothing to tell.
    assert "average" not in ties([parts, parts[:1], parts[1:]], VERBATIM)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_the_systems_does_not_matter(order: list[int]) -> None:
    chances = (0.05, 0.08, 0.2, 0.06)
    systems = [[counted(chance, seed, sessions=6)] for seed, chance in enumerate(chances)]
    found = ties([systems[at] for at in order], VERBATIM)["set"]
    assert {order[at] for at in found} == ties(systems, VERBATIM)["set"]
