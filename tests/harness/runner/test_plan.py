import json
import random
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.runner.plan import Budget, for_devices, padding, plan, spread

LENGTHS = st.lists(st.floats(0, 60, allow_nan=False), max_size=200)
BUDGETS = st.builds(
    Budget,
    seconds=st.none() | st.floats(0.1, 600),
    clips=st.none() | st.integers(1, 64),
    packs=st.booleans(),
    window=st.sampled_from([0.0, 30.0]),
)


@given(LENGTHS, BUDGETS)
def test_every_clip_is_in_exactly_one_batch(durations: list[float], budget: Budget) -> None:
    batches = plan(durations, budget)
    assert sorted(index for batch in batches for index in batch) == list(range(len(durations)))
    assert all(batches)


@given(LENGTHS, BUDGETS)
def test_no_batch_exceeds_the_budget_unless_it_is_one_clip(durations: list[float], budget: Budget) -> None:
    for batch in plan(durations, budget):
        lengths = [durations[index] for index in batch]
        assert budget.clips is None or len(batch) <= budget.clips
        assert len(batch) == 1 or budget.seconds is None or budget.cost(lengths) <= budget.seconds * (1 + 1e-9)


@given(LENGTHS, BUDGETS)
def test_the_longest_go_first_and_the_plan_is_stable(durations: list[float], budget: Budget) -> None:
    order = [index for batch in plan(durations, budget) for index in batch]
    assert order == sorted(range(len(durations)), key=lambda index: (-durations[index], index))


@given(LENGTHS, BUDGETS)
def test_a_batch_is_closed_only_where_the_next_clip_does_not_fit(durations: list[float], budget: Budget) -> None:
    """The same plan, put together clip by clip. Exact: where floats lie at the limit, too."""
    batches: list[list[int]] = []
    cost = 0.0
    for index in sorted(range(len(durations)), key=lambda index: -durations[index]):
        longest = durations[batches[-1][0]] if batches and not budget.packs else durations[index]
        more = max(budget.window, longest)
        full = batches and budget.clips is not None and len(batches[-1]) >= budget.clips
        if not batches or full or (budget.seconds is not None and cost + more > budget.seconds):
            batches.append([])
            cost, more = 0.0, max(budget.window, durations[index])
        batches[-1].append(index)
        cost += more
    assert plan(durations, budget) == batches


def test_a_plan_by_hand() -> None:
    assert plan([1.0, 3.0, 2.0, 3.0], Budget(seconds=6.0)) == [[1, 3], [2, 0]]
    assert plan([1.0, 3.0, 2.0, 3.0], Budget(seconds=6.0, packs=True)) == [[1, 3], [2, 0]]
    assert plan([1.0, 3.0, 2.0, 3.0], Budget(clips=3)) == [[1, 3, 2], [0]]
    assert plan([9.0], Budget(seconds=6.0)) == [[0]]
    assert plan([], Budget()) == []


def test_a_plan_is_the_same_on_all_machines() -> None:
    """One makes it, another makes it again: sums are those of one clip after the other, whatever a processor adds."""
    lengths = [0.1] * 3_000
    half = list(accumulate(lengths))[-1] / 2
    assert len(spread(lengths, Budget(seconds=half, packs=True), 2)) == 2


def test_clips_are_dealt_out_to_several_devices_by_hand() -> None:
    lengths = [1.0, 6.0, 3.0, 4.0, 5.0, 2.0, 7.0]  # 28 s: two batches of 14, or four of 7 and less
    assert spread(lengths, Budget(seconds=15.0, packs=True), 2) == [[6, 3, 2], [1, 4, 5, 0]]
    assert spread(lengths, Budget(seconds=9.0, packs=True), 2) == [[6], [1, 0], [4, 5], [3, 2]]
    assert spread(lengths, Budget(seconds=15.0, clips=3, packs=True), 2) == [[6], [1, 0], [4, 5], [3, 2]]
    assert spread(lengths, Budget(seconds=15.0, packs=True), 100) == [[index] for index in (6, 1, 4, 3, 2, 5, 0)]
    for budget, devices in (
        (Budget(seconds=6.5, packs=True), 2),  # one is longer than a batch may be
        (Budget(seconds=15.0), 2),  # what is padded has clips of like length in a batch
        (Budget(clips=3, packs=True), 2),
        (Budget(seconds=15.0, packs=True), 1),
    ):
        assert spread(lengths, budget, devices) == plan(lengths, for_devices(lengths, budget, devices))
    assert spread([], Budget(seconds=15.0, packs=True), 2) == []


@given(LENGTHS, BUDGETS, st.integers(1, 40))
def test_a_plan_for_several_devices_holds_each_clip_once_and_keeps_its_budget(
    durations: list[float], budget: Budget, devices: int
) -> None:
    batches = spread(durations, budget, devices)
    assert sorted(index for batch in batches for index in batch) == list(range(len(durations)))
    for batch in batches:
        lengths = [durations[index] for index in batch]
        assert lengths == sorted(lengths, reverse=True)
        assert len(batch) == 1 or budget.clips is None or len(batch) <= budget.clips
        assert len(batch) == 1 or budget.seconds is None or budget.cost(lengths) <= budget.seconds * (1 + 1e-9)
        # Who runs it plans it again, by its own budget: it stays one batch.
        assert len(plan(lengths, budget)) == 1


def test_padding_by_hand() -> None:
    assert padding([2.0, 1.0, 1.0], [[0, 1], [2]]) == pytest.approx(1 - 4 / 5)
    assert padding([], []) == 0.0
    assert padding([0.0], [[0]]) == 0.0


def test_a_window_is_the_least_that_a_clip_costs() -> None:
    assert Budget(window=30.0).cost([1.0, 40.0]) == 80.0
    assert Budget(packs=True, window=30.0).cost([1.0, 40.0]) == 70.0
    assert Budget(packs=True).cost([1.0, 40.0]) == 41.0


def test_a_halved_budget_fits_half_of_what_did_not() -> None:
    assert Budget(seconds=600.0).halved([10.0] * 60) == Budget(seconds=300.0, clips=30)
    assert Budget(clips=3, packs=True).halved([4.0, 2.0]) == Budget(seconds=3.0, clips=1, packs=True)


@pytest.mark.parametrize("wrong", [{"seconds": 0.0}, {"seconds": -1.0}, {"seconds": float("nan")}, {"clips": 0}])
def test_a_budget_that_nothing_fits_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Budget(**wrong)  # type: ignore[arg-type]


def test_padding_of_librispeech_stays_under_the_bar(shared: Path) -> None:
    """At 600 padded seconds a batch at most 4 % is padding, where batches of 128 clips waste three times as much."""
    (path,) = (shared / "predictions" / "normalized").glob("*whisper-large-v3*librispeech_test.clean.jsonl")
    durations = [json.loads(line)["duration"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(durations) == 2620
    random.Random(0).shuffle(durations)
    assert padding(durations, plan(durations, Budget(seconds=600.0))) < 0.04
    assert padding(durations, plan(durations, Budget(clips=128))) > 0.08
