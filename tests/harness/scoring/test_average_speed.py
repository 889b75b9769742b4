"""The average's speed is total over total, and leaves the same batches out of both totals."""

from harness.records.scores import AverageSpeed
from harness.records.speed import Speed
from harness.scoring.score import total_speed


def test_disturbed_batches_are_left_out_of_both_sides() -> None:
    one = Speed(audio_seconds=100.0, audio_seconds_undisturbed=50.0, seconds_counted=5.0, seconds_wall=20.0)
    two = Speed(audio_seconds=50.0, audio_seconds_undisturbed=50.0, seconds_counted=15.0, seconds_wall=30.0)
    assert total_speed([one, two]) == AverageSpeed(rtfx=5.0, rtfx_end_to_end=3.0)


def test_one_benchmark_without_a_clock_leaves_the_average_without_one() -> None:
    one = Speed(audio_seconds=100.0, seconds_counted=5.0)
    assert total_speed([one]).rtfx == 20.0
    assert total_speed([one, Speed()]).rtfx is None
    assert total_speed([]) == AverageSpeed()


def test_the_leaderboards_clock_is_total_over_total_and_null_where_a_benchmark_lacks_it() -> None:
    one = Speed(audio_seconds_leaderboard=100.0, seconds_counted_leaderboard=5.0, rtfx_leaderboard=20.0)
    two = Speed(audio_seconds_leaderboard=20.0, seconds_counted_leaderboard=5.0, rtfx_leaderboard=4.0)
    assert total_speed([one, two]).rtfx_leaderboard == 12.0
    assert total_speed([one, Speed(rtfx=1.0)]).rtfx_leaderboard is None
