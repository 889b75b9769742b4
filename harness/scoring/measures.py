"""More than the word error rate: CER, MER, WIL, sentence errors, confusions, and the rate of any slice of the data.

Formulas, sources and edge cases are in docs/scoring.md.
"""

from __future__ import annotations

import contextlib
import functools
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.scoring.compounds import join_pairs
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.intervals import wer_interval
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES
from harness.scoring.score import count_predictions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from harness.scoring.intervals import Interval
    from harness.scoring.predictions import Predictions, Row
    from harness.scoring.profiles import Profile

LENGTHS = ((0, 0), (1, 4), (5, 9), (10, 19), (20, 39), (40, None))
"""Buckets of reference words, first to last."""

_MERGED_CELLS = 4_000_000
"""Words times words above which compounds are not looked for in alignments (they are in counts): memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredUtterance:
    """One utterance as it is scored. Words are characters in languages written without spaces."""

    row: Row
    reference: list[str]
    hypothesis: list[str]
    counts: ErrorCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of a benchmark: utterances that have something in common."""

    kind: str
    """``length``, ``session``, or the name of a tag."""
    value: str
    utterances: int
    counts: ErrorCounts
    interval: Interval | None
    """Over the sessions in the slice; None under five, and for a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusions:
    """What was taken for what, most frequent first."""

    substitutions: list[tuple[tuple[str, str], int]]
    """Reference word and what was written instead."""
    deletions: list[tuple[str, int]]
    insertions: list[tuple[str, int]]


def scored_utterances(predictions: Predictions, profile: Profile) -> list[ScoredUtterance]:
    """What is scored of a benchmark, normalized; failed and dropped rows are left out.

    Raises:
        DataError: the chunks of a session are incomplete.
    """
    found = count_predictions(predictions, profile)
    language = predictions.language
    words = functools.cache(functools.partial(_words, profile=profile, language=language))
    return [
        ScoredUtterance(
            row=row, reference=words(row.reference), hypothesis=words(row.hypothesis or ""), counts=one.counts
        )
        for row, one in zip(found.units.rows, found.counted, strict=True)
        if one is not None and row.hypothesis is not None and not (one.dropped and predictions.ours)
    ]


def _words(text: str, profile: Profile, language: str) -> list[str]:
    with contextlib.suppress(ValueError):  # a text that no rule digests is counted as it is written
        text = profile.normalize(text, language)
    return list(text.strip()) if language in LANGUAGES_WITHOUT_SPACES else text.split()


def match_error_rate(counts: ErrorCounts) -> float | None:
    """MER: errors over errors and hits, from 0 to 1; None where there is nothing on either side."""
    total = counts.errors + counts.hits
    return counts.errors / total if total else None


def word_information_lost(counts: ErrorCounts) -> float | None:
    """WIL: 1 - H/N * H/P, N reference and P hypothesis words; 1 where one side is empty, None where both are.

    P is hits, substitutions and insertions: a merged compound counts as the reference words that it matches.
    """
    heard = counts.hits + counts.substitutions + counts.insertions
    if not counts.words or not heard:
        return None if counts.words == heard else 1.0
    return 1 - (counts.hits / counts.words) * (counts.hits / heard)


def sentence_error_rate(utterances: Iterable[ErrorCounts]) -> float | None:
    """SER: the share of utterances with one error or more; None without utterances."""
    wrong = [counts.errors > 0 for counts in utterances]
    return sum(wrong) / len(wrong) if wrong else None


def character_errors(utterances: Iterable[ScoredUtterance], *, spaces: bool = True) -> tuple[int, int]:
    """Errors and reference characters of the normalized texts.

    Args:
        utterances: as scored.
        spaces: one space between words is a character like others, as in jiwer; languages without spaces have none.
    """
    from rapidfuzz.distance import Levenshtein

    between = " " if spaces else ""
    errors = characters = 0
    for one in utterances:
        reference = between.join(one.reference)
        errors += Levenshtein.distance(reference, between.join(one.hypothesis))
        characters += len(reference)
    return errors, characters


def by_length(utterances: Sequence[ScoredUtterance]) -> list[Slice]:
    """Slices by number of reference words; empty buckets are left out."""
    return _slices(utterances, "length", lambda one: [_bucket(len(one.reference))], [_name(*ends) for ends in LENGTHS])


def _bucket(words: int) -> str:
    return next(_name(low, high) for low, high in LENGTHS if high is None or words <= high)


def _name(low: int, high: int | None) -> str:
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}-{high}"


def by_session(utterances: Sequence[ScoredUtterance]) -> list[Slice]:
    """Slices by session, in order of appearance; utterances without one are left out."""
    return _slices(utterances, "session", lambda one: [] if one.row.session is None else [one.row.session], None)


def by_tag(utterances: Sequence[ScoredUtterance]) -> list[Slice]:
    """Slices by each value of each tag, tags by name and values in order of appearance."""
    tags = sorted({tag for one in utterances for tag in one.row.tags})
    return [part for tag in tags for part in _slices(utterances, tag, functools.partial(_tag_values, tag=tag), None)]


def _tag_values(one: ScoredUtterance, tag: str) -> list[str]:
    return [one.row.tags[tag]] if tag in one.row.tags else []


def _slices(
    utterances: Sequence[ScoredUtterance],
    kind: str,
    values: Callable[[ScoredUtterance], list[str]],
    order: Sequence[str] | None,
) -> list[Slice]:
    parts: dict[str, list[ScoredUtterance]] = {}
    for one in utterances:
        for value in values(one):
            parts.setdefault(value, []).append(one)
    return [_slice(kind, value, parts[value]) for value in (order or parts) if value in parts]


def _slice(kind: str, value: str, part: Sequence[ScoredUtterance]) -> Slice:
    interval = None
    if kind != "session":
        interval = wer_interval(
            [one.counts.errors for one in part],
            [one.counts.words for one in part],
            [one.row.session for one in part],
        )
    return Slice(
        kind=kind,
        value=value,
        utterances=len(part),
        counts=sum((one.counts for one in part), ErrorCounts()),
        interval=interval,
    )


def word_pairs(reference: Sequence[str], hypothesis: Sequence[str], *, merge: bool = False) -> list[tuple[str, str]]:
    """An alignment, word by word: (reference word, hypothesis word), an empty text for nothing.

    Args:
        reference: normalized words.
        hypothesis: normalized words.
        merge: compounds that one side writes apart are one pair, their words joined by spaces.
    """
    if merge and len(reference) * len(hypothesis) <= _MERGED_CELLS:
        import kaldialign

        return [(str(a), str(b)) for a, b in kaldialign.align(reference, hypothesis, "", merge_compounds=True)]
    from rapidfuzz.distance import Levenshtein

    pairs: list[tuple[str, str]] = []
    for operation in Levenshtein.opcodes(reference, hypothesis):
        one = reference[operation.src_start : operation.src_end]
        other = hypothesis[operation.dest_start : operation.dest_end]
        if operation.tag == "delete":
            pairs += [(word, "") for word in one]
        elif operation.tag == "insert":
            pairs += [("", word) for word in other]
        else:
            pairs += zip(one, other, strict=True)
    return pairs


def aligned(one: ScoredUtterance, profile: Profile, language: str) -> list[tuple[str, str]]:
    """The alignment of an utterance under a profile's compound rules."""
    if one.reference == one.hypothesis:
        return [(word, word) for word in one.reference]
    sides: tuple[list[str], list[str]] = (one.reference, one.hypothesis)
    if language in LANGUAGES_WITHOUT_SPACES:
        return word_pairs(*sides)
    if profile.compound_pairs and language != "en":
        sides = join_pairs(*sides)
    return word_pairs(*sides, merge=profile.merge_compounds)


def is_match(pair: tuple[str, str]) -> bool:
    """Whether a pair of an alignment is no error; compounds match whatever their spaces."""
    return pair[0] == pair[1] or (bool(pair[0]) and pair[0].replace(" ", "") == pair[1].replace(" ", ""))


def confusions(utterances: Iterable[ScoredUtterance], profile: Profile, language: str, top: int = 20) -> Confusions:
    """The most frequent substitutions, deletions and insertions."""
    substituted: Counter[tuple[str, str]] = Counter()
    deleted: Counter[str] = Counter()
    inserted: Counter[str] = Counter()
    for one in utterances:
        if not one.counts.errors:
            continue
        for pair in aligned(one, profile, language):
            if is_match(pair):
                continue
            if not pair[1]:
                deleted[pair[0]] += 1
            elif not pair[0]:
                inserted[pair[1]] += 1
            else:
                substituted[pair] += 1
    return Confusions(
        substitutions=_most_common(substituted, top),
        deletions=_most_common(deleted, top),
        insertions=_most_common(inserted, top),
    )


def _most_common(counted: Counter[Any], top: int) -> list[tuple[Any, int]]:
    """Most frequent first, equally frequent ones in alphabetical order, so that the list is always the same."""
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:top]
