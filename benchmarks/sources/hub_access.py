"""What every talk with a hub needs, of data or of models: its library kept quiet, and an answer within seconds."""

from __future__ import annotations

import logging
import threading
import warnings
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

LIBRARIES = ("huggingface_hub", "fsspec")


@contextmanager
def quiet(*, bars: bool = False) -> Iterator[None]:
    """Silences what the hub's libraries say by themselves: our one line says it better.

    Args:
        bars: whether their progress bars are left as they are.
    """
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    levels = {logger: logger.level for logger in map(logging.getLogger, LIBRARIES)}
    had_bars = not are_progress_bars_disabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in levels:
            logger.setLevel(logging.CRITICAL)
        if had_bars and not bars:
            disable_progress_bars()
        try:
            yield
        finally:
            for logger, level in levels.items():
                logger.setLevel(level)
            if had_bars:
                enable_progress_bars()


def within(seconds: float, request: Callable[[], T]) -> T:
    """The request's value, or TimeoutError: name resolution has time limits of its own, of up to a minute."""
    answer = Future[T]()

    def call() -> None:
        try:
            answer.set_result(request())
        except Exception as error:  # noqa: BLE001 - raised again by the caller's thread
            answer.set_exception(error)

    threading.Thread(target=call, name="hub-probe", daemon=True).start()
    if not wait([answer], seconds).done:
        raise TimeoutError(f"no answer within {seconds:.0f} s")
    return answer.result()


def first_line(error: BaseException) -> str:
    """What an error says, as a part of one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:160]
