"""Turns and words with times in rows and recognizers' JSON: who says a word, and times that are none."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.dataset import SpokenTurn
from benchmarks.sources.rttm import read_rttm
from benchmarks.sources.seconds import in_order, seconds
from benchmarks.sources.tiers import read_eaf, read_textgrid
from benchmarks.sources.timed import read_ctm, read_cues, read_seglst, read_stm
from benchmarks.sources.timed_rows import turns_in, words_in
from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable


_A = Path("a")


def word(
    text: str, start: float | None = None, end: float | None = None, speaker: str | None = None
) -> dict[str, object]:
    stated = {"word": text, "start": start, "end": end, "speaker": speaker}
    return {key: value for key, value in stated.items() if value is not None}


def test_a_segment_is_as_many_turns_as_its_words_have_speakers() -> None:
    words = [word("Hello,", 0, 1, "A"), word("there!", 1, 2, "A"), word("good", 2.5, 3, "B"), word("day", 3, 4, "A")]
    segment = {"start": 0, "end": 5, "text": " Hello, there! good day", "speaker": "A", "words": words}
    assert turns_in({"segments": [segment]}, ("segments",)) == (
        SpokenTurn("A", "Hello, there!", 0, 2),
        SpokenTurn("B", "good", 2.5, 3),
        SpokenTurn("A", "day", 3, 4),
    )


def test_a_segment_of_one_speaker_stays_whole_and_is_its_words() -> None:
    words = [word("one", 1, 2, "B"), word("two", 3, 4, "B")]
    segment = {"start": 0, "end": 5, "text": "one two", "words": words}
    for named in ({}, {"speaker": "A"}):
        assert turns_in({"segments": [segment | named]}, ("segments",)) == (SpokenTurn("B", "one two", 0, 5),)
    silent = segment | {"words": [word("one", 1, 2), word("two", 3, 4)], "speaker": "A"}
    assert turns_in({"segments": [silent]}, ("segments",)) == (SpokenTurn("A", "one two", 0, 5),)


def test_a_word_without_a_speaker_or_time_is_of_who_speaks() -> None:
    words = [word("1", None, None), word("b", 1, 2, "B"), word("7"), word("c", 3, 4, "C"), word("d", 2, 2.5, "C")]
    segment = {"start": 0, "end": 5, "text": "1 b 7 c d", "words": words}
    assert turns_in({"segments": [segment]}, ("segments",)) == (
        SpokenTurn("B", "1 b 7", 1, 2),
        SpokenTurn("C", "c d", 3, 4),
    )
    assert turns_in({"segments": [segment | {"speaker": "A"}]}, ("segments",)) == (
        SpokenTurn("A", "1", None, None),
        SpokenTurn("B", "b 7", 1, 2),
        SpokenTurn("C", "c d", 3, 4),
    )


def test_texts_without_spaces_are_cut_where_they_are() -> None:
    words = [word(sign, at, at + 1, "A" if at < 2 else "B") for at, sign in enumerate("你好再见")]
    segment = {"text": "你好再见", "words": words}
    assert turns_in({"segments": [segment]}, ("segments",)) == (
        SpokenTurn("A", "你好", 0, 2),
        SpokenTurn("B", "再见", 2, 4),
    )
    other = {"text": "something else", "words": words}  # the words are what has speakers
    assert [one.text for one in turns_in({"segments": [other]}, ("segments",)) or ()] == ["你 好", "再 见"]
    bare = {"start": 0, "end": 4, "words": words}  # without a text of its own
    assert [one.text for one in turns_in({"segments": [bare]}, ("segments",)) or ()] == ["你 好", "再 见"]


def test_words_alone_are_turns_up_to_a_pause() -> None:
    words = [word("a", 0, 1, "A"), word("b", 1.5, 2, "A"), word("c", 2.6, 3, "A"), word("d", 3, 4, "B")]
    turns = (SpokenTurn("A", "a b", 0, 2), SpokenTurn("A", "c", 2.6, 3), SpokenTurn("B", "d", 3, 4))
    nameless = [{"text": "a b c d", "start": 0, "end": 4}]
    for values in ({"words": words}, {"words": json.dumps(words)}, {"words": words, "segments": nameless}):
        assert turns_in(values, ("segments",), ("words",)) == turns
    named = [{"text": "a b c d", "start": 0, "end": 4, "speaker": "Z"}]
    assert turns_in({"words": words, "segments": named}, ("segments",), ("words",)) == (
        SpokenTurn("Z", "a b c d", 0, 4),
    )
    assert turns_in({"words": [word("a", 0, 1)]}, ("segments",), ("words",)) is None
    assert turns_in({"words": words}, ("segments",)) is None


@pytest.mark.parametrize("value", [-1, "-0.5", math.nan, "nan", math.inf, "1e9", 1e9, 10**400, "soon", True, None, [1]])
def test_what_is_no_time(value: object) -> None:
    with pytest.raises(ValueError, match=r"^begin is .*, not a number of seconds$"):
        seconds(value, "begin")
    with pytest.raises(DataError, match=r"item 1: .*start_time is .*, not a number of seconds"):
        read_seglst(_A, json.dumps([{"session_id": "a", "words": "", "start_time": value, "end_time": 1}]))
    if value is not None:
        with pytest.raises(ValueError, match=r"turn 1: start is .*, not a number of seconds"):
            turns_in({"turns": [{"text": "a", "start": value, "end": 1}]}, ("turns",))
        with pytest.raises(ValueError, match=r"word 1: end is .*, not a number of seconds"):
            words_in({"words": [{"word": "a", "start": 0, "end": value}]}, ("words",))
    if isinstance(value, str):
        for read, line in ((read_ctm, "a 1 {} 1 a"), (read_rttm, "SPEAKER a 1 {} 1 <NA> <NA> A <NA> <NA>")):
            with pytest.raises(DataError, match=f"line 1: '{value}' is no number of seconds"):
                read(_A, line.format(value))


def test_what_is_one() -> None:
    assert [seconds(one, "x") for one in (0, "0.5", 3, 999_999_999)] == [0.0, 0.5, 3.0, 999_999_999.0]
    assert in_order(2.0, 2.0) == (2.0, 2.0)


_SEGLST = '[{"session_id": "a", "words": "b", "start_time": 5, "end_time": 1}]'
_TEXTGRID = '"ooTextFile" "TextGrid" 0 9 <exists> 1 "IntervalTier" "anna" 0 9 1 5 1 "b"'
_EAF = (
    '<ANNOTATION_DOCUMENT><TIME_SLOT TIME_SLOT_ID="s" TIME_VALUE="5000"/>'
    '<TIME_SLOT TIME_SLOT_ID="e" TIME_VALUE="1000"/>'
    '<TIER TIER_ID="t"><ALIGNABLE_ANNOTATION ANNOTATION_ID="x" TIME_SLOT_REF1="s" TIME_SLOT_REF2="e"/></TIER>'
    "</ANNOTATION_DOCUMENT>"
)


@pytest.mark.parametrize(
    "read",
    [
        lambda path: read_seglst(path, _SEGLST),
        lambda path: read_stm(path, "a 1 A 5 1 b"),
        lambda path: read_cues(path, "1\n00:00:05,000 --> 00:00:01,000\nb\n", "a"),
        lambda path: read_textgrid(path.with_name("a.TextGrid")),
        lambda path: read_eaf(path.with_name("a.eaf")),
        lambda _: turns_in({"turns": [["A", "b", 5, 1]]}, ("turns",)),
    ],
)
def test_what_ends_before_it_begins_is_refused(read: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "a.TextGrid").write_text(_TEXTGRID, encoding="utf-8")
    (tmp_path / "a.eaf").write_text(_EAF, encoding="utf-8")
    with pytest.raises((DataError, ValueError), match=r"the segment ends \(1.0\) before it begins \(5.0\)"):
        read(tmp_path / "a.txt")


def test_a_segment_list_says_which_field(tmp_path: Path) -> None:
    good = {"session_id": "a", "words": "b", "start_time": 0, "end_time": 1}
    for change, said in (
        ({"start_time": None}, "item 2: .*: start_time is null, not a number of seconds"),
        ({"end_time": "abc"}, "item 2: .*: end_time is 'abc', not a number of seconds"),
        ({"session_id": None}, "item 2: .*: session_id is null, not text"),
        ({"words": ["b"]}, r'item 2: .*: words is \["b"\], not text'),
    ):
        with pytest.raises(DataError, match=said):
            read_seglst(tmp_path, json.dumps([good, good | change]))
    less = {key: value for key, value in good.items() if not key.endswith("time")}
    for items in ([good, less], [less, good]):
        with pytest.raises(DataError, match=r"item 2: some segments have an end_time and some have none"):
            read_seglst(tmp_path, json.dumps(items))
    assert [
        (one.begin, one.end, one.speaker) for one in read_seglst(tmp_path, json.dumps([less | {"speaker": None}]))
    ] == [(0.0, 0.0, "")]
