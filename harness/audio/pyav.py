"""FFmpeg's decoders by PyAV, the extra `audio`: for what libsndfile does not read, or is known to guess wrong.

FFmpeg is told which container it is and given its bytes, never a name: a playlist cannot make it open anything else.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.audio import decoders
from harness.audio.decoders import UNKNOWN_FRAMES, Blocks, reason

if TYPE_CHECKING:
    from typing import BinaryIO

    from numpy.typing import NDArray

    from benchmarks.containers import Kind

INSTALL = "pip install 'asr-harness[audio]'"
"""What brings PyAV."""

READ_AHEAD_BYTES = 1 << 16

SEEKABLE = {"mp4"}
"""Readers of containers whose index finds the packet that holds a sample. In others a sample's place is only known by
counting from the beginning: their clock is coarse, or is estimated from the bit rate."""

SEEK_SECONDS = 20.0
"""A segment that begins before that is found by counting."""

PREROLL_SECONDS = 1.0
"""Decoded before a segment and thrown away: a decoder's state comes from what went before."""

CHECKED = {"wavpack", "tta"}
"""Readers of containers whose frames have check sums, which FFmpeg compares where it is told to."""

SKIPPED_SECONDS = 0.1
"""By which the time of a frame may be later than the end of the one before, where clocks are coarse."""

RESYNCING = {"mpeg", "adts"}
"""Readers of streams without an outer structure: what stands between their frames is skipped, by every player."""


def is_installed() -> bool:
    """Whether PyAV is there."""
    return importlib.util.find_spec("av") is not None


class AvDecoder:
    """By FFmpeg. The first frame is decoded at once: what the header says of rate and channels may be half of it."""

    def __init__(self, file: BinaryIO, kind: Kind) -> None:
        import av

        self._kind, self.broken = kind, ""
        self._until, self._skipped = math.inf, 0.0
        """Where the last frame ended by its time, and how many seconds were skipped between frames."""
        self._undecoded = 0
        """Frames that are broken, and were passed over."""
        self._container: Any = av.open(
            file, "r", format=kind.demuxer, metadata_errors="ignore", buffer_size=READ_AHEAD_BYTES
        )
        try:
            self._stream: Any = self._container.streams.best("audio")
            if self._stream is None:
                raise ValueError("no sound in it")
            self._tracks: tuple[Any, ...] = self._container.streams.audio
            if kind.reader in CHECKED:
                self._stream.codec_context.options = {"err_detect": "crccheck+explode"}
            self._arrays = self._decoded()
            first = next(self._arrays, None)
            if first is None:
                raise ValueError(self.broken or "no sound could be decoded")
        except BaseException:
            self._container.close()
            raise
        self._first = first
        self.channels = first[1].shape[1]
        self.frames = UNKNOWN_FRAMES
        self.floats = str(self._stream.codec_context.name).startswith("pcm_f")

    @property
    def complaints(self) -> str:
        """As `Decoder.complaints`: what is lost between two frames shows in their times alone."""
        found, broken, tracks = [], self._undecoded, self._tracks
        if broken:
            found.append(f"{broken} of its frames {'is' if broken == 1 else 'are'} broken, and not heard")
        if self._skipped > SKIPPED_SECONDS:
            found.append(f"its time stamps skip {self._skipped:.2f} s, of which nothing is there")
        if len(tracks) > 1:
            found.append(f"{len(tracks)} tracks of sound are in it, number {tracks.index(self._stream) + 1} is heard")
        return "; ".join(found)

    def _follow(self, frame: Any) -> None:
        """Whether a frame begins where the one before ended."""
        if frame.pts is None or frame.time_base is None:
            return
        begin = float(frame.pts * frame.time_base)
        if begin - self._until > SKIPPED_SECONDS:
            self._skipped += begin - self._until
        self._until = begin + frame.samples / frame.sample_rate

    def _decoded(self, place: int | None = 0) -> Generator[tuple[int, NDArray[np.float32]]]:
        """The place of each frame's first sample, and its samples; a `place` of None is read from the frame's time."""
        import av

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
            except av.error.FFmpegError as error:
                if self._kind.reader in RESYNCING and isinstance(error, av.error.InvalidDataError):
                    self._undecoded += 1
                    continue
                self.broken = reason(error)
                return
            for frame in frames:
                self._follow(frame)
                samples = as_floats(frame)
                rate = int(frame.sample_rate)
                if place == 0 and not hasattr(self, "rate"):
                    self.rate = rate
                elif rate != self.rate or samples.shape[1] != self.channels:
                    raise ValueError("its sample rate or channels change on the way")
                if place is None:
                    start = self._stream.start_time or 0
                    place = round((frame.pts - start) * self._stream.time_base * rate)
                yield place, samples
                place += len(samples)

    def blocks(self, begin: int, count: int) -> Blocks:
        """As `Decoder.blocks`."""
        arrays = self._from(begin)
        limit = max(1, decoders.BLOCK_FRAMES // self.channels)
        end = begin + count
        held: list[NDArray[np.float32]] = []
        size = 0
        for place, samples in arrays:
            piece = samples[max(0, begin - place) : max(0, end - place)]
            if len(piece):
                held.append(piece)
                size += len(piece)
            if size >= limit:
                yield np.concatenate(held)
                held, size = [], 0
            if place + len(samples) >= end:
                break
        if held:
            yield np.concatenate(held)

    def _from(self, begin: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """What is decoded from there on, or from before."""
        base = self._stream.time_base
        exact = base is not None and base.numerator == 1 and base.denominator == self.rate
        if self._kind.reader in SEEKABLE and exact and begin > SEEK_SECONDS * self.rate:
            before = begin - round(PREROLL_SECONDS * self.rate)
            self._container.seek(before + (self._stream.start_time or 0), stream=self._stream)
            self._until = math.inf
            yield from self._decoded(None)
        else:
            yield self._first
            yield from self._arrays

    def close(self) -> None:
        """Closes the file."""
        self._arrays.close()
        self._container.close()


_SCALES = {"u8": 128.0, "s16": 32768.0, "s32": 2147483648.0, "s64": 9223372036854775808.0}


def as_floats(frame: Any) -> NDArray[np.float32]:
    """The samples of a frame of FFmpeg's, ``[frames, channels]``, integers scaled to [-1, 1)."""
    name = str(frame.format.name)
    array = frame.to_ndarray()
    samples = array.T if frame.format.is_planar else array.reshape(-1, len(frame.layout.channels))
    scale = _SCALES.get(name.removesuffix("p"))
    if scale is not None:
        exact = samples.astype(np.float32 if name.startswith(("u8", "s16")) else np.float64)
        samples = (exact - 128.0 if name.startswith("u8") else exact) / scale
    floats: NDArray[np.float32] = samples.astype(np.float32)
    return floats
