"""Writes the project's checkpoint: python -m tools.tiny_nar.export --run FOLDER [--out FOLDER]."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from harness.models.granite_nar.network import GraniteNar
from harness.models.tiny_nar import FOLDER
from tools.tiny_nar.data import BLANK, PAD
from tools.tiny_nar.saving import save_folder
from tools.tiny_nar.speech import WORDS
from tools.tiny_nar.train import CONFIG


def tokenizer_json() -> dict[str, Any]:
    """A tokenizer.json of whole words, spelled as byte-level tokenizers spell them: with a leading space."""
    specials = {PAD: "<|pad|>", BLANK: "<|end_of_text|>"}
    words = {f"Ġ{word}": number for number, word in enumerate(WORDS)}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": number,
                "content": text,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for number, text in specials.items()
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "WordLevel",
            "vocab": words | {text: number for number, text in specials.items()},
            "unk_token": "<|pad|>",
        },
    }


def main() -> None:
    """Reads model.safetensors of a training run and writes a folder in the hub's format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="the folder that `train` wrote to")
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    network = GraniteNar(CONFIG.check())
    network.load_state_dict(load_file(arguments.run / "model.safetensors"))
    save_folder(network, arguments.out)
    (arguments.out / "tokenizer.json").write_text(json.dumps(tokenizer_json(), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
