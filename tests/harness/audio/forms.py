"""One clip of the embedded sample in every container that this project is said to read, as other programs write it."""

from __future__ import annotations

import io
import struct
from functools import cache
from typing import Any

import av
import numpy as np
import soundfile

from benchmarks.corpora.sample import READ
from benchmarks.dataset import Audio, Request, open_dataset

BY_LIBSNDFILE = {
    "wav": ("WAV", "PCM_16"),
    "wav 24": ("WAV", "PCM_24"),
    "wav float": ("WAV", "FLOAT"),
    "wav mu-law": ("WAV", "ULAW"),
    "wav ms adpcm": ("WAV", "MS_ADPCM"),
    "wav ima adpcm": ("WAV", "IMA_ADPCM"),
    "wav gsm": ("WAV", "GSM610"),
    "wav extensible": ("WAVEX", "PCM_16"),
    "rf64": ("RF64", "PCM_16"),
    "w64": ("W64", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "aifc float": ("AIFF", "FLOAT"),
    "au": ("AU", "PCM_16"),
    "au mu-law": ("AU", "ULAW"),
    "sphere": ("NIST", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "caf alac": ("CAF", "ALAC_16"),
    "flac": ("FLAC", "PCM_16"),
    "vorbis": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "voc": ("VOC", "PCM_16"),
}
"""Format and subtype."""

BY_FFMPEG = {
    "m4a": ("ipod", "aac", 16_000),
    "m4a alac": ("ipod", "alac", 16_000),
    "mp4": ("mp4", "aac", 16_000),
    "mov pcm": ("mov", "pcm_s16le", 16_000),
    "3gp amr": ("3gp", "libopencore_amrnb", 8_000),
    "adts": ("adts", "aac", 16_000),
    "webm": ("webm", "libopus", 48_000),
    "mkv": ("matroska", "pcm_s16le", 16_000),
    "wma": ("asf", "wmav2", 16_000),
    "amr": ("amr", "libopencore_amrnb", 8_000),
    "wav mp3": ("wav", "libmp3lame", 16_000),
    "wav g726": ("wav", "g726", 8_000),
    "ogg flac": ("ogg", "flac", 16_000),
    "tta": ("tta", "tta", 16_000),
    "wavpack": ("wv", "wavpack", 16_000),
    "ac3": ("ac3", "ac3", 48_000),
    "flv": ("flv", "aac", 16_000),
    "mpegts": ("mpegts", "aac", 16_000),
    "avi": ("avi", "libmp3lame", 16_000),
}
"""Muxer, codec and rate."""

WIDTHS = {"alac": "s16p", "tta": "s16", "wavpack": "s16p", "flac": "s16"}
"""Formats of samples of encoders that would take fewer or more bits."""

FORMS = (*BY_LIBSNDFILE, *BY_FFMPEG)

LOSSLESS = {"wav", "wav extensible", "rf64", "w64", "aiff", "au", "sphere", "caf", "caf alac", "flac", "voc"} | {
    "wav 24",
    "wav float",
    "aifc float",
    "m4a alac",
    "mov pcm",
    "mkv",
    "ogg flac",
    "tta",
    "wavpack",
}
"""Whose samples are those of `speech`, to the bit."""


@cache
def speech() -> np.ndarray:
    """A clip of the sample, 16 bits at 16 kHz, shape ``[samples]``."""
    for utterance in open_dataset(READ, Request()):
        samples: np.ndarray
        samples, rate = soundfile.read(utterance.audio.open(), dtype="int16")
        if rate == 16_000 and 3 * rate < len(samples) < 5 * rate:
            return samples
    raise AssertionError("no clip of three to five seconds")


@cache
def encoded(form: str, samples: int | None = None) -> bytes:
    """The clip, or its beginning, in a form."""
    return encode(form, speech()[:samples])


def encode(form: str, samples: np.ndarray, rate: int = 16_000) -> bytes:
    """Samples of 16 bits, ``[frames]`` or ``[frames, channels]``, in a form."""
    if form in BY_LIBSNDFILE:
        buffer = io.BytesIO()
        container, subtype = BY_LIBSNDFILE[form]
        if subtype == "FLOAT":
            samples = samples.astype(np.float32) / np.float32(32768)
        soundfile.write(buffer, samples, rate, format=container, subtype=subtype)
        return buffer.getvalue()
    return muxed(*BY_FFMPEG[form], samples, rate)


def muxed(
    container: str,
    codec: str,
    rate: int,
    samples: np.ndarray,
    source_rate: int = 16_000,
    kilobits: int = 0,
    **options: str,
) -> bytes:
    """By FFmpeg."""
    buffer = io.BytesIO()
    mux(buffer, container, codec, rate, samples, source_rate, kilobits, **options)
    return buffer.getvalue()


def mux(
    to: io.BytesIO | str,
    container: str,
    codec: str,
    rate: int,
    samples: np.ndarray,
    source_rate: int = 16_000,
    kilobits: int = 0,
    **options: str,
) -> None:
    """Into a file; some options need one with a name."""
    stereo = samples.ndim == 2
    layout = "stereo" if stereo else "mono"
    with av.open(to, "w", format=container, options=options) as file:
        stream: Any = file.add_stream(codec, rate=rate, layout=layout)
        if not codec.startswith(("pcm", "flac", "alac", "g726", "libopencore")):
            stream.bit_rate = 1_000 * (kilobits or (32 if codec == "libmp3lame" else 64))
        context = stream.codec_context
        if codec in WIDTHS:
            context.format = WIDTHS[codec]
        resampler = av.AudioResampler(
            format=context.format or "s16", layout=layout, rate=rate, frame_size=context.frame_size or None
        )
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate, frame.pts = source_rate, 0
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            file.mux(stream.encode(piece))
        file.mux(stream.encode(None))


def audio(data: bytes, **more: Any) -> Audio:
    """Encoded bytes as a row has them."""
    return Audio(origin="clip", data=data, **more)


def without_xing(mp3: bytes) -> bytes:
    """An MP3 without the frame that counts the others, as encoders write it that cannot go back."""
    at = max(mp3.find(b"Xing"), mp3.find(b"Info"))
    first = mp3.rfind(b"\xff", 0, at)
    following = mp3.find(mp3[first : first + 2], at)
    return mp3[following:]


def sized(wav: bytes, data: int, whole: int | None = None) -> bytes:
    """A WAV of 44 bytes of header that states other sizes."""
    riff = wav[4:8] if whole is None else struct.pack("<I", whole)
    return wav[:4] + riff + wav[8:40] + struct.pack("<I", data) + wav[44:]
