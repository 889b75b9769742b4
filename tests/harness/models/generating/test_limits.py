from __future__ import annotations

import torch

from harness.models.generating.limits import own_limits, watched


def test_each_row_ends_at_its_own_limit_after_whatever_stood_before() -> None:
    stop = own_limits([1, 3])
    assert stop(torch.zeros(2, 5), None).tolist() == [True, False]  # four tokens of prompt, one generated
    assert stop.begin == 4
    assert stop(torch.zeros(2, 6), None).tolist() == [True, False]
    assert stop(torch.zeros(2, 7), None).tolist() == [True, True]


def test_suppressed_tokens_are_no_fault_and_what_is_no_number_is_remembered() -> None:
    watch = watched(3)
    scores = torch.zeros(3, 2)
    scores[0, 0] = float("-inf")
    assert watch(None, scores) is scores
    assert watch.numbers.tolist() == [True, True, True]
    scores[1, 0], scores[2, 1] = float("nan"), float("inf")
    watch(None, scores)
    watch(None, torch.zeros(3, 2))
    assert watch.numbers.tolist() == [True, False, False]
