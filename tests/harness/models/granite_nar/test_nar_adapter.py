"""What `--model` finds, at which revision."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.errors import AccessError, UsageError
from harness.models import granite_nar, hub
from harness.models.base import LoadOptions
from harness.models.granite_nar.model import GraniteNarModel
from harness.models.granite_nar.network import GraniteNar
from harness.models.registry import adapters, load_model
from harness.models.tiny_nar import FOLDER
from harness.types import Clip

if TYPE_CHECKING:
    from pathlib import Path


def test_both_models_are_found() -> None:
    found = adapters()
    assert found["granite_nar"].model_types == ("granite_speech_nar", "nle")
    assert found["granite_nar"].accepts("ibm-granite/granite-speech-4.1-2b-nar")
    assert not found["granite_nar"].accepts("ibm-granite/granite-speech-4.1-2b")
    assert found["tiny-nar"].accepts("tiny-nar")
    assert not found["tiny-nar"].accepts("tiny")


@pytest.mark.parametrize(("asked", "fetched"), [(None, granite_nar.REVISION), ("99a4df9", "99a4df9")])
def test_the_revision_is_pinned_unless_another_is_asked_for(
    asked: str | None, fetched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str | None]] = []

    def fetch(name: str, revision: str | None = None, **_: Any) -> hub.Checkpoint:
        seen.append((name, revision))
        raise AccessError("no network in tests")

    monkeypatch.setattr(hub, "fetch", fetch)
    with pytest.raises(AccessError):
        load_model(granite_nar.MODEL_ID, LoadOptions(revision=asked))
    assert seen == [(granite_nar.MODEL_ID, fetched)]


@pytest.mark.parametrize("kind", ["granite_speech_nar", "nle"])
def test_a_folder_is_known_by_its_config(tmp_path: Path, kind: str) -> None:
    for file in FOLDER.iterdir():
        if file.name != "config.json":
            (tmp_path / file.name).symlink_to(file)
    content = json.loads((FOLDER / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(content | {"model_type": kind}))
    model = load_model(str(tmp_path), LoadOptions())
    assert isinstance(model, GraniteNarModel)
    assert model.attention == "sdpa"


def test_editing_steps_are_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    transcribe = GraniteNar.transcribe

    def noted(self: GraniteNar, features: Any, frames: Any, attention: str, steps: int) -> Any:
        seen.append(steps)
        return transcribe(self, features, frames, attention, steps)

    monkeypatch.setattr(GraniteNar, "transcribe", noted)
    clip = Clip(id="a", language="en", waveform=np.zeros(8000, np.float32))
    for options in ((), ("editing_steps=1",), ("editing_steps=3",)):
        model = load_model("tiny-nar", LoadOptions(model_option=options))
        model.infer(model.transfer(model.features([clip])))
    assert seen == [1, 1, 3]
    for wrong in ("0", "-1", "x", "", "1.5", "²"):
        with pytest.raises(UsageError, match="give a whole number from 1 up"):
            load_model("tiny-nar", LoadOptions(model_option=(f"editing_steps={wrong}",)))


def test_an_attention_that_cannot_run_is_refused_before_weights_are_read() -> None:
    with pytest.raises(UsageError, match="--attention flash cannot run here"):
        load_model("tiny-nar", LoadOptions(attention="flash"))
    with pytest.raises(UsageError, match="no attention called 'fast'"):
        load_model("tiny-nar", LoadOptions(attention="fast"))
