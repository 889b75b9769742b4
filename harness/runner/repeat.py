"""`--repeats` and `--clock leaderboard`: a finished benchmark is run again, for its speed only.

Its transcripts are compared, not kept. The leaderboard's scripts put one clock around features, transfer, network and
text of a batch whose audio is decoded already, with nothing beside it; so does a run whose stages do not overlap.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.records.run import Repeats
from harness.runner.clock import Clock
from harness.runner.engine import loop_type
from harness.runner.journal import JournalFile
from harness.runner.state import State

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance
    from harness.config import Settings
    from harness.models.base import Model
    from harness.records.journal import Line
    from harness.records.run import Speed
    from harness.runner.loop import Listener
    from harness.runner.state import Stop


def run_again(
    model: Model,
    utterances: Iterable[Utterance],
    lines: Sequence[Line],
    *,
    settings: Settings,
    listener: Listener,
    stop: Stop,
    overlap: bool = True,
) -> tuple[Clock, int]:
    """One more run of a benchmark, warm.

    Args:
        model: loaded and warm.
        utterances: all that the journal holds.
        lines: the journal.
        settings: as of the run.
        listener: hears of the batches.
        stop: ends it between two batches.
        overlap: whether the stages of different batches overlap; else each batch is decoded, then timed alone.

    Returns:
        Its clock, and the number of transcripts that differ from the journal.
    """
    texts = {line.id: line.hypothesis for line in lines}
    clock = Clock()
    budget = settings.budget(model.card)
    state = State(model=model, budget=budget, clock=clock, stop=stop, warm=True, overlap=overlap)
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, JournalFile(Path(folder) / "again.jsonl") as journal:
        loop = loop_type(settings)(
            state=state, benchmark="again", journal=journal, listener=listener, workers=settings.workers
        )
        loop.run(utterance for utterance in utterances if utterance.id in texts)
        clock.wall = time.perf_counter() - begin
        changed = sum(texts[line.id] != line.hypothesis for line in journal.lines)
    return clock, changed


def with_leaderboard(speed: Speed, clock: Clock) -> Speed:
    """The speed with that of a run without overlap, which is timed as the leaderboard's scripts time a batch."""
    return replace(
        speed,
        rtfx_leaderboard=clock.rtfx,
        audio_seconds_leaderboard=clock.audio_seconds_undisturbed,
        seconds_counted_leaderboard=clock.counted,
    )


def with_repeats(speed: Speed, clocks: Sequence[Clock], changed: int) -> Speed:
    """The speed with RTFx of each run, the first one included, their medians, and how steady the texts were."""
    rtfx = tuple(clock.rtfx for clock in clocks if clock.rtfx is not None)
    end_to_end = tuple(clock.rtfx_end_to_end for clock in clocks if clock.rtfx_end_to_end is not None)
    repeats = Repeats(
        asked=len(clocks),
        changed_transcripts=changed,
        rtfx=rtfx,
        rtfx_median=median(rtfx) if rtfx else None,
        rtfx_end_to_end=end_to_end,
        rtfx_end_to_end_median=median(end_to_end) if end_to_end else None,
    )
    return replace(speed, repeats=repeats)
