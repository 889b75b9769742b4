"""Tiny checkpoints of families whose networks are made of several others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.harness.models.generating.made import (
    AUDIO,
    AUDIO_END,
    AUDIO_START,
    CHAT,
    END,
    LETTERS,
    SEED,
    SPECIAL,
    byte_tokenizer,
    finish,
    ids,
    library,
    pieces_tokenizer,
    prefer,
    save,
    small,
    speak,
    stir,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


NEMOTRON = {
    "hidden_size": 32,
    "layers_block_type": ["linear_attention", "moe", "full_attention", "mlp"],
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
    "intermediate_size": 48,
    "ssm_state_size": 8,
    "mamba_num_heads": 4,
    "mamba_head_dim": 8,
    "n_groups": 2,
    "chunk_size": 16,
    "n_routed_experts": 4,
    "moe_intermediate_size": 24,
    "moe_shared_expert_intermediate_size": 24,
}
"""The language model of Nemotron: state spaces, experts, attention."""


def nemo_speechlm(folder: Path) -> None:
    """Nemotron 3.5 Transcribe: an encoder, a diarizer beside it, and a language model with state spaces and experts."""
    tokenizer = byte_tokenizer(padding_side="left")
    alignment = pieces_tokenizer(["<unk>", "<pad>"], unk_token="<unk>", pad_token="<pad>")
    ends = ids(tokenizer)
    encoder = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = library().Nemotron3_5TranscribeConfig(
        audio_config={
            "asr_config": {**encoder, "num_mel_bins": 16},
            "diarization_config": {
                "model_type": "nemotron3_diarization",
                "audio_config": {**encoder, "num_mel_bins": 16},
                "head_config": {"hidden_size": 16, "num_speakers": 4, "audio_hidden_size": 32},
                "streaming_config": {"num_speakers": 4, "speaker_cache_length": 32},
            },
        },
        text_config={
            "model_type": "nemotron_h",
            "vocab_size": len(tokenizer),
            **NEMOTRON,
            **ends,
        },
        audio_token_id=tokenizer.convert_tokens_to_ids(AUDIO),
        word_timestamp_config={
            **encoder,
            "num_hidden_layers": 1,
            "vocab_size": len(alignment) + 1,
            "blank_token_id": len(alignment),
        },
    )
    network = library().Nemotron3_5TranscribeForConditionalGeneration(config)
    extractor = library().NemotronAsrStreamingFeatureExtractor(feature_size=16)
    processor = library().Nemotron3_5TranscribeProcessor(
        extractor, tokenizer, alignment, chat_template=CHAT, audio_token=AUDIO
    )
    finish(folder, network, processor)


_QWEN = {
    "image_token": "<|IMAGE|>",
    "video_token": "<|VIDEO|>",
    "vision_bos_token": "<|vision_bos|>",
    "vision_eos_token": "<|vision_eos|>",
    "audio_token": AUDIO,
    "audio_bos_token": AUDIO_START,
    "audio_eos_token": AUDIO_END,
}


def _qwen_omni(folder: Path, name: str, seed: int, **text: Any) -> None:
    """A thinker of Qwen's omni models; its processor cannot be made without torchvision, but its parts are saved."""
    tokenizer = byte_tokenizer((*SPECIAL, *list(_QWEN.values())[:4]), extra_special_tokens=_QWEN, chat_template=CHAT)
    named = dict(zip(_QWEN, tokenizer.convert_tokens_to_ids(list(_QWEN.values())), strict=True))
    ends = ids(tokenizer)
    audio = {
        "num_mel_bins": 16,
        "d_model": 16,
        "encoder_layers": 1,
        "encoder_attention_heads": 2,
        "encoder_ffn_dim": 32,
        "output_dim": 32,
    }
    vision = {"depth": 1, "hidden_size": 16, "num_heads": 2, "intermediate_size": 16, "out_hidden_size": 32}
    token = "token_id" if name == "Qwen3OmniMoe" else "token_index"
    config = getattr(library(), f"{name}ThinkerConfig")(
        audio_config={**audio, **({"downsample_hidden_size": 8} if name == "Qwen3OmniMoe" else {})},
        vision_config={**vision, **({"deepstack_visual_indexes": [0]} if name == "Qwen3OmniMoe" else {})},
        text_config={
            **small("", len(tokenizer), **ends, **text),
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]},
        },
        **{f"{kind}_{token}": named[f"{kind}_token"] for kind in ("audio", "image", "video")},
        audio_start_token_id=named["audio_bos_token"],
        audio_end_token_id=named["audio_eos_token"],
        vision_start_token_id=named["vision_bos_token"],
        vision_end_token_id=named["vision_eos_token"],
        tie_word_embeddings=False,
    )
    network = getattr(library(), f"{name}ThinkerForConditionalGeneration")(config)
    speak(network, tokenizer, seed=seed)
    extractor = library().WhisperFeatureExtractor(feature_size=16, chunk_length=3)
    save(folder, network, extractor, tokenizer, **ends)


def _whole_omni(folder: Path, name: str, kind: str, build: Callable[[Path], None]) -> None:
    """A whole omni model as the hub has it: its thinker's tensors under ``thinker.``, beside those that speak."""
    import torch
    from safetensors.torch import load_file, save_file

    build(folder)
    thinker = {f"thinker.{name}": tensor for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file({**thinker, "talker.model.norm.weight": torch.ones(4)}, folder / "model.safetensors", {"format": "pt"})
    whole = getattr(library(), f"{name}Config")().to_dict()
    whole["thinker_config"] = {
        **json.loads((folder / "config.json").read_text("utf-8")),
        "model_type": f"{kind}_thinker",
    }
    (folder / "config.json").write_text(json.dumps({**whole, "model_type": kind}, default=str), "utf-8")


def gemma4(folder: Path) -> None:
    """Gemma 4 with ears and without eyes."""
    names = {"image_token": "<|image|>", "boi_token": "<|boi|>", "eoi_token": "<|eoi|>"}
    heard = {"audio_token": AUDIO, "boa_token": AUDIO_START, "eoa_token": AUDIO_END}
    special = (*SPECIAL, *names.values(), "<|video|>")
    template = CHAT.replace("<|audio_start|><|audio|><|audio_end|>", "<|audio|>")  # its processor adds the marks
    tokenizer = byte_tokenizer(special, extra_special_tokens={**names, **heard}, chat_template=template)
    ends = ids(tokenizer)
    text = small("gemma4_text", len(tokenizer), **ends)
    config = library().Gemma4Config(
        text_config={
            **text,
            "layer_types": ["sliding_attention", "full_attention"],
            "global_head_dim": 16,
            "vocab_size_per_layer_input": len(tokenizer),
            "hidden_size_per_layer_input": 8,
        },
        audio_config={
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "subsampling_conv_channels": [16, 4],  # the first is the number of mel bands
            "output_proj_dims": 24,
        },
        vision_config=None,
        audio_token_id=tokenizer.convert_tokens_to_ids(AUDIO),
        image_token_id=tokenizer.convert_tokens_to_ids("<|image|>"),
        video_token_id=tokenizer.convert_tokens_to_ids("<|video|>"),
        tie_word_embeddings=False,
    )
    network = library().Gemma4ForConditionalGeneration(config)
    speak(network, tokenizer)
    save(folder, network, library().Gemma4AudioFeatureExtractor(feature_size=16), tokenizer, **ends)


def phi4_multimodal(folder: Path) -> None:
    """Phi-4 multimodal."""
    names = {"image_token": "<|image|>", "audio_token": AUDIO}
    tokenizer = byte_tokenizer((*SPECIAL, "<|image|>"), extra_special_tokens=names, chat_template=CHAT)
    ends = ids(tokenizer)
    text = small("", len(tokenizer), **ends)
    text.pop("model_type")
    config = library().Phi4MultimodalConfig(
        **text,
        audio_config={
            "hidden_size": 16,
            "intermediate_size": 24,
            "num_blocks": 1,
            "num_attention_heads": 2,
            "ext_pw_out_channel": 16,
            "depthwise_separable_out_channel": 16,
            "nemo_conv_channels": 8,
            "input_size": 16,
            "audio_token_id": tokenizer.convert_tokens_to_ids(AUDIO),
        },
        vision_config={
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 28,
            "crop_size": 28,
            "image_token_id": tokenizer.convert_tokens_to_ids("<|image|>"),
        },
    )
    network = library().Phi4MultimodalForCausalLM(config)
    speak(network, tokenizer)
    save(folder, network, library().Phi4MultimodalFeatureExtractor(feature_size=16), tokenizer, **ends)


def _qwen2_5_omni_thinker(folder: Path) -> None:
    _qwen_omni(folder, "Qwen2_5Omni", 11)


def _qwen3_omni_moe_thinker(folder: Path) -> None:
    _qwen_omni(folder, "Qwen3OmniMoe", SEED, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=24)


TEMPLATE = """\
{%- for message in messages -%}
<|im_start|>{{ message['role'] }}
{{ message['content'] }}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
{% endif -%}"""
"""A chat template that takes words alone."""


def nemotron_h_omni(folder: Path) -> None:
    """Nemotron 3 Nano Omni."""
    marks = ("<image>", "<img>", "</img>", "<so_embedding>", "<so_start>", "<so_end>")
    tokenizer = byte_tokenizer((*SPECIAL, *marks), chat_template=TEMPLATE)
    ends = ids(tokenizer)
    small_one = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = library().NemotronH_Omni_Reasoning_V3_Config(
        text_config={"model_type": "nemotron_h", "vocab_size": len(tokenizer), **NEMOTRON, **ends},
        vision_config={
            **small_one,
            "model_type": "radio",
            "hidden_size": 16,
            "video_temporal_patch_size": 2,
            "max_img_size": 32,
            "image_size": 32,
        },
        audio_config={
            **small_one,
            "num_mel_bins": 16,
            "subsampling_conv_channels": 8,
            "projection_hidden_size": 16,
            "projection_bias": True,
        },
        projector_hidden_size=16,
        vision_hidden_size=16,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        audio_token_id=tokenizer.convert_tokens_to_ids("<so_embedding>"),
    )
    network = library().NemotronH_Omni_Reasoning_V3(config)
    stir(network)
    wanted = tokenizer.convert_tokens_to_ids([*LETTERS, END])
    prefer(network.language_model.get_output_embeddings(), wanted)
    save(folder, network, library().ParakeetFeatureExtractor(feature_size=16), tokenizer, **ends)


BUILDERS: dict[str, Callable[[Path], None]] = {
    "gemma4": gemma4,
    "nemotron_h_omni": nemotron_h_omni,
    "phi4_multimodal": phi4_multimodal,
    "nemo_speechlm": nemo_speechlm,
    "qwen2_5_omni": lambda folder: _whole_omni(folder, "Qwen2_5Omni", "qwen2_5_omni", _qwen2_5_omni_thinker),
    "qwen2_5_omni_thinker": _qwen2_5_omni_thinker,
    "qwen3_omni_moe": lambda folder: _whole_omni(folder, "Qwen3OmniMoe", "qwen3_omni_moe", _qwen3_omni_moe_thinker),
    "qwen3_omni_moe_thinker": _qwen3_omni_moe_thinker,
}
