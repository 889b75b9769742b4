"""A model's code that would end the program costs its clips, whichever way it tries."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.cli import main
from harness.errors import ModelError
from harness.runner import contain
from harness.runner.contain import LEFT, contained, no_sudden_end
from harness.runner.journal import JournalFile
from harness.types import Clip, Hypothesis
from tests.conftest import ROOT
from tests.harness.runner.test_loop import Echo, loop, utterances
from tests.harness.runner.tones import manifest, tone


@pytest.fixture(autouse=True)
def alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would end these tests in the middle, with the status of tests that went well, is an error instead."""
    pid, leave = os.getpid(), os._exit

    def refused(status: int) -> None:
        if os.getpid() == pid:
            raise AssertionError(f"os._exit({status}) would have ended the tests")
        leave(status)

    monkeypatch.setattr(os, "_exit", refused)
    monkeypatch.setattr(contain, "_exit", refused)


WAYS: list[tuple[Callable[[], object], str]] = [
    (sys.exit, "SystemExit"),
    (lambda: sys.exit(0), "SystemExit: 0"),
    (lambda: sys.exit("bye"), "SystemExit: bye"),
    (lambda: os._exit(0), "os._exit: 0"),
    (lambda: os._exit(3), "os._exit: 3"),
    (lambda: asyncio.run(_cancelled()), "CancelledError"),
    (lambda: (_ for _ in ()).throw(GeneratorExit()), "GeneratorExit"),
    (lambda: _raise(BaseExceptionGroup("all", [SystemExit(1)])), "BaseExceptionGroup: all (1 sub-exception)"),
]


async def _cancelled() -> None:
    raise asyncio.CancelledError


def _raise(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(("leave", "said"), WAYS)
def test_whatever_would_end_the_program_is_an_error(leave: Callable[[], object], said: str) -> None:
    before = os._exit
    with (
        no_sudden_end(),
        pytest.raises(ModelError) as caught,
        contained("org/model"),
    ):
        leave()
    assert str(caught.value) == f"org/model tried to end the program ({said})"
    assert os._exit is before


@pytest.mark.parametrize(
    ("leaves", "said"), [(lambda: os._exit(0), "os._exit: 0"), (lambda: sys.exit(0), "SystemExit: 0")]
)
@pytest.mark.parametrize("stage", ["features", "infer", "text"])
def test_it_costs_its_clips(journal: JournalFile, stage: str, leaves: Callable[[], None], said: str) -> None:
    class Ends(Echo):
        def features(self, clips: Sequence[Clip]) -> list[str]:
            found = super().features(clips)
            if stage == "features" and "u1" in found:
                leaves()
            return found

        def infer(self, features: list[str]) -> list[str]:
            if stage == "infer" and "u1" in features:
                leaves()
            return super().infer(features)

        def text(self, output: list[str]) -> list[Hypothesis]:
            if stage == "text" and "u1" in output:
                leaves()
            return super().text(output)

    with no_sudden_end():
        loop(Ends(), journal).run(utterances([0.5, 0.5, 0.5]))
    (line,) = [line for line in journal.lines if line.error is not None]
    assert (line.id, line.error) == ("u1", f"echo tried to end the program ({said})")


def _before() -> None:
    os._exit(4)


def _after() -> None:
    with contained("m"):
        pass
    os._exit(4)


@pytest.mark.parametrize("leaves", [_before, _after])
def test_outside_of_a_model_s_code_we_may_leave(leaves: Callable[[], None]) -> None:
    with no_sudden_end(), pytest.raises(AssertionError, match=r"^os\._exit\(4\) would have ended the tests$"):
        leaves()


def test_one_model_s_code_within_another_s_is_the_outer_s_again() -> None:
    with (
        no_sudden_end(),
        pytest.raises(ModelError, match=r"^outer tried to end the program \(os\._exit: 4\)$"),
        contained("outer"),
    ):
        _after()


def test_the_status_of_a_process_that_came_back_is_that_of_a_fault() -> None:
    assert os.EX_SOFTWARE == LEFT


def test_ctrl_c_is_the_user_s(journal: JournalFile) -> None:
    with pytest.raises(KeyboardInterrupt), contained("m"):
        raise KeyboardInterrupt
    said = []

    def elsewhere() -> None:
        try:
            with contained("m"):
                raise KeyboardInterrupt
        except ModelError as error:
            said.append(str(error))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert said == ["m tried to end the program (KeyboardInterrupt)"]


def test_errors_of_the_model_are_its_own() -> None:
    with pytest.raises(ZeroDivisionError), contained("m"):
        _ = 1 / 0


def test_processes_that_it_forks_end_where_they_should() -> None:
    """One that leaves by itself does so; one that comes back is ended, and goes on with nothing."""
    statuses = []
    with no_sudden_end():
        for comes_back in (False, True):
            with contained("m"):
                child = os.fork()
                if child == 0 and not comes_back:
                    os._exit(9)
            statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    assert statuses == [9, LEFT]


MODEL = """
import os, sys

def leaves(clips):
    {how}
    return ["red" for clip in clips]
"""


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("os._exit(0)", "my:leaves tried to end the program (os._exit: 0)"),
        ("os.kill(os.getpid(), 9)", None),
        ("1 // (os.fork() and 1)", ""),
    ],
)
def test_a_run_is_never_cut_off_as_a_good_one(tmp_path: Path, how: str, said: str | None) -> None:
    """`sys.exit(0)` was exit status 0 with half of the utterances, and a forked child wrote beside its parent."""
    (tmp_path / "my.py").write_text(MODEL.format(how=how))
    rows = [{"audio": str(tone(tmp_path / f"{n}.wav", n)), "id": str(n), "text": "red"} for n in range(1, 4)]
    data = manifest(tmp_path / "m.jsonl", rows)
    words = ["--data", str(data), "--model", "my:leaves", "--out", str(tmp_path / "o"), "--json", "--quiet"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "run_eval.py"), *words], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    paths = (tmp_path / "o").rglob("data_m.jsonl")
    lines = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    [record] = [json.loads(path.read_text()) for path in (tmp_path / "o").rglob("run.json")]
    if said is None:
        assert (done.returncode, lines, record["complete"]) == (-9, [], False)
    elif said:
        assert (done.returncode, {line["error"] for line in lines}, len(lines)) == (5, {said}, 3)
        assert record["complete"] is False
    else:
        assert (done.returncode, sorted(line["id"] for line in lines)) == (0, ["1", "2", "3"])
        assert {line["hypothesis"] for line in lines} == {"red"}


def test_it_cannot_leave_while_it_is_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "quits.py").write_text("import os\nclass Quits:\n    def __init__(self): os._exit(0)\n")
    data = manifest(tmp_path / "m.jsonl", [{"audio": str(tone(tmp_path / "1.wav", 1)), "id": "1", "text": "red"}])
    sys.path.insert(0, str(tmp_path))
    try:
        words = ["--data", str(data), "--model", "quits:Quits", "--out", str(tmp_path / "o"), "--quiet"]
        assert main(words) == 5
    finally:
        sys.path.remove(str(tmp_path))
    assert capsys.readouterr().err == "error: quits:Quits tried to end the program (os._exit: 0)\n"
