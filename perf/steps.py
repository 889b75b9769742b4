"""A benchmark's steps within a number of seconds: what fails or takes too long costs itself only, and is said."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

LEAST_SECONDS = 5.0
"""With less left no step is begun."""


class OutOfTime(BaseException):
    """The budget is spent. No Exception: libraries catch those, and would go on with something slower."""


@dataclass(slots=True)
class Steps:
    """What was found, step by step, as long as there is time."""

    seconds: float
    """From `begun` on, for all steps."""
    begun: float = field(default_factory=time.monotonic)
    found: dict[str, Any] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    """Steps that were not done or not to the end, each with why."""

    @property
    def left(self) -> float:
        """Seconds."""
        return self.seconds - (time.monotonic() - self.begun)

    def run(self, name: str, step: Callable[[], Any], share: float = 1.0) -> Any:
        """Does a step and keeps what it gives under its name; None where it fails or there is no time.

        Args:
            name: of the step.
            step: it.
            share: of what is left that it may take.
        """
        if self.left < LEAST_SECONDS:
            self._note(name, "not begun: the budget of seconds is spent")
            return None
        until = signal.signal(signal.SIGALRM, _out_of_time)
        signal.setitimer(signal.ITIMER_REAL, self.left * share)
        try:
            self.found[name] = step()
        except OutOfTime:
            self._note(name, f"stopped after its {share:.0%} of the seconds that were left")
        except Exception as error:  # noqa: BLE001 - a variant may fail in any way, and must not end the others
            self._note(name, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, until)
        return self.found.get(name)

    def _note(self, name: str, why: str) -> None:
        self.failed.append(f"{name}: {why}")
        print(f"  {name}: {why}", flush=True)


def _out_of_time(_number: int, _frame: object) -> None:
    raise OutOfTime
