"""What every talk with a hub needs, of data or of models: its library kept quiet, and an answer within seconds."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

LIBRARIES = ("huggingface_hub", "fsspec")


@contextmanager
def quiet(*, bars: bool = False) -> Iterator[None]:
    """Silences what the hub's libraries say by themselves: our one line says it better.

    Args:
        bars: whether their progress bars are left as they are.
    """
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    loggers = [logging.getLogger(name) for name in LIBRARIES]
    levels = [logger.level for logger in loggers]
    had_bars = not are_progress_bars_disabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        if had_bars and not bars:
            disable_progress_bars()
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
            if had_bars:
                enable_progress_bars()


def within(seconds: float, request: Callable[[], T]) -> T:
    """The request's value, or TimeoutError: name resolution has time limits of its own, of up to a minute."""
    values: list[T] = []
    failures: list[Exception] = []

    def call() -> None:
        try:
            values.append(request())
        except Exception as error:  # noqa: BLE001 - raised again by the caller's thread
            failures.append(error)

    thread = threading.Thread(target=call, name="hub-probe", daemon=True)
    thread.start()
    thread.join(seconds)
    if failures:
        raise failures[0]
    if not values:
        raise TimeoutError(f"no answer within {seconds:.0f} s")
    return values[0]


def first_line(error: BaseException) -> str:
    """What an error says, as a part of one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:160]
