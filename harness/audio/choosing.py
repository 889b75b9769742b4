"""Which decoder is right for a file: libsndfile, or, where that refuses or is known to guess wrong, FFmpeg."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import soundfile

from benchmarks.containers import Statement, Window, state
from harness.audio import pyav
from harness.audio.decoders import ChainDecoder, Decoder, SoundDecoder, reason
from harness.audio.opening import SoundFile, SoundOfFile, open_sound, patched
from harness.errors import DataError

if TYPE_CHECKING:
    from benchmarks.containers import Kind
    from benchmarks.dataset import Audio

CODEC_SLACK = 2 * 1152
"""Samples by which the length of a lossy file may differ from what it states: two frames of MP3, whose first and last
are counted or not."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Audio that is open, and what its container states; None where the decoder reads no more than that itself."""

    decoder: Decoder
    kind: Kind | None = None
    statement: Statement | None = None


@contextmanager
def opened(audio: Audio) -> Iterator[Opened]:
    """The audio by the decoder that is right for it.

    Raises:
        DataError: it is none, or nothing here reads it.
    """
    found = _open(audio)
    try:
        yield found
    finally:
        found.decoder.close()


def _open(audio: Audio) -> Opened:
    sound: SoundFile | None = None
    refusal: soundfile.SoundFileError | None = None
    try:
        sound = open_sound(audio)
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError) as error:
        refusal = error
    if sound is not None and sound.format == "FLAC":
        return Opened(SoundDecoder(sound))  # which libsndfile reads to the end that the header states, or fails
    try:
        with Window.of(audio) as window:
            kind, statement = state(window)
        if sound is not None and _trusted(sound, kind, statement):
            return Opened(SoundDecoder(sound, floats=statement.floats), kind, statement)
    except BaseException:
        if sound is not None:
            sound.close()
        raise
    if sound is not None:
        sound.close()
    if not kind.is_audio:
        raise DataError(f"{audio.origin}: not readable as audio: it is {kind.name}; {kind.instead}")
    return Opened(_second(audio, kind, statement, refusal), kind, statement)


def _trusted(sound: SoundFile, kind: Kind, statement: Statement) -> bool:
    """Whether libsndfile, which opened a file, is to decode it."""
    if not statement.native or statement.links or statement.patches:
        return False
    if kind.reader == "mpeg":
        return statement.frames is None or abs(int(sound.frames) - statement.frames) <= CODEC_SLACK
    return True


def _second(audio: Audio, kind: Kind, statement: Statement, refusal: Exception | None) -> Decoder:
    """The decoder of what libsndfile does not read by itself.

    Raises:
        DataError: nothing here reads it.
    """
    if statement.patches and statement.native:
        return SoundDecoder(SoundOfFile(patched(audio.open(), statement.patches)), floats=statement.floats)
    if statement.links and statement.native:
        try:
            return ChainDecoder(audio, statement.links)
        except (soundfile.SoundFileError, ValueError):
            pass  # parts that differ, which FFmpeg may know how to join
    why = reason(refusal) if refusal is not None else "its length would be a guess"
    if not kind.demuxer:
        raise DataError(f"{audio.origin}: not readable as audio ({why})")
    if not pyav.is_installed():
        raise DataError(f"{audio.origin}: {kind.name} of this kind needs PyAV: {pyav.INSTALL}")
    if audio.crc32 is not None:
        audio.read()  # compares it
    file = audio.open()
    try:
        return _Closing(file, kind)
    except Exception as error:  # noqa: BLE001 - whatever FFmpeg answers to a broken file
        file.close()
        if statement.cut:
            raise DataError(f"{audio.origin}: truncated: {statement.cut}") from None
        raise DataError(f"{audio.origin}: not readable as {kind.name} ({reason(error)})") from None


class _Closing(pyav.AvDecoder):
    """Closes its file too."""

    def __init__(self, file: BinaryIO, kind: Kind) -> None:
        super().__init__(file, kind)
        self._file = file

    def close(self) -> None:
        super().close()
        self._file.close()
