"""Who spoke and when on real speech, heard by a real recognizer; slow, and only where both are there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.models.registry import adapters, missing_modules
from harness.records.journal import Line, read_journal
from harness.scoring.speakers_library import missing
from tests.benchmarks.own.found import write

pytestmark = pytest.mark.skipif(
    not os.environ.get("ASR_SLOW_TESTS"), reason="a recognizer hears 40 s; ASR_SLOW_TESTS=1 runs it"
)
MODEL = ("--model", "whisper-tiny.en", "--model-option", "word_times=yes", "--quiet")


@pytest.fixture(autouse=True)
def _recognizer() -> None:
    lacking = missing_modules(adapters()["whisper-tiny.en"])
    if lacking or missing("meeteval") or missing("pyannote.metrics"):
        pytest.skip("whisper-tiny.en, meeteval or pyannote.metrics is not installed")


def heard(data: Path, out: Path) -> tuple[str, list[Line]]:
    """The folder of a run, and its lines."""
    assert main(["run", "--data", str(data), *MODEL, "--out", str(out)]) == 0
    folder = next(out.rglob("run.json")).parent
    return str(folder), list(read_journal(next(folder.glob("data_*.jsonl"))).lines)


def scored(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["score", *arguments, "--json"]) == 0
    return [one["benchmarks"][0]["metrics"] for one in json.loads(capsys.readouterr().out)]


def test_two_channels_as_a_meeting(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each channel is heard for itself, and is a speaker; a system that mixes their labels up is told apart."""
    [row] = map(json.loads, (shared / "corpora/two_channel/manifest.jsonl").read_text().splitlines())
    audio = str(shared / "corpora/two_channel" / row["audio"])
    rows = [
        {"audio": audio, "channel": at, "text": text, "id": f"side{at}"}
        for at, text in enumerate(row["text_by_channel"])
    ]
    _, lines = heard(write(tmp_path / "m.jsonl", *map(json.dumps, rows)), tmp_path / "run")
    said = [
        {"session_id": "call", "speaker": name, "words": text, "start_time": 0.0, "end_time": row["duration_s"]}
        for name, text in zip(("left", "right"), row["text_by_channel"], strict=True)
    ]
    write(tmp_path / "said.json", json.dumps(said))
    sides = {line.id: line.words or () for line in lines}
    assert all(sides.values())
    for system, labels in (("right", "12"), ("swapped", "11")):
        turns: list[dict[str, Any]] = [
            {"speaker": label, "text": " ".join(word.text for word in words)}
            | {"start": words[0].start, "end": words[-1].end}
            for label, words in zip(labels, (sides["side0"], sides["side1"]), strict=True)
        ]
        found = {"segments": turns, "text": " ".join(turn["text"] for turn in turns)}
        write(tmp_path / system / "call.json", json.dumps(found))
    systems = [str(tmp_path / system / "call.json") for system in ("right", "swapped")]
    asked = ["cp_wer", "tcp_wer", "orc_wer", "attribution_errors", "di_cp_wer", "wder", "speakers_miscounted", "der"]
    metrics = [part for name in asked for part in ("--metric", name)]
    given = ["--reference", str(tmp_path / "said.json")]
    right, swapped = (
        scored([*systems[:1], *given, *metrics], capsys)[0],
        scored([*systems[1:], *given, *metrics], capsys)[0],
    )
    assert {one["of"] for name, one in right.items() if name.endswith("wer")} == {22}
    assert right["cp_wer"]["value"] < 0.3
    assert right["speakers_miscounted"]["count"] == 0
    assert swapped["speakers_miscounted"]["count"] == 1
    assert swapped["attribution_errors"]["count"] > right["attribution_errors"]["count"]
    assert swapped["der"]["count"] > right["der"]["count"]
    assert main(["report", *systems, *given, *metrics, "--out", str(tmp_path / "out")]) == 0
    assert "tcpWER, collar 5 s" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_segments_of_a_long_recording(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Times of the first and last words of segments, against a copy that is 80 ms late."""
    folder = shared / "corpora/longform_ljspeech"
    recording = json.loads((folder / "manifest.jsonl").read_text().splitlines()[0])
    segments = recording["segments"][:3]
    row = {"id": "part", "audio": str(folder / recording["audio"]), "start": 0.0, "end": segments[-1]["end"]}
    row |= {"text": " ".join(one["text"] for one in segments), "segments": segments}
    run, [line] = heard(write(tmp_path / "m.jsonl", json.dumps(row)), tmp_path / "run")
    late = {
        "id": line.id,
        "text": line.reference,
        "pred_text": line.hypothesis,
        "segments": segments,
        "pred_words": [
            {"word": one.text, "start": one.start + 0.08, "end": one.end + 0.08} for one in line.words or ()
        ],
    }
    path = write(tmp_path / "late.jsonl", json.dumps(late))
    metrics = [part for name in ("error", "bias", "scatter") for part in ("--metric", f"start_{name}")]
    [true], [shifted] = scored([run, *metrics], capsys), scored([str(path), *metrics], capsys)
    assert 1 <= true["start_error"]["of"] == shifted["start_error"]["of"] <= 3
    assert shifted["start_bias"]["value"] == pytest.approx(true["start_bias"]["value"] + 80)
    assert shifted["start_scatter"]["value"] == pytest.approx(true["start_scatter"]["value"])
    assert true["start_error"]["value"] < 1000
