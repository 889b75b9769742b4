"""The average's speed is total over total, and leaves the same batches out of both totals."""

from harness.scoring.score import _average_speed


def test_disturbed_batches_are_left_out_of_both_sides() -> None:
    one = {"seconds_heard": 100.0, "seconds_heard_clean": 50.0, "seconds_counted": 5.0, "seconds_wall": 20.0}
    two = {"seconds_heard": 50.0, "seconds_heard_clean": 50.0, "seconds_counted": 15.0, "seconds_wall": 30.0}
    assert _average_speed([{"speed": one}, {"speed": two}]) == {"rtfx": 5.0, "rtfx_end_to_end": 3.0}


def test_one_benchmark_without_a_clock_leaves_the_average_without_one() -> None:
    one = {"seconds_heard": 100.0, "seconds_counted": 5.0}
    assert _average_speed([{"speed": one}, {"speed": {"rtfx": None}}])["rtfx"] is None


def test_the_leaderboards_clock_is_total_over_total_and_null_where_a_benchmark_lacks_it() -> None:
    one = {"seconds_heard_leaderboard": 100.0, "seconds_counted_leaderboard": 5.0, "rtfx_leaderboard": 20.0}
    two = {"seconds_heard_leaderboard": 20.0, "seconds_counted_leaderboard": 5.0, "rtfx_leaderboard": 4.0}
    assert _average_speed([{"speed": one}, {"speed": two}])["rtfx_leaderboard"] == 12.0
    assert _average_speed([{"speed": one}, {"speed": {"rtfx": 1.0}}])["rtfx_leaderboard"] is None
    assert "rtfx_leaderboard" not in _average_speed([{"speed": {"rtfx": 1.0}}])
