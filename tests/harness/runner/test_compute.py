"""The arithmetic of a benchmark: put together from clips like its own."""

from __future__ import annotations

from typing import Any

from harness.config import Settings
from harness.records.cost import Compute
from harness.runner.compute import compute_of
from harness.types import Usage
from tests.harness.runner.stub_run import Slow
from tests.harness.scoring.made import line


class Counted(Slow):
    """A quadratic in the seconds, and a constant a token."""

    def __init__(self) -> None:
        super().__init__(0.0)
        self.asked: list[tuple[float, float]] = []

    def flops(self, seconds: float, tokens: float) -> tuple[float, str] | None:
        self.asked.append((seconds, tokens))
        return 10 * seconds + seconds**2 + 100 * tokens, "by hand"


def clip(seconds: float, **more: Any) -> Any:
    return line(f"u{seconds}", "a", "a", audio_seconds=seconds, **more)


def test_operations_of_every_clip_where_they_are_few() -> None:
    found = compute_of(Counted(), [clip(1.0), clip(3.0)], Settings(device="cpu", peak_tflops=2.0))
    assert found == Compute(
        flops_a_second=(11 + 39) / 4, method="by hand", peak_tflops=2.0, peak_source="--peak-tflops"
    )


def test_of_many_clips_five_lengths_stand_for_all() -> None:
    model = Counted()
    compute_of(model, [clip(float(seconds)) for seconds in range(90, 0, -1)], Settings(device="cpu", peak_tflops=2.0))
    assert [seconds for seconds, _ in model.asked] == [10, 28, 46, 64, 82]


def test_tokens_are_shared_by_seconds_and_cut_clips_are_their_pieces() -> None:
    model = Counted()
    rows = [clip(4.0, usage=Usage(tokens=6), segments=((0.0, 1.0), (1.0, 4.0)))]
    compute_of(model, rows, Settings(device="cpu", peak_tflops=2.0))
    assert model.asked == [(1.0, 1.5), (3.0, 4.5)]


def test_nothing_is_counted_without_a_peak_a_clip_or_a_model_that_counts() -> None:
    model = Counted()
    assert compute_of(model, [clip(1.0)], Settings(device="cpu")) is None
    assert compute_of(model, [], Settings(device="cpu", peak_tflops=2.0)) is None
    assert model.asked == []
    assert compute_of(Slow(0.0), [clip(1.0)], Settings(device="cpu", peak_tflops=2.0)) is None


def test_a_model_that_breaks_while_it_counts_costs_no_run() -> None:
    class Broken(Counted):
        def flops(self, seconds: float, tokens: float) -> tuple[float, str] | None:
            raise ValueError("no shapes")

    found = compute_of(Broken(), [clip(1.0)], Settings(device="cpu", peak_tflops=2.0))
    assert found == "operations not counted: ValueError: no shapes"
