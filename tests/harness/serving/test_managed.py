"""Servers are started, waited for, and stopped: whatever they do, and however this program ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import Interrupted, RunError, UsageError
from harness.serving import guard
from harness.serving.flags import ServeSettings
from harness.serving.managed import Managed, free_port
from harness.serving.servers import SERVERS, Server, get_server

STAND_IN = str(Path(__file__).with_name("stand_in.py"))


def stand_in(mode: str, folder: Path) -> Server:
    return Server(
        name="stand-in",
        find=lambda: [sys.executable, STAND_IN],
        arguments=lambda model, port: [mode, str(port), str(folder), model],
        install="nothing",
        documentation="here",
    )


def managed(
    mode: str, folder: Path, said: list[str], timeout: float = 60.0, cancelled: Callable[[], bool] = lambda: False
) -> Managed:
    return Managed(
        server=stand_in(mode, folder),
        name="stand-in:m",
        model="m",
        timeout=timeout,
        say=said.append,
        cancelled=cancelled,
    )


def pid_in(path: Path) -> int:
    return int(path.read_text())


def gone(pid: int) -> bool:
    """Whether there is no such process any more; a dead one that nobody has waited for is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def waited_for(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_a_server_is_healthy_before_it_is_asked_and_gone_afterwards(tmp_path: Path) -> None:
    said: list[str] = []
    with managed("busy", tmp_path, said) as server:
        name = server.start(tmp_path / "run")
        assert name == server.start(tmp_path / "run"), "it is started once"
        assert name.startswith("openai:http://127.0.0.1:")
        assert name.endswith("/v1#m")
        server.check()
        pid = pid_in(tmp_path / "server.pid")
        assert not gone(pid)
    assert waited_for(lambda: gone(pid))
    assert len(said) == 2
    assert STAND_IN in said[0]
    log = (tmp_path / "run" / "server.log").read_text()
    assert log.startswith("$ ")
    assert "a line of the log" in log


def test_what_is_never_started_needs_no_stopping(tmp_path: Path) -> None:
    with managed("good", tmp_path, []):
        pass
    assert not (tmp_path / "server.pid").exists()


def test_one_that_dies_is_one_line_with_the_end_of_its_log(tmp_path: Path) -> None:
    said: list[str] = []
    with (
        managed("dies", tmp_path, said) as server,
        pytest.raises(RunError, match=r"stand-in ended with status 3; its log"),
    ):
        server.start(tmp_path)
    assert said[-1] == "  | no such model:  [31mnothing [0m"


def test_one_that_ends_without_a_complaint_is_noticed_too(tmp_path: Path) -> None:
    server = stand_in("good", tmp_path)
    ends = Server(
        name="ends",
        find=lambda: [sys.executable, "-c", "pass"],
        arguments=server.arguments,
        install="",
        documentation="",
    )
    one = Managed(server=ends, name="m", model="m", say=lambda _line: None)
    with one, pytest.raises(RunError, match=r"^ends ended with status 0; its log"):
        one.start(tmp_path)


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where the folder should be")
    with managed("good", tmp_path, []) as server, pytest.raises(RunError, match=r"server.log: cannot be written"):
        server.start(tmp_path / "run")
    assert not (tmp_path / "server.pid").exists()


def test_the_program_beside_this_python_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("venv", "elsewhere"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "vllm").write_text("#!/bin/sh\n")
        (tmp_path / place / "vllm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "elsewhere"))
    assert get_server("vllm").command("m", 1)[0] == str(tmp_path / "elsewhere" / "vllm")
    monkeypatch.setattr("sys.executable", str(tmp_path / "venv" / "python"))
    assert get_server("vllm").command("m", 1)[0] == str(tmp_path / "venv" / "vllm")


def test_one_that_is_not_healthy_in_time_is_ended(tmp_path: Path) -> None:
    said: list[str] = []
    with managed("silent", tmp_path, said, timeout=0.5) as server:
        with pytest.raises(RunError, match=r"not healthy after 0.5 s; .* --serve-timeout"):
            server.start(tmp_path)
        assert waited_for(lambda: (tmp_path / "server.pid").is_file() and (tmp_path / "server.pid").read_text() != "")
        pid = pid_in(tmp_path / "server.pid")
    assert waited_for(lambda: gone(pid))


def test_the_user_need_not_wait_for_it(tmp_path: Path) -> None:
    with managed("silent", tmp_path, [], cancelled=lambda: True) as server, pytest.raises(Interrupted):
        server.start(tmp_path)


def test_one_that_dies_on_the_way_is_noticed(tmp_path: Path) -> None:
    with managed("good", tmp_path, []) as server:
        server.start(tmp_path)
        os.kill(pid_in(tmp_path / "server.pid"), signal.SIGKILL)
        assert waited_for(lambda: server._process is not None and server._process.poll() is not None)
        with pytest.raises(RunError, match=r"ended with status 137"):
            server.check()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_one_that_will_not_end_is_ended_with_all_that_it_started_though_we_are_killed(tmp_path: Path) -> None:
    """We are killed without a chance to do anything; the guard sees the pipe end."""
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, '.'); "
        "from tests.harness.serving.test_managed import managed\n"
        "from harness.serving import guard\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "server = managed('stubborn', folder, [])\n"
        "server.grace = 0.2\n"
        "server.start(folder)\n"
        "print('ready', flush=True)\n"
        "import time; time.sleep(600)\n"
    )
    root = Path(guard.__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=root) as ours:
        assert ours.stdout is not None
        assert ours.stdout.readline() == b"ready\n"
        pids = [pid_in(tmp_path / "server.pid"), pid_in(tmp_path / "child.pid")]
        assert not any(map(gone, pids))
        ours.kill()
    assert waited_for(lambda: all(map(gone, pids)))


def test_a_port_is_free(tmp_path: Path) -> None:
    assert 1024 < free_port() < 65536


@pytest.mark.parametrize("name", SERVERS)
def test_an_absent_server_is_one_line_with_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_args, **_how: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(
        UsageError, match=rf"--serve {name}: {name} is not installed here; to install: pip install"
    ) as caught:
        ServeSettings(serve=name).managed("m", lambda _line: None)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_command_lines_are_those_of_their_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path=None: f"/bin/{name}")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: object())
    vllm = get_server("vllm").command("org/m", 8123, ["--max-model-len", "448"])
    assert " ".join(vllm) == (
        "/bin/vllm serve org/m --host 127.0.0.1 --port 8123 --served-model-name org/m --max-model-len 448"
    )
    sglang = get_server("sglang").command("org/m", 8123)
    assert " ".join(sglang[1:]) == (
        "-m sglang.launch_server --model-path org/m --host 127.0.0.1 --port 8123 --served-model-name org/m"
    )
    own = get_server("open-asr-server").command("faster-whisper:/w", 8123)
    assert " ".join(own) == "/bin/open-asr-server serve --host 127.0.0.1 --port 8123 --preload faster-whisper:/w"


def test_flags_that_cannot_be_meant() -> None:
    with pytest.raises(UsageError, match="--serve nothing: choose from"):
        ServeSettings(serve="nothing")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="--serve-args is for a server that is started here"):
        ServeSettings(serve_args="--x")
    with pytest.raises(UsageError, match="--serve-timeout 0: give a positive number"):
        ServeSettings(serve_timeout=0.0)
    assert ServeSettings().managed("m", print) is None
    assert (ServeSettings().name("m"), ServeSettings(serve="vllm").name("m")) == ("m", "vllm:m")
    with pytest.raises(UsageError, match="no server called 'vlm'; did you mean 'vllm'"):
        get_server("vlm")


def test_words_of_serve_args_are_split_as_a_shell_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path=None: f"/bin/{name}")
    made = ServeSettings(serve="vllm", serve_args="--a 'b c'").managed("m", print)
    assert made is not None
    assert list(made.extra) == ["--a", "b c"]
    with pytest.raises(UsageError, match="No closing quotation"):
        ServeSettings(serve="vllm", serve_args="'").managed("m", print)
