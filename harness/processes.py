"""Work shared among copies of this process, one for each processor."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import warnings
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

Work = Callable[[int], "Sequence[array[Any]]"]
"""What is done for a share, which is 0 in this process."""


def available_workers() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def can_fork() -> bool:
    """Whether this process may be copied: others' threads and accelerators do not survive that."""
    single = threading.active_count() == 1 and "torch" not in sys.modules
    return single and sys.platform.startswith("linux") and not multiprocessing.current_process().daemon


def started_quietly(process: BaseProcess) -> None:
    """Starts a copy of this process."""
    with warnings.catch_warnings():
        # Python 3.12 warns of threads that libraries (NumPy's BLAS) keep; they are not used by what runs here.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()


def shares_for(workers: int) -> int:
    """How many processes can be had of so many at most."""
    return workers if workers > 1 and can_fork() else 1


def in_shares(work: Work, shares: int) -> Iterator[Sequence[array[Any]]]:
    """Each share in a process of its own, the first in this one. What a process fails to deliver is done here.

    Raises:
        Whatever `work` raises, in whichever process.
    """
    context = multiprocessing.get_context("fork") if shares > 1 else None
    started = []
    for share in range(1, shares):
        assert context is not None
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(sender, work, share), daemon=True)
        started_quietly(process)
        sender.close()
        started.append((share, process, receiver))
    yield work(0)
    for share, process, receiver in started:
        try:
            found: Sequence[array[Any]] = [_received(receiver) for _ in range(receiver.recv())]
        except (EOFError, OSError):  # killed, perhaps for memory, or it has failed, as it will here
            found = work(share)
        receiver.close()
        process.join()
        yield found


def _work(sender: Connection, work: Work, share: int) -> None:
    """In a process of its own: work, and send. What fails is told where it is done again."""
    with suppress(Exception):
        found = work(share)
        sender.send(len(found))
        for one in found:
            sender.send(one.typecode)
            sender.send_bytes(one)
    sender.close()


def _received(receiver: Connection) -> array[Any]:
    one = array(receiver.recv())
    one.frombytes(receiver.recv_bytes())
    return one
