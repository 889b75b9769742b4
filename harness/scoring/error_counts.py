"""Counts of word (or character) errors: what every rate in the project is derived from."""

from __future__ import annotations

import msgspec


class ErrorCounts(msgspec.Struct, frozen=True, gc=False):
    """How the words of references fared. Counts add; rates do not, so the rate is derived from the sum.

    Where compounds are merged, ``hits`` counts the reference words that were matched, merged ones included, so that
    ``hits + substitutions + deletions`` is always the number of reference words.
    """

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: ErrorCounts) -> ErrorCounts:
        """Counts of both texts together."""
        return ErrorCounts(
            self.hits + other.hits,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def words(self) -> int:
        """Reference words."""
        return self.hits + self.substitutions + self.deletions

    @property
    def rate(self) -> float | None:
        """Errors over reference words, as a fraction that may exceed 1; None where there are no reference words."""
        return self.errors / self.words if self.words else None
