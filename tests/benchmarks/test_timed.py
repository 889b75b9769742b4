"""Texts with times: what is written comes back, words fall into segments, and broken lines are named."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from benchmarks.sources.timed import (
    Segment,
    names,
    read_ctm,
    read_seglst,
    read_stm,
    read_subtitles,
    spread,
    whole,
)
from harness.errors import DataError
from harness.scoring.interchange import write_stm

if TYPE_CHECKING:
    from pathlib import Path

STM = """;; CATEGORY "0" "" ""
meet 1 anna 0.00 2.00 <o,f0,female> hello how
meet 1 bert 2.00 4.00 fine
meet 2 anna 0.0 1.0
meet 1 x 4.0 5.0 ignore_time_segment_in_scoring
"""


def test_stm(tmp_path: Path) -> None:
    assert read_stm(tmp_path, STM) == [
        Segment("meet", "anna", 0.0, 2.0, "hello how"),
        Segment("meet", "bert", 2.0, 4.0, "fine"),
        Segment("meet_2", "anna", 0.0, 1.0, ""),
        Segment("meet", "x", 4.0, 5.0, "ignore_time_segment_in_scoring", ignored=True),
    ]


def test_our_own_stm_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a.stm"
    write_stm(path, [("s-u(1)", "s 1", 2.5, "yes (no) {a / b} 50%"), ("t-2", None, 1.0, "")])
    assert read_stm(path, path.read_text(encoding="utf-8")) == [
        Segment("s-u(1)", "s 1", 0.0, 2.5, "yes (no) {a / b} 50%"),
        Segment("t-2", "unknown", 0.0, 1.0, ""),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("meet 1 anna 0.00", "no line of an stm"),
        ("meet 1 anna 0.0 1..2 a", "'1..2' is no number of seconds"),
        ("meet 1 anna 0.0 1.0 { a / b", "a brace that is not closed"),
        ("meet 1 anna 5.0 1.0 a", r"the segment ends \(1.0\) before it begins \(5.0\)"),
    ],
)
def test_broken_stm(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(DataError, match=f"line 2: .*{said}"):
        read_stm(tmp_path / "a.stm", f";; x\n{line}\n", reference=True)


def test_ctm_and_its_words_in_segments(tmp_path: Path) -> None:
    words = read_ctm(
        tmp_path, "meet A 1.9 0.4 fine 0.9\n;; x\nmeet 1 0.0 0.5 hello\nmeet 1 9.0 1.0 late\nmeet 2 0 1 no 1 lex\n"
    )
    assert whole(words) == {"meet": "hello fine late", "meet_2": "no"}
    assert spread(words, read_stm(tmp_path, STM)) == [["hello"], ["fine"], ["no"], ["late"]]
    with pytest.raises(DataError, match="'meet_2' of 'no' has no segment"):
        spread(words, read_stm(tmp_path, STM)[:2])


def test_words_fall_where_a_look_at_every_segment_puts_them() -> None:
    draw = random.Random(3)
    for _ in range(400):
        begins = [draw.randrange(20) / 2 for _ in range(draw.randrange(1, 9))]
        segments = [Segment("r", "", begin, begin + draw.randrange(8) / 2, "") for begin in begins]
        times = [draw.randrange(60) / 4 for _ in range(12)]
        words = [Segment("r", "", time, time + draw.randrange(4) / 4, str(number)) for number, time in enumerate(times)]
        slow: list[list[str]] = [[] for _ in segments]
        for word in sorted(words, key=lambda word: word.begin):
            middle = (word.begin + word.end) / 2
            away = [max(one.begin - middle, middle - one.end, 0.0) for one in segments]
            slow[away.index(min(away))].append(word.text)
        assert spread(words, segments) == slow


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("meet 1 0.0 0.5", "no line of a ctm"),
        ("meet 1 zero 0.5 a", "'zero' is no number of seconds"),
        ("meet 1 nan 0.5 a", "'nan' is no number of seconds"),
        ("meet 1 * * <ALT_BEGIN>", "alternatives of a ctm"),
    ],
)
def test_broken_ctm(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(DataError, match=f"line 1: {said}"):
        read_ctm(tmp_path / "a.ctm", line)


def test_segment_lists(tmp_path: Path) -> None:
    content = (
        '[{"session_id": "a", "words": "two", "start_time": 2}, {"session_id": "a", "words": "one", "speaker": 3}]'
    )
    assert whole(read_seglst(tmp_path, content)) == {"a": "one two"}
    for broken in ('[{"session_id": "a"}]', '[{"session_id": "a", "words": 3}]', "[1]", "["):
        with pytest.raises(DataError, match="item 1: no segment"):
            read_seglst(tmp_path, broken)


def test_subtitles() -> None:
    srt = (
        "1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>Hello</i>\r\n\r\n2\r\n00:00:02,000 --> 00:00:03,000\r\n42\r\nyes\r\n"
    )
    assert read_subtitles(srt) == "Hello 42 yes"
    assert read_subtitles("1\nno times") == ""
    vtt = (
        "WEBVTT\n\nNOTE no\n\nintro\n00:01.000 --> 00:02.000 align:start\n<v Anna>Hello {\\an8}you\n\n"
        "00:02.000 --> 00:03.000\n"
    )
    assert read_subtitles(vtt) == "Hello you"


def test_entities_are_letters_in_webvtt_alone() -> None:
    cue = "\n00:01.000 --> 00:02.000\nR&amp;D &lt;b&gt; <b>AT&T</b>\n"
    assert read_subtitles("WEBVTT\n" + cue) == "R&D <b> AT&T"
    assert read_subtitles("1" + cue.replace(".", ",")) == "R&amp;D &lt;b&gt; AT&T"


def test_subtitles_as_programs_write_them() -> None:
    cue = "00:00:0{}.000 --> 00:00:0{}.000\n"
    empty = "1\n" + cue.format(1, 2) + "one two\n\n2\n" + cue.format(2, 3) + "\n\n3\n" + cue.format(3, 4) + "four\n"
    assert read_subtitles(empty) == "one two four"
    close = "1\n" + cue.format(1, 2) + "one two\n2\n" + cue.format(2, 3) + "three\n\nafter a blank line\n"
    assert read_subtitles(close) == "one two three after a blank line"
    assert read_subtitles("1\n" + cue.format(1, 2) + "I < you and > me <00:01.000>now\n") == "I < you and > me now"
    vtt = "WEBVTT\n\n" + cue.format(1, 2) + "one\n\nNOTE of who\nwrote it\n\n" + cue.format(2, 3) + "two\n"
    assert read_subtitles(vtt) == "one two"


def test_what_segments_are_called() -> None:
    one, two = Segment("a", "x", 0.0, 1.0, ""), Segment("b", "x", 0.0, 1.0, "")
    assert names([one, two]) == ["a", "b"]
    assert names([one, Segment("a", "x", 1.0, 2.5, "")]) == ["a_0.00_1.00", "a_1.00_2.50"]
    assert names([one, Segment("a", "y", 0.0, 1.0, "")]) == ["a_0.00_1.00_x", "a_0.00_1.00_y"]
