"""What several systems counted on one benchmark, as columns for statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.scoring.significance import Counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.records.journal import Line
    from harness.scoring.pairing import PairedBenchmark


@dataclass(frozen=True, slots=True)
class Columns:
    """The counts of one benchmark, ready for statistics."""

    paired: PairedBenchmark
    kept: NDArray[np.int64]
    """Utterances that every system transcribed."""
    counts: list[Counts]
    sessions: list[str | None]
    metric: str = ""
    """A further metric that was counted, in place of errors."""

    @property
    def left_out(self) -> int:
        """Utterances that some system failed on."""
        return len(self.paired) - len(self.kept)

    @property
    def translated(self) -> bool:
        """Whether they are translations, which have no word errors."""
        return self.paired.target is not None

    @property
    def by_character(self) -> bool:
        """Whether characters were counted."""
        return self.paired.by_character

    def part(self, places: Sequence[int]) -> Columns:
        """Some of what is kept, by its places."""
        return replace(
            self,
            kept=self.kept[places],
            counts=[Counts(one.errors[places], one.words[places]) for one in self.counts],
            sessions=[self.sessions[at] for at in places],
        )

    def rows(self) -> list[Line]:
        """The kept utterances, each with the tags that any of the systems knows of it."""
        import msgspec

        held = [self.paired.rows(at) for at in range(len(self.counts))]
        found = []
        for at in self.kept.tolist():
            tags: dict[str, str] = {}
            for rows in reversed(held):
                tags |= rows[at].tags
            found.append(msgspec.structs.replace(held[0][at], tags=tags))
        return found
