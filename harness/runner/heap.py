"""What a run frees is kept for what it decodes next, and cycles among its objects are looked for seldom.

glibc gives what is free at the end of a heap back to the system at once, and decoded clips come and go there: each new
one then lay in pages that the system had to clear first, some 50 of them for a clip of 7 s, which took longer than all
else that the runner does for it (`perf/host.py`, `own`).
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

KEPT = 256 << 20
"""Bytes that each heap may keep: two batches of 1,200 s are 150 MB."""

WHOLE = 64 << 20
"""Bytes of the parts that a thread's heap is made of, of which one that is empty is kept, too."""

LARGE = 32 << 20
"""What is larger is given back when it is freed, as it always was: 8 minutes of samples."""

_OPTIONS = {-1: KEPT, -2: WHOLE, -3: LARGE}
"""M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD of glibc's malloc.h."""


@cache
def keep_freed_memory() -> bool:
    """Tells the allocator, once in a process; whether it took it. Where the environment sets MALLOC_*, that counts."""
    if not sys.platform.startswith("linux") or any(name.startswith("MALLOC_") for name in os.environ):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(option, value) for option, value in _OPTIONS.items())


OBJECTS = 50_000
"""New objects after which Python looks for cycles: 700 are 14 utterances, and a tenth of the time to read them."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Has Python look for cycles seldom; not at all stays not at all."""
    before = gc.get_threshold()
    gc.set_threshold(before[0] and max(before[0], OBJECTS), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
