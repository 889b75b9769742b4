"""Chunks are scored as the session that they are; a missing one is an error; a failed one as the run was told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from harness.errors import DataError
from harness.records.journal import Line
from harness.scoring.comparison import compare_systems
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.predictions import Predictions, System
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_systems
from harness.scoring.scored import count_predictions
from harness.scoring.sessions import merge_sessions, total
from harness.types import Word
from tests.harness.scoring.made import SOURCE, line, lines

CARD = get_profile("card@2026-04")


def chunk(parent: str, index: int, text: str | None, **fields: Any) -> Line:
    return line(f"{parent}-{index}", f"the whole of {parent}", text, parent_id=parent, chunk_index=index, **fields)


def chunked(*chunks: Line, scores_empty: bool = False) -> Predictions:
    return Predictions(
        benchmark="chunks",
        language="en",
        rows=list(chunks),
        source=SOURCE,
        ours=scores_empty,
        scores_empty=scores_empty,
    )


def system(one: Predictions) -> System:
    return System(model="m", benchmarks=[one])


def test_chunks_are_scored_as_the_session_that_they_are() -> None:
    first, second = (chunk("b", 1, " of b "), chunk("b", 0, "the whole")), (chunk("a", 0, "the whole of a"),)
    merged = merge_sessions(chunked(*first, *second))
    assert [(row.id, row.session, row.hypothesis) for row in merged.rows] == [
        ("a", "a", "the whole of a"),
        ("b", "b", "the whole of b"),
    ]
    assert {(row.parent_id, row.chunk_index) for row in merged.rows} == {(None, None)}
    [score] = score_systems([system(chunked(*first, *second))], [CARD])
    [found] = score.benchmarks
    assert (found.words, found.wer, found.utterances, found.unit) == (8, 0.0, 3, "session")
    silent = merge_sessions(chunked(chunk("a", 0, "x"), chunk("a", 1, " "), chunk("a", 2, "y"))).rows[0]
    assert silent.hypothesis == "x y", "an empty chunk leaves no double space"


def test_words_and_speakers_of_chunks_follow_each_other() -> None:
    """By the clock of the session, as far as the chunks say how long they are; a label that one lacks is not known."""
    words = (Word("a", 0.5, 1.0),)
    chunks = [chunk("a", at, "a", words=words, speakers=(f"s{at}",), duration=2.5) for at in range(3)]
    [merged] = merge_sessions(chunked(*chunks)).rows
    assert merged.words == (Word("a", 0.5, 1.0), Word("a", 3.0, 3.5), Word("a", 5.5, 6.0))
    assert merged.speakers == ("s0", "s1", "s2")
    lacking = [msgspec.structs.replace(chunks[0], duration=None), msgspec.structs.replace(chunks[1], speakers=None)]
    [merged] = merge_sessions(chunked(*lacking)).rows
    assert (merged.words, merged.speakers, merged.turns) == (None, None, None)


def test_a_session_that_is_known_keeps_its_name() -> None:
    one = merge_sessions(chunked(chunk("a", 0, "x", session="speaker"), chunk("a", 1, "y", session="speaker")))
    assert [(row.id, row.session) for row in one.rows] == [("a", "speaker")]


def test_times_of_chunks_are_summed_where_all_are_known() -> None:
    (row,) = merge_sessions(chunked(chunk("a", 0, "x", duration=1.5), chunk("a", 1, "y", duration=2.0))).rows
    assert (row.duration, row.time) == (3.5, None)
    (row,) = merge_sessions(chunked(chunk("a", 0, "x", time=1.5), chunk("a", 1, "y", time=2.0))).rows
    assert (row.duration, row.time) == (None, 3.5)


def test_drafts_of_chunks_are_joined_where_all_have_one() -> None:
    (row,) = merge_sessions(chunked(chunk("a", 1, "y", draft=" d"), chunk("a", 0, "x", draft="c "))).rows
    assert row.draft == "c d"
    (row,) = merge_sessions(chunked(chunk("a", 0, "x", draft="c"), chunk("a", 1, "y"))).rows
    assert row.draft is None


@pytest.mark.parametrize(
    ("indices", "message"), [([0, 2], "chunk 1 is missing of session 'a'"), ([1], "chunk 0 is"), ([0, 0], "twice")]
)
def test_a_missing_chunk_is_an_error(indices: list[int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        merge_sessions(chunked(*(chunk("a", index, "x") for index in indices)))


def test_chunks_of_a_session_share_its_reference() -> None:
    rows = chunk("a", 0, "x"), msgspec.structs.replace(chunk("a", 1, "y"), reference="of this chunk alone")
    with pytest.raises(DataError, match="chunks 0 and 1 of session 'a' have different references"):
        merge_sessions(chunked(*rows))


def test_chunks_among_other_rows_are_an_error() -> None:
    """The official scorer looks at the first row only."""
    with pytest.raises(DataError, match="1 of 2 rows have no parent_id"):
        merge_sessions(chunked(chunk("a", 0, "x"), *lines(("a", "a"))))


def test_a_failed_chunk_is_a_failed_session() -> None:
    rows = chunk("a", 0, "the"), chunk("a", 1, None), chunk("b", 0, "x")
    [score] = score_systems([system(chunked(*rows))], [CARD])
    assert (score.benchmarks[0].failed, score.benchmarks[0].words, score.complete) == (1, 4, False)
    failed = merge_sessions(chunked(*rows)).rows[0]
    assert (failed.hypothesis, failed.error) == (None, "lost")


def test_a_failed_chunk_is_empty_where_the_run_was_told_so_in_score_as_in_compare() -> None:
    """`score` once took the whole session as empty, `compare` the chunk alone."""
    rows = chunk("a", 0, "the whole"), chunk("a", 1, None, draft="of a"), chunk("b", 0, "the whole of b")
    one = chunked(*rows, scores_empty=True)
    assert [row.hypothesis for row in merge_sessions(one).rows] == ["the whole", "the whole of b"]
    [score] = score_systems([system(one)], [CARD])
    [entry] = score.benchmarks
    assert (entry.failed, entry.errors, entry.wer) == (1, ErrorCounts(hits=6, deletions=2), 2 / 8)
    perfect = chunked(chunk("a", 0, "the whole of a"), chunk("b", 0, "the whole of b"))
    [block] = compare_systems([system(one), replace(system(perfect), model="n")], CARD).benchmarks
    assert {standing.system: standing.rate for standing in block.systems} == {"m": 2 / 8, "n": 0.0}
    assert block.left_out == 0


def test_rows_of_a_journal_come_by_their_ids_and_those_of_others_as_they_stand() -> None:
    rows = [line(name, "x", "x") for name in "bca"]
    one = Predictions(benchmark="b", language="en", rows=rows, source=SOURCE)
    assert [row.id for row in merge_sessions(one).rows] == ["b", "c", "a"]
    assert [row.id for row in merge_sessions(replace(one, ours=True)).rows] == ["a", "b", "c"]


def test_what_failed_is_counted_before_sessions_are_merged() -> None:
    found = count_predictions(chunked(chunk("a", 0, None), chunk("a", 1, None), scores_empty=True), CARD)
    assert found.failed == 2
    assert found.kept() == [ErrorCounts(deletions=4)]


def test_totals_need_every_part() -> None:
    assert total([1.0, 2.5]) == 3.5
    assert total([1.0, None]) is None
    assert total([]) is None
