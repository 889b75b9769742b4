"""Opens encoded audio for libsndfile: by name, from a file in memory, or, where that cannot be, as a Python file."""

from __future__ import annotations

import errno
import io
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import soundfile

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from benchmarks.dataset import Audio

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


class SoundFile(soundfile.SoundFile):  # type: ignore[misc]
    """Read from front to back. Else soundfile would seek after each block, which FLAC of unknown length cannot."""

    def seekable(self) -> bool:
        """So it says."""
        return False


class SoundOfFile(SoundFile):
    """Reads a Python file, and closes it."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            super().__init__(file)
        except BaseException:
            file.close()
            raise

    def close(self) -> None:
        """Closes both."""
        super().close()
        self.name.close()


def open_sound(audio: Audio) -> SoundFile:
    """The audio as libsndfile can read it by itself: by name, or from a file in memory.

    Reading a Python file, it would call back for every block, and the threads that decode would wait for one another.
    """
    if audio.path is not None and audio.size is None:
        try:
            return SoundFile(audio.path)
        except soundfile.SoundFileError:
            with audio.path.open("rb"):  # says what is wrong with the path better than libsndfile does
                raise
    size = audio.size if audio.path is not None else len(audio.data or b"")
    if HAS_MEMORY_FILES and size is not None and size <= COPIED_BYTES:
        return SoundFile(_MemoryFile.of_thread().holding(audio), closefd=False)
    return SoundOfFile(audio.open())


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


def patched(file: BinaryIO, patches: tuple[tuple[int, bytes], ...]) -> BinaryIO:
    """A file some bytes of which are read as others, such as a size that its writer left open; it closes the file."""
    return cast("BinaryIO", _Patched(file, patches))


class _Patched(io.RawIOBase):
    def __init__(self, file: BinaryIO, patches: tuple[tuple[int, bytes], ...]) -> None:
        self._file, self._patches = file, patches

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: WriteableBuffer) -> int:
        begin = self._file.tell()
        view = memoryview(buffer).cast("B")
        data = bytearray(self._file.read(len(view)))
        for place, patch in self._patches:
            for at, byte in enumerate(patch, start=place - begin):
                if 0 <= at < len(data):
                    data[at] = byte
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()
