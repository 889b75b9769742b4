"""A packed batch against transformers' own whole model, run alone, clip by clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers.audio_utils import mel_filter_bank

from harness.errors import ModelError
from harness.models.granite_speech.network import Generated
from harness.models.granite_speech.tasks import Tokens
from harness.types import Clip
from tests.harness.models.granite_speech import tiny

Load = Callable[..., Any]

SECONDS = (0.7, 1.1, 2.34, 0.02, 3.3, 0.33)
"""With both parities of half-frames, whole and partial windows of 0.3 s, and blocks of 0.32 s."""


@pytest.fixture(params=["base", "plus"])
def folder(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


def test_the_oracles_filters_are_those_of_transformers() -> None:
    filters = mel_filter_bank(257, 80, 0.0, 8000.0, 16_000, norm=None, mel_scale="htk")
    assert np.abs(filters - tiny.mel_filters().numpy()).max() < 1e-5  # those are made in float64


def test_what_is_heard_is_what_transformers_hears_alone(folder: Path, load: Load) -> None:
    model, alone, clips = load(folder), tiny.alone(folder), tiny.spoken(SECONDS)
    batch = model.transfer(model.features(clips))
    with torch.inference_mode():
        heard = model.network.hear(batch.rows, batch.frames)
        rows = model.network.rows(heard, [model._prompt] * len(heard.tokens.lengths))
    tokens = [3 * -(-((len(clip.waveform) // 160 + 1) // 2) // 15) for clip in clips]
    assert heard.tokens.lengths.tolist() == tokens
    for clip, row in zip(clips, rows, strict=True):
        given = alone.inputs(clip.waveform, model.task.messages)
        with torch.no_grad():
            audio = alone.network.get_audio_features(given["input_features"]).pooler_output[0]
            expected = alone.network.get_input_embeddings()(given["input_ids"][0])
            expected[given["input_ids"][0] == tiny.AUDIO] = audio
        assert audio.std() > 0.5
        torch.testing.assert_close(row, expected, atol=1e-6, rtol=1e-6)


def test_texts_are_those_of_transformers_alone_in_any_batch(folder: Path, load: Load) -> None:
    model, alone, clips = load(folder), tiny.alone(folder), tiny.spoken(SECONDS)
    empty = Clip(id="empty", language="en", waveform=np.zeros(0, np.float32))
    expected = [alone.tokens(clip.waveform, model.task.messages, 200) for clip in clips]
    texts = [alone.tokenizer.decode(ids, skip_special_tokens=True).strip() for ids in expected]
    assert len(set(texts)) >= 5
    together = tiny.heard(model, [empty, *clips])
    assert [one.text for one in together] == ["", *texts]
    assert [one.usage.tokens for one in together if one.usage] == [0, *map(len, expected)]
    assert tiny.heard(model, clips[::-1])[::-1] == together[1:]
    assert [tiny.heard(model, [clip])[0] for clip in clips] == together[1:]
    assert tiny.heard(model, [empty]) == together[:1]


def test_each_clip_is_asked_with_its_own_keywords(folder: Path, load: Load) -> None:
    alone, clips = tiny.alone(folder), tiny.spoken(SECONDS)
    lists = [("Kiel",), (), ("Kiel", "A b"), ("Ulm",), (), ("Kiel",)]
    clips = [replace(clip, keywords=words) for clip, words in zip(clips, lists, strict=True)]
    model = load(folder, keywords=("Rom",), rows=True)
    users = [", ".join(("Rom", *words)) for words in lists]
    conversations = [model.task.messages[:-1] for _ in clips]
    for messages, words in zip(conversations, users, strict=True):
        said = model.task.user.removesuffix("Rom")
        assert said.endswith(" Keywords: ")
        messages.append({"role": "user", "content": said + words})
    expected = [alone.tokens(clip.waveform, each, 200) for clip, each in zip(clips, conversations, strict=True)]
    texts = [alone.tokenizer.decode(ids, skip_special_tokens=True).strip() for ids in expected]
    assert [one.text for one in tiny.heard(model, clips)] == texts
    plain = load(folder, keywords=("Rom",))
    assert tiny.heard(plain, clips) == tiny.heard(plain, [replace(clip, keywords=()) for clip in clips])
    with pytest.raises(ModelError, match=r"the keyword '<\|x' holds <\|"):
        tiny.heard(model, [replace(clips[0], keywords=("<|x",))])


def test_each_clip_is_cut_at_its_own_limit(base: Path, load: Load) -> None:
    model, alone, clips = load(base), tiny.alone(base), tiny.spoken(SECONDS)
    tokens = Tokens(least=3, a_second=4.0)
    assert [tokens.limit(clip.duration) for clip in clips] == [6, 8, 13, 4, 17, 5]
    model.task = replace(model.task, mode=replace(model.task.mode, tokens=tokens))
    made = tiny.heard(model, clips)
    for clip, one in zip(clips, made, strict=True):
        expected = alone.tokens(clip.waveform, model.task.messages, tokens.limit(clip.duration))
        assert one.text == alone.tokenizer.decode(expected, skip_special_tokens=True).strip()
        assert one.usage is not None
        assert one.usage.tokens == len(expected)
    assert [one.usage.tokens for one in made if one.usage] == [6, 3, 13, 4, 17, 5]
    assert [one.usage.limited for one in made if one.usage] == [1, None, 1, 1, 1, 1]


def test_what_fills_a_row_up_is_no_end_of_it(base: Path, load: Load) -> None:
    own, end = load(base).network._own, tiny.END  # where there is no padding token, the end token fills up
    assert own([1, 2, end, end], 2, numbers=True) == Generated(ids=[1, 2], ended=False)
    assert own([1, end, end, end], 2, numbers=True) == Generated(ids=[1], ended=True)
    assert own([1, 2, 3], 4, numbers=False) == Generated(ids=[1, 2, 3], ended=False, numbers=False)


def test_a_clip_is_refused_that_is_over_the_limit(base: Path, load: Load) -> None:
    model = load(base)
    model.card = replace(model.card, max_seconds=1.0)
    with pytest.raises(ModelError, match=r"clip1: 1\.1 s is over the 1 s that .* hears"):
        model.features(tiny.spoken([0.5, 1.1]))


def test_what_is_no_number_is_said_of_its_clip(base: Path, load: Load) -> None:
    model, clips = load(base), tiny.spoken([0.5, 1.1])
    batch = model.transfer(model.features(clips))
    batch.rows[batch.frames.starts[1]] = torch.nan
    with pytest.raises(ModelError, match=r"clip1: .* gave values that are not finite numbers"):
        model.text(model.infer(batch))
    model = load(base)
    model.network.decoder.lm_head.weight[7] = torch.inf
    with pytest.raises(ModelError, match=r"clip0: .* gave values that are not finite numbers"):
        tiny.heard(model, clips)


def test_broken_samples_cost_nothing_but_themselves(base: Path, load: Load) -> None:
    model, clips = load(base), tiny.spoken([0.5, 1.1])
    broken = clips[0].waveform.copy()
    broken[100:200] = np.nan
    texts = [one.text for one in tiny.heard(model, [replace(clips[0], waveform=broken), clips[1]])]
    assert texts[1] == tiny.heard(model, clips)[1].text


def test_bfloat16_runs_too(base: Path) -> None:
    from harness.models.base import LoadOptions
    from harness.models.registry import load_model

    model: Any = load_model(str(base), LoadOptions(dtype="bfloat16"))
    assert model.network.encoder.input_linear.weight.dtype == torch.bfloat16
    assert len(tiny.heard(model, tiny.spoken([0.5, 1.1]))) == 2
