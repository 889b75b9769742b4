"""What a person sees while a command works: never silent for two seconds, by a clock of the tests' own."""

from __future__ import annotations

import sys

import pytest

from harness.waiting import SILENCE_SECONDS, Waiting, waiting


def test_something_is_said_before_two_seconds_are_over() -> None:
    now, said = [0.0], list[tuple[float, str]]()
    found = Waiting(lambda line: said.append((now[0], line)), lambda: now[0])
    found.at("scoring 87 models")
    for tenth in range(1, 60):
        now[0] = tenth / 10
        found.tick()
        if tenth == 30:
            found.at("plots: WER")
        if tenth == 40:
            found.at("plots: phases")
    assert said == [
        (0.3, "scoring 87 models (0 s)"),
        (2.1, "scoring 87 models (2 s)"),
        (3.9, "plots: WER (1 s)"),
        (5.7, "plots: phases (3 s)"),
    ]
    assert SILENCE_SECONDS + 0.2 <= 2.0


def test_what_is_quick_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with waiting() as say:
        say("reading")
    with waiting(quiet=True) as say:
        say("reading")
    assert capsys.readouterr().err == ""


def test_a_terminal_is_left_clean(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("harness.waiting.SILENCE_SECONDS", 0.0)
    monkeypatch.setattr("harness.waiting.FIRST_SECONDS", 0.0)
    with waiting() as say:
        say("reading \x1b[31m")
    written = capsys.readouterr().err
    assert written.startswith("\r\x1b[Kreading \\x1b[31m (0 s)")
    assert written.endswith("\r\x1b[K")
