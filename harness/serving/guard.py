"""Runs a command and ends it when its own standard input is closed: `python guard.py GRACE COMMAND ...`.

GRACE is the seconds between asking it to end and ending it.

Whoever starts it holds the other end of that pipe. The system closes it however that process ends, even where it is
killed, so that no server is left behind. It uses the standard library alone, and is run as a file.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress


def main(command: Sequence[str], grace: float) -> int:
    """Runs the command in a session of its own; gives its exit status, 128 and more for a signal."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # it ends with its pipe, and not before the server
        threading.Thread(target=_end_at_eof, args=(server, grace), daemon=True).start()
        status = server.wait()
        _signal(server, signal.SIGKILL)  # whatever it started and left
        return status if status >= 0 else 128 - status


def _end_at_eof(server: "subprocess.Popen[bytes]", grace: float) -> None:
    while os.read(0, 4096):  # not sys.stdin, whose lock this thread would hold when the program ends
        pass
    _signal(server, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        server.wait(grace)
    _signal(server, signal.SIGKILL)


def _signal(server: "subprocess.Popen[bytes]", number: int) -> None:
    """To the server and all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], float(sys.argv[1])))
