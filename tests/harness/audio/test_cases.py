"""Files of kinds that were heard wrong, or not at all: a clip of 4.905 seconds in each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.dataset import Audio, Utterance
from benchmarks.sources.header import seconds
from harness.audio import Sound, hear, load_clip
from harness.errors import DataError


@pytest.fixture(scope="session")
def cases(shared: Path) -> Path:
    folder = shared / "cases" / "audio"
    if not folder.is_dir():
        pytest.skip(f"no cases at {folder}")
    return folder


@pytest.fixture(scope="session")
def clip(cases: Path) -> np.ndarray:
    """As it is."""
    samples: np.ndarray = soundfile.read(cases / "a_pcm16.wav", dtype="float32")[0]
    assert len(samples) == 78_480
    return samples


def heard(path: Path) -> Sound:
    return hear(Audio(origin=path.name, path=path))


@pytest.mark.parametrize(
    ("name", "warnings"),
    [
        ("a_pcm16.wav", []),
        ("b.aiff", []),
        ("j.sph", []),
        ("e_data_ffffffff.wav", []),
        ("e_header_more.wav", ["header_length"]),
        ("states44more.wav", ["header_length"]),
        ("minus1.wav", ["bytes_missing"]),
        ("f_opposite_phase.wav", ["mix_cancels"]),
        ("g_float_int16scale.wav", ["integer_scale"]),
    ],
)
def test_what_is_lossless_is_the_clip(name: str, warnings: list[str], cases: Path, clip: np.ndarray) -> None:
    sound = heard(cases / name)
    assert np.abs(sound.waveform - clip[: len(sound.waveform)]).max() <= 1e-6
    assert len(clip) - len(sound.waveform) == (name == "minus1.wav")
    assert [warning.kind for warning in sound.warnings] == warnings


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("c_aac.m4a", 4.928),
        ("c_opus.webm", 4.905),
        ("d_vbr_noxing.mp3", 5.004),
        ("k_chained.opus", 4.905),
        ("d_mp3_in_wav.wav", 5.004),
    ],
)
def test_what_is_coded_is_heard_to_its_end(name: str, length: float, cases: Path, clip: np.ndarray) -> None:
    """MP3 without a tag has the delay of encoder and decoder, AAC in MP4 a last frame that is filled up."""
    path = cases / name
    sound = heard(path)
    assert len(sound.waveform) == round(16_000 * length)
    assert sound.warnings == ()
    delay = 1_105 if "mp3" in name else 0
    found = sound.waveform[delay : delay + len(clip)]
    assert np.corrcoef(found, clip)[0, 1] > 0.97
    stated = seconds(Audio(origin=name, path=path))
    row = Utterance(id="a", audio=Audio(origin=name, path=path), reference="", language="en", duration=stated)
    assert len(load_clip(row).waveform) == len(sound.waveform)


@pytest.mark.parametrize(
    ("name", "found", "stated"),
    [
        ("half_b.aiff", 2.45, " of the 4.91 s"),
        ("half_j.sph", 2.44, " of the 4.91 s"),
        ("half_b_rf64.wav", 2.45, " of the 4.91 s"),
        ("half_c_opus.opus", 1.99, " (its last page lacks 4625 bytes)"),
    ],
)
def test_halves_are_truncated(name: str, found: float, stated: str, cases: Path) -> None:
    with pytest.raises(DataError) as caught:
        heard(cases / name)
    assert str(caught.value).startswith(f"{name}: truncated, it ends after {found:.2f} s{stated}")


def test_what_is_no_audio_is_named(cases: Path) -> None:
    with pytest.raises(DataError, match=r"^i_html_named.wav: not readable as audio: it is an HTML page; the address"):
        heard(cases / "i_html_named.wav")
    with pytest.raises(DataError, match=r"^i_lfs_named.flac: .* it is a Git-LFS pointer; run `git lfs pull`"):
        heard(cases / "i_lfs_named.flac")
