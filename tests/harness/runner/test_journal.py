import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.dataset import Audio, Utterance
from harness.errors import DataError, RunError
from harness.records.journal import Line, encode_lines, read_journal
from harness.runner.folder import locked
from harness.runner.journal import JournalFile, drop_failed, transcribed
from harness.types import Hypothesis, Word


def line(name: str, **more: Any) -> Line:
    return Line(id=name, **({"reference": "ein", "hypothesis": "ein Übermut"} | more))


def test_lines_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with JournalFile(path) as journal:
        journal.append([line("a"), line("b", reference="line\u2028break\n")])
        journal.append([line("c")])
    lines, size = read_journal(path)
    assert lines == [line("a"), line("b", reference="line\u2028break\n"), line("c")]
    assert size == path.stat().st_size
    assert "Übermut" in path.read_text(encoding="utf-8")


def test_a_journal_cut_at_any_byte_goes_on_with_every_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with JournalFile(path) as journal:
        journal.append([line("a"), line("b"), line("c")])
    whole = path.read_bytes()
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        kept = whole[:cut].count(b"\n")
        with JournalFile(path) as journal:
            assert [entry.id for entry in journal.lines] == ["a", "b", "c"][:kept]
            journal.append([line("new")])
        assert path.read_bytes().startswith(b"".join(whole.splitlines(keepends=True)[:kept]))
        assert [entry.id for entry in read_journal(path).lines] == [*["a", "b", "c"][:kept], "new"]


@settings(deadline=None)  # each of them waits for the disk
@given(st.binary(max_size=60))
def test_rubbish_at_the_end_is_cut_off_and_never_believed(tail: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        good = encode_lines([line("a")])
        path.write_bytes(good + tail.replace(b"\n", b""))
        with JournalFile(path) as journal:
            assert journal.lines == [line("a")]
        assert path.read_bytes() == good


def test_a_broken_journal_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    broken = encode_lines([line("a")]) + b"rubbish\n" + encode_lines([line("b")])
    path.write_bytes(broken)
    with pytest.raises(DataError, match=r"a\.jsonl, line 2: not a journal line"):
        JournalFile(path)
    assert path.read_bytes() == broken


def test_what_failed_is_taken_out_to_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [line("a"), line("b", hypothesis=None, error="no"), line("c")]
    path.write_bytes(encode_lines(lines))
    drop_failed(path)
    assert read_journal(path).lines == [lines[0], lines[2]]
    assert [file.name for file in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_lone_surrogate_survives(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with JournalFile(path) as journal:
        journal.append([line("a", hypothesis="cut \udce2 byte")])
    path.read_bytes().decode("utf-8")
    assert read_journal(path).lines[0].hypothesis == "cut \udce2 byte"


def test_numbers_and_texts_of_other_libraries_become_plain_ones(tmp_path: Path) -> None:
    """A model may give numpy's, which look the same and which no encoder knows."""
    words = (Word(np.str_("one"), np.float64(0.25), np.float64(1.0)),)
    hypothesis = Hypothesis(text=np.str_("one"), draft=np.str_("on"), words=words, speakers=(np.str_("x"),))
    utterance = Utterance(id="a", audio=Audio(origin="a.wav"), reference="one", language="en")
    facts: dict[str, Any] = {"audio_seconds": 1.0, "time": 0.5, "batch": 0, "undisturbed": True, "segments": ()}
    with JournalFile(tmp_path / "a.jsonl") as journal:
        journal.append([transcribed(utterance, hypothesis, **facts)])
        (line,) = journal.lines
    assert (line.hypothesis, line.draft, line.words, line.speakers) == ("one", "on", (Word("one", 0.25, 1.0),), ("x",))


def test_a_full_disk_loses_nothing_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    journal = JournalFile(path)
    journal.append([line("a")])
    good = path.read_bytes()

    class Full:
        """A file that takes a few bytes more and then no more."""

        def __init__(self, file: object) -> None:
            self.file = file
            self.left = 10

        def write(self, data: bytes) -> int:
            if not self.left:
                raise OSError(errno.ENOSPC, "No space left on device")
            taken = self.file.write(data[: self.left])  # type: ignore[attr-defined]
            self.left -= taken
            return int(taken)

        def __getattr__(self, name: str) -> object:
            return getattr(self.file, name)

    monkeypatch.setattr(journal, "_file", Full(journal._file))
    for name in ("b", "c"):  # a batch may be on its way when one fails
        with pytest.raises(RunError, match="No space left on device"):
            journal.append([line(name)])
        journal._file.left = 5  # type: ignore[attr-defined]
    journal.close()
    assert path.read_bytes() == good


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    refused = pytest.raises(RunError, match=f"run is in use by process {os.getpid()}; wait for")
    with locked(folder), refused, locked(folder):
        pass
    with locked(folder):
        pass
