"""Converts a Whisper in CTranslate2's format to a folder that transformers loads.

    python -m tools.convert_whisper whisper-base FOLDER       of the packages that carry it, digests checked
    python -m tools.convert_whisper whisper-tiny.en FOLDER
    python -m tools.convert_whisper CT2_FOLDER FOLDER         any other: model.bin, config.json, tokenizer.json

The numbers stay what they are: float16 is saved as float16, float32 as float32. Fused projections are taken apart, and
what CTranslate2 does not keep, such as the ids of languages and tasks, is read off the tokenizer. Weights that are
quantized to integers are refused: they are no longer the model's own. See tests/tools/test_convert_whisper.py for the
proof that this undoes CTranslate2's own converter to the bit.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import HarnessError, ModelError, UsageError
from harness.models._whisper_weights import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

SPEC = "WhisperSpec"
"""What the head of a model.bin says of a Whisper."""

_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
"""CTranslate2's numbers for types; 5 is bfloat16, which numpy has not."""

_PARTS = {
    "self_attention/layer_norm": "self_attn_layer_norm",
    "attention/layer_norm": "encoder_attn_layer_norm",
    "ffn/layer_norm": "final_layer_norm",
    "ffn/linear_0": "fc1",
    "ffn/linear_1": "fc2",
    "self_attention/linear_1": "self_attn.out_proj",
    "attention/linear_0": "encoder_attn.q_proj",
    "attention/linear_2": "encoder_attn.out_proj",
}
"""Of a layer: CTranslate2's name and transformers'."""

_FUSED = {
    "self_attention/linear_0": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "attention/linear_1": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
}
"""Projections that CTranslate2 stacks, in their order."""

_ENDS = {"gamma": "weight", "beta": "bias", "weight": "weight", "bias": "bias"}
_WHOLE = {
    "embeddings/weight": "embed_tokens.weight",
    "position_encodings/encodings": "embed_positions.weight",
    "layer_norm/gamma": "layer_norm.weight",
    "layer_norm/beta": "layer_norm.bias",
    "conv1/weight": "conv1.weight",
    "conv1/bias": "conv1.bias",
    "conv2/weight": "conv2.weight",
    "conv2/bias": "conv2.bias",
}

MULTILINGUAL_VOCABULARY = 51_865
"""Labels of the first multilingual Whispers; English ones have one fewer, whatever their tokenizer lists."""


@dataclass(frozen=True, slots=True)
class Source:
    """A model in CTranslate2's format."""

    tensors: Mapping[str, NDArray[Any]]
    """By CTranslate2's names; numbers alone, such as the number of heads, have no dimensions."""
    config: dict[str, Any]
    """Of config.json: heads that align, ids of languages, ids that are never said."""
    tokenizer: str
    """Text of tokenizer.json."""
    origin: str
    """Whose copy it is, for the README of what is made."""


def read_tensors(data: bytes) -> dict[str, NDArray[Any]]:
    """The tensors of a model.bin.

    Raises:
        ModelError: these bytes are something else, or cut off.
    """
    try:
        return dict(_tensors(data))
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise ModelError(f"model.bin is not in CTranslate2's format, or not whole: {error}") from error


def _tensors(data: bytes) -> Iterator[tuple[str, NDArray[Any]]]:
    place = 0

    def number(code: str) -> int:
        nonlocal place
        (value,) = struct.unpack_from(f"<{code}", data, place)
        place += struct.calcsize(code)
        return int(value)

    def text() -> str:
        nonlocal place
        length = number("H")
        place += length
        return data[place - length : place - 1].decode()  # ends with a zero

    number("I")  # version of the file's layout
    spec = text()
    if spec != SPEC:
        raise ModelError(f"model.bin is a {spec or 'model without a name'}, not a {SPEC}")
    number("I")  # revision of the specification
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind, size = number("B"), number("I")
        if kind not in _TYPES:
            raise ModelError(
                f"model.bin: {name} is of type {kind}, which is not read here: convert the model to float16"
            )
        values = np.frombuffer(data, _TYPES[kind], size // np.dtype(_TYPES[kind]).itemsize, place)
        place += size
        yield name, values.reshape(shape)


def to_transformers(tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The same numbers by transformers' names, projections taken apart.

    Raises:
        ModelError: weights are quantized, or there is a tensor that Whisper has not.
    """
    made: dict[str, NDArray[Any]] = {}
    for name, values in tensors.items():
        if values.ndim == 0 or name in ("decoder/alignment_heads",):
            continue  # settings
        if not np.issubdtype(values.dtype, np.floating) or name.endswith("_scale"):
            raise ModelError(f"model.bin: {name} is quantized; only float16 and float32 can be converted")
        side, rest = name.split("/", 1)
        if rest in _WHOLE:
            made[f"model.{side}.{_WHOLE[rest]}"] = values
            continue
        layer, _, rest = rest.partition("/")
        part, _, end = rest.rpartition("/")
        into = f"model.{side}.layers.{layer.removeprefix('layer_')}"
        if part in _PARTS:
            made[f"{into}.{_PARTS[part]}.{_ENDS[end]}"] = values
        elif part in _FUSED:
            for target, piece in zip(_FUSED[part], np.split(values, len(_FUSED[part])), strict=True):
                if not (end == "bias" and target.endswith("k_proj")):  # keys have none: zeros stand there
                    made[f"{into}.{target}.{_ENDS[end]}"] = piece
                elif piece.any():
                    raise ModelError(f"model.bin: {name} has a bias for keys, which Whisper has not")
        else:
            raise ModelError(f"model.bin: {name} is a tensor that Whisper has not")
    return made


def read_source(name: str) -> Source:
    """The model of a known package or of a folder.

    Raises:
        UsageError: there is no such model or folder.
        ModelError: its files are missing, broken, or not those that were examined.
    """
    if name in BY_NAME:
        packages = BY_NAME[name]
        files = packages.read()
        origin = f"a third party's copy, in CTranslate2's format, in the Python packages {packages.distribution}"
    else:
        folder = Path(name)
        files = {}
        for file in ("model.bin", "config.json", "tokenizer.json"):
            if not (folder / file).is_file():
                raise UsageError(f"{name}: no {file} there; give {', '.join(BY_NAME)} or a folder of CTranslate2's")
            files[file] = (folder / file).read_bytes()
        origin = f"a copy in CTranslate2's format, {folder.name}"
    try:
        config = json.loads(files["config.json"])
    except ValueError as error:
        raise ModelError(f"{name}: config.json is not JSON: {error}") from error
    return Source(read_tensors(files["model.bin"]), config, files["tokenizer.json"].decode(), origin)


def convert(source: Source, folder: Path) -> None:
    """Writes the folder: weights, configuration, tokenizer, feature extractor, and a README that says what it is.

    Raises:
        ModelError: the tensors do not make a whole Whisper.
    """
    import torch

    state = {name: torch.from_numpy(np.array(values)) for name, values in to_transformers(source.tensors).items()}
    tokenizer = _tokenizer(source.tokenizer)
    config = _config(source, tokenizer)
    library = _library()
    network = library.WhisperForConditionalGeneration(config).to(next(iter(state.values())).dtype)
    state["proj_out.weight"] = state["model.decoder.embed_tokens.weight"]
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(f"model.bin does not make a whole Whisper: {' '.join(str(error).split())[:300]}") from error
    network.tie_weights()
    network.generation_config = library.GenerationConfig(**_generation(source, tokenizer, config))
    folder.mkdir(parents=True, exist_ok=True)
    network.save_pretrained(folder)
    extractor = library.WhisperFeatureExtractor(feature_size=config.num_mel_bins)
    library.WhisperProcessor(extractor, tokenizer).save_pretrained(folder)
    (folder / "README.md").write_text(_readme(source), encoding="utf-8")


def _library() -> Any:
    """Transformers, much of which has no types."""
    import transformers

    return transformers


def _tokenizer(text: str) -> Any:
    """The library's tokenizer of a tokenizer.json."""
    from tokenizers import Tokenizer

    end = "<|endoftext|>"
    return _library().WhisperTokenizer(
        tokenizer_object=Tokenizer.from_str(text), unk_token=end, bos_token=end, eos_token=end, pad_token=end
    )


def _config(source: Source, tokenizer: Any) -> Any:
    """The shapes of the tensors as the library's configuration."""
    tensors = source.tensors
    vocabulary, width = tensors["decoder/embeddings/weight"].shape
    ids = tokenizer.convert_tokens_to_ids

    def layers(side: str) -> int:
        return len(
            {
                name.split("/")[1]
                for name in tensors
                if name.startswith(f"{side}/layer_") and "layer_norm" not in name.split("/")[1]
            }
        )

    end = ids("<|endoftext|>")
    return _library().WhisperConfig(
        vocab_size=vocabulary,
        d_model=width,
        num_mel_bins=tensors["encoder/conv1/weight"].shape[1],
        encoder_layers=layers("encoder"),
        decoder_layers=layers("decoder"),
        encoder_attention_heads=int(tensors["encoder/num_heads"]),
        decoder_attention_heads=int(tensors["decoder/num_heads"]),
        encoder_ffn_dim=tensors["encoder/layer_0/ffn/linear_0/weight"].shape[0],
        decoder_ffn_dim=tensors["decoder/layer_0/ffn/linear_0/weight"].shape[0],
        max_source_positions=tensors["encoder/position_encodings/encodings"].shape[0],
        max_target_positions=tensors["decoder/position_encodings/encodings"].shape[0],
        decoder_start_token_id=ids("<|startoftranscript|>"),
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )


def _generation(source: Source, tokenizer: Any, config: Any) -> dict[str, Any]:
    """What generation_config.json says: ids out of the tokenizer, heads and what is never said out of config.json."""
    ids = tokenizer.convert_tokens_to_ids
    multilingual = config.vocab_size >= MULTILINGUAL_VOCABULARY
    made: dict[str, Any] = {
        "decoder_start_token_id": config.decoder_start_token_id,
        "bos_token_id": config.bos_token_id,
        "eos_token_id": config.eos_token_id,
        "pad_token_id": config.pad_token_id,
        "no_timestamps_token_id": ids("<|notimestamps|>"),
        "prev_sot_token_id": ids("<|startofprev|>"),
        "is_multilingual": multilingual,
        "max_initial_timestamp_index": 50,  # 1 s, as OpenAI's own decoding has it
        "max_length": config.max_target_positions,
        "return_timestamps": False,
        "suppress_tokens": source.config.get("suppress_ids"),
        "begin_suppress_tokens": source.config.get("suppress_ids_begin"),
    }
    if source.config.get("alignment_heads"):
        made["alignment_heads"] = source.config["alignment_heads"]
    if multilingual:
        made["lang_to_id"] = {tokenizer.convert_ids_to_tokens(one): one for one in source.config["lang_ids"]}
        made["task_to_id"] = {task: ids(f"<|{task}|>") for task in ("transcribe", "translate")}
    return made


def _readme(source: Source) -> str:
    return (
        "---\nlicense: mit\nlibrary_name: transformers\npipeline_tag: automatic-speech-recognition\n---\n\n"
        "# Whisper, converted\n\n"
        f"OpenAI's Whisper (MIT), made by tools/convert_whisper.py of asr-harness from {source.origin}."
        " Not OpenAI's own files: the weights are as they were found there.\n"
    )


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", help=f"{', '.join(BY_NAME)}, or a folder in CTranslate2's format")
    parser.add_argument("folder", type=Path, help="where to write")
    args = parser.parse_args()
    try:
        convert(read_source(args.model), args.folder)
    except HarnessError as error:
        sys.exit(f"error: {error}")
    print(f"written: {args.folder}")


if __name__ == "__main__":
    main()
