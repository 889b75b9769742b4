"""The object of scores.json: what counts, what does not, and every trap that peers fell into."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError
from harness.scoring import counting
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.predictions import Predictions, Row, System
from harness.scoring.profiles import get_profile
from harness.scoring.score import score_system, score_systems, utterance_counts
from harness.scoring.sessions import merge_sessions

CARD = get_profile("card@2026-04")
AUGUST = get_profile("leaderboard@2026-08")


def rows(*pairs: tuple[str, str | None]) -> list[Row]:
    return [
        Row(id=f"u{number}", reference=reference, hypothesis=hypothesis, error=None if hypothesis is not None else "x")
        for number, (reference, hypothesis) in enumerate(pairs)
    ]


def foreign(*pairs: tuple[str, str | None], name: str = "mine", language: str = "en") -> Predictions:
    return Predictions(benchmark=name, language=language, rows=rows(*pairs), source=Path("x.jsonl"))


def theirs(*benchmarks: Predictions) -> System:
    return System(model="m", benchmarks=list(benchmarks))


def ours(*pairs: tuple[str, str | None], on_error: str = "record", expected: int | None = None) -> System:
    fact = {"language": "en", "expected": len(pairs) if expected is None else expected, "speed": {"rtfx": 7.0}}
    run = {"settings": {"on_error": on_error}, "complete": True, "benchmarks": {"mine": fact}}
    return System(model="m", suite="data_x", run=run, benchmarks=[replace(foreign(*pairs), ours=True)])


def entry(system: System, profile: Any = CARD) -> dict[str, Any]:
    found: dict[str, Any] = score_system(system, profile)["benchmarks"][0]
    return found


def test_an_empty_hypothesis_is_all_deletions() -> None:
    """HELM scores it 0, which is perfect."""
    found = entry(theirs(foreign(("a b c", ""))))
    assert found["errors"] == {"hits": 0, "substitutions": 0, "deletions": 3, "insertions": 0}
    assert found["wer"] == 1.0


def test_empty_texts_stay_empty() -> None:
    """NeMo-Skills writes the word "empty" in their place, which then matches itself."""
    assert entry(theirs(foreign(("", ""), ("a", "a"))))["words"] == 1
    assert entry(theirs(foreign(("", "empty"), ("a", "a"))))["errors"]["insertions"] == 1


def test_the_rate_is_the_ratio_of_sums_and_not_the_mean_of_rates() -> None:
    """HELM, NeMo-Skills and many askers average the rates of utterances."""
    found = entry(theirs(foreign(("a", "x"), ("a b c d e f g h i j", "a b c d e f g h i j"))))
    assert found["wer"] == 1 / 11


def test_a_benchmark_without_reference_words_has_no_rate() -> None:
    found = entry(theirs(foreign(("", "a b"))))
    assert (found["wer"], found["words"], found["errors"]["insertions"]) == (None, 0, 2)


def test_words_on_empty_references_count_in_predictions_of_others() -> None:
    """The leaderboard's loader drops such rows, which hides what a model makes up on noise."""
    found = entry(theirs(foreign(("uh", "thank you"), ("a", "a"))), AUGUST)
    assert (found["errors"]["insertions"], found["empty_references"], found["dropped_references"]) == (2, 1, 0)


def test_our_runs_drop_empty_references_where_the_profile_does_and_say_how_many() -> None:
    pairs = (("uh", "thank you"), ("ignore time segment in scoring", "x"), ("a b", "a"))
    found = entry(ours(*pairs), AUGUST)
    assert (found["errors"]["insertions"], found["words"], found["dropped_references"]) == (0, 2, 2)
    kept = entry(ours(*pairs), replace(AUGUST, drop_empty_references=False))
    assert (kept["errors"]["insertions"], kept["words"], kept["dropped_references"]) == (2, 7, 0)


def test_which_references_are_empty_depends_on_the_profile() -> None:
    assert entry(ours(("aha", "aha"), ("a", "a")), AUGUST)["dropped_references"] == 1
    assert entry(ours(("aha", "aha"), ("a", "a")), get_profile("leaderboard@2026-04"))["dropped_references"] == 0


def test_a_failed_utterance_is_shown_and_leaves_no_average() -> None:
    """UltraEval-Audio prints it and takes the mean of the others."""
    score = score_system(ours(("a b", "a b"), ("c d", None)), CARD)
    found = score["benchmarks"][0]
    assert (found["failed"], found["utterances"], found["words"], found["wer"]) == (1, 2, 2, 0.0)
    assert not score["complete"]
    assert score["average"]["wer"] is None
    assert not score_system(theirs(foreign(("a", "a"), ("b", None))), CARD)["complete"]


def test_a_failed_utterance_counts_as_deleted_where_the_run_was_told_so() -> None:
    score = score_system(ours(("a b", "a b"), ("c d", None), on_error="score-empty"), CARD)
    found = score["benchmarks"][0]
    assert (found["failed"], found["errors"]["deletions"], found["wer"]) == (1, 2, 0.5)
    assert score["complete"]


def test_a_run_with_rows_missing_is_incomplete() -> None:
    score = score_system(ours(("a", "a"), expected=2), CARD)
    assert not score["complete"]
    assert score["average"]["wer"] is None


def test_the_order_in_which_a_run_went_changes_no_digit() -> None:
    """A run that lost a worker, or was planned anew, has another order; a float sum then has another last digit."""
    system = ours(*[("one two three " * (1 + n % 5), "one two " * (1 + n % 4)) for n in range(60)])
    whole = system.benchmarks[0]
    dated = [replace(row, duration=0.1 * (1 + n), session=f"s{n % 7}") for n, row in enumerate(whole.rows)]

    def scored(order: list[Row]) -> str:
        return json.dumps(score_system(replace(system, benchmarks=[replace(whole, rows=order)]), CARD))

    expected = scored(dated)
    for seed in range(5):
        assert scored(random.Random(seed).sample(dated, len(dated))) == expected


def test_a_row_on_which_the_normalizer_raises_is_scored_as_it_is_written() -> None:
    long = "9" * 4400
    found = entry(theirs(foreign((f"{long} Mister", f"{long} mister"), ("Mr. A", "mister a"))))
    assert (found["scored_as_written"], found["words"], found["errors"]["substitutions"]) == (1, 4, 1)
    assert any("1 of 2 rows scored as they are written" in warning for warning in found["warnings"])


def test_rounding_before_the_average_only_where_the_profile_says_so() -> None:
    benchmarks = [
        foreign(("word " * 3000, "word " * 2999), name="one"),  # 0.0333 %, rounded 0.03
        foreign(("word " * 700, "word " * 699), name="two"),  # 0.142857 %, rounded 0.14
    ]
    exact = (1 / 3000 + 1 / 700) / 2
    assert score_system(theirs(*benchmarks), CARD)["average"]["wer"] == pytest.approx(exact, abs=1e-15)
    rounded = score_system(theirs(*benchmarks), AUGUST)["average"]
    assert rounded["wer"] == pytest.approx(0.00085, abs=1e-15)
    assert rounded["rounded"] is True
    switched_off = replace(AUGUST, round_before_average=False)
    assert score_system(theirs(*benchmarks), switched_off)["average"]["wer"] == pytest.approx(exact, abs=1e-15)
    assert score_system(theirs(*benchmarks), AUGUST)["benchmarks"][0]["wer"] == 1 / 3000, "stored unrounded"


def test_an_average_over_words_and_characters_is_none() -> None:
    score = score_system(theirs(foreign(("a", "a")), foreign(("日本", "日"), name="ja_set", language="ja")), CARD)
    assert [found["metric"] for found in score["benchmarks"]] == ["wer", "cer"]
    assert score["benchmarks"][1]["cer"] == 0.5
    assert score["average"]["wer"] is None


def test_speed_of_others_needs_every_time() -> None:
    """One zero or unknown time: the total would not be of the same rows."""
    timed = [replace(row, duration=10.0, time=2.0) for row in rows(("a", "a"), ("b", "b"))]
    full = replace(foreign(), rows=timed)
    assert entry(theirs(full))["speed"]["rtfx"] == 5.0
    for gap in (0.0, None):
        holed = replace(full, rows=[timed[0], replace(timed[1], time=gap)])
        found = entry(theirs(holed))
        assert (found["speed"]["rtfx"], found["audio_seconds"]) == (None, 20.0)
        average = score_system(theirs(holed, replace(full, benchmark="two")), CARD)["average"]
        assert average["speed"]["rtfx"] is None
    assert entry(ours(("a", "a")))["speed"]["rtfx"] == 7.0, "ours was measured"


def chunk(parent: str, index: int, text: str | None, **fields: Any) -> Row:
    return Row(
        id=f"{parent}-{index}",
        reference=f"the whole of {parent}",
        hypothesis=text,
        parent_id=parent,
        chunk_index=index,
        error=None if text is not None else "lost",
        **fields,
    )


def chunked(*chunks: Row) -> Predictions:
    return Predictions(benchmark="chunks", language="en", rows=list(chunks), source=Path("chunks.jsonl"))


def test_chunks_are_scored_as_the_session_that_they_are() -> None:
    first, second = (chunk("b", 1, " of b "), chunk("b", 0, "the whole")), (chunk("a", 0, "the whole of a"),)
    merged = merge_sessions(chunked(*first, *second))
    assert [(row.id, row.session, row.hypothesis) for row in merged.rows] == [
        ("a", "a", "the whole of a"),
        ("b", "b", "the whole of b"),
    ]
    found = entry(theirs(chunked(*first, *second)))
    assert (found["words"], found["wer"], found["utterances"], found["unit"]) == (8, 0.0, 3, "session")
    silent = merge_sessions(chunked(chunk("a", 0, "x"), chunk("a", 1, " "), chunk("a", 2, "y"))).rows[0]
    assert silent.hypothesis == "x y", "an empty chunk leaves no double space"


def test_times_of_chunks_are_summed_where_all_are_known() -> None:
    (row,) = merge_sessions(chunked(chunk("a", 0, "x", duration=1.5), chunk("a", 1, "y", duration=2.0))).rows
    assert (row.duration, row.time) == (3.5, None)


@pytest.mark.parametrize(
    ("indices", "message"), [([0, 2], "chunk 1 is missing of session 'a'"), ([1], "chunk 0 is"), ([0, 0], "twice")]
)
def test_a_missing_chunk_is_an_error(indices: list[int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        merge_sessions(chunked(*(chunk("a", index, "x") for index in indices)))


def test_chunks_among_other_rows_are_an_error() -> None:
    """The official scorer looks at the first row only."""
    with pytest.raises(DataError, match="1 of 2 rows have no parent_id"):
        merge_sessions(chunked(chunk("a", 0, "x"), *rows(("a", "a"))))


def test_a_failed_chunk_is_a_failed_session() -> None:
    score = score_system(theirs(chunked(chunk("a", 0, "the"), chunk("a", 1, None), chunk("b", 0, "x"))), CARD)
    assert (score["benchmarks"][0]["failed"], score["benchmarks"][0]["words"], score["complete"]) == (1, 4, False)


def test_utterance_counts_add_up_to_the_score() -> None:
    system = ours(("go on", "go off"), ("uh", "noise"), ("yes", None), ("not now", "not"))
    counts = utterance_counts(system.benchmarks[0], AUGUST)
    assert counts == [ErrorCounts(1, 1), ErrorCounts(), ErrorCounts(), ErrorCounts(1, 0, 1)]
    assert sum(counts, ErrorCounts()).as_dict() == entry(system, AUGUST)["errors"]


def test_sessions_are_said_to_be_what_they_are() -> None:
    assert entry(theirs(foreign(("a", "a"))))["unit"] == "utterance"


@pytest.mark.parametrize("killed", [False, True])
def test_the_result_does_not_depend_on_the_number_of_processes(
    monkeypatch: pytest.MonkeyPatch, *, killed: bool
) -> None:
    pairs = [(f"row {n % 7} of {n % 3} things", f"row {n % 5} of things", "en") for n in range(300)]
    alone = counting.count_pairs(pairs, AUGUST)
    asked: list[bool] = []
    real = counting._work

    def can_fork() -> bool:
        asked.append(True)
        return True

    def work(*arguments: Any) -> None:
        if killed:
            raise SystemExit(9)
        real(*arguments)

    monkeypatch.setattr(counting, "WORTH_A_WORKER", 100)
    monkeypatch.setattr(counting, "_can_fork", can_fork)
    monkeypatch.setattr(counting, "_work", work)
    assert counting.count_pairs(pairs, AUGUST, workers=3) == alone
    assert asked


def test_several_systems_at_once_are_scored_as_one_by_one() -> None:
    systems = [theirs(foreign(("a b", "a"))), ours(("a b", "b")), theirs(foreign(("ein 2", "ein zwei"), language="de"))]
    profiles = [CARD, AUGUST, AUGUST]
    together = score_systems(systems, profiles)
    assert together == [score_system(system, profile) for system, profile in zip(systems, profiles, strict=True)]
    assert json.loads(json.dumps(together, allow_nan=False)) == together
