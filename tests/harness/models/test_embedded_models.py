"""The models whose weights come in packages, on a few seconds of real speech."""

from __future__ import annotations

import importlib.util
import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.errors import ModelError, UsageError
from harness.models import hama, whisper_ct2
from harness.models.base import LoadOptions, Model
from harness.models.registry import EMBEDDED, adapters, load_model, missing_modules
from harness.types import Clip

if TYPE_CHECKING:
    from collections.abc import Sequence


SHORT = ("2414-128291-0003", "1998-15444-0008", "2033-164914-0005")
"""Of three speakers; PocketSphinx hears the last one otherwise where its decoder remembers another clip."""


def _installed(name: str) -> Model:
    lacking = missing_modules(adapters()[name])
    if lacking:
        pytest.skip(f"{name} needs {', '.join(lacking)}: pip install '.[sample]'")
    return load_model(name, LoadOptions())


def _texts(model: Model, clips: Sequence[Clip]) -> list[str]:
    return [made.text for made in model.text(model.infer(model.transfer(model.features(clips))))]


@pytest.fixture(scope="module")
def speech(data: Path) -> list[tuple[Clip, str]]:
    """Three short utterances of three speakers, with what was said."""
    import soundfile

    folder = data / "corpora" / "librispeech_test_other"
    if not folder.is_dir():
        pytest.skip(f"no {folder}: set ASR_TEST_DATA")
    rows = {row["id"]: row for row in map(json.loads, (folder / "manifest.jsonl").read_text().splitlines())}
    made = []
    for key in SHORT:
        row = rows[key]
        waveform, rate = soundfile.read(folder / row["audio"], dtype="float32")
        assert rate == 16000
        made.append((Clip(id=row["id"], language="en", waveform=waveform), row["text"]))
    return made


@pytest.mark.parametrize("name", EMBEDDED)
def test_real_speech_is_understood_whatever_came_before(name: str, speech: list[tuple[Clip, str]]) -> None:
    model = _installed(name)
    clips = [clip for clip, _ in speech]
    forwards = _texts(model, clips)
    backwards = _texts(model, clips[::-1])[::-1]
    assert forwards == backwards
    assert _texts(_installed(name), clips[2:]) == forwards[2:]  # as a model that has heard nothing before
    wanted = [word for _, text in speech for word in text.lower().split()]
    heard = " ".join(forwards).lower()
    found = sum(word in heard for word in wanted) / len(wanted)
    assert found > {"whisper-tiny.en": 0.6, "hama": 0.4, "pocketsphinx": 0.3}[name]
    assert model.card.batch_invariant
    assert model.card.max_batch == 1


@pytest.mark.parametrize("name", EMBEDDED)
def test_nothing_is_too_short(name: str) -> None:
    model = _installed(name)
    waveforms = [np.zeros(samples, np.float32) for samples in (0, 1, 100, 399, 1600)]
    waveforms += [np.full(1000, np.nan, np.float32), np.full(1000, -np.inf, np.float32), np.ones(1000, np.float32) * 9]
    clips = [Clip(id=str(place), language="en", waveform=waveform) for place, waveform in enumerate(waveforms)]
    texts = _texts(model, clips)
    assert len(texts) == len(clips)
    assert texts[0] == ""
    assert _texts(model, []) == []


def _copy_of_the_weights(tmp_path: Path) -> Path:
    _installed("whisper-tiny.en")
    for file in whisper_ct2._weights().iterdir():
        (tmp_path / file.name).symlink_to(file)
    return tmp_path


def test_other_weights_than_those_examined_are_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _copy_of_the_weights(tmp_path)
    content = bytearray((folder / "model.bin").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.bin").unlink()
    (folder / "model.bin").write_bytes(content)
    monkeypatch.setattr(whisper_ct2, "_weights", lambda: folder)
    with pytest.raises(
        ModelError, match=r"model\.bin has SHA-256 [0-9a-f]{16}\.\.\., not 1a5afae06a4db91c\.\.\.; it is not"
    ):
        load_model("whisper-tiny.en", LoadOptions())
    (folder / "model.bin").unlink()
    with pytest.raises(ModelError, match=r"model\.bin cannot be read: No such file"):
        load_model("whisper-tiny.en", LoadOptions())


def test_a_precision_that_this_machine_has_not() -> None:
    _installed("whisper-tiny.en")
    with pytest.raises(UsageError, match=r"whisper-tiny\.en cannot run with --device cpu --dtype nonsense here"):
        load_model("whisper-tiny.en", LoadOptions(dtype="nonsense"))


def test_parameters_of_whisper_are_those_in_its_file() -> None:
    _installed("whisper-tiny.en")
    content = (whisper_ct2._weights() / "model.bin").read_bytes()
    place = 4
    place += 2 + struct.unpack_from("<H", content, place)[0] + 4
    (variables,) = struct.unpack_from("<I", content, place)
    place += 4
    numbers, key_biases = 0, 0
    for _ in range(variables):
        (length,) = struct.unpack_from("<H", content, place)
        name = content[place + 2 : place + 1 + length].decode()
        place += 2 + length
        rank = content[place]
        shape = struct.unpack_from(f"<{rank}I", content, place + 1)
        place += 2 + 4 * rank
        (size,) = struct.unpack_from("<I", content, place)
        values = np.frombuffer(content, np.float16, size // 2, place + 4)
        place += 4 + size
        if rank == 0 or size != 2 * int(np.prod(shape)):
            continue
        numbers += int(np.prod(shape))
        if "attention" in name and name.endswith("/bias") and shape[0] in {768, 1152}:
            keys = values[-768:-384]  # queries (where they stand there), keys, values
            assert not keys.any()
            key_biases += keys.size
    assert numbers == 37_764_864
    assert key_biases == 12 * 384
    assert numbers - key_biases == whisper_ct2.CARD.parameters


def test_parameters_of_hama_are_those_in_its_files() -> None:
    _installed("hama")
    spec = importlib.util.find_spec("hama")
    assert spec is not None
    assert spec.origin is not None
    total = 0
    for name in ("asr_waveform", "p2g"):
        content = (Path(spec.origin).parent / "assets" / f"{name}.hama").read_bytes()
        (tensors,) = struct.unpack_from("<I", content, 8)
        place = 12
        for _ in range(tensors):
            (length,) = struct.unpack_from("<H", content, place)
            tensor = content[place + 2 : place + 2 + length].decode()
            place += 2 + length
            rank = content[place + 1]
            shape = struct.unpack_from(f"<{rank}I", content, place + 2)
            place += 2 + 4 * rank + 16
            if tensor not in {"mel_fb", "stft_real_kernel", "stft_imag_kernel"}:
                total += int(np.prod(shape))
    assert total == hama.CARD.parameters


def test_words_are_spelled_in_groups_that_the_speller_takes_whole() -> None:
    words = ["a b", "c", "d e f", "g h i j k l m n", "o", "p"]
    assert list(hama.grouped(words, 6)) == [["a b", "c"], ["d e f"], ["g h i j k l m n"], ["o", "p"]]
    assert list(hama.grouped(words, 100)) == [words]
    assert list(hama.grouped([], 6)) == []
    for size in range(1, 30):
        groups = list(hama.grouped(words, size))
        assert [word for group in groups for word in group] == words
        assert all(len(group) == 1 or len(" | ".join(group).split()) <= size for group in groups)
