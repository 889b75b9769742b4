"""Standing fuzz: mutated files, folders and flags over every verb end in a clear answer, soon, in little memory."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.fuzz import worker
from tools.fuzz.__main__ import run
from tools.fuzz.cases import KINDS, Case, make

CHUNK, CHUNKS = 250, 8


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_two_thousand_inputs(chunk: int) -> None:
    results = list(run([*range(chunk * CHUNK, (chunk + 1) * CHUNK)], seed=1))
    assert [result.number for result in results] == [*range(chunk * CHUNK, (chunk + 1) * CHUNK)]
    assert [result.line() for result in results if result.bad] == []
    assert {result.verb for result in results} >= {"score", "gate", "compare", "data", "run"}


@pytest.mark.skipif(not os.environ.get("ASR_SLOW_TESTS"), reason="takes an hour; ASR_SLOW_TESTS=1 runs it")
@pytest.mark.timeout(0)
def test_a_hundred_thousand_inputs() -> None:
    assert [result.line() for result in run([*range(100_000)], seed=1) if result.bad] == []


def contents(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        plain = path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 20
        digest.update(os.fsencode(path.relative_to(folder)) + (path.read_bytes() if plain else b""))
    return digest.hexdigest()


def test_a_number_is_always_the_same_case(tmp_path: Path) -> None:
    found = []
    for again in ("a", "b"):
        for number in range(40):
            folder = tmp_path / again / str(number)
            folder.mkdir(parents=True)
            found.append((make(number, 1, folder), contents(folder)))
    assert found[:40] == found[40:]
    assert len({digest for _, digest in found}) >= 38, "the cases differ"


def test_every_verb_is_there() -> None:
    from harness.cli import VERBS

    assert set(VERBS) - set(KINDS) <= {"launch", "load", "check-model", "doctor", "runs", "completion"}, (
        "what is not fuzzed"
    )


def fails(error: BaseException) -> Callable[[list[str]], int]:
    def main(_words: list[str]) -> int:
        raise error

    return main


def says(text: str, status: int, *, out: bool = False) -> Callable[[list[str]], int]:
    def main(_words: list[str]) -> int:
        import sys

        print(text, file=sys.stdout if out else sys.stderr)
        return status

    return main


def spins(_words: list[str]) -> int:
    while True:
        pass


def waits(_words: list[str]) -> int:
    reading, _ = os.pipe()
    return len(os.read(reading, 1))


def works_for_long_beside_others(_words: list[str]) -> int:
    time.sleep(0.2)
    return 0


PLANTED: list[tuple[Callable[[list[str]], int], str]] = [
    (fails(ValueError("x")), "internal"),
    (says("error: internal error, KeyError: x", 5), "internal"),
    (says("Traceback (most recent call last):", 4), "internal"),
    (spins, "hang"),
    (says("error: \x1b[2J", 4), "control"),
    (says("\u202eok", 0, out=True), "control"),
    (says("error: a\n ::error::x", 4), "control"),
    (says("##[group]", 0, out=True), "control"),
    (says("nothing to say", 4), "lines"),
    (says("error: x", 1), "status 1"),
    (says("error: x", 139), "status 139"),
    (says("error: x", 4), "exit 4"),
    (says("fine", 0, out=True), "exit 0"),
]


@pytest.mark.parametrize(("main", "outcome"), PLANTED)
def test_planted_faults_are_found(
    monkeypatch: pytest.MonkeyPatch, main: Callable[[list[str]], int], outcome: str
) -> None:
    monkeypatch.setattr("harness.cli.main", main)
    monkeypatch.setattr(worker, "SECONDS", 0.05)
    monkeypatch.setattr(worker, "WAIT", 20.0)
    result = worker.call(Case(7, "score", ["score", "x"]))
    assert (result.outcome, result.bad) == (outcome, not outcome.startswith("exit"))


def test_what_waits_is_found_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.cli.main", waits)
    monkeypatch.setattr(worker, "WAIT", 0.05)
    result = worker.call(Case(7, "score", ["score", "x"]))
    assert result.outcome == "hang"
    assert result.processor < 5, "which no processor's time would have told"


def test_what_others_hold_up_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.cli.main", works_for_long_beside_others)
    monkeypatch.setattr(worker, "SECONDS", 0.15)
    result = worker.call(Case(7, "score", ["score", "x"]))
    assert (result.outcome, result.processor <= result.seconds) == ("exit 0", True)


def test_a_process_that_hears_no_alarm_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def deaf(number: int, seed: int) -> Any:
        if number == 1:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGPROF})
            time.sleep(60)
        return worker.Result(number, "score", "exit 0", [])

    monkeypatch.setattr("tools.fuzz.__main__.try_case", deaf)
    monkeypatch.setattr("tools.fuzz.__main__.PATIENCE", 0.2)
    assert [(result.number, result.outcome) for result in run([1, 2], seed=1)] == [(1, "died"), (2, "exit 0")]


def test_too_much_memory_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process held before is none of the case's."""
    taken: list[int] = []

    def takes(_words: list[str]) -> int:
        return len(bytearray(b"x") * taken[0]) and 0

    monkeypatch.setattr("harness.cli.main", takes)
    monkeypatch.setattr(worker, "BYTES", 64 << 20)
    for size, outcome in ((1, "exit 0"), (100 << 20, "memory"), (1, "exit 0")):
        taken[:] = [size]
        result = worker.call(Case(7, "score", ["score", "x"]))
        assert (result.outcome, result.mib > 64) == (outcome, outcome == "memory")


def test_a_process_that_dies_costs_its_case_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(number: int, seed: int) -> Any:
        if number == 2:
            os._exit(9)
        return worker.Result(number, "score", "exit 0", [])

    monkeypatch.setattr("tools.fuzz.__main__.try_case", dies)
    results = list(run([1, 2, 3, 4], seed=1))
    assert [(result.number, result.outcome) for result in results] == [
        (1, "exit 0"),
        (2, "died"),
        (3, "exit 0"),
        (4, "exit 0"),
    ]
