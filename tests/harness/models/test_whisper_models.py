from __future__ import annotations

import json
import re
import shutil
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.errors import HarnessError, ModelError, UsageError
from harness.models._whisper_ids import complete
from harness.models.base import LoadOptions
from harness.models.registry import expected_card, load_model
from harness.models.whisper import Whisper
from harness.types import Clip, Hypothesis, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def _load(folder: Path, **options: Any) -> Whisper:
    model = load_model(str(folder), LoadOptions(**options))
    assert isinstance(model, Whisper)
    return model


def _tokens(model: Whisper, clips: Sequence[Clip]) -> list[list[int]]:
    said: list[list[int]] = [[] for _ in clips]
    for part in model.infer(model.transfer(model.features(clips))).parts:
        for place, tokens in zip(part.places, part.tokens, strict=True):
            said[place] += tokens.tolist()
    return said


def _heard(model: Whisper, clips: Sequence[Clip]) -> list[Hypothesis]:
    return model.text(model.infer(model.transfer(model.features(clips))))


@pytest.mark.parametrize("kind", ["whisper", "whisper.en", "whisper.distil"])
def test_neighbors_and_order_change_nothing(kind: str, checkpoint: Callable[[str], Path], clips: list[Clip]) -> None:
    model = _load(checkpoint(kind))
    alone = [_tokens(model, [clip])[0] for clip in clips]
    assert len({tuple(row) for row in alone}) >= len(clips) // 3
    assert _tokens(model, clips) == alone
    order = np.random.default_rng(2).permutation(len(clips))
    assert _tokens(model, [clips[place] for place in order]) == [alone[place] for place in order]
    assert model.card.batch_invariant
    assert not model.card.non_autoregressive


@pytest.mark.parametrize("kind", ["whisper", "whisper.distil"])
def test_what_clips_cost_is_known_before_loading(kind: str, checkpoint: Callable[[str], Path]) -> None:
    folder = checkpoint(kind)
    expected, card = expected_card(str(folder), LoadOptions(), 4), _load(folder).card
    assert expected is not None
    assert expected.parameters == card.parameters
    assert (expected.window_seconds, expected.clip_bytes) == (card.window_seconds, card.clip_bytes)


def _told(model: Whisper, clips: Sequence[Clip], monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The tokens that decoding begins with, for each clip."""
    begins: list[list[list[int]]] = []
    decoder = model._network.get_decoder()

    def note(_module: Any, _args: Any, kwargs: dict[str, Any]) -> None:
        begins.append(kwargs["input_ids"].tolist())

    hook = decoder.register_forward_pre_hook(note, with_kwargs=True)
    model.infer(model.transfer(model.features(clips)))
    hook.remove()
    return begins[0]


def test_multilingual_models_are_told_each_clips_language(
    checkpoint: Callable[[str], Path], clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _load(checkpoint("whisper"))
    german = Clip(id="german", language="de", waveform=clips[4].waveform)
    names = ["<|startoftranscript|>", "<|de|>", "<|transcribe|>", "<|notimestamps|>"]
    start, de, task, plain = model._tokenizer.convert_tokens_to_ids(names)
    en = model._tokenizer.convert_tokens_to_ids("<|en|>")
    assert _told(model, [clips[3], german], monkeypatch) == [[start, en, task, plain], [start, de, task, plain]]
    with pytest.raises(ModelError, match=r"clip: .* does not know the language 'xx'"):
        model.features([Clip(id="clip", language="xx", waveform=clips[4].waveform)])


def test_english_models_are_told_no_language(
    checkpoint: Callable[[str], Path], clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _load(checkpoint("whisper.en"))
    german = Clip(id="german", language="de", waveform=clips[4].waveform)
    start, plain = model._tokenizer.convert_tokens_to_ids(["<|startoftranscript|>", "<|notimestamps|>"])
    assert _told(model, [german], monkeypatch) == [[start, plain]]


def test_a_clip_that_does_not_fit_is_refused_not_cut(checkpoint: Callable[[str], Path]) -> None:
    model = _load(checkpoint("whisper.en"))
    assert model.card.max_seconds == 3.0  # the tiny one; 30 s in all that were published
    fits = Clip(id="fits", language="en", waveform=np.zeros(48_000, np.float32))
    assert len(model.features([fits]).parts) == 1
    with pytest.raises(ModelError, match=r"long: 3\.0 s is over the 3 s"):
        model.features([fits, Clip(id="long", language="en", waveform=np.zeros(48_001, np.float32))])


def test_nothing_is_too_short_and_nothing_is_lost(checkpoint: Callable[[str], Path]) -> None:
    model = _load(checkpoint("whisper.en"))
    waveforms = [np.zeros(samples, np.float32) for samples in (0, 1, 100, 0, 1600)]
    waveforms += [np.full(2000, np.nan, np.float32)]
    clips = [Clip(id=str(place), language="en", waveform=waveform) for place, waveform in enumerate(waveforms)]
    texts = [made.text for made in model.text(model.infer(model.transfer(model.features(clips))))]
    assert len(texts) == 6
    assert texts[0] == texts[3] == ""
    assert texts[1] == texts[5]  # both are silence to it
    nothing = model.features([clips[0]])
    assert [made.text for made in model.text(model.infer(model.transfer(nothing)))] == [""]


def test_what_is_not_a_number_is_an_error_that_names_the_clip(
    checkpoint: Callable[[str], Path], clips: list[Clip]
) -> None:
    model = _load(checkpoint("whisper.en"))
    features = model.transfer(model.features(clips[:3]))
    features.parts[0].tensors["input_features"][1] = float("nan")
    with pytest.raises(ModelError, match=r"clip-1: .* not finite numbers"):
        model.text(model.infer(features))


def test_bfloat16_runs(checkpoint: Callable[[str], Path], clips: list[Clip]) -> None:
    model = _load(checkpoint("whisper.en"), dtype="bfloat16")
    assert len(model.text(model.infer(model.transfer(model.features(clips))))) == len(clips)


SIX = 6 * 16_000
"""Samples of a clip that is twice as long as the tiny checkpoints hear at a time."""


@pytest.fixture(scope="module")
def mixed(clips: list[Clip]) -> list[Clip]:
    """Two short clips, an empty one, and two that are longer than a window."""
    noise = np.random.default_rng(5)
    long = [
        Clip(id=f"long-{samples}", language="de", waveform=noise.normal(0, 0.2, samples).astype(np.float32))
        for samples in (SIX, 75_001)
    ]
    return [clips[3], long[0], Clip(id="none", language="en", waveform=np.zeros(0, np.float32)), long[1], clips[9]]


def _pipeline(model: Whisper, clip: Clip, **said: Any) -> tuple[str, list[tuple[str, float, float]]]:
    """What the library's own pipeline makes of a clip."""
    from transformers import pipeline
    from transformers.utils import logging

    library: Any = logging
    library.set_verbosity_error()
    recognize: Any = pipeline(
        "automatic-speech-recognition",
        model=model._network,
        tokenizer=model._tokenizer,
        feature_extractor=model._extractor,
        device="cpu",
    )
    told = {"language": clip.language, "task": "transcribe", "do_sample": False, "num_beams": 1}
    told["max_new_tokens"] = model._network.config.max_target_positions - 4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = recognize(clip.waveform.copy(), generate_kwargs=told, **said)
    words = [(one["text"].strip(), *one["timestamp"]) for one in made.get("chunks", ())]
    return made["text"].strip(), [(text, start, start if end is None else end) for text, start, end in words]


@pytest.mark.parametrize("long", ["sequential", "chunked"])
@pytest.mark.parametrize("words", ["no", "yes"])
def test_long_clips_are_what_the_librarys_pipeline_makes_of_them(
    checkpoint: Callable[[str], Path], mixed: list[Clip], long: str, words: str
) -> None:
    model = _load(checkpoint("whisper.long"), model_option=(f"long_form={long}", f"word_times={words}"))
    assert model.card.max_seconds is None
    together = _heard(model, mixed)
    assert _heard(model, mixed[::-1]) == together[::-1]
    assert [_heard(model, [clip])[0] for clip in mixed] == together
    assert (together[2].text, together[2].usage) == ("", Usage(tokens=0))
    said: dict[str, Any] = {"chunk_length_s": 3.0} if long == "chunked" else {"return_timestamps": True}
    if words == "yes":
        said["return_timestamps"] = "word"
    for place in (1, 3):
        text, times = _pipeline(model, mixed[place], **said)
        assert together[place].text == text
        found = together[place].words
        assert (found is None) == (words == "no")
        assert [(word.text, word.start, word.end) for word in found or ()] == (times if words == "yes" else [])
    assert len({made.text for made in together}) == 5


def test_a_long_clip_takes_more_tokens_than_a_window_has(checkpoint: Callable[[str], Path], mixed: list[Clip]) -> None:
    model = _load(checkpoint("whisper.long"), model_option=("long_form=chunked",))
    usage = _heard(model, mixed[1:2])[0].usage
    assert usage is not None
    windows = model.features(mixed[1:2]).parts[0]
    assert [stride[1:] for stride in windows.strides or ()] == [(0.0, 0.5), (0.5, 0.5), (0.5, 0.0)]
    assert usage.tokens == sum(map(len, model.infer(model.transfer(model.features(mixed[1:2]))).parts[0].tokens))


def _changed(folder: Path, tmp_path: Path, name: str, **fields: Any) -> Path:
    """A copy of a checkpoint with fields of a JSON file changed; None takes one out."""
    copy = tmp_path / "copy"
    if not copy.exists():
        shutil.copytree(folder, copy)
    content = json.loads((copy / name).read_text())
    content = {key: value for key, value in {**content, **fields}.items() if value is not None}
    (copy / name).write_text(json.dumps(content))
    return copy


def test_ids_that_generation_config_lacks_are_the_tokenizers(
    checkpoint: Callable[[str], Path], clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _load(checkpoint("whisper"))
    german = [Clip(id="german", language="de", waveform=clips[7].waveform), clips[8]]
    wanted = _tokens(whole, german)
    assert whole.card.note == ""
    bare = _changed(checkpoint("whisper"), tmp_path, "generation_config.json", lang_to_id=None, task_to_id=None)
    model = _load(bare)
    assert _told(model, german, monkeypatch) == _told(whole, german, monkeypatch)
    assert _tokens(model, german) == wanted
    assert model.card.note.endswith("generation_config.json lacks it: languages, tasks")
    (bare / "generation_config.json").unlink()  # as fine-tunes of 2022 are
    model = _load(bare)
    assert _told(model, german, monkeypatch) == _told(whole, german, monkeypatch)
    assert model.card.note.endswith("lacks it: whether it is multilingual, timestamps, languages, tasks")
    with pytest.raises(ModelError, match="does not know the language 'fr'"):
        model.features([Clip(id="french", language="fr", waveform=clips[7].waveform)])


def test_an_english_vocabulary_is_english_though_its_tokenizer_lists_languages() -> None:
    from types import SimpleNamespace

    labels = {"<|startoftranscript|>": 5, "<|en|>": 6, "<|de|>": 7, "<|notimestamps|>": 8, "<|endoftext|>": 4}
    labels["<|transcribe|>"] = 9
    tokenizer = SimpleNamespace(get_vocab=lambda: labels)
    for vocabulary, languages in (
        (51_864, None),
        (51_865, {"<|en|>": 6, "<|de|>": 7}),
        (51_866, {"<|en|>": 6, "<|de|>": 7}),
    ):
        network = SimpleNamespace(
            config=SimpleNamespace(vocab_size=vocabulary, decoder_start_token_id=5),
            generation_config=SimpleNamespace(decoder_start_token_id=None),
        )
        assert complete(network, tokenizer, "it")[0] == languages
        assert network.generation_config.is_multilingual == (languages is not None)
        assert network.generation_config.decoder_start_token_id == 5


@pytest.mark.parametrize(
    ("labels", "start", "message"),
    [
        ({"<|endoftext|>": 1}, 2, "the tokenizer has no <|startoftranscript|>: it is not a Whisper's"),
        ({"<|startoftranscript|>": 2, "<|notimestamps|>": 400, "<|endoftext|>": 1}, 2, "<|notimestamps|> as 400, the"),
        (
            {"<|startoftranscript|>": 3, "<|notimestamps|>": 4, "<|endoftext|>": 1},
            2,
            "as 3, the configuration begins with 2",
        ),
        (
            {"<|startoftranscript|>": 2, "<|notimestamps|>": 4, "<|endoftext|>": 1},
            2,
            "nor its tokenizer names a language",
        ),
        (
            {"<|startoftranscript|>": 2, "<|notimestamps|>": 4, "<|endoftext|>": 1, "<|de|>": 3},
            2,
            "nor the tokenizer has the task <|transcribe|>",
        ),
    ],
)
def test_a_checkpoint_that_cannot_be_told_a_language_is_refused(
    labels: dict[str, int], start: int, message: str
) -> None:
    from types import SimpleNamespace

    network = SimpleNamespace(
        config=SimpleNamespace(vocab_size=300, decoder_start_token_id=start),
        generation_config=SimpleNamespace(decoder_start_token_id=start, is_multilingual=True),
    )
    with pytest.raises(HarnessError, match=f"^it.*{re.escape(message)}"):
        complete(network, SimpleNamespace(get_vocab=lambda: labels), "it")


def test_word_times_need_heads_that_follow_the_sound(checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    bare = _changed(checkpoint("whisper"), tmp_path, "generation_config.json", alignment_heads=None)
    with pytest.raises(UsageError, match=r"word_times=yes: .* does not say which heads follow the sound"):
        load_model(str(bare), LoadOptions(model_option=("word_times=yes",)))


def test_times_of_words_do_not_depend_on_neighbors(checkpoint: Callable[[str], Path], clips: list[Clip]) -> None:
    model = _load(checkpoint("whisper.long"), model_option=("word_times=yes",))
    together = _heard(model, clips)
    assert [_heard(model, [clip])[0] for clip in clips] == together
    assert sum(len(made.words or ()) for made in together) > 5
    plain = _load(checkpoint("whisper.long"))
    assert [made.text for made in _heard(plain, clips)] == [made.text for made in together]
