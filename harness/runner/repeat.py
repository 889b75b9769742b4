"""`--repeats` and `--clock leaderboard`: a finished benchmark is run again, for its speed only.

Its transcripts are compared, not kept. The leaderboard's scripts put one clock around features, transfer, network and
text of a batch whose audio is decoded already, with nothing beside it; so does a run whose stages do not overlap.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from harness.runner.clock import Clock
from harness.runner.engine import loop_type
from harness.runner.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.dataset import Utterance
    from harness.config import Settings
    from harness.models.base import Model
    from harness.runner.loop import Listener, Stop


def run_again(
    model: Model,
    utterances: Iterable[Utterance],
    lines: Sequence[dict[str, Any]],
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
    said = {line["id"]: line.get("hypothesis") for line in lines}
    clock = Clock()
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder) / "again.jsonl") as journal:
        loop = loop_type(settings)(
            model=model,
            benchmark="again",
            journal=journal,
            budget=settings.budget(model.card),
            clock=clock,
            listener=listener,
            stop=stop,
            workers=settings.workers,
            warm=True,
            overlap=overlap,
        )
        loop.run(utterance for utterance in utterances if utterance.id in said)
        clock.wall = time.perf_counter() - begin
        changed = sum(said[line["id"]] != line.get("hypothesis") for line in journal.lines)
    return clock, changed


def leaderboard(clock: Clock) -> dict[str, Any]:
    """For the `speed` key: a run without overlap, which is timed as the leaderboard's scripts time a batch."""
    return {
        "rtfx_leaderboard": clock.rtfx,
        "seconds_heard_leaderboard": clock.clean_heard,
        "seconds_counted_leaderboard": clock.clean_counted,
    }


def summary(clocks: Sequence[Clock], changed: int) -> dict[str, Any]:
    """For the `speed` key: RTFx of each run, the first one included, their medians, and how steady the texts were."""
    found: dict[str, Any] = {"changed_transcripts": changed}
    for measure in ("rtfx", "rtfx_end_to_end"):
        values = [value for clock in clocks if (value := getattr(clock, measure)) is not None]
        found[measure] = values
        found[f"{measure}_median"] = median(values) if values else None
    return found
