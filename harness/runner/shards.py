"""Parts of a run that were journalled elsewhere, and how they come into its journal: each utterance once.

    RUN/.shards/ray.<benchmark>.<token>.<worker>.jsonl     journals of Ray workers, while `--engine ray` is at work
    RUN/.shards/2-of-8/                                    a run folder of its own, by `--shard 2/8`

What a worker of Ray wrote is there only where the process that it worked for was killed: it sends all of it, too.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

SHARDS = ".shards"


def begin_parts(journal: Path) -> Path:
    """Makes the file by which workers see that they share the run's folder, and beside which they keep journals."""
    mark = journal.parent / SHARDS / f"ray.{journal.stem}.{secrets.token_hex(4)}"
    with suppress(OSError):  # then nobody keeps any
        mark.parent.mkdir(exist_ok=True)
        mark.touch()
    return mark


def end_parts(mark: Path) -> None:
    """Removes the file and the journals beside it, all of which is in the run's own."""
    with suppress(OSError):
        for path in [mark, *mark.parent.glob(f"{mark.name}.*.jsonl")]:
            path.unlink(missing_ok=True)
        mark.parent.rmdir()
