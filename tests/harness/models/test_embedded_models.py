"""The models whose weights come in packages, on a few seconds of real speech."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.errors import ModelError, UsageError
from harness.models import _whisper_weights as _weights
from harness.models import hama, whisper_base, whisper_tiny_en
from harness.models._whisper_weights import BASE, BY_NAME, TINY_EN, Packages
from harness.models.base import LoadOptions, Model
from harness.models.registry import EMBEDDED, adapters, load_model, missing_modules
from harness.types import Clip
from tools import convert_whisper

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
    assert model.card.max_batch == (16 if name == "whisper-tiny.en" else 1)


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


def _damaged(packages: Packages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the packages, one byte of the weights turned; gives the file that has it."""
    for packed in packages.files:
        path = tmp_path / packed.module / packed.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(_weights.folder_of(packed.module, packages) / packed.path)
    monkeypatch.setattr(_weights, "folder_of", lambda module, _packages: tmp_path / module)
    first = tmp_path / packages.files[0].module / packages.files[0].path
    content = bytearray(first.read_bytes())
    content[len(content) // 2] ^= 1
    first.unlink()
    first.write_bytes(content)
    return first


@pytest.mark.parametrize("name", BY_NAME)
def test_other_weights_than_those_examined_are_not_loaded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lacking := missing_modules(adapters()[name]):
        pytest.skip(f"{name} needs {', '.join(lacking)}")
    packages = BY_NAME[name]
    path = _damaged(packages, tmp_path, monkeypatch)
    stated = packages.files[0].sha256[:16]
    with pytest.raises(
        ModelError, match=rf"{path.name} has SHA-256 [0-9a-f]{{16}}\.\.\., not {stated}\.\.\.; it is not"
    ):
        load_model(name, LoadOptions())
    path.unlink()
    with pytest.raises(ModelError, match=rf"{path.name} cannot be read: No such file"):
        load_model(name, LoadOptions())


def test_a_precision_that_this_machine_has_not() -> None:
    _installed("whisper-tiny.en")
    with pytest.raises(UsageError, match=r"whisper-tiny\.en cannot run with --device cpu --dtype nonsense here"):
        load_model("whisper-tiny.en", LoadOptions(dtype="nonsense"))


@pytest.mark.parametrize(
    ("packages", "numbers", "layers", "width", "stated"),
    [
        (TINY_EN, 37_764_864, 12, 384, whisper_tiny_en.CARD.parameters),
        (BASE, 72_603_136, 18, 512, whisper_base.CARD.parameters),
    ],
    ids=lambda value: value.name if isinstance(value, Packages) else None,
)
def test_parameters_of_whisper_are_those_in_its_file(
    packages: Packages, numbers: int, layers: int, width: int, stated: int
) -> None:
    if lacking := missing_modules(adapters()[packages.name]):
        pytest.skip(f"{packages.name} needs {', '.join(lacking)}")
    content = packages.read()["model.bin"]
    assert hashlib.sha256(content).hexdigest() == packages.model_sha256
    tensors = convert_whisper.read_tensors(content)
    found = sum(values.size for values in tensors.values() if values.ndim and values.dtype == np.float16)
    assert found == numbers
    assert numbers - layers * width == stated  # keys have a bias of zeros there, a layer each
    converted = convert_whisper.to_transformers(tensors)
    assert sum(values.size for values in converted.values()) == stated


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
