"""Through a codec and back: G.711 by its tables, the others by FFmpeg (PyAV, the extra `audio`)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr

from harness.audio.pyav import INSTALL, as_floats, is_installed
from harness.errors import DataError, UsageError
from harness.perturb.base import Draw, Parameter, Perturbation, Values
from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.perturb.base import Samples

LANDLINE = 8_000
"""Samples a second of a telephone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coder:
    """What FFmpeg is told."""

    encoder: str
    container: str
    rate: int = SAMPLE_RATE
    rates: tuple[float, ...] = ()
    """Kilobits a second that can be asked for, the first unless said; empty where the codec has one."""


CODERS = {
    "mp3": _Coder(
        encoder="libmp3lame", container="mp3", rates=(32, 8, 16, 24, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    ),
    "opus": _Coder(encoder="libopus", container="ogg", rates=(16, 6, 8, 10, 12, 20, 24, 32, 48, 64, 96, 128)),
    "aac": _Coder(encoder="aac", container="matroska", rates=(32, 8, 12, 16, 24, 48, 64, 96)),
    "amr": _Coder(
        encoder="libopencore_amrnb",
        container="amr",
        rate=LANDLINE,
        rates=(12.2, 4.75, 5.15, 5.9, 6.7, 7.4, 7.95, 10.2),
    ),
    "g722": _Coder(encoder="g722", container="g722"),
}
"""Those that FFmpeg does."""

TABLES = ("g711", "g711a")
"""G.711 as in North America and Japan (mu-law), and as elsewhere (A-law)."""


@cache
def mu_law() -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """ITU-T G.711, mu-law: the code of each sample of 16 bits (by its value as unsigned), the sample of each code."""
    linear = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 2
    size = np.minimum(np.abs(linear), 8159) + 33
    segment = np.searchsorted(np.array([63, 127, 255, 511, 1023, 2047, 4095, 8191]), size)
    code = np.where(segment > 7, 0x7F, (segment << 4) | ((size >> (segment + 1)) & 0xF))
    flipped = ~np.arange(256)
    steps = (((flipped & 0xF) << 3) + 0x84) << ((flipped & 0x70) >> 4)
    decoded = np.where(flipped & 0x80, 0x84 - steps, steps - 0x84)
    return (code ^ np.where(linear < 0, 0x7F, 0xFF)).astype(np.uint8), decoded.astype(np.int16)


@cache
def a_law() -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """ITU-T G.711, A-law: as `mu_law`."""
    linear = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 3
    size = np.where(linear < 0, -linear - 1, linear)
    segment = np.searchsorted(np.array([31, 63, 127, 255, 511, 1023, 2047, 4095]), size)
    code = (segment << 4) | ((size >> np.maximum(segment, 1)) & 0xF)
    flipped = np.arange(256) ^ 0x55
    part, mantissa = (flipped & 0x70) >> 4, (flipped & 0xF) << 4
    steps = np.where(part == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(part - 1, 0))
    decoded = np.where(flipped & 0x80, steps, -steps)
    return (code ^ np.where(linear < 0, 0x55, 0xD5)).astype(np.uint8), decoded.astype(np.int16)


def _read(text: str) -> str:
    """A codec as ``mp3@32k``.

    Raises:
        ValueError: there is none such, or not at that rate.
    """
    name, at, rate = text.strip().lower().partition("@")
    coder = CODERS.get(name)
    if name in TABLES and not at:
        return name
    if coder is None:
        raise ValueError(f"one of {', '.join((*TABLES, *CODERS))}, such as mp3@32k")
    if not coder.rates:
        if at:
            raise ValueError(f"{name} alone, which has one rate")
        return name
    wanted = rate.removesuffix("k") if at else f"{coder.rates[0]:g}"
    found = next((one for one in coder.rates if f"{one:g}" == wanted), None)
    if found is None:
        every = ", ".join(f"{name}@{one:g}k" for one in sorted(coder.rates))
        raise ValueError(f"one of {every}")
    return f"{name}@{found:g}k"


def _check(values: Values) -> None:
    name = str(values["name"])
    if name not in TABLES and not is_installed():
        raise UsageError(f"--perturb codec:{name}: FFmpeg does that, and PyAV is not installed; {INSTALL}, or use g711")


def _resampled(samples: NDArray[np.float32], before: int, after: int) -> NDArray[np.float32]:
    if before == after:
        return samples
    found: NDArray[np.float32] = soxr.resample(samples, before, after, quality="HQ")
    return found


def _sixteen_bits(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    found: NDArray[np.int16] = np.clip(np.rint(samples * 32_768.0), -32_768, 32_767).astype(np.int16)
    return found


def _telephone(samples: Samples, name: str) -> NDArray[np.float32]:
    """As a landline hands it on: 8 kHz, G.711."""
    encode, decode = mu_law() if name == "g711" else a_law()
    narrow = _sixteen_bits(_resampled(samples, SAMPLE_RATE, LANDLINE))
    heard = decode[encode[narrow.view(np.uint16)]].astype(np.float32) / np.float32(32_768)
    return _resampled(heard, LANDLINE, SAMPLE_RATE)


def _encoded(samples: NDArray[np.float32], coder: _Coder, kilobits: float | None) -> io.BytesIO:
    """The bytes of a file with the samples, which are at the coder's rate."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format=coder.container) as out:
        stream: Any = out.add_stream(coder.encoder, rate=coder.rate, layout="mono")
        if kilobits is not None:
            stream.bit_rate = round(kilobits * 1000)
        frame: Any = av.AudioFrame.from_ndarray(_sixteen_bits(samples)[None], format="s16", layout="mono")
        frame.sample_rate = coder.rate
        for each in (frame, None):
            out.mux(stream.encode(each))
    file.seek(0)
    return file


def _decoded(file: io.BytesIO, coder: _Coder) -> tuple[NDArray[np.float32], int]:
    """All samples, and their rate."""
    import av

    with av.open(file, "r", format=coder.container) as container:
        frames: list[Any] = list(container.decode(audio=0))
    return np.concatenate([as_floats(frame)[:, 0] for frame in frames]), int(frames[0].sample_rate)


def _apply(samples: Samples, values: Values, _draw: Draw) -> Samples:
    name, _, rate = str(values["name"]).partition("@")
    if name in TABLES:
        heard = _telephone(samples, name)
    else:
        coder, kilobits = CODERS[name], float(rate.removesuffix("k")) if rate else None
        try:
            file = _encoded(_resampled(samples, SAMPLE_RATE, coder.rate), coder, kilobits)
            heard = _resampled(*_decoded(file, coder), SAMPLE_RATE)
        except (OSError, ValueError, IndexError) as error:  # FFmpeg's errors are both of the first two
            raise DataError(f"--perturb codec:{values['name']}: FFmpeg fails: {error}") from None
    return np.pad(heard, (0, max(0, len(samples) - len(heard))))[: len(samples)].astype(np.float32)


PERTURBATION = Perturbation(
    name="codec",
    summary=f"through a codec and back: {', '.join((*TABLES, *CODERS))}, the latter at kilobits a second",
    example="codec:g711,mp3@32k,opus@8k",
    parameters=(Parameter(name="name", read=_read),),
    apply=_apply,
    label=lambda values: f"@{str(values['name']).replace('@', '-')}",
    check=_check,
)
