"""A model's code kept from ending the program: exits, whatever is no `Exception`, and processes that it forked.

What a model raises costs its clips. `sys.exit`, `os._exit`, a cancelled task of asyncio are no exceptions in that
sense, and would end a run in the middle, `sys.exit(0)` with the status of a good one. A process that the model forked
and that comes back into our code, because what it did there raised something, would go on with the run beside us.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from harness.errors import ModelError

LEFT = 70
"""Status of a forked process that is ended here: EX_SOFTWARE."""

_exit = os._exit
_inside = threading.local()
"""`pid` of the process, where this thread is in a model's code."""


class _Left(BaseException):
    """`os._exit` was called."""


@contextmanager
def contained(model: str) -> Iterator[None]:
    """Runs a model's code.

    Args:
        model: its name, for messages.

    Raises:
        ModelError: it would have ended the program. An `Exception` of its own is let through, and so is Ctrl-C.
    """
    pid, before = os.getpid(), getattr(_inside, "pid", None)
    _inside.pid = pid
    try:
        yield
    except Exception:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        what = str(error) if isinstance(error, _Left) else f"{type(error).__name__}: {error}".rstrip(": ")
        raise ModelError(f"{model} tried to end the program ({what})") from None
    finally:
        _inside.pid = before
        if os.getpid() != pid:
            _exit(LEFT)


@contextmanager
def no_sudden_end() -> Iterator[None]:
    """For as long as models run, `os._exit` in a model's own code, in this process, is an error like another.

    A forked process may use it, as it must; so may we. What ends the process from native code cannot be seen from here:
    a run that was cut off says of itself that it is not complete.
    """

    def leave(status: int) -> None:
        if getattr(_inside, "pid", None) == os.getpid():
            raise _Left(f"os._exit: {status}")
        _exit(status)

    before, os._exit = os._exit, leave  # type: ignore[assignment]
    try:
        yield
    finally:
        os._exit = before
