"""What many devices write comes into one journal, each utterance once, whoever is killed. Workers are threads here."""

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from harness.records.codec import write
from harness.records.journal import Line, encode_lines, read_journal
from harness.records.run import BenchmarkRecord
from harness.runner import ray_engine
from harness.runner.clock import Clock
from harness.runner.journal import JournalFile
from harness.runner.plan import Budget
from harness.runner.ray_cluster import Answer
from harness.runner.ray_engine import Task
from harness.runner.ray_worker import Written
from harness.runner.shards import take_in
from tests.harness.run_records import run_record
from tests.harness.runner.ray_threads import Here, Quiet, driver, expected, texts, utterances
from tests.harness.runner.stub_run import Slow


def test_a_batch_of_which_another_wrote_a_part_is_no_measure_of_speed(journal: JournalFile) -> None:
    cluster = Here(lambda: Slow(0.0), 1)
    loop = driver(cluster, journal, budget=Budget(clips=4))
    worker, data = cluster.ready[0], utterances(4)
    loop._mark = Path("m")
    loop._left = dict.fromkeys(
        ("u0000", "u0001"), Task({one.id: one for one in data[:2]}, dict.fromkeys(("u0000", "u0001"), 1.0))
    )
    lines = encode_lines(Line(id=one.id, reference="", hypothesis="", audio_seconds=2.0, batch=7) for one in data)
    clock = Clock(audio_seconds=8.0, audio_seconds_undisturbed=8.0, counted=4.0, batches=1)
    facts: dict[str, Any] = {"mark": Path("m"), "kept": True, "events": [], "memory": None}
    loop._write(worker, Written(lines=lines, clock=clock, budget=Budget(), **facts))
    assert [(line.id, line.undisturbed, line.batch) for line in journal.lines] == [
        ("u0000", False, 0),
        ("u0001", False, 0),
    ]
    now = loop.state.clock
    assert (now.audio_seconds, now.audio_seconds_undisturbed, now.counted, now.batches, now.excluded) == (
        4.0,
        0,
        0,
        1,
        1,
    )
    loop._write(worker, Written(lines=lines, clock=clock, budget=Budget(), **facts))  # all of it is there
    assert (len(journal), loop.state.clock.batches) == (2, 1)


def test_what_is_of_another_run_is_not_taken_though_its_ids_are_the_same(
    journal: JournalFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Here(lambda: Slow(0.0), 1)
    loop = driver(cluster, journal)
    loop._mark = Path("m")
    loop._left = {"u0000": Task({one.id: one for one in utterances(1)}, {"u0000": 1.0})}
    lines = encode_lines([Line(id="u0000", reference="", hypothesis="of the run before")])
    facts: dict[str, Any] = {"lines": lines, "kept": True, "events": [], "memory": None, "budget": Budget()}
    said = [Answer(cluster.ready[0], [Written(mark=Path(mark), clock=Clock(), **facts)]) for mark in ("other", "m")]
    monkeypatch.setattr(cluster, "wait", lambda _timeout: said[:1])
    loop._listen()
    assert len(journal) == 0
    monkeypatch.setattr(cluster, "wait", lambda _timeout: said[1:])
    loop._listen()
    assert len(journal) == 1


def test_workers_keep_journals_of_their_own_until_the_run_has_all(journal: JournalFile, tmp_path: Path) -> None:
    held: list[tuple[str, set[str]]] = []
    listener = Quiet()

    def look() -> None:
        for path in (tmp_path / ".shards").glob("ray.b.*.jsonl"):
            held.append((path.name, {line.id for line in read_journal(path).lines}))

    listener.after = look
    loop = driver(Here(lambda: Slow(0.0), 2), journal, listener=listener)
    loop.run(utterances(40))
    assert len({name for name, _ in held}) == 2
    assert set().union(*(ids for _, ids in held)) == {f"u{number:04}" for number in range(40)}
    assert not (tmp_path / ".shards").exists()
    assert loop.notes == ["workers on 10.0.0.0, 10.0.0.1 keep journals of their own in the run's folder"]


def test_workers_that_do_not_see_the_folder_send_what_they_write(
    journal: JournalFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_engine, "begin_parts", lambda path: tmp_path / "elsewhere" / path.name)
    loop = driver(Here(lambda: Slow(0.0), 1), journal)
    loop.run(utterances(40))
    assert texts(journal) == expected(40, tmp_path)
    (note,) = loop.notes
    assert note.startswith("workers on 10.0.0.0 do not see the run's folder: what they have not sent is lost")


def test_a_driver_that_is_killed_25_times_loses_no_batch_that_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in its journal, before or after a line is on the disk; workers go on a while, as real ones do."""
    record = run_record({"b": BenchmarkRecord()})
    draw = random.Random(5)
    path = tmp_path / "b.jsonl"
    kept = 0
    real = JournalFile.append

    class Killed(BaseException):
        pass

    for _ in range(25):
        write(tmp_path / "run.json", record)
        left = draw.randrange(6)

        def append(self: JournalFile, lines: Any) -> None:
            nonlocal left
            left -= 1
            if left < 0 and draw.random() < 0.5:
                raise Killed
            real(self, lines)
            if left < 0:
                raise Killed

        with monkeypatch.context() as patch, JournalFile(path) as journal, suppress(Killed):
            patch.setattr(JournalFile, "append", append)
            patch.setattr(ray_engine, "end_parts", lambda _mark: None)
            driver(Here(lambda: Slow(0.0), 2), journal, budget=Budget(clips=2)).run(utterances(200))
        before = len(read_journal(path).lines)
        take_in(tmp_path, lambda *_: None)
        kept += len(read_journal(path).lines) - before
    with JournalFile(path) as journal:
        driver(Here(lambda: Slow(0.0), 2), journal, budget=Budget(clips=2)).run(utterances(200))
    assert kept > 0
    assert texts(journal) == expected(200, tmp_path)
    assert not (tmp_path / ".shards").exists()
