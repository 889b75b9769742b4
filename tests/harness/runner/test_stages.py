from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.runner.stages import bounds, cut, join, split
from harness.types import SAMPLE_RATE, Clip, Hypothesis, Turn, Word


def clip(samples: int) -> Clip:
    noise = np.random.default_rng(samples).normal(0, 0.1, samples).astype(np.float32)
    return Clip(id="c", language="en", waveform=noise)


@given(st.integers(0, 40 * SAMPLE_RATE), st.floats(1, 12))
def test_pieces_cover_the_clip_and_none_is_too_long(samples: int, max_seconds: float) -> None:
    pieces = cut(clip(samples).waveform, max_seconds)
    assert pieces[0][0] == 0
    assert pieces[-1][1] == samples
    assert all(before[1] == after[0] for before, after in pairwise(pieces))
    assert all(0 < end - begin <= max_seconds * SAMPLE_RATE for begin, end in pieces) or samples == 0
    assert len(pieces) <= 1 + samples / (max_seconds * SAMPLE_RATE * 0.49)


def test_the_cut_is_in_the_pause() -> None:
    noise = clip(10 * SAMPLE_RATE).waveform.copy()
    noise[int(3.5 * SAMPLE_RATE) : int(4.0 * SAMPLE_RATE)] *= 0.01
    (_, first), (second, _) = cut(noise, 6.0)[:2]
    assert first == second
    assert 3.55 * SAMPLE_RATE < first < 3.95 * SAMPLE_RATE


def test_silence_is_cut_as_late_as_allowed() -> None:
    pieces = cut(np.zeros(10 * SAMPLE_RATE, np.float32), 4.0)
    assert len(pieces) == 3
    assert all(end - begin > 3.8 * SAMPLE_RATE for begin, end in pieces[:-1])


def test_a_short_clip_is_left_alone() -> None:
    short = clip(SAMPLE_RATE)
    assert split(short, None) == [short]
    assert split(short, 1.0) == [short]


def test_pieces_are_joined_with_their_times() -> None:
    pieces = split(clip(5 * SAMPLE_RATE), 2.0)
    said = [Hypothesis(text=f" p{n} ", draft=f"d{n}", words=(Word(f"p{n}", 0.1, 0.2),)) for n in range(len(pieces))]
    whole = join(said, pieces)
    assert whole.text == "p0 p1 p2"
    assert whole.draft == "d0 d1 d2"
    assert whole.words is not None
    starts = [begin for begin, _ in bounds(pieces)]
    assert [word.start for word in whole.words] == pytest.approx([start + 0.1 for start in starts])
    assert whole.speakers is None
    assert [piece.id for piece in pieces] == ["c#0", "c#1", "c#2"]


def test_speakers_of_pieces_are_told_apart() -> None:
    pieces = split(clip(3 * SAMPLE_RATE), 2.0)
    whole = join([Hypothesis(text="a b", speakers=("1", "2")), Hypothesis(text="c", speakers=("1",))], pieces)
    assert whole.speakers == ("1, piece 1", "2, piece 1", "1, piece 2")
    alone = Hypothesis(text="a", speakers=("1",))
    assert join([alone], pieces[:1]) is alone
    assert join([alone, Hypothesis(text="b")], pieces).speakers is None


def test_turns_of_pieces_are_moved_and_told_apart() -> None:
    pieces = split(clip(3 * SAMPLE_RATE), 2.0)
    said = [
        Hypothesis(text="a", turns=(Turn("1", "a", 0.5, 1.0),)),
        Hypothesis(text="b", turns=(Turn("1", "b", 0, 1),)),
    ]
    start = pieces[0].duration
    assert join(said, pieces).turns == (Turn("1, piece 1", "a", 0.5, 1.0), Turn("1, piece 2", "b", start, start + 1))
    untimed = Hypothesis(text="b", turns=(Turn("1", "b", None, None),))
    assert join([said[0], untimed], pieces).turns == (said_turn(), Turn("1, piece 2", "b", None, None))
    assert join([said[0], Hypothesis(text="b")], pieces).turns is None


def said_turn() -> Turn:
    return Turn("1, piece 1", "a", 0.5, 1.0)


def test_a_piece_with_nothing_in_it_leaves_no_double_space() -> None:
    pieces = split(clip(5 * SAMPLE_RATE), 2.0)
    assert join([Hypothesis(text="a"), Hypothesis(text=""), Hypothesis(text="b")], pieces).text == "a b"
