"""The configuration, read leniently from config.json: unknown keys are ignored, whole numbers may stand for fractions.

Sources: specs of ibm-granite/granite-speech-4.1-2b-nar; defaults are its values. Keys of its three checkpoint layouts
(`nle`, `granite_speech_nar` and the native conversion) are read alike.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from harness.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureConfig:
    """Log-mel spectrogram; lengths in samples at 16 kHz."""

    sampling_rate: int = 16_000
    n_fft: int = 512
    win_length: int = 400
    hop_length: int = 160
    n_mels: int = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderConfig:
    """Conformer with a character head in the middle and a token head at the end; frames are 20 ms."""

    num_layers: int = 16
    hidden_dim: int = 1024
    num_heads: int = 8
    dim_head: int = 128
    input_dim: int = 160
    output_dim: int = 348
    """Classes of the character head; class 0 is the blank."""
    bpe_output_dim: int = 100_352
    """Classes of the token head: the vocabulary, or one more where class 0 is a blank of its own (`shifted_blank`)."""
    bpe_pooling_window: int = 4
    """Frames that are pooled to one prediction of the token head."""
    conv_kernel_size: int = 15
    conv_expansion_factor: int = 2
    feedforward_mult: int = 4
    max_pos_emb: int = 512
    """Relative positions reach from -max_pos_emb to max_pos_emb frames."""
    context_size: int = 200
    """Frames of a block; attention does not leave its block."""
    self_conditioning_layer: int = 8
    """After this layer, counted from one, the character posteriors are fed back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectorConfig:
    """Windowed Q-Former from encoder frames to embeddings of the editor."""

    num_layers: int = 2
    num_encoder_layers: int = 4
    hidden_size: int = 2048
    num_heads: int = 32
    block_size: int = 15
    """Frames of a window."""
    downsample_rate: int = 5
    """Frames to one query."""
    encoder_dim: int = 1024
    llm_dim: int = 2048
    mlp_ratio: float = 2.0
    layernorm_eps: float = 1e-6

    @property
    def queries(self) -> int:
        """Queries of a window."""
        return self.block_size // self.downsample_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorConfig:
    """Granite decoder, run with bidirectional attention."""

    num_hidden_layers: int = 40
    hidden_size: int = 2048
    intermediate_size: int = 4096
    num_attention_heads: int = 16
    num_key_value_heads: int = 4
    head_dim: int = 128
    vocab_size: int = 100_352
    rms_norm_eps: float = 1e-5
    embedding_multiplier: float = 12.0
    attention_multiplier: float = 0.0078125
    """The softmax scale itself, in place of 1 / sqrt(head_dim)."""
    residual_multiplier: float = 0.22
    logits_scaling: float = 8.0
    rope_theta: float = 10_000.0
    max_position_embeddings: int = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class GraniteNarConfig:
    """All of it."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    projector: ProjectorConfig = field(default_factory=ProjectorConfig)
    editor: EditorConfig = field(default_factory=EditorConfig)
    features: FeatureConfig = field(default_factory=FeatureConfig)
    encoder_layer_indices: tuple[int, ...] = (4, 8, 12, -1)
    """Hidden states that the projector reads: 0 is the input, i the output of layer i, -1 that of the last."""
    blank_token_id: int = 100_257
    """Fills the editor's empty slots, and is the blank of its output."""
    scale_projected_embeddings: bool = True
    """Whether audio embeddings are divided by the editor's embedding multiplier beforehand."""
    min_edit_sequence_length: int = 8
    """The fewest slots that the editor is given."""

    @property
    def shifted_blank(self) -> bool:
        """Whether the token head's class 0 is its blank and class i + 1 token i (the first release)."""
        return self.encoder.bpe_output_dim == self.editor.vocab_size + 1

    def check(self) -> GraniteNarConfig:
        """The configuration itself, if its parts fit each other.

        Raises:
            ModelError: they do not; the message names both numbers.
        """
        encoder, projector, editor = self.encoder, self.projector, self.editor
        depth = len(self.encoder_layer_indices)
        rules = {
            f"encoder hidden_dim {encoder.hidden_dim} is not projector encoder_dim {projector.encoder_dim}": (
                encoder.hidden_dim == projector.encoder_dim
            ),
            f"projector llm_dim {projector.llm_dim} is not text hidden_size {editor.hidden_size}": (
                projector.llm_dim == editor.hidden_size
            ),
            f"bpe_output_dim {encoder.bpe_output_dim} is neither vocab_size {editor.vocab_size} nor one more": (
                encoder.bpe_output_dim in (editor.vocab_size, editor.vocab_size + 1)
            ),
            f"{depth} encoder_layer_indices for num_encoder_layers {projector.num_encoder_layers}": (
                depth == projector.num_encoder_layers
            ),
            f"encoder_layer_indices {list(self.encoder_layer_indices)} leave the {encoder.num_layers} layers": all(
                -1 <= index <= encoder.num_layers for index in self.encoder_layer_indices
            ),
            f"block_size {projector.block_size} is no multiple of downsample_rate {projector.downsample_rate}": (
                projector.block_size % projector.downsample_rate == 0
            ),
            f"context_size {encoder.context_size} exceeds max_pos_emb {encoder.max_pos_emb}": (
                0 < encoder.context_size <= encoder.max_pos_emb
            ),
            f"input_dim {encoder.input_dim} is not two frames of {self.features.n_mels} mels": (
                encoder.input_dim == 2 * self.features.n_mels
            ),
            f"blank_token_id {self.blank_token_id} is outside of the vocabulary of {editor.vocab_size}": (
                0 <= self.blank_token_id < editor.vocab_size
            ),
        }
        for problem, holds in rules.items():
            if not holds:
                raise ModelError(f"config.json contradicts itself: {problem}")
        return self


_ENCODER_NAMES = {
    "num_hidden_layers": "num_layers",
    "num_attention_heads": "num_heads",
    "hidden_size": "hidden_dim",
    "head_dim": "dim_head",
}
_PROJECTOR_NAMES = {
    "num_hidden_layers": "num_layers",
    "num_attention_heads": "num_heads",
    "window_size": "block_size",
    "layer_norm_eps": "layernorm_eps",
}
"""Names of layout C."""


def _part(kind: type[Part], values: Mapping[str, Any], renamed: Mapping[str, str], where: str) -> Part:
    """A dataclass from a JSON object: unknown keys ignored, other names accepted, numbers coerced.

    Raises:
        ModelError: a value is no number where one is needed.
    """
    fields = {item.name: item for item in dataclasses.fields(kind)}  # type: ignore[arg-type]
    known = {renamed.get(key, key): value for key, value in values.items() if value is not None}
    taken: dict[str, Any] = {}
    for name, value in known.items():
        if name not in fields or isinstance(value, (dict, list)):
            continue
        wanted: Callable[[float], Any] = type(fields[name].default)
        try:
            number = float(value)
            taken[name] = wanted(number)
        except (TypeError, ValueError):
            raise ModelError(f"config.json: {where}.{name} is {value!r}, which is no number") from None
        if taken[name] != number:
            raise ModelError(f"config.json: {where}.{name} is {value!r}, which is no whole number")
    return kind(**taken)


def from_json(config: Mapping[str, Any], preprocessor: Mapping[str, Any] | None = None) -> GraniteNarConfig:
    """Reads what config.json and preprocessor_config.json say, in any of the three layouts.

    Args:
        config: the content of config.json.
        preprocessor: the content of preprocessor_config.json; None for the model's own values.

    Raises:
        ModelError: a value is not a number, or parts do not fit each other.
    """
    encoder = dict(config.get("encoder_config") or {})
    projector = dict(config.get("projector_config") or {})
    text = dict(config.get("text_config") or config.get("llm_config") or {})
    for key, name in (("vocabulary_size", "bpe_output_dim"), ("pooling_window", "bpe_pooling_window")):
        for place in (config, encoder):
            if key in place:
                encoder.setdefault(name, place[key])
    text.update(dict(text.get("rope_parameters") or {}))
    if "head_dim" not in text and "hidden_size" in text:
        text["head_dim"] = int(text["hidden_size"]) // int(text.get("num_attention_heads", 16))
    hidden = projector.get("hidden_size", ProjectorConfig.__dataclass_fields__["hidden_size"].default)
    if "intermediate_size" in projector and "mlp_ratio" not in projector:
        projector["mlp_ratio"] = float(projector.pop("intermediate_size")) / float(hidden)
    projector.setdefault("encoder_dim", encoder.get("hidden_dim", encoder.get("hidden_size", 1024)))
    projector.setdefault("llm_dim", text.get("hidden_size", 2048))
    indices = config.get("encoder_layer_indices")
    if indices is None and "cat_hidden_layers" in encoder:
        indices = [*encoder["cat_hidden_layers"], -1]
    indices = (4, 8, 12, -1) if indices is None else tuple(int(index) for index in indices)
    projector.setdefault("num_encoder_layers", len(indices))
    audio = dict(preprocessor or {})
    audio.update(dict(audio.get("melspec_kwargs") or {}))
    scaled = config.get("scale_projected_embeddings")
    return GraniteNarConfig(
        encoder=_part(EncoderConfig, encoder, _ENCODER_NAMES, "encoder_config"),
        projector=_part(ProjectorConfig, projector, _PROJECTOR_NAMES, "projector_config"),
        editor=_part(EditorConfig, text, {}, "text_config"),
        features=_part(FeatureConfig, audio, {}, "preprocessor_config"),
        encoder_layer_indices=indices,
        blank_token_id=int(config.get("blank_token_id", text.get("eos_token_id", 100_257))),
        scale_projected_embeddings=True if scaled is None else bool(scaled),
        min_edit_sequence_length=int(config.get("min_edit_sequence_length", 8)),
    ).check()


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


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        ModelError: the file is missing or holds no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path.parent} has no {path.name}; a model folder needs it") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds no JSON object")
    return content
