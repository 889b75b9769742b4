"""A stand-in repository with the interface of the Granite NAR model's card, and with code of its own."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import save_file

from harness.errors import ModelError, UsageError
from harness.models.base import LoadOptions
from harness.models.registry import load_model
from harness.types import Clip

COMMIT = "fedcba9876543210fedcba9876543210fedcba98"

CONFIGURATION = """
from transformers import PretrainedConfig

class StandInConfig(PretrainedConfig):
    model_type = "stand_in"
"""

MODELING = """
from types import SimpleNamespace
import torch
from transformers import PreTrainedModel
from .configuration_stand_in import StandInConfig

class StandInForASR(PreTrainedModel):
    config_class = StandInConfig

    def __init__(self, config):
        super().__init__(config)
        self.scale = torch.nn.Linear(1, 1, bias=False)
        self.post_init()

    def transcribe(self, input_features, attention_mask=None):
        loud = self.scale(input_features).squeeze(-1)
        preds = [(row[mask].mean(0, keepdim=True) + 0.5).long().repeat(2) for row, mask in zip(loud, attention_mask)]
        return SimpleNamespace(preds=preds)
"""

PROCESSING = """
import torch
from transformers import BatchFeature, ProcessorMixin

WORDS = ["nothing", "quiet", "loud"]

class StandInProcessor(ProcessorMixin):
    attributes = []

    def __init__(self, **kwargs):
        super().__init__()

    @classmethod
    def from_pretrained(cls, path, **kwargs):
        return cls()

    def __call__(self, audios, device=None):
        longest = max(len(audio) for audio in audios)
        features = torch.zeros(len(audios), longest, 1, device=device)
        mask = torch.zeros(len(audios), longest, dtype=torch.bool, device=device)
        for place, audio in enumerate(audios):
            features[place, : len(audio), 0] = audio.abs()
            mask[place, : len(audio)] = True
        return BatchFeature({"input_features": features, "attention_mask": mask})

    def batch_decode(self, preds):
        return [" ".join(WORDS[int(label)] for label in row) for row in preds]
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the library puts the code that it runs: a folder of this test."""
    from transformers import dynamic_module_utils

    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in [name for name in sys.modules if name.startswith("transformers_modules")]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path / "modules"


@pytest.fixture
def stand_in(tmp_path: Path, modules: Path) -> Path:
    """The repository's folder."""
    del modules
    folder = tmp_path / "stand_in"
    folder.mkdir()
    config = {
        "model_type": "stand_in",
        "architectures": ["StandInForASR"],
        "auto_map": {
            "AutoConfig": "configuration_stand_in.StandInConfig",
            "AutoModel": "modeling_stand_in.StandInForASR",
            "AutoProcessor": "processing_stand_in.StandInProcessor",
        },
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "configuration_stand_in.py").write_text(CONFIGURATION)
    (folder / "modeling_stand_in.py").write_text(MODELING)
    (folder / "processing_stand_in.py").write_text(PROCESSING)
    processor = {"auto_map": {"AutoProcessor": "processing_stand_in.StandInProcessor"}}
    (folder / "processor_config.json").write_text(json.dumps({"processor_class": "StandInProcessor", **processor}))
    save_file({"scale.weight": torch.tensor([[2.0]])}, folder / "model.safetensors", {"format": "pt"})
    return folder


def _texts(model: Any, *levels: float) -> list[str]:
    clips = [
        Clip(id=str(place), language="en", waveform=np.full(100 * (place + 1), level, np.float32))
        for place, level in enumerate(levels)
    ]
    return [made.text for made in model.text(model.infer(model.transfer(model.features(clips))))]


def test_its_own_code_transcribes(stand_in: Path) -> None:
    model = load_model(str(stand_in), LoadOptions(trust_remote_code=True))
    assert _texts(model, 0.0, 0.5, 1.0, -1.0) == ["nothing nothing", "quiet quiet", "loud loud", "loud loud"]
    assert model.card.parameters == 1
    assert not model.card.batch_invariant
    assert not model.card.non_autoregressive
    assert model.card.revision is not None
    assert model.card.revision.startswith("sha256:")


def test_it_is_off_by_default(stand_in: Path, modules: Path) -> None:
    with pytest.raises(UsageError, match="--trust-remote-code runs that code on this machine with your rights"):
        load_model(str(stand_in), LoadOptions())
    assert not modules.exists()


def test_a_hub_id_needs_a_pinned_commit(
    stand_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, modules: Path
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    store = tmp_path / "cache" / "models--org--its-own"
    (store / "refs").mkdir(parents=True)
    (store / "refs" / "main").write_text(COMMIT)
    shutil.copytree(stand_in, store / "snapshots" / COMMIT)
    for revision in (None, "main", COMMIT[:12]):
        if revision == COMMIT[:12]:
            (store / "refs" / revision).write_text(COMMIT)
        with pytest.raises(UsageError, match="as --revision and 40 hex digits, not"):
            load_model("org/its-own", LoadOptions(trust_remote_code=True, revision=revision))
    assert not modules.exists()
    model = load_model("org/its-own", LoadOptions(trust_remote_code=True, revision=COMMIT))
    assert _texts(model, 0.5) == ["quiet quiet"]
    assert model.card.id == "org/its-own"
    assert model.card.revision == COMMIT
    assert COMMIT in model.card.note


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("modeling_stand_in.py", "raise RuntimeError('first\\nsecond')\n", "failed: RuntimeError: first second"),
        ("modeling_stand_in.py", "def broken(:\n", "the code of .* failed: SyntaxError"),
        ("modeling_stand_in.py", MODELING.replace("transcribe", "other"), "StandInForASR has no method transcribe"),
        ("processing_stand_in.py", PROCESSING.replace("StandInProcessor", "Other"), "failed: AttributeError"),
    ],
)
def test_code_that_does_not_work_is_one_line(stand_in: Path, file: str, content: str, said: str) -> None:
    (stand_in / file).write_text(content)
    with pytest.raises(ModelError, match=said) as failure:
        load_model(str(stand_in), LoadOptions(trust_remote_code=True))
    assert "\n" not in str(failure.value)


def test_pickles_stay_refused(stand_in: Path) -> None:
    (stand_in / "model.safetensors").rename(stand_in / "pytorch_model.bin")
    with pytest.raises(ModelError, match="a pickle that can run code"):
        load_model(str(stand_in), LoadOptions(trust_remote_code=True))


def test_weights_that_are_not_whole_are_refused(stand_in: Path) -> None:
    save_file({"other.weight": torch.ones(1)}, stand_in / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"lack scale\.weight; the copy is not whole"):
        load_model(str(stand_in), LoadOptions(trust_remote_code=True))


def test_the_flag_changes_nothing_for_models_without_code(checkpoint: Any, clips: list[Clip]) -> None:
    folder = str(checkpoint("hubert"))
    plain = load_model(folder, LoadOptions())
    trusted = load_model(folder, LoadOptions(trust_remote_code=True))
    assert type(trusted) is type(plain)
    assert trusted.text(trusted.infer(trusted.features(clips))) == plain.text(plain.infer(plain.features(clips)))
