"""Counts the same rows under many profiles, each a step away from one before: only what a step changes is done again.

A row that a step leaves as it was keeps its counts. That its texts come out alike is known without normalizing them
where both profiles have English rules (`harness.scoring.normalize.english_change`); else by normalizing them. Counts
are those of `harness.scoring.scored.count_predictions`, row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from harness.scoring import lattice
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.normalize.english import EnglishRules, tokens_of
from harness.scoring.normalize.english_change import EnglishChange
from harness.scoring.sessions import merge_sessions

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.scoring.predictions import Predictions
    from harness.scoring.profiles import Profile

_KEPT = 4
"""Profiles whose counts are remembered, a text or two of each row with them."""


class _Row(NamedTuple):
    """A row under a profile."""

    reference: str
    hypothesis: str
    """Both as they are scored."""
    as_written: bool
    counts: ErrorCounts


@dataclass(frozen=True, slots=True)
class StepCounts:
    """All rows under a profile."""

    profile: Profile
    rows: list[_Row | None]
    """None where the row has no hypothesis."""
    kept: list[ErrorCounts]
    """Counts as they enter the score: zeros where the row is failed or dropped."""
    total: ErrorCounts


class Stepping:
    """The rows of one benchmark of one model, to be counted under one profile after the other.

    Args:
        predictions: as read.

    Raises:
        DataError: the chunks of a session are incomplete.
    """

    def __init__(self, predictions: Predictions) -> None:
        units = merge_sessions(predictions)
        self.rows: Sequence[Line] = units.rows
        self._language, self._ours = units.language, units.ours
        self._known: dict[Profile, StepCounts] = {}
        self._tokens: list[tuple[list[str] | None, list[str] | None]] | None = None
        self._vocabulary: frozenset[str] = frozenset()

    def counted(self, profile: Profile, near: Profile | None = None) -> StepCounts:
        """The counts under a profile.

        Args:
            profile: the rules.
            near: rules that differ little, under which the rows were counted; None counts every row.
        """
        known = self._known.pop(profile, None)
        if known is None:
            base = None if near is None else self._known.get(near)
            known = self._all(profile) if base is None else self._changed(profile, base)
            if len(self._known) >= _KEPT:
                self._known.pop(next(iter(self._known)))  # what was not asked for longest
        self._known[profile] = known
        return known

    def _all(self, profile: Profile) -> StepCounts:
        texts = profile.texts(self._language)
        rows: list[_Row | None] = []
        for row in self.rows:
            if row.hypothesis is None:
                rows.append(None)
                continue
            counts, left, as_written = profile.count_pair(texts, row.reference, row.hypothesis, self._language)
            right = "" if _has_slots(row) else texts.pair(row.reference, row.hypothesis)[1]
            rows.append(_Row(left, right, as_written, counts))
        return self._finished(profile, rows)

    def _changed(self, profile: Profile, base: StepCounts) -> StepCounts:
        """The rows under a profile, those that are as under another one with their counts."""
        texts = profile.texts(self._language)
        same_counting = _counting(profile) == _counting(base.profile)
        same_texts = _texts(profile, self._language) == _texts(base.profile, self._language)
        counted_so = (one for one in self._known.values() if _counting(one.profile) == _counting(profile))
        twin = base if same_counting else next(counted_so, None)
        rows = list(base.rows)
        for at in self._candidates(profile, base.profile, same_counting=same_counting):
            row, before = self.rows[at], rows[at]
            if before is None or row.hypothesis is None:
                continue
            if _has_slots(row):
                counts, left, as_written = profile.count_pair(texts, row.reference, row.hypothesis, self._language)
                rows[at] = _Row(left, "", as_written, counts)
                continue
            left, right, as_written = before[:3] if same_texts else texts.pair(row.reference, row.hypothesis)
            known = None if twin is None else twin.rows[at]
            if known is not None and known[:2] == (left, right):
                rows[at] = known if known.as_written == as_written else known._replace(as_written=as_written)
            else:
                rows[at] = _Row(left, right, as_written, profile.count_normalized(left, right, self._language))
        return self._finished(profile, rows)

    def _candidates(self, profile: Profile, base: Profile, *, same_counting: bool) -> Sequence[int]:
        """Rows that may come out otherwise than under the base; all others do not."""
        if same_counting and _texts(profile, self._language) == _texts(base, self._language):
            return ()
        one, other = base.rules(self._language), profile.rules(self._language)
        english = isinstance(one, EnglishRules) and isinstance(other, EnglishRules)
        everything = range(len(self.rows))
        if not same_counting or not english or self._language != "en" or profile.own or base.own:
            return everything
        assert isinstance(one, EnglishRules)
        assert isinstance(other, EnglishRules)
        tokens = self._split()
        change = EnglishChange(one, other, self._vocabulary)
        return [at for at, pair in enumerate(tokens) if change.may_differ(pair[0]) or change.may_differ(pair[1])]

    def _split(self) -> list[tuple[list[str] | None, list[str] | None]]:
        """The tokens of every row, found once; none of a row that accepts several spellings."""
        if self._tokens is None:
            self._tokens = [
                (None, None) if _has_slots(row) else (tokens_of(row.reference), tokens_of(row.hypothesis or ""))
                for row in self.rows
            ]
            self._vocabulary = frozenset().union(*(each for pair in self._tokens for each in pair if each is not None))
        return self._tokens

    def _finished(self, profile: Profile, rows: list[_Row | None]) -> StepCounts:
        nothing = ErrorCounts()
        drops = self._ours and profile.drop_empty_references
        kept = [
            nothing if row is None or (drops and not row.as_written and profile.drops(row.reference)) else row.counts
            for row in rows
        ]
        return StepCounts(profile, rows, kept, total_of(kept))


def total_of(counts: Sequence[ErrorCounts]) -> ErrorCounts:
    """The sum of counts."""
    return ErrorCounts(
        sum(one.hits for one in counts),
        sum(one.substitutions for one in counts),
        sum(one.deletions for one in counts),
        sum(one.insertions for one in counts),
    )


def _has_slots(row: Line) -> bool:
    return row.reference.lstrip().startswith("[[") and lattice.parse(row.reference) is not None


def _texts(profile: Profile, language: str) -> tuple[object, ...]:
    """What of a profile says how texts of a language are normalized."""
    return profile.rules(language), profile.own, profile.oiwer, profile.chinese


def _counting(profile: Profile) -> Profile:
    """What of a profile says how normalized texts are counted."""
    return replace(
        profile,
        name="",
        english=None,
        others=None,
        unspaced=None,
        drop_empty_references=False,
        round_before_average=False,
    )
