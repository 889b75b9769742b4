"""Checkpoints that are not whole or do not fit: one line each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import HarnessError, ModelError, UsageError
from harness.models import hub
from harness.models.granite_nar.config import FeatureConfig
from harness.models.granite_speech import loading
from harness.models.registry import adapters
from tests.harness.models.granite_speech import tiny

Load = Callable[..., Any]
Weights = dict[str, torch.Tensor]


@pytest.fixture
def copy(base: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoint, to be changed."""
    return Path(shutil.copytree(base, tmp_path / "model"))


def change(folder: Path, how: Callable[[Weights], object]) -> None:
    """Changes the weights."""
    weights = load_file(folder / "model.safetensors")
    how(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


HEAD = "language_model.lm_head.weight"
ENCODER = "encoder.layers.1.attn.to_q.weight"
QFORMER = "projector.qformer.encoder.layer.1.crossattention.attention.key.weight"


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda all_: all_.pop(ENCODER), "the weights in .* lack model.encoder.layers.1.attn.to_q.weight; the copy"),
        (lambda all_: all_.pop(QFORMER), "lack model.projector.qformer"),
        (lambda all_: all_.pop(HEAD), "lack lm_head.weight"),
        (lambda all_: all_.update({ENCODER: torch.ones(3, 3)}), r"to_q.weight is of shape \[3, 3\], not \[16, 32\]"),
        (lambda all_: all_[ENCODER].fill_(torch.nan), "hold values that are not finite numbers"),
        (lambda all_: all_.update({"encoder.layers.4.attn.to_q.weight": torch.ones(16, 32)}),
         r"more layers than config.json .*encoder.layers.4.attn.to_q.weight"),
    ],
)  # fmt: skip
def test_tensors_that_are_missing_misshapen_or_too_many(
    copy: Path, load: Load, how: Callable[[Weights], object], said: str
) -> None:
    change(copy, how)
    with pytest.raises(ModelError, match=said):
        load(copy)


def test_heads_that_the_library_leaves_out_are_no_fault(copy: Path, load: Load) -> None:
    before = tiny.heard(load(copy), tiny.spoken([0.5]))
    tiny.token_head(copy, inside=True)
    assert tiny.heard(load(copy), tiny.spoken([0.5])) == before


def test_a_tokenizer_of_another_model(copy: Path, load: Load) -> None:
    tokenizer = tiny.tokenizer()
    tokenizer.add_tokens(["more"])
    tokenizer.save_pretrained(copy)
    with pytest.raises(ModelError, match=r"the tokenizer has 301 tokens, the model 300; they do not belong together"):
        load(copy)


def test_a_prompt_without_its_audio(copy: Path, load: Load) -> None:
    tiny.edit_config(copy, audio_token_index=17)
    with pytest.raises(ModelError, match=r"has 0 tokens 17 for the audio, not one: the tokenizer or its chat template"):
        load(copy)
    tiny.edit_config(copy, audio_token_index=None)
    with pytest.raises(HarnessError, match=r"audio_token_index"):
        load(copy)


def test_a_prompt_with_its_audio_twice(copy: Path, load: Load) -> None:
    (copy / "chat_template.jinja").write_text("{{ messages[0].content }}{{ messages[0].content }}")
    with pytest.raises(ModelError, match=r"has 2 tokens 299 for the audio, not one"):
        load(copy)


@pytest.mark.parametrize("template", [None, "{{ raise_exception('no') }}", "{% for"])
def test_a_chat_template_that_is_none(copy: Path, load: Load, template: str | None) -> None:
    (copy / "chat_template.jinja").unlink()
    if template is not None:
        (copy / "chat_template.jinja").write_text(template)
    with pytest.raises(ModelError, match=r"no usable chat template"):
        load(copy)


def test_features_that_do_not_fit_the_encoder(copy: Path, load: Load) -> None:
    stated = {"audio_processor": {"feature_extractor_type": "GraniteSpeechFeatureExtractor", "n_mels": 64}}
    (copy / "processor_config.json").write_text(json.dumps(stated))
    with pytest.raises(ModelError, match=r"two times 64 mels for an encoder that takes 160"):
        load(copy)
    (copy / "preprocessor_config.json").write_text(json.dumps({"melspec_kwargs": {"n_mels": 80, "hop_length": 160}}))
    assert load(copy)._features == FeatureConfig()


def test_an_encoder_of_another_shape(tmp_path: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tiny.ENCODER, "num_layers", 1)
    with pytest.raises(ModelError, match=r"an encoder of 1 layers with a convolution over 7 frames"):
        load(tiny.build(tmp_path))


def test_no_end_token(copy: Path, load: Load) -> None:
    for name, key in (("generation_config.json", "eos_token_id"), ("tokenizer_config.json", "eos_token")):
        content = json.loads((copy / name).read_text())
        content[key] = None
        (copy / name).write_text(json.dumps(content))
    with pytest.raises(ModelError, match=r"neither the tokenizer nor generation_config.json has an end token"):
        load(copy)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ({"weight": torch.ones(300, 31), "bias": torch.ones(300)}, "the token head is .* over 32 numbers"),
        ({"weight": torch.ones(302, 32), "bias": torch.ones(302)}, "at most 301 classes"),
        ({"weight": torch.ones(300, 32)}, "it must have weight and bias"),
        ({"weight": torch.full((300, 32), torch.inf), "bias": torch.ones(300)}, "values that are not finite numbers"),
    ],
)
def test_token_heads_that_do_not_fit(copy: Path, load: Load, head: Weights, said: str) -> None:
    save_file(head, copy / loading.HEAD)
    with pytest.raises(ModelError, match=said):
        load(copy, "decoding=speculative")


def test_a_broken_token_head(copy: Path, load: Load) -> None:
    (copy / loading.HEAD).write_bytes(b"no safetensors")
    with pytest.raises(ModelError, match=r"the token head cannot be read"):
        load(copy, "decoding=speculative")


def test_what_is_fetched_and_found(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = adapters()["granite_speech"]
    assert adapter.model_types == ("granite_speech", "granite_speech_plus")
    seen: list[object] = []

    def fetch(name: str, revision: str | None, *, files: tuple[str, ...]) -> hub.Checkpoint:
        seen.extend((name, revision, *files[-2:]))
        raise ModelError("no network in tests")

    monkeypatch.setattr(hub, "fetch", fetch)
    from harness.models.base import LoadOptions

    with pytest.raises(ModelError, match=r"no network"):
        adapter.load("ibm-granite/granite-speech-4.1-2b", LoadOptions(revision="abc"))
    with pytest.raises(UsageError, match=r"mode=speakers: ibm-granite/granite-speech-4.1-2b has raw"):
        adapter.load("ibm-granite/granite-speech-4.1-2b", LoadOptions(model_option=("mode=speakers",)))
    assert seen == ["ibm-granite/granite-speech-4.1-2b", "abc", "out_llm.safetensors", "adapter_model.safetensors"]
