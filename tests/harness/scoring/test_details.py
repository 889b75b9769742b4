"""`score --details`: everything that can be said of a benchmark, as a record and as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.cli import main
from harness.records import codec
from harness.records.details import Details
from harness.scoring.details import describe
from harness.scoring.diagnosis import FLAGS
from harness.scoring.metrics import metrics
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions
from tests.harness.scoring.made import predictions

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

AUGUST = get_profile("leaderboard@2026-08")


def test_details_are_of_what_is_scored() -> None:
    one = predictions(("go on", "go off"), ("uh", "noise"), ("yes", None), ("one dog ran so far", "one dog"), ours=True)
    found = describe(count_predictions(one, AUGUST))
    assert (found.benchmark, found.language, found.utterances) == ("mine", "en", 2)
    assert found.metrics["wer"].value == 4 / 7
    assert set(found.metrics) < set(metrics())
    assert "draft_wer" not in found.metrics
    assert list(found.flags) == list(FLAGS)
    assert (found.flags["short"].utterances, found.flags["short"].ids) == (1, ("u3",))
    assert found.confusions.substitutions == ((("on", "off"), 1),)
    assert [part.value for part in found.by_length] == ["1-4", "5-9"]


def test_what_there_is_too_much_of_is_counted_and_the_first_are_named() -> None:
    found = describe(count_predictions(predictions(*[("the red dog", ""), ("my cat", "his bird")] * 3), AUGUST), top=2)
    assert (found.flags["empty"].utterances, found.flags["empty"].ids) == (3, ("u0", "u2"))
    assert found.flags["empty"].meaning == FLAGS["empty"]
    assert (found.flags["long"].utterances, found.flags["long"].ids) == (0, ())
    assert found.confusions.substitutions == ((("cat", "bird"), 3), (("my", "his"), 3))
    assert len(found.confusions.deletions) == 2


def test_twenty_are_named_unless_told_otherwise() -> None:
    pairs = [(f"the {'x' * at} dog", "") for at in range(1, 30)]
    found = describe(count_predictions(predictions(*pairs), AUGUST))
    assert (len(found.flags["empty"].ids), len(found.confusions.deletions)) == (20, 20)


def test_details_hold_everything_as_json(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shared / "predictions" / "raw" / "MODEL_whisper-tiny.en_DATASET_voxpopuli_en_test_150.jsonl"
    assert main(["score", str(path), "--details", "--json"]) == 0
    [score] = json.loads(capsys.readouterr().out)
    [entry] = score["benchmarks"]
    details = entry["details"]
    values = {name: found["value"] for name, found in details["metrics"].items()}
    assert values["wer"] == entry["wer"]
    assert 0 < values["cer"] < values["wer"] < values["wil"] < 1
    assert sum(part["utterances"] for part in details["by_length"]) == entry["utterances"] == 150
    assert details["flags"]["on_silence"]["utterances"] == 4
    missed = details["metrics"]["missed_numbers"]
    assert (missed["of"], missed["count"], missed["value"]) == (22, 2, 1 / 11)
    assert details["findings"] == entry["warnings"] == []
    record = codec.convert(details, Details, "details")
    assert codec.decode(codec.encode(record), Details, "details") == record


def test_verb_prints_details_and_says_what_looks_broken(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [path] = (shared / "predictions" / "broken").glob("*.jsonl")
    assert main(["score", str(path), "--details"]) == 0
    printed = capsys.readouterr()
    assert "looks broken: outputs look cut off" in printed.out
    assert "most frequent errors" in printed.out
    assert "warning: openai-whisper-large-v3 on librispeech_test_clean: outputs look cut off" in printed.err
