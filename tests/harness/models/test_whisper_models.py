from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.errors import ModelError
from harness.models.base import LoadOptions
from harness.models.registry import load_model
from harness.models.whisper import Whisper
from harness.types import Clip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def _load(folder: Path, **options: Any) -> Whisper:
    model = load_model(str(folder), LoadOptions(**options))
    assert isinstance(model, Whisper)
    return model


def _tokens(model: Whisper, clips: Sequence[Clip]) -> list[list[int]]:
    rows = model.infer(model.transfer(model.features(clips))).tokens.tolist()
    end = model._tokenizer.eos_token_id
    return [row[: row.index(end)] if end in row else row for row in rows]


@pytest.mark.parametrize("kind", ["whisper", "whisper.en"])
def test_neighbors_and_order_change_nothing(kind: str, checkpoint: Callable[[str], Path], clips: list[Clip]) -> None:
    model = _load(checkpoint(kind))
    alone = [_tokens(model, [clip])[0] for clip in clips]
    assert len({tuple(row) for row in alone}) >= len(clips) // 3
    assert _tokens(model, clips) == alone
    order = np.random.default_rng(2).permutation(len(clips))
    assert _tokens(model, [clips[place] for place in order]) == [alone[place] for place in order]
    assert model.card.batch_invariant
    assert not model.card.non_autoregressive


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
    assert len(model.features([fits]).places) == 1
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
    features.tensors["input_features"][1] = float("nan")
    with pytest.raises(ModelError, match=r"clip-1: .* not finite numbers"):
        model.text(model.infer(features))


def test_bfloat16_runs(checkpoint: Callable[[str], Path], clips: list[Clip]) -> None:
    model = _load(checkpoint("whisper.en"), dtype="bfloat16")
    assert len(model.text(model.infer(model.transfer(model.features(clips))))) == len(clips)
