"""Whole runs against a stand-in, through the command line: what is kept, what ends a run, and going on with it."""

from __future__ import annotations

import argparse
import io
import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.cli import main
from harness.commands import run as command
from harness.config import Settings
from harness.errors import HarnessError
from harness.flags import made
from harness.progress import Silent
from harness.records.journal import Line, read_journal
from harness.records.run import RunRecord, read_run_record
from harness.records.speed import ServedSpeed
from harness.request import own_data
from harness.runner.run import Run
from harness.runner.stages import Stop
from tests.conftest import ROOT
from tests.harness.models.served.conftest import Start
from tests.harness.models.served.standin import Asked, Reply, StandIn, told

KEY = "sk-0123456789abcdef"
COUNT = 12
SECONDS = 0.3


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips that a server can tell apart: each is as loud as its number."""
    folder = tmp_path_factory.mktemp("data")
    rows = []
    for number in range(COUNT):
        samples = np.full(int(SECONDS * 16_000), (number + 1) * 100, np.int16)
        soundfile.write(folder / f"{number}.wav", samples, 16_000)
        rows.append({"id": f"u{number:02}", "audio": f"{number}.wav", "text": f"word{number}"})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def number_of(asked: Asked) -> int:
    """Which clip was sent."""
    samples, _ = soundfile.read(io.BytesIO(asked.file[2]), dtype="int16")
    return int(samples.max()) // 100 - 1


def hear(asked: Asked) -> Reply:
    return told({"text": f"word{number_of(asked)}"})


class Runs:
    """Runs of the command line in one folder."""

    def __init__(self, data: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data, self.out, self.capsys, self.stop = data, out, capsys, Stop()
        self.errors = ""

    def words(self, server: StandIn, *flags: str) -> list[str]:
        model = f"openai:{server.url}#m"
        return ["--data", str(self.data / "manifest.jsonl"), "--model", model, "--out", str(self.out), *flags]

    def typed(self, server: StandIn, *flags: str) -> int:
        """The command line, with all that it writes at its end."""
        status = main([*self.words(server, *flags), "--quiet"])
        self.errors = self.capsys.readouterr().err.strip()
        return status

    def __call__(self, server: StandIn, *flags: str) -> int:
        """The same without tables and plots, which take seconds."""
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        args = parser.parse_args(self.words(server, *flags))
        suite, datasets = own_data(args.data, args.language)
        run = Run(
            suite=suite,
            datasets=datasets,
            model_name=args.model[0],
            settings=made(Settings, args),
            reporter=Silent(),
            stop=self.stop,
        )
        self.stop.requested = False
        self.errors = ""
        try:
            return 0 if run.execute().complete else 5
        except HarnessError as error:
            self.errors = f"error: {error}"
            return error.exit_status

    @property
    def folder(self) -> Path:
        (path,) = (path for path in self.out.glob("*/openai-*") if not path.name.endswith(".old1"))
        return path

    @property
    def lines(self) -> list[Line]:
        (path,) = self.folder.glob("*.jsonl")
        raw = [json.loads(line)["id"] for line in path.read_text().splitlines()]
        assert len(raw) == len(set(raw)), "an utterance was journalled twice"
        return list(read_journal(path).lines)

    @property
    def record(self) -> RunRecord:
        return read_run_record(self.folder)

    @property
    def served(self) -> ServedSpeed:
        (entry,) = self.record.benchmarks.values()
        assert entry.speed is not None
        assert entry.speed.served is not None
        return entry.speed.served

    def complete(self) -> None:
        """Every utterance is there once, with its own words."""
        assert sorted(line.id for line in self.lines) == [f"u{number:02}" for number in range(COUNT)]
        assert all(line.hypothesis == line.reference for line in self.lines)
        assert self.record.complete


@pytest.fixture
def run(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Runs:
    return Runs(data, tmp_path / "runs", capsys)


def test_a_run_and_what_its_record_says(start: Start, run: Runs) -> None:
    server = start(hear)
    assert run.typed(server, "--concurrency", "3") == 0
    run.complete()
    served = run.served
    assert (served.concurrency, served.requests, served.retries, served.errors) == (3, COUNT, 0, 0)
    latencies = [line.usage.latency for line in run.lines if line.usage is not None and line.usage.latency is not None]
    assert len(latencies) == COUNT
    percentiles = np.percentile(latencies, [50, 95, 99])
    assert [served.latency_p50, served.latency_p95, served.latency_p99] == pytest.approx(percentiles)
    assert served.cost is None
    assert run.record.model.served
    assert run(server, "--concurrency", "1") == 2  # what was measured at three at once is not called otherwise
    assert "concurrency 3, this one has 1" in run.errors
    assert run(server, "--concurrency", "3") == 0  # complete, so nothing is asked again
    assert len(server.asked) == COUNT


def test_a_busy_server_is_asked_again(start: Start, run: Runs) -> None:
    seen: Counter[int] = Counter()

    def reply(asked: Asked) -> Reply:
        number = number_of(asked)
        seen[number] += 1
        answers = {
            0: Reply(status=503),
            1: told({}, 429, {"Retry-After": "0"}),
            2: Reply(way="drop"),
            3: Reply(status=500),
        }
        return answers[number] if seen[number] == 1 and number in answers else hear(asked)

    assert run(start(reply)) == 0
    run.complete()
    assert (run.served.requests, run.served.retries) == (COUNT + 4, 4)


BAD: dict[str, tuple[Reply, str]] = {
    "refused": (told({"error": {"message": "audio too short"}}, 400), "the server answered 400: audio too short"),
    "broken": (Reply(b"Internal Server Error", 500), "the server answered 500: Internal Server Error (tried 2 times)"),
    "page": (Reply(b"<html><body>Sign in</body></html>", kind="text/html"), "with a web page: Sign in"),
    "half": (Reply(b'{"text": "wor'), "no JSON, or breaks off"),
    "cut": (Reply(b'{"text": "word"}', way="cut"), "ended before the answer did (tried 2 times)"),
    "empty": (Reply(b""), "answered with nothing"),
    "no text": (told({"task": "transcribe"}), "'text' is missing"),
    "another clip": (told({"text": "other", "duration": 30.0}), "about other audio: duration 30 s"),
    "large": (Reply(b"x" * (17 << 20)), "more than the 16,777,216 that are read"),
    "silent": (Reply(way="silent"), "it sent nothing for 0.5 s (tried 2 times)"),
    "drip": (Reply(way="drip"), "not whole after 1.3 s (tried 2 times)"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_costs_its_clip_alone(start: Start, run: Runs, name: str) -> None:
    bad, words = BAD[name]
    twice = int("tried 2 times" in words)
    flags = ["attempts=2", *(["silence=0.2"] if name == "silent" else []), *(["timeout=1"] if name == "drip" else [])]
    server = start(lambda asked: bad if number_of(asked) == 5 else hear(asked))
    assert run(server, *(word for flag in flags for word in ("--model-option", flag))) == 5
    failed = {line.id: line.error for line in run.lines if line.error is not None}
    assert list(failed) == ["u05"]
    assert words in str(failed["u05"])
    assert len(run.lines) == COUNT
    assert run.served.errors == 1
    assert (run.served.requests, run.served.retries) == (COUNT + twice, twice)
    server.reply = hear
    assert run(server, "--retry-failed", *(word for flag in flags for word in ("--model-option", flag))) == 0
    run.complete()


def test_no_server_ends_the_run_at_once(run: Runs) -> None:
    gone = StandIn()
    gone.__enter__()
    gone.stop()
    assert run.typed(gone) == 4
    assert run.errors == f"error: {gone.url}: no connection (Connection refused) (tried 2 times)"


def test_a_server_that_dies_in_the_middle_ends_the_run_which_then_goes_on(start: Start, run: Runs) -> None:
    server = start()

    def die_after_five(asked: Asked) -> Reply:
        if len(server.asked) > 5:
            server.over.set()
            threading.Thread(target=server.stop).start()
            return Reply(way="drop")
        return hear(asked)

    server.reply = die_after_five
    flags = ["--concurrency", "1", "--model-option", "attempts=2"]
    assert run.typed(server, *flags) == 4
    assert "what was done is journalled, and the same command goes on" in run.errors
    assert len(run.errors.splitlines()) == 1
    assert 4 <= len(run.lines) <= 5
    assert not any(line.error for line in run.lines)
    again = start(hear, server.port)
    assert run(again, *flags) == 0
    run.complete()


def test_a_run_that_is_killed_goes_on_and_nothing_is_there_twice(start: Start, run: Runs) -> None:
    server = start()
    reached = threading.Event()

    def hang_after_seven(asked: Asked) -> Reply:
        if len(server.asked) > 7:
            reached.set()
            return Reply(way="silent")
        return hear(asked)

    server.reply = hang_after_seven
    command = [sys.executable, str(ROOT / "run_eval.py"), *run.words(server, "--concurrency", "2", "--quiet")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert reached.wait(120)
    _until(lambda: bool(list(run.out.glob("*/openai-*/*.jsonl"))) and len(run.lines) >= 4)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    before = {line.id for line in run.lines}
    server.reply = hear
    server.asked.clear()
    assert run(server, "--concurrency", "2") == 0
    run.complete()
    assert {f"u{number_of(asked):02}" for asked in server.asked}.isdisjoint(before)


def test_a_server_that_fails_all_the_time_ends_the_run(start: Start, run: Runs) -> None:
    server = start(told({"error": "unknown field: language"}, 400))
    assert run(server) == 4
    assert "the last 10 requests all failed, at last: the server answered 400: unknown field: language" in run.errors


def test_money_ends_before_it_is_spent(start: Start, run: Runs) -> None:
    server = start(hear)
    price = ("--model-option", "price=2", "--concurrency", "1")  # 0.01 USD a clip
    assert run(server, *price, "--max-cost", "0.055") == 5
    assert run.errors.startswith("error: the next request, of 0.0100 USD, would pass --max-cost 0.055: 0.0500 USD are")
    assert len(server.asked) == len(run.lines) == 5
    assert run.served.cost == pytest.approx(0.05)
    assert run(server, *price, "--max-cost", "0.055") == 5  # what was spent before counts
    assert len(server.asked) == 5
    assert run(server, *price, "--max-cost", "0.12") == 0
    run.complete()
    assert run.served.cost == pytest.approx(0.12)
    assert len(server.asked) == COUNT


def test_what_was_paid_for_is_kept_when_the_money_ends(start: Start, run: Runs) -> None:
    server = start(hear)
    assert run(server, "--model-option", "price=2", "--concurrency", "4", "--max-cost", "0.07") == 5
    assert len(server.asked) == len(run.lines) == 7


def test_long_clips_are_cut_at_pauses(start: Start, run: Runs, tmp_path: Path) -> None:
    pause = np.zeros(8_000, np.int16)
    loud = np.full(12_000, 100, np.int16)
    soundfile.write(tmp_path / "long.wav", np.concatenate([loud, pause, loud, pause, loud]), 16_000)
    (tmp_path / "manifest.jsonl").write_text(json.dumps({"id": "long", "audio": "long.wav", "text": "word0 word0"}))
    run.data = tmp_path
    server = start(hear)
    assert run(server, "--model-option", "max_seconds=2", "--model-option", "price=6") == 0
    (line,) = run.lines
    assert line.hypothesis == " ".join(["word0"] * len(server.asked))
    assert len(server.asked) == len(line.segments or ()) >= 2
    assert line.usage is not None
    assert line.usage.requests == len(server.asked)
    assert line.usage.cost == pytest.approx(0.1 * 3.25)


def test_settings_that_change_no_transcript_may_change(start: Start, run: Runs) -> None:
    server = start()
    server.reply = lambda asked: Reply(status=401) if len(server.asked) > 3 else hear(asked)
    assert run(server, "--concurrency", "1") == 4
    server.reply = hear
    assert run(server, "--model-option", "prompt=x", "--concurrency", "1") == 2
    assert "model options" in run.errors
    assert run(server, "--model-option", "timeout=9", "--model-option", "price=1", "--concurrency", "1") == 0
    run.complete()


@pytest.mark.parametrize("status", [200, 400, 401])
def test_the_key_is_nowhere(
    start: Start, run: Runs, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HARNESS_API_KEY", KEY)
    echo = told(
        {"text": f"Bearer {KEY}", "error": {"message": f"bad key {KEY[:12]}"}} if status > 200 else {"text": KEY},
        status,
    )
    server = start(lambda asked: echo if number_of(asked) == 3 else hear(asked))
    assert main([*run.words(server), "--debug"]) in {4, 5}
    shown = capsys.readouterr()
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    files = [path for path in run.out.rglob("*") if path.is_file()]
    assert any(path.suffix == ".jsonl" for path in files)
    for text in [shown.out, shown.err, *(path.read_bytes().decode(errors="replace") for path in files)]:
        assert KEY[:12] not in text


def test_secrets_in_an_address_end_it_before_anything_is_written(run: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--data", str(run.data), "--model", "openai:http://me:s3cret@127.0.0.1/v1#m", "--out", str(run.out)]
    assert main(words) == 2
    assert "s3cret" not in capsys.readouterr().err
    assert not run.out.exists()


@pytest.mark.parametrize("flags", [("--engine", "ray"), ("--clock", "leaderboard")])
def test_what_times_devices_is_refused(start: Start, run: Runs, flags: tuple[str, str]) -> None:
    server = start(hear)
    assert run(server, *flags) == 2
    assert "is a server" in run.errors
    assert server.asked == []


def test_a_first_interrupt_lets_what_is_under_way_end(start: Start, run: Runs) -> None:
    server = start()

    def reply(asked: Asked) -> Reply:
        run.stop.requested = len(server.asked) >= 2
        return hear(asked)

    server.reply = reply
    assert run(server, "--concurrency", "1") == 130
    assert 2 <= len(run.lines) < COUNT
    assert not any(line.error for line in run.lines)
    before = len(run.lines)
    server.reply = hear
    assert run(server, "--concurrency", "1") == 0
    run.complete()
    assert len(server.asked) == COUNT
    assert before < COUNT


def test_a_second_interrupt_does_not_wait_for_the_server(start: Start, run: Runs) -> None:
    server = start()
    reached = threading.Event()

    def hang_after_three(asked: Asked) -> Reply:
        if len(server.asked) > 3:
            reached.set()
            return Reply(way="silent")
        return hear(asked)

    server.reply = hang_after_three
    command = [sys.executable, str(ROOT / "run_eval.py"), *run.words(server, "--concurrency", "1", "--quiet")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert reached.wait(120)
        signals = 0
        while process.poll() is None and signals < 20:  # the server has a minute before it is late
            process.send_signal(signal.SIGINT)  # two that come at once are one
            signals += 1
            with suppress(subprocess.TimeoutExpired):
                process.wait(2)
        assert process.stderr is not None
        errors = process.stderr.read()
    assert process.returncode == 130
    assert errors.strip() == "stopped: interrupted; the same command goes on where it was"
    assert not any(line.error for line in run.lines)
    server.reply = hear
    assert run(server, "--concurrency", "1") == 0
    run.complete()


def test_the_plan_says_what_it_will_cost(start: Start, run: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    server = start(hear)
    assert main([*run.words(server, "--concurrency", "3"), "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "3 requests at a time" in shown
    assert "12 requests or more, longest 0.3 s, time not known before a first run, cost not known without" in shown
    assert main([*run.words(server, "--model-option", "price=20"), "--dry-run"]) == 0
    assert "about 1.20 USD" in capsys.readouterr().out
    assert server.asked == server.listed == []


def test_another_run_for_its_speed(start: Start, run: Runs) -> None:
    server = start(hear)
    assert run(server, "--repeats", "2", "--audit-batching", "3") == 0
    run.complete()
    (entry,) = run.record.benchmarks.values()
    assert entry.audit is not None
    assert entry.audit.alone.changed == entry.audit.reversed.changed == entry.audit.one_batch.changed == 0
    assert len(server.asked) == 2 * COUNT + 9


def _until(done: Callable[[], bool]) -> None:
    event = threading.Event()
    while not done():
        event.wait(0.01)
