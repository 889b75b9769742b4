"""A run is of the data that it was asked for: what changed is run or scored again, to the figures of a fresh run."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.dataset import Audio
from harness.errors import UsageError
from harness.records.codec import write
from harness.records.journal import read_journal
from harness.records.run import DataRecord
from harness.runner import identity
from tests.harness.runner.edits import (
    SAID,
    Edit,
    Row,
    appended,
    as_fresh,
    corrected,
    in_english,
    in_sessions,
    longer,
    of_another_segment,
    removed,
    renamed_over,
    replaced,
    replaced_in_secret,
    rows,
    spaced,
    swapped,
)
from tests.harness.runner.tones import manifest, run, tone, touch


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return manifest(tmp_path / "data" / "calls.jsonl", rows(tmp_path / "data"))


def test_the_same_data_is_answered_without_a_word(data: Path, tmp_path: Path) -> None:
    first = run(data, tmp_path / "out")
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    again = run(data, tmp_path / "out")
    assert (again.loaded, again.said, again.percent) == (0, [], 0.0)
    assert {path.name: path.read_bytes() for path in first.folder.iterdir()} == before


CHANGES: list[tuple[Edit, list[str], str, list[str], dict[str, int]]] = [
    (appended, ["a5"], "1 row new, to be run", [], {"new": 1}),
    (removed, [], "1 row removed, no longer scored", ["a2"], {"removed": 1}),
    (
        corrected,
        [],
        "1 row with another reference, session, language or tag, scored again",
        ["a2"],
        {"scored_again": 1},
    ),
    (spaced, [], "1 row with another reference, session, language or tag, scored again", ["a2"], {"scored_again": 1}),
    (
        in_sessions,
        [],
        "3 rows with another reference, session, language or tag, scored again",
        ["a2", "a3", "a4"],
        {"scored_again": 3},
    ),
    (in_english, [], "", [], {}),
    (replaced, ["a2"], "1 row with other audio (or language), run again", ["a2"], {"run_again": 1}),
    (replaced_in_secret, ["a2"], "1 row with other audio (or language), run again", ["a2"], {"run_again": 1}),
    (renamed_over, ["a2"], "1 row with other audio (or language), run again", ["a2"], {"run_again": 1}),
    (longer, ["a2"], "1 row with other audio (or language), run again", ["a2"], {"run_again": 1}),
    (swapped, ["a1", "a2"], "2 rows with other audio (or language), run again", ["a1", "a2"], {"run_again": 2}),
    (of_another_segment, ["a4"], "1 row with other audio (or language), run again", ["a4"], {"run_again": 1}),
]


@pytest.mark.parametrize("killed", [False, True], ids=["whole", "half"])
@pytest.mark.parametrize(
    ("edit", "heard", "said", "aside", "update"), CHANGES, ids=[one[0].__name__ for one in CHANGES]
)
def test_only_what_changed_is_run_and_it_is_said(
    data: Path, tmp_path: Path, edit: Edit, heard: list[str], said: str, aside: list[str], update: Any, *, killed: bool
) -> None:
    found = rows(data.parent)
    first = run(data, tmp_path / "out")
    if killed:  # as if it had ended before its last line
        path = first.folder / "data_calls.jsonl"
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
        write(first.folder / "run.json", first.record)
    left = [line.id for line in read_journal(first.folder / "data_calls.jsonl").lines]
    edit(data.parent, found)
    manifest(data, found)
    again = run(data, tmp_path / "out")
    ids = [row["id"] for row in found]
    assert sorted(again.heard) == sorted({*heard, *set(ids) - set(left)})
    assert again.loaded == bool(again.heard)
    if not killed:
        assert again.said == ([SAID + said] if said else [])
        kept = again.aside() if aside else []
        assert kept == aside
        updates = [{name: getattr(one, name) for name in update} for one in again.entry.updates]
        assert updates == ([update] if update else [])
    as_fresh(data, again)
    last = run(data, tmp_path / "out")
    assert (last.loaded, last.said, last.scores) == (0, [], again.scores)


def touched(folder: Path, found: list[Row]) -> None:
    touch(folder / "a2.wav")


def checked_out(folder: Path, found: list[Row]) -> None:
    """All files are copies, as after a clone."""
    for path in folder.glob("*.wav"):
        shutil.copyfile(path, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)


def elsewhere(folder: Path, found: list[Row]) -> None:
    """The same content under another path."""
    (folder / "more").mkdir()
    for row in found:
        shutil.copy2(folder / row["audio"], folder / "more" / row["audio"])
        (folder / row["audio"]).unlink()
        row["audio"] = f"more/{row['audio']}"


def linked(folder: Path, found: list[Row]) -> None:
    (folder / "a2.wav").rename(folder / "real.wav")
    (folder / "a2.wav").symlink_to("real.wav")


def backwards(folder: Path, found: list[Row]) -> None:
    found.reverse()


def with_lengths(folder: Path, found: list[Row]) -> None:
    for row in found:
        row["duration"] = 0.2


@pytest.mark.parametrize("edit", [touched, checked_out, elsewhere, linked, backwards, with_lengths])
def test_what_is_no_change_is_not_taken_for_one(data: Path, tmp_path: Path, edit: Edit) -> None:
    found = rows(data.parent)
    first = run(data, tmp_path / "out")
    edit(data.parent, found)
    manifest(data, found)
    again = run(data, tmp_path / "out")
    assert (again.loaded, again.said, again.percent) == (0, [], 0.0)
    assert list(first.folder.glob("*.old*")) == []
    as_fresh(data, again)
    paths = [Path(line.audio or "") for line in again.lines]
    assert all(path.exists() for path in paths)  # where the page looks for it


def test_a_link_that_leads_to_another_file(data: Path, tmp_path: Path) -> None:
    real = {name: tone(data.parent / f"{name}.wav", level) for name, level in (("old", 2), ("new", 8))}
    (data.parent / "a2.wav").unlink()
    (data.parent / "a2.wav").symlink_to(real["old"])
    run(data, tmp_path / "out")
    (data.parent / "a2.wav").unlink()
    (data.parent / "a2.wav").symlink_to(real["new"])
    again = run(data, tmp_path / "out")
    assert (again.heard, again.texts["a2"], again.percent) == (["a2"], ("two", "eight"), 25.0)
    as_fresh(data, again)


def test_audio_is_read_only_where_size_or_times_are_others(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(data, tmp_path / "out")
    read: list[str] = []
    before = identity._read

    def reading(audio: Audio) -> str | None:
        read.append(Path(audio.origin).name)
        return before(audio)

    monkeypatch.setattr(identity, "_read", reading)
    run(data, tmp_path / "out")
    assert read == []
    found = rows(data.parent)  # all are written anew, and one reference is another
    found[0]["text"] = "won"
    manifest(data, found)
    touch(data.parent / "a3.wav")
    assert run(data, tmp_path / "out").percent == 25.0
    assert sorted(set(read)) == ["a1.wav", "a2.wav", "a3.wav", "a4.wav"]
    read.clear()
    assert run(data, tmp_path / "out").percent == 25.0
    assert read == []


def test_a_journal_that_says_all_of_it_is_not_written_anew(data: Path, tmp_path: Path) -> None:
    first = run(data, tmp_path / "out")
    before = (first.folder / "data_calls.jsonl").stat()
    again = run(manifest(data, rows_as_they_are(data)[::-1]), tmp_path / "out")
    after = (again.folder / "data_calls.jsonl").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert again.entry.data != first.entry.data


def rows_as_they_are(data: Path) -> list[Row]:
    """What the manifest says, its audio not touched."""
    return [json.loads(line) for line in data.read_text().splitlines()]


def test_the_order_of_the_lines_stays(data: Path, tmp_path: Path) -> None:
    first = run(data, tmp_path / "out")
    found = rows(data.parent)
    found[2]["text"] = "tree"
    manifest(data, found[::-1])
    again = run(data, tmp_path / "out")
    assert [line.id for line in again.lines] == [line.id for line in first.lines]


def test_old_lines_stay_and_each_change_has_a_file_of_its_own(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "out")
    for number, text in enumerate(("too", "to"), start=1):
        found = rows(data.parent)
        found[1]["text"] = text
        again = run(manifest(data, found), tmp_path / "out")
        assert again.entry.updates[-1].kept_in == f"data_calls.jsonl.old{number}"
    lines = [read_journal(again.folder / f"data_calls.jsonl.old{number}").lines for number in (1, 2)]
    assert [[(line.id, line.reference, line.hypothesis) for line in one] for one in lines] == [
        [("a2", "two", "two")],
        [("a2", "too", "two")],
    ]
    assert again.texts["a2"] == ("to", "two")


def test_the_language_of_a_row_is_what_a_model_is_told(data: Path, tmp_path: Path) -> None:
    """One that knows several is asked again; for one that knows one, the row is scored under the other language."""
    found = rows(data.parent)
    for row in found:
        row["language"] = "en"
    found[1]["text"] = "two laut"
    for name, languages, heard, text in (("many", ("de", "en"), ["a2"], "two laut"), ("one", ("en",), [], "two")):
        out = tmp_path / name
        manifest(data, found)
        run(data, out, languages=languages)
        manifest(data, [found[0], found[1] | {"language": "de"}, *found[2:]])
        again = run(data, out, languages=languages)
        assert (again.heard, again.texts["a2"][1]) == (heard, text)
        assert {line.id: line.language for line in again.lines}["a2"] == "de"
        assert [one["benchmark"] for one in again.scores["benchmarks"]] == ["data_calls_de", "data_calls_en"]


def test_a_language_column_that_says_what_was_taken(data: Path, tmp_path: Path) -> None:
    first = run(data, tmp_path / "out")
    assert first.entry.language_stated is False
    manifest(data, [row | {"language": "en"} for row in rows(data.parent)])
    again = run(data, tmp_path / "out")
    assert (again.entry.language_stated, again.loaded) == (True, 0)
    as_fresh(data, again)
    manifest(data, rows(data.parent))
    assert run(data, tmp_path / "out").loaded == 0
    with pytest.raises(UsageError, match="holds a run with language 'en', this one has 'de'"):
        run(data, tmp_path / "out", language="de")


def test_a_length_that_is_corrected_heals_the_row(data: Path, tmp_path: Path) -> None:
    found = rows(data.parent)
    found[0]["duration"] = 9.0
    first = run(manifest(data, found), tmp_path / "out")
    assert first.entry.failed == 1
    found[0]["duration"] = 0.2
    again = run(manifest(data, found), tmp_path / "out")
    assert (again.heard, again.entry.failed) == (["a1"], 0)
    as_fresh(data, again)


def test_audio_that_comes_back_is_run(data: Path, tmp_path: Path) -> None:
    whole = (data.parent / "a2.wav").read_bytes()
    (data.parent / "a2.wav").write_bytes(b"")
    assert run(data, tmp_path / "out").entry.failed == 1
    assert run(data, tmp_path / "out").heard == []  # it is as it was
    (data.parent / "a2.wav").write_bytes(whole)
    again = run(data, tmp_path / "out")
    assert (again.heard, again.entry.failed) == (["a2"], 0)
    as_fresh(data, again)


def test_rows_of_a_sample(data: Path, tmp_path: Path) -> None:
    found = rows(data.parent, 5)
    manifest(data, found)
    first = run(data, tmp_path / "out", limit=2)
    chosen = set(first.texts)
    assert len(chosen) == 2
    assert run(data, tmp_path / "out", limit=2).loaded == 0
    name = min(chosen)
    for row in found:
        row["text"] = "loud" if row["id"] == name else row["text"]
    manifest(data, found)
    again = run(data, tmp_path / "out", limit=2)
    assert (again.heard, set(again.texts), again.percent) == ([], chosen, 50.0)
    as_fresh(data, again, limit=2)
    grown = run(data, tmp_path / "out")
    assert sorted(grown.heard) == sorted({row["id"] for row in found} - chosen)
    as_fresh(data, grown)
    with pytest.raises(UsageError, match="outside this sample"):
        run(data, tmp_path / "out", limit=2)


def test_a_sample_of_other_data_is_another_sample(data: Path, tmp_path: Path) -> None:
    """Rows that are no longer drawn are set aside; a fresh run would not have them."""
    before = set(run(data, tmp_path / "out", limit=3).texts)
    found = rows(data.parent)
    for number in range(5, 30):
        tone(data.parent / f"b{number}.wav", 9, seconds=0.01 * number)
        found.append({"audio": f"b{number}.wav", "id": f"b{number}", "text": "nine", "speaker": f"s{number}"})
    manifest(data, found)
    again = run(data, tmp_path / "out", limit=3)
    as_fresh(data, again, limit=3)
    gone = before - set(again.texts)
    assert gone
    assert set(again.aside()) == gone


def test_all_at_once(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "out")
    found = rows(data.parent)
    for edit in (appended, corrected, replaced):
        edit(data.parent, found)
    del found[0]
    found[2]["text"] = "for"
    again = run(manifest(data, found), tmp_path / "out")
    assert sorted(again.heard) == ["a2", "a5"]
    assert again.said == [
        SAID + "1 row new, to be run; 1 row with another reference, session, language or tag, scored again; "
        "1 row with other audio (or language), run again; 1 row removed, no longer scored"
    ]
    as_fresh(data, again)


def test_the_data_is_named_in_the_record(data: Path, tmp_path: Path) -> None:
    first = run(data, tmp_path / "out")
    assert isinstance(first.entry.data, DataRecord)
    assert first.entry.data.origin == str(data.resolve())
    assert (first.entry.data.digest or "").startswith("rows:")
    for line in first.lines:
        facts = Path(line.audio or "").stat()
        assert line.audio_file is not None
        assert line.audio_file.size == facts.st_size
        assert (line.audio_file.modified, line.audio_file.inode) == (facts.st_mtime_ns, facts.st_ino)
