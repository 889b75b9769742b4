"""RTFx of a whole run, once for each time that it was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.records.run import Repeats, Speed
from harness.scoring.score import total_speed

if TYPE_CHECKING:
    from harness.records.policy import Measure
    from harness.records.run import RunRecord


def rtfx(run: RunRecord, measure: Measure) -> tuple[float, ...]:
    """RTFx over all benchmarks, one for each repeat: total over total. Empty where a benchmark has none."""
    speeds = [fact.speed or Speed() for fact in run.benchmarks.values()]
    repeats = [(getattr(one.repeats or Repeats(), measure), one.audio_seconds or 0.0) for one in speeds]
    if repeats and all(len(values) > 1 and audio > 0 for values, audio in repeats):
        audio = [audio for _, audio in repeats]
        return tuple(
            sum(audio) / sum(one / value for one, value in zip(audio, each, strict=True))
            for each in zip(*(values for values, _ in repeats), strict=False)
        )
    single = getattr(total_speed(speeds), measure)
    return () if single is None else (single,)
