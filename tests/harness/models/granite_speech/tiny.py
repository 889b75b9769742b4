"""Tiny random checkpoints of Granite Speech in the hub's format, and transformers run alone, clip by clip."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from harness.models.base import Model
from harness.types import Clip, Hypothesis

torch.set_num_threads(1)  # two that share a busy processor wait for each other a hundred times as long

SPECIAL = ("<|end_of_text|>", "<|pad|>", "<|start_of_role|>", "<|end_of_role|>", "<|audio|>")
VOCABULARY = 300
AUDIO = VOCABULARY - 1
"""The last token, as published: 100352 of 100,353."""
END = VOCABULARY - len(SPECIAL)

TEMPLATE = (
    "{% for message in messages %}<|start_of_role|>{{ message['role'] }}<|end_of_role|>{{ message['content'] }}"
    "<|end_of_text|>\n{% endfor %}{% if add_generation_prompt %}<|start_of_role|>assistant<|end_of_role|>{% endif %}"
)

TEXT = {
    "model_type": "granite",
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "embedding_multiplier": 12.0,
    "attention_multiplier": 0.125,
    "residual_multiplier": 0.22,
    "logits_scaling": 8.0,
    "max_position_embeddings": 20_000,
    "bos_token_id": END,
    "eos_token_id": END,
    "pad_token_id": END + 1,
    "tie_word_embeddings": False,
}
ENCODER = {
    "input_dim": 160,
    "num_layers": 4,
    "hidden_dim": 32,
    "num_heads": 2,
    "dim_head": 8,
    "output_dim": 128,
    "context_size": 16,
    "max_pos_emb": 20,
    "conv_kernel_size": 7,
}
PROJECTOR = {
    "model_type": "blip_2_qformer",
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "cross_attention_frequency": 1,
}


def tokenizer() -> Any:
    """Byte-level BPE with a few words, and the model's own signs after them."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made: Any = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer: Any = trainers.BpeTrainer(
        vocab_size=END, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    words = "the speech can you transcribe written format into a hello world and he she was there with translation"
    made.train_from_iterator([words] * 9, trainer)
    size = made.get_vocab_size()
    made.add_tokens([f"filler{number}" for number in range(END - size)])
    own: Any = transformers.PreTrainedTokenizerFast
    fast = own(tokenizer_object=made, eos_token=SPECIAL[0], bos_token=SPECIAL[0], pad_token=SPECIAL[1])
    fast.add_special_tokens({"additional_special_tokens": list(SPECIAL[2:])})
    fast.chat_template = TEMPLATE
    fast.padding_side = "right"  # as some checkpoints say, and nobody may follow
    assert len(fast) == VOCABULARY
    assert fast.convert_tokens_to_ids("<|audio|>") == AUDIO
    return fast


def randomized(network: Any, seed: int) -> None:
    """All weights random, batch norms' statistics too, so that leaving out any of them shows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if not tensor.is_floating_point():
                continue
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2.0, generator=generator)
            elif tensor.dim() == 1 and "norm" in name and name.endswith("weight"):
                tensor.uniform_(0.5, 1.5, generator=generator)
            else:
                spread = 0.3 if tensor.dim() == 1 else 1.5 / tensor[0].numel() ** 0.5
                tensor.normal_(0, spread, generator=generator)
        network.model.language_model.embed_tokens.weight.mul_(0.2)
        network.lm_head.weight[END].mul_(3.0)  # texts end before their limits, at different places
        # Never written, or the library's whole model would feed back another embedding for it.
        network.lm_head.weight[AUDIO].zero_()


def build(folder: Path, kind: str = "granite_speech", seed: int = 2, **changes: Any) -> Path:
    """A checkpoint of either type in a folder, under the names of tensors of the published ones."""
    plus = kind == "granite_speech_plus"
    encoder = {**ENCODER, **({"cat_hidden_layers": [1, 2]} if plus else {})}
    config_class: Any = transformers.GraniteSpeechPlusConfig if plus else transformers.GraniteSpeechConfig
    config = config_class(
        text_config={**TEXT, **changes.pop("text_config", {})},
        encoder_config=encoder,
        projector_config={**PROJECTOR, "encoder_hidden_size": 32 * (3 if plus else 1)},
        audio_token_index=AUDIO,
        **{"has_lora_adapter": False, "tie_word_embeddings": False, **changes},
    )
    own: Any = transformers.AutoModelForSpeechSeq2Seq
    network = own.from_config(config)
    randomized(network, seed)
    network.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def token_head(folder: Path, *, inside: bool = False, seed: int = 5, sharp: float = 1.5) -> None:
    """Adds a CTC head over tokens, in a file of its own or among the weights."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(VOCABULARY, 32, generator=generator) * sharp  # all tokens but the audio's, and the blank
    tensors = {"weight": weight, "bias": torch.randn(VOCABULARY, generator=generator)}
    if not inside:
        save_file(tensors, folder / "out_llm.safetensors")
        return
    from safetensors.torch import load_file

    whole = load_file(folder / "model.safetensors")
    whole.update({f"encoder.out_bpe.{name}": tensor for name, tensor in tensors.items()})
    save_file(whole, folder / "model.safetensors", metadata={"format": "pt"})


def edit_config(folder: Path, **changes: Any) -> None:
    """Changes config.json."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def mel_filters() -> Tensor:
    """HTK triangles as torchaudio makes them, in float32: ``[257, 80]``."""
    bins = torch.linspace(0, 8000, 257)
    edges = torch.linspace(0.0, 2595.0 * float(np.log10(1.0 + 8000.0 / 700.0)), 82)
    edges = 700.0 * (10 ** (edges / 2595.0) - 1.0)
    columns = []
    for low, peak, high in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
        columns.append(torch.minimum((bins - low) / (peak - low), (high - bins) / (high - peak)).clamp(min=0))
    return torch.stack(columns, dim=1)


def features(waveform: NDArray[np.float32]) -> Tensor:
    """What GraniteSpeechFeatureExtractor gives for one clip, ``[1, frames, 160]``, without torchaudio."""
    window = torch.hann_window(400)
    spectrum = torch.stft(torch.from_numpy(waveform), 512, 160, 400, window, center=True, return_complex=True)
    logs = (spectrum.abs().square().T @ mel_filters()).clamp(min=1e-10).log10()
    logs = torch.maximum(logs, logs.max() - 8.0) / 4 + 1
    return logs[: len(logs) // 2 * 2].reshape(1, -1, 160)


@dataclass(frozen=True)
class Alone:
    """Transformers' own whole model, one clip at a time."""

    network: Any
    tokenizer: Any

    def inputs(self, waveform: NDArray[np.float32], messages: Sequence[dict[str, str]]) -> dict[str, Tensor]:
        """As GraniteSpeechProcessor makes them: the audio's token repeated in the text, which is tokenized then."""
        count = 3 * -(-((len(waveform) // 160 + 1) // 2) // 15)
        text = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        made = self.tokenizer([text.replace("<|audio|>", "<|audio|>" * count)], return_tensors="pt")
        mask = torch.ones(1, count, dtype=torch.bool)
        return {
            "input_ids": made.input_ids,
            "attention_mask": made.attention_mask,
            "input_features": features(waveform),
            "input_features_mask": mask,
        }

    def tokens(self, waveform: NDArray[np.float32], messages: Sequence[dict[str, str]], limit: int) -> list[int]:
        """What it generates greedily."""
        given = self.inputs(waveform, messages)
        with torch.no_grad():
            output = self.network.generate(**given, max_new_tokens=limit, do_sample=False, num_beams=1)
        new: list[int] = output[0, given["input_ids"].shape[1] :].tolist()
        return new

    def text(self, waveform: NDArray[np.float32], messages: Sequence[dict[str, str]], limit: int) -> str:
        """What that spells."""
        spelled: str = self.tokenizer.decode(self.tokens(waveform, messages, limit), skip_special_tokens=True)
        return spelled.strip()


def alone(folder: Path) -> Alone:
    """Loads a checkpoint as its card says."""
    own: Any = transformers.AutoModelForSpeechSeq2Seq
    return Alone(own.from_pretrained(folder).eval(), transformers.AutoTokenizer.from_pretrained(folder))


def spoken(seconds: Sequence[float], seed: int = 3) -> list[Clip]:
    """Noise whose color changes all the time."""
    generator = np.random.default_rng(seed)
    clips = []
    for number, length in enumerate(seconds):
        time = np.arange(int(length * 16_000)) / 16_000
        tone = np.sin(2 * np.pi * (200 + 150 * np.sin(2 * np.pi * (1 + number) * time)) * time)
        noise = generator.normal(0, 0.05, len(time)) * (1 + np.sin(7 * time))
        clips.append(Clip(id=f"clip{number}", language="en", waveform=(0.3 * tone + noise).astype(np.float32)))
    return clips


def heard(model: Model, clips: Sequence[Clip]) -> list[Hypothesis]:
    """All stages."""
    return model.text(model.infer(model.transfer(model.features(clips))))
