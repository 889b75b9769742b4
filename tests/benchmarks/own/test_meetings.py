"""Whole recordings as one utterance each, with who says what when; words with times too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.dataset import SpokenTurn, SpokenWord
from benchmarks.sources.rttm import read_rttm
from harness.errors import DataError, UsageError
from tests.benchmarks.own.found import read, refused, tone, write

if TYPE_CHECKING:
    from pathlib import Path

ANNA, BERT = SpokenTurn("anna", "hello there", 0.0, 1.5), SpokenTurn("bert", "so it is", 1.0, 2.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with call.wav and other.wav, 4 s each."""
    tone(tmp_path / "call.wav", 4)
    tone(tmp_path / "other.wav", 4)
    return tmp_path


def rows(folder: Path, *more: dict[str, object]) -> Path:
    found = [
        {"audio": "call.wav", "speaker": "bert", "start": 1.0, "end": 2.0, "text": "so it is"},
        {"audio": "call.wav", "speaker": "anna", "start": 0.0, "end": 1.5, "text": "hello there"},
        {"audio": "other.wav", "speaker": "anna", "start": 3.0, "end": 3.5, "text": "bye"},
        *more,
    ]
    return write(folder / "m.jsonl", *map(json.dumps, found))


def test_every_form_with_speakers_and_times_is_the_same(folder: Path) -> None:
    stm = write(
        folder / "set.stm", "call 1 bert 1.0 2.0 so it is", "call 1 anna 0 1.5 hello there", "other 1 anna 3 3.5 bye"
    )
    segments = [
        {"session_id": name, "speaker": who, "start_time": start, "end_time": end, "words": words}
        for name, who, start, end, words in (
            ("call", "anna", 0, 1.5, "hello there"),
            ("call", "bert", 1, 2, "so it is"),
            ("other", "anna", 3, 3.5, "bye"),
        )
    ]
    seglst = write(folder / "x" / "set.json", json.dumps(segments))
    for name in ("call", "other"):
        tone(seglst.parent / f"{name}.wav", 4)
    for place in (stm, seglst, rows(folder)):
        found = read(place, form="meetings")
        assert found.texts == {"call": "hello there so it is", "other": "bye"}, place
        assert [one.turns for one in found.utterances] == [(ANNA, BERT), (SpokenTurn("anna", "bye", 3.0, 3.5),)]
        assert {(one.audio.start, one.audio.end, one.duration) for one in found.utterances} == {(None, None, 4.0)}
        assert "each recording is one utterance: 2, of 3 segments in all" in found.account.notes


def test_a_session_is_the_recording_unless_one_is_named_for_several(folder: Path) -> None:
    assert [one.session for one in read(rows(folder), form="meetings").utterances] == [None, None]
    named = [json.loads(line) | {"session": "day 1"} for line in rows(folder).read_text().splitlines()]
    path = write(folder / "named.jsonl", *map(json.dumps, named))
    assert [one.session for one in read(path, form="meetings").utterances] == ["day 1", "day 1"]
    assert next(one.turns for one in read(path, form="meetings").utterances) == (ANNA, BERT)


def test_without_being_asked_for_segments_stay_utterances(folder: Path) -> None:
    assert len(read(rows(folder)).utterances) == 3
    refused(folder / "nothing", UsageError, "no file or folder", form="meetings")


def test_turns_and_words_in_columns_are_kept(folder: Path) -> None:
    words = [{"word": "hello", "start": 0.5, "end": 1.0}, {"word": "there", "start": 1.0, "end": 1.25}]
    turns = [{"speaker": "anna", "text": "hello", "start": 0.5, "end": 1.0}, {"speaker": "bert", "text": "there"}]
    row = {"audio": "call.wav", "text": "hello there", "words": words, "turns": turns}
    path = write(folder / "m.jsonl", json.dumps(row))
    [one] = read(path).utterances
    assert one.words == (SpokenWord("hello", 0.5, 1.0), SpokenWord("there", 1.0, 1.25))
    assert one.turns == (SpokenTurn("anna", "hello", 0.5, 1.0), SpokenTurn("bert", "there"))
    assert dict(one.tags) == {}
    path = write(folder / "m.jsonl", json.dumps(row | {"start": 0.5, "end": 1.5}))
    assert read(path).utterances[0].words[0] == SpokenWord("hello", 0.0, 0.5), "by the clock of the recording"
    path = write(folder / "m.jsonl", json.dumps(row | {"start": 0.75, "end": 2.0}))
    assert read(path).utterances[0].words[0] == SpokenWord("hello", 0.5, 1.0), "by that of the part"
    path = write(folder / "m.jsonl", json.dumps(row | {"words": 2, "turns": "2"}))
    assert dict(read(path).utterances[0].tags) == {"words": "2", "turns": "2"}
    words[1]["start"] = "late"
    refused(
        write(folder / "m.jsonl", json.dumps(row)), DataError, r"line 1: words, word 2: start is 'late', not a number"
    )


def test_words_of_ctm_and_textgrid_are_kept(folder: Path) -> None:
    write(folder / "set.ctm", "call 1 1.0 0.5 there", "call 1 0.25 0.5 hello", "other 1 0 1 bye")
    assert {one.id: one.words for one in read(folder / "set.ctm").utterances}["call"] == (
        SpokenWord("hello", 0.25, 0.75),
        SpokenWord("there", 1.0, 1.5),
    )
    grid = 'File type = "ooTextFile"\nObject class = "TextGrid"\n0 4 <exists> 1\n"IntervalTier" "words" 0 4 2\n'
    write(folder / "g" / "call.TextGrid", f'{grid}0.5 1 "hello"\n1 2 "there"')
    tone(folder / "g" / "call.wav", 4)
    assert read(folder / "g").utterances[0].words == (SpokenWord("hello", 0.5, 1.0), SpokenWord("there", 1.0, 2.0))


def test_rttm(tmp_path: Path) -> None:
    path = tmp_path / "a.rttm"
    lines = (
        ";; a comment",
        "SPKR-INFO m 1 <NA> <NA> <NA> adult_female anna <NA>",
        "SPEAKER m 1 0.0 1.5 <NA> <NA> anna <NA> <NA>",
        "SPEAKER m 1 1.0 1.0 <NA> <NA> bert <NA> <NA>",
        "LEXEME m 1 0.9 0.5 there lex anna 0.9",
        "LEXEME m 1 0.1 0.5 hello lex anna 0.9",
        "LEXEME m 1 3.0 0.5 bye lex bert 0.9",
    )
    found = read_rttm(path, "\n".join(lines))
    assert [(one.speaker, one.begin, one.end, one.text) for one in found] == [
        ("anna", 0.0, 1.5, "hello there"),
        ("bert", 1.0, 2.0, ""),
        ("bert", 3.0, 3.5, "bye"),
    ]
    for line in ("SPEAKER m 1 0.0", "hello there", "SPEAKER m 1 x 1 <NA> <NA> anna <NA>"):
        with pytest.raises(DataError, match=r"a\.rttm, line 1: "):
            read_rttm(path, line)
