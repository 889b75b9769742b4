"""Records are what they were before they were written; format 1 is read; what is wrong with a file is one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from harness.errors import DataError
from harness.records import codec
from harness.records.baseline import SPEEDS_FILE, Speeds, read_speeds
from harness.records.format_1 import upgrade_run
from harness.records.journal import Line, encode_lines, read_journal
from harness.records.run import RunRecord, read_run_record
from harness.version import VERSION

FORMAT_1 = Path(__file__).parents[2] / "data" / "format_1" / "digits" / "tiny-nar"
"""A run that version 0.1.0 of the program made before files stated their format."""


def stored() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FORMAT_1 / "run.json").read_bytes())
    return found


def refusal(found: object) -> str:
    with pytest.raises(DataError) as caught:
        codec.convert(found, RunRecord, "there/run.json", upgrade_run)
    return str(caught.value)


def test_a_run_of_format_1_is_read_with_todays_names() -> None:
    run, old = read_run_record(FORMAT_1), stored()
    speed, was = run.benchmarks["digits"].speed, old["benchmarks"]["digits"]["speed"]
    assert speed is not None
    assert (speed.audio_seconds, speed.audio_seconds_undisturbed) == (was["seconds_heard"], was["seconds_heard_clean"])
    assert speed.audio_seconds_leaderboard == was["seconds_heard_leaderboard"]
    assert speed.phases == was["phases"]
    assert speed.repeats is not None
    assert list(speed.repeats.rtfx) == was["repeats"]["rtfx"]
    assert run.settings == {key: value for key, value in old["settings"].items() if value is not None}
    assert run.hardware == "AMD EPYC, 2 cores"


def test_a_run_is_the_same_after_it_was_written(tmp_path: Path) -> None:
    run = replace(read_run_record(FORMAT_1), version=VERSION)
    codec.write(tmp_path / "run.json", run)
    assert read_run_record(tmp_path) == run
    assert (run.format, run.version) == (2, VERSION)


def test_a_journal_of_format_1_is_read_with_todays_names(tmp_path: Path) -> None:
    old = [json.loads(line) for line in (FORMAT_1 / "digits.jsonl").read_text(encoding="utf-8").splitlines()]
    journal = read_journal(FORMAT_1 / "digits.jsonl")
    assert [line.audio_seconds for line in journal.lines] == [line["heard"] for line in old]
    assert {line.undisturbed for line in journal.lines} == {True}
    assert journal.size == (FORMAT_1 / "digits.jsonl").stat().st_size
    (tmp_path / "digits.jsonl").write_bytes(encode_lines(journal.lines))
    assert read_journal(tmp_path / "digits.jsonl").lines == journal.lines


def test_a_line_of_format_1_may_state_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"format":1,"id":"a","reference":"r","hypothesis":"h","heard":2.5,"clean":false}\n')
    (line,) = read_journal(path).lines
    assert (line.audio_seconds, line.undisturbed) == (2.5, False)


@pytest.mark.parametrize("text", ["", "ça va", "\ud800 lone", 'a "format" b', "\u2028\x00"])
def test_a_line_is_the_same_after_it_was_written(tmp_path: Path, text: str) -> None:
    line = Line(id="1", language="en", reference=text, hypothesis=text, tags={"format": text}, duration=1.5)
    path = tmp_path / "a.jsonl"
    path.write_bytes(encode_lines([line]))
    assert read_journal(path).lines == [line]
    assert path.read_bytes().startswith(b'{"format":2,"id":"1",'), "which is what is read quickest"
    assert set(json.loads(path.read_bytes())) >= {"format", "language", "session", "duration", "audio_seconds"}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"benchmarks": {"a": {}, "b": {"expected": -1}}}, "benchmarks.b.expected: expected int >= 0"),
        ({"benchmarks": {"a": {"speed": {"phases": {"x": 1, "y": "2"}}}}}, "benchmarks.a.speed.phases.y: expected"),
        ({"benchmarks": {"a": {"speed": {"repeats": {"rtfx": [1, 0]}}}}}, "benchmarks.a.speed.repeats.rtfx[1]: exp"),
        ({"model": {"revision": "r"}}, "model: object missing required field id"),
        ({"model": "m"}, "model: expected object, got str"),
        ({"settings": {"limit": -1}}, "settings.limit is not a whole number of 0 or more"),
        ({"settings": {"limit": True}}, "settings.limit is not a whole number of 0 or more"),
        ({"settings": {"on_error": 3}}, "settings.on_error is not a text"),
        ({"format": 3}, "written by a newer version of this program (format 3)"),
        ({"complete": "yes"}, "complete: expected bool | null, got str"),
    ],
)
def test_what_is_wrong_in_a_run_is_one_line_with_its_field(change: dict[str, Any], what: str) -> None:
    message = refusal(stored() | change)
    assert message.startswith(f"there/run.json: {what}")
    assert "\n" not in message


@pytest.mark.parametrize("found", [[], None, 3, "text"])
def test_what_is_no_table_is_no_run(found: object) -> None:
    assert refusal(found).startswith("there/run.json: expected object, got")


def test_what_is_no_json_is_said(tmp_path: Path) -> None:
    for data in (b"{", b"\xff", b"[" * 100_000):
        (tmp_path / "run.json").write_bytes(data)
        with pytest.raises(DataError, match=r"run\.json is not JSON"):
            read_run_record(tmp_path)


GOOD = b'{"format":2,"id":"1","reference":"a","hypothesis":"b"}\n'


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b'{"id":"2","reference":"a"}', "an utterance has either a hypothesis or an error"),
        (
            b'{"id":"2","reference":"a","hypothesis":"b","error":"c"}',
            "an utterance has either a hypothesis or an error",
        ),
        (b'{"format":2,"id":"2","reference":7,"hypothesis":"b"}', "reference: expected str, got int"),
        (b'{"id":"2","reference":"a","hypothesis":"b","heard":-1}', "audio_seconds: expected"),
        (b'{"id":"2","reference":"a","hypothesis":"b","parent_id":"p","chunk_index":-1}', "chunk_index: expected"),
        (b'{"id":"2","reference":"a","hypothesis":"b","time":1e999}', "1e999 is no number"),
        (b'{"id":"2","reference":"a","hypothesis":"b","parent_id":"p"}', "a chunk has both parent_id and chunk_index"),
        (b'{"id":"2","reference":"a","hypothesis":"b","tags":{"x":1}}', "tags.x: expected str, got int"),
        (b'{"format":9,"id":"2","reference":"a","hypothesis":"b"}', "written by a newer version"),
        (b"[1]", "expected object, got array"),
        (b"nonsense", ""),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: bytes, what: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(GOOD + line + b"\n" + GOOD.replace(b'"1"', b'"3"'))
    with pytest.raises(DataError) as caught:
        read_journal(path)
    assert str(caught.value).startswith(f"{path}, line 2: not a journal line: {what}")


@pytest.mark.parametrize("torn", [b'{"format":2,"id":"2","refer', b'{"format":2,"id":"2"', b"\xff\xfe", b"{}"[:1]])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_torn_end_is_left_out(tmp_path: Path, torn: bytes, end: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(GOOD + torn + end)
    found = read_journal(path)
    assert ([line.id for line in found.lines], found.size) == (["1"], len(GOOD))


def test_blank_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(GOOD + b"\n \n" + GOOD.replace(b'"1"', b'"3"'))
    assert [line.id for line in read_journal(path).lines] == ["1", "3"]


def test_an_error_gives_way_to_what_was_tried_again_and_nothing_else_does(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    failed = b'{"format":2,"id":"1","reference":"a","error":"broken"}\n'
    path.write_bytes(failed + GOOD)
    (line,) = read_journal(path).lines
    assert line.hypothesis == "b"
    path.write_bytes(GOOD + failed)
    with pytest.raises(DataError, match="line 2: utterance '1' stands there twice"):
        read_journal(path)


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "none.jsonl") == ([], 0)


def test_speeds_of_a_baseline(tmp_path: Path) -> None:
    assert read_speeds(tmp_path) is None
    codec.write(tmp_path / SPEEDS_FILE, Speeds(rtfx=(1.5, 2.0)))
    assert read_speeds(tmp_path) == Speeds(rtfx=(1.5, 2.0))
    (tmp_path / SPEEDS_FILE).write_text('{"rtfx": [1, "2"]}', encoding="utf-8")
    with pytest.raises(DataError, match=r"rtfx\[1\]: expected float"):
        read_speeds(tmp_path)


def test_what_people_look_into_may_hold_a_lone_surrogate() -> None:
    line = Line(id="1", reference="cut \ud83d", hypothesis="\ud800")
    assert json.loads(codec.pretty([line]))[0]["reference"] == "cut \ud83d"
