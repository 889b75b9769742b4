"""What is measured of a clip: against values known by construction, and in blocks as in one."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import soxr

from harness.health.measure import OUTLINE, Listener, measure
from harness.health.spectra import _around
from tests.harness.health.made import facts, noise, speech


def test_blocks_make_no_difference() -> None:
    samples = np.hstack([speech(0)[:40_000], -0.5 * speech(1)[:40_000]])
    whole = measure(samples, 16_000)
    listener = Listener(16_000, 2, len(samples))
    for start in range(0, len(samples), 777):
        listener.add(samples[start : start + 777])
    for field in fields(whole):
        one, other = getattr(whole, field.name), getattr(listener.facts(), field.name)
        if field.name in {"near_peak"}:
            continue  # counted block by block
        if field.name == "outline":
            assert one == other
        else:
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


def test_crest_of_a_tone() -> None:
    wave = np.sin(2 * np.pi * 500 * np.arange(32_000) / 16_000)[:, None].astype(np.float32)
    assert measure(wave, 16_000).crest == pytest.approx(3.01, abs=0.02)


def test_levels_and_offset() -> None:
    samples = np.tile(np.array([0.5, -0.5], np.float32), 16_000)[:, None] + np.float32(0.1)
    found = measure(samples, 16_000)
    assert found.levels == pytest.approx([-6.0206], abs=1e-3)
    assert found.offset == pytest.approx(0.1, abs=1e-6)
    assert found.peak == pytest.approx(0.6)
    assert (found.seconds, found.rate, found.channels) == (2.0, 16_000, 1)


def test_flat_tops_are_counted_exactly() -> None:
    samples = 0.3 * np.sin(2 * np.pi * 210.0 * np.arange(16_000) / 16_000)
    for start, length in ((100, 5), (3_000, 3), (9_000, 2), (15_000, 7)):
        samples[start : start + length] = 0.9
    found = measure(samples[:, None].astype(np.float32), 16_000)
    assert (found.clipped_runs, found.clipped) == (3, 15)  # the one of two samples is none


def test_clipped_speech_is_near_its_peak() -> None:
    assert facts().clipped_runs == 0
    assert facts().near_peak < 1e-3
    assert facts().crest > 7
    assert measure(np.clip(speech() * 40, -1, 1), 16_000).crest < 3
    loud = measure(np.clip(speech() * 20, -1, 1), 16_000)
    assert loud.clipped_runs > 100
    assert loud.near_peak > 0.05


@pytest.mark.parametrize(("gain", "correlation", "loss"), [(-1.0, -1.0, -120.0), (-0.5, -1.0, -10.0), (1.0, 1.0, 0.0)])
def test_channels(gain: float, correlation: float, loss: float) -> None:
    found = measure(np.hstack([speech(), gain * speech()]).astype(np.float32), 16_000)
    assert found.correlation == pytest.approx(correlation, abs=1e-4)
    assert found.mix_loss == pytest.approx(loss, abs=0.05) if loss > -100 else found.mix_loss < -60


def test_hole() -> None:
    samples = speech().copy()
    loud = int(np.abs(samples[8_000:40_000]).argmax()) + 8_000
    samples[loud : loud + 1_600] = 0
    found = measure(samples, 16_000)
    assert found.gap == pytest.approx(0.1, abs=0.005)
    assert found.gap_at == pytest.approx(loud / 16_000, abs=0.005)
    assert found.gap_abrupt
    assert facts().gap == 0.0


def test_a_hole_that_runs_over_several_blocks() -> None:
    samples = speech()[:48_000].copy()
    loud = int(np.abs(samples[8_000:40_000]).argmax()) + 8_000
    samples[loud : loud + 3_000] = 0
    listener = Listener(16_000, 1, len(samples))
    for start in range(0, len(samples), 700):
        listener.add(samples[start : start + 700])
    found, whole = listener.facts(), measure(samples, 16_000)
    assert (found.gap, found.gap_at) == (whole.gap, whole.gap_at)
    assert found.gap_at == pytest.approx(loud / 16_000, abs=0.005)


def test_silence_between_words_is_no_hole() -> None:
    soft = speech() * np.hanning(len(speech()))[:, None] ** 2
    found = measure(np.vstack([soft, np.zeros((4_000, 1)), soft]).astype(np.float32), 16_000)
    assert found.gap >= 0.25
    assert not found.gap_abrupt


def test_ends_of_silence() -> None:
    samples = np.vstack([np.zeros((32_000, 1)), 0.1 * noise(16_000), np.zeros((24_000, 1))]).astype(np.float32)
    found = measure(samples, 16_000)
    assert found.begin == pytest.approx(2.0, abs=0.05)
    assert found.end == pytest.approx(3.0, abs=0.05)
    assert found.active == pytest.approx(1.0, abs=0.07)


@pytest.mark.parametrize("hertz", [50.0, 440.0, 3_000.0])
def test_tone_under_speech(hertz: float) -> None:
    level = float(np.sqrt(np.mean(speech() ** 2)))
    wave = 0.3 * level * np.sqrt(2) * np.sin(2 * np.pi * hertz * np.arange(len(speech())) / 16_000)
    found = measure((speech() + wave[:, None]).astype(np.float32), 16_000)
    assert found.tone == pytest.approx(hertz, abs=16)
    assert -20 < found.tone_level < -5
    assert facts().tone_level == -120.0


@pytest.mark.parametrize("hertz", [60.0, 110.0, 220.0, 400.0])
def test_pitch_of_pulses(hertz: float) -> None:
    pulses = np.zeros(32_000, np.float32)
    pulses[(np.arange(0, 2, 1 / hertz) * 16_000).astype(int)] = 1
    smooth = np.convolve(pulses, np.hanning(12), "same").astype(np.float32)[:, None]
    assert measure(smooth, 16_000).pitch == pytest.approx(hertz, rel=0.03)


def test_band_ends_where_speech_was_upsampled() -> None:
    narrow = soxr.resample(soxr.resample(speech(), 16_000, 8_000), 8_000, 16_000)
    assert measure(narrow, 16_000).edge == pytest.approx(3_900, abs=200)
    assert facts().edge == 8_000


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_noise_does_not_change_its_shape(power: float) -> None:
    spectrum = np.fft.rfft(noise(48_000)[:, 0]) / np.maximum(np.arange(24_001), 20) ** (power / 2)
    steady = np.fft.irfft(spectrum).astype(np.float32)[:, None]
    assert max(measure(0.1 * steady / steady.std(), 16_000).changes) < 2.3
    assert max(facts().changes) > 5


def test_outline_is_of_the_extremes() -> None:
    samples = np.zeros((OUTLINE * 100, 1), np.float32)
    samples[150], samples[250] = 0.5, -1.0
    low_high = np.frombuffer(measure(samples, 16_000).outline[0], np.int8).reshape(OUTLINE, 2)
    assert low_high[1].tolist() == [0, 64]
    assert low_high[2].tolist() == [-127, 0]
    assert not low_high[3:].any()


@pytest.mark.parametrize("count", [1, 5, 100, 1_023, 1_025])
@pytest.mark.parametrize("rate", [1_000, 8_000, 44_100, 192_000])
def test_short_clips_and_odd_rates(count: int, rate: int) -> None:
    found = measure(noise(count) * np.float32(0.1), rate)
    assert found.seconds == count / rate
    assert found.active <= found.seconds + 0.1


def test_what_is_no_number_is_counted() -> None:
    samples = speech().copy()
    samples[5], samples[9] = np.nan, np.inf
    found = measure(samples, 16_000)
    assert found.invalid == 2
    assert np.isfinite(found.levels[0])


def test_digest_tells_samples_apart() -> None:
    other = speech().copy()
    other[1_000] += np.float32(1e-3)
    assert measure(other, 16_000).digest != facts().digest
    assert measure(speech().copy(), 16_000).digest == facts().digest


@pytest.mark.parametrize("bins", [17, 40, 1_025])
def test_the_level_around_bins_is_that_of_one_at_a_time(bins: int) -> None:
    middle = np.random.default_rng(0).normal(size=bins).astype(np.float32)
    slowly = [
        np.median(np.concatenate([middle[max(0, at - 12) : max(0, at - 4)], middle[at + 5 : at + 13]]))
        for at in range(bins)
    ]
    np.testing.assert_array_equal(_around(middle, np.arange(bins)), np.asarray(slowly, np.float32))
    assert _around(middle, np.zeros(0, np.int64)).shape == (0,)
