"""What the user asked of a run, checked once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.errors import UsageError
from harness.runner.plan import Budget

if TYPE_CHECKING:
    from harness.models.base import ModelCard

OnError = Literal["record", "stop", "score-empty"]
ClockKind = Literal["phases", "leaderboard"]
Engine = Literal["local", "ray"]

DEFAULT_BATCH_SECONDS = {"cpu": 120.0, "cuda": 1200.0}
"""Padded seconds of audio a batch, where the user does not say: small enough for a laptop's memory, large enough to
keep an accelerator busy. Too large is no harm: the runner halves it when memory runs out."""


DEFAULT_WORKERS = min(8, max(2, (os.cpu_count() or 2) // 2))
"""Threads that decode ahead: one decodes some thousand seconds of audio in a second, and the model needs cores too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything about how a run is done. What is measured, suite and models, stands beside it."""

    out: Path = Path("results/runs")
    """Folder that holds the runs."""
    limit: int | None = None
    """Utterances a benchmark, as a seeded sample over all lengths; None is all of them."""
    seed: int = 0
    """Seed of that sample."""
    device: str = "cpu"
    """``cpu`` or ``cuda``."""
    dtype: str = "float32"
    """``float32`` or ``bfloat16``."""
    attention: str = "auto"
    """``auto``, ``flash``, ``varlen`` or ``sdpa``."""
    batch_size: int | None = None
    """Clips a batch."""
    batch_seconds: float | None = None
    """Padded seconds of audio a batch."""
    root: Path | None = None
    """``--from``: folder with original releases or Parquet copies."""
    streaming: bool = False
    """Whether the hub's files are read over the network as they are needed, and not kept."""
    revision: str | None = None
    """Revision of the model that overrides the pinned one."""
    trust_remote_code: bool = False
    """Whether the model's own code from the hub may run."""
    on_error: OnError = "record"
    """What a failed utterance does: is recorded, stops the run, or counts as an empty transcript."""
    fresh: bool = False
    """Start over; what is there is kept under another name."""
    retry_failed: bool = False
    """Run failed utterances of an earlier process again."""
    workers: int = DEFAULT_WORKERS
    """Threads that decode ahead."""
    clock: ClockKind = "phases"
    """``leaderboard``: a finished benchmark is timed once more, as the leaderboard's scripts time."""
    batch_timeout: float | None = None
    """Seconds that a stage of the model may take for a batch before the run is given up; None is no limit."""
    repeats: int = 1
    """How often a benchmark is run in all, for the spread of its speed."""
    audit_batching: int = 0
    """Utterances a benchmark that are transcribed again in other batches."""
    allow_drift: bool = False
    """Go on, marked as not comparable, where the data differs from what is locked."""

    engine: Engine = "local"
    """``local``: in this process. ``ray``: on the devices of a Ray cluster."""
    ray_address: str | None = None
    """``HOST:PORT`` or ``auto``; None starts a cluster on this machine."""
    ray_workers: int | None = None
    """Copies of the model; None is as many as there is room for."""
    gpus_per_worker: float = 1.0
    """GPUs of each of them, or the share of one."""
    cpus_per_worker: int = 1
    """CPUs of each of them, where the model runs on CPUs."""

    def __post_init__(self) -> None:
        """Refuses what cannot be meant."""
        self._check_cluster()
        if self.limit is not None and self.limit < 1:
            msg = f"--limit {self.limit}: give a positive number of utterances"
            raise UsageError(msg)
        if self.audit_batching < 0:
            msg = f"--audit-batching {self.audit_batching}: give a number of utterances"
            raise UsageError(msg)
        if self.repeats < 1:
            msg = f"--repeats {self.repeats}: give a positive number of runs"
            raise UsageError(msg)
        if self.batch_timeout is not None and not self.batch_timeout > 0:
            msg = f"--batch-timeout {self.batch_timeout:g}: give a positive number of seconds"
            raise UsageError(msg)
        if self.workers < 1:
            msg = f"--workers {self.workers}: at least one is needed"
            raise UsageError(msg)
        if self.batch_size is not None and self.batch_size < 1:
            msg = f"--batch-size {self.batch_size}: give a positive number of clips"
            raise UsageError(msg)
        if self.batch_seconds is not None and not 0 < self.batch_seconds < float("inf"):
            msg = f"--batch-seconds {self.batch_seconds:g}: give a positive number of seconds"
            raise UsageError(msg)
        if self.root is not None and not self.root.is_dir():
            msg = f"--from {self.root}: no such folder"
            raise UsageError(msg)
        if self.root is not None and self.streaming:
            msg = f"--streaming reads from the hub, --from {self.root} from the disk; leave one of them out"
            raise UsageError(msg)

    def _check_cluster(self) -> None:
        if self.engine == "local" and (self.ray_address is not None or self.ray_workers is not None):
            msg = "--ray-address and --ray-workers need --engine ray"
            raise UsageError(msg)
        if self.engine == "ray" and self.clock == "leaderboard":
            msg = "--clock leaderboard times one device, as the leaderboard does; leave out --engine ray"
            raise UsageError(msg)
        if self.ray_workers is not None and self.ray_workers < 1:
            msg = f"--ray-workers {self.ray_workers}: at least one is needed"
            raise UsageError(msg)
        if not (0 < self.gpus_per_worker <= 1 or (self.gpus_per_worker > 1 and self.gpus_per_worker % 1 == 0)):
            msg = f"--gpus-per-worker {self.gpus_per_worker:g}: give a share of one GPU, such as 0.5, or a whole number"
            raise UsageError(msg)
        if self.cpus_per_worker < 1:
            msg = f"--cpus-per-worker {self.cpus_per_worker}: at least one is needed"
            raise UsageError(msg)

    @property
    def budget_seconds(self) -> float | None:
        """Padded seconds a batch: what was asked for, else the device's default unless clips were asked for."""
        if self.batch_seconds is not None or self.batch_size is not None:
            return self.batch_seconds
        return DEFAULT_BATCH_SECONDS.get(self.device, DEFAULT_BATCH_SECONDS["cpu"])

    def budget(self, card: ModelCard | None) -> Budget:
        """What may go into a batch, by the user's wish and the model's limits; None where those are not known yet."""
        clips = self.batch_size
        if card is not None and card.max_batch is not None:
            clips = card.max_batch if clips is None else min(clips, card.max_batch)
        return Budget(seconds=self.budget_seconds, clips=clips, packs=card is not None and card.packs)

    def as_dict(self) -> dict[str, Any]:
        """For run.json: plain values, without what concerns this one process only."""
        skipped = {"out", "root", "fresh", "retry_failed", "ray_address"}
        return {name: getattr(self, name) for name in self.__slots__ if name not in skipped}
