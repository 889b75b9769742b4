"""`--engine ray` on real clusters of several nodes, on this machine: logical CPUs, so that workers need not wait.

ASR_SLOW_TESTS=1 python -m pytest tests/harness/runner/test_ray_cluster.py      all of them
"""

import importlib.util
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.dataset import Audio, Dataset, Request, Utterance
from benchmarks.registry import Suite
from harness.config import Settings
from harness.errors import ModelError, RunError, UsageError
from harness.progress import Silent
from harness.records.journal import Line, read_journal
from harness.records.run import RunRecord
from harness.records.speed import Speed
from harness.reporting.report import write_scores
from harness.runner import run as run_module
from harness.runner.ray_cluster import Cluster, Handle
from harness.runner.ray_held import Order
from harness.runner.run import Run
from harness.runner.stages import Stop
from harness.version import VERSION
from tests.harness.runner import ray_stub
from tests.harness.runner.stub_run import dataset, digits

pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: the extra [ray]")
slow = pytest.mark.skipif(not os.environ.get("ASR_SLOW_TESTS"), reason="half a minute; ASR_SLOW_TESTS=1 runs it")


class Nodes:
    """A cluster of a head without room for workers, and nodes with two CPUs each."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "include_dashboard": False, "_system_config": {"health_check_period_ms": 500}}
        self.cluster: Any = Cluster(initialize_head=True, head_node_args=head)
        self.nodes = [self.cluster.add_node(num_cpus=2) for _ in range(2)]

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def lose(self) -> None:
        """Kills a node, as a loss of power would."""
        self.cluster.remove_node(self.nodes.pop(), allow_graceful=False)


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nodes]:
    with short_folder() as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        monkeypatch.setenv("RAY_memory_monitor_refresh_ms", "0")
        cluster = Nodes()
        yield cluster
        cluster.cluster.shutdown()


@pytest.fixture(autouse=True)
def loader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "load_model", ray_stub.load)


class Watching(Silent):
    """Does things to the cluster when so many utterances are journalled."""

    def __init__(self, plan: dict[int, Any]) -> None:
        self.plan, self.count = dict(plan), 0
        self.whole: Run | None = None
        """A run that is to begin with all its workers: one that ends while others load loses none that is killed."""

    def loaded(self, model: str, note: str) -> None:
        cluster = self.whole and self.whole._model
        if isinstance(cluster, Cluster):
            last = time.monotonic() + 60
            while len(cluster.ready) < cluster.size:
                assert time.monotonic() < last, "the workers do not begin"
                cluster.wait(0.05)

    def batch(self, lines: Sequence[Line]) -> None:
        self.count += len(lines)
        for when in [when for when in self.plan if self.count >= when]:
            self.plan.pop(when)()


def work(out: Path, data: Dataset, model: str, reporter: Silent | None = None, **settings: Any) -> Run:
    return Run(
        suite=Suite(name="stubs", profile="card@2026-04", benchmarks=(data.name,)),
        datasets=[data],
        model_name=model,
        settings=Settings(out=out, **({"batch_size": 4} | settings)),
        reporter=reporter or Silent(),
        stop=Stop(),
    )


def finished(run: Run) -> tuple[RunRecord, bytes]:
    """run.json, and scores.json without what stands under `speed`. The journal holds no utterance twice, or raises."""
    record = run.execute()
    write_scores(run.folder)
    lines = read_journal(run.folder / "stub.jsonl").lines
    assert len(lines) == record.benchmarks["stub"].expected
    return record, without_speed(run.folder / "scores.json")


def in_files(data: Dataset, folder: Path) -> Dataset:
    """The same with its audio in files."""
    folder.mkdir()

    def utterances(request: Request) -> Iterator[Utterance]:
        for one in data.sources[0].open(request):
            path = folder / f"{one.id}.flac"
            path.write_bytes(one.audio.data or b"")
            yield replace(one, audio=Audio(origin=one.audio.origin, path=path))

    return replace(data, sources=(replace(data.sources[0], open=utterances),))


def speed_of(record: RunRecord) -> Speed:
    speed = record.benchmarks["stub"].speed
    assert speed is not None
    return speed


def without_speed(path: Path) -> bytes:
    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: cut(item) for key, item in value.items() if key != "speed"}
        return [cut(item) for item in value] if isinstance(value, list) else value

    return json.dumps(cut(json.loads(path.read_bytes()))).encode()


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    """Where stub models leave their process ids."""
    folder = tmp_path / "traces"
    folder.mkdir()
    return folder


def kill_one(traces: Path) -> None:
    """Kills a worker, as the system does where memory runs out."""
    os.kill(int(next(traces.iterdir()).name), signal.SIGKILL)


@pytest.mark.parametrize("ahead", [False, pytest.param(True, marks=slow)])
def test_a_run_that_loses_a_worker_and_then_a_node_ends_as_if_nothing_had_happened(
    nodes: Nodes,
    tmp_path: Path,
    traces: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    ahead: bool,
) -> None:
    """Ahead: of 48 s of audio 19 are first shares, sent while it is listed; the rest is handed out as usual."""
    monkeypatch.setattr(Cluster, "many", 2)  # of four workers two hand on to the others
    begun, begin = list[Order](), Cluster.begin

    def noted(self: Cluster, group: Sequence[Handle], order: Order) -> None:
        begun.append(order)
        begin(self, group, order)

    monkeypatch.setattr(Cluster, "begin", noted)
    model = f"traced:{traces}:seconds=0.02" + ",packs=1" * ahead
    settings: dict[str, Any] = {"batch_seconds": 0.8, "batch_size": None} if ahead else {}
    data = in_files(dataset(240), tmp_path / "data") if ahead else dataset(240)
    _, expected = finished(work(tmp_path / "local", data, model, **settings))
    (traces / str(os.getpid())).unlink()
    reporter = Watching({40: lambda: kill_one(traces), 100: nodes.lose})
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    run = work(tmp_path / "ray", data, model, reporter, engine="ray", ray_address=nodes.address, **settings)
    reporter.whole = run
    capfd.readouterr()
    record, scores = finished(run)
    assert capfd.readouterr() == ("", "")
    assert [len(order.members) for order in begun] == [2, 2] * ahead
    assert scores == expected
    assert reporter.plan == {}
    entry = record.benchmarks["stub"]
    lost = [event for event in entry.events if event.event == "worker_lost"]
    # The one that was killed, and those of the node: two, unless one was the successor of the first, just starting.
    assert 2 <= len(lost) <= 4
    assert (entry.complete, entry.failed) == (True, 0)
    speed = speed_of(record)
    assert speed.cluster is not None
    assert (speed.cluster.rtfx or 0.0) > (speed.rtfx or 0.0) > 0.0
    assert sum(device.batches for device in speed.cluster.devices.values()) == speed.batches
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


DRIVER = """
import sys
from pathlib import Path
from tests.harness.runner.test_ray_cluster import Cluster, dataset, ray_stub, run_module, work

run_module.load_model, Cluster.many = ray_stub.load, 2
settings = {"engine": "ray", "ray_address": sys.argv[3], "batch_size": 2}
work(Path(sys.argv[1]), dataset(int(sys.argv[4])), sys.argv[2], **settings).execute()
"""
KILLS = int(os.environ.get("ASR_KILLS", "4"))


@slow
def test_a_driver_that_is_killed_again_and_again_ends_as_if_nothing_had_happened(
    nodes: Nodes, root: Path, tmp_path: Path, traces: Path
) -> None:
    """ASR_KILLS says how often; workers go on for a while after each, and their journals are taken in."""
    count, model, draw = 60 * KILLS + 60, f"traced:{traces}:seconds=0.02", random.Random(1)
    _, expected = finished(work(tmp_path / "local", dataset(count), model))
    journal = work(tmp_path / "ray", dataset(count), model).folder / "stub.jsonl"
    command = [sys.executable, "-c", DRIVER, str(tmp_path / "ray"), model, nodes.address, str(count)]
    for _ in range(KILLS):
        before = journal.stat().st_size if journal.exists() else 0
        process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        while process.poll() is None and (not journal.exists() or journal.stat().st_size <= before):
            time.sleep(0.05)
        assert process.poll() is None, process.communicate()
        time.sleep(draw.random() / 2)
        process.kill()
        process.communicate()
    settings: dict[str, Any] = {"engine": "ray", "ray_address": nodes.address, "batch_size": 2}
    run = work(tmp_path / "ray", dataset(count), model, **settings)
    record, scores = finished(run)
    assert scores == expected
    assert record.complete
    assert not (run.folder / ".shards").exists()


@slow
def test_tiny_nar_says_the_same_where_a_node_is_lost(nodes: Nodes, tmp_path: Path) -> None:
    _, expected = finished(work(tmp_path / "local", digits(200), "tiny-nar", batch_size=8))
    reporter = Watching({40: nodes.lose})
    settings: dict[str, Any] = {"engine": "ray", "ray_address": nodes.address, "ray_workers": 2, "batch_size": 8}
    record, scores = finished(work(tmp_path / "ray", digits(200), "tiny-nar", reporter, **settings))
    assert scores == expected
    assert [event.event for event in record.benchmarks["stub"].events] == ["worker_lost"]


@slow
def test_a_clip_that_kills_or_hangs_costs_itself(nodes: Nodes, tmp_path: Path, traces: Path) -> None:
    trouble = {"dies=17": "2 workers were lost with it", "hangs=17": "the stage 'network' has not ended within 1 s"}
    for wish, message in trouble.items():
        settings: dict[str, Any] = {"engine": "ray", "ray_address": nodes.address, "batch_timeout": 1.0}
        run = work(tmp_path / wish, dataset(60), f"traced:{traces}:{wish}", **settings)
        record, _ = finished(run)
        lines = {line.id: line for line in read_journal(run.folder / "stub.jsonl").lines}
        assert [name for name, line in lines.items() if line.error is not None] == ["u0017"]
        assert message in (lines["u0017"].error or "")
        events = [event.event for event in record.benchmarks["stub"].events]
        assert events == ["worker_lost"] * len(events)
        assert len(events) >= 4


@slow
def test_shares_of_a_gpu_a_lack_of_memory_and_an_audit(nodes: Nodes, tmp_path: Path, traces: Path) -> None:
    """The GPU is Ray's idea only: the stub needs none."""
    nodes.cluster.add_node(num_cpus=1, num_gpus=1)
    settings: dict[str, Any] = {"engine": "ray", "ray_address": nodes.address, "device": "cuda", "gpus_per_worker": 0.5}
    run = work(tmp_path / "ray", dataset(200), f"traced:{traces}:clips=2,seconds=0.05", **settings)
    record, _ = finished(run)
    assert len(list(traces.iterdir())) == 2
    entry = record.benchmarks["stub"]
    cluster = speed_of(record).cluster
    assert cluster is not None
    ((name, device),) = cluster.devices.items()
    assert (name.endswith("gpu 0"), device.workers) == (True, 2)
    assert {event.event for event in entry.events} == {"out_of_memory"}
    settings |= {"audit_batching": 10, "repeats": 2}
    record, _ = finished(work(tmp_path / "again", dataset(20), f"traced:{traces}:", **settings))
    audit, repeats = record.benchmarks["stub"].audit, speed_of(record).repeats
    assert audit is not None
    assert repeats is not None
    assert audit.alone.changed == 0
    assert len(repeats.rtfx) == 2


@slow
def test_what_cannot_be_is_one_line(nodes: Nodes, tmp_path: Path, traces: Path) -> None:
    settings: dict[str, Any] = {"engine": "ray", "ray_address": nodes.address}
    with pytest.raises(UsageError, match="has 3 nodes, none with room for a worker, which takes 1 GPU"):
        work(tmp_path / "a", dataset(4), f"traced:{traces}:", device="cuda", **settings).execute()
    with pytest.raises(ModelError, match=r"^[0-9.]+ cpu: traced cannot be loaded: it is broken$"):
        work(tmp_path / "b", dataset(4), f"traced:{traces}:broken=1", **settings).execute()
    with pytest.raises(RunError, match=r"--ray-address 127\.0\.0\.1:1: nobody answers"):
        work(tmp_path / "c", dataset(4), f"traced:{traces}:", engine="ray", ray_address="127.0.0.1:1").execute()


@slow
def test_a_node_with_another_copy_of_this_program_is_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended with 11 lost workers, or in the middle of a message that the other version did not know."""
    for part in ("harness", "benchmarks"):
        shutil.copytree(root / part, tmp_path / "other" / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path / "other")
    for name, old, new in (
        ("ray_worker", "batch_timeout", "limit"),
        ("ray_cluster", "batch_timeout=batch_timeout\n", "limit=batch_timeout\n"),
    ):
        path = tmp_path / "other" / "harness" / "runner" / f"{name}.py"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
    command = [sys.executable, "-c", "import sys; from harness.cli import main; sys.exit(main(sys.argv[1:]))"]
    command += ["--suite", "digits", "--limit", "4", "--engine", "ray", "--json", "--quiet", "--out", "out"]
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "other"))
    with short_folder() as folder:
        for name, value in {"RAY_TMPDIR": folder, "RAY_USAGE_STATS_ENABLED": "0"}.items():
            monkeypatch.setenv(name, value)
        cluster = Nodes()
        try:
            done = [
                subprocess.run(
                    [*command, "--ray-address", cluster.address],
                    cwd=tmp_path,
                    env=os.environ | {"PYTHONPATH": str(path)},
                    capture_output=True,
                    text=True,
                    check=False,
                )
                for path in (root, tmp_path / "other")
            ]
        finally:
            cluster.cluster.shutdown()
    line = (
        rf"error: this program is {re.escape(VERSION)} \(sources [0-9a-f]{{12}}, in {re.escape(str(root))}\) here and "
        rf"{re.escape(VERSION)} \(sources [0-9a-f]{{12}}, in {re.escape(str(tmp_path / 'other'))}\) on [0-9.]+; what "
        rf"works is the same checkout on all nodes, such as by PYTHONPATH={re.escape(str(root))} where `ray start` is "
        r"called there\n"
    )
    assert done[0].returncode == 5
    assert re.fullmatch(line, done[0].stderr), done[0].stderr
    assert done[1].returncode == 0, done[1].stderr
    assert json.loads(done[1].stdout)[0]["benchmarks"][0]["utterances"] == 4


@slow
def test_the_command_line_starts_a_cluster_of_its_own_and_leaves_nothing(root: Path, tmp_path: Path) -> None:
    from benchmarks.dataset import Request, open_dataset
    from benchmarks.registry import get_dataset

    said = [{"id": utterance.id, "hypothesis": "one"} for utterance in open_dataset(get_dataset("digits"), Request())]
    (tmp_path / "said.jsonl").write_text("".join(json.dumps(line) + "\n" for line in said))
    command = [sys.executable, str(root / "run_eval.py"), "--suite", "digits", "--limit", "20", "--json"]
    command += ["--model", "transcripts:said.jsonl", "--batch-size", "4", "--out", "ray"]
    with short_folder() as temporary:
        done = subprocess.run(
            [*command, "--engine", "ray", "--ray-workers", "2"],
            cwd=tmp_path,
            env=os.environ | {"TMPDIR": temporary, "HOME": temporary},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert not (Path(temporary) / ".ray").exists()
        assert list(Path(temporary).glob("asr*")) == []
    (score,) = json.loads(done.stdout)
    assert score["benchmarks"][0]["utterances"] == 20
    assert score["benchmarks"][0]["speed"]["cluster"]["rtfx"] > 0
    ours = (
        "transcripts:said.jsonl: loading",
        "transcripts:said.jsonl: transcripts that were written before",
        "transcripts:said.jsonl on ",
        "energy: not measurable here",
        "journals and scores: ",
        "tables, plots and page: ",
    )
    assert [line for line in done.stderr.splitlines() if not line.startswith(ours)] == []
    # The same folder without Ray: a run may go on anywhere.
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [score]


@slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_on_a_cluster_goes_on_later(root: Path, tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C goes to every process of the terminal's group, Ray's own among them."""
    command = [sys.executable, "run_eval.py", "--suite", "digits", "--json", "--batch-size", "1"]
    command += ["--out", str(tmp_path), "--engine", "ray", "--ray-workers", "2"]

    def journals() -> list[Path]:
        return [path for path in tmp_path.glob("*/tiny-nar/digits.jsonl") if path.stat().st_size]

    with short_folder() as temporary:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=os.environ | {"TMPDIR": temporary},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        while process.poll() is None and not journals():
            time.sleep(0.05)
        assert process.poll() is None, process.communicate()
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130, said
        assert "the same command goes on where it was" in said.splitlines()[-1]
        assert list(Path(temporary).glob("asr*")) == []
        (journal,) = journals()
        before = journal.read_bytes()
        done = subprocess.run(
            command, cwd=root, env=os.environ | {"TMPDIR": temporary}, capture_output=True, text=True, check=True
        )
    assert journal.read_bytes().startswith(before)
    (score,) = json.loads(done.stdout)
    assert score["complete"]
    assert len(read_journal(journal).lines) == score["benchmarks"][0]["utterances"]


@contextmanager
def short_folder() -> Iterator[str]:
    """A folder for temporary files whose name leaves room for those of Ray's sockets."""
    with tempfile.TemporaryDirectory(prefix="asr", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield folder
