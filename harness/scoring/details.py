"""All that can be said of one benchmark of one model besides its error rate, as one object."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any

from harness.scoring.diagnosis import FLAGS, diagnose, flags, inserted_per_minute
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.measures import (
    by_length,
    by_session,
    by_tag,
    character_errors,
    confusions,
    match_error_rate,
    scored_utterances,
    sentence_error_rate,
    word_information_lost,
)
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES
from harness.scoring.word_classes import missed_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.scoring.measures import ScoredUtterance, Slice
    from harness.scoring.predictions import Predictions
    from harness.scoring.profiles import Profile


def describe(predictions: Predictions, profile: Profile, top: int = 20) -> dict[str, Any]:
    """Measures, slices, confusions, flags and findings; rates are fractions, null where there is nothing to count.

    Args:
        predictions: of one model on one benchmark; failed utterances are left out.
        profile: the rules.
        top: how many confusions of each kind, and ids of each flag, to name.

    Raises:
        DataError: the chunks of a session are incomplete.
    """
    utterances = scored_utterances(predictions, profile)
    counts = sum((one.counts for one in utterances), ErrorCounts())
    spaces = predictions.language not in LANGUAGES_WITHOUT_SPACES
    errors, characters = character_errors(utterances, spaces=spaces)
    silence = inserted_per_minute(utterances)
    return {
        "benchmark": predictions.benchmark,
        "language": predictions.language,
        "utterances": len(utterances),
        "wer": counts.rate if spaces else None,
        "cer": errors / characters if characters else None,
        "mer": match_error_rate(counts),
        "wil": word_information_lost(counts),
        "ser": sentence_error_rate(one.counts for one in utterances),
        "missed": {
            kind: None if found is None else {"words": found.words, "missed": found.missed, "rate": found.rate}
            for kind, found in missed_words(utterances, profile, predictions.language).items()
        },
        "inserted_on_silence": None
        if silence is None
        else {"words": silence[0], "minutes": silence[1], "per_minute": silence[0] / silence[1]},
        "flags": _flagged(utterances, top),
        "findings": [dataclasses.asdict(finding) for finding in diagnose(utterances)],
        "confusions": dataclasses.asdict(confusions(utterances, profile, predictions.language, top)),
        "by_length": [_slice(part) for part in by_length(utterances)],
        "by_session": [_slice(part) for part in by_session(utterances)],
        "by_tag": [_slice(part) for part in by_tag(utterances)],
    }


def _flagged(utterances: Sequence[ScoredUtterance], top: int) -> dict[str, dict[str, Any]]:
    """For each flag how often, and the ids of the first utterances that have it."""
    found = [(one.row.id, flag) for one in utterances for flag in flags(one)]
    counted = Counter(flag for _, flag in found)
    return {
        flag: {
            "meaning": meaning,
            "utterances": counted[flag],
            "ids": [name for name, kind in found if kind == flag][:top],
        }
        for flag, meaning in FLAGS.items()
    }


def _slice(part: Slice) -> dict[str, Any]:
    return {
        "kind": part.kind,
        "value": part.value,
        "utterances": part.utterances,
        "errors": part.counts.as_dict(),
        "words": part.counts.words,
        "rate": part.counts.rate,
        "interval": None if part.interval is None else part.interval.to_json(),
    }
