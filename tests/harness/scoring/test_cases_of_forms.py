"""Small files of every form on which the program failed, with their right values; they lie beside the project."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from harness.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cases(shared: Path) -> Path:
    return shared / "cases/text"


SCORED: list[tuple[str, tuple[int, int] | None, float | None]] = [
    ("f01_s_gotta.jsonl", None, 0.0),
    ("formats/hyp.txt --reference formats/ref.txt", (2, 11), None),
    ("plain_hyp.txt --reference plain_ref.txt --profile verbatim", None, 0.0308),
    ("formats/h.tsv --reference formats/r.tsv --profile verbatim", (2, 5), None),
    ("own_hyp.stm --reference own_ref.stm", (1, 3), None),
    ("formats/hyp_dup.txt --reference formats/ref_dup.txt", (0, 6), None),
    ("formats/hyp2.stm --reference formats/ref2.stm", (0, 6), None),
    ("formats/hyp.ctm --reference formats/ref2.stm", (2, 6), None),
    ("formats/preds.csv --profile verbatim", (2, 4), None),
    ("formats/preds.json --profile verbatim", (1, 4), None),
    ("formats/gz.jsonl.gz", (0, 3), None),
    ("formats/hyp.trn --reference formats/ref.trn --profile verbatim", (0, 10), None),
    *((f"names/{name}.jsonl", None, 0.0) for name in ("calls", "gemma-3n-e4b-it", "latency_100ms", "he_said")),
    *((f"names/{name}.jsonl", (1, 9), None) for name in ("aishell_zh-cn", "fleurs_cmn_hans_cn")),
    ("same_texts.jsonl", None, 0.0),
]


@pytest.mark.parametrize(("command", "counts", "rate"), SCORED, ids=[case[0] for case in SCORED])
def test_right_values(
    cases: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    counts: tuple[int, int] | None,
    rate: float | None,
) -> None:
    monkeypatch.chdir(cases)
    assert main(["score", *command.split(), "--json"]) == 0
    [score] = json.loads(capsys.readouterr().out)
    [entry] = score["benchmarks"]
    found = entry["wer"] if entry["metric"] == "wer" else entry["cer"]
    if counts is not None:
        errors, words = counts
        assert entry["words" if entry["metric"] == "wer" else "characters"] % words == 0
        assert found == errors / words
    else:
        assert round(found, 4) == rate


def test_speakers_are_sessions(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = []
    for command in (
        [str(cases / "speaker_field.jsonl")],
        [str(cases / "speaker_hyp.trn"), "--reference", str(cases / "speaker_ref.trn")],
    ):
        assert main(["score", *command]) == 0
        both.append(re.findall(r"9\.53|2\.23.40\.69", capsys.readouterr().out))
    assert both[0] == both[1] == ["9.53", "9.53", "2.23–40.69", "2.23–40.69"]
