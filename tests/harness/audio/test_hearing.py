import errno
import io
import os
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from benchmarks.dataset import Audio, Utterance, _Part
from harness.audio import decode, load_clip
from harness.audio.decoders import BLOCK_FRAMES
from harness.audio.libsndfile import Sound
from harness.errors import DataError
from harness.types import SAMPLE_RATE

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, SAMPLE_RATE).astype(np.float32)


def encoded(samples: np.ndarray, rate: int = SAMPLE_RATE, form: str = "WAV", subtype: str | None = "FLOAT") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=form, subtype=subtype)
    return buffer.getvalue()


def heard(data: bytes, start: float | None = None, end: float | None = None) -> np.ndarray:
    return decode(Audio(origin="clip", data=data, start=start, end=end))


def test_16_khz_mono_is_handed_on_sample_for_sample() -> None:
    waveform = heard(encoded(NOISE))
    assert waveform.dtype == np.float32
    assert np.array_equal(waveform, NOISE)


def test_flac_is_what_soundfile_says_it_is() -> None:
    data = encoded(NOISE, form="FLAC", subtype="PCM_16")
    assert np.array_equal(heard(data), soundfile.read(io.BytesIO(data), dtype="float32")[0])


def test_channels_are_averaged() -> None:
    stereo = np.stack([NOISE, -NOISE / 2], axis=1)
    assert np.allclose(heard(encoded(stereo)), NOISE / 4, atol=1e-7)


@pytest.mark.parametrize("rate", [8_000, 22_050, 32_000, 44_100, 48_000])
def test_other_rates_are_resampled_by_soxr(rate: int) -> None:
    samples = np.sin(np.arange(rate) * 2 * np.pi * 440 / rate).astype(np.float32) / 2
    waveform = heard(encoded(samples, rate))
    assert np.array_equal(waveform, soxr.resample(samples, rate, SAMPLE_RATE, quality="HQ"))
    expected = np.sin(np.arange(len(waveform)) * 2 * np.pi * 440 / SAMPLE_RATE) / 2
    middle = slice(SAMPLE_RATE // 10, -SAMPLE_RATE // 10)
    assert abs(len(waveform) - SAMPLE_RATE) <= 1
    assert np.abs(waveform - expected)[middle].max() < 1e-3


@pytest.mark.parametrize(("form", "subtype"), [("FLAC", "PCM_16"), ("WAV", "PCM_16"), ("OGG", "VORBIS"), ("MP3", None)])
def test_a_segment_is_the_same_as_cutting_the_whole(form: str, subtype: str | None) -> None:
    data = encoded(NOISE, form=form, subtype=subtype)
    whole = heard(data)
    part = heard(data, start=0.25, end=0.5)
    assert part.shape == (4000,)
    tolerance = 0.0 if form in {"FLAC", "WAV"} else 0.05
    assert np.abs(part - whole[4000:8000]).max() <= tolerance


def test_a_segment_needs_only_its_own_part(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    original = Sound.read

    def counting(self: Sound, frames: int) -> np.ndarray:
        read.append(frames)
        return original(self, frames)

    monkeypatch.setattr(Sound, "read", counting)
    heard(encoded(np.tile(NOISE, 60), form="FLAC", subtype="PCM_16"), start=30.0, end=31.0)
    assert sum(read) == SAMPLE_RATE


def test_a_header_that_lies_about_the_length_costs_no_memory() -> None:
    data = bytearray(encoded(NOISE, subtype="PCM_16"))
    place = data.index(b"data") + 4
    data[place : place + 4] = struct.pack("<I", 0xFFFFFF00)
    with pytest.raises(DataError, match=r"clip: truncated, it ends after 1\.00 s"):
        heard(bytes(data))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not readable as audio"),
        (b"this is no audio at all" * 100, "not readable as audio"),
        (encoded(NOISE[:0]), "no samples in it"),
        (encoded(np.full(100, np.nan, np.float32)), "100 samples are no finite"),
        (encoded(NOISE, form="FLAC", subtype="PCM_16")[:5_000], r"truncated|not readable"),
        (encoded(NOISE, subtype="PCM_16")[:-8_000], "truncated"),
    ],
    ids=["empty", "no audio", "no samples", "not finite", "cut FLAC", "cut WAV"],
)
def test_broken_audio_is_one_clear_line(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        heard(data)
    assert str(caught.value).startswith("clip: ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        decode(Audio(origin="gone.wav", path=tmp_path / "gone.wav"))
    with pytest.raises(DataError, match="cannot be read"):
        decode(Audio(origin="folder", path=tmp_path))


def test_a_segment_beyond_the_end() -> None:
    with pytest.raises(DataError, match="ends before its segment begins"):
        heard(encoded(NOISE), start=2.0, end=3.0)
    with pytest.raises(DataError, match="inside its segment"):
        heard(encoded(NOISE), start=0.5, end=3.0)


def test_a_length_other_than_stated_is_an_error() -> None:
    audio = Audio(origin="clip", data=encoded(NOISE))

    def utterance(duration: float | None) -> Utterance:
        return Utterance(id="a", audio=audio, reference="x", language="en", duration=duration)

    assert load_clip(utterance(1.2)).duration == 1.0
    assert load_clip(utterance(None)).duration == 1.0
    with pytest.raises(DataError, match=r"1\.00 s of audio where 4\.90 s are stated"):
        load_clip(utterance(4.9))
    audio = Audio(origin="minute", data=encoded(np.tile(NOISE, 60)))
    assert load_clip(utterance(61.0)).duration == 60.0  # of a long one, two in a hundred
    with pytest.raises(DataError, match=r"60\.00 s of audio where 61\.50 s are stated"):
        load_clip(utterance(61.5))


def test_a_thousand_broken_files_are_decoded_or_refused() -> None:
    """Mutated real encodings: never a crash, and an error is always ours."""
    random = np.random.default_rng(1)
    wholes = [
        encoded(NOISE, form="FLAC", subtype="PCM_16"),
        encoded(NOISE, subtype="PCM_16"),
        encoded(NOISE, form="OGG", subtype="VORBIS"),
        encoded(NOISE, form="MP3", subtype=None),
    ]
    outcomes = {"decoded": 0, "refused": 0}
    for number in range(1_000):
        data = bytearray(wholes[number % len(wholes)])
        for place in random.integers(0, min(len(data), 200), size=random.integers(1, 6)):
            data[place] = random.integers(0, 256)
        try:
            waveform = heard(bytes(data))
        except DataError:
            outcomes["refused"] += 1
        else:
            assert np.isfinite(waveform).all()
            assert 0 < len(waveform) < 1_000 * SAMPLE_RATE
            outcomes["decoded"] += 1
    assert outcomes["decoded"] > 100
    assert outcomes["refused"] > 100


@pytest.mark.parametrize("form", ["FLAC", "WAV", "OGG"])
@pytest.mark.parametrize("copied", [0, 16 << 20], ids=["read in place", "copied"])
def test_a_member_of_an_archive_is_heard_as_the_file_is(
    form: str, copied: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.audio.opening.COPIED_BYTES", copied)
    data = encoded(NOISE, form=form, subtype=None)
    place = tmp_path / "archive.tar"
    place.write_bytes(b"before" + data + b"after")
    member = Audio(origin="archive.tar!clip", path=place, offset=6, size=len(data))
    assert member.read() == data
    assert member.open().read() == data
    assert np.array_equal(decode(member), decode(Audio(origin="clip", data=data)))
    part = Audio(origin="archive.tar!clip", path=place, offset=6, size=len(data), start=0.25, end=0.5)
    assert np.array_equal(decode(part), heard(data, start=0.25, end=0.5))


def test_a_segment_of_a_long_member_reads_its_own_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.audio.opening.COPIED_BYTES", 0)
    data = encoded(np.tile(NOISE, 60), subtype="PCM_16")
    place = tmp_path / "archive.tar"
    place.write_bytes(data)
    read: list[int] = []
    original = _Part.readinto

    def counting(self: _Part, buffer: memoryview) -> int:
        read.append(original(self, buffer))
        return read[-1]

    monkeypatch.setattr(_Part, "readinto", counting)
    waveform = decode(Audio(origin="clip", path=place, offset=0, size=len(data), start=30.0, end=31.0))
    assert len(waveform) == SAMPLE_RATE
    assert 2 * SAMPLE_RATE <= sum(read) < 3 * 2 * SAMPLE_RATE


def test_without_files_in_memory_the_same_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(NOISE, form="FLAC", subtype="PCM_16")
    before = heard(data)
    monkeypatch.setattr("harness.audio.opening.HAS_MEMORY_FILES", False)
    assert np.array_equal(heard(data), before)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc")
def test_no_file_stays_open(tmp_path: Path) -> None:
    good = tmp_path / "good.wav"
    good.write_bytes(encoded(NOISE))
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"no audio" * 100)
    decode(Audio(origin="good", path=good, offset=0, size=good.stat().st_size))  # the thread's own two stay
    before = len(list(Path("/proc/self/fd").iterdir()))
    for audio in (
        Audio(origin="good", path=good),
        Audio(origin="bad", path=bad),
        Audio(origin="good", data=good.read_bytes()),
        Audio(origin="bad", data=bad.read_bytes()),
        Audio(origin="bad", path=bad, offset=1, size=100),
    ):
        try:
            decode(audio)
        except DataError as error:
            assert "bad: not readable as audio" in str(error)  # noqa: PT017 - both kinds of files in one loop
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_was_decoded_before_leaves_nothing_behind() -> None:
    """A thread's file in memory is used again and again: for longer and shorter audio, and for none at all."""
    long, short = np.tile(NOISE, 90), NOISE[:100]
    for _ in range(2):
        assert np.array_equal(heard(encoded(long)), long)
        assert np.array_equal(heard(encoded(short)), short)
        with pytest.raises(DataError, match="not readable as audio"):
            heard(b"")
        with pytest.raises(DataError, match="truncated"):
            heard(encoded(NOISE, subtype="PCM_16")[:-8_000])


def archive(path: Path, clips: list[bytes]) -> list[Audio]:
    """Clips one after another in a file."""
    path.write_bytes(b"".join(clips))
    places = np.cumsum([0, *map(len, clips)]).tolist()
    return [
        Audio(origin=path.name, path=path, offset=place, size=len(clip))
        for place, clip in zip(places, clips, strict=False)
    ]


def test_a_failed_copy_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that breaks in the middle of a long clip; then a short one, whose end must be its own."""
    tone = (NOISE * 2**15).astype(np.int16)
    long, short = archive(
        tmp_path / "a.tar", [encoded(np.tile(tone, 4), subtype="PCM_16"), encoded(tone, subtype="PCM_16")]
    )
    cut = replace(short, size=(short.size or 0) - 8_000)
    damaged = replace(long, crc32=1)
    sent = os.sendfile
    calls: list[int] = []

    def breaking(out: int, source: int, offset: int, count: int) -> int:
        calls.append(count)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        return sent(out, source, offset, count // 2)

    expected = decode(short)
    monkeypatch.setattr(os, "sendfile", breaking)
    with pytest.raises(DataError, match="Input/output error"):
        decode(long)
    monkeypatch.undo()
    assert len(calls) == 2
    with pytest.raises(DataError, match="truncated"):
        decode(cut)
    with pytest.raises(DataError, match="bad CRC-32"):
        decode(damaged)
    with pytest.raises(DataError, match="truncated"):
        decode(cut)
    assert np.array_equal(decode(short), expected)


def test_archives_by_turns_and_a_file_system_that_cannot_send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = [encoded(NOISE[: 3_000 + 500 * number], form="FLAC", subtype="PCM_16") for number in range(6)]
    one, two = archive(tmp_path / "one.tar", clips), archive(tmp_path / "two.tar", clips[::-1])
    expected = [soundfile.read(io.BytesIO(clip), dtype="float32")[0] for clip in clips]

    def refusing(*_: object) -> int:
        raise OSError(errno.EINVAL, "Invalid argument")

    for sendfile in (os.sendfile, refusing):
        monkeypatch.setattr(os, "sendfile", sendfile)
        for number, wanted in enumerate(expected):
            assert np.array_equal(decode(one[number]), wanted)
            assert np.array_equal(decode(two[5 - number]), wanted)
            assert np.array_equal(decode(replace(one[number], crc32=zlib.crc32(clips[number]))), wanted)


def test_threads_do_not_hear_one_another() -> None:
    clips = [encoded(NOISE[: 1_000 + 100 * number], form="FLAC", subtype="PCM_16") for number in range(100)]
    expected = [soundfile.read(io.BytesIO(clip), dtype="float32")[0] for clip in clips]
    with ThreadPoolExecutor(8) as pool:
        for found, wanted in zip(pool.map(heard, clips * 5), expected * 5, strict=True):
            assert np.array_equal(found, wanted)


def without_length(flac: bytes) -> bytes:
    """As an encoder writes it that cannot go back to the header: total samples 0, which is unknown (RFC 9639, 8.2)."""
    data = bytearray(flac)
    packed = int.from_bytes(data[18:26], "big") >> 36 << 36
    data[18:26] = packed.to_bytes(8, "big")
    return bytes(data)


def test_flac_that_does_not_say_how_long_it_is() -> None:
    samples = np.tile(NOISE, 70)  # more than one block
    data = encoded(samples, form="FLAC", subtype="PCM_16")
    assert len(samples) > BLOCK_FRAMES
    assert np.array_equal(heard(without_length(data)), heard(data))


@pytest.mark.parametrize(("form", "subtype"), [("FLAC", "PCM_16"), ("WAV", "PCM_16"), ("OGG", "VORBIS"), ("MP3", None)])
def test_blocks_join_without_a_seam(form: str, subtype: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(NOISE, form=form, subtype=subtype)
    whole = heard(data)
    monkeypatch.setattr("harness.audio.decoders.BLOCK_FRAMES", 1_000)
    assert np.array_equal(heard(data), whole)
