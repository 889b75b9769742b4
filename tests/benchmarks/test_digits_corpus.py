"""The digits benchmark's audio comes with the project, and is known to the bit."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import soundfile

from benchmarks.corpora import digits
from benchmarks.dataset import Request, open_dataset
from benchmarks.sources.embedded import audio_folder
from harness.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_stated_facts_are_those_of_the_audio() -> None:
    notes: dict[str, str] = {}
    found = list(open_dataset(digits.DIGITS, Request(note=notes.__setitem__)))
    assert len(found) == digits.DIGITS.rows == 150
    assert sum(len(utterance.reference.split()) for utterance in found) == digits.DIGITS.words == 365
    seconds = 0.0
    for utterance in found:
        info = soundfile.info(utterance.audio.open())
        assert (info.samplerate, info.channels, info.format) == (8000, 1, "FLAC")
        assert info.duration == pytest.approx(utterance.duration, abs=0.001)
        assert 1 <= len(utterance.reference.split()) <= 8
        seconds += info.duration
    assert seconds / 3600 == pytest.approx(digits.DIGITS.hours, abs=1e-5)
    assert len({utterance.session for utterance in found}) == 6
    assert notes == {"source": "embedded:benchmarks/corpora/digits_audio", "revision": digits.MANIFEST_SHA256}


def test_two_megabytes_at_most() -> None:
    assert sum(file.stat().st_size for file in audio_folder(digits.FOLDER).iterdir()) < 2_000_000


def test_the_voices_were_not_trained_on() -> None:
    from tools.tiny_nar import speech

    voices = {utterance.tags["voice"] for utterance in digits.DIGITS.sources[0].open(Request())}
    assert voices == set(speech.HELD_OUT_VOICES)
    trained = {f"espeak:{accent}+{variant}" for accent in speech.ESPEAK_ACCENTS for variant in speech.ESPEAK_VARIANTS}
    trained |= {f"flite:{name}" for name in speech.FLITE_VOICES}
    assert not voices & trained
    # Not another accent of the same variant either.
    assert not {voice.rpartition("+")[2] for voice in voices if "+" in voice} & set(speech.ESPEAK_VARIANTS)


@pytest.mark.parametrize("name", ["manifest.jsonl", "flite_slt_0.flac"])
def test_a_damaged_copy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    copy = tmp_path / "audio"
    shutil.copytree(audio_folder(digits.FOLDER), copy)
    monkeypatch.setattr("benchmarks.sources.embedded.audio_folder", lambda _name: copy)
    assert len(list(digits.DIGITS.sources[0].open(Request()))) == 150
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    with pytest.raises(DataError, match="has other bytes than it was made with"):
        list(digits.DIGITS.sources[0].open(Request()))
    (copy / name).unlink()
    with pytest.raises(DataError, match="the copy of the project is damaged"):
        list(digits.DIGITS.sources[0].open(Request()))
