"""Runs in a folder: what is written, going on with it, and what is refused."""

import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from benchmarks.dataset import Dataset
from benchmarks.registry import Suite
from harness.config import Settings
from harness.errors import AccessError, DataError, RunError, UsageError
from harness.models import hub
from harness.models.base import LoadOptions, Model
from harness.progress import Lines, Silent
from harness.records.journal import Line, encode_lines, read_journal
from harness.records.run import AveragingRecord, Event, RunRecord, read_run_record
from harness.records.speed import PeakMemory, Speed
from harness.reporting.report import write_scores
from harness.reporting.results import results_table
from harness.runner import run as run_module
from harness.runner.folder import model_folder_name, run_folder
from harness.runner.run import Run
from harness.runner.stages import Stop
from harness.version import VERSION
from tests.harness.runner.stub_run import Slow, dataset

STUB = Path(__file__).with_name("stub_run.py")


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Makes every model name mean the stub; the list tells which were loaded."""
    names: list[str] = []

    def load(name: str, options: LoadOptions) -> Model:
        names.append(name)
        return Slow(0.0)

    monkeypatch.setattr(run_module, "load_model", load)
    return names


def work(out: Path, data: Dataset | None = None, **settings: Any) -> Run:
    data = data or dataset(30)
    return Run(
        suite=Suite(name="stubs", profile="card@2026-04", benchmarks=(data.name,)),
        datasets=[data],
        model_name="org/slow",
        settings=Settings(out=out, **({"batch_size": 4} | settings)),
        reporter=Silent(),
        stop=Stop(),
    )


def speed_of(record: RunRecord) -> Speed:
    speed = record.benchmarks["stub"].speed
    assert speed is not None
    return speed


def test_a_run_writes_journal_and_run_json(tmp_path: Path, loaded: list[str]) -> None:
    run = work(tmp_path)
    record = run.execute()
    assert run.folder == tmp_path / "stubs" / "org--slow"
    assert sorted(path.name for path in run.folder.iterdir()) == [".lock", "run.json", "stub.jsonl"]
    assert read_run_record(run.folder) == record
    assert (record.format, record.version, record.complete, record.model.id) == (2, VERSION, True, "org/slow")
    entry, speed = record.benchmarks["stub"], speed_of(record)
    assert (entry.expected, entry.done, entry.failed, entry.complete) == (30, 30, 0, True)
    assert (entry.revision, entry.source, entry.revision_locked) == ("r1", "embedded:made up", False)
    lines = read_journal(run.folder / "stub.jsonl").lines
    assert {line.format for line in lines} == {2}
    assert speed.audio_seconds == pytest.approx(sum(line.audio_seconds or 0.0 for line in lines))
    assert entry.peak_memory is not None
    assert entry.peak_memory.host_gib is not None
    assert entry.peak_memory.host_gib > 0.01
    parts = (speed.phases["model"], speed.seconds_waited or 0.0, speed.seconds_warmup or 0.0, speed.phases["untracked"])
    assert sum(parts) == pytest.approx(speed.seconds_wall)


def test_the_peak_of_memory_begins_anew_with_a_benchmark(
    tmp_path: Path, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    monkeypatch.setattr("harness.environment.begin_peak", lambda: happened.append("begun"))

    def read() -> PeakMemory:
        happened.append("read")
        return PeakMemory(host_gib=float(len(happened)))

    monkeypatch.setattr("harness.environment.peak_memory", read)
    entry = work(tmp_path).execute().benchmarks["stub"]
    assert happened[0] == "begun"
    assert happened.count("begun") == 1
    assert entry.peak_memory == PeakMemory(host_gib=float(len(happened)))


def test_a_run_keeps_how_a_suite_of_ones_own_is_averaged(tmp_path: Path, loaded: list[str]) -> None:
    plain = work(tmp_path)
    assert plain.execute().averaging is None
    groups: dict[str, tuple[str, ...]] = {"all": ("stub",)}
    own = work(tmp_path)
    own.suite = replace(own.suite, average="macro", groups=groups)
    assert own.execute().averaging == AveragingRecord(benchmarks=("stub",), groups=groups)
    assert read_run_record(plain.folder).averaging == AveragingRecord(benchmarks=("stub",), groups=groups)


def test_the_same_command_again_loads_no_model_and_changes_nothing(tmp_path: Path, loaded: list[str]) -> None:
    first = work(tmp_path)
    first.execute()
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    again = work(tmp_path, workers=7, batch_size=9)
    again.execute()
    assert loaded == ["org/slow"]
    assert {path.name: path.read_bytes() for path in again.folder.iterdir()} == before


@pytest.mark.parametrize(
    ("change", "field"),
    [({"dtype": "bfloat16"}, "dtype"), ({"attention": "sdpa"}, "attention"), ({"revision": "abc"}, "model revision")],
)
def test_another_configuration_is_refused_by_name(
    tmp_path: Path, loaded: list[str], change: dict[str, Any], field: str
) -> None:
    run = work(tmp_path)
    run.execute()
    journal = (run.folder / "stub.jsonl").read_bytes()
    with pytest.raises(UsageError, match=f"holds a run with {field} .*--fresh"):
        work(tmp_path, **change).execute()
    assert (run.folder / "stub.jsonl").read_bytes() == journal
    work(tmp_path, batch_size=7).execute()  # the batch plan is no part of it: this model does not depend on it


def test_batches_are_part_of_it_where_transcripts_depend_on_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dependent(Slow):
        def __init__(self) -> None:
            super().__init__(0.0)
            self.card = dataclasses.replace(self.card, batch_invariant=False)

    monkeypatch.setattr(run_module, "load_model", lambda _name, _options: Dependent())
    run = work(tmp_path)
    assert run.execute().fingerprint == run.record.fingerprint
    for change, field in (({"batch_size": 7}, "batch_size 4"), ({"batch_size": None}, "batch_seconds None")):
        with pytest.raises(UsageError, match=f"holds a run with {field}, this one has"):
            work(tmp_path, **change).execute()
    work(tmp_path, workers=1).execute()


def cut(folder: Path, lines: int) -> list[Line]:
    """Leaves the first lines of a journal, as if the run had been killed then."""
    path = folder / "stub.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lines]))
    return list(read_journal(path).lines)


def test_another_revision_of_the_model_is_refused(
    tmp_path: Path, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Newer(Slow):
        def __init__(self) -> None:
            super().__init__(0.0)
            self.card = dataclasses.replace(self.card, revision="2")

    run = work(tmp_path)
    run.execute()
    kept = cut(run.folder, 10)
    monkeypatch.setattr(run_module, "load_model", lambda _name, _options: Newer())
    with pytest.raises(
        UsageError, match="holds a run with model revision '1', the model changed and is now at '2'; give an"
    ):
        work(tmp_path).execute()
    assert cut(run.folder, 30) == kept
    assert read_run_record(run.folder).model.revision == "1"


COMMITS = "a" * 40, "b" * 40


@pytest.mark.parametrize("complete", [True, False])
def test_a_run_of_a_commit_goes_on_by_naming_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complete: bool
) -> None:
    """Also where it was run as the newest, which is another one today."""

    class At(Slow):
        def __init__(self, revision: str | None) -> None:
            super().__init__(0.0)
            self.card = dataclasses.replace(self.card, revision=revision or COMMITS[newest])

    newest = 0
    monkeypatch.setattr(run_module, "load_model", lambda _name, options: At(options.revision))
    run = work(tmp_path)
    run.execute()
    whole = (run.folder / "stub.jsonl").read_text().splitlines()
    newest = 1
    if not complete:
        cut(run.folder, 10)
        with pytest.raises(UsageError, match=f"changed and is now at '{COMMITS[1]}'; give --revision {COMMITS[0]}, an"):
            work(tmp_path).execute()
    assert work(tmp_path, revision=COMMITS[0]).execute().complete
    assert work(tmp_path).execute().complete  # the cache says nothing else, and nothing is missing
    assert {line.id for line in read_journal(run.folder / "stub.jsonl").lines} == {
        json.loads(line)["id"] for line in whole
    }
    with pytest.raises(UsageError, match="with model revision None, this one has 'bbb"):
        work(tmp_path, revision=COMMITS[1]).execute()


def test_two_folders_of_one_name_are_never_one_run(
    tmp_path: Path, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same files are the same run wherever they are seen from; others are refused, also where all is done."""
    out = tmp_path / "out"
    for place, content in (("here", "1"), ("there", "2")):
        (tmp_path / place / "ck" / "x").mkdir(parents=True)
        (tmp_path / place / "ck" / "x" / "config.json").write_text(content)
        (tmp_path / place / "deeper").mkdir()
    revision = hub.folder_revision(tmp_path / "here" / "ck" / "x")

    class Local(Slow):
        def __init__(self) -> None:
            super().__init__(0.0)
            self.card = dataclasses.replace(self.card, revision=revision)

    monkeypatch.setattr(run_module, "load_model", lambda _name, _options: Local())

    def run(place: str, name: str) -> RunRecord:
        monkeypatch.chdir(tmp_path / place)
        begun = dataclasses.replace(work(out), model_name=name)
        assert begun.folder == out / "stubs" / "ck--x"
        return begun.execute()

    first = run("here", "ck/x")
    for place, name in (("here", "./ck/x/"), ("here/deeper", "../ck/x"), ("here/ck", "../ck/x")):
        assert run(place, name).started == first.started
    with pytest.raises(UsageError, match=f"model revision '{revision}', the model changed and is now at 'sha256:"):
        run("there", "./ck/x")


def test_the_device_is_said_and_stored(tmp_path: Path, loaded: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run = work(tmp_path, device="auto")
    run.reporter = Lines()
    assert run.execute().settings["device"] == "cpu"
    assert "org/slow: loading on cpu\n" in capsys.readouterr().err
    assert work(tmp_path, device="cpu").execute().started == run.record.started
    for device, said in (("mps", "cpu, as it does not run on mps"), ("auto", "cpu"), ("cpu", "cpu")):
        begun = dataclasses.replace(work(tmp_path / "a", device=device), model_name="transcripts:x")
        assert (begun.settings.device, begun.settings.dtype, begun._where) == ("cpu", "float32", said)


def test_what_was_disturbed_is_not_counted_after_going_on_either(tmp_path: Path, loaded: list[str]) -> None:
    run = work(tmp_path)
    run.execute()
    kept = [replace(line, undisturbed=number < 8, time=2.0) for number, line in enumerate(cut(run.folder, 20))]
    (run.folder / "stub.jsonl").write_bytes(encode_lines(kept))
    event = Event(event="batch_failed", batch=2, error="no")
    run.record.benchmarks["stub"].events.append(event)
    run.save()
    record = work(tmp_path).execute()
    assert record.benchmarks["stub"].events == [event]
    speed = speed_of(record)
    lines = read_journal(run.folder / "stub.jsonl").lines
    counted = [line for line in lines if line.undisturbed]
    assert len(counted) == 18
    assert speed.seconds_counted == pytest.approx(sum(line.time or 0.0 for line in counted))
    assert speed.audio_seconds_undisturbed == pytest.approx(sum(line.audio_seconds or 0.0 for line in counted))


def test_the_revision_of_the_data_is_known_before_the_end(
    tmp_path: Path, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed leaves the run.json that was saved last."""
    monkeypatch.setattr(run_module, "SAVE_SECONDS", 0.0)
    saved: list[str | None] = []

    class Watching(Silent):
        def batch(self, lines: Sequence[Line]) -> None:
            entry = read_run_record(run.folder).benchmarks.get("stub")
            saved.append(entry.revision if entry else None)

    run = work(tmp_path)
    run.reporter = Watching()
    run.execute()
    assert saved == [None, *["r1"] * 7]


def test_fresh_keeps_the_old_run_under_another_name(tmp_path: Path, loaded: list[str]) -> None:
    run = work(tmp_path)
    run.execute()
    journal = (run.folder / "stub.jsonl").read_bytes()
    work(tmp_path, fresh=True, dtype="bfloat16").execute()
    assert (run.folder.with_name("org--slow.old1") / "stub.jsonl").read_bytes() == journal
    assert loaded == ["org/slow", "org/slow"]


def test_other_data_under_the_same_ids_is_refused(tmp_path: Path, loaded: list[str]) -> None:
    run = work(tmp_path)
    run.execute()
    record = json.loads((run.folder / "run.json").read_text())
    record["benchmarks"]["stub"] |= {"complete": False, "revision": "r0"}
    (run.folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(UsageError, match="at data revision r0, the data is now at r1"):
        work(tmp_path).execute()


def test_fewer_rows_than_stated_are_an_error_that_names_the_field(tmp_path: Path, loaded: list[str]) -> None:
    short = dataclasses.replace(dataset(30), rows=31)
    with pytest.raises(DataError, match="stub: rows is 30 where 31 is stated"):
        work(tmp_path, short).execute()
    assert loaded == [] or read_journal(tmp_path / "stubs" / "org--slow" / "stub.jsonl").lines == []
    record = work(tmp_path, short, allow_drift=True).execute()
    assert record.benchmarks["stub"].drift == ("stub: rows is 30 where 31 is stated",)


def test_a_sample_grows_into_the_whole_and_never_shrinks(tmp_path: Path, loaded: list[str]) -> None:
    run = work(tmp_path, limit=6)
    assert run.execute().benchmarks["stub"].expected == 6
    lines = read_journal(run.folder / "stub.jsonl").lines
    lengths = [line.duration or 0.0 for line in lines]
    assert max(lengths) >= 0.22  # from the shortest, 0.10 s, to the longest, 0.26 s,
    assert min(lengths) <= 0.14  # and not the first six, which are all short
    assert work(tmp_path).execute().benchmarks["stub"].expected == 30
    assert read_journal(run.folder / "stub.jsonl").lines[:6] == lines
    with pytest.raises(UsageError, match="outside this sample"):
        work(tmp_path, limit=6).execute()


def test_failed_utterances_make_the_run_incomplete_and_can_be_tried_again(tmp_path: Path, loaded: list[str]) -> None:
    from benchmarks.dataset import Audio, Request

    good = dataset(5)
    healed = False

    def broken(request: Request) -> Any:
        for utterance in good.sources[0].open(request):
            bad = not healed and utterance.id == "u0002"
            yield dataclasses.replace(utterance, audio=Audio(origin="gone", data=b"")) if bad else utterance

    data = dataclasses.replace(good, sources=(dataclasses.replace(good.sources[0], open=broken),))
    record = work(tmp_path, data).execute()
    assert record.complete is False
    assert record.benchmarks["stub"].failed == 1
    assert work(tmp_path, data).execute().benchmarks["stub"].failed == 1
    healed = True
    record = work(tmp_path, data, retry_failed=True).execute()
    assert record.complete is True
    assert len(read_journal(tmp_path / "stubs" / "org--slow" / "stub.jsonl").lines) == 5


def test_repeats_are_for_speed_and_leave_the_journal_alone(tmp_path: Path, loaded: list[str]) -> None:
    run = work(tmp_path)
    run.execute()
    journal = (run.folder / "stub.jsonl").read_bytes()
    record = work(tmp_path, repeats=3).execute()
    repeats = speed_of(record).repeats
    assert repeats is not None
    assert (repeats.asked, len(repeats.rtfx), len(repeats.rtfx_end_to_end)) == (3, 3, 3)
    assert repeats.changed_transcripts == 0
    assert repeats.rtfx[0] == pytest.approx(speed_of(record).rtfx)
    assert sorted(repeats.rtfx)[1] == repeats.rtfx_median
    assert (run.folder / "stub.jsonl").read_bytes() == journal
    assert loaded == ["org/slow", "org/slow"]
    work(tmp_path, repeats=2).execute()  # three are there
    assert loaded == ["org/slow", "org/slow"]


def test_the_leaderboards_clock_is_a_pass_of_its_own_beside_ours(tmp_path: Path, loaded: list[str]) -> None:
    run = work(tmp_path)
    before = speed_of(run.execute())
    assert before.rtfx_leaderboard is None
    journal = (run.folder / "stub.jsonl").read_bytes()
    speed = speed_of(work(tmp_path, clock="leaderboard").execute())
    audio, counted = speed.audio_seconds_leaderboard, speed.seconds_counted_leaderboard
    assert audio == pytest.approx(before.audio_seconds)
    assert audio is not None
    assert counted is not None
    assert speed.rtfx_leaderboard == audio / counted
    there = {"rtfx_leaderboard": None, "audio_seconds_leaderboard": None, "seconds_counted_leaderboard": None}
    assert replace(speed, **there) == before
    assert (run.folder / "stub.jsonl").read_bytes() == journal
    assert loaded == ["org/slow", "org/slow"]
    work(tmp_path, clock="leaderboard").execute()  # it is there
    assert loaded == ["org/slow", "org/slow"]

    score = write_scores(run.folder)
    assert score.average.speed.rtfx_leaderboard == pytest.approx(speed.rtfx_leaderboard)
    keys = [column.key for column in results_table([score], [None]).columns]
    assert keys[keys.index("rtfx_end_to_end") + 1] == "rtfx_leaderboard"


def test_a_broken_or_missing_run_json_is_an_error(tmp_path: Path, loaded: list[str]) -> None:
    run = work(tmp_path)
    run.execute()
    (run.folder / "run.json").write_text("{")
    with pytest.raises(DataError, match=r"run\.json is not JSON .*; --fresh starts over"):
        work(tmp_path).execute()
    (run.folder / "run.json").unlink()
    with pytest.raises(UsageError, match=r"no run\.json beside it"):
        work(tmp_path).execute()


def test_a_run_whose_model_could_not_be_loaded_can_be_started_again(
    tmp_path: Path, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_name: str, _options: LoadOptions) -> Model:
        raise AccessError("the hub does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(run_module, "load_model", broken)
        with pytest.raises(AccessError):
            work(tmp_path).execute()
    assert work(tmp_path).execute().complete is True


def test_an_unwritable_folder_is_one_line(tmp_path: Path, loaded: list[str]) -> None:
    (tmp_path / "stubs").write_text("a file where the folder should be")
    with pytest.raises(RunError, match="cannot be written"):
        work(tmp_path).execute()


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("org/name", "org--name"),
        ("/home/me/model/", "home--me--model"),
        ("../../etc", "etc"),
        ("./ckpt", "ckpt"),
        ("ckpt/", "ckpt"),
        ("../ck/./x/", "ck--x"),
        ("~/ck/x", "ck--x"),
        ("./.hidden/x", "hidden--x"),
        ("/", "model"),
        ("a" * 300, "a" * 100),
        ("transcripts:../a b.jsonl", "transcripts:..--a b.jsonl"),
    ],
)
def test_a_model_name_never_leads_out_of_the_folder(model: str, name: str, tmp_path: Path) -> None:
    assert model_folder_name(model) == name
    assert run_folder(tmp_path, "s", model).parent == tmp_path / "s"


@pytest.mark.parametrize(
    ("count", "model", "fast"),
    [
        pytest.param(200, "0.01", "0.0", id="stub"),
        pytest.param(
            250,
            "tiny-nar",
            "tiny-nar",
            id="tiny-nar",
            marks=pytest.mark.skipif(
                not os.environ.get("ASR_SLOW_TESTS"), reason="loads torch 27 times; ASR_SLOW_TESTS=1 runs it"
            ),
        ),
    ],
)
def test_killed_at_random_points_it_ends_as_if_nothing_had_happened(
    tmp_path: Path, count: int, model: str, fast: str
) -> None:
    """SIGKILL at 25 points of one run; then every utterance is there once, and the scores are the same bytes."""

    def start(out: str, how: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, str(STUB), str(tmp_path / out), str(count), how]
        return subprocess.Popen(command, cwd=STUB.parents[3], env={"PYTHONPATH": str(STUB.parents[3])})

    folder = Path("stubs") / ("slow" if model != "tiny-nar" else model)
    assert start("whole", fast).wait(timeout=120) == 0
    choose = random.Random(7)
    journal = tmp_path / "killed" / folder / "stub.jsonl"
    size = (tmp_path / "whole" / folder / "stub.jsonl").stat().st_size
    kept = b""
    for kill in range(25):
        process = start("killed", model)
        # Each kill has its share of the journal to fall into, so that the run does not end before the last of them.
        target = choose.uniform(kill, kill + 1) * 0.9 * size / 25
        while process.poll() is None and (not journal.exists() or journal.stat().st_size < target):
            time.sleep(0.002)
        assert process.poll() is None, "it ended before it was killed"
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = journal.read_bytes() if journal.exists() else b""
        assert now.startswith(kept[: kept.rfind(b"\n") + 1])
        kept = now
    assert start("killed", fast).wait(timeout=120) == 0

    def essence(out: str) -> tuple[list[Any], Any]:
        lines = read_journal(tmp_path / out / folder / "stub.jsonl").lines
        scores = json.loads((tmp_path / out / folder / "scores.json").read_text())
        return sorted(line.id for line in lines), without_speed(scores)

    assert essence("killed") == essence("whole")
    assert essence("killed")[0] == [f"u{number:04}" for number in range(count)]


def without_speed(value: Any) -> Any:
    """A JSON value without what stands under `speed`."""
    if isinstance(value, dict):
        return {key: without_speed(item) for key, item in value.items() if key != "speed"}
    return [without_speed(item) for item in value] if isinstance(value, list) else value
