"""The commands of docs/robustness.md with a real model: errors grow with noise, figures repeat, and words are made up.

ASR_SLOW_TESTS=1 python -m pytest -n0 tests/harness/perturb/test_whisper_in_noise.py      some minutes
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.cli import main

pytestmark = pytest.mark.skipif(
    not os.environ.get("ASR_SLOW_TESTS"), reason="some minutes of whisper-tiny.en; ASR_SLOW_TESTS=1 runs it"
)


@pytest.fixture(autouse=True)
def whisper(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faster_whisper")
    monkeypatch.setattr("harness.cli._silence_libraries", lambda: None)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def table(out: Path, name: str, *flags: str) -> list[dict[str, object]]:
    assert main([*flags, "--model", "whisper-tiny.en", "--out", str(out), "--quiet"]) == 0
    rows: list[dict[str, object]] = json.loads(next(out.rglob(f"{name}.json")).read_text())["rows"]
    return rows


def test_errors_grow_with_noise_and_the_figures_repeat(tmp_path: Path) -> None:
    (tmp_path / "read.toml").write_text('name = "read"\nprofile = "card@2026-04"\nbenchmarks = ["sample_read"]\n')
    flags = ("--suite", str(tmp_path / "read.toml"), "--perturb", "noise:snr=20,10,0")
    first, second = (table(tmp_path / name, "robustness", *flags) for name in ("a", "b"))
    assert [{**row, "rtfx": None} for row in first] == [{**row, "rtfx": None} for row in second]
    rates = [float(str(row["wer"])) for row in first]
    assert [row["condition"] for row in first] == ["clean", "noise@20dB", "noise@10dB", "noise@0dB"]
    assert rates == sorted(rates)
    assert rates[0] < 0.08
    assert rates[-1] > 0.4
    assert all(row["difference_interval"] for row in first[1:])


def test_words_are_made_up_where_nothing_is_said(tmp_path: Path) -> None:
    whole = table(tmp_path, "hallucination", "--suite", "non_speech")[0]
    assert whole["sound"] == "all"
    assert float(str(whole["inserted"])) > 1
    assert whole["inserted_interval"] is not None
    assert float(str(whole["looped"])) > 0
