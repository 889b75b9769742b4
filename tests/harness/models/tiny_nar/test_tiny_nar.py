"""The committed checkpoint: it transcribes, and what it says of a clip does not depend on the batch.

`ASR_SLOW_TESTS=1` draws 200 batchings instead of 10.
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.dataset import Request, open_dataset
from benchmarks.registry import get_dataset
from harness.audio import load_clip
from harness.errors import ModelError
from harness.models.base import LoadOptions
from harness.models.granite_nar.loading import read_config
from harness.models.granite_nar.model import GraniteNarModel
from harness.models.registry import load_model
from harness.models.tiny_nar import CARD, FOLDER
from harness.types import Clip
from tools.tiny_nar.evaluate import counts
from tools.tiny_nar.prepare import held_out_strings
from tools.tiny_nar.speech import Recording

if TYPE_CHECKING:
    from pathlib import Path

    from harness.types import Hypothesis

BATCHINGS = 200 if os.environ.get("ASR_SLOW_TESTS") else 10


@pytest.fixture(scope="module")
def model() -> GraniteNarModel:
    loaded = load_model("tiny-nar", LoadOptions())
    assert isinstance(loaded, GraniteNarModel)
    return loaded


@pytest.fixture(scope="module")
def spoken() -> list[tuple[Clip, str]]:
    """The digits benchmark: clips with their references."""
    found = []
    for utterance in open_dataset(get_dataset("digits"), Request()):
        found.append((load_clip(utterance), utterance.reference))
    return found


def hear(model: GraniteNarModel, clips: list[Clip]) -> list[Hypothesis]:
    return model.text(model.infer(model.transfer(model.features(clips))))


def clip(waveform: np.ndarray, name: str = "clip") -> Clip:
    return Clip(id=name, language="en", waveform=waveform.astype(np.float32))


def errors(reference: str, hypothesis: str) -> int:
    """Word errors, counted by the plain recurrence."""
    said = hypothesis.split()
    row = list(range(len(said) + 1))
    for number, word in enumerate(reference.split(), start=1):
        before, row[0] = row[0], number
        for place, other in enumerate(said, start=1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != other))
    return row[-1]


def test_it_knows_voices_that_it_never_heard(model: GraniteNarModel, spoken: list[tuple[Clip, str]]) -> None:
    heard = hear(model, [each for each, _ in spoken])
    words = sum(len(reference.split()) for _, reference in spoken)
    edited = sum(errors(reference, said.text) for (_, reference), said in zip(spoken, heard, strict=True))
    drafted = sum(errors(reference, said.draft or "") for (_, reference), said in zip(spoken, heard, strict=True))
    assert words == 365
    assert edited <= 0.05 * words
    assert drafted <= 0.08 * words


def test_the_editor_hears_the_audio(model: GraniteNarModel, spoken: list[tuple[Clip, str]]) -> None:
    recordings = [Recording(each.waveform, tuple(reference.split()), each.id) for each, reference in spoken]
    found = counts(model.network, recordings)
    assert (found["strings"], found["words"]) == (150, 365)
    # Of the errors that replacing put into the drafts, an editor that copies would leave all.
    assert found["damaged_draft"] - found["draft"] >= 30
    assert found["damaged_edited"] - found["edited"] <= 0.5 * (found["damaged_draft"] - found["draft"])


def test_it_knows_people_that_it_never_heard(model: GraniteNarModel, shared: Path) -> None:
    corpora = shared / "corpora"
    if not (corpora / "fsdd" / "manifest.jsonl").is_file():
        pytest.skip(f"no free spoken digit dataset at {corpora}")
    found = counts(model.network, list(held_out_strings(corpora, 400, seed=7)))
    assert (found["strings"], found["words"]) == (400, 2218)
    assert found["edited"] <= 0.15 * found["words"]
    assert found["edited"] <= found["draft"]
    assert found["damaged_edited"] - found["edited"] <= 0.5 * (found["damaged_draft"] - found["draft"])


def test_ids_do_not_depend_on_batch_order_or_neighbors(model: GraniteNarModel, spoken: list[tuple[Clip, str]]) -> None:
    chance = random.Random(11)
    clips = []
    for number in range(100):
        whole = spoken[number % len(spoken)][0].waveform
        length = int(chance.uniform(0.05, 1.1) * 16000)
        start = chance.randrange(max(1, len(whole) - length))
        clips.append(clip(whole[start : start + length] * chance.uniform(0.05, 2), str(number)))

    def ids(some: list[Clip]) -> list[tuple[list[int], list[int]]]:
        out = model.infer(model.transfer(model.features(some)))
        return [(draft.tolist(), final.tolist()) for draft, final in zip(out.draft, out.final, strict=True)]

    alone = [ids([each])[0] for each in clips]
    assert sum(len(final) for _, final in alone) > 100
    for _ in range(BATCHINGS):
        order = chance.sample(range(100), 100)
        size = chance.randint(2, 40)
        for start in range(0, 100, size):
            places = order[start : start + size]
            assert ids([clips[place] for place in places]) == [alone[place] for place in places]


@pytest.mark.parametrize("samples", [0, 1, 100, 319, 320, 1600])
def test_nothing_is_too_short(model: GraniteNarModel, samples: int) -> None:
    heard = hear(model, [clip(np.full(samples, 0.1))])
    assert len(heard) == 1
    assert heard[0].draft is not None


def test_silence_nan_and_clipping_leave_the_neighbors_alone(
    model: GraniteNarModel, spoken: list[tuple[Clip, str]]
) -> None:
    good, _ = spoken[0]
    broken = good.waveform.copy()
    broken[1000:1010] = np.nan
    strange = [
        clip(np.zeros(16000)),
        clip(np.full(16000, np.nan)),
        clip(broken),
        clip(np.clip(good.waveform * 1000, -1, 1)),
        clip(np.full(16000, 1e38)),
    ]
    alone = hear(model, [good])[0]
    heard = hear(model, [*strange, good])
    assert heard[-1] == alone
    # Ten samples that are not numbers are 0.6 ms of silence.
    assert errors(alone.text, heard[2].text) <= 1


def test_a_clip_that_is_too_long_is_named(model: GraniteNarModel) -> None:
    longest = model.card.max_seconds
    assert longest == CARD.max_seconds == 56.0
    with pytest.raises(ModelError, match=r"long one: 56\.1 s is longer than the 56 s that tiny-nar takes"):
        hear(model, [clip(np.zeros(int(56.1 * 16000)), "long one")])
    assert len(hear(model, [clip(np.zeros(56 * 16000))])) == 1


def test_an_empty_batch_is_no_error(model: GraniteNarModel) -> None:
    assert hear(model, []) == []


def test_the_card_is_the_checkpoints(model: GraniteNarModel) -> None:
    assert model.card.parameters == CARD.parameters
    assert model.card.license == CARD.license
    assert model.card.languages == CARD.languages
    assert model.card.packs
    assert model.card.batch_invariant
    assert model.card.non_autoregressive
    assert model.card.revision is not None
    assert model.card.revision.startswith("sha256:")


def test_the_checkpoint_is_small_and_of_the_published_format() -> None:
    assert (FOLDER / "model.safetensors").stat().st_size <= 16_000_000
    config = read_config(FOLDER)
    assert config.editor.embedding_multiplier == 12.0
    assert config.encoder_layer_indices == (2, 3, 5, -1)
    assert not config.shifted_blank


def test_bfloat16_hears_the_same_words(spoken: list[tuple[Clip, str]]) -> None:
    half = load_model("tiny-nar", LoadOptions(dtype="bfloat16"))
    assert isinstance(half, GraniteNarModel)
    heard = hear(half, [each for each, _ in spoken])
    assert sum(errors(reference, said.text) for (_, reference), said in zip(spoken, heard, strict=True)) <= 0.08 * 365
