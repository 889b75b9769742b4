"""`--batch-timeout`: a model that hangs ends the run with one line, instead of holding it for ever.

A native call that does not come back cannot be stopped from within its process. So the process ends, as it may at any
point: what is journalled stays, and the same command goes on. A call that hangs while it holds Python's lock cannot
even be noticed from here; from outside, any signal that kills will do.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import ExitStatus
from harness.models.base import Model
from harness.streams import exact, tell

if TYPE_CHECKING:
    from harness.types import Clip, Hypothesis

LOOK_SECONDS = 1.0
"""How often the watchdog looks, at least; the limit is exceeded by no more."""


@dataclass(frozen=True, slots=True)
class _Named:
    """What a stage made, and of which clips."""

    clips: str
    value: Any


class Watched(Model):
    """A model of which no stage may take longer than a limit for a batch.

    Args:
        model: does the work.
        seconds: the limit.
        give_up: called with one line, in the watchdog's thread; the default prints it and ends the process.
    """

    def __init__(self, model: Model, seconds: float, give_up: Callable[[str], None] | None = None) -> None:
        self.card, self.accelerated = model.card, model.accelerated
        self._model, self._seconds, self._give_up = model, seconds, give_up or _end
        self._running: dict[int, tuple[float, str, str]] = {}
        self._last: dict[int, tuple[str, str]] = {}
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def features(self, clips: Sequence[Clip]) -> _Named:
        """As the model's."""
        names = clips[0].id + (f" and {len(clips) - 1} more" if len(clips) > 1 else "")
        with self._over("features", names):
            return _Named(names, self._model.features(clips))

    def transfer(self, features: _Named) -> _Named:
        """As the model's."""
        with self._over("transfer", features.clips):
            return _Named(features.clips, self._model.transfer(features.value))

    def infer(self, features: _Named) -> _Named:
        """As the model's."""
        with self._over("network", features.clips):
            return _Named(features.clips, self._model.infer(features.value))

    def text(self, output: _Named) -> list[Hypothesis]:
        """As the model's."""
        with self._over("text", output.clips):
            return self._model.text(output.value)

    def flops(self, seconds: float, tokens: float) -> tuple[float, str] | None:
        """As the model's."""
        return self._model.flops(seconds, tokens)

    def beside(self) -> None:
        """As the model's."""
        self._model.beside()

    def synchronize(self) -> None:
        """As the model's; where a device hangs, it is here."""
        with self._over(*self._last.get(threading.get_ident(), ("device", "a batch"))):
            self._model.synchronize()

    def close(self) -> None:
        """As the model's; nothing is watched any longer."""
        self._closed.set()
        self._model.close()

    @contextmanager
    def _over(self, stage: str, clips: str) -> Iterator[None]:
        thread = threading.get_ident()
        self._last[thread] = stage, clips
        self._running[thread] = time.monotonic(), stage, clips
        try:
            yield
        finally:
            del self._running[thread]

    def _watch(self) -> None:
        while not self._closed.wait(min(LOOK_SECONDS, self._seconds / 4)):
            now = time.monotonic()
            for since, stage, clips in list(self._running.values()):
                if now - since > self._seconds:
                    self._give_up(
                        f"{self.card.id}: the stage '{stage}' has not ended within {self._seconds:g} s, for {clips}; "
                        "what was finished is journalled, and the same command goes on after it; "
                        "to wait longer, give --batch-timeout more seconds"
                    )
                    return


def _end(line: str) -> None:
    """Prints the line and ends the process, without waiting for threads that hang."""
    if sys.stderr.isatty():
        exact(sys.stderr).write("\r\x1b[?25h\x1b[K")  # a bar may have hidden the cursor
    tell(f"error: {line}")
    os._exit(ExitStatus.FAILED)
