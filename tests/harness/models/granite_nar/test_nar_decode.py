from __future__ import annotations

import itertools

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.models.granite_nar import decode


def ids(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_repeats_merge_before_blanks_are_dropped() -> None:
    assert decode.collapsed(ids(9, 3, 3, 9, 3, 4, 4, 9), 9).tolist() == [3, 3, 4]
    assert decode.collapsed(ids(9, 9, 9), 9).tolist() == []
    assert decode.collapsed(ids(), 9).tolist() == []


@given(st.lists(st.integers(0, 4), max_size=40))
def test_collapse_is_groupby(classes: list[int]) -> None:
    expected = [key for key, _ in itertools.groupby(classes) if key != 4]
    assert decode.collapsed(ids(*classes), 4).tolist() == expected


def test_the_first_releases_head_has_a_blank_of_its_own() -> None:
    got = decode.collapse_each(ids(0, 5, 5, 0, 5, 100, 0, 0, 0), np.array([0, 6, 7, 9]), 0, shift=1)
    assert [each.tolist() for each in got] == [[4, 4, 99], [], []]


def test_slots_have_the_draft_at_odd_places_and_eight_at_least() -> None:
    assert decode.slots(ids(), 9, 8).tolist() == [9] * 8
    assert decode.slots(ids(1, 2, 3), 9, 8).tolist() == [9, 1, 9, 2, 9, 3, 9, 9]
    assert decode.slots(ids(1, 2, 3, 4), 9, 8).tolist() == [9, 1, 9, 2, 9, 3, 9, 4, 9]
    assert decode.slots(ids(), 9, 1).tolist() == [9]


def test_slots_of_a_draft_collapse_to_the_draft() -> None:
    draft = ids(4, 4, 1, 1, 1, 2)
    assert decode.collapsed(decode.slots(draft, 9, 8), 9).tolist() == draft.tolist()


def test_best_classes_are_the_same_in_chunks() -> None:
    torch.manual_seed(0)
    rows, weight, bias = torch.randn(50, 8), torch.randn(100, 8), torch.randn(100)
    whole = (rows @ weight.T + bias).argmax(-1)
    assert torch.equal(decode.best_classes(rows, weight, bias, chunk=7), whole)
    assert decode.best_classes(rows[:0], weight, bias).shape == (0,)
