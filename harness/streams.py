"""Standard output and standard error that cannot end the work, nor change what it is worth."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from harness.reporting.escape import plain, shown
from harness.secret_values import hide


class Output:
    """A standard stream; where nobody reads it any more, or it never was there, what is written to it is let go.

    Names and transcripts come from outside: what they hold that a terminal or a CI runner would obey is shown instead
    (`escape.shown`).
    """

    def __init__(self, stream: TextIO | Output | None, *, exact: bool = False) -> None:
        self._stream, self._exact = stream, exact
        self._begins_line = True
        self.error: OSError | None = None
        """Why it could not be written."""

    @property
    def exact(self) -> Output:
        """The same stream, for what is written as it is: workflow commands that are meant, bars, texts as data."""
        return self if self._exact else Output(self, exact=True)

    @property
    def gone(self) -> bool:
        """Whether nothing can be written any more."""
        return self._stream.gone if isinstance(self._stream, Output) else self.error is not None

    def write(self, text: str, *, hidden: bool = False) -> int:
        """Writes the text, or lets it go; `hidden` says that it is without secrets already."""
        told = text if self._exact else shown(text, begins_line=self._begins_line, styled=self.isatty())
        self._put(told, hidden=hidden)
        before, end, last = text.rpartition("\n")
        self._begins_line = (bool(before or end) or self._begins_line) and not last.strip()
        return len(text)

    def _put(self, text: str, *, hidden: bool = False) -> None:
        if isinstance(self._stream, Output):
            self._stream._put(text, hidden=hidden)
            return
        text = text if hidden else hide(text)
        if self._stream is not None and self.error is None:
            try:
                self._stream.write(text)
            except UnicodeEncodeError as error:
                self._stream.write(text.encode(error.encoding, "backslashreplace").decode(error.encoding))
            except OSError as error:
                self._lose(error)

    def flush(self) -> None:
        """Hands on what was written."""
        if self._stream is not None and self.error is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._lose(error)

    def isatty(self) -> bool:
        """Whether a person looks at it."""
        return self._stream is not None and self.error is None and self._stream.isatty()

    def __getattr__(self, name: str) -> Any:
        """All else is the stream's own."""
        return getattr(self._stream, name)

    def _lose(self, error: OSError) -> None:
        """Python writes what is left at its own end: it goes nowhere, and no complaint about it is the last word."""
        self.error = error
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())


@contextmanager
def lasting() -> Iterator[Output]:
    """Both streams as `Output` for as long as a command runs; gives standard output."""
    _occupy()
    before = sys.stdout, sys.stderr
    out, errors = Output(before[0]), Output(before[1])
    sys.stdout, sys.stderr = out, errors
    try:
        yield out
    finally:
        for stream in (out, errors):
            stream.flush()
        sys.stdout, sys.stderr = before


def _occupy() -> None:
    """Opens on nothing what is closed of the three standard files.

    The next file that is opened would have its number: what native code or a child prints would end in a journal.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free


def lost(out: Output) -> str | None:
    """Why what was asked for on standard output is not all there; None where it is, or its reader has seen enough."""
    if out.error is None or out.error.errno == errno.EPIPE:
        return None
    return f"standard output cannot be written ({out.error.strerror}); free space, or write to another place"


def put_json(record: object) -> None:
    """A record as JSON on standard output, its texts without secrets, its keys and numbers as they are."""
    # Not above: it needs our own `benchmarks`, and `cli` looks first whether it is ours.
    from harness.records.codec import pretty

    text = pretty(record)
    if isinstance(sys.stdout, Output):
        sys.stdout.write(text, hidden=True)
    else:
        sys.stdout.write(text)


def exact(stream: TextIO) -> TextIO:
    """A standard stream that takes what is written as it is; what is no `Output` does so anyway."""
    return cast("TextIO", stream.exact) if isinstance(stream, Output) else stream


def tell(line: str) -> None:
    """One line for the person who waits, on standard error; whatever it quotes cannot move the cursor."""
    print(plain(line), file=sys.stderr, flush=True)  # noqa: T201 - all such lines pass here
