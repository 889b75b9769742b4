"""Samples out of encoded audio, block by block: what each decoder offers, and the one on libsndfile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import soundfile

from harness.audio.complaints import Complaints
from harness.audio.opening import HAS_PREAD, Encoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.containers import Statement
    from benchmarks.dataset import Audio

BLOCK_FRAMES = 1 << 20
"""Samples, of all channels together, that are read at a time: a header that lies about the length cannot make us
allocate what is not there."""

UNKNOWN_FRAMES = (1 << 63) - 1
"""What libsndfile answers where a header does not say how long the audio is: FLAC that was written into a pipe."""

SCALE = np.float32(1 / 32_768)
"""Of a sample of 16 bits."""

_AS_IT_IS = nullcontext()

Blocks = Iterator["NDArray[np.float32]"]
"""Samples as ``[frames, channels]``, float32, one stretch after another."""


class Decoder(Protocol):
    """Encoded audio that is open. Its blocks are asked for once."""

    rate: int
    """Samples a second."""
    channels: int
    frames: int
    """Samples of a channel that the decoder expects; UNKNOWN_FRAMES where it cannot know."""
    floats: bool
    """Whether they are stored as floating-point numbers, which may be at any scale."""
    broken: str
    """Why the blocks ended where they did, if not at the end of the audio; empty as long as all is well."""

    @property
    def complaints(self) -> str:
        """What the decoder says about the file although it went on; empty where nothing."""

    def blocks(self, begin: int, count: int) -> Blocks:
        """`count` frames from a place, fewer where the audio ends before or is broken.

        Raises:
            Exception: whatever the library raises where the place cannot be found.
        """

    def close(self) -> None:
        """Closes the file."""


def reason(error: Exception) -> str:
    """What a library says, without the name of the file."""
    said = str(getattr(error, "strerror", None) or error)
    return said.rsplit(": ", 1)[-1].strip().rstrip(".") or type(error).__name__


class SoundDecoder:
    """By libsndfile."""

    def __init__(self, encoded: Encoded, *, floats: bool = False, noisy: bool = False) -> None:
        self._quiet: Any = Complaints() if noisy and HAS_PREAD else None
        with self._quiet or _AS_IT_IS:
            self._encoded, self._sound = encoded, (sound := encoded.sound())
        self.rate, self.channels, self.frames = sound.rate, sound.channels, sound.frames
        self.floats, self.broken = floats, ""

    def blocks(self, begin: int, count: int) -> Blocks:
        """As `Decoder.blocks`."""
        each = max(1, BLOCK_FRAMES // self.channels)
        if begin and self.frames < UNKNOWN_FRAMES:
            self._sound.seek(begin)
        else:
            while begin:  # what does not say how long it is cannot be sought in
                begin -= len(self._read(min(each, begin))) or begin
        while count > 0:
            asked = min(each, count)
            try:
                block = self._read(asked)
            except soundfile.SoundFileError as error:
                self.broken = reason(error)
                return
            yield block
            count = count - asked if len(block) == asked else 0

    def _read(self, count: int) -> NDArray[np.float32]:
        with self._quiet or _AS_IT_IS:
            return self._sound.read(count)

    @property
    def complaints(self) -> str:
        """As `Decoder.complaints`."""
        return self._quiet.text if self._quiet is not None else ""

    def close(self) -> None:
        """Closes the file."""
        self._sound.close()
        self._encoded.close()


class PlainDecoder:
    """By nobody: the samples of a WAV of 16 bits, or of floats of 32, lie there as they are."""

    complaints = ""

    def __init__(self, encoded: Encoded, statement: Statement) -> None:
        assert statement.plain is not None
        assert statement.frames is not None
        self._encoded = encoded
        self._begin, self._width, self.channels = statement.plain
        there = (encoded.size - self._begin) // (self._width * self.channels)
        self.rate, self.frames = statement.rate, min(statement.frames, max(0, there))
        self.floats, self.broken = statement.floats, ""

    def blocks(self, begin: int, count: int) -> Blocks:
        """As `Decoder.blocks`."""
        each = max(1, BLOCK_FRAMES // self.channels)
        end = min(self.frames, begin + count)
        while begin < end:
            size = min(each, end - begin)
            frame = self._width * self.channels
            block: NDArray[Any] = np.empty((size, self.channels), "<f4" if self._width == 4 else "<i2")
            got = self._encoded.read_into(memoryview(block.data).cast("B"), self._begin + begin * frame) // frame
            begin = begin + got if got == size else end
            yield block[:got] if self._width == 4 else np.multiply(block[:got], SCALE, dtype=np.float32)

    def close(self) -> None:
        """Closes the file."""
        self._encoded.close()


class ChainDecoder:
    """Several whole files that stand one after another in one, such as chained Ogg: libsndfile ends after the first.

    Where they differ in their channels, each is mixed.
    """

    complaints = ""

    def __init__(self, audio: Audio, links: Sequence[tuple[int, int]]) -> None:
        self._parts = [_part(audio, begin, end) for begin, end in links]
        self._lengths: list[int] = []
        rates, channels = set[int](), set[int]()
        for part in self._parts:
            with closing(_by_libsndfile(part)) as decoder:
                rates.add(decoder.rate)
                channels.add(decoder.channels)
                self._lengths.append(decoder.frames)
        if len(rates) > 1:
            raise ValueError("the parts that it is made of differ in their sample rates")
        (self.rate,) = rates
        self.channels = channels.pop() if len(channels) == 1 else 1
        self.frames, self.floats, self.broken = sum(self._lengths), False, ""

    def blocks(self, begin: int, count: int) -> Blocks:
        """As `Decoder.blocks`."""
        for part, length in zip(self._parts, self._lengths, strict=True):
            if begin < length and count > 0:
                with closing(_by_libsndfile(part)) as decoder:
                    for block in decoder.blocks(begin, min(count, length - begin)):
                        count -= len(block)
                        same = decoder.channels == self.channels
                        yield block if same else block.mean(axis=1, keepdims=True, dtype=np.float32)
                    self.broken = decoder.broken
            begin = max(0, begin - length)

    def close(self) -> None:
        """Nothing is open."""


def _by_libsndfile(audio: Audio) -> SoundDecoder:
    """A file as libsndfile reads it."""
    encoded = Encoded(audio)
    try:
        return SoundDecoder(encoded)
    except BaseException:
        encoded.close()
        raise


def _part(audio: Audio, begin: int, end: int) -> Audio:
    """A stretch of the encoded bytes as a file of its own."""
    if audio.path is None:
        return replace(audio, data=(audio.data or b"")[begin:end])
    return replace(audio, offset=audio.offset + begin, size=end - begin, crc32=None)
