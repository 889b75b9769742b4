"""What the editor is trained on must be true: a repair that does not collapse to the words would teach errors."""

from __future__ import annotations

import itertools
import json
import random
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.models.granite_nar import decode
from tools.tiny_nar.data import BLANK, VOCABULARY, exercise, masked, replaced_at_random
from tools.tiny_nar.speech import HELD_OUT_SPEAKERS, WORDS, Recording, random_words, trimmed
from tools.tiny_nar.strings import disturbed, joined, respeeded
from tools.tiny_nar.train import Average, spoken_rows
from tools.tiny_nar.train import main as train

if TYPE_CHECKING:
    from pathlib import Path

words_of = st.lists(st.integers(0, len(WORDS) - 1), min_size=1, max_size=9).map(lambda each: np.array(each, np.int64))


@given(
    words_of,
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from([0.0, 0.4]),
    st.sampled_from([0.0, 0.3]),
)
def test_every_repair_says_the_words(
    words: np.ndarray, seed: int, blanked: float, replaced: float, moved: float
) -> None:
    task = exercise(words, random.Random(seed), blanked=blanked, replaced=replaced, moved=moved)
    assert len(task.slots) == len(task.target) == len(task.place) >= 8
    assert decode.collapsed(task.target, BLANK).tolist() == words.tolist()
    said = task.place >= 0
    assert task.place[said].tolist() == list(range(len(words)))
    assert task.target[said].tolist() == words.tolist()
    assert (task.slots[::2] == BLANK).all()
    if not (blanked or replaced or moved):
        assert task.slots.tolist() == task.target.tolist() == decode.slots(words, BLANK, 8).tolist()


@given(words_of, st.integers(0, 1000))
def test_replaced_tokens_are_others(words: np.ndarray, seed: int) -> None:
    assert (replaced_at_random(words, 1.0, random.Random(seed)) != words).all()
    assert (replaced_at_random(words, 0.0, random.Random(seed)) == words).all()


def test_rows_are_given_to_words_only_where_they_say_them() -> None:
    rows = np.array([BLANK, 3, 3, BLANK, 3, 5, BLANK])
    found = spoken_rows(rows, np.array([3, 3, 5]))
    assert found is not None
    assert found.tolist() == [-1, 0, 0, -1, 1, 2, -1]
    assert spoken_rows(rows, np.array([3, 5])) is None


def test_recordings_are_joined_in_order_and_stay_sounds() -> None:
    chance = random.Random(1)
    tones = [
        Recording(np.sin(np.arange(4000) * step).astype(np.float32), (word,), "a")
        for step, word in ((0.1, "one"), (0.3, "two"))
    ]
    whole = joined(tones, chance, gap=(0.1, 0.1))
    assert whole.words == ("one", "two")
    assert 8000 + 1600 <= len(whole.waveform) <= 8000 + 1600 + 2 * 4800
    for _ in range(20):
        out = disturbed(whole.waveform, chance)
        assert np.isfinite(out).all()
        assert 0.04 < np.abs(out).max() < 0.91
        assert abs(len(out) - len(whole.waveform)) < 10
    assert abs(len(respeeded(whole.waveform, 1.25)) - len(whole.waveform) / 1.25) < 5
    assert len(trimmed(np.concatenate([np.zeros(9000), tones[0].waveform, np.zeros(9000)]).astype(np.float32))) < 5100


def test_masks_keep_both_half_frames_alike() -> None:
    clip = np.random.default_rng(0).normal(0, 1, (60, 160)).astype(np.float32)
    before = clip.copy()
    masked(clip, np.random.default_rng(3))
    changed = clip != before
    assert changed.any()
    assert (changed[:, :80] == changed[:, 80:]).all()


def test_words_and_speakers() -> None:
    chance = random.Random(2)
    drawn = [random_words(chance, 3, 8) for _ in range(300)]
    assert {len(each) for each in drawn} == set(range(3, 9))
    assert {word for each in drawn for word in each} == set(WORDS)
    assert VOCABULARY == 13
    assert HELD_OUT_SPEAKERS == ("george", "lucas")


def test_the_average_is_of_weights_not_of_counters() -> None:
    norm = torch.nn.BatchNorm1d(1)
    average = Average(norm, decay=0.5)
    norm.load_state_dict({"weight": torch.tensor([3.0]), "num_batches_tracked": torch.tensor(7)}, strict=False)
    average.add()
    average.apply()
    state = norm.state_dict()
    assert state["weight"].tolist() == [2.0]
    assert int(state["num_batches_tracked"]) == 7


def test_training_goes_on_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(1)
    for name in ("train", "held_out", "an4_test"):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        np.save(folder / "features.npy", noise.normal(0, 1, (400, 160)).astype(np.float16))
        (folder / "index.json").write_text(json.dumps({"lengths": [100] * 4, "words": ["one two"] * 4}))

    # The trainer spends minutes; its clock goes on a tenth of a second at a look, whatever the machine does.
    looks = itertools.count()
    monkeypatch.setattr("tools.tiny_nar.train.time", SimpleNamespace(monotonic=lambda: next(looks) / 10))

    def trained(minutes: str) -> dict[str, dict[str, float]]:
        command = ["train", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "run"), "--batch-seconds", "4"]
        monkeypatch.setattr("sys.argv", [*command, "--minutes", minutes, minutes])
        train()
        return {stage: json.loads((tmp_path / "run" / f"{stage}.json").read_text()) for stage in ("encoder", "editor")}

    before = trained("0.005")
    assert [before[stage]["steps"] for stage in before] == [3, 3]
    weights = (tmp_path / "run" / "model.safetensors").read_bytes()
    assert trained("0.005") == before
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == weights
    after = trained("0.02")
    assert [after[stage]["steps"] for stage in after] == [12, 12]
    assert (tmp_path / "run" / "model.safetensors").read_bytes() != weights
