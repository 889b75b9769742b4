"""Which decoder is right for a file: libsndfile, or, where that refuses or is known to guess wrong, FFmpeg."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Self

import soundfile

from benchmarks.containers import state
from benchmarks.containers.kinds import TEXT, UNKNOWN
from harness.audio import pyav
from harness.audio.decoders import ChainDecoder, Decoder, PlainDecoder, SoundDecoder, reason
from harness.audio.opening import Encoded, Patched
from harness.errors import DataError

if TYPE_CHECKING:
    from benchmarks.containers import Kind, Statement
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.decoder.close()


def opened(audio: Audio) -> Opened:
    """The audio by the decoder that is right for it, which is to be closed.

    Raises:
        DataError: it is none, or nothing here reads it.
    """
    encoded = Encoded(audio)
    try:
        return _opened(audio, encoded)
    except BaseException:
        encoded.close()
        raise


def _opened(audio: Audio, encoded: Encoded) -> Opened:
    refusal: Exception | None = None
    if encoded.read(0, 4) == b"fLaC":
        try:  # libsndfile reads it to the end that the header states, or fails
            return Opened(SoundDecoder(encoded))
        except soundfile.SoundFileError as error:
            refusal = error
    kind, statement = state(encoded.window)
    if statement.plain is not None and statement.frames is not None:
        return Opened(PlainDecoder(encoded, statement), kind, statement)
    if not kind.is_audio and kind not in {TEXT, UNKNOWN}:
        raise DataError(f"{audio.origin}: not readable as audio: it is {kind.name}; {kind.instead}")
    # Of an MP3 that is cut, libsndfile's decoder would complain on stderr.
    noisy = kind.reader == "mpeg" and bool(statement.cut) and pyav.is_installed()
    if refusal is None and statement.native and not (statement.links or statement.patches or noisy):
        try:
            decoder = SoundDecoder(encoded, floats=statement.floats, noisy=kind.reader == "mpeg")
        except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError) as error:
            refusal = error
        else:
            if kind.reader != "mpeg" or abs(decoder.frames - (statement.frames or 0)) <= CODEC_SLACK:
                return Opened(decoder, kind, statement)
    if not kind.is_audio:
        raise DataError(f"{audio.origin}: not readable as audio: it is {kind.name}; {kind.instead}")
    encoded.close()
    return Opened(_second(audio, kind, statement, refusal), kind, statement)


def _second(audio: Audio, kind: Kind, statement: Statement, refusal: Exception | None) -> Decoder:
    """The decoder of what libsndfile does not read by itself.

    Raises:
        DataError: nothing here reads it.
    """
    if statement.patches and statement.native:
        return SoundDecoder(Patched(audio, statement.patches), floats=statement.floats)
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
