"""A run is of the data that it was asked for: what changed is run or scored again, to the figures of a fresh run."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from benchmarks.dataset import Audio
from harness.errors import RunError, UsageError
from harness.records import codec
from harness.records.codec import write
from harness.records.journal import encode_lines, read_journal
from harness.records.run import DataRecord
from harness.runner import changes, identity
from harness.runner.folder import locked
from tests.harness.runner.tones import LOUD, Again, manifest, run, tone, touch

Row = dict[str, Any]
Edit = Callable[[Path, list[Row]], None]
SAID = "loudness on data_calls: "


def rows(folder: Path, count: int = 4) -> list[Row]:
    """`a1` to `a4`, each as loud as its number, each of a session of its own."""
    found = []
    for number in range(1, count + 1):
        tone(folder / f"a{number}.wav", number)
        words = ("zero", "one", "two", "three", "four", "five")[number]
        found.append({"audio": f"a{number}.wav", "id": f"a{number}", "text": words, "speaker": f"s{number}"})
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return manifest(tmp_path / "data" / "calls.jsonl", rows(tmp_path / "data"))


def as_fresh(data: Path, again: Again, **settings: Any) -> None:
    """The figures are those of a folder in which nothing was before."""
    fresh = run(data, data.parent.parent / "fresh", **settings)
    assert again.scores == fresh.scores
    assert again.texts == fresh.texts
    facts = [(one.entry.expected, one.entry.done, one.entry.failed, one.entry.words) for one in (again, fresh)]
    assert facts[0] == facts[1]
    assert again.record.complete is True
    shutil.rmtree(data.parent.parent / "fresh")


def test_the_same_data_is_answered_without_a_word(data: Path, tmp_path: Path) -> None:
    first = run(data, tmp_path / "out")
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    again = run(data, tmp_path / "out")
    assert (again.loaded, again.said, again.percent) == (0, [], 0.0)
    assert {path.name: path.read_bytes() for path in first.folder.iterdir()} == before


def appended(folder: Path, found: list[Row]) -> None:
    tone(folder / "a5.wav", 6)
    found.append({"audio": "a5.wav", "id": "a5", "text": "five", "speaker": "s5"})


def removed(folder: Path, found: list[Row]) -> None:
    del found[1]


def corrected(folder: Path, found: list[Row]) -> None:
    found[1]["text"] = "too"


def spaced(folder: Path, found: list[Row]) -> None:
    found[1]["text"] = " two  "


def in_sessions(folder: Path, found: list[Row]) -> None:
    for row in found:
        row["speaker"] = "s1"


def in_english(folder: Path, found: list[Row]) -> None:
    for row in found:
        row["language"] = "en"


def replaced(folder: Path, found: list[Row]) -> None:
    before = (folder / "a2.wav").stat().st_size
    assert tone(folder / "a2.wav", 7).stat().st_size == before


def replaced_in_secret(folder: Path, found: list[Row]) -> None:
    """Of the same size, at the same time of modification."""
    facts = (folder / "a2.wav").stat()
    tone(folder / "a2.wav", 7)
    os.utime(folder / "a2.wav", ns=(facts.st_atime_ns, facts.st_mtime_ns))


def renamed_over(folder: Path, found: list[Row]) -> None:
    """By a file that is as old."""
    facts = (folder / "a2.wav").stat()
    os.utime(tone(folder / "other.wav", 7), ns=(facts.st_atime_ns, facts.st_mtime_ns))
    (folder / "other.wav").replace(folder / "a2.wav")


def longer(folder: Path, found: list[Row]) -> None:
    tone(folder / "a2.wav", 2, seconds=0.4)


def swapped(folder: Path, found: list[Row]) -> None:
    found[0]["audio"], found[1]["audio"] = found[1]["audio"], found[0]["audio"]


def of_another_segment(folder: Path, found: list[Row]) -> None:
    found[3] |= {"offset": 0.1, "duration": 0.1}


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


def test_lines_that_cannot_be_written_leave_all_as_it_was(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the process dies while journal and run.json are brought to the data, the same command ends the same."""
    found = rows(data.parent)
    first = run(data, tmp_path / "whole")
    shutil.copytree(first.folder, tmp_path / "base")
    appended(data.parent, found)
    corrected(data.parent, found)
    replaced(data.parent, found)
    found[2]["audio"] = "a4.wav"
    del found[0]
    manifest(data, found)
    expected = run(data, tmp_path / "whole")

    class Killed(BaseException):
        pass

    writes: list[str] = []
    for point in range(12):
        out = tmp_path / f"killed{point}"
        shutil.copytree(tmp_path / "base", out / "data_calls" / "loudness")
        count = 0

        def dying(path: Path, data: bytes, *, point: int = point, before: Any = codec.write_bytes) -> None:
            nonlocal count
            if path.name.startswith(("run.json", "data_calls.jsonl")):
                count += 1
                if count > point // 2 and (point % 2 == 0 or count > point // 2 + 1):
                    raise Killed
            before(path, data)
            writes.append(path.name)

        with monkeypatch.context() as patched:
            patched.setattr(codec, "write_bytes", dying)
            patched.setattr(changes, "write_bytes", dying)
            with contextlib.suppress(Killed):
                run(data, out)
        again = run(data, out)
        assert again.scores == expected.scores
        assert again.texts == expected.texts
        kept = {
            (line.id, line.reference, line.hypothesis)
            for path in (again.folder).glob("data_calls.jsonl.old*")
            for line in read_journal(path).lines
        }
        assert kept == {
            (line.id, line.reference, line.hypothesis)
            for line in first.lines
            if again.texts.get(line.id) != (line.reference, line.hypothesis)
        }
    assert {"data_calls.jsonl.old1", "data_calls.jsonl", "run.json"} <= set(writes)


@pytest.mark.skipif(
    not os.environ.get("ASR_SLOW_TESTS"), reason="starts 9 processes and kills 8; ASR_SLOW_TESTS=1 runs it"
)
def test_killed_at_random_points_it_ends_as_a_fresh_run(tmp_path: Path) -> None:
    """SIGKILL while a changed data set of 60 rows is compared, written and run."""
    folder, root = tmp_path / "data", Path(__file__).resolve().parents[3]
    found = [
        {"audio": str(tone(folder / f"{n}.wav", n % 10, seconds=0.1)), "id": f"u{n:02}", "text": LOUD[n % 10]}
        for n in range(60)
    ]
    data = manifest(folder / "calls.jsonl", found)
    first = run(data, tmp_path / "out")
    for number, row in enumerate(found):
        if number % 3 == 0:
            row["text"] = "another"
        if number % 5 == 0:
            tone(folder / f"{number}.wav", (number + 1) % 10, seconds=0.1)
    found = [*found[4:], {"audio": str(tone(folder / "new.wav", 3)), "id": "new", "text": "three"}]
    manifest(data, found)
    command = [sys.executable, "-m", "tests.harness.runner.tones", str(data), str(tmp_path / "out")]
    choose = random.Random(3)
    for _ in range(8):
        process = subprocess.Popen(command, cwd=root, env={"PYTHONPATH": str(root), "TONES_SLEEP": "0.1"})
        while process.poll() is None and not (first.folder / "data_calls.jsonl.old1").exists():
            time.sleep(0.002)
        time.sleep(choose.uniform(0.0, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
    again = run(data, tmp_path / "out")
    kept = {line.id for file in again.folder.glob("*.old*") for line in read_journal(file).lines}
    assert kept == {f"u{n:02}" for n in range(60) if n < 4 or n % 3 == 0 or n % 5 == 0}
    as_fresh(data, again)


def test_two_processes_do_not_bring_one_folder_to_its_data_at_once(data: Path, tmp_path: Path) -> None:
    first = run(data, tmp_path / "out")
    journal = (first.folder / "data_calls.jsonl").read_bytes()
    found = rows(data.parent)
    corrected(data.parent, found)
    manifest(data, found)
    with locked(first.folder), pytest.raises(RunError, match="is in use by process"):
        run(data, tmp_path / "out")
    assert (first.folder / "data_calls.jsonl").read_bytes() == journal
    as_fresh(data, run(data, tmp_path / "out"))


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
