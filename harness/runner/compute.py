"""The arithmetic of a benchmark: operations of clips like its own, and what the device could do at most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness import environment
from harness.devices import kind_of
from harness.peaks import peak_of
from harness.records.cost import Compute
from harness.runner.journal import describe

if TYPE_CHECKING:
    from harness.config import Settings
    from harness.models.base import Model
    from harness.records.journal import Line

CLIPS = 5
"""Lengths that stand for all of a benchmark."""


def compute_of(model: Model, lines: Sequence[Line], settings: Settings) -> Compute | str | None:
    """What is known of a benchmark that was run; None where no peak is known, or the model does not count.

    Where counting fails it is said why.

    Operations are counted for clips of five lengths that split the benchmark's into equal parts, and put together by
    their seconds. A clip that was cut counts as its pieces.
    """
    if settings.peak_tflops is not None:
        peak: tuple[float, str] | None = settings.peak_tflops, "--peak-tflops"
    elif kind_of(settings.device) == "cuda":
        peak = peak_of(environment.hardware().accelerator, settings.dtype)
    else:
        peak = None
    if peak is None:
        return None
    lengths = sorted(
        end - begin for line in lines for begin, end in line.segments or ((0.0, line.audio_seconds or 0.0),)
    )
    lengths = [length for length in lengths if length > 0]
    if not lengths:
        return None
    spoken = sum(line.audio_seconds or 0.0 for line in lines)
    rate = sum((line.usage.tokens or 0) if line.usage else 0 for line in lines) / spoken
    count = min(CLIPS, len(lengths))
    chosen = [lengths[(2 * place + 1) * len(lengths) // (2 * count)] for place in range(count)]
    try:
        found = [model.flops(length, rate * length) for length in chosen]
    except Exception as error:  # noqa: BLE001 - any model may raise anything; its transcripts are there
        return f"operations not counted: {describe(error)}"
    known = [one for one in found if one is not None]
    if len(known) < len(chosen):
        return None
    return Compute(
        flops_a_second=sum(value for value, _ in known) / sum(chosen),
        method=known[0][1],
        peak_tflops=peak[0],
        peak_source=peak[1],
    )
