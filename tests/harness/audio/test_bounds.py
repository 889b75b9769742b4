"""Where each bound lies: what is just below it, and just above."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness.audio import pyav
from harness.audio.channels import Meter
from harness.audio.levels import Levels
from harness.audio.resampling import Resampler, resample

RATE = 16_000
STEP = np.float32(1 / 32_768)
SPEECH = np.where(np.arange(2 * RATE) // 1_600 % 2, np.random.default_rng(0).normal(0, 0.1, 2 * RATE), 0.0).astype("f4")
"""Bursts of noise, every second tenth of a second."""
NOISE = np.random.default_rng(1).normal(0, 0.1, 2 * RATE).astype(np.float32)


def seen(samples: Any, *, floats: bool) -> Levels:
    levels = Levels(floats=floats)
    levels.add(np.asarray(samples, np.float32))
    return levels


def said(levels: Levels) -> list[tuple[str, str]]:
    return [(warning.kind, warning.text) for warning in levels.warnings()]


def chosen(*channels: np.ndarray, asked: Any = "mix") -> tuple[tuple[int, ...], list[str]]:
    meter = Meter(len(channels), RATE)
    meter.add(np.stack(channels, axis=1).astype(np.float32))
    pick, warnings = meter.choose(asked)
    return pick, [warning.kind for warning in warnings]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_hundredth_at_full_scale_is_clipped(sign: int) -> None:
    quiet = np.full(1_000, 0.1, np.float32)
    for count, found in ((9, []), (10, [("clipped", "1.0 % of the samples are at full scale")])):
        samples = quiet.copy()
        samples[:count] = sign
        assert said(seen(samples, floats=False)) == found
    assert said(seen([sign, 0.1], floats=False)) == [], "one sample is a knock"


@pytest.mark.parametrize("sign", [1, -1])
def test_two_steps_of_sixteen_bits_are_silence(sign: int) -> None:
    assert said(seen([0, 0], floats=False)) == [("silence", "digital silence")]
    assert said(seen([0, sign * 2 * STEP], floats=False)) == [("silence", "nothing but silence")]
    assert said(seen([0, sign * 3 * STEP], floats=False)) == []


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("peak", "bits"),
    [
        (2, 16),
        (65_536, 16),
        (65_538, 24),
        (16_777_216, 24),
        (16_777_218, 32),
        (4_294_967_296, 32),
        (4_294_967_296 * 2, None),
    ],
)
def test_the_peak_says_how_wide_the_integers_were(sign: int, peak: int, bits: int | None) -> None:
    """Up to twice their full scale, which filters may overshoot."""
    levels = seen([0, sign * peak, -sign], floats=True)
    scale = 1.0 if bits is None else float(1 << (bits - 1))
    assert (levels.bits, levels.scale) == (bits, scale)


def test_floats_that_are_no_whole_numbers_are_integers_where_enough_are_loud() -> None:
    for loud, bits in ((4, None), (5, 16)):
        samples = np.full(1_000, 0.3, np.float32)
        samples[:loud] = 40.5
        assert seen(samples, floats=True).bits == bits
    for peak, bits in ((31.5, None), (32.5, 16)):
        samples = np.full(1_000, 9.5, np.float32)
        samples[0] = -peak
        assert seen(samples, floats=True).bits == bits


def test_three_steps_of_sixteen_bits_are_a_channel() -> None:
    for steps, pick, kinds in ((2, (1,), ["dead_channel"]), (3, (0, 1), [])):
        faint = np.where(np.arange(2 * RATE) // 1_600 % 2, np.arange(2 * RATE) % 2, 0) * np.float32(steps) * STEP
        assert chosen(faint, SPEECH) == (pick, kinds)


def test_of_channels_that_speak_alike_the_first_is_the_best() -> None:
    meter = Meter(3, RATE)
    meter.add(np.stack([NOISE * 0, SPEECH, SPEECH], axis=1))
    assert meter.choose("best") == ((1,), [])


def test_noise_is_told_of_from_25_decibels_below_what_is_spoken() -> None:
    spoken = float(SPEECH.var())
    for share, kinds in ((0.0027, []), (0.0033, ["noise_channel"])):
        noise = NOISE * np.float32(np.sqrt(share * spoken / NOISE.var()))
        assert chosen(noise, SPEECH) == ((0, 1), kinds)


def test_of_half_a_second_rhythm_says_nothing() -> None:
    for frames, kinds in ((24, []), (25, ["noise_channel"])):
        count = frames * RATE // 50
        assert chosen(NOISE[:count], SPEECH[800 : 800 + count]) == ((0, 1), kinds)


@pytest.mark.parametrize(
    ("form", "dtype", "values", "heard"),
    [
        ("u8", np.uint8, [0, 128, 255], [-1.0, 0.0, 127 / 128]),
        ("s16", np.int16, [-32_768, 0, 16_384], [-1.0, 0.0, 0.5]),
        ("s32", np.int32, [-(1 << 31), 0, 1 << 30], [-1.0, 0.0, 0.5]),
        ("s64", np.int64, [-(1 << 63), 0, 1 << 62], [-1.0, 0.0, 0.5]),
        ("flt", np.float32, [-1.5, 0.0, 0.25], [-1.5, 0.0, 0.25]),
        ("dbl", np.float64, [-1.5, 0.0, 0.25], [-1.5, 0.0, 0.25]),
    ],
)
@pytest.mark.parametrize("planar", [False, True])
def test_samples_of_any_width_have_one_scale(
    form: str, dtype: Any, values: list[int], heard: list[float], planar: bool
) -> None:
    rows = np.array([values, values[::-1]], dtype)  # a row is a channel
    stored = rows if planar else rows.T.reshape(1, -1)
    frame = SimpleNamespace(
        format=SimpleNamespace(name=form + "p" * planar, is_planar=planar),
        layout=SimpleNamespace(channels=("left", "right")),
        to_ndarray=lambda: stored,
    )
    assert pyav.as_floats(frame).tolist() == [list(pair) for pair in zip(heard, heard[::-1], strict=True)]


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100])
def test_what_is_resampled_in_stretches_is_as_long_as_in_one_piece(rate: int) -> None:
    resampler = Resampler(rate)
    for begin in range(0, len(NOISE), 7_777):
        resampler.add(NOISE[begin : begin + 7_777])
    found = resampler.result()
    assert len(found) == len(resample(NOISE, rate))
    assert np.abs(found - resample(NOISE, rate)).max() < 1e-6
