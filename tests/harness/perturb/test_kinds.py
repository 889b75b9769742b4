"""What each perturbation does to samples, measured on what comes out."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile
from numpy.typing import NDArray

from harness.errors import DataError
from harness.perturb.apply import perturbed, seconds_under
from harness.perturb.base import Draw
from harness.perturb.kinds import noise
from harness.perturb.kinds.reverb import BLOCK, convolved, response
from harness.perturb.levels import active_power

SPECS = (
    "noise:snr=10,kind=pink",
    "noise:snr=10,kind=white",
    "noise:snr=10,kind=hum",
    "noise:snr=10,kind=clicks",
    "babble:snr=10,talkers=8",
    "reverb:rt60=0.5",
    "codec:name=g711",
    "codec:name=opus@16k",
    "gain:db=-20",
    "speed:factor=1.1",
    "clip:percent=5",
    "silence:pad=0.5",
)


def sweep(seconds: float, loudest: float = 0.5) -> NDArray[np.float32]:
    """100 Hz to 3 kHz."""
    time = np.arange(int(seconds * 16_000)) / 16_000
    found: NDArray[np.float32] = (loudest * scipy.signal.chirp(time, 100, seconds, 3000)).astype(np.float32)
    return found


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("length", [1, 7, 319, 321, 4_000])
def test_samples_are_floats_in_range_of_the_length_that_is_foretold(spec: str, length: int) -> None:
    before = np.random.default_rng(length).uniform(-1, 1, length).astype(np.float32)
    given = before.copy()
    found = perturbed(given, f"{spec};seed=0", "u1")
    assert found.dtype == np.float32
    assert found.shape == (max(1, round(16_000 * seconds_under(f"{spec};seed=0", length / 16_000))),)
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 1.0 + 1e-6 or spec.startswith(("codec", "speed"))
    np.testing.assert_array_equal(given, before)


@pytest.mark.parametrize("spec", SPECS)
def test_what_is_drawn_is_of_seed_and_id_alone(spec: str) -> None:
    samples = sweep(0.4)
    found = [perturbed(samples, f"{spec};seed={seed}", name) for seed, name in ((0, "a"), (1, "a"), (0, "b"))]
    again = perturbed(samples, f"{spec};seed=0", "a")
    np.testing.assert_array_equal(again, found[0])
    drawn = spec.startswith(("noise", "babble", "reverb"))
    assert all(np.array_equal(found[0], other) != drawn for other in found[1:])


def test_one_noise_is_heard_at_every_ratio() -> None:
    samples = np.zeros(8_000, np.float32)
    for spec in ("noise:snr={},kind=pink", "babble:snr={},talkers=8"):
        loud, quiet = (perturbed(samples, f"{spec.format(snr)};seed=0", "a") for snr in (20, 40))
        np.testing.assert_allclose(loud, 10 * quiet, rtol=1e-4, atol=1e-7)


def test_gain_is_decibels_and_ends_at_full_scale() -> None:
    samples = sweep(0.5)
    np.testing.assert_allclose(perturbed(samples, "gain:db=-20;seed=0", "a"), samples / 10, rtol=1e-6)
    louder = perturbed(samples, "gain:db=12;seed=0", "a")
    np.testing.assert_allclose(louder, np.clip(samples * 10**0.6, -1, 1), rtol=1e-6)
    assert np.mean(np.abs(louder) == 1) > 0.3


@pytest.mark.parametrize("percent", [0.5, 1, 5, 50])
def test_so_many_percent_of_the_samples_are_cut_off(percent: float) -> None:
    samples = np.random.default_rng(0).standard_normal(20_000).astype(np.float32) * 0.2
    found = perturbed(samples, f"clip:percent={percent};seed=0", "a")
    limit = np.abs(found).max()
    assert np.sum(np.abs(found) == limit) == 20_000 * percent / 100
    assert limit == np.sort(np.abs(samples))[-int(20_000 * percent / 100)]
    untouched = np.abs(samples) < limit
    np.testing.assert_array_equal(found[untouched], samples[untouched])
    silent = np.zeros(100, np.float32)
    np.testing.assert_array_equal(perturbed(silent, "clip:percent=5;seed=0", "a"), silent)


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.1, 2.0])
def test_speed_moves_pitch_and_length_together(factor: float) -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    found = perturbed(tone, f"speed:factor={factor};seed=0", "a")
    assert len(found) == round(16_000 / factor)
    inner = found[2_000:6_000]
    spectrum = np.abs(np.fft.rfft(inner * np.hanning(len(inner)), 1 << 16))
    assert int(np.argmax(spectrum)) * 16_000 / (1 << 16) == pytest.approx(1000 * factor, abs=0.5)
    assert perturbed(tone, "speed:factor=1;seed=0", "a") is tone


def test_silence_stands_before_and_after() -> None:
    samples = sweep(0.2)
    found = perturbed(samples, "silence:pad=0.25;seed=0", "a")
    np.testing.assert_array_equal(found[4_000:-4_000], samples)
    assert not found[:4_000].any()
    assert not found[-4_000:].any()
    assert seconds_under("silence:pad=5;seed=0", 3.0) == 13.0
    assert seconds_under("speed:factor=2;seed=0", 3.0) == 1.5
    assert seconds_under("noise:snr=5,kind=pink;seed=0", 3.0) == 3.0
    assert seconds_under(None, 3.0) == 3.0


@pytest.mark.parametrize("rt60", [0.3, 0.8, 2.0])
def test_a_room_s_energy_dies_away_by_sixty_decibels_in_its_time(rt60: float) -> None:
    """By Schroeder's backward integration (1965), between -5 and -35 dB of what comes back."""
    slopes = []
    for seed in range(8):
        kernel = response(rt60, np.random.default_rng(seed))
        assert kernel[0] == 1
        assert not kernel[1:40].any()
        assert np.sum(kernel[1:] ** 2) == pytest.approx(1, rel=1e-9)
        left = 10 * np.log10(np.cumsum(kernel[40:][::-1] ** 2)[::-1])
        left -= left[0]
        part = (left < -5) & (left > -35)
        slopes.append(np.polyfit(np.arange(len(left))[part] / 16_000, left[part], 1)[0])
    assert -60 / np.mean(slopes) == pytest.approx(rt60, rel=0.03)


def test_a_room_keeps_level_and_place() -> None:
    samples = sweep(1.5, 0.1)
    found = perturbed(samples, "reverb:rt60=0.5;seed=0", "a")
    assert active_power(found) == pytest.approx(active_power(samples), rel=1e-3)
    lags = scipy.signal.correlate(found, samples, "full")
    assert int(np.argmax(lags)) == len(samples) - 1  # the direct sound is where it was


def test_convolution_in_blocks_is_convolution() -> None:
    generator = np.random.default_rng(3)
    samples, kernel = generator.standard_normal(2 * BLOCK + 777), generator.standard_normal(5_000)
    whole = scipy.signal.fftconvolve(samples, kernel)[: len(samples)]
    np.testing.assert_allclose(convolved(samples, kernel), whole, atol=1e-9)


def test_noise_from_a_folder_is_of_its_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is a tone of its own: what is mixed in is one of them, from its beginning again where it ends."""
    time = np.arange(1_600) / 16_000
    for hertz in (500, 1500, 2500):
        soundfile.write(tmp_path / f"{hertz}.wav", 0.1 * np.sin(2 * np.pi * hertz * time), 16_000)
    (tmp_path / "notes.txt").write_text("no audio")
    (tmp_path / ".hidden.wav").write_bytes(b"")
    folder = noise._from(str(tmp_path))
    heard = set()
    for number in range(24):
        found = perturbed(np.zeros(16_000, np.float32), f"noise:snr=0,kind=pink,from={folder};seed=0", f"u{number}")
        spectrum = np.abs(np.fft.rfft(found))
        heard.add(int(np.argmax(spectrum)))
        assert spectrum[np.argmax(spectrum)] ** 2 > 0.99 * np.sum(spectrum**2)
    assert heard == {500, 1500, 2500}
    other = tmp_path / "silent"
    other.mkdir()
    soundfile.write(other / "zeros.wav", np.zeros(160), 16_000)
    with pytest.raises(DataError, match=r"zeros\.wav is digital silence; take it out of the folder"):
        perturbed(np.ones(100, np.float32), f"noise:snr=0,kind=pink,from={noise._from(str(other))};seed=0", "a")


def test_a_crowd_leaves_out_the_clip_that_it_is_mixed_with(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.perturb.kinds import babble

    pool = tuple((name, np.full(800, value, np.float32)) for name, value in (("a", 1.0), ("b", 2.0), ("c", 4.0)))
    monkeypatch.setattr(babble, "_voices", lambda: pool)
    monkeypatch.setattr("soxr.resample", lambda samples, *_, **__: samples)
    heard = {float(value) for number in range(20) for value in np.unique(babble._talker(4_000, drawn(number, "b")))}
    assert heard == {1.0, 4.0}


def drawn(seed: int, name: str) -> Draw:
    return Draw(np.random.default_rng(seed), name)


def test_the_crowd_is_of_fourteen_clips_at_one_level() -> None:
    from harness.perturb.kinds.babble import _voices

    voices = _voices()
    assert len(voices) == 14
    assert len({name for name, _ in voices}) == 14
    assert all(math.isclose(active_power(samples), 1, rel_tol=1e-5) for _, samples in voices)
