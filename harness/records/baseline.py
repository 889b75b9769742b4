"""What a saved baseline holds beside run.json and the journals."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from harness.records.codec import FORMAT, Record, read
from harness.version import VERSION

SPEEDS_FILE = "speed.json"

Factor = Annotated[float, Meta(ge=0)]


class Speeds(Record, frozen=True, kw_only=True):
    """RTFx of every repeat of a run, over all its benchmarks."""

    format: int = FORMAT
    version: str | None = VERSION
    rtfx: tuple[Factor, ...] = ()
    rtfx_end_to_end: tuple[Factor, ...] = ()


def read_speeds(folder: Path) -> Speeds | None:
    """The speeds that were saved with a baseline; None for a run, which has its own.

    Raises:
        DataError: the file is broken.
    """
    try:
        return read(folder / SPEEDS_FILE, Speeds)
    except FileNotFoundError:
        return None


class SavedBaseline(Record, frozen=True, kw_only=True):
    """A baseline in a folder of baselines: `baseline list --json` prints a list of these."""

    path: str
    suite: str | None
    model: str
    profile: str | None
    commit: str | None
    """Of this program, when the run was made."""
    utterances: int
    repeats: int
    """Measurements of speed."""
    bytes: int
