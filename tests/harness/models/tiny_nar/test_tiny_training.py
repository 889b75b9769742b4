"""What the editor is trained on must be true: a repair that does not collapse to the words would teach errors."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.models.granite_nar import decode
from harness.models.tiny_nar.training.data import BLANK, VOCABULARY, exercise, masked, replaced_at_random
from harness.models.tiny_nar.training.speech import HELD_OUT_SPEAKERS, WORDS, Recording, random_words, trimmed
from harness.models.tiny_nar.training.strings import disturbed, joined, respeeded
from harness.models.tiny_nar.training.train import spoken_rows

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
