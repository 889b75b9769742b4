import errno
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DataError, RunError
from harness.runner.journal import FolderLock, Journal, read_lines


def line(name: str, **more: object) -> dict[str, object]:
    return {"id": name, "hypothesis": "ein Übermut", **more}


def test_lines_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Journal(path) as journal:
        journal.append([line("a"), line("b", text="line\u2028break\n")])
        journal.append([line("c")])
    lines, size = read_lines(path)
    assert lines == [line("a"), line("b", text="line\u2028break\n"), line("c")]
    assert size == path.stat().st_size
    assert "Übermut" in path.read_text(encoding="utf-8")


def test_a_journal_cut_at_any_byte_goes_on_with_every_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Journal(path) as journal:
        journal.append([line("a"), line("b"), line("c")])
    whole = path.read_bytes()
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        kept = whole[:cut].count(b"\n")
        with Journal(path) as journal:
            assert [entry["id"] for entry in journal.lines] == ["a", "b", "c"][:kept]
            journal.append([line("new")])
        assert path.read_bytes().startswith(b"".join(whole.splitlines(keepends=True)[:kept]))
        assert [entry["id"] for entry in read_lines(path)[0]] == [*["a", "b", "c"][:kept], "new"]


@settings(deadline=None)  # each of them waits for the disk
@given(st.binary(max_size=60))
def test_rubbish_at_the_end_is_cut_off_and_never_believed(tail: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        good = json.dumps(line("a")).encode() + b"\n"
        path.write_bytes(good + tail.replace(b"\n", b""))
        with Journal(path) as journal:
            assert journal.lines == [line("a")]
        assert path.read_bytes() == good


def test_a_broken_line_in_the_middle_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a"}\nrubbish\n{"id": "b"}\n')
    with pytest.raises(DataError, match=r"a\.jsonl, line 2: not a journal line"):
        Journal(path)
    assert path.read_text() == '{"id": "a"}\nrubbish\n{"id": "b"}\n'


def test_an_id_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a"}\n{"id": "a"}\n')
    with pytest.raises(DataError, match="line 2: utterance 'a' stands there twice"):
        read_lines(path)


def test_a_lone_surrogate_survives(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Journal(path) as journal:
        journal.append([{"id": "a", "hypothesis": "cut \udce2 byte"}])
    path.read_bytes().decode("utf-8")
    assert read_lines(path)[0][0]["hypothesis"] == "cut \udce2 byte"


def test_a_full_disk_loses_nothing_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    journal = Journal(path)
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


def test_numbers_that_json_has_no_form_for_are_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "a.jsonl") as journal, pytest.raises(ValueError, match="Out of range"):
        journal.append([{"id": "a", "time": float("nan")}])
    assert (tmp_path / "a.jsonl").read_bytes() == b""


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    with FolderLock(tmp_path / "run"), pytest.raises(RunError, match="is in use by process"):
        FolderLock(tmp_path / "run")
    with FolderLock(tmp_path / "run"):
        pass
