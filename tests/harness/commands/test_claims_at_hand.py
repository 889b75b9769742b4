"""A suite of claims is run on the data that is at hand, and says what is not; other suites are run whole or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from harness.errors import ExitStatus

if TYPE_CHECKING:
    from pathlib import Path

SUITE = """name = "mine"
profile = "card@2026-04"
claims = {claims}
benchmarks = [{benchmarks}]
"""
ELSEWHERE = "librispeech_test_clean", "earnings22"


def planned(folder: Path, *benchmarks: str, claims: bool = True) -> ExitStatus:
    """What a dry run of such a suite ends with; the sample comes with the project, and nothing is in the folder."""
    listed = ", ".join(f'"{name}"' for name in benchmarks)
    (folder / "mine.toml").write_text(SUITE.format(claims=str(claims).lower(), benchmarks=listed), encoding="utf-8")
    asked = ["--suite", str(folder / "mine.toml"), "--model", "openai/whisper-tiny.en", "--device", "cpu", "--dry-run"]
    return ExitStatus(main([*asked, "--out", str(folder / "out")]))


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def test_what_is_not_at_hand_is_left_out_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert planned(tmp_path, ELSEWHERE[0], "sample_read", ELSEWHERE[1]) == ExitStatus.GOOD
    plan, said = capsys.readouterr()
    assert [line.split(":")[0].strip() for line in plan.splitlines()[1:]] == ["sample_read"]
    left = [line.split(": ")[1] for line in said.splitlines() if line.startswith("left out, not at hand: ")]
    assert left == list(ELSEWHERE)


def test_with_nothing_at_hand_the_first_reason_is_the_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert planned(tmp_path, *ELSEWHERE) == ExitStatus.DATA
    said = capsys.readouterr().err
    assert said.startswith("error: librispeech_test_clean: ")
    assert "--from DIR" in said


def test_another_suite_is_run_whole_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert planned(tmp_path, "sample_read", ELSEWHERE[1], claims=False) == ExitStatus.DATA
    assert "error: earnings22: " in capsys.readouterr().err
