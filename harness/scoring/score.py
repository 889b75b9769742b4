"""From predictions to the object of scores.json (DESIGN section 5): counts, rates, intervals, speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.scoring import cache
from harness.scoring.counting import count_pairs
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES
from harness.scoring.sessions import merge_sessions, total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.scoring.counting import Counted, Pair
    from harness.scoring.predictions import Predictions, Row, System
    from harness.scoring.profiles import Profile


@dataclass(frozen=True, slots=True)
class Scored:
    """One benchmark of one model, counted."""

    predictions: Predictions
    """As read."""
    units: Predictions
    """What is scored: rows as they are, or sessions put together from their chunks."""
    counted: list[Counted | None]
    """One for each row of `units`; None where the row has no hypothesis to count."""

    def kept(self) -> list[ErrorCounts]:
        """Counts of each row of `units`; zeros where the row is failed or dropped."""
        return [
            ErrorCounts() if found is None or (found.dropped and self.units.ours) else found.counts
            for found in self.counted
        ]


def score_system(
    system: System,
    profile: Profile,
    *,
    score_empty: bool | None = None,
    scored: list[Scored] | None = None,
    workers: int = 1,
) -> dict[str, Any]:
    """Score all benchmarks of one model.

    Args:
        system: the model's predictions.
        profile: the rules.
        score_empty: failed utterances count as empty transcripts; None does as the run was told (``--on-error``).
        scored: what `count_predictions` gave for each benchmark, where the caller has counted already.
        workers: processes at most.

    Returns:
        The object of scores.json.

    Raises:
        DataError: the chunks of a session are incomplete.
    """
    if scored is not None:
        empty = _scores_empty(system) if score_empty is None else score_empty
        return _object(system, profile, scored, score_empty=empty)
    return score_systems([system], [profile], score_empty=score_empty, workers=workers)[0]


def score_systems(
    systems: Sequence[System],
    profiles: Sequence[Profile],
    *,
    score_empty: bool | None = None,
    workers: int = 1,
    cached: bool = False,
) -> list[dict[str, Any]]:
    """Score several models at once, each under its profile; what they share is normalized once.

    Args:
        systems: the models' predictions.
        profiles: one for each.
        score_empty: as for `score_system`.
        workers: processes at most.
        cached: look up, and keep, counts between commands (`harness.scoring.cache`).

    Raises:
        DataError: the chunks of a session are incomplete.
    """
    empties = [_scores_empty(system) if score_empty is None else score_empty for system in systems]
    tasks = [
        _Task(merge_sessions(predictions), predictions, profile, empty)
        for system, profile, empty in zip(systems, profiles, empties, strict=True)
        for predictions in system.benchmarks
    ]
    scored = iter(_count(tasks, workers, cached=cached))
    return [
        _object(system, profile, [next(scored) for _ in system.benchmarks], score_empty=empty)
        for system, profile, empty in zip(systems, profiles, empties, strict=True)
    ]


def _scores_empty(system: System) -> bool:
    """Whether the run was told to count failed utterances as empty transcripts."""
    settings = (system.run or {}).get("settings") or {}
    return bool(settings.get("on_error") == "score-empty")


def _object(system: System, profile: Profile, scored: list[Scored], *, score_empty: bool) -> dict[str, Any]:
    """The object of scores.json."""
    facts = (system.run or {}).get("benchmarks") or {}
    entries = [_entry(one, facts.get(one.units.benchmark), profile) for one in scored]
    complete = _is_complete(system, entries, score_empty=score_empty)
    return {
        "suite": system.suite,
        "model": system.model,
        "profile": profile.as_dict(),
        "complete": complete,
        "benchmarks": entries,
        "average": _average(scored, entries, profile, complete=complete),
    }


def utterance_counts(predictions: Predictions, profile: Profile) -> list[ErrorCounts]:
    """Counts of each row of `merge_sessions(predictions)`, for statistics.

    Characters in languages written without spaces, words elsewhere. A failed row, and a row of ours whose reference
    the profile drops, has all zeros, so that sums are those of `score_system`.

    Raises:
        DataError: the chunks of a session are incomplete.
    """
    return count_predictions(predictions, profile).kept()


def count_predictions(predictions: Predictions, profile: Profile, *, score_empty: bool = False) -> Scored:
    """Count every row of one benchmark that has a hypothesis.

    Raises:
        DataError: the chunks of a session are incomplete.
    """
    return _count([_Task(merge_sessions(predictions), predictions, profile, score_empty)], workers=1)[0]


class _Task(NamedTuple):
    """One benchmark of one model to be counted."""

    units: Predictions
    predictions: Predictions
    profile: Profile
    score_empty: bool


def _count(tasks: Sequence[_Task], workers: int, *, cached: bool = False) -> list[Scored]:
    """Count all tasks, those of one profile together."""
    hypotheses = [[_hypothesis(row, score_empty=task.score_empty) for row in task.units.rows] for task in tasks]
    pairs = [
        [
            (row.reference, hypothesis, task.units.language)
            for row, hypothesis in zip(task.units.rows, texts, strict=True)
            if hypothesis is not None
        ]
        for task, texts in zip(tasks, hypotheses, strict=True)
    ]
    counted: list[list[Counted] | None] = _looked_up(tasks, pairs) if cached else [None for _ in tasks]
    for profile in dict.fromkeys(task.profile for task in tasks):
        open_tasks = [at for at, task in enumerate(tasks) if task.profile == profile and counted[at] is None]
        found = iter(count_pairs([pair for at in open_tasks for pair in pairs[at]], profile, workers))
        for at in open_tasks:
            counted[at] = new = [next(found) for _ in pairs[at]]
            if cached:
                cache.store(cache.key_of(pairs[at], profile), new)
    return [
        Scored(task.predictions, task.units, [None if text is None else next(found) for text in texts])
        for task, texts, found in zip(tasks, hypotheses, (iter(found or ()) for found in counted), strict=True)
    ]


def _looked_up(tasks: Sequence[_Task], pairs: Sequence[list[Pair]]) -> list[list[Counted] | None]:
    """The counts of each task that are known from before."""
    return [cache.load(cache.key_of(part, task.profile), len(part)) for task, part in zip(tasks, pairs, strict=True)]


def _hypothesis(row: Row, *, score_empty: bool) -> str | None:
    return "" if row.hypothesis is None and score_empty else row.hypothesis


def _entry(scored: Scored, fact: Mapping[str, Any] | None, profile: Profile) -> dict[str, Any]:
    """One element of ``benchmarks``."""
    units, kept = scored.units, scored.kept()
    counts = sum(kept, ErrorCounts())
    by_character = units.language in LANGUAGES_WITHOUT_SPACES
    seen = [found for found in scored.counted if found is not None]
    interval = _interval(kept, units.rows)
    return {
        "benchmark": units.benchmark,
        "language": units.language,
        "metric": "cer" if by_character else "wer",
        "utterances": len(scored.predictions.rows),
        "failed": sum(row.hypothesis is None for row in scored.predictions.rows),
        "dropped_references": sum(found.dropped for found in seen) if units.ours else 0,
        "empty_references": sum(found.dropped for found in seen),
        "scored_as_written": sum(found.as_written for found in seen),
        "words": None if by_character else counts.words,
        "errors": None if by_character else counts.as_dict(),
        "wer": None if by_character else counts.rate,
        "characters": counts.words if by_character else None,
        "character_errors": counts.errors if by_character else None,
        "cer": counts.rate if by_character else None,
        "draft_wer": None if by_character else _draft_wer(scored, profile),
        "wer_interval": None if by_character else interval,
        "cer_interval": interval if by_character else None,
        "unit": "session" if any(row.session is not None for row in units.rows) else "utterance",
        "warnings": _warnings(kept, units.rows, as_written=sum(found.as_written for found in seen)),
        "audio_seconds": total(row.duration for row in units.rows),
        "speed": _speed(units.rows, fact),
    }


def _draft_wer(scored: Scored, profile: Profile) -> float | None:
    """The rate of what a drafting stage said, over the rows that the rate itself is over; None without drafts."""
    drafts = []
    for row, found in zip(scored.units.rows, scored.counted, strict=True):
        if row.hypothesis is None or found is None or (found.dropped and scored.units.ours):
            continue
        if row.draft is None:
            return None
        drafts.append((row.reference, row.draft, scored.units.language))
    return sum((found.counts for found in count_pairs(drafts, profile, 1)), ErrorCounts()).rate


def _warnings(counts: Sequence[ErrorCounts], rows: Sequence[Row], as_written: int) -> list[str]:
    """Why the run looks broken, as far as counts tell, and what was not scored as it should be; mostly empty."""
    from harness.scoring.diagnosis import diagnose_counts

    warnings = [finding.message for finding in diagnose_counts([row.id for row in rows], counts)]
    if as_written:
        warnings.append(f"{as_written} of {len(rows)} rows scored as they are written: the normalizer cannot read them")
    return warnings


def _interval(counts: Sequence[ErrorCounts], rows: Sequence[Row]) -> dict[str, Any] | None:
    from harness.scoring.intervals import wer_interval

    found = wer_interval(
        [count.errors for count in counts], [count.words for count in counts], [row.session for row in rows]
    )
    return None if found is None else found.to_json()


def _speed(rows: Sequence[Row], fact: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the run measured; for predictions of others total audio over total time, where every row has both."""
    if fact is not None:
        return dict(fact.get("speed") or {})
    heard, spent = total(row.duration or None for row in rows), total(row.time or None for row in rows)
    rtfx = heard / spent if heard and spent else None
    return {"rtfx": rtfx, "rtfx_end_to_end": None, "seconds_heard": heard, "seconds_counted": spent}


def _is_complete(system: System, entries: Sequence[Mapping[str, Any]], *, score_empty: bool) -> bool:
    """Whether every utterance of every benchmark that belongs there is scored."""
    if any(entry["failed"] for entry in entries) and not score_empty:
        return False
    if system.run is None:
        return True
    present = {entry["benchmark"]: entry["utterances"] for entry in entries}
    facts = system.run.get("benchmarks") or {}
    if any(fact.get("expected") not in {None, present.get(name)} for name, fact in facts.items()):
        return False
    return set(_suite_benchmarks(system.suite) or facts) <= set(present) and bool(system.run.get("complete", True))


def _suite_benchmarks(suite: str | None) -> tuple[str, ...]:
    from benchmarks.registry import suites

    known = suites().get(suite or "")
    return tuple(known.benchmarks) if known else ()


def _average(
    scored: Sequence[Scored], entries: Sequence[Mapping[str, Any]], profile: Profile, *, complete: bool
) -> dict[str, Any]:
    """The plain mean over benchmarks; null where the suite is incomplete or a benchmark has no word error rate."""
    rates = [entry["wer"] for entry in entries]
    if profile.round_before_average:
        rates = [None if rate is None else round(100 * rate, 2) / 100 for rate in rates]
    if not complete or not rates or None in rates:
        return {"wer": None, "wer_interval": None, "rounded": profile.round_before_average, "speed": _no_speed()}
    return {
        "wer": sum(rates) / len(rates),
        "wer_interval": _average_interval(scored),
        "rounded": profile.round_before_average,
        "speed": _average_speed(entries),
    }


def _average_interval(scored: Sequence[Scored]) -> dict[str, Any] | None:
    from harness.scoring.intervals import average_interval

    columns = []
    for one in scored:
        kept = one.kept()
        sessions = [row.session for row in one.units.rows]
        columns.append(([count.errors for count in kept], [count.words for count in kept], sessions))
    found = average_interval(columns)
    return None if found is None else found.to_json()


def _no_speed() -> dict[str, Any]:
    return {"rtfx": None, "rtfx_end_to_end": None}


def _average_speed(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Seconds heard over seconds spent, summed over all benchmarks; `rtfx` over clean batches on both sides."""
    speeds = [entry["speed"] for entry in entries]
    heard = total(speed.get("seconds_heard") for speed in speeds)
    clean = total(speed.get("seconds_heard_clean", speed.get("seconds_heard")) for speed in speeds)
    counted = total(speed.get("seconds_counted") for speed in speeds)
    wall = total(speed.get("seconds_wall") for speed in speeds)
    found = {
        "rtfx": clean / counted if clean and counted else None,
        "rtfx_end_to_end": heard / wall if heard and wall else None,
    }
    if any("rtfx_leaderboard" in speed for speed in speeds):
        heard = total(speed.get("seconds_heard_leaderboard") for speed in speeds)
        counted = total(speed.get("seconds_counted_leaderboard") for speed in speeds)
        found["rtfx_leaderboard"] = heard / counted if heard and counted else None
    return found
