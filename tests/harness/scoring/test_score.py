"""The object of scores.json: what counts, what does not, and every trap that peers fell into."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from harness.records import codec
from harness.records.journal import Line
from harness.records.run import BenchmarkRecord
from harness.records.scores import Average, AverageSpeed, BenchmarkScore, Scores
from harness.records.speed import Speed
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.predictions import Predictions, System
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import Profile
from harness.scoring.score import score_systems
from harness.scoring.scored import count_predictions
from tests.harness.run_records import run_record
from tests.harness.scoring.made import predictions as foreign

CARD = get_profile("card@2026-04")
AUGUST = get_profile("leaderboard@2026-08")


def theirs(*benchmarks: Predictions) -> System:
    return System(model="m", benchmarks=list(benchmarks))


def ours(*pairs: tuple[str, str | None], on_error: str = "record", expected: int | None = None) -> System:
    run = run_record(
        settings={"on_error": on_error},
        complete=True,
        benchmarks={
            "mine": BenchmarkRecord(
                language="en", expected=len(pairs) if expected is None else expected, speed=Speed(rtfx=7.0)
            )
        },
    )
    one = foreign(*pairs, ours=True, scores_empty=run.scores_empty)
    return System(model="m", suite="data_x", run=run, benchmarks=[one])


def scored(system: System, profile: Profile = CARD) -> Scores:
    [found] = score_systems([system], [profile])
    return found


def entry(system: System, profile: Profile = CARD) -> BenchmarkScore:
    return scored(system, profile).benchmarks[0]


def errors(system: System, profile: Profile = CARD) -> ErrorCounts:
    found = entry(system, profile).errors
    assert found is not None
    return found


def test_an_empty_hypothesis_is_all_deletions() -> None:
    """HELM scores it 0, which is perfect."""
    found = entry(theirs(foreign(("a b c", ""))))
    assert found.errors == ErrorCounts(deletions=3)
    assert found.wer == 1.0


def test_empty_texts_stay_empty() -> None:
    """NeMo-Skills writes the word "empty" in their place, which then matches itself."""
    assert entry(theirs(foreign(("", ""), ("a", "a")))).words == 1
    assert errors(theirs(foreign(("", "empty"), ("a", "a")))).insertions == 1


def test_the_rate_is_the_ratio_of_sums_and_not_the_mean_of_rates() -> None:
    """HELM, NeMo-Skills and many askers average the rates of utterances."""
    found = entry(theirs(foreign(("a", "x"), ("a b c d e f g h i j", "a b c d e f g h i j"))))
    assert found.wer == 1 / 11


def test_a_benchmark_without_reference_words_has_no_rate() -> None:
    found = entry(theirs(foreign(("", "a b"))))
    assert (found.wer, found.words, found.errors) == (None, 0, ErrorCounts(insertions=2))


def test_an_id_that_repeats_is_said_and_every_row_counted() -> None:
    made = foreign(("a b", "a b"), ("a b", "a"), ("a b", "x"), ("a b", "a b"))
    made = replace(made, rows=[changed(row, id=name) for row, name in zip(made.rows, "uvuu", strict=True)])
    found = entry(theirs(made))
    assert found.warnings == ("2 of 4 rows have an id that stands before, as 'u': all are counted",)
    assert (found.utterances, found.errors) == (4, ErrorCounts(5, 1, 2, 0))
    assert entry(theirs(replace(made, rows=made.rows[:2]))).warnings == ()


def test_words_on_empty_references_count_in_predictions_of_others() -> None:
    """The leaderboard's loader drops such rows, which hides what a model makes up on noise."""
    found = entry(theirs(foreign(("uh", "thank you"), ("a", "a"))), AUGUST)
    assert (found.errors, found.empty_references, found.dropped_references) == (ErrorCounts(hits=1, insertions=2), 1, 0)


def test_our_runs_drop_empty_references_where_the_profile_does_and_say_how_many() -> None:
    pairs = (("uh", "thank you"), ("ignore time segment in scoring", "x"), ("a b", "a"))
    found = entry(ours(*pairs), AUGUST)
    assert (found.errors, found.words, found.dropped_references) == (ErrorCounts(hits=1, deletions=1), 2, 2)
    assert found.empty_references == 2
    kept = entry(ours(*pairs), replace(AUGUST, drop_empty_references=False))
    assert kept.errors is not None
    assert (kept.errors.insertions, kept.words, kept.dropped_references) == (2, 7, 0)


def test_which_references_are_empty_depends_on_the_profile() -> None:
    assert entry(ours(("aha", "aha"), ("a", "a")), AUGUST).dropped_references == 1
    assert entry(ours(("aha", "aha"), ("a", "a")), get_profile("leaderboard@2026-04")).dropped_references == 0


def test_a_failed_utterance_is_shown_and_leaves_no_average() -> None:
    """UltraEval-Audio prints it and takes the mean of the others."""
    score = scored(ours(("a b", "a b"), ("c d", None)))
    found = score.benchmarks[0]
    assert (found.failed, found.utterances, found.words, found.wer) == (1, 2, 2, 0.0)
    assert score.complete is False
    assert score.average.wer is None
    assert not scored(theirs(foreign(("a", "a"), ("b", None)))).complete


def test_a_failed_utterance_counts_as_deleted_where_the_run_was_told_so() -> None:
    score = scored(ours(("a b", "a b"), ("c d", None), on_error="score-empty"))
    found = score.benchmarks[0]
    assert (found.failed, found.errors, found.wer) == (1, ErrorCounts(hits=2, deletions=2), 0.5)
    assert score.complete


def test_a_run_with_rows_missing_is_incomplete() -> None:
    score = scored(ours(("a", "a"), expected=2))
    assert score.complete is False
    assert score.average.wer is None


def test_the_order_in_which_a_run_went_changes_no_digit() -> None:
    """A run that lost a worker, or was planned anew, has another order; a float sum then has another last digit."""
    system = ours(*[("one two three " * (1 + n % 5), "one two " * (1 + n % 4)) for n in range(60)])
    whole = system.benchmarks[0]
    dated = [changed(row, duration=0.1 * (1 + n), session=f"s{n % 7}") for n, row in enumerate(whole.rows)]

    def stored(order: list[Line]) -> bytes:
        return codec.encode(scored(replace(system, benchmarks=[replace(whole, rows=order)])))

    expected = stored(dated)
    for seed in range(5):
        assert stored(random.Random(seed).sample(dated, len(dated))) == expected


def test_a_row_on_which_the_normalizer_raises_is_scored_as_it_is_written() -> None:
    long = "9" * 4400
    found = entry(theirs(foreign((f"{long} Mister", f"{long} mister"), ("Mr. A", "mister a"))))
    assert found.errors is not None
    assert (found.scored_as_written, found.words, found.errors.substitutions) == (1, 4, 1)
    assert any("1 of 2 rows scored as they are written" in warning for warning in found.warnings)


def test_rounding_before_the_average_only_where_the_profile_says_so() -> None:
    benchmarks = [
        foreign(("word " * 3000, "word " * 2999), name="one"),  # 0.0333 %, rounded 0.03
        foreign(("word " * 700, "word " * 699), name="two"),  # 0.142857 %, rounded 0.14
    ]
    exact = (1 / 3000 + 1 / 700) / 2
    assert scored(theirs(*benchmarks)).average.wer == pytest.approx(exact, abs=1e-15)
    rounded = scored(theirs(*benchmarks), AUGUST).average
    assert rounded.wer == pytest.approx(0.00085, abs=1e-15)
    assert rounded.rounded is True
    switched_off = replace(AUGUST, round_before_average=False)
    assert scored(theirs(*benchmarks), switched_off).average.wer == pytest.approx(exact, abs=1e-15)
    assert scored(theirs(*benchmarks), AUGUST).benchmarks[0].wer == 1 / 3000, "stored unrounded"


def test_an_average_over_words_and_characters_is_none() -> None:
    score = scored(theirs(foreign(("a", "a")), foreign(("日本", "日"), name="ja_set", language="ja")))
    assert [found.metric for found in score.benchmarks] == ["wer", "cer"]
    assert score.benchmarks[1].cer == 0.5
    assert score.average.wer is None


def test_speed_of_others_needs_every_time() -> None:
    """One zero or unknown time: the total would not be of the same rows."""
    full = foreign(("a", "a"), ("b", "b"), duration=[10.0, 10.0], time=[2.0, 2.0])
    assert entry(theirs(full)).speed.rtfx == 5.0
    for gap in (0.0, None):
        holed = foreign(("a", "a"), ("b", "b"), duration=[10.0, 10.0], time=[2.0, gap])
        found = entry(theirs(holed))
        assert (found.speed.rtfx, found.audio_seconds) == (None, 20.0)
        average = scored(theirs(holed, replace(full, benchmark="two"))).average
        assert average.speed.rtfx is None
    assert entry(ours(("a", "a"))).speed.rtfx == 7.0, "ours was measured"


def test_utterance_counts_add_up_to_the_score() -> None:
    system = ours(("go on", "go off"), ("uh", "noise"), ("yes", None), ("not now", "not"))
    counts = count_predictions(system.benchmarks[0], AUGUST).kept()
    assert counts == [ErrorCounts(1, 1), ErrorCounts(), ErrorCounts(), ErrorCounts(1, 0, 1)]
    assert sum(counts, ErrorCounts()) == entry(system, AUGUST).errors


def test_sessions_are_said_to_be_what_they_are() -> None:
    assert entry(theirs(foreign(("a", "a")))).unit == "utterance"
    assert entry(theirs(foreign(("a", "a"), ("b", "b"), session=[None, "s"]))).unit == "session"


def test_several_systems_at_once_are_scored_as_one_by_one() -> None:
    systems = [theirs(foreign(("a b", "a"))), ours(("a b", "b")), theirs(foreign(("ein 2", "ein zwei"), language="de"))]
    profiles = [CARD, AUGUST, AUGUST]
    together = score_systems(systems, profiles)
    assert together == [scored(system, profile) for system, profile in zip(systems, profiles, strict=True)]
    for one in together:
        assert codec.decode(codec.encode(one), Scores, "scores.json") == one


def test_metrics_that_are_asked_for_are_there_and_no_others() -> None:
    system = theirs(foreign(("a b", "a c"), ("d", "d")))
    [score] = score_systems([system], [CARD], metrics=["ser", "mer"])
    assert {name: found.value for name, found in score.benchmarks[0].metrics.items()} == {"ser": 1 / 2, "mer": 1 / 3}
    assert entry(system).metrics == {}
    [score] = score_systems([theirs(foreign(("今", "今"), language="ja"))], [CARD], metrics=["wer"])
    assert score.benchmarks[0].metrics == {}, "no such metric of that language"


def test_characters_are_counted_where_there_are_no_spaces() -> None:
    found = entry(theirs(foreign(("今日は", "今日わね"), language="ja", session=["s"])))
    assert (found.metric, found.characters, found.character_errors, found.cer) == ("cer", 3, 2, 2 / 3)
    assert (found.words, found.errors, found.wer, found.rate) == (None, None, None, 2 / 3)
    many = foreign(*[("今日は", "今日わ")] * 6, language="ja", session=list("abcdef"))
    found = entry(theirs(many))
    assert found.wer_interval is None
    assert found.cer_interval is not None
    assert found.interval == found.cer_interval


def test_the_interval_is_over_the_sessions_of_what_is_scored() -> None:
    one = foreign(*[("a b", "a c"), ("a b", "a b")] * 6, session=[f"s{at // 2}" for at in range(12)])
    found = entry(theirs(one))
    assert found.wer_interval is not None
    assert (found.wer_interval.sessions, found.interval) == (6, found.wer_interval)
    assert found.cer_interval is None
    average = scored(theirs(one, replace(one, benchmark="two"))).average
    assert average.wer_interval is not None
    assert average.wer_interval.sessions == 12


def test_an_incomplete_score_has_no_average_but_says_how_it_would_be_made() -> None:
    assert scored(theirs(foreign(("a", None))), AUGUST).average == Average(rounded=True)
    assert scored(theirs(foreign(("a", None))), CARD).average == Average()
    assert Average().speed == AverageSpeed()


def test_a_run_that_says_that_it_is_unfinished_is_incomplete() -> None:
    system = ours(("a", "a"))
    assert system.run is not None
    assert scored(system).complete
    system.run.complete = False
    assert not scored(system).complete
    system.run.complete = None
    assert scored(system).complete
    system.run.benchmarks["more"] = BenchmarkRecord(expected=2)
    more = replace(system, benchmarks=[*system.benchmarks, foreign(("a", "a"), name="more", ours=True)])
    assert not scored(more).complete, "one of two benchmarks has fewer rows than it should"
    assert not scored(system).complete, "a benchmark of the run has no journal"


def test_a_run_of_a_suite_is_complete_with_all_benchmarks_of_the_suite() -> None:
    from benchmarks.registry import suites

    name, suite = next((name, suite) for name, suite in suites().items() if len(suite.benchmarks) > 1)
    parts = [foreign(("a", "a"), name=one, ours=True) for one in suite.benchmarks]
    run = run_record({parts[0].benchmark: BenchmarkRecord()})
    whole = System(model="m", suite=name, run=run, benchmarks=parts)
    assert scored(whole).complete
    assert not scored(replace(whole, benchmarks=parts[:-1])).complete


def test_what_looks_broken_is_warned_of() -> None:
    found = entry(theirs(foreign(*[("a b c", "")] * 20)))
    assert found.warnings[0].startswith("empty outputs in 20 of 20 utterances")
    assert entry(theirs(foreign(*[("a b c", "a b d")] * 20))).warnings == ()
