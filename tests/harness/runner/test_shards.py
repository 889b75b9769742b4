"""Parts of a run that are made elsewhere: taken in exactly once, and the result is that of one process."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from benchmarks.registry import Suite
from harness.config import Settings
from harness.errors import RunError, UsageError
from harness.models.base import Model
from harness.progress import Silent
from harness.records.codec import write
from harness.records.journal import Line, encode_lines, read_journal
from harness.records.run import RUN_FILE, SHARDS, ModelRecord, RunRecord, read_run_record
from harness.reporting.report import write_scores
from harness.runner import shards
from harness.runner.folder import locked
from harness.runner.journal import JournalFile
from harness.runner.run import Run
from harness.runner.shards import begin_parts, end_parts
from harness.runner.stages import Stop
from harness.runner.stored import folders_below, remove
from harness.scoring.predictions import read_run
from tests.harness.runner.stub_run import Slow, dataset


class Told(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def noted(self, line: str) -> None:
        self.lines.append(line)


LOADS: list[str] = []


@pytest.fixture
def loads() -> list[str]:
    """Names of the models that were loaded."""
    LOADS.clear()
    return LOADS


def _loaded() -> Model:
    LOADS.append("slow")
    return Slow(0.0)


def work(out: Path, shard: str | None = None, reporter: Silent | None = None, **settings: Any) -> Run:
    return Run(
        suite=Suite(name="stubs", profile="card@2026-04", benchmarks=("stub",)),
        datasets=[dataset(60)],
        model_name="slow",
        settings=Settings(out=out, shard=shard, **({"batch_size": 4} | settings)),
        reporter=reporter or Silent(),
        stop=Stop(),
        load=lambda _options: _loaded(),
    )


def scores(run: Run) -> bytes:
    """scores.json without what stands under `speed`."""

    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: cut(item) for key, item in value.items() if key != "speed"}
        return [cut(item) for item in value] if isinstance(value, list) else value

    write_scores(run.folder)
    return json.dumps(cut(json.loads((run.folder / "scores.json").read_bytes()))).encode()


def untimed(run: Run) -> list[bytes]:
    """The journal's lines, sorted, without batch and time."""
    lines = read_journal(run.folder / "stub.jsonl").lines
    return sorted(encode_lines([structs.replace(line, batch=None, time=None, undisturbed=None)]) for line in lines)


def one_process(out: Path) -> Run:
    run = work(out)
    run.execute()
    return run


def test_shards_are_taken_in_without_the_model_and_give_what_one_process_gives(
    tmp_path: Path, loads: list[str]
) -> None:
    alone = one_process(tmp_path / "one")
    counts = [work(tmp_path / "many", f"{number}/3").execute().benchmarks["stub"].done for number in range(1, 4)]
    assert counts == [20, 20, 20]
    loads.clear()
    told = Told()
    run = work(tmp_path / "many", reporter=told)
    assert folders_below(tmp_path / "many") == []
    record = run.execute()
    assert loads == []
    assert told.lines == ["slow: took in 3 shards: 60 utterances"]
    assert record.complete
    assert not (run.folder / SHARDS).exists()
    assert untimed(run) == untimed(alone)
    assert scores(run) == scores(alone)
    lines = read_journal(run.folder / "stub.jsonl").lines
    assert Counter(line.batch for line in lines) == dict.fromkeys(range(15), 4)
    entry, whole = record.benchmarks["stub"], alone.record.benchmarks["stub"]
    assert (entry.expected, entry.done, entry.failed, entry.rows) == (60, 60, 0, 60)
    assert entry.speed is not None
    assert whole.speed is not None
    assert entry.speed.batches == 15
    assert entry.speed.audio_seconds == pytest.approx(whole.speed.audio_seconds)
    assert entry.speed.seconds_counted == pytest.approx(sum(line.time or 0.0 for line in lines))
    assert entry.data == whole.data
    assert len(record.stretches) == 1
    assert work(tmp_path / "many").execute().complete
    assert loads == []


def test_any_mix_of_shards_and_the_run_itself(tmp_path: Path, loads: list[str]) -> None:
    """Parts of different sizes that overlap, one that was interrupted, and the rest by the run."""
    alone = one_process(tmp_path / "one")
    work(tmp_path / "mix", "1/2").execute()
    part = work(tmp_path / "mix", "2/3")
    part.execute()
    journal = part.folder / "stub.jsonl"
    journal.write_bytes(journal.read_bytes()[:-700])  # killed in the middle of a line
    record = read_run_record(part.folder)
    record.benchmarks["stub"].complete = False
    write(part.folder / RUN_FILE, record)
    run = work(tmp_path / "mix")
    loads.clear()
    record = run.execute()
    assert loads == ["slow"]
    assert (record.complete, record.benchmarks["stub"].done) == (True, 60)
    assert untimed(run) == untimed(alone)
    assert scores(run) == scores(alone)
    # More of the same, after all is there: nothing changes.
    before = (run.folder / "stub.jsonl").read_bytes()
    work(tmp_path / "mix", "1/2").execute()
    loads.clear()
    assert work(tmp_path / "mix").execute().complete
    assert loads == []
    assert (run.folder / "stub.jsonl").read_bytes() == before


@pytest.mark.parametrize("after", ["append", "write", "rmtree"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_kill_while_shards_are_taken_in_costs_nothing(
    tmp_path: Path, loads: list[str], monkeypatch: pytest.MonkeyPatch, after: str, times: int
) -> None:
    alone = one_process(tmp_path / "one")
    for number in (1, 2):
        work(tmp_path / "many", f"{number}/2").execute()

    def killed_after(real: Callable[..., Any]) -> Callable[..., Any]:
        left = times

        def call(*given: Any, **more: Any) -> Any:
            nonlocal left
            result = real(*given, **more)
            left -= 1
            if left == 0:
                raise SystemExit("killed")
            return result

        return call

    with monkeypatch.context() as patch:
        where: Any = {"append": JournalFile, "write": shards, "rmtree": shutil}[after]
        patch.setattr(where, after, killed_after(getattr(where, after)))
        with pytest.raises(SystemExit):
            work(tmp_path / "many").execute()
    run = work(tmp_path / "many")
    loads.clear()
    record = run.execute()
    assert loads == []
    assert untimed(run) == untimed(alone)
    assert scores(run) == scores(alone)
    speed = record.benchmarks["stub"].speed
    assert speed is not None
    assert (speed.batches, record.benchmarks["stub"].expected) == (16, 60)
    whole = alone.record.benchmarks["stub"].speed
    assert whole is not None
    assert speed.audio_seconds == pytest.approx(whole.audio_seconds)


def test_a_shard_of_something_else_is_refused_in_one_line(tmp_path: Path, loads: list[str]) -> None:
    work(tmp_path / "a", "1/2").execute()
    part = work(tmp_path / "a", "2/2", dtype="bfloat16")
    part.execute()
    with pytest.raises(UsageError, match=r"\.shards/2-of-2 holds a run with dtype 'bfloat16', this one has 'float32'"):
        work(tmp_path / "a").execute()
    record = read_run_record(part.folder)
    record.fingerprint = read_run_record(work(tmp_path / "a").folder).fingerprint
    write(part.folder / RUN_FILE, record)
    record.benchmarks["stub"].revision = "r2"
    write(part.folder / RUN_FILE, record)
    with pytest.raises(RunError, match=r"2-of-2 read stub at revision r2, the run has r1; remove the shard"):
        work(tmp_path / "a").execute()
    record.benchmarks["stub"].revision = "r1"
    record.model = structs.replace(record.model, revision="2")
    write(part.folder / RUN_FILE, record)
    with pytest.raises(UsageError, match="holds a run with model revision '2', the model changed and is now at '1'"):
        work(tmp_path / "a").execute()


def test_a_shard_by_other_packages_is_refused_and_may_be_mixed(tmp_path: Path, loads: list[str]) -> None:
    for number in (1, 2):
        work(tmp_path / "a", f"{number}/2").execute()
    place = work(tmp_path / "a", "2/2").folder
    record = read_run_record(place)
    stretch = record.stretches[0]
    packages = {**stretch.environment.packages, "torch": "1.0"}
    record.stretches = [structs.replace(stretch, environment=structs.replace(stretch.environment, packages=packages))]
    write(place / RUN_FILE, record)
    with pytest.raises(UsageError, match=r"2-of-2 was computed with torch 1\.0, here is "):
        work(tmp_path / "a").execute()
    record = work(tmp_path / "a", mix_packages=True).execute()
    assert len(record.stretches) == 2
    entry = record.benchmarks["stub"]
    assert (entry.done, entry.complete, len(entry.speeds_elsewhere)) == (60, True, 1)
    lines = read_journal(work(tmp_path / "a").folder / "stub.jsonl").lines
    assert Counter(line.stretch for line in lines) == {None: 30, 1: 30}


def test_a_shard_at_work_is_waited_for(tmp_path: Path, loads: list[str]) -> None:
    work(tmp_path / "a", "1/2").execute()
    place = work(tmp_path / "a", "1/2").folder
    with locked(place), pytest.raises(RunError, match=r"1-of-2 is in use by process \d+; wait for it"):
        work(tmp_path / "a").execute()


@pytest.mark.parametrize("part", ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2"])
def test_what_is_no_part_is_refused(part: str) -> None:
    with pytest.raises(UsageError, match=f"--shard {part}: give two numbers, as 2/8"):
        Settings(shard=part)


def test_parts_of_a_sample_are_the_sample(tmp_path: Path, loads: list[str]) -> None:
    alone = work(tmp_path / "one", limit=20)
    alone.execute()
    for number in (1, 2, 3):
        work(tmp_path / "many", f"{number}/3", limit=20).execute()
    run = work(tmp_path / "many", limit=20)
    loads.clear()
    assert run.execute().complete
    assert loads == []
    assert untimed(run) == untimed(alone)
    assert [len(benchmark.rows) for benchmark in read_run(run.folder).benchmarks] == [20]


def test_what_a_lost_worker_of_ray_wrote_is_taken_in_up_to_the_torn_line(tmp_path: Path, loads: list[str]) -> None:
    alone = one_process(tmp_path / "one")
    run = one_process(tmp_path / "ray")
    journal = run.folder / "stub.jsonl"
    lines = read_journal(journal).lines
    journal.write_bytes(encode_lines(lines[:8]))
    record = read_run_record(run.folder)
    record.benchmarks["stub"].complete = False
    write(run.folder / RUN_FILE, record)
    mark = begin_parts(journal)
    failed = structs.replace(lines[30], hypothesis=None, error="lost")
    own = encode_lines([*lines[4:30], failed, lines[31]])
    mark.with_name(f"{mark.name}.ab12.jsonl").write_bytes(own[:-9])
    told = Told()
    again = work(tmp_path / "ray", reporter=told)
    assert again.execute().complete
    assert told.lines == ["slow: took in 1 journal of a worker: 22 utterances"]
    assert untimed(again) == untimed(alone)
    assert not (run.folder / SHARDS).exists()
    end_parts(mark)  # as a driver that ends late: there is nothing left, and nothing is said


def test_missing_lines_by_hand() -> None:
    def line(name: str, hypothesis: str | None = None, error: str | None = None) -> Line:
        return Line(id=name, reference="", error=error, hypothesis=hypothesis or (None if error else name))

    known = [line("a"), line("b", error="x")]
    found = [line("a", hypothesis="other"), line("b"), line("c"), line("d", error="y")]
    assert shards._missing(found, known) == [line("b"), line("c"), line("d", error="y")]
    assert shards._missing([line("b", error="z"), line("a", error="z")], known) == []


def test_which_benchmarks_all_shards_went_to_the_end_of() -> None:
    record = RunRecord(model=ModelRecord(id="slow"), benchmarks={})
    record.merged = {"1-of-2 t": ("a", "b"), "2-of-2 u": ("a",), "1-of-3 t": ("a",)}
    assert shards._all_there(record, "2-of-2", "a")
    assert not shards._all_there(record, "2-of-2", "b")
    assert not shards._all_there(record, "1-of-3", "a")


def test_a_run_with_shards_is_removed_whole_unless_one_is_at_work(tmp_path: Path, loads: list[str]) -> None:
    run = one_process(tmp_path / "a")
    place = work(tmp_path / "a", "1/2").folder
    work(tmp_path / "a", "1/2").execute()
    begin_parts(run.folder / "stub.jsonl")
    with locked(place), pytest.raises(RunError, match="1-of-2 is in use by process"):
        remove(run.folder)
    (place / "notes.txt").touch()
    with pytest.raises(UsageError, match=r"also holds \.shards, which no run wrote"):
        remove(run.folder)
    (place / "notes.txt").unlink()
    remove(run.folder)
    assert not run.folder.exists()


@pytest.mark.parametrize("name", ["", "1-of-2", "ray.stub.aa.bb.jsonl"])
def test_links_in_a_run_of_somebody_else_are_not_followed(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "ray.keys").write_text("mine")
    run = work(tmp_path / "out")
    link = run.folder / SHARDS / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside, target_is_directory=True)
    with pytest.raises(RunError, match=r"is a symbolic link; a run is written into its own folder only"):
        run.execute()
    if name != "ray.stub.aa.bb.jsonl":
        with pytest.raises(RunError, match="is a symbolic link"):
            work(tmp_path / "out", "1/2")
    if not name:
        with pytest.raises(RunError, match="is a symbolic link"):
            begin_parts(run.folder / "stub.jsonl")
    assert [path.name for path in outside.iterdir()] == ["ray.keys"]
