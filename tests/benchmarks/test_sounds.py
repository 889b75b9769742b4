"""Synthesized sounds are what they are called, measured on their spectra; and the benchmark that they make."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import sounds
from benchmarks.corpora import non_speech
from benchmarks.dataset import Request, open_dataset
from benchmarks.registry import get_dataset, get_suite
from harness.audio import load_clip


def spectrum(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power a hertz."""
    return np.asarray(np.abs(np.fft.rfft(sound)) ** 2, dtype=np.float64)


def band(power: NDArray[np.float64], low: float, high: float, seconds: int) -> float:
    return float(power[int(low * seconds) : int(high * seconds)].sum() / power.sum())


@pytest.mark.parametrize("name", sounds.NON_SPEECH)
def test_a_sound_is_of_its_length_and_seed_and_peaks_at_full_scale(name: str) -> None:
    make = sounds.NON_SPEECH[name]
    for samples in (1, 160, 16_001):
        made = make(np.random.default_rng(3), samples)
        assert made.shape == (samples,)
        assert np.isfinite(made).all()
        np.testing.assert_array_equal(made, make(np.random.default_rng(3), samples))
        assert np.abs(made).max() <= 1 + 1e-12
    if name == "silence":
        assert not made.any()
    else:
        assert np.abs(made).max() == pytest.approx(1, abs=0.01)
        assert not np.array_equal(made, make(np.random.default_rng(4), 16_001))


def test_white_has_as_much_in_every_hertz_and_pink_in_every_octave() -> None:
    white = spectrum(sounds.white(np.random.default_rng(0), 160_000))
    pink = spectrum(sounds.pink(np.random.default_rng(0), 160_000))
    assert band(white, 1000, 2000, 10) == pytest.approx(1 / 8, rel=0.05)
    assert band(white, 6000, 7000, 10) == pytest.approx(1 / 8, rel=0.05)
    octaves = [band(pink, low, 2 * low, 10) for low in (125, 250, 500, 1000, 2000, 4000)]
    assert octaves == pytest.approx([np.log(2) / np.log(8000 / 20)] * 6, rel=0.12)
    assert band(pink, 0, 20, 10) < 1e-3  # cut out of a longer stretch, whose spectrum has nothing there


def test_long_noise_is_made_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds, "BLOCK", 1 << 12)
    made = sounds.pink(np.random.default_rng(0), 10_000)
    assert made.shape == (10_000,)
    assert all(made[start : start + 1000].any() for start in range(0, 10_000, 1000))


def test_hum_is_a_mains_frequency_and_its_harmonics() -> None:
    found = set()
    for seed in range(12):
        power = spectrum(sounds.hum(np.random.default_rng(seed), 160_000))
        loudest = int(np.argmax(power)) / 10
        found.add(round(loudest, -1))
        harmonics = sum(band(power, number * loudest - 6, number * loudest + 6, 10) for number in range(1, 21))
        assert harmonics > 0.99
    assert found == {50, 60}


def test_a_phone_rings_and_pauses_and_clicks_are_short() -> None:
    for seed in range(6):
        rung = sounds.ringing(np.random.default_rng(seed), 160_000)
        assert not rung[2 * 16_000 : 5 * 16_000].any()
        assert rung[:16_000].any()
        power = spectrum(rung)
        assert band(power, 420, 485, 10) > 0.97  # it begins and ends at once
    clicked = sounds.clicks(np.random.default_rng(1), 160_000)
    assert 0.01 < np.mean(np.abs(clicked) > 0.01) < 0.35
    assert 20 < np.sum(np.diff((np.abs(clicked) > 0).astype(int)) == 1) < 120


def test_breath_swells_between_its_bands() -> None:
    made = sounds.breath(np.random.default_rng(0), 160_000)
    power = spectrum(made)
    assert band(power, 290, 4010, 10) > 0.99
    loud = np.sqrt(np.mean(made[: 160_000 // 800 * 800].reshape(-1, 800) ** 2, axis=1))
    assert loud.min() < 0.05 * loud.max()


def test_the_benchmark_is_of_two_to_sixty_seconds_of_each_sort() -> None:
    found = list(open_dataset(get_dataset("non_speech"), Request()))
    assert len(found) == 22
    assert {one.session for one in found} == set(sounds.NON_SPEECH)
    assert (min(one.duration or 0 for one in found), max(one.duration or 0 for one in found)) == (2, 60)
    assert sum(one.duration or 0 for one in found) == 235
    assert all(one.reference == "" and one.tags == {"sound": one.session} for one in found)
    levels = set()
    for one in found[:8]:
        with wave.open(io.BytesIO(one.audio.read())) as file:
            assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (16_000, 2, 1)
            assert file.getnframes() == 16_000 * (one.duration or 0)
        clip = load_clip(one)
        levels.add(round(float(np.abs(clip.waveform).max()), 2))
    assert levels == {0.0, 0.05, 0.5}
    again = next(open_dataset(get_dataset("non_speech"), Request(wanted={found[1].id})))
    assert again.audio.data == b""
    lock = get_suite("non_speech").lock["non_speech"]
    assert (lock.rows, lock.words, lock.hours) == (22, 0, 0.0653)
    assert lock.revision == non_speech.VERSION


def test_audio_that_is_not_wanted_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NDArray[np.int16]:
        raise AssertionError

    monkeypatch.setattr(non_speech, "samples", refuse)
    assert len(list(open_dataset(get_dataset("non_speech"), Request(audio=False)))) == 22
