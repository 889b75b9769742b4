"""How long a recording is, from its header alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.dataset import Audio

FLAC_HEAD = 42
"""Bytes of the marker, the block's header and STREAMINFO."""


def seconds(audio: Audio) -> float | None:
    """Length in seconds of the whole file behind an audio, or None where its header does not say or is broken.

    FLAC, which most corpora use, is read by hand: libsndfile takes 80 microseconds longer, a twentieth of decoding.
    """
    import soundfile

    if audio.path is None and not audio.data:
        return None
    try:
        with audio.open() as file:
            found = _flac_seconds(file.read(FLAC_HEAD))
            if found is not None:
                return found
            file.seek(0)
            info = soundfile.info(file)
    except (soundfile.SoundFileError, RuntimeError, OSError, ValueError):
        return None
    return float(info.frames / info.samplerate) if info.samplerate and 0 < info.frames < 1 << 40 else None


def _flac_seconds(head: bytes) -> float | None:
    """Length from a FLAC's STREAMINFO block (RFC 9639, 8.2): 20 bits of rate, 36 bits of samples."""
    if len(head) < FLAC_HEAD or head[:4] != b"fLaC" or head[4] & 0x7F:
        return None
    packed = int.from_bytes(head[18:26], "big")
    rate, samples = packed >> 44, packed & ((1 << 36) - 1)
    return samples / rate if rate and samples else None
