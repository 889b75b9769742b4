"""The threads of a run, and how busy those are that decode."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from harness.runner.heap import keep_freed_memory, seldom_collected

if TYPE_CHECKING:
    from harness.models.base import Model
    from harness.runner.clock import Lap

P = ParamSpec("P")
T = TypeVar("T")


class Busy:
    """How many threads are at work, added up over time."""

    def __init__(self) -> None:
        self._lock, self._count, self._total, self._since = Lock(), 0, 0.0, 0.0

    def _change(self, by: int) -> float:
        """So many more are at work; seconds at work until now, of all together."""
        with self._lock:
            now = time.perf_counter()
            self._total += self._count * (now - self._since)
            self._since, self._count = now, self._count + by
            return self._total

    def __enter__(self) -> None:
        self._change(1)

    def __exit__(self, *_error: object) -> None:
        self._change(-1)

    @contextmanager
    def measured(self, lap: Lap) -> Iterator[None]:
        """Notes how many were at work in the meantime, on average."""
        begin, before = time.perf_counter(), self._change(0)
        try:
            yield
        finally:
            took = time.perf_counter() - begin
            lap.busy = (self._change(0) - before) / took if took > 0 else 0.0


class Threads(ExitStack):
    """The threads of a run. Each stage has one of its own, so that a model never meets itself."""

    def __init__(self, model: Model, workers: int) -> None:
        super().__init__()
        keep_freed_memory()
        self.enter_context(seldom_collected())
        self.workers, self.busy = workers, Busy()
        self.decode = self._pool(workers, "decode")
        self.prepare = self._pool(1, "prepare", model)
        self.write = self._pool(1, "write", model)

    def _pool(self, count: int, name: str, model: Model | None = None) -> ThreadPoolExecutor:
        begin = model.beside if model is not None else None
        return self.enter_context(ThreadPoolExecutor(count, thread_name_prefix=name, initializer=begin))

    def decoding(self, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> Future[T]:
        """Starts a call in a thread that decodes."""

        def busily() -> T:
            with self.busy:
                return call(*arguments, **named)

        return self.decode.submit(busily)
