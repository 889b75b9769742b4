from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.models.granite_nar.config import FeatureConfig
from harness.models.granite_nar.features import clean, log_mel, mel_filters, pack_audio

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

CONFIG = FeatureConfig()


def test_filters_are_plain_triangles_over_all_bins() -> None:
    filters = mel_filters(CONFIG)
    assert filters.shape == (257, 80)
    assert filters.dtype == torch.float32
    assert float(filters.min()) == 0.0
    assert 0.5 < float(filters.max()) <= 1.0
    # Each bin lies between two peaks, whose triangles sum to 1 there; below the first and above the last it is less.
    sums = filters.sum(dim=1)
    assert torch.allclose(sums[4:245], torch.ones(241), atol=1e-4)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 9000), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_each_clip_is_as_if_alone(lengths: list[int], shuffle: object) -> None:
    generator = np.random.default_rng(sum(lengths))
    waveforms = [generator.normal(0, 10 ** generator.uniform(-4, 0), n).astype(np.float32) for n in lengths]
    rows, frames = log_mel(pack_audio(waveforms, CONFIG), CONFIG)
    assert frames.lengths.tolist() == [max(length, 1600) // 320 for length in lengths]
    for number, waveform in enumerate(waveforms):
        alone, _ = log_mel(pack_audio([waveform], CONFIG), CONFIG)
        torch.testing.assert_close(rows[frames.starts[number] : frames.starts[number + 1]], alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("length", [320, 479, 480, 4799, 4800, 16000])
def test_the_autoregressive_models_hear_one_half_frame_more(length: int) -> None:
    """As transformers' GraniteSpeechFeatureExtractor: length // 160 + 1 of them, an odd last one heard but not kept."""
    waveform = np.zeros(length, np.float32)
    waveform[-100:] = np.random.default_rng(1).normal(0, 0.5, 100)  # the loudest cell is the last one
    waveform[:100] = 1e-3
    rows, frames = log_mel(pack_audio([waveform, waveform], CONFIG, 320, centered=True), CONFIG)
    spectrum = torch.stft(
        torch.from_numpy(waveform), 512, 160, 400, torch.hann_window(400), center=True, return_complex=True
    )
    logs = (spectrum.abs().square().T @ mel_filters(CONFIG)).clamp_min(1e-10).log10()
    assert len(logs) == length // 160 + 1
    logs = torch.maximum(logs, logs.max() - 8.0) / 4.0 + 1.0
    expected = logs[: len(logs) // 2 * 2].reshape(-1, 160)
    assert frames.lengths.tolist() == [len(expected)] * 2
    torch.testing.assert_close(rows, torch.cat([expected, expected]), atol=1e-5, rtol=1e-5)


def test_silence_is_a_constant() -> None:
    rows, frames = log_mel(pack_audio([np.zeros(3200, np.float32)], CONFIG), CONFIG)
    assert frames.lengths.tolist() == [10]
    assert torch.equal(rows, torch.full((10, 160), -1.5))


def test_the_range_is_two_below_the_clips_own_maximum(noise: Callable[..., list[NDArray[np.float32]]]) -> None:
    waveform = noise(16000)[0]
    waveform[8000:] = 0
    loud = np.ones(16000, np.float32)
    rows, frames = log_mel(pack_audio([waveform, loud], CONFIG), CONFIG)
    own = rows[: frames.starts[1]]
    assert float(own.max() - own.min()) == pytest.approx(2.0, abs=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -1e38])
def test_samples_that_are_no_sound_do_not_spread(value: float, noise: Callable[..., list[NDArray[np.float32]]]) -> None:
    broken, other = noise(8000, 8000)
    expected, _ = log_mel(pack_audio([other], CONFIG), CONFIG)
    broken[4000] = value
    rows, frames = log_mel(pack_audio([broken, other], CONFIG), CONFIG)
    assert torch.isfinite(rows).all()
    torch.testing.assert_close(rows[frames.starts[1] :], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("length", [0, 1, 100, 1599])
def test_short_clips_are_continued_with_silence(length: int) -> None:
    cleaned = clean(np.ones(length, np.float32))
    assert cleaned.shape == (1600,)
    assert cleaned.sum() == length


def test_a_strange_array_is_taken_as_samples() -> None:
    assert clean(np.ones((1, 2000), np.float64)).shape == (2000,)
    assert clean(np.ones(2000, np.int16)).dtype == np.float32


def test_no_clips_have_no_rows() -> None:
    rows, frames = log_mel(pack_audio([], CONFIG), CONFIG)
    assert rows.shape == (0, 160)
    assert frames.total == 0
