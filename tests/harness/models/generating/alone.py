"""What each family's documentation does with one clip: the truth that the adapter is held to.

Plain calls of transformers for a single clip, written from the library's own documentation and sharing nothing with
the package under test: no batches, no padding, and no limits but those that the documentation has.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.harness.models.generating.kaldi import log_mel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

RATE = 16_000
MOST = 64
"""New tokens; the checkpoints end their texts long before."""


@lru_cache(maxsize=4)
def _loaded(folder: Path, auto: str) -> tuple[Any, Any]:
    """The processor and the network of a checkpoint."""
    import transformers

    library: Any = transformers
    processor = library.AutoProcessor.from_pretrained(folder)
    network = getattr(library, auto).from_pretrained(folder).eval()
    return processor, network


def _new(inputs: Any, sequences: Any) -> Any:
    """What was generated after the prompt."""
    return sequences[:, inputs["input_ids"].shape[1] :]


def _chat(processor: Any, words: str, waveform: NDArray[np.float32]) -> Any:
    """A question about a clip, by the checkpoint's chat template."""
    content = [{"type": "text", "text": words}, {"type": "audio", "audio": waveform}]
    return processor.apply_chat_template(
        [{"role": "user", "content": content}],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
    )


def _qwen3_asr(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    processor, network = _loaded(folder, "AutoModelForSpeechSeq2Seq")
    inputs = processor.apply_transcription_request(waveform, language=language)
    text = processor.decode(
        _new(inputs, network.generate(**inputs, max_new_tokens=MOST)), return_format="transcription_only"
    )
    return str(text[0])


def _fun_asr_nano(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    """As documented, but for Kaldi's energies, which the library leaves to torchaudio."""
    import torch
    import transformers
    from transformers.models.fun_asr_nano.feature_extraction_fun_asr_nano import FunAsrNanoFeatureExtractor
    from transformers.models.fun_asr_nano.processing_fun_asr_nano import FunAsrNanoProcessor

    library: Any = transformers
    extractors: Any = FunAsrNanoFeatureExtractor
    processors: Any = FunAsrNanoProcessor
    extractor = extractors.from_pretrained(folder)
    extractor._extract_fbank_features = lambda samples: torch.from_numpy(
        log_mel(samples.numpy(), extractor.feature_size)
    )
    template = (folder / "chat_template.jinja").read_text("utf-8")
    processor = processors(
        extractor, library.AutoTokenizer.from_pretrained(folder), chat_template=template, audio_token="<|audio|>"
    )
    network = library.AutoModelForSpeechSeq2Seq.from_pretrained(folder)
    inputs = processor.apply_transcription_request(waveform, language=language, text_kwargs={"padding": True})
    tokens = _new(inputs, network.generate(**inputs, max_new_tokens=MOST))
    return str(processor.decode(tokens, skip_special_tokens=True)[0])


def _glmasr(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    processor, network = _loaded(folder, "AutoModelForMultimodalLM")
    inputs = processor.apply_transcription_request(waveform)
    return str(
        processor.decode(_new(inputs, network.generate(**inputs, max_new_tokens=MOST)), skip_special_tokens=True)[0]
    )


def _audioflamingo3(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    processor, network = _loaded(folder, "AutoModelForSeq2SeqLM")
    inputs = processor.apply_transcription_request(waveform)
    tokens = _new(inputs, network.generate(**inputs, max_new_tokens=MOST))
    return str(processor.decode(tokens, skip_special_tokens=True, strip_prefix=True)[0])


def _musicflamingo(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    processor, network = _loaded(folder, "AutoModelForSeq2SeqLM")
    inputs = _chat(processor, "Transcribe the input speech.", waveform)
    return str(
        processor.decode(_new(inputs, network.generate(**inputs, max_new_tokens=MOST)), skip_special_tokens=True)[0]
    )


def _moss(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    processor, network = _loaded(folder, "AutoModelForMultimodalLM")
    inputs = processor.apply_transcription_request(waveform, return_tensors="pt")
    text = processor.decode(
        _new(inputs, network.generate(**inputs, max_new_tokens=MOST)), return_format="transcription_only"
    )
    return str(text[0])


def _vibevoice(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    import soxr

    processor, network = _loaded(folder, "AutoModelForSpeechSeq2Seq")
    inputs = processor.apply_transcription_request(soxr.resample(waveform, RATE, 24_000))
    tokens = _new(inputs, network.generate(**inputs, max_new_tokens=MOST, sample=False))
    return str(processor.decode(tokens, return_format="transcription_only")[0])


def _qwen2_audio(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    processor, network = _loaded(folder, "AutoModelForMultimodalLM")
    content = [{"type": "audio", "audio": waveform}, {"type": "text", "text": "Transcribe the speech."}]
    prompt = processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
    )
    inputs = processor(text=prompt, audio=waveform, sampling_rate=RATE, return_tensors="pt")
    return str(
        processor.batch_decode(_new(inputs, network.generate(**inputs, max_new_tokens=MOST)), skip_special_tokens=True)[
            0
        ]
    )


def _canary(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    processor, network = _loaded(folder, "AutoModelForSpeechSeq2Seq")
    inputs = processor.apply_transcription_request(waveform, source_language=language)
    tokens = network.generate(**inputs, max_new_tokens=MOST)[:, inputs["decoder_input_ids"].shape[1] :]
    return str(processor.decode(tokens, skip_special_tokens=True)[0])


def _cohere(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    processor, network = _loaded(folder, "AutoModelForSpeechSeq2Seq")
    inputs = processor(waveform, language=language, sampling_rate=RATE)
    inputs.pop("audio_chunk_index", None)
    tokens = network.generate(**inputs, max_new_tokens=MOST)[:, inputs["decoder_input_ids"].shape[1] :]
    return str(processor.decode(tokens, skip_special_tokens=True)[0])


def _encoder_decoder(**arguments: Any) -> Callable[[Path, NDArray[np.float32], str], str]:
    """A processor that takes audio first, `generate`, and all of its tokens."""

    def transcribe(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
        processor, network = _loaded(folder, "AutoModelForSpeechSeq2Seq")
        inputs = processor(audio=waveform, sampling_rate=RATE, return_tensors="pt", **arguments)
        return str(processor.batch_decode(network.generate(**inputs, max_new_tokens=MOST), skip_special_tokens=True)[0])

    return transcribe


def _moonshine(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    processor, network = _loaded(folder, "AutoModelForSpeechSeq2Seq")
    inputs = processor(waveform, sampling_rate=RATE, return_tensors="pt")
    most = int(len(waveform) / RATE * 6.5) + 2  # the authors' bound against loops
    tokens = network.generate(**inputs, max_new_tokens=most)
    return str(processor.batch_decode(tokens, skip_special_tokens=True)[0])


def _seamless(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    processor, network = _loaded(folder, "AutoModelForSpeechSeq2Seq")
    inputs = processor(audio=waveform, sampling_rate=RATE, return_tensors="pt")
    code = {"en": "eng", "de": "deu", "fr": "fra"}[language]
    return str(
        processor.batch_decode(
            network.generate(**inputs, max_new_tokens=MOST, tgt_lang=code), skip_special_tokens=True
        )[0]
    )


def _transducer(auto: str, *, told: bool = False) -> Callable[[Path, NDArray[np.float32], str], str]:
    """A transducer; some are told the language."""

    def transcribe(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
        processor, network = _loaded(folder, auto)
        more = {"language": language} if told else {}
        inputs = processor(waveform, sampling_rate=RATE, **more)
        output = network.generate(**inputs, max_new_tokens=1000, return_dict_in_generate=True)
        return str(processor.decode(output.sequences, skip_special_tokens=True)[0])

    return transcribe


def _voxtral(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    processor, network = _loaded(folder, "AutoModelForSpeechSeq2Seq")
    inputs = processor.apply_transcription_request(
        [waveform], model_id=str(folder), language=language, sampling_rate=RATE, format=["wav"]
    )
    tokens = _new(inputs, network.generate(**inputs, max_new_tokens=MOST))
    return str(processor.batch_decode(tokens, skip_special_tokens=True)[0])


def _voxtral_realtime(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    processor, network = _loaded(folder, "AutoModelForSpeechSeq2Seq")
    inputs = processor(waveform, return_tensors="pt")
    return str(processor.batch_decode(network.generate(**inputs, max_new_tokens=1000), skip_special_tokens=True)[0])


def _nemo_speechlm(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    processor, network = _loaded(folder, "AutoModelForMultimodalLM")
    inputs = processor.apply_transcription_request(waveform, return_tensors="pt")
    tokens = _new(inputs, network.generate(**inputs, max_new_tokens=MOST))
    return str(processor.batch_decode(tokens, skip_special_tokens=True)[0])


def _omni(
    name: str, auto: str, words: str = "Transcribe the speech."
) -> Callable[[Path, NDArray[np.float32], str], str]:
    """A processor of many senses without those of sight, which need torchvision: they are asked for nothing here."""

    def transcribe(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
        import transformers

        library: Any = transformers
        kind = getattr(library, name)
        hearing = type(name, (kind,), {"check_argument_for_proper_class": lambda *_: None})
        tokenizer = library.AutoTokenizer.from_pretrained(folder)
        extractor = library.AutoFeatureExtractor.from_pretrained(folder)
        have = {"tokenizer": tokenizer, "feature_extractor": extractor, "audio_processor": extractor}
        parts = {part: have.get(part) for part in kind.get_attributes()}
        processor = hearing(**parts, chat_template=tokenizer.chat_template)
        network = getattr(library, auto).from_pretrained(folder)
        content = [{"type": "audio", "audio": waveform}, {"type": "text", "text": words}]
        inputs = processor.apply_chat_template(
            [{"role": "user", "content": content}],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        )
        tokens = _new(inputs, network.generate(**inputs, max_new_tokens=MOST))
        return str(tokenizer.decode(tokens[0], skip_special_tokens=True))

    return transcribe


def _nemotron_omni(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    import transformers

    library: Any = transformers
    kind = library.NemotronH_Omni_Reasoning_V3Processor
    hearing = type("Hearing", (kind,), {"check_argument_for_proper_class": lambda *_: None})
    tokenizer = library.AutoTokenizer.from_pretrained(folder)
    processor = hearing(None, None, tokenizer, library.AutoFeatureExtractor.from_pretrained(folder))
    network = library.AutoModelForMultimodalLM.from_pretrained(folder)
    words = "<so_embedding>\nTranscribe the audio clip into text. Return only the transcription."
    chat = [{"role": "system", "content": "/no_think"}, {"role": "user", "content": words}]
    prompt = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    inputs = processor(text=prompt, audio=waveform, return_tensors="pt")
    tokens = _new(inputs, network.generate(**inputs, max_new_tokens=MOST))
    return str(tokenizer.decode(tokens[0], skip_special_tokens=True))


def _kyutai(folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    import soxr

    processor, network = _loaded(folder, "AutoModelForSpeechSeq2Seq")
    inputs = processor(audio=soxr.resample(waveform, RATE, 24_000), sampling_rate=24_000)
    return str(processor.batch_decode(network.generate(**inputs), skip_special_tokens=True)[0])


FAMILIES: dict[str, Callable[[Path, NDArray[np.float32], str], str]] = {
    "qwen3_asr": _qwen3_asr,
    "fun_asr_nano": _fun_asr_nano,
    "glmasr": _glmasr,
    "audioflamingo3": _audioflamingo3,
    "musicflamingo": _musicflamingo,
    "moss_transcribe_diarize": _moss,
    "vibevoice_asr": _vibevoice,
    "qwen2_audio": _qwen2_audio,
    "canary": _canary,
    "cohere_asr": _cohere,
    "moonshine": _moonshine,
    "moonshine_streaming": _moonshine,
    "speech_to_text": _encoder_decoder(),
    "speecht5": _encoder_decoder(),
    "seamless_m4t": _seamless,
    "seamless_m4t_v2": _seamless,
    "speech-encoder-decoder": _encoder_decoder(),
    "qwen2_5_omni_thinker": _omni("Qwen2_5OmniProcessor", "AutoModelForMultimodalLM"),
    "qwen3_omni_moe_thinker": _omni("Qwen3OmniMoeProcessor", "AutoModelForMultimodalLM"),
    "qwen2_5_omni": _omni("Qwen2_5OmniProcessor", "Qwen2_5OmniThinkerForConditionalGeneration"),
    "qwen3_omni_moe": _omni("Qwen3OmniMoeProcessor", "Qwen3OmniMoeThinkerForConditionalGeneration"),
    "nemotron_h_omni": _nemotron_omni,
    "gemma4": _omni("Gemma4Processor", "AutoModelForMultimodalLM"),
    "phi4_multimodal": _omni(
        "Phi4MultimodalProcessor", "AutoModelForMultimodalLM", "Transcribe the audio clip into text."
    ),
    "nemo_speechlm": _nemo_speechlm,
    "voxtral": _voxtral,
    "voxtral_realtime": _voxtral_realtime,
    "kyutai_speech_to_text": _kyutai,
    "parakeet_tdt": _transducer("AutoModelForTDT"),
    "parakeet_rnnt": _transducer("AutoModelForRNNT"),
    "nemotron_asr_streaming": _transducer("AutoModelForRNNT"),
    "nemotron3_5_asr": _transducer("AutoModelForRNNT", told=True),
}


def alone(family: str, folder: Path, waveform: NDArray[np.float32], language: str) -> str:
    """The text of one clip, without white space around it.

    Args:
        family: a key of `FAMILIES`.
        waveform: mono at 16 kHz, shape ``[samples]``, not empty.
        language: BCP-47 primary subtag.
    """
    import torch

    with torch.inference_mode():
        return FAMILIES[family](folder, waveform, language).strip()
