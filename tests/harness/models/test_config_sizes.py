"""A config.json that its weights cannot have is refused before a network of it is built."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from harness.errors import ModelError
from harness.models.hub import fetch


def folder_with(folder: Path, config: object) -> Path:
    save_file({"a": np.zeros((3, 29), np.float32), "b": np.zeros(4, np.float32)}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("key", ["num_hidden_layers", "encoder_layers", "n_layer", "num_blocks", "depth"])
def test_more_layers_than_tensors(tmp_path: Path, key: str) -> None:
    folder = folder_with(tmp_path, {"model_type": "x", "text_config": {key: 10_000_000}})
    with pytest.raises(
        ModelError, match=rf"config\.json says {key} = 10,000,000, and its weights are 2 tensors; restore"
    ):
        fetch(str(folder))


@pytest.mark.parametrize("key", ["hidden_size", "vocab_size", "d_model", "decoder_ffn_dim", "intermediate_size"])
def test_a_size_above_every_dimension(tmp_path: Path, key: str) -> None:
    folder = folder_with(tmp_path, {"model_type": "x", key: 300_001})
    with pytest.raises(ModelError, match=rf"says {key} = 300,001, and no tensor of its weights is larger than 29 on a"):
        fetch(str(folder))


def test_settings_of_parts_that_are_not_used(tmp_path: Path) -> None:
    plain = {"model_type": "x", "max_window_layers": 1000, "vocab_size": 300_000, "max_position_embeddings": 10**9}
    assert fetch(str(folder_with(tmp_path, plain))).config.model_type == "x"
