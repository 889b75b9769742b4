"""Measures an utterance's audio as it is, before channels are mixed and samples are resampled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.audio import check_duration, listen
from harness.errors import DataError
from harness.health.measure import Facts, Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.dataset import Utterance


def measured(utterance: Utterance) -> tuple[Facts, tuple[str, ...]]:
    """Decodes and measures.

    Returns:
        The facts, and what the file's container states that is odd.

    Raises:
        DataError: the audio is missing, broken, empty, truncated, or not as long as the metadata says: as in a run.
    """
    audio = utterance.audio
    listeners: list[Listener] = []

    def begin(rate: int, channels: int, frames: int | None) -> Callable[[NDArray[np.float32]], None]:
        one = audio.channel if isinstance(audio.channel, int) else None
        if one is not None and not 0 <= one < channels:
            raise DataError(f"{audio.origin}: channel {one} is asked for, it has {channels}, counted from 0")
        length = frames if frames is not None else round((utterance.duration or 0) * rate)
        listener = Listener(rate, channels if one is None else 1, length)
        listeners.append(listener)
        return listener.add if one is None else lambda block: listener.add(block[:, one : one + 1])

    warnings = listen(audio, begin)
    facts = listeners[0].facts()
    if not facts.seconds:
        raise DataError(f"{audio.origin}: no samples in it")
    if facts.invalid:
        raise DataError(
            f"{audio.origin}: {amount(facts.invalid, 'sample is no finite number', 'samples are no finite numbers')}"
        )
    check_duration(utterance, facts.seconds)
    return facts, tuple(one.text for one in warnings)
