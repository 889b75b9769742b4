"""Complaints of the command line: one line each, which says what would work."""

from __future__ import annotations

import pytest

from harness.cli import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--suite"], "--suite: give a value, as --suite NAME; see"),
        (["--limit", "many"], "--limit 'many': give a whole number; see"),
        (["--limit", "1.5"], "--limit '1.5': give a whole number; see"),
        (["--limit", ""], "--limit '': give a whole number; see"),
        (["--batch-seconds", "long"], "--batch-seconds 'long': give a number; see"),
        (["--engine"], "--engine: give a value, one of local, ray; see"),
        (["--fresh=yes"], "--fresh takes no value; leave 'yes' out; see"),
        (["score", "x", "--profile"], "--profile: give a value, as --profile PROFILE; see"),
        (["score", "x", "--peak-tflops", "fast"], "--peak-tflops 'fast': give a number; see"),
        (["gate", "x", "--baseline"], "--baseline: give one value or more, as --baseline RUN; see"),
        (["explain", "x", "--top", "all"], "--top 'all': give a whole number; see"),
        (["launch", "--shards", "x", "--on", "slurm"], "--shards 'x': give a whole number; see"),
        (["check-model", "x", "--clips", "x"], "--clips 'x': give a whole number; see"),
        (["data", "check", "x", "--workers", "two"], "--workers 'two': give a whole number; see"),
        (
            ["report", "x", "--out", "o", "--audio-mb", "x"],
            "argument --audio-mb: a number from 0 to 1000, not 'x'; see",
        ),
    ],
)
def test_what_to_give_is_said(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {said}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["score", "x", "--perturb", "noise"], "--perturb noise; --perturb is a flag of run;"),
        (
            ["--suite", "sample", "--slice", "accent"],
            "--slice accent; --slice is a flag of score, compare, gate, report",
        ),
        (["fitting", "x", "--slice=accent"], "--slice=accent; --slice is a flag of score, compare, gate, report"),
        (["score", "x", "--yes"], "--yes; --yes is a flag of runs"),
        (
            ["compare", "a", "b", "--candidate-of", "m"],
            "--candidate-of m; --candidate-of is a flag of gate, baseline update",
        ),
        (["score", "x", "--nothing-like-it"], "--nothing-like-it; see run_eval.py score --help"),
    ],
)
def test_a_flag_of_another_command_is_said_to_be_one(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith(f"error: unrecognized arguments: {said}")


@pytest.mark.parametrize("part", ["4/3", "0/3", "3", "x/y"])
def test_a_part_that_there_is_not(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--suite", "sample", "--shard", part]) == 2
    said = "give two numbers, as 2/8 for the second of eight parts; the first goes from 1 to the second"
    assert capsys.readouterr().err == f"error: --shard {part}: {said}\n"
