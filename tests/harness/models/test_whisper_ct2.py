"""Whisper in CTranslate2: batches of clips give what faster-whisper gives one at a time; folders of users' own."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.errors import ModelError, UsageError
from harness.models import whisper_ct2
from harness.models._faster_whisper import GREEDY, FasterWhisper
from harness.models.base import LoadOptions
from harness.models.registry import adapters, check_model, load_model, missing_modules
from harness.types import Clip, Hypothesis
from tests.harness.models.conftest import to_ctranslate2, whisper_checkpoint
from tools import convert_whisper

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

slow = pytest.mark.skipif(not os.environ.get("ASR_SLOW_TESTS"), reason="takes minutes: ASR_SLOW_TESTS=1")

if missing_modules(adapters()["whisper-ct2"]):
    pytest.skip("faster-whisper is not installed: pip install '.[sample]'", allow_module_level=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny English Whisper of CTranslate2 with random weights."""
    place = tmp_path_factory.mktemp("ct2")
    whisper_checkpoint(place / "original", multilingual=False, positions=448, seconds=30)
    to_ctranslate2(place / "original", place / "model")
    return place / "model"


def _load(name: Path | str, *said: str) -> FasterWhisper:
    model = load_model(str(name), LoadOptions(model_option=said))
    assert isinstance(model, FasterWhisper)
    return model


def _heard(model: FasterWhisper, clips: Sequence[Clip]) -> list[Hypothesis]:
    return model.text(model.infer(model.transfer(model.features(clips))))


def _plain(model: FasterWhisper, clip: Clip, **said: Any) -> tuple[str, list[tuple[str, float, float]]]:
    """faster-whisper's own loop over its segments."""
    segments, _ = model._model.transcribe(clip.waveform, language=clip.language, vad_filter=False, **GREEDY, **said)
    found = list(segments)
    words = [(word.word.strip(), word.start, word.end) for made in found for word in made.words or ()]
    return "".join(made.text for made in found).strip(), words


@pytest.mark.parametrize("long", ["sequential", "cut"])
def test_batches_of_a_folders_model_are_faster_whispers_texts(folder: Path, clips: list[Clip], long: str) -> None:
    model = _load(folder, f"long_form={long}")
    alone = [_plain(model, clip, without_timestamps=long == "cut")[0] for clip in clips]
    assert len(set(alone)) >= 3
    assert [made.text for made in _heard(model, clips)] == alone
    assert {made.words for made in _heard(model, clips)} == {None}
    order = np.random.default_rng(2).permutation(len(clips))
    assert [made.text for made in _heard(model, [clips[place] for place in order])] == [alone[n] for n in order]
    assert (model.card.max_seconds, model.card.max_batch) == (30.0 if long == "cut" else None, 16)
    assert model.card.batch_invariant
    assert model.card.id == str(folder)


@pytest.mark.parametrize("long", ["sequential", "cut"])
def test_keywords_are_faster_whispers_hotwords(folder: Path, clips: list[Clip], long: str) -> None:
    told = LoadOptions(model_option=(f"long_form={long}",), keywords=("Kiel", "A b"))
    model = load_model(str(folder), told)
    assert isinstance(model, FasterWhisper)
    plain, some = long == "cut", clips[3:4]
    alone = [_plain(model, clip, hotwords="Kiel, A b", without_timestamps=plain)[0] for clip in some]
    assert [made.text for made in _heard(model, some)] == alone
    assert alone != [_plain(model, clip, without_timestamps=plain)[0] for clip in some]


def test_more_keywords_than_a_prompt_has_room_for_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"--keywords: \d+ tokens, and .* takes 223; give fewer or shorter ones"):
        load_model(str(folder), LoadOptions(keywords=("word",) * 300))


def test_an_empty_clip_among_others_says_nothing(folder: Path, clips: list[Clip]) -> None:
    model = _load(folder)
    empty = Clip(id="empty", language="en", waveform=np.zeros(0, np.float32))
    among = _heard(model, [clips[7], empty, clips[8]])
    assert (among[1].text, among[1].usage) == ("", _heard(model, [empty])[0].usage)
    assert [among[0], among[2]] == _heard(model, [clips[7], clips[8]])


def test_tokens_are_counted(folder: Path, clips: list[Clip]) -> None:
    model = _load(folder, "long_form=cut")
    features = model.features(clips[:2])
    results = model._generate(model._encode(features), features)
    counts = [len(result.sequences_ids[0]) for result in results]
    assert [made.usage.tokens for made in _heard(model, clips[:2]) if made.usage] == counts
    assert all(counts)


def _removed(folder: Path, tmp_path: Path, *names: str) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    for name in names:
        (copy / name).unlink()
    return copy


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_folder_that_lacks_a_file(folder: Path, tmp_path: Path, name: str) -> None:
    copy = _removed(folder, tmp_path, name)
    with pytest.raises(UsageError, match=rf"has no {name}; a Whisper of CTranslate2 needs model\.bin, config\.json"):
        check_model(str(copy))


def test_another_kind_of_model(folder: Path, tmp_path: Path) -> None:
    copy = _removed(folder, tmp_path)
    (copy / "model.bin").write_bytes(b"\x06\0\0\0\x0d\0Wav2Vec2Spec\0")
    with pytest.raises(
        UsageError, match="holds a model of CTranslate2 of the kind Wav2Vec2Spec; here only WhisperSpec"
    ):
        check_model(str(copy))
    (copy / "model.bin").write_bytes(b"PK\x03\x04 a pickle of torch")
    assert not whisper_ct2.ADAPTER.accepts(str(copy))


def test_the_tokenizer_of_another_model(folder: Path, tmp_path: Path) -> None:
    copy = _removed(folder, tmp_path)
    content = json.loads((copy / "tokenizer.json").read_text())
    content["added_tokens"][0]["id"] += 1
    (copy / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(
        ModelError, match=r"tokenizer\.json has <\|endoftext\|> as 257, the vocabulary has not: another"
    ):
        load_model(str(copy), LoadOptions())
    content["added_tokens"] = []
    (copy / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match=r"tokenizer\.json has no <\|endoftext\|>: it is not a Whisper's"):
        load_model(str(copy), LoadOptions())


def test_other_weights_are_another_revision(folder: Path, tmp_path: Path) -> None:
    copy, now = _removed(folder, tmp_path), whisper_ct2.ADAPTER.identify
    assert now(str(copy)) == now(str(folder)) == _load(folder).card.revision
    data = bytearray((copy / "model.bin").read_bytes())
    data[-100] ^= 1
    (copy / "model.bin").write_bytes(data)
    assert now(str(copy)) != now(str(folder))


def test_an_option_that_there_is_not(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"long_form of .* \(whisper-ct2\) is one of cut, sequential, chunked"):
        load_model(str(folder), LoadOptions(model_option=("long_form=whole",)))


def _speech(data: Path, corpus: str, count: int, longest: float = 29.0, shortest: float = 0.0) -> list[Clip]:
    """The first clips of a corpus of 16 kHz."""
    import soundfile

    found: list[Clip] = []
    path = data / "corpora" / corpus
    if not path.is_dir():
        pytest.skip(f"no {path}: set ASR_TEST_DATA")
    for row in map(json.loads, (path / "manifest.jsonl").read_text(encoding="utf-8").splitlines()):
        if len(found) < count and shortest <= row["duration_s"] <= longest:
            waveform, rate = soundfile.read(path / row["audio"], dtype="float32")
            assert rate == 16_000
            found.append(Clip(id=row["id"], language=row["language"], waveform=waveform))
    return found


def _installed(name: str, *said: str) -> FasterWhisper:
    if lacking := missing_modules(adapters()[name]):
        pytest.skip(f"{name} needs {', '.join(lacking)}")
    return _load(name, *said)


@pytest.mark.parametrize("count", [3, pytest.param(120, marks=slow)])
def test_real_speech_in_batches_is_what_faster_whisper_hears_clip_by_clip(data: Path, count: int) -> None:
    model = _installed("whisper-tiny.en")
    speech = sorted(_speech(data, "an4" if count > 70 else "librispeech_test_other", count, longest=9.0), key=_length)
    assert len(speech) == count
    plain = [_plain(model, clip)[0] for clip in speech]
    for size in (16, 5) if count > 70 else (3,):
        together = [made.text for n in range(0, count, size) for made in _heard(model, speech[n : n + size])]
        assert together == plain


def _length(clip: Clip) -> int:
    return len(clip.waveform)


def test_words_have_faster_whispers_times(data: Path) -> None:
    model = _installed("whisper-tiny.en", "word_times=yes")
    speech = _speech(data, "librispeech_test_other", 2, longest=6.0)
    for clip, made in zip(speech, _heard(model, speech), strict=True):
        text, words = _plain(model, clip, word_timestamps=True)
        assert made.text == text
        assert made.words is not None
        assert [(word.text, word.start, word.end) for word in made.words] == words
        assert len(words) >= 3


@slow
@pytest.mark.parametrize("long", ["sequential", "chunked"])
def test_long_clips_are_heard_to_their_end(data: Path, long: str) -> None:
    model = _installed("whisper-tiny.en", f"long_form={long}")
    (clip,) = _speech(data, "longform_librispeech", 1, longest=90.0, shortest=31.0)
    short = Clip(id="short", language="en", waveform=clip.waveform[: 5 * 16_000])
    together = _heard(model, [short, clip])
    if long == "sequential":
        assert together[1].text == _plain(model, clip)[0]
    row = next(
        row
        for row in map(
            json.loads, (data / "corpora" / "longform_librispeech" / "manifest.jsonl").read_text().splitlines()
        )
        if row["id"] == clip.id
    )
    last = [word.strip(".,").lower() for word in row["text"].split()[-12:]]
    heard = together[1].text.lower()
    assert sum(word in heard[len(heard) // 2 :] for word in last) >= 8
    assert together[0].usage is not None
    assert together[0].usage.tokens


@slow
@pytest.mark.parametrize("name", ["whisper-tiny.en", "whisper-base"])
def test_a_converted_model_says_what_the_original_says(data: Path, tmp_path: Path, name: str) -> None:
    """The same spectrogram to both, since faster-whisper fills clips up otherwise: then no text differs."""
    original = _installed(name, "long_form=cut")
    convert_whisper.convert(convert_whisper.read_source(name), tmp_path / "converted")
    converted: Any = load_model(str(tmp_path / "converted"), LoadOptions())
    compared = 0
    for clip in _speech(data, "librispeech_test_other", 8, longest=8.0):
        features = converted.features([clip])
        heard = original.features([clip])
        heard[0].features = np.pad(features.parts[0].tensors["input_features"][0].numpy(), ((0, 0), (0, 1)))
        said = original.text(original.infer(original.transfer(heard)))[0].text
        assert converted.text(converted.infer(converted.transfer(features)))[0].text == said
        compared += bool(said)
    assert compared == 8
