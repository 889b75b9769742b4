"""The LoRA of 3.3: against the same thing merged into the weights, and against peft where that is installed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import ModelError, UsageError
from tests.harness.models.granite_speech import tiny

Load = Callable[..., Any]

SECONDS = (0.7, 1.1, 2.0)


@pytest.fixture
def copy(base: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoint, to be changed."""
    return Path(shutil.copytree(base, tmp_path / "model"))


def add_lora(
    folder: Path, prefix: str = "base_model.model.language_model.model.", **stated: Any
) -> dict[str, torch.Tensor]:
    """Puts a LoRA of rank 4 on queries and values beside the weights; gives what it adds, by layer."""
    generator, tensors, added = torch.Generator().manual_seed(1), dict[str, torch.Tensor](), dict[str, torch.Tensor]()
    scaling = 8 / 2 if stated.get("use_rslora") else 8 / 4
    for layer in range(2):
        for part, size in (("q", 32), ("v", 16)):
            name = f"layers.{layer}.self_attn.{part}_proj"
            first, second = (torch.randn(shape, generator=generator) * 0.7 for shape in ((4, 32), (size, 4)))
            tensors |= {f"{prefix}{name}.lora_A.weight": first, f"{prefix}{name}.lora_B.weight": second}
            added[name] = scaling * second @ first
    save_file(tensors, folder / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"], "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps(config | stated))
    tiny.edit_config(folder, has_lora_adapter=True)
    return added


@pytest.mark.parametrize(
    ("prefix", "stated"),
    [
        ("base_model.model.language_model.model.", {}),
        ("base_model.model.model.language_model.", {"use_rslora": True}),
        ("model.language_model.", {"use_dora": False, "modules_to_save": None, "rank_pattern": {}}),
    ],
)
def test_it_does_what_merging_it_does(base: Path, copy: Path, load: Load, prefix: str, stated: dict[str, Any]) -> None:
    clips = tiny.spoken(SECONDS)
    plain = [one.text for one in tiny.heard(load(copy), clips)]
    added = add_lora(copy, prefix, **stated)
    model = load(copy)
    assert model.task.system is not None  # the prompt of 3.3
    made = [one.text for one in tiny.heard(model, clips)]
    alone = tiny.alone(base)
    with torch.no_grad():
        for name, tensor in added.items():
            alone.network.model.language_model.get_submodule(name).weight += tensor
    assert made == [alone.text(clip.waveform, model.task.messages, 200) for clip in clips]
    assert made != plain
    assert [one.text for clip in clips for one in tiny.heard(model, [clip])] == made
    assert model.card.parameters == load_parameters(copy)


def load_parameters(folder: Path) -> int:
    files = ("model.safetensors", "adapter_model.safetensors")
    buffers = ("running_mean", "running_var", "num_batches_tracked")
    return sum(
        tensor.numel()
        for file in files
        for name, tensor in load_file(folder / file).items()
        if not name.endswith(buffers)
    )


def test_it_does_what_peft_does(copy: Path, load: Load) -> None:
    pytest.importorskip("peft", reason="peft is not installed, which the library loads a LoRA with")
    add_lora(copy)
    model, alone, clips = load(copy), tiny.alone(copy), tiny.spoken(SECONDS)
    assert alone.network._hf_peft_config_loaded
    made = [one.text for one in tiny.heard(model, clips)]
    assert made == [alone.text(clip.waveform, model.task.messages, 200) for clip in clips]


def test_a_lora_that_is_not_there(copy: Path, load: Load) -> None:
    tiny.edit_config(copy, has_lora_adapter=True)
    with pytest.raises(
        ModelError, match=r"has no adapter_config.json, and config.json says has_lora_adapter: it is not"
    ):
        load(copy)
    (copy / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"has no adapter_model.safetensors, the LoRA without which it transcribes"):
        load(copy)


def test_what_3_3_cannot_be_asked_for(copy: Path, load: Load) -> None:
    add_lora(copy)
    with pytest.raises(UsageError, match=r"decoding=speculative: .* has no published way of it"):
        load(copy, "decoding=speculative")
    with pytest.raises(UsageError, match=r"mode=punctuated: .* has raw"):
        load(copy, "mode=punctuated")


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"use_dora": True}, "use_dora is True; only plain LoRA is loaded here"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save is .'lm_head'.; only plain"),
        ({"peft_type": "IA3"}, "peft_type is 'IA3'; only plain"),
        ({"r": "4"}, "r is '4' and lora_alpha 8; both must be numbers"),
        ({"r": 3}, r"has \[4, 32\] and \[32, 4\], which do not fit a layer of 32 to 32 at rank 3"),
    ],
)
def test_a_lora_of_another_kind(copy: Path, load: Load, stated: dict[str, Any], said: str) -> None:
    add_lora(copy, **stated)
    with pytest.raises(ModelError, match=said):
        load(copy)


@pytest.mark.parametrize(
    ("rename", "said"),
    [
        (("lora_B.weight", "lora_C.weight"), "is no tensor of a plain LoRA"),
        (("layers.1.", "layers.9."), "the model has no linear layer model.language_model.layers.9.self_attn"),
        (("layers.1.self_attn.q_proj.lora_B", "layers.1.mlp.up_proj.lora_B"), "has not both lora_A and lora_B of"),
    ],
)
def test_tensors_that_do_not_fit(copy: Path, load: Load, rename: tuple[str, str], said: str) -> None:
    add_lora(copy)
    path = copy / "adapter_model.safetensors"
    save_file({name.replace(*rename): tensor for name, tensor in load_file(path).items()}, path)
    with pytest.raises(ModelError, match=said):
        load(copy)
    path.write_bytes(b"broken")
    with pytest.raises(ModelError, match=r"adapter_model.safetensors cannot be read"):
        load(copy)


def test_a_broken_checkpoint_is_named_by_its_own_folder(copy: Path, load: Load) -> None:
    add_lora(copy)
    weights = load_file(copy / "model.safetensors")
    weights.pop("encoder.layers.1.attn.to_q.weight")
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=rf"the weights in {copy} lack model.encoder"):
        load(copy)
