"""What transformers does with a batch, a long clip or a checkpoint's own settings, and must not: one test a trap.

Each fails where its guard is taken out of the package.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.errors import ModelError
from harness.models.generating.family import Parts, Row, per_second
from harness.models.generating.model import own_steps
from harness.types import Clip, Hypothesis, Usage
from tests.harness.models.generating.clips import clips, syllables
from tests.harness.models.generating.loaded import load, texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def changed(folder: Path, to: Path, **files: dict[str, Any]) -> Path:
    """A copy of a checkpoint with other values in its JSON files, by their names without ``.json``."""
    shutil.copytree(folder, to)
    for name, values in files.items():
        path = to / f"{name}.json"
        stored = json.loads(path.read_text()) if path.is_file() else {}
        path.write_text(json.dumps(stored | values))
    return to


def test_a_transducers_tokens_end_with_its_own_frames() -> None:
    assert own_steps([0, 1, 0, 2, 1], 3) == 4
    assert own_steps([0, 1], 3) == 2
    assert own_steps([3, 1], 3) == 1


def test_a_transducer_reads_nothing_from_its_padding(tiny: Callable[[str], Path]) -> None:
    model = load(tiny("parakeet_tdt"))
    short, long = clips()[1], syllables(24_000, 9)
    assert texts(model, [short, long])[0] == texts(model, [short])[0]


def test_a_runaway_ends_at_its_own_limit(tiny: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(tiny("canary"))
    model.family = replace(model.family, limit=per_second(2, 1))
    config = model._network.generation_config
    config.max_new_tokens = config.exponential_decay_length_penalty = config.eos_token_id = None
    model._ends = frozenset({10_000})  # as if nothing ended by itself
    some = [syllables(16_000, 1), syllables(48_000, 2)]
    made = model.text(model.infer(model.transfer(model.features(some))))
    assert [one.usage and one.usage.tokens for one in made] == [3, 7]
    assert [one.usage and one.usage.limited for one in made] == [1, 1]
    assert [one.text for one in made] == [texts(model, [clip])[0] for clip in some]


def test_what_ends_by_itself_is_not_called_limited(tiny: Callable[[str], Path]) -> None:
    model = load(tiny("qwen3_asr"))
    made = model.text(model.infer(model.transfer(model.features(clips()))))
    ended = [one for one in made if one.usage and not one.usage.limited]
    assert ended
    assert all(one.usage and (one.usage.tokens or 0) > len(one.text.encode()) for one in ended)  # the end token too


def test_a_limit_stated_by_the_checkpoint_is_kept(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    model = load(changed(tiny("glmasr"), tmp_path / "two", generation_config={"max_new_tokens": 2}))
    made = model.text(model.infer(model.transfer(model.features(clips()[1:3]))))
    assert [one.usage and one.usage.tokens for one in made] == [2, 2]


def test_right_padding_in_the_tokenizers_files_changes_nothing(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tiny("qwen3_asr")
    right = load(changed(folder, tmp_path / "right", tokenizer_config={"padding_side": "right"}))
    assert right._parts.tokenizer.padding_side == "left"
    assert texts(right, clips()) == texts(load(folder), clips())


def test_sampling_and_beams_of_a_checkpoint_are_not_followed(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tiny("canary")
    wild = {"do_sample": True, "num_beams": 3, "temperature": 5.0, "top_k": 40, "top_p": 0.9, "num_return_sequences": 3}
    model = load(changed(folder, tmp_path / "wild", generation_config=wild))
    assert texts(model, clips()) == texts(load(folder), clips())
    assert model._network.generation_config.temperature is None


def test_attention_is_named_to_the_library(tiny: Callable[[str], Path]) -> None:
    assert load(tiny("qwen3_asr"))._network.config._attn_implementation == "sdpa"
    assert load(tiny("speecht5"))._network.config._attn_implementation == "eager"  # it has no other


def test_no_noise_is_drawn(tiny: Callable[[str], Path]) -> None:
    model = load(tiny("vibevoice_asr"))
    some = clips()[1:]
    assert texts(model, some) == texts(model, some)


@pytest.mark.parametrize(
    ("family", "files", "longest"),
    [
        ("glmasr", {"processor_config": {"max_audio_len": 7}}, 4.0),
        ("audioflamingo3", {"processor_config": {"max_audio_len": 7}}, 6.0),
        ("qwen2_audio", {}, 3.0),
        ("moonshine", {"config": {"max_position_embeddings": 16}}, 2.0),
        ("speech_to_text", {}, 6.0),
    ],
)
def test_what_the_library_would_cut_off_is_declared_and_refused(
    family: str, files: dict[str, Any], longest: float, tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    model = load(changed(tiny(family), tmp_path / family, **files))
    assert model.card.max_seconds == longest
    fits = Clip(id="fits", language="en", waveform=np.zeros(int(longest * 16_000), np.float32))
    long = Clip(id="long", language="en", waveform=np.zeros(int(longest * 16_000) + 1, np.float32))
    assert model.features([fits]).ids == ["fits"]
    with pytest.raises(ModelError, match=rf"long: {longest:.1f} s is over the {longest:.0f} s"):
        model.features([fits, long])


def test_cohere_makes_no_rows_of_its_own_and_tells_each_clip_its_language(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tiny("cohere_asr")
    stored = json.loads((folder / "processor_config.json").read_text())
    shorter = {
        "feature_extractor": stored["feature_extractor"] | {"max_audio_clip_s": 1.0, "overlap_chunk_second": 0.25}
    }
    model = load(changed(folder, tmp_path / "short", processor_config=shorter))
    assert model.card.max_seconds == 1.0
    long = syllables(32_000, 3)
    with pytest.raises(ModelError, match=r"clip-3: 2\.0 s is over the 1 s"):
        model.features([long])
    model.card = replace(model.card, max_seconds=None)
    with pytest.raises(ModelError, match=r"clip-3: the library cut 2\.0 s into \d+ pieces by itself"):
        model.features([long])
    model = load(folder)
    mixed = [replace(clip, language="de" if place % 2 else "en") for place, clip in enumerate(clips())]
    assert len(model.features(mixed).calls) == 1
    assert texts(model, mixed) == [texts(model, [clip])[0] for clip in mixed]


def test_seamless_takes_one_language_a_call(tiny: Callable[[str], Path]) -> None:
    model = load(tiny("seamless_m4t"))
    mixed = [replace(clip, language="de" if place % 2 else "en") for place, clip in enumerate(clips())]
    made = model.features(mixed)
    assert [{one.request.language for one in call.clips} for call in made.calls] == [{"eng"}, {"deu"}]
    assert texts(model, mixed) == [texts(model, [clip])[0] for clip in mixed]


def test_checkpoints_as_the_library_saves_them_are_enough(tiny: Callable[[str], Path]) -> None:
    folder = tiny("qwen3_asr")
    assert not (folder / "preprocessor_config.json").exists()
    assert load(folder)._parts.extractor is not None


def test_families_that_leak_share_calls_by_length_only(tiny: Callable[[str], Path]) -> None:
    model = load(tiny("moonshine_streaming"))
    made = model.features(clips())
    assert sorted(len(call.clips) for call in made.calls) == [1, 1, 1, 1, 3]
    assert "only clips of equal length share a batch" in model.card.note
    assert [len(call.clips) for call in load(tiny("moonshine")).features(clips()).calls] == [len(clips())]
    assert [len(call.clips) for call in load(tiny("canary")).features(clips()).calls] == [len(clips())]


def test_a_language_that_a_family_does_not_know_costs_its_clip(tiny: Callable[[str], Path]) -> None:
    model = load(tiny("canary"))
    unknown = replace(clips()[1], language="xx")
    with pytest.raises(ModelError, match=r"clip-1: .* does not know the language 'xx'; it knows bg, hr"):
        model.features([clips()[0], unknown])


def test_broken_samples_are_silence_and_no_samples_say_nothing(tiny: Callable[[str], Path]) -> None:
    model = load(tiny("glmasr"))
    broken = Clip(id="broken", language="en", waveform=np.full(8000, np.nan, np.float32))
    silent = replace(broken, id="silent", waveform=np.zeros(8000, np.float32))
    empty = replace(broken, id="empty", waveform=np.zeros(0, np.float32))
    one = replace(broken, id="one", waveform=np.ones(1, np.float32))
    made = texts(model, [broken, empty, silent, one])
    assert made[0] == made[2]
    assert made[1] == ""
    (nothing,) = model.text(model.infer(model.transfer(model.features([empty]))))
    assert (nothing.text, nothing.usage and nothing.usage.tokens) == ("", 0)


def test_silence_is_heard_where_features_are_divided_by_their_deviation(tiny: Callable[[str], Path]) -> None:
    model = load(tiny("speech_to_text"))
    silent = Clip(id="silent", language="en", waveform=np.zeros(8000, np.float32))
    (features,) = (call.tensors["input_features"] for call in model.features([silent]).calls)
    assert not features.any()
    assert len(texts(model, [silent])) == 1


def test_a_family_reads_its_own_tokens_only(tiny: Callable[[str], Path]) -> None:
    model = load(tiny("qwen3_asr"))
    rows: list[Row] = []

    def read(_parts: Parts, row: Row) -> Hypothesis:
        rows.append(row)
        return Hypothesis(text="")

    model.family = replace(model.family, read=read)
    made = model.text(model.infer(model.transfer(model.features(clips()))))
    assert len({len(row.tokens) for row in rows}) > 1
    assert all(model._parts.tokenizer.pad_token_id not in row.tokens for row in rows)
    usages = [one.usage or Usage() for one in made]
    ends = [0 if usage.limited else 1 for usage in usages]
    assert [usage.tokens for usage in usages] == [len(row.tokens) + end for row, end in zip(rows, ends, strict=True)]


def test_what_is_not_a_number_is_an_error_that_names_the_clip(tiny: Callable[[str], Path]) -> None:
    model = load(tiny("canary"))
    features = model.transfer(model.features(clips()[2:5]))
    features.calls[0].tensors["input_features"][1] = float("nan")
    with pytest.raises(ModelError, match=r"clip-3: .* not finite numbers"):
        model.text(model.infer(features))


def test_a_prompt_without_room_for_text_is_an_error(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    model = load(tiny("canary"))
    model._network.config.decoder_config.max_position_embeddings = 8
    with pytest.raises(ModelError, match=r"clip-1: the prompt leaves no room for text among 8 positions"):
        model.features([clips()[1]])


def test_bfloat16_runs(tiny: Callable[[str], Path]) -> None:
    model = load(tiny("qwen3_asr"), dtype="bfloat16")
    assert len(texts(model, clips())) == len(clips())
