"""The converter undoes CTranslate2's own, and what it cannot convert it refuses."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import ModelError, UsageError
from tests.harness.models.conftest import to_ctranslate2, whisper_checkpoint
from tools import convert_whisper


@pytest.mark.parametrize("multilingual", [True, False])
@pytest.mark.parametrize("quantization", [None, "float16"])
def test_it_undoes_ctranslate2s_converter(tmp_path: Path, multilingual: bool, quantization: str | None) -> None:
    from safetensors.numpy import load_file

    whisper_checkpoint(tmp_path / "original", multilingual=multilingual, decoder_layers=1)
    to_ctranslate2(tmp_path / "original", tmp_path / "ct2", quantization)
    source = convert_whisper.read_source(str(tmp_path / "ct2"))
    convert_whisper.convert(source, tmp_path / "back")
    original = load_file(tmp_path / "original" / "model.safetensors")
    back = load_file(tmp_path / "back" / "model.safetensors")
    assert back.keys() == original.keys()
    kind = np.float16 if quantization else np.float32
    for name, values in original.items():
        assert back[name].dtype == kind, name
        assert np.array_equal(back[name], values.astype(kind)), name


def test_what_ctranslate2_does_not_keep_is_read_off_the_tokenizer(tmp_path: Path) -> None:
    import transformers

    whisper_checkpoint(tmp_path / "original", multilingual=True)
    to_ctranslate2(tmp_path / "original", tmp_path / "ct2")
    source = convert_whisper.read_source(str(tmp_path / "ct2"))
    convert_whisper.convert(source, tmp_path / "back")
    before: Any = transformers.GenerationConfig.from_pretrained(tmp_path / "original")
    after: Any = transformers.GenerationConfig.from_pretrained(tmp_path / "back")
    assert after.no_timestamps_token_id == before.no_timestamps_token_id
    assert after.decoder_start_token_id == before.decoder_start_token_id
    assert after.is_multilingual is False  # by its vocabulary, which is far smaller than Whisper's
    assert "a copy in CTranslate2's format, ct2" in (tmp_path / "back" / "README.md").read_text()


def test_the_ids_of_languages_and_tasks() -> None:
    class Tokenizer:
        names = ("<|startoftranscript|>", "<|de|>", "<|transcribe|>", "<|translate|>", "<|notimestamps|>")

        def convert_tokens_to_ids(self, name: str) -> int:
            return self.names.index(name) if name in self.names else 99

        def convert_ids_to_tokens(self, place: int) -> str:
            return self.names[place]

    class Config:
        vocab_size, max_target_positions, decoder_start_token_id = 51_865, 448, 0
        bos_token_id = eos_token_id = pad_token_id = 9

    heads = [[1, 0]]
    source = convert_whisper.Source({}, {"lang_ids": [1], "alignment_heads": heads, "suppress_ids": [5]}, "", "")
    made = convert_whisper._generation(source, Tokenizer(), Config())
    assert made["lang_to_id"] == {"<|de|>": 1}
    assert made["task_to_id"] == {"transcribe": 2, "translate": 3}
    assert (made["alignment_heads"], made["suppress_tokens"]) == (heads, [5])
    Config.vocab_size = 51_864
    assert "lang_to_id" not in convert_whisper._generation(source, Tokenizer(), Config())


def _model_bin(name: str, kind: int = 0, values: bytes = b"\0" * 8, spec: str = "WhisperSpec") -> bytes:
    def text(word: str) -> bytes:
        return struct.pack("<H", len(word) + 1) + word.encode() + b"\0"

    head = struct.pack("<I", 6) + text(spec) + struct.pack("<II", 3, 1)
    return head + text(name) + struct.pack("<BIBI", 1, 2, kind, len(values)) + values


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_model_bin("encoder/conv1/bias", spec="Wav2Vec2Spec"), "model.bin is a Wav2Vec2Spec, not a WhisperSpec"),
        (_model_bin("encoder/conv1/bias", kind=5, values=b"\0" * 4), "conv1/bias is of type 5, which is not read here"),
        (_model_bin("encoder/conv1/bias")[:-3], "model.bin is not in CTranslate2's format, or not whole"),
        (b"", "model.bin is not in CTranslate2's format, or not whole"),
        (_model_bin("encoder/conv1/bias", kind=1, values=b"\0" * 2), "encoder/conv1/bias is quantized"),
        (_model_bin("decoder/layer_0/adapter/weight"), "adapter/weight is a tensor that Whisper has not"),
    ],
)
def test_what_cannot_be_converted_is_one_line(data: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        convert_whisper.to_transformers(convert_whisper.read_tensors(data))


def test_a_bias_of_keys_is_not_dropped_in_silence() -> None:
    bias = np.ones(6, np.float32)
    with pytest.raises(ModelError, match="has a bias for keys"):
        convert_whisper.to_transformers({"encoder/layer_0/self_attention/linear_0/bias": bias})


def test_a_folder_that_lacks_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"no model\.bin there; give whisper-tiny\.en, whisper-base or a folder"):
        convert_whisper.read_source(str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["convert_whisper", str(tmp_path), str(tmp_path / "out")])
    with pytest.raises(SystemExit, match=r"^error: .*no model\.bin there"):
        convert_whisper.main()
