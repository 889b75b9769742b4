"""Runs from before a line noted its audio: what can be compared is, and what cannot is said."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.records.codec import write
from harness.records.journal import encode_lines
from tests.harness.runner.edits import SAID, Edit, Row, as_fresh, of_another_segment, rows
from tests.harness.runner.tones import Again, manifest, run, tone


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return manifest(tmp_path / "data" / "calls.jsonl", rows(tmp_path / "data"))


def test_a_run_from_before_this_was_noted_is_gone_on_with(data: Path, tmp_path: Path) -> None:
    first = run(data, tmp_path / "out")
    forget(first)
    found = rows(data.parent)
    found[1]["text"] = "too"  # whether it is the same audio, nobody knows
    again = run(manifest(data, found), tmp_path / "out")
    assert again.folder == first.folder
    assert again.heard == ["a2"]
    assert again.said == [
        SAID + "1 row with other audio (or language), run again; "
        "3 rows from before audio was noted, so that it could not be compared"
    ]
    data_record = again.entry.data
    assert data_record is not None
    assert data_record.not_compared == 3
    as_fresh(data, again)
    tone(data.parent / "a3.wav", 5)  # from now on it is noted
    assert run(data, tmp_path / "out").heard == ["a3"]


def renamed(folder: Path, found: list[Row]) -> None:
    tone(folder / "b2.wav", 7)
    found[1]["audio"] = "b2.wav"


def of_one_channel(folder: Path, found: list[Row]) -> None:
    found[1]["channel"] = 0


@pytest.mark.parametrize("edit", [renamed, of_another_segment, of_one_channel])
def test_what_a_line_of_an_older_run_says_of_its_audio_is_compared(data: Path, tmp_path: Path, edit: Edit) -> None:
    """Its name, its stretch; and that it had all channels, for nothing else was heard then."""
    forget(run(data, tmp_path / "out"))
    found = rows(data.parent)
    edit(data.parent, found)
    again = run(manifest(data, found), tmp_path / "out")
    assert again.heard == ["a4" if edit is of_another_segment else "a2"]
    as_fresh(data, again)


def test_an_old_run_of_other_data_is_not_taken_for_its_own(data: Path, tmp_path: Path) -> None:
    first = run(data, tmp_path / "out")
    forget(first)
    other = rows(tmp_path / "fr")
    for row in other:
        row["text"] = "autre"
    again = run(manifest(tmp_path / "fr" / "calls.jsonl", other), tmp_path / "out")
    assert (again.name, len(again.heard), again.percent) == ("data_calls_fr", 4, 100.0)
    assert run(data, tmp_path / "out").folder == first.folder


def forget(again: Again) -> None:
    """Takes out of a run's folder what older programs did not write."""
    journal = again.folder / f"{again.name}.jsonl"
    journal.write_bytes(encode_lines(replace(line, audio_file=None) for line in again.lines))
    again.entry.data = None
    write(again.folder / "run.json", again.record)
