"""Moonshine's own engine: what it is asked, by a stand-in, and what it hears of real speech, where it is installed."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness.cli import main
from harness.models import moonshine_voice
from harness.models.base import LoadOptions
from harness.types import Clip, Hypothesis


class Transcriber:
    """Says how many samples it heard, in two lines."""

    made: tuple[Any, ...] = ()

    def __init__(self, path: str, arch: str, options: dict[str, object]) -> None:
        type(self).made = (path, arch, options)

    def transcribe_without_streaming(self, audio: list[float], rate: int) -> SimpleNamespace:
        assert isinstance(audio, list)
        assert rate == 16_000
        return SimpleNamespace(lines=[SimpleNamespace(text=text) for text in (f" {len(audio)}", "", "samples.")])

    def close(self) -> None:
        type(self).made = ()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> type[Transcriber]:
    package, inner = ModuleType("moonshine_voice"), ModuleType("moonshine_voice.transcriber")
    vars(package).update(ModelArch=SimpleNamespace(TINY="tiny"), get_model_path=lambda name: f"/models/{name}")
    vars(inner)["Transcriber"] = Transcriber
    monkeypatch.setitem(sys.modules, "moonshine_voice", package)
    monkeypatch.setitem(sys.modules, "moonshine_voice.transcriber", inner)
    monkeypatch.setattr(moonshine_voice, "version", lambda _name: "0.0.73")
    return Transcriber


def test_what_the_engine_is_asked(engine: type[Transcriber]) -> None:
    model = moonshine_voice.ADAPTER.load("moonshine-voice", LoadOptions())
    path, arch, options = engine.made
    assert (path, arch, options["vad_threshold"], options["vad_max_segment_duration"]) == (
        "/models/tiny-en",
        "tiny",
        0,
        60,
    )
    clips = [
        Clip(id=str(count), language="en", waveform=np.full(count, np.nan if count == 3 else 0.1, np.float32))
        for count in (5, 0, 3)
    ]
    texts = model.text(model.infer(model.transfer(model.features(clips))))
    assert texts == [Hypothesis(text="5 samples."), Hypothesis(text=""), Hypothesis(text="3 samples.")]
    assert model.card.revision == "moonshine-voice 0.0.73" == moonshine_voice.ADAPTER.identify("moonshine-voice")
    model.close()
    assert engine.made == ()


@pytest.mark.skipif(importlib.util.find_spec("moonshine_voice") is None, reason="moonshine-voice is not installed")
def test_it_hears_librispeech(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = data / "corpora" / "librispeech_test_other" / "manifest.jsonl"
    if not manifest.is_file():
        pytest.skip(f"no {manifest}")
    words = ["--data", str(manifest), "--model", "moonshine-voice", "--limit", "8", "--out", str(tmp_path), "--json"]
    assert main([*words, "--quiet"]) == 0
    (scores,) = json.loads(capsys.readouterr().out)
    assert scores["benchmarks"][0]["utterances"] == 8
    assert scores["average"]["wer"] < 0.20
