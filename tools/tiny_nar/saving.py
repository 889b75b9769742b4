"""Writes a network as a folder that `harness.models.granite_nar` reads."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from safetensors.torch import save_file

if TYPE_CHECKING:
    from pathlib import Path

    from harness.models.granite_nar.config import GraniteNarConfig
    from harness.models.granite_nar.network import GraniteNar


def to_json(config: GraniteNarConfig) -> dict[str, Any]:
    """The content of config.json in layout B; `from_json` reads it back."""
    editor = dataclasses.asdict(config.editor)
    theta = editor.pop("rope_theta")
    return {
        "architectures": ["GraniteSpeechNarForASR"],
        "model_type": "granite_speech_nar",
        "blank_token_id": config.blank_token_id,
        "encoder_layer_indices": list(config.encoder_layer_indices),
        "scale_projected_embeddings": config.scale_projected_embeddings,
        "min_edit_sequence_length": config.min_edit_sequence_length,
        "tie_word_embeddings": True,
        "encoder_config": dataclasses.asdict(config.encoder),
        "projector_config": dataclasses.asdict(config.projector),
        "text_config": {
            "model_type": "granite",
            **editor,
            "rope_parameters": {"rope_theta": theta, "rope_type": "default"},
        },
    }


def save_folder(network: GraniteNar, folder: Path) -> None:
    """Writes config.json, preprocessor_config.json and model.safetensors in layout B, but no tokenizer.json."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "config.json": to_json(network.config),
        "preprocessor_config.json": dataclasses.asdict(network.config.features),
    }
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
