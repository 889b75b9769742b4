"""Opens encoded audio: a file of the disk, a file in memory, or, where that cannot be, a Python file."""

from __future__ import annotations

import errno
import io
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from benchmarks.containers import Window
from benchmarks.files import regular
from harness.audio.libsndfile import Sound

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from benchmarks.dataset import Audio

HAS_MEMORY_FILES = True
"""Whether there are files in memory: Linux has them, but a sandbox may forbid them."""
try:
    os.close(os.memfd_create("audio"))
except (AttributeError, OSError):
    HAS_MEMORY_FILES = False

HAS_PREAD, HAS_PREADV = hasattr(os, "pread"), hasattr(os, "preadv")
"""Whether files can be read from a place without going there: not on Windows."""

COPIED_BYTES = 16 << 20
"""The longest encoded audio that is copied to be decoded. Of a longer one often only a segment is wanted."""

KEPT_BYTES = 1 << 20
"""Of a thread's own memory for encoded audio; for a longer one it gets more, and gives it back."""


class Encoded:
    """Encoded audio that is open, by a number of the system's: a file of the disk, or one in memory.

    Reading a Python file, libsndfile would call back for every block, and the threads that decode would wait for one
    another; that is left for long members of archives, and for systems that have no files in memory.

    Raises:
        OSError: it is not there, or not what its archive says.
    """

    def __init__(self, audio: Audio) -> None:
        self._file: BinaryIO | None = None
        self._descriptor = self._owned = -1
        self._moved = True
        size = audio.size if audio.path is not None else len(audio.data or b"")
        if size is None and audio.path is not None and HAS_PREAD:
            size = regular(audio.path).st_size
            self._descriptor = self._owned = os.open(audio.path, os.O_RDONLY)
            self._moved = False
        elif size is not None and size <= COPIED_BYTES and HAS_MEMORY_FILES:
            self._descriptor, size = _MemoryFile.of_thread().holding(audio)
        else:
            self._file, size = audio.open(), audio.length()
        self.size = size

    @property
    def window(self) -> Window:
        """For who looks into it."""
        return Window(self.read, self.size)

    def read(self, place: int, count: int) -> bytes:
        """So many bytes from a place, as far as they are there."""
        if self._file is None:
            return os.pread(self._descriptor, count, place)
        self._file.seek(place)
        return self._file.read(count)

    def read_into(self, buffer: memoryview, place: int) -> int:
        """Fills a buffer with the bytes from a place; how many there were."""
        if self._file is None:
            return os.preadv(self._descriptor, [buffer], place) if HAS_PREADV else self._copied(buffer, place)
        return self._copied(buffer, place)

    def _copied(self, buffer: memoryview, place: int) -> int:
        data = self.read(place, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def sound(self) -> Sound:
        """The same for libsndfile; it is closed before this."""
        if self._file is not None:
            self._file.seek(0)
            return Sound(self._file)
        if self._moved:  # `read` moves nothing
            os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._moved = True
        return Sound(self._descriptor)

    def close(self) -> None:
        """Closes what was opened."""
        if self._file is not None:
            self._file.close()
        if self._owned >= 0:
            os.close(self._owned)
            self._owned = -1


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

    def holding(self, audio: Audio) -> tuple[int, int]:
        """The descriptor of the file, which holds the encoded bytes until the next are asked for, and their number."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._most = max(self._most, len(audio.data or b"") if audio.path is None else audio.size or 0)
        size = self._write(memoryview(audio.data or b"")) if audio.path is None else self._copy(audio, audio.path)
        if size < self._most:
            os.ftruncate(self._descriptor, size)
        self._most = size
        return self._descriptor, size

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


class Patched(Encoded):
    """Encoded audio some bytes of which are read as others, such as a size that its writer left open."""

    def __init__(self, audio: Audio, patches: tuple[tuple[int, bytes], ...]) -> None:
        super().__init__(audio)
        self._file = cast("BinaryIO", _Patched(self._file or audio.open(), patches))


class _Patched(io.RawIOBase):
    def __init__(self, file: BinaryIO, patches: tuple[tuple[int, bytes], ...]) -> None:
        self._file, self._patches = file, patches

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_CUR:
            place += self._file.tell()
        return self._file.seek(place, whence) if whence == io.SEEK_END else self._file.seek(max(0, place))

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
