"""`load` by the command line, before servers that do what servers do: all that goes wrong is one line."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.cli import main
from harness.records.codec import read
from harness.records.load import Load
from harness.runner.folder import locked
from tests.conftest import ROOT

Answering = Callable[[int], tuple[int, dict[str, object], float]]
"""From the number of the request, from 0: status, body, and seconds before it."""


class Server:
    """Answers transcriptions; counts them."""

    def __init__(self, answering: Answering) -> None:
        self.answering, self.asked, self.lock = answering, 0, threading.Lock()

    def number(self) -> int:
        with self.lock:
            self.asked += 1
            return self.asked - 1


class Quiet(ThreadingHTTPServer):
    """Does not mind who hangs up."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


@pytest.fixture
def serving() -> Iterator[Callable[[Answering], tuple[str, Server]]]:
    """Starts servers; gives the name of the model, and the server."""
    begun: list[ThreadingHTTPServer] = []

    def start(answering: Answering) -> tuple[str, Server]:
        server = Server(answering)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.reply(200, {"data": [{"id": "m"}]})

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                status, body, seconds = server.answering(server.number())
                time.sleep(seconds)
                self.reply(status, body)

            def reply(self, status: int, body: object) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        http = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        begun.append(http)
        return f"openai:http://127.0.0.1:{http.server_address[1]}/v1#m", server

    yield start
    for http in begun:
        http.shutdown()
        http.server_close()


def fine(_number: int) -> tuple[int, dict[str, object], float]:
    return 200, {"text": "said"}, 0.0


def load(out: Path, name: str, *flags: str) -> int:
    return main(["load", "--model", name, "--out", str(out), "--limit", "1", *flags])


def load_of(out: Path) -> Load:
    (path,) = out.rglob("load.json")
    return read(path, Load)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "error: say how much: --rate 1,2,4,8 (requests a second)"),
        (["--rate", "1,x"], "--rate 1,x: give requests a second, such as 1,2,4,8"),
        (["--rate", "0"], "--rate 0: give requests a second"),
        (["--rate", "-1"], "--rate -1: give requests a second"),
        (["--rate", "inf"], "--rate inf: give requests a second"),
        (["--rate", "1", "--duration", "5", "--warmup", "5"], "--warmup 5: nothing is left to count of --duration 5"),
        (["--rate", "1", "--duration", "0"], "--duration 0: give a positive number"),
        (
            ["--rate", "1", "--suite", "sample", "--data", "x"],
            "say what to send: --suite NAME or --data PATH, not both",
        ),
        (["--rate", "1", "--serve-args", "x"], "add --serve NAME"),
        (["--rate", "1", "--serve", "tomcat"], "invalid choice: 'tomcat'"),
    ],
)
def test_flags_that_cannot_be_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    assert load(tmp_path / "out", "openai:http://127.0.0.1:1/v1#m", *flags) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_model_of_this_process_is_no_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(tmp_path, "tiny-nar", "--rate", "1") == 2
    assert (
        "tiny-nar runs in this process; load asks servers: openai:URL#MODEL, or add --serve NAME"
        in capsys.readouterr().err
    )


def test_a_server_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(tmp_path, "openai:http://127.0.0.1:1/v1#m", "--rate", "1", "--quiet") == 4
    error = capsys.readouterr().err
    assert error.startswith("error: http://127.0.0.1:1/v1: no connection")
    assert error.count("\n") == 1


def test_what_no_request_would_survive_is_said_by_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], serving: Callable[[Answering], tuple[str, Server]]
) -> None:
    name, server = serving(lambda _number: (404, {"error": {"message": "no model m"}}, 0.0))
    assert load(tmp_path, name, "--rate", "5", "--quiet") == 5
    assert capsys.readouterr().err == "error: the server answered 404: no model m\n"
    assert server.asked == 1


def test_refusals_are_counted_and_nothing_is_sent_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], serving: Callable[[Answering], tuple[str, Server]]
) -> None:
    name, server = serving(lambda number: (503, {"error": "too busy"}, 0.0) if number % 2 else fine(number))
    load(tmp_path, name, "--rate", "20", "--duration", "2", "--warmup", "0")
    found = load_of(tmp_path)
    (rate,) = found.rates
    assert server.asked == rate.sent + 1
    assert rate.errors == {"the server answered 503: too busy": rate.counted - rate.answered}
    assert abs(rate.counted - 2 * rate.answered) <= 1
    assert found.sustained is None
    assert f"{rate.counted - rate.answered} of {rate.counted} requests failed or were given up" in " ".join(rate.why)
    assert "the server answered 503: too busy" in capsys.readouterr().out


def test_answers_that_are_no_transcripts_are_errors(
    tmp_path: Path, serving: Callable[[Answering], tuple[str, Server]]
) -> None:
    name, _ = serving(lambda number: (200, {"words": []} if number else {"text": "said"}, 0.0))
    load(tmp_path, name, "--rate", "20", "--duration", "1", "--warmup", "0", "--quiet")
    (rate,) = load_of(tmp_path).rates
    assert rate.answered == 0
    ((error, times),) = rate.errors.items()
    assert error.startswith("the server's answer has no transcript")
    assert times == rate.counted


def test_what_takes_too_long_is_given_up_and_known_to_be_long(
    tmp_path: Path, serving: Callable[[Answering], tuple[str, Server]]
) -> None:
    name, _ = serving(lambda number: (200, {"text": "said"}, 30.0 if number == 3 else 0.0))
    load(tmp_path, name, "--rate", "10", "--duration", "2", "--warmup", "0", "--timeout", "3", "--quiet")
    (rate,) = load_of(tmp_path).rates
    assert rate.given_up == 1
    assert rate.errors == {}
    assert rate.latency is not None
    assert rate.latency.max >= 3.0
    assert rate.latency.p99.at_least
    assert not rate.latency.p50.at_least


def test_at_the_cap_it_stops_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], serving: Callable[[Answering], tuple[str, Server]]
) -> None:
    name, server = serving(lambda number: (200, {"text": "said"}, 1.0 if number else 0.0))
    assert load(tmp_path, name, "--rate", "50,60", "--duration", "10", "--max-outstanding", "5") == 5
    found = load_of(tmp_path)
    assert [rate.sent for rate in found.rates] == [5]
    assert server.asked == 6
    said = capsys.readouterr()
    assert "with 5 requests under way" in said.out
    assert "Not run: 60, since 50 is too much already." in said.out


def test_a_measurement_that_was_there_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], serving: Callable[[Answering], tuple[str, Server]]
) -> None:
    name, _ = serving(fine)
    for seed in ("1", "2"):
        load(tmp_path, name, "--rate", "20", "--duration", "0.5", "--seed", seed)
    assert "what was measured there before is kept under another name" in capsys.readouterr().err
    assert sorted(read(path, Load).seed for path in tmp_path.rglob("load.json")) == [1, 2]


def test_another_measurement_under_way_there_is_not_disturbed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], serving: Callable[[Answering], tuple[str, Server]]
) -> None:
    name, server = serving(fine)
    load(tmp_path, name, "--rate", "20", "--duration", "0.5")
    (path,) = tmp_path.rglob("load.json")
    asked = server.asked
    with locked(path.parent):
        assert load(tmp_path, name, "--rate", "20", "--duration", "0.5") == 5
    assert "is in use by process" in capsys.readouterr().err
    assert path.is_file()
    assert server.asked == asked


def test_json_alone_on_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], serving: Callable[[Answering], tuple[str, Server]]
) -> None:
    name, _ = serving(fine)
    load(tmp_path, name, "--rate", "20", "--duration", "0.5", "--json", "--quiet")
    said = capsys.readouterr()
    assert json.loads(said.out) == json.loads(next(tmp_path.rglob("load.json")).read_text())
    assert said.err == ""


def test_more_than_max_requests_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], serving: Callable[[Answering], tuple[str, Server]]
) -> None:
    name, server = serving(fine)
    assert load(tmp_path, name, "--rate", "1000", "--duration", "60") == 2
    assert "about 60,000 requests, more than the 10,000 of --max-requests" in capsys.readouterr().err
    assert server.asked == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_the_rates_that_are_measured(
    tmp_path: Path, serving: Callable[[Answering], tuple[str, Server]], number: signal.Signals
) -> None:
    # The first rate has 31 requests; at the second the server hangs, so that it cannot be over before the signal.
    name, _ = serving(lambda number: (200, {"text": "said"}, 0.0 if number < 31 else 60.0))
    flags = ["--out", str(tmp_path), "--limit", "1", "--rate", "20,21", "--duration", "1.5"]
    with subprocess.Popen(
        [sys.executable, "run_eval.py", "load", "--model", name, *flags],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = ""
        while "rate 21:" not in said:
            said = process.stderr.readline()
            assert said, "it ended"
        process.send_signal(number)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert re.fullmatch(r"stopped: interrupted; 1 of 2 rates are kept in .*; the same command begins again\n", rest)
    assert [rate.rate for rate in load_of(tmp_path).rates] == [20]
    assert len(list(tmp_path.rglob("load.svg"))) == 1
