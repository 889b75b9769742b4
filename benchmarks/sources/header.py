"""How long a recording is, and of how many channels, from its header alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.containers import Window, state
from benchmarks.containers.flac import HEADER, rate_and_frames
from benchmarks.dataset import LONGEST

if TYPE_CHECKING:
    from benchmarks.dataset import Audio


BY_LIBSNDFILE = {"voc", "form"}
"""Readers of containers whose length only libsndfile tells."""


def seconds(audio: Audio) -> float | None:
    """Length in seconds of the whole file behind an audio, or None where its header does not say or is broken.

    Nothing is guessed: of MP3 without a tag the frames are counted. Of a file that is cut, it is the length as stated.
    """
    if audio.path is None and not audio.data:
        return None
    try:
        with Window.of(audio) as window:
            head = window.at(0, HEADER)
            if head.startswith(b"fLaC"):
                rate, frames = rate_and_frames(head)
                return frames / rate if rate and frames else None
            kind, statement = state(window)
        found = statement.length
        if found is None and kind.reader in BY_LIBSNDFILE and not statement.cut:
            found = _by_libsndfile(audio)
    except OSError:
        return None
    return found if found is not None and 0 < found < LONGEST else None


def _by_libsndfile(audio: Audio) -> float | None:
    """Of containers whose length is not read here, such as VOC."""
    import soundfile

    try:
        with audio.open() as file:
            info = soundfile.info(file)
    except (soundfile.SoundFileError, RuntimeError, ValueError):
        return None
    return float(info.frames / info.samplerate) if info.samplerate and info.frames > 0 else None


def channels(audio: Audio) -> int | None:
    """How many channels a recording has; None where libsndfile cannot tell."""
    import soundfile

    try:
        with audio.open() as file:
            return int(soundfile.info(file).channels)
    except (soundfile.SoundFileError, RuntimeError, OSError, ValueError):
        return None
