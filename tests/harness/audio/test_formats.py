"""Every form is heard as an independent decoder hears it, to its end, from any place; what is cut is refused."""

from __future__ import annotations

import io
import random
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
import soxr
from scipy.io import wavfile
from scipy.signal import correlate

from benchmarks.containers import Window, state
from harness.audio import hear, pyav
from harness.errors import DataError
from harness.types import AudioWarning
from tests.harness.audio.forms import (
    BY_LIBSNDFILE,
    FORMS,
    LOSSLESS,
    audio,
    encode,
    encoded,
    mux,
    muxed,
    sized,
    speech,
    without_xing,
)


def heard(data: bytes, **more: Any) -> np.ndarray:
    return hear(audio(data, **more)).waveform


def by_ffmpeg(data: bytes) -> tuple[np.ndarray, int]:
    """Samples of the first channel and their rate, by nothing of this project's."""
    file: Any
    with av.open(io.BytesIO(data)) as file:
        resampler = av.AudioResampler(format="fltp")
        frames = [piece for frame in file.decode(audio=0) for piece in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray()[0] for frame in frames]), frames[0].sample_rate


@pytest.mark.parametrize("form", sorted(LOSSLESS))
def test_lossless_forms_are_the_clip_to_the_bit(form: str) -> None:
    sound = hear(audio(encoded(form)))
    assert np.array_equal(sound.waveform * 32_768, speech())
    assert sound.warnings == ()


TOLERANCES = {"vorbis": 1e-6, "opus": 2e-3, "mp3": 1e-5, "wav ms adpcm": 0.02}
"""Opus: libsndfile decodes at the rate of the original, FFmpeg at 48 kHz, resampled here."""

SHORTER = {"wav gsm", "caf alac"}
"""Of which FFmpeg leaves out the last packet."""


@pytest.mark.parametrize("form", BY_LIBSNDFILE)
def test_what_libsndfile_decodes_ffmpeg_decodes_alike(form: str) -> None:
    found = heard(encoded(form))
    wanted, rate = by_ffmpeg(encoded(form))
    if rate != 16_000:
        wanted = soxr.resample(wanted, rate, 16_000)
    assert len(found) == len(wanted) or (form in SHORTER and 0 < len(found) - len(wanted) < 700)
    assert np.abs(found[: len(wanted)] - wanted).max() <= TOLERANCES.get(form, 0.0)


@pytest.mark.parametrize("form", ["wav", "wav extensible"])
def test_scipy_reads_the_same(form: str) -> None:
    rate, wanted = wavfile.read(io.BytesIO(encoded(form)))
    assert rate == 16_000
    assert np.array_equal(heard(encoded(form)), wanted / 32_768)


DELAYS = {
    "m4a": 0,
    "mp4": 0,
    "webm": 0,
    "opus": 0,
    "mp3": 0,
    "vorbis": 0,
    "wav g726": 0,
    "adts": 1_024,
    "flv": 1_024,
    "mpegts": 1_024,
    "wav mp3": 1_105,
    "avi": 1_105,
}
"""Samples by which the clip begins later. Where the container states the encoder's delay (an edit list, Opus' pre-skip,
a LAME tag), it is left out, as FFmpeg and libsndfile do; a bare stream cannot say."""


@pytest.mark.parametrize("form", DELAYS)
def test_the_encoders_delay_is_left_out_where_it_is_stated(form: str) -> None:
    found, clip = heard(encoded(form)).astype(np.float64), speech() / 32_768
    delay = int(correlate(found, clip, method="fft").argmax()) - len(clip) + 1
    assert delay == DELAYS[form]
    length = min(len(clip), len(found) - delay)
    assert np.corrcoef(found[delay : delay + length], clip[:length])[0, 1] > 0.99


@pytest.mark.parametrize("form", FORMS)
def test_what_is_cut_is_refused_with_the_seconds_that_are_there(form: str) -> None:
    data = encoded(form)
    draw = random.Random(form)
    for end in (len(data) // 2 | 1, *(draw.randrange(len(data) // 8, len(data) * 19 // 20) | 1 for _ in range(4))):
        with pytest.raises(DataError, match=r"^clip: truncated") as caught:
            heard(data[:end])
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("wav", "it ends after 1.64 s of the 3.29 s that it states (52662 of 105280 bytes are missing)"),
        ("sphere", "it ends after 1.63 s of the 3.29 s that it states (53152 of 105280 bytes are missing)"),
        ("flac", "it ends after 1.54 s of the 3.29 s that it states"),
        ("mp3", "it ends after 1.48 s of the 3.29 s that it states (10008 of 20016 bytes are missing)"),
        ("webm", "it ends after 1.55 s of the 3.30 s that it states (it lacks 15834 bytes)"),
        ("amr", "it ends after 1.64 s (its last frame lacks 10 bytes)"),
    ],
)
def test_the_line_says_what_is_there_and_what_is_stated(
    form: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data = encoded(form)
    with pytest.raises(DataError) as caught:
        heard(data[: len(data) // 2])
    assert str(caught.value) == f"clip: truncated, {said}"
    assert capfd.readouterr().err == "", "no decoder writes there"


def test_an_mp4_whose_index_comes_first_is_cut_at_a_known_second(tmp_path: Path) -> None:
    mux(str(tmp_path / "a.mp4"), "mp4", "aac", 16_000, speech(), movflags="faststart")
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with pytest.raises(
        DataError,
        match=r"truncated, it ends after 1\.\d\d s of the 3\.29 s that it states \(its last part lacks \d+ bytes\)",
    ):
        heard(data[: len(data) // 2])


@pytest.mark.parametrize(("codec", "front"), [("libmp3lame", 1_105), ("aac", 1_024)])
def test_what_an_encoder_put_in_front_is_not_missing(codec: str, front: int) -> None:
    """Matroska's duration counts it: at 8 kHz it is more than clocks may differ by."""
    data = muxed("matroska", codec, 8_000, speech())
    with Window.over(data) as window:
        found = state(window)[1]
    assert found.unheard == front / 8_000
    assert found.seconds == pytest.approx(speech().size / 16_000 + front / 8_000, abs=0.001)
    assert heard(data).size >= speech().size
    with pytest.raises(DataError, match=r"truncated, it ends after \d\.\d\d s of the 3\.4\d s that it states"):
        heard(data[: len(data) * 9 // 10])


@pytest.mark.parametrize("form", ["m4a", "webm", "amr", "opus", "mkv", "tta", "wav mp3"])
def test_a_segment_is_what_the_whole_has_there(form: str) -> None:
    data = encoded(form)
    whole = heard(data)
    rate = 48_000 if form == "webm" else 8_000 if form == "amr" else 16_000
    if rate != 16_000:  # cut before it is resampled
        samples, _ = by_ffmpeg(data)
        wanted = soxr.resample(samples[round(0.7 * rate) : round(1.9 * rate)], rate, 16_000)
    else:
        wanted = whole[11_200:30_400]
    found = heard(data, start=0.7, end=1.9)
    assert len(found) == 19_200
    assert np.abs(found - wanted).max() <= (0.05 if form == "opus" else 1e-6)  # libsndfile's Opus begins anew
    assert np.array_equal(heard(data, start=0.0, end=1.9)[11_200:], wanted) or form in {"webm", "amr", "opus"}


def test_segments_end_at_the_end_or_are_refused() -> None:
    for form in ("m4a alac", "wav"):
        data = encoded(form)
        assert np.array_equal(heard(data, start=2.0, end=3.35), heard(data, start=2.0)), "rounded up by 0.06 s"
        with pytest.raises(DataError, match=r"ends at 3\.29 s, inside its segment"):
            heard(data, start=2.0, end=3.5)
        with pytest.raises(DataError, match=r"ends before its segment begins, at 9\.00 s"):
            heard(data, start=9.0)


def test_a_segment_late_in_a_long_mp4_is_sought_and_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    long = np.tile(speech(), 12)  # 39 seconds
    for codec in ("aac", "alac"):
        data = muxed("ipod", codec, 16_000, long)
        whole = heard(data)
        decoded: list[int] = []
        original = pyav.as_floats

        def counting(frame: Any, decoded: list[int] = decoded, original: Any = original) -> np.ndarray:
            samples: np.ndarray = original(frame)
            decoded.append(len(samples))
            return samples

        monkeypatch.setattr(pyav, "as_floats", counting)
        part = heard(data, start=33.3, end=34.55)
        monkeypatch.undo()
        assert sum(decoded) < 4 * 16_000
        assert np.abs(part - whole[532_800:552_800]).max() <= (0.0 if codec == "alac" else 1e-3)  # AAC's noise is drawn


def test_joined_and_chained_files_are_heard_to_their_end() -> None:
    for form in ("mp3", "opus", "vorbis"):
        one, two = encoded(form), encoded(form, 20_000)
        found = heard(one + two)
        assert np.array_equal(found, np.concatenate([heard(one), heard(two)]))
        part = heard(one + two, start=3.0, end=4.0)
        assert np.abs(part - found[48_000:64_000]).max() <= 0.05
        with pytest.raises(DataError, match="truncated"):
            heard((one + two)[:-600])


def test_chained_parts_may_differ_in_their_channels() -> None:
    stereo = encode("opus", np.stack([speech(), speech() // 2], axis=1))
    found = heard(encoded("opus") + stereo)
    assert len(found) == 2 * len(speech())
    assert np.array_equal(found[: len(speech())], heard(encoded("opus")))
    assert np.abs(found[len(speech()) :] - heard(stereo)).max() <= 1e-6


def test_an_mp3_without_a_tag_is_heard_to_its_end() -> None:
    variable = muxed("mp3", "libmp3lame", 16_000, np.concatenate([speech(), 0 * speech()]), write_xing="0")
    for bare in (without_xing(encoded("mp3")), variable):
        found = heard(bare)
        assert len(found) == (len(by_ffmpeg(bare)[0]))
        assert np.abs(found - by_ffmpeg(bare)[0]).max() <= 1e-5


def test_headers_that_writers_left_open_and_those_that_are_wrong() -> None:
    data = encoded("wav")
    size = len(data) - 44
    whole = speech() / 32_768
    for open_size in (0, 0xFFFFFFFF, 0x7FFFF000):
        sound = hear(audio(sized(data, open_size, open_size)))
        assert np.array_equal(sound.waveform, whole)
        assert sound.warnings == ()
    sound = hear(audio(sized(data, 0), start=1.0, end=2.0))
    assert np.array_equal(sound.waveform, whole[16_000:32_000])
    wrong = "its header is wrong: states 210560 bytes of samples, 105280 are there"
    sound = hear(audio(sized(data, 2 * size, 2 * size + 36)))
    assert np.array_equal(sound.waveform, whole)
    assert sound.warnings == (AudioWarning("header_length", wrong),)
    sound = hear(audio(data[:-1]))
    assert np.array_equal(sound.waveform, whole[:-1])
    assert sound.warnings == (AudioWarning("bytes_missing", "its end lacks 1 byte"),)
    sound = hear(audio(data + data))
    assert np.array_equal(sound.waveform, whole)
    assert sound.warnings == (AudioWarning("beyond_end", f"{len(data)} bytes after its stated end are not heard"),)
    au = encoded("au")
    for unknown in (b"\0\0\0\0", b"\xff\xff\xff\xff"):
        assert np.array_equal(heard(au[:8] + unknown + au[12:]), whole)


MINUS = {
    "wav": 1,
    "wav mu-law": 1,
    "rf64": 1,
    "w64": 1,
    "aiff": 1,
    "au": 1,
    "au mu-law": 1,
    "sphere": 1,
    "caf": 1,
    "mp3": 177,
    "m4a alac": 0,
    "mkv": 0,
    "wav mp3": 0,
}
"""Samples lost with the last byte, which is of an index in MP4 and Matroska, and of a filled-up frame in MP3."""


@pytest.mark.parametrize("form", MINUS)
def test_a_byte_too_few_is_a_warning(form: str) -> None:
    whole, sound = heard(encoded(form)), hear(audio(encoded(form)[:-1]))
    assert len(whole) - len(sound.waveform) == MINUS[form]
    assert np.array_equal(sound.waveform, whole[: len(sound.waveform)])
    assert [warning.kind for warning in sound.warnings] == ["bytes_missing"]


def test_without_pyav_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(pyav, "is_installed", lambda: False)
    with pytest.raises(DataError) as caught:
        heard(encoded("m4a"))
    assert str(caught.value) == "clip: MP4 of this kind needs PyAV: pip install 'asr-harness[audio]'"
    for form in ("wav", "flac", "mp3", "opus"):
        assert len(heard(encoded(form))) == len(speech())
    assert len(heard(encoded("opus") * 2)) == 2 * len(speech())


def test_pyav_is_found_where_it_is() -> None:
    assert pyav.is_installed()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is an empty file; fetch it again"),
        (b"<html>404</html>", "it is an HTML page; the address that it came from answered with that"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a Git-LFS pointer; run `git lfs pull`"),
        (b'{"detail": "not found"}', "it is JSON; the address"),
        (b"\0" * 40_000, "it is zero bytes only; fetch it again"),
    ],
)
def test_what_is_no_audio_is_named_in_the_line(data: bytes, said: str) -> None:
    with pytest.raises(DataError) as caught:
        heard(data)
    assert str(caught.value).startswith(f"clip: not readable as audio: {said}")


def test_absurd_headers_are_refused() -> None:
    slow = io.BytesIO()
    soundfile.write(slow, speech()[:800], 400, format="WAV")
    with pytest.raises(DataError, match="clip: states 400 samples a second"):
        heard(slow.getvalue())
    wide = io.BytesIO()
    soundfile.write(wide, np.zeros((10, 300), np.int16), 16_000, format="WAV")
    with pytest.raises(DataError, match="clip: states 300 channels"):
        heard(wide.getvalue())
    with pytest.raises(DataError, match="clip: channel 1 is asked for, it has one channel, 0"):
        heard(encoded("wav"), channel=1)


def test_a_video_without_sound_says_so() -> None:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(3):
            frame = av.VideoFrame(32, 32, "yuv420p")
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    with pytest.raises(DataError, match=r"clip: not readable as MP4 \(no sound in it\)"):
        heard(buffer.getvalue())
