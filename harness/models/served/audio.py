"""Clips as audio files: 16-bit FLAC or WAV at 16 kHz, exact where the clip was recorded so."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from harness.types import SAMPLE_RATE, Clip

if TYPE_CHECKING:
    from harness.models.served.messages import AudioFormat

BYTES_PER_SECOND = 2 * SAMPLE_RATE
"""Of 16-bit samples; FLAC takes less, but for noise hardly any."""

AROUND = 16_384
"""Bytes of a request beside its samples, at most: headers of the file and fields of the form."""


def encode(clip: Clip, form: AudioFormat) -> bytes:
    """A file of the clip: samples rounded to 16 bits, those beyond full scale clipped to it."""
    import soundfile

    samples = np.clip(np.rint(clip.waveform.astype(np.float64) * 32768), -32768, 32767).astype(np.int16)
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLE_RATE, format=form.upper(), subtype="PCM_16")
    return buffer.getvalue()


def seconds_in(size: int, *, base64: bool = False) -> float:
    """The longest clip, in seconds, whose request is surely no larger than so many bytes."""
    size = size * 3 // 4 if base64 else size
    return max(1.0, (size - AROUND) / (BYTES_PER_SECOND * 1.01))
