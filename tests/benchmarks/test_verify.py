"""Facts and locks: what differs is named, what is unknown is filled in, what is stated stays."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from benchmarks.dataset import Request
from benchmarks.facts import Seen, check_facts
from benchmarks.registry import get_dataset, get_suite
from benchmarks.sampling import sample, sample_ids
from benchmarks.suite import Lock, parse_suite
from benchmarks.verify import merge, suite_file, verify, write_lock
from harness.errors import DataError, UsageError
from tests.benchmarks.layouts import ROOT, clips, librispeech_files, librispeech_rows, write_files, write_parquet

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.dataset import Utterance

SMALL = replace(get_dataset("librispeech_test_other"), rows=10, hours=None, words=None)
HUB = "hub:openslr/librispeech_asr other/test"
SHA = "a" * 40


def words() -> int:
    return sum(len(clip.text.split()) for clip in clips("librispeech_test_other", 10))


def hours() -> float:
    return sum(clip.seconds for clip in clips("librispeech_test_other", 10)) / 3600


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write_files(tmp_path / "tree", librispeech_files(count=10))


def test_good_data(tree: Path) -> None:
    found = verify(SMALL, Lock(hours=round(hours(), 4), words=words()), Request(root=tree))
    assert (found.status, found.details, found.unlocked) == ("good", (), ("revision",))
    assert found.seen == Lock(
        source="archive:test-other.tar.gz", revision="test-other", rows=10, hours=round(hours(), 4), words=words()
    )


@pytest.mark.parametrize(
    ("lock", "field"),
    [(Lock(rows=11), "rows is 10 where 11"), (Lock(hours=0.5), "hours is"), (Lock(words=1), "words is")],
)
def test_a_difference_names_the_field(tree: Path, lock: Lock, field: str) -> None:
    found = verify(SMALL, lock, Request(root=tree))
    assert found.status == "differs"
    assert field in found.details[0]


def test_missing_and_broken(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert verify(SMALL, None, Request(root=tmp_path / "empty")).status == "missing"
    next(tree.rglob("*.trans.txt")).unlink()
    assert verify(SMALL, None, Request(root=tree)).status == "broken"


def test_hours_are_compared_to_a_hundredth_however_they_are_written() -> None:
    for stated in (2, 2.0):
        data, seen = replace(SMALL, hours=stated), Seen(rows=10, notes={"source": HUB})
        for seconds, drifts in ((2 * 3600 + 30, 0), (2 * 3600 - 30, 0), (2 * 3600 + 45, 1), (2 * 3600 - 45, 1)):
            seen.seconds = seconds
            assert len(check_facts(data, None, seen, allow_drift=True)) == drifts, (stated, seconds)


def test_a_run_stops_at_a_difference_unless_drift_is_allowed() -> None:
    seen = Seen(rows=9, notes={"source": HUB, "revision": SHA})
    with pytest.raises(DataError, match=r"rows is 9 where 10 is stated .* --allow-drift"):
        check_facts(SMALL, None, seen)
    assert check_facts(SMALL, None, seen, allow_drift=True) == ["librispeech_test_other: rows is 9 where 10 is stated"]


def test_a_revision_is_locked_where_it_is_stated_of_the_same_source(tree: Path) -> None:
    found = verify(SMALL, Lock(source="archive:test-other.tar.gz", revision="test-other"), Request(root=tree))
    assert (found.status, "revision" in found.unlocked) == ("good", False)
    for lock in (Lock(source="archive:test-other.tar.gz"), Lock(source="hub:x", revision=SHA)):
        assert "revision" in verify(SMALL, lock, Request(root=tree)).unlocked


def test_another_revision_than_the_locked_one() -> None:
    seen = Seen(rows=10, notes={"source": HUB, "revision": "b" * 40})
    assert check_facts(SMALL, Lock(source="archive:x", revision=SHA), seen) == []
    with pytest.raises(DataError, match=r"revision is b{40} where a{40} is locked"):
        check_facts(SMALL, Lock(source=HUB, revision=SHA), seen)


def test_the_one_reference_of_a_chunked_session_is_counted_once() -> None:
    """However its chunks come: two calls of three chunks each, one after the other or mixed, and one that is whole."""
    chunks = [
        replace(item, reference="one two three four", parent_id=f"call {number % 2}", chunk_index=number // 2)
        for number, item in enumerate(lengths([20.0] * 6))
    ]
    whole = replace(lengths([30.0])[0], id="whole", reference="five six")
    for order in (chunks, sorted(chunks, key=lambda item: str(item.parent_id))):
        seen = Seen()
        for item in [*order, whole, whole]:
            seen.add(item)
        assert (seen.rows, seen.words, seen.seconds) == (8, 4 + 4 + 2 + 2, 180.0)


def test_a_source_with_its_own_text_is_not_asked_for_the_words() -> None:
    lock = Lock(words=1_000)
    theirs = Seen(rows=10, words=999, notes={"source": "hub:hf-audio/open-asr-leaderboard librispeech/test.other"})
    assert check_facts(SMALL, lock, theirs) == []
    with pytest.raises(DataError, match="words is 999"):
        check_facts(SMALL, lock, Seen(rows=10, words=999, notes={"source": HUB}))


def test_hours_are_only_known_when_all_lengths_are(tmp_path: Path) -> None:
    rows = librispeech_rows(10)
    rows[3]["audio"] = {"bytes": b"no audio", "path": None}
    write_parquet(tmp_path / "librispeech_asr/other/test/0000.parquet", rows)
    found = verify(SMALL, None, Request(root=tmp_path))
    assert (found.status, found.seen.rows, found.seen.hours) == ("good", 10, None)


def test_merging_fills_the_unknown_and_keeps_the_stated() -> None:
    seen = Lock(source=HUB, revision=SHA, rows=10, hours=1.5, words=99)
    assert merge(None, seen) == seen
    assert merge(Lock(rows=11, words=7), seen) == Lock(source=HUB, revision=SHA, rows=11, hours=1.5, words=7)
    assert merge(Lock(source="other"), seen) == Lock(source="other", rows=10, hours=1.5)
    assert merge(None, msgspec.structs.replace(seen, revision="test-other")).revision is None


def test_writing_a_lock_keeps_what_stands_above_it(tmp_path: Path) -> None:
    copy = tmp_path / "suite.toml"
    before = suite_file("open_asr@2026-08").read_text(encoding="utf-8")
    copy.write_text(before, encoding="utf-8")
    suite = parse_suite(before, "x")
    lock = {**suite.lock, "spgispeech": Lock(source=HUB, revision=SHA, rows=39341, hours=1.25, words=5)}
    write_lock(copy, lock)
    after = parse_suite(copy.read_text(encoding="utf-8"), "x")
    assert after == msgspec.structs.replace(suite, lock=lock)
    assert copy.read_text(encoding="utf-8").splitlines()[:6] == before.splitlines()[:6]


def program(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import sys; from harness.cli import main; sys.exit(main(sys.argv[1:]))", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_the_command_line_describes_and_verifies(tree: Path, tmp_path: Path) -> None:
    shown = program("data", "describe", "librispeech_test_other", "--from", str(tree))
    assert shown.returncode == 0
    assert "CC-BY-4.0" in shown.stdout
    assert "1688-142285-0000  (15.00 s, session 1688)" in shown.stdout
    checked = program("data", "verify", "librispeech_test_other", "--from", str(tree), "--json")
    assert checked.returncode == 4
    report = json.loads(checked.stdout)
    assert [item["status"] for item in report] == ["differs"]
    assert "rows is 10 where 2,939 is stated" in report[0]["details"][0]
    assert checked.stderr == ""
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\nprofile = "verbatim"\nbenchmarks = ["digits"]\n', encoding="utf-8")
    locked = program("data", "verify", str(own), "--write-lock")
    assert locked.returncode == 0, locked.stderr
    assert locked.stdout.endswith(f"wrote {own}\n")
    assert get_suite(str(own)).lock["digits"].words == 365
    (tmp_path / "empty").mkdir()
    missing = program("data", "verify", "open_asr", "--from", str(tmp_path / "empty"))
    assert missing.returncode == 4
    assert missing.stdout.count("missing ") == 8
    assert "test-clean.tar.gz" in missing.stdout
    wrong = program("data", "verify", "librispech")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "did you mean" in wrong.stderr


def stratified(data: list[Utterance], limit: int, seed: int = 0) -> list[Utterance]:
    return sample(data, limit, seed, length=lambda item: item.duration or 0.0, key=lambda item: item.id)


def lengths(values: list[float]) -> list[Utterance]:
    from benchmarks.dataset import Audio, Utterance

    return [
        Utterance(id=f"u{number}", audio=Audio(origin=""), reference="", language="en", duration=value)
        for number, value in enumerate(values)
    ]


def test_a_sample_covers_all_lengths_and_does_not_depend_on_the_order() -> None:
    data = lengths([float(number) for number in range(1_000, 0, -1)])
    chosen = stratified(data, 10, seed=3)
    assert [int((item.duration or 0) - 1) // 100 for item in chosen] == list(range(9, -1, -1))
    assert {item.id for item in stratified(data[::-1], 10, seed=3)} == {item.id for item in chosen}
    assert {item.id for item in stratified(data, 10, seed=4)} != {item.id for item in chosen}
    assert stratified(data, 2_000) == data
    assert len({item.id for item in stratified(data, 999)}) == 999
    with pytest.raises(UsageError, match="--limit takes a number of utterances from 1, not 0"):
        stratified(data, 0)


def test_chunks_of_a_session_are_sampled_together() -> None:
    data = [
        replace(item, parent_id=f"call {number // 10}", chunk_index=number % 10)
        for number, item in enumerate(lengths([20.0] * 60))
    ]
    chosen = sample_ids(iter(data), 20)
    assert len(chosen) == 20
    assert len({item.parent_id for item in data if item.id in chosen}) == 2
    assert len(sample_ids(iter(data), 1)) == 10
    # Results of --limit can be compared between versions of the program: the sample of a seed does not change.
    assert sample_ids(iter(lengths([float(number) for number in range(30)])), 3) == {"u3", "u15", "u24"}
    whole = lengths([float(number) for number in range(100)])
    assert sample_ids(iter(whole), 7, seed=5) == {item.id for item in stratified(whole, 7, seed=5)}
    with pytest.raises(UsageError, match="--limit"):
        sample_ids(iter(whole), 0)
