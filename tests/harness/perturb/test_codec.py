"""G.711 against an independent implementation, value by value; the others by what is left of a signal."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from benchmarks.dataset import Request, open_dataset
from benchmarks.registry import get_dataset
from harness.audio import load_clip
from harness.errors import DataError
from harness.perturb.apply import perturbed
from harness.perturb.kinds import codec
from harness.perturb.kinds.codec import CODERS, a_law, mu_law

EVERY = np.arange(-32_768, 32_768, dtype=np.int16)


def test_the_tables_of_g711_are_those_of_python_s_own_module() -> None:
    """All 65,536 samples and all 256 codes; audioop was part of Python up to 3.12."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        audioop = pytest.importorskip("audioop", reason="audioop is no part of Python any more")
    every = EVERY.astype("<i2").tobytes()
    codes = bytes(range(256))
    for (encode, decode), to, back in (
        (mu_law(), audioop.lin2ulaw, audioop.ulaw2lin),
        (a_law(), audioop.lin2alaw, audioop.alaw2lin),
    ):
        assert encode[EVERY.view(np.uint16)].tobytes() == to(every, 2)
        assert decode.astype("<i2").tobytes() == back(codes, 2)


@pytest.mark.parametrize(("name", "tables"), [("pcm_mulaw", mu_law()), ("pcm_alaw", a_law())])
def test_the_codes_of_g711_are_heard_as_ffmpeg_hears_them(name: str, tables: tuple[Any, Any]) -> None:
    import av

    decoder: Any = av.CodecContext.create(name, "r")
    decoder.sample_rate, decoder.layout = 8000, "mono"
    (frame,) = decoder.decode(av.Packet(bytes(range(256))))
    np.testing.assert_array_equal(frame.to_ndarray().reshape(-1), tables[1])


def test_what_was_encoded_once_is_encoded_to_the_same_again() -> None:
    for encode, decode in (mu_law(), a_law()):
        again = decode[encode[decode.view(np.uint16)]]
        np.testing.assert_array_equal(again, decode)
        near = np.abs(decode[encode[EVERY.view(np.uint16)]].astype(int) - EVERY)
        assert near.max() <= 1024
        assert (near <= np.maximum(16, np.abs(EVERY.astype(int)) // 16)).mean() > 0.999


def speech() -> NDArray[np.float32]:
    first = next(iter(open_dataset(get_dataset("sample_read"), Request())))
    return load_clip(first).waveform


@pytest.mark.parametrize(
    ("name", "least"),
    [("g711", 15), ("g711a", 15), ("mp3@32k", 8), ("opus@8k", 3), ("opus@64k", 8), ("aac@32k", 8), ("g722", 10)],
)
def test_speech_comes_back_in_place_and_not_quite_what_it_was(name: str, least: float) -> None:
    """`least`: decibels by which what is below 3 kHz is above what the codec did to it."""
    samples = speech()
    found = perturbed(samples, f"codec:name={name};seed=0", "a")
    assert found.shape == samples.shape
    low = scipy.signal.butter(8, [200, 3000], "bandpass", fs=16_000, output="sos")
    before, after = (scipy.signal.sosfiltfilt(low, each) for each in (samples, found))
    lag = int(np.argmax(scipy.signal.correlate(after, before, "full"))) - (len(samples) - 1)
    assert abs(lag) <= 32, lag
    ratio = np.sum(before**2) / np.sum((np.roll(after, -lag) - before) ** 2)
    assert 10 * np.log10(ratio) > least
    assert not np.allclose(found, samples, atol=1e-4)


def test_a_telephone_has_nothing_above_four_kilohertz() -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 32_000).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(perturbed(noise, "codec:name=g711;seed=0", "a"))) ** 2
    assert spectrum[8_200:].sum() < 1e-3 * spectrum.sum()  # half a hertz a bin


def test_every_coder_takes_every_rate_that_it_names() -> None:
    samples = speech()[:8_000]
    sizes: dict[str, list[int]] = {}
    for name, coder in CODERS.items():
        every: list[float | None] = [*sorted(coder.rates)] or [None]
        for rate in every:
            resampled = codec._resampled(samples, 16_000, coder.rate)
            file = codec._encoded(resampled, coder, rate)
            sizes.setdefault(name, []).append(len(file.getvalue()))
            heard, heard_at = codec._decoded(io.BytesIO(file.getvalue()), coder)
            assert len(heard) / heard_at == pytest.approx(0.5, abs=0.15), (name, rate)
    for name, found in sizes.items():
        assert found == sorted(found), name


def test_what_ffmpeg_raises_costs_the_clip_by_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> io.BytesIO:
        raise OSError("no encoder")

    monkeypatch.setattr(codec, "_encoded", broken)
    with pytest.raises(DataError, match=r"^--perturb codec:mp3@32k: FFmpeg fails: no encoder$"):
        perturbed(np.zeros(100, np.float32), "codec:name=mp3@32k;seed=0", "a")
