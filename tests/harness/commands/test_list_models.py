from __future__ import annotations

import json

import pytest

from harness.cli import main
from harness.models.generating.catalog import families


def test_families_are_listed_with_their_ids_and_published_figures(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list", "models", "--json"])
    rows = {row["model"]: row for row in json.loads(capsys.readouterr().out)}
    canary = rows["generating: canary"]
    assert canary["hub"] == ["nvidia/canary-1b-v2", "nvidia/canary-1b-flash", "nvidia/canary-180m-flash"]
    assert canary["published"][0] == "nvidia/canary-1b-v2: WER 7.15, RTFx 749"
    assert canary["options"] == ["punctuation", "translate"]
    assert len(canary["languages"]) == 25
    # a conversion is listed with the figures of the weights that it is of
    assert rows["generating: qwen3_asr"]["published"][0] == "Qwen/Qwen3-ASR-1.7B-hf: WER 5.76, RTFx 147.93"
    assert {f"generating: {name}" for name in families()} <= set(rows)
    assert rows["whisper"]["hub"] == rows["whisper"]["published"] == []


def test_the_table_shows_figures_beside_their_ids(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list", "models"])
    shown = capsys.readouterr().out
    (row,) = [line for line in shown.splitlines() if line.startswith("generating: canary ")]
    assert "nvidia/canary-1b-v2 (WER 7.15, RTFx 749), nvidia/canary-1b-flash (WER 6.35" in row
    assert "25 languages" in row
    assert "published" not in shown.splitlines()[1]
