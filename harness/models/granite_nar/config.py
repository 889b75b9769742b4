"""The configuration, read leniently from config.json: unknown keys are ignored, whole numbers may stand for fractions.

Sources: specs of ibm-granite/granite-speech-4.1-2b-nar; defaults are its values. Keys of its three checkpoint layouts
(`nle`, `granite_speech_nar` and the native conversion) are read alike.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from harness.errors import ModelError

Part = TypeVar("Part", "EncoderConfig", "ProjectorConfig", "EditorConfig", "FeatureConfig")
Number = TypeVar("Number", int, float)


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
    """Classes of the token head: the vocabulary, or one more where class 0 is a blank of its own (`shifted_blank`); 0
    is no such head, in an autoregressive model."""
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

    def check(self) -> Self:
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


_NAMES = {
    "num_hidden_layers": "num_layers",
    "num_attention_heads": "num_heads",
    "hidden_size": "hidden_dim",
    "head_dim": "dim_head",
    "window_size": "block_size",
    "layer_norm_eps": "layernorm_eps",
}
"""Names of layout C, where a part has no field of that name."""


def _table(config: Mapping[str, object], *names: str) -> dict[str, object]:
    """A copy of the first of some objects in an object that is there; else an empty one.

    Raises:
        ModelError: it is no object.
    """
    found = next((config[name] for name in names if config.get(name)), {})
    if not isinstance(found, dict):
        raise ModelError(f"config.json: {names[0]} is {found!r}, which is no object")
    return dict(found)


def _number(value: object, kind: type[Number], name: str) -> Number:
    """A number of a kind from JSON, where a whole one may stand as a fraction or a text.

    Raises:
        ModelError: it is none.
    """
    try:
        number = float(value)  # type: ignore[arg-type]
        made = kind(number)
    except (TypeError, ValueError, OverflowError):
        raise ModelError(f"config.json: {name} is {value!r}, which is no number") from None
    if made != number:
        raise ModelError(f"config.json: {name} is {value!r}, which is no whole number")
    return made


def _part(default: Part, values: Mapping[str, object], where: str) -> Part:
    """A part with what a JSON object says of it: unknown keys are ignored, other names accepted."""
    known, taken = {item.name for item in dataclasses.fields(default)}, dict[str, Any]()
    for key, value in values.items():
        name = key if key in known else _NAMES.get(key, key)
        if name in known and value is not None and not isinstance(value, dict | list):
            taken[name] = _number(value, type(getattr(default, name)), f"{where}.{name}")
    return dataclasses.replace(default, **taken)


def _layers(config: Mapping[str, object], encoder: Mapping[str, object]) -> tuple[int, ...]:
    """The hidden states that the projector reads."""
    for place, name, further in ((config, "encoder_layer_indices", ()), (encoder, "cat_hidden_layers", (-1,))):
        stated = place.get(name)
        if isinstance(stated, list):
            return (*(_number(index, int, name) for index in stated), *further)
        if stated is not None:
            raise ModelError(f"config.json: {name} is {stated!r}, which is no list")
    return GraniteNarConfig().encoder_layer_indices


def features_from_json(preprocessor: Mapping[str, object]) -> FeatureConfig:
    """Reads what preprocessor_config.json says of the spectrogram.

    Raises:
        ModelError: a value is not a number.
    """
    audio = dict(preprocessor)
    audio.update(_table(audio, "melspec_kwargs"))
    return _part(FeatureConfig(), audio, "preprocessor_config")


def from_json(config: Mapping[str, object], preprocessor: Mapping[str, object] | None = None) -> GraniteNarConfig:
    """Reads what config.json and preprocessor_config.json (None: as the model's own) say, in any of three layouts.

    Raises:
        ModelError: a value is not a number, or parts do not fit each other.
    """
    encoder, projector = _table(config, "encoder_config"), _table(config, "projector_config")
    text = _table(config, "text_config", "llm_config")
    for key, name in (("vocabulary_size", "bpe_output_dim"), ("pooling_window", "bpe_pooling_window")):
        for place in (config, encoder):
            if key in place:
                encoder.setdefault(name, place[key])
    text.update(_table(text, "rope_parameters"))
    layers = _layers(config, encoder)

    editor = _part(EditorConfig(), text, "text_config")
    if "head_dim" not in text and "hidden_size" in text:
        editor = dataclasses.replace(editor, head_dim=editor.hidden_size // editor.num_attention_heads)
    parsed = _part(EncoderConfig(), encoder, "encoder_config")
    usual = ProjectorConfig(num_encoder_layers=len(layers), encoder_dim=parsed.hidden_dim, llm_dim=editor.hidden_size)
    read = _part(usual, projector, "projector_config")
    if "intermediate_size" in projector and "mlp_ratio" not in projector:
        inner = _number(projector["intermediate_size"], float, "projector_config.intermediate_size")
        read = dataclasses.replace(read, mlp_ratio=inner / read.hidden_size)
    scaled, shortest = config.get("scale_projected_embeddings"), config.get("min_edit_sequence_length", 8)
    return GraniteNarConfig(
        encoder=parsed,
        projector=read,
        editor=editor,
        features=features_from_json(preprocessor or {}),
        encoder_layer_indices=layers,
        blank_token_id=_number(config.get("blank_token_id", text.get("eos_token_id", 100_257)), int, "blank_token_id"),
        scale_projected_embeddings=True if scaled is None else bool(scaled),
        min_edit_sequence_length=_number(shortest, int, "min_edit_sequence_length"),
    ).check()
