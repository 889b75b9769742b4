"""The level of speech, and mixes at a ratio: measured on the mix, to a hundredth of a decibel."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.dataset import Request, open_dataset
from benchmarks.registry import get_dataset
from harness.audio import load_clip
from harness.perturb.apply import perturbed
from harness.perturb.levels import FRAME, NOMINAL, active_power, mixed, power


def slow_active_power(samples: NDArray[np.float32]) -> float:
    """As the definition says it: frames are left out one at a time, the quietest first."""
    frames = [samples[at : at + FRAME].astype(np.float64) for at in range(0, len(samples), FRAME)]
    frames.sort(key=lambda frame: float(np.mean(frame**2)))
    while True:
        level = sum(float(np.sum(frame**2)) for frame in frames) / sum(map(len, frames))
        if 10 * math.log10(level) - 10 * math.log10(max(float(np.mean(frames[0] ** 2)), 1e-300)) <= 15.9:
            return level
        del frames[0]


def speech() -> list[tuple[str, NDArray[np.float32]]]:
    clips = map(load_clip, open_dataset(get_dataset("sample_read"), Request()))
    return [(clip.id, clip.waveform) for clip in clips]


def test_the_level_of_speech_does_not_depend_on_pauses() -> None:
    generator = np.random.default_rng(1)
    said = (generator.standard_normal(32 * FRAME) * 0.1).astype(np.float32)
    alone = active_power(said)
    assert alone == pytest.approx(power(said), rel=1e-12)
    assert active_power(np.pad(said, (50 * FRAME, 90 * FRAME))) == pytest.approx(alone, rel=1e-12)
    quiet = (generator.standard_normal(100 * FRAME) * 0.004).astype(np.float32)  # 28 dB below
    assert active_power(np.concatenate([quiet, said])) == pytest.approx(alone, rel=1e-12)
    audible = (generator.standard_normal(32 * FRAME) * 0.05).astype(np.float32)  # 6 dB below
    assert active_power(np.concatenate([audible, said])) == pytest.approx((power(audible) + power(said)) / 2, rel=1e-12)


def test_the_level_of_speech_is_that_of_its_definition() -> None:
    for _, samples in speech():
        assert active_power(samples) == pytest.approx(slow_active_power(samples), rel=1e-9)
    assert active_power(np.zeros(1000, np.float32)) == 0
    assert active_power(np.zeros(0, np.float32)) == 0


@pytest.mark.parametrize("spec", ["noise:snr={},kind=pink", "noise:snr={},kind=clicks", "babble:snr={},talkers=8"])
@pytest.mark.parametrize("snr", [20.0, 0.0, -7.5])
def test_the_ratio_of_a_mix_is_what_was_asked_for(spec: str, snr: float) -> None:
    """Of each mix it is told how much is speech and how much is noise, by the noise that the same silent clip gets."""
    stated = f"{spec.format(f'{snr:g}')};seed=0"
    for name, samples in speech()[:5]:
        mix = perturbed(samples, stated, name).astype(np.float64)
        noise = perturbed(np.zeros_like(samples), stated, name).astype(np.float64)
        parts = np.stack([samples.astype(np.float64), noise], axis=1)
        (of_speech, of_noise), (rest,), *_ = np.linalg.lstsq(parts, mix, rcond=None)
        assert rest < 1e-9 * np.sum(mix**2)
        assert 0 < of_speech <= 1 + 1e-6
        ratio = of_speech**2 * slow_active_power(samples) / (of_noise**2 * power(noise))
        assert 10 * math.log10(ratio) == pytest.approx(snr, abs=0.01)
        assert np.abs(mix).max() <= 1
        assert np.abs(mix).max() == pytest.approx(1) or of_speech == pytest.approx(1)


def test_a_clip_without_speech_gets_noise_as_if_it_had_the_usual_level() -> None:
    noise = np.random.default_rng(0).standard_normal(16_000)
    found = mixed(np.zeros(16_000, np.float32), noise, 10)
    assert 10 * math.log10(NOMINAL / power(found)) == pytest.approx(10, abs=1e-6)
    assert pytest.approx(-26) == 10 * math.log10(NOMINAL)
