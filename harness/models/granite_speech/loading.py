"""A checkpoint to a network: the library loads and checks it, and the encoder is made anew over the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open

from harness.errors import ModelError
from harness.models._transformers import load_network, load_part, one_line
from harness.models.generating.limits import without_sampling
from harness.models.granite_nar.config import EncoderConfig, FeatureConfig, features_from_json
from harness.models.granite_nar.encoder import Encoder
from harness.models.granite_nar.loading import weight_files
from harness.models.granite_speech import lora
from harness.models.granite_speech.network import Parts, Prompt, SpeechNetwork
from harness.models.granite_speech.tasks import AUDIO, Task
from harness.models.hub import FILES, Checkpoint, read_json

if TYPE_CHECKING:
    from torch import Tensor

    from harness.models.base import LoadOptions

HEAD = "out_llm.safetensors"
"""The token head of granite-speech-4.1-2b, in a file of its own beside the weights."""
NEEDED = (*FILES, HEAD, lora.WEIGHTS)
"""What is fetched of a hub id."""


def load_speech(checkpoint: Checkpoint, options: LoadOptions, *, token_head: bool) -> tuple[SpeechNetwork, Any, Any]:
    """The network, the tokenizer, and the library's whole model over the same weights.

    Args:
        checkpoint: its files.
        options: what the user said.
        token_head: load the CTC head over tokens too, where the checkpoint has one.

    Raises:
        UsageError: the device or attention is not there.
        ModelError: the checkpoint is not whole, or its parts do not fit each other.
    """
    import transformers

    with lora.left_out(checkpoint) as bare:
        whole = load_network(transformers.AutoModelForSpeechSeq2Seq, bare, options, attention="sdpa")
    lora.put_in(whole, checkpoint.folder)
    tokenizer = load_part(transformers.AutoTokenizer, checkpoint)
    config = whole.config
    vocabulary = config.text_config.vocab_size
    if len(tokenizer) > vocabulary:
        raise ModelError(
            f"{checkpoint.folder}: the tokenizer has {len(tokenizer)} tokens, the model {vocabulary}; they do not"
            " belong together"
        )
    head = read_token_head(checkpoint.folder, config.encoder_config.hidden_dim, vocabulary) if token_head else None
    if head is not None:
        whole.unused_tensors = tuple(name for name in whole.unused_tensors if ".out_bpe." not in name)
    generation = whole.generation_config
    ends = generation.eos_token_id if generation.eos_token_id is not None else tokenizer.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]
    if ends == [None]:
        raise ModelError(f"{checkpoint.folder}: neither the tokenizer nor generation_config.json has an end token")
    parts = Parts(
        encoder=_encoder(whole.model.encoder, head),
        joined=tuple(sorted(set(getattr(config.encoder_config, "cat_hidden_layers", None) or ()))),
        projector=whole.model.projector,
        window=config.window_size,
        decoder=_decoder(whole),
        ends=tuple(ends),
        pad=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else ends[0],
    )
    return SpeechNetwork(parts), tokenizer, whole


def _encoder(theirs: Any, head: dict[str, Tensor] | None) -> Encoder:
    """The native encoder over the weights of the library's, with the token head where there is one.

    Raises:
        ModelError: it is of a shape that the native one does not have.
    """
    stated = theirs.config
    if stated.num_layers < 2 or stated.conv_kernel_size % 2 == 0:
        raise ModelError(
            f"config.json: an encoder of {stated.num_layers} layers with a convolution over {stated.conv_kernel_size}"
            " frames; it must be two at least, and an odd number"
        )
    names: tuple[str, ...] = (
        "num_layers",
        "hidden_dim",
        "num_heads",
        "dim_head",
        "input_dim",
        "output_dim",
        "conv_kernel_size",
    )
    names += ("conv_expansion_factor", "feedforward_mult", "max_pos_emb", "context_size")
    config = EncoderConfig(
        **{name: getattr(stated, name) for name in names},
        bpe_output_dim=0 if head is None else len(head["bias"]),
        bpe_pooling_window=getattr(stated, "bpe_pooling_window", EncoderConfig().bpe_pooling_window),
        self_conditioning_layer=stated.num_layers // 2,
    )
    weights = theirs.state_dict()
    like = weights["input_linear.weight"]
    weights.update({f"out_bpe.{name}": tensor.to(like) for name, tensor in (head or {}).items()})
    with torch.device("meta"):
        encoder = Encoder(config)
    encoder.load_state_dict(weights, strict=True, assign=True)
    return encoder.eval().requires_grad_(requires_grad=False)


def _decoder(whole: Any) -> Any:
    """The language model with its head, as a model that can `generate` from embeddings alone.

    The library's whole model does not divide its logits as the language model's own class does, which changes what a
    beam search finds.
    """
    import transformers

    auto: Any = transformers.AutoModelForCausalLM
    with torch.device("meta"):
        decoder = auto.from_config(whole.config.text_config)
    setattr(decoder, decoder.base_model_prefix, whole.model.language_model)
    decoder.lm_head = whole.lm_head
    decoder.generation_config = whole.generation_config
    without_sampling(decoder.generation_config)
    return decoder.eval()


def read_token_head(folder: Path, hidden: int, vocabulary: int) -> dict[str, Tensor] | None:
    """Weight and bias of the CTC head over tokens, which the library leaves out; None where the checkpoint has none.

    Its class 0 is the blank, class i + 1 token i.

    Raises:
        ModelError: the file is broken, or the head does not fit the model.
    """
    alone = folder / HEAD
    try:
        for file in [alone] if alone.is_file() else weight_files(folder):
            with safe_open(file, framework="pt") as content:
                found = {
                    name.rpartition(".")[2]: name
                    for name in content.keys()  # noqa: SIM118 - not a dict
                    if file == alone or name.endswith((".out_bpe.weight", ".out_bpe.bias"))
                }
                if found:
                    return _checked_head(
                        {name: content.get_tensor(own) for name, own in found.items()}, file, hidden, vocabulary
                    )
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{folder}: the token head cannot be read: {one_line(error)}") from error
    return None


def _checked_head(head: dict[str, Tensor], file: Path, hidden: int, vocabulary: int) -> dict[str, Tensor]:
    shapes = {name: list(tensor.shape) for name, tensor in head.items()}
    classes = shapes.get("bias", [0])[0]
    if shapes != {"weight": [classes, hidden], "bias": [classes]} or not 1 < classes <= vocabulary + 1:
        raise ModelError(
            f"{file}: the token head is {shapes}; it must have weight and bias, of at most {vocabulary + 1} classes"
            f" over {hidden} numbers"
        )
    if not all(tensor.isfinite().all() for tensor in head.values()):
        raise ModelError(f"{file}: the token head holds values that are not finite numbers")
    return head


def audio_token(folder: Path) -> int:
    """The token that stands for the audio, by config.json.

    Raises:
        ModelError: it states none.
    """
    config = read_json(folder / "config.json")
    token = config.get("audio_token_index", config.get("audio_token_id"))
    if not isinstance(token, int):
        raise ModelError(f"{folder}/config.json: audio_token_index is {token!r}, which is no token")
    return token


def feature_config(folder: Path, input_dim: int) -> FeatureConfig:
    """Of the spectrogram; the usual one where the checkpoint says nothing, as -plus does not.

    Raises:
        ModelError: it does not fit the encoder.
    """
    stated: dict[str, object] = {}
    for name in ("processor_config.json", "preprocessor_config.json"):
        if (folder / name).is_file():
            content = read_json(folder / name)
            nested = content.get("audio_processor", content)
            stated.update(nested if isinstance(nested, dict) else {})
    config = features_from_json(stated)
    if 2 * config.n_mels != input_dim:
        raise ModelError(f"{folder}: features of two times {config.n_mels} mels for an encoder that takes {input_dim}")
    return config


def prompt_of(tokenizer: Any, task: Task, audio_token: int, folder: Path) -> Prompt:
    """A task's prompt by the checkpoint's chat template, as token ids around the audio.

    Raises:
        ModelError: there is no usable template, or the tokenizer does not know the audio's token.
    """
    try:
        text = tokenizer.apply_chat_template(task.messages, tokenize=False, add_generation_prompt=True)
    except Exception as error:
        raise ModelError(f"{folder}: no usable chat template: {one_line(error)}") from error
    ids: Sequence[int] = tokenizer(text).input_ids
    places = [place for place, token in enumerate(ids) if token == audio_token]
    if len(places) != 1:
        raise ModelError(
            f"{folder}: the prompt has {len(places)} tokens {audio_token} for the audio, not one: the tokenizer or its"
            f" chat template is not this model's ({AUDIO} must be one token, and stand in the prompt)"
        )
    return Prompt(before=tuple(ids[: places[0]]), after=tuple(ids[places[0] + 1 :]))
