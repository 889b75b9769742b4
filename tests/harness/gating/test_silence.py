"""Words where the reference has none: no error rate sees them, the gate does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from harness.cli import main

WORDS = "one two three four five six seven eight"
Rows = Callable[..., Path]


@pytest.fixture
def run(tmp_path: Path) -> Rows:
    """Runs transcripts of 12 utterances with words and 12 whose reference comes to nothing, which the profile drops."""

    def of(name: str, heard: str, *, sessions: int = 6) -> Path:
        manifest, said = tmp_path / "calls.jsonl", tmp_path / f"{name}.jsonl"
        data = [
            {"id": f"u{at}", "session": f"s{at % sessions}", "text": WORDS if at < 12 else "[noise]"}
            for at in range(24)
        ]
        soundfile.write(tmp_path / "clip.wav", np.full(6 * 16_000, 0.01, np.float32), 16_000)
        write(manifest, [{"audio": "clip.wav", **row} for row in data])
        write(said, [{"id": row["id"], "pred_text": WORDS if row["text"] == WORDS else heard} for row in data])
        out = tmp_path / f"{name} {sessions}"
        assert main(["--data", str(manifest), "--model", f"transcripts:{said}", "--out", str(out), "--quiet"]) == 0
        return next(path.parent for path in out.rglob("run.json"))

    return of


def write(path: Path, lines: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def gate(capsys: pytest.CaptureFixture[str], run: Path, baseline: Path, *flags: str) -> tuple[int, dict[str, Any]]:
    status = main(["gate", str(run), "--baseline", str(baseline), "--json", *flags])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return status, {finding["subject"]: finding for finding in findings}


NAME = "data_calls: inserted on silence"


def test_invented_words_on_clips_without_speech_fail(capsys: pytest.CaptureFixture[str], run: Rows) -> None:
    quiet, loud = run("quiet", ""), run("loud", "thank you for watching")
    capsys.readouterr()
    status, found = gate(capsys, loud, quiet)
    assert status == 1
    assert found["data_calls"]["reason"] == "unchanged", "no word of a reference is heard otherwise"
    assert (found[NAME]["verdict"], found[NAME]["before"]) == ("FAIL", 0.0)
    assert found[NAME]["after"] == pytest.approx(40), "48 words in 72 seconds"
    assert len(found[NAME]["blame"]) == 10
    assert found[NAME]["utterances"] == 12
    assert gate(capsys, quiet, loud)[0] == 0, "fewer are no regression"
    assert (gate(capsys, loud, loud)[1])[NAME]["reason"] == "unchanged"
    assert NAME not in gate(capsys, quiet, quiet)[1]


def test_without_an_interval_somebody_has_to_look(capsys: pytest.CaptureFixture[str], run: Rows) -> None:
    quiet, loud = run("quiet", "", sessions=3), run("loud", "thank you", sessions=3)
    capsys.readouterr()
    status, found = gate(capsys, loud, quiet)
    assert (status, found[NAME]["verdict"], found[NAME]["tier"]) == (3, "INCONCLUSIVE", "must")
    status, found = gate(capsys, quiet, loud)
    assert (status, found[NAME]["verdict"], found[NAME]["tier"]) == (0, "INCONCLUSIVE", "informative")


def test_a_policy_may_say_what_is_allowed(tmp_path: Path, capsys: pytest.CaptureFixture[str], run: Rows) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[metrics.inserted_on_silence]\nmargin = 200\n")
    loud, quiet = run("loud", "thank you for watching"), run("quiet", "")
    capsys.readouterr()
    status, found = gate(capsys, loud, quiet, "--policy", str(policy))
    assert (status, found[NAME]["verdict"], found[NAME]["margin"]) == (0, "PASS", 200)


def test_lengths_that_nobody_states(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sides = [
        write(
            tmp_path / f"MODEL_{name}_DATASET_calls.jsonl",
            [
                {
                    "id": f"u{at}",
                    "session": f"s{at % 50}",
                    "text": WORDS if at < 999 else "",
                    "pred_text": WORDS if at < 999 else heard,
                }
                for at in range(1000)
            ],
        )
        for name, heard in (("quiet", ""), ("loud", "thank you"))
    ]
    policy = tmp_path / "policy.toml"
    policy.write_text("[wer]\nmargin = 1\n")
    status, found = gate(capsys, sides[1], sides[0], "--policy", str(policy))
    finding = found["calls: inserted on silence"]
    assert found["calls"]["verdict"] == "PASS", "two words of 8,000 are below the margin"
    assert (status, finding["verdict"], finding["reason"]) == (3, "INCONCLUSIVE", "not measured")
    assert finding["message"].startswith("2 words written where the reference has none, in the baseline 0;")
    assert gate(capsys, sides[0], sides[1], "--policy", str(policy))[0] == 0


@pytest.mark.parametrize(
    ("words", "tier"),
    [
        (1, "informative"),  # exactly the margin
        (2, "must"),
    ],
)
def test_without_an_interval_one_word_a_minute_is_let_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: int, tier: str
) -> None:
    """A minute without reference words, in three sessions: beside as many words as a model may write there."""
    sides = []
    for name, heard in (("quiet", 3), ("loud", 3 + words)):
        rows = [
            {"id": f"u{at}", "session": f"s{at % 3}", "duration": 5.0, "text": WORDS if at >= 12 else ""}
            for at in range(24)
        ]
        said = [row["text"] or ("lamp" if at < heard else "") for at, row in enumerate(rows)]
        written = [{**row, "pred_text": text} for row, text in zip(rows, said, strict=True)]
        sides.append(write(tmp_path / f"MODEL_{name}_DATASET_calls.jsonl", written))
    finding = gate(capsys, sides[1], sides[0])[1]["calls: inserted on silence"]
    assert (finding["before"], finding["after"]) == (3.0, 3.0 + words)
    assert (finding["verdict"], finding["reason"], finding["tier"]) == ("INCONCLUSIVE", "too few sessions", tier)
    assert finding["margin"] == 1.0


def test_an_interval_that_holds_the_margin_is_told_and_decides_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = []
    for name, heard in (("quiet", set[int]()), ("loud", {0, 1, 2, 3})):
        rows = [
            {"id": f"u{at}", "session": f"s{at % 12}", "duration": 5.0, "text": WORDS if at >= 24 else ""}
            for at in range(48)
        ]
        said = [row["text"] or ("lamp" if at in heard else "") for at, row in enumerate(rows)]
        written = [{**row, "pred_text": text} for row, text in zip(rows, said, strict=True)]
        sides.append(write(tmp_path / f"MODEL_{name}_DATASET_calls.jsonl", written))
    status, found = gate(capsys, sides[1], sides[0])
    finding = found["calls: inserted on silence"]
    assert (finding["before"], finding["after"]) == (0.0, 2.0), "four words in two minutes"
    assert finding["change"]["low"] < 1 < finding["change"]["high"]
    assert (status, finding["verdict"], finding["tier"]) == (0, "INCONCLUSIVE", "informative")
