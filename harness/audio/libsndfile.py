"""libsndfile, called with as little in between as can be: opened, read, closed.

soundfile brings the library and declares its functions; its class of an open file asks many things that do not matter
here, each of which lets go of the interpreter: of a clip of some seconds they cost one twentieth of the decoding.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import soundfile
from soundfile import _ffi, _snd

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OPENING = threading.Lock()
"""Why a file could not be opened, libsndfile says of the last that was tried, whoever tried it."""


class Sound:
    """An open file, read from front to back.

    Args:
        source: a descriptor, which stays the caller's, at the file's beginning; or a Python file.

    Raises:
        soundfile.SoundFileError: it cannot be opened.
    """

    def __init__(self, source: int | BinaryIO) -> None:
        self._file = self._handle = None
        if isinstance(source, int):
            info = _ffi.new("SF_INFO*")
            with _OPENING:
                handle = _snd.sf_open_fd(source, _snd.SFM_READ, info, False)
                if handle == _ffi.NULL:
                    raise soundfile.LibsndfileError(_snd.sf_error(handle))
            self._handle = handle
        else:
            self._file = soundfile.SoundFile(source)  # it makes functions of the file, which libsndfile calls
            info, self._handle = self._file._info, self._file._file
        self.rate, self.channels, self.frames = int(info.samplerate), int(info.channels), int(info.frames)

    def read(self, count: int) -> NDArray[np.float32]:
        """The next samples, shape ``[count, channels]``; fewer at the end.

        Raises:
            soundfile.SoundFileError: they are broken.
        """
        block = np.empty((count, self.channels), np.float32)
        got = _snd.sf_readf_float(self._handle, _ffi.from_buffer("float[]", block), count)
        self._check()
        return block if got == count else block[:got]

    def seek(self, frame: int) -> None:
        """Goes to a sample.

        Raises:
            soundfile.SoundFileError: it cannot be found.
        """
        _snd.sf_seek(self._handle, frame, os.SEEK_SET)
        self._check()

    def _check(self) -> None:
        error = _snd.sf_error(self._handle)
        if error:
            raise soundfile.LibsndfileError(error)

    def close(self) -> None:
        """Closes it; a descriptor stays open."""
        if self._file is not None:
            self._file.close()
        elif self._handle is not None:
            _snd.sf_close(self._handle)
        self._file = self._handle = None

    def __del__(self) -> None:
        self.close()
