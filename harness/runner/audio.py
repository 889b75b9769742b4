"""Encoded audio to what a model hears: 16 kHz, mono, float32. soundfile decodes, soxr resamples."""

from __future__ import annotations

import errno
import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import soundfile
import soxr

from harness.errors import DataError
from harness.types import SAMPLE_RATE, Clip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.dataset import Audio, Utterance

BLOCK_FRAMES = 1 << 20
"""Frames read at a time: a header that lies about the length cannot make us allocate what is not there."""

UNKNOWN_FRAMES = (1 << 63) - 1
"""What libsndfile answers where a header does not say how long the audio is: FLAC that was written into a pipe."""

MAX_RATE = 768_000
"""Samples per second; a header that states more is broken."""

DURATION_SLACK = (0.5, 0.02)
"""Seconds, and share of the stated duration, by which the decoded length may differ from it before it is called wrong.

Metadata rounds, and MP3 encoders add up to a few frames of silence."""


HAS_MEMORY_FILES = True
"""Whether there are files in memory: Linux has them, but a sandbox may forbid them."""
try:
    os.close(os.memfd_create("audio"))
except (AttributeError, OSError):
    HAS_MEMORY_FILES = False

COPIED_BYTES = 16 << 20
"""The longest encoded audio that is copied to be decoded. Of a longer one often only a segment is wanted."""

KEPT_BYTES = 1 << 20
"""Of a thread's own memory for encoded audio; for a longer one it gets more, and gives it back."""


def load_clip(utterance: Utterance) -> Clip:
    """Decodes an utterance.

    Raises:
        DataError: the audio is missing, broken, empty, truncated, or not as long as the metadata says.
    """
    waveform = decode(utterance.audio)
    stated = utterance.duration
    seconds = len(waveform) / SAMPLE_RATE
    if stated is not None and abs(seconds - stated) > max(DURATION_SLACK[0], DURATION_SLACK[1] * stated):
        raise DataError(
            f"{utterance.audio.origin}: {seconds:.2f} s of audio where {stated:.2f} s are stated; fetch the file again"
        )
    return Clip(id=utterance.id, language=utterance.language, waveform=waveform)


def decode(audio: Audio) -> NDArray[np.float32]:
    """Reads, cuts, mixes down and resamples.

    Returns:
        Mono samples at 16 kHz, float32, shape ``[samples]``, at least one.

    Raises:
        DataError: the audio is missing, broken, empty or truncated.
    """
    try:
        with _open(audio) as sound:
            form = sound.format  # libsndfile is asked each time, at which another thread may take over
            samples, rate = _read(sound, audio, form)
            integers = form == "FLAC" or sound.subtype.startswith("PCM_")
    except FileNotFoundError:
        raise DataError(f"{audio.origin}: no such file") from None
    except OSError as error:
        raise DataError(f"{audio.origin}: cannot be read ({error.strerror or error})") from None
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).rsplit(": ", 1)[-1].strip().rstrip(".")
        raise DataError(f"{audio.origin}: not readable as audio ({reason})") from None
    if samples.size == 0:
        raise DataError(f"{audio.origin}: no samples in it")
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1, dtype=np.float32)
    with np.errstate(all="ignore"):  # given an infinity or no number at all, a model answers nonsense
        suspect = not integers and not np.isfinite(mono.sum())  # quicker than to look at each
    if suspect and (wrong := int((~np.isfinite(mono)).sum())):
        raise DataError(f"{audio.origin}: {wrong} samples are not finite numbers")
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE, quality="HQ")
    return np.ascontiguousarray(mono, dtype=np.float32)


class _Sound(soundfile.SoundFile):  # type: ignore[misc]
    """Read from front to back. Else soundfile would seek after each block, which FLAC of unknown length cannot."""

    def seekable(self) -> bool:
        return False


class _SoundOfFile(_Sound):
    """Reads a Python file, and closes it."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            super().__init__(file)
        except BaseException:
            file.close()
            raise

    def close(self) -> None:
        super().close()
        self.name.close()


def _open(audio: Audio) -> _Sound:
    """The audio as libsndfile can read it by itself: by name, or from a file in memory.

    Reading a Python file, it would call back for every block, and the threads that decode would wait for one another.
    """
    if audio.path is not None and audio.size is None:
        try:
            return _Sound(audio.path)
        except soundfile.SoundFileError:
            with audio.path.open("rb"):  # says what is wrong with the path better than libsndfile does
                raise
    size = audio.size if audio.path is not None else len(audio.data or b"")
    if HAS_MEMORY_FILES and size is not None and size <= COPIED_BYTES:
        return _Sound(_MemoryFile.of_thread().holding(audio), closefd=False)
    return _SoundOfFile(audio.open())


class _MemoryFile:
    """A file that has no name and lies in memory; one for each thread, since to make one costs more than to fill it.

    What it held last stays in it: up to COPIED_BYTES, until something shorter comes.
    """

    _descriptor = _source = -1

    def __init__(self) -> None:
        self.process = os.getpid()
        self._descriptor, self._most = os.memfd_create("audio"), 0
        self._buffer = bytearray(KEPT_BYTES)
        self._archive: Path | None = None

    def __del__(self) -> None:
        for descriptor in (self._descriptor, self._source):
            if descriptor >= 0:
                os.close(descriptor)

    @classmethod
    def of_thread(cls) -> _MemoryFile:
        """This thread's own. After a fork it would be the other process's too, and is left to that."""
        file: _MemoryFile | None = getattr(_OWN, "file", None)
        if file is None or file.process != os.getpid():
            file = _OWN.file = cls()
        return file

    def holding(self, audio: Audio) -> int:
        """The descriptor of the file, which holds the encoded bytes until the next are asked for."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._most = max(self._most, len(audio.data or b"") if audio.path is None else audio.size or 0)
        size = self._write(memoryview(audio.data or b"")) if audio.path is None else self._copy(audio, audio.path)
        if size < self._most:
            os.ftruncate(self._descriptor, size)
        self._most = size
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return self._descriptor

    def _write(self, data: memoryview) -> int:
        done = 0
        while done < len(data):
            done += os.write(self._descriptor, data[done:])
        return done

    def _copy(self, audio: Audio, archive: Path) -> int:
        """Copies from an archive, which stays open for the next; how many bytes there were."""
        if self._archive is not archive:
            opened = os.open(archive, os.O_RDONLY)
            if self._archive is not None:
                os.close(self._source)
            self._archive, self._source = archive, opened
        size, done = audio.size or 0, 0
        if audio.crc32 is None:
            try:
                while done < size and (
                    more := os.sendfile(self._descriptor, self._source, audio.offset + done, size - done)
                ):
                    done += more
            except OSError as error:
                if error.errno != errno.EINVAL:  # what a file system answers that cannot do it
                    raise
                done = os.lseek(self._descriptor, 0, os.SEEK_SET)
            else:
                return done
        data = memoryview(self._buffer if size <= KEPT_BYTES else bytearray(size))[:size]
        while done < size and (more := os.preadv(self._source, [data[done:]], audio.offset + done)):
            done += more
        audio.check(data[:done])
        return self._write(data[:done])


_OWN = threading.local()


def _read(sound: _Sound, audio: Audio, form: str) -> tuple[NDArray[np.float32], int]:
    """Samples ``[frames, channels]`` of the segment, and their rate."""
    rate = int(sound.samplerate)
    if not 0 < rate <= MAX_RATE:
        raise DataError(f"{audio.origin}: states {rate} samples a second")
    if audio.end is not None and audio.end <= (audio.start or 0.0):
        raise DataError(f"{audio.origin}: its segment is from {audio.start or 0.0:g} to {audio.end:g} s")
    begin = round((audio.start or 0.0) * rate)
    wanted = None if audio.end is None else round(audio.end * rate) - begin
    if begin:
        if begin > sound.frames:
            raise DataError(f"{audio.origin}: ends before its segment begins, at {audio.start:.2f} s")
        sound.seek(begin)
    stated = sound.frames - begin if sound.frames < UNKNOWN_FRAMES else UNKNOWN_FRAMES
    most = stated if wanted is None else min(stated, wanted)
    blocks: list[NDArray[np.float32]] = []
    got = 0
    while got < most:
        count = min(BLOCK_FRAMES, most - got)
        block = sound.read(count, dtype="float32", always_2d=True)
        blocks.append(block)
        got += len(block)
        if len(block) < count:
            break
    _check_whole(sound, audio, form, begin=begin, got=got, wanted=wanted)
    return (blocks[0] if len(blocks) == 1 else np.concatenate(blocks or [np.zeros((0, 1), np.float32)])), rate


def _check_whole(sound: _Sound, audio: Audio, form: str, *, begin: int, got: int, wanted: int | None) -> None:
    """Tells a truncated file from a whole one; all counts are frames."""
    rate = sound.samplerate
    if wanted is not None:
        if got < wanted - rate // 10:
            raise DataError(f"{audio.origin}: ends at {(begin + got) / rate:.2f} s, inside its segment")
        return
    # Lossy formats estimate their length; the others state it, and libsndfile notes where a WAV's header says more.
    if form not in {"FLAC", "WAV", "AIFF", "AU", "NIST", "W64", "RF64", "WAVEX"} or sound.frames >= UNKNOWN_FRAMES:
        return
    log = "" if form == "FLAC" else sound.extra_info
    cut = re.search(r"data\s*:\s*(\d+)\s*\(should be (\d+)\)", log)
    if begin + got < sound.frames or (cut is not None and int(cut[1]) > int(cut[2])):
        raise DataError(f"{audio.origin}: truncated, it ends after {got / rate:.2f} s")
