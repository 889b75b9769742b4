"""What the page holds: scores of every system, and every utterance with all systems' transcripts and error counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.reporting.table import hardware_of
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.pairing import labels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.scoring.predictions import Row, System
    from harness.scoring.profiles import Profile
    from harness.scoring.score import Scored

Key = tuple[str, int]
"""An utterance's id, and which of those with this id it is: others' ids may repeat."""


@dataclass(slots=True)
class Group:
    """One benchmark as the systems that have the same references of it did it."""

    name: str
    language: str
    rows: dict[Key, Row] = field(default_factory=dict)
    """The utterances, as the first system that has them says."""
    systems: dict[int, dict[Key, tuple[Row, ErrorCounts]]] = field(default_factory=dict)
    """By index of the system."""

    def takes(self, rows: Mapping[Key, Row]) -> bool:
        """Whether these are the same references as far as both have them, and some are in both."""
        common = [key for key in rows if key in self.rows]
        return bool(common) and all(rows[key].reference == self.rows[key].reference for key in common)


def group(scored: Sequence[Sequence[Scored]]) -> list[Group]:
    """Benchmarks over all systems; a system whose references differ stands in a group of its own.

    Args:
        scored: for each system, its benchmarks as counted.
    """
    groups: dict[str, list[Group]] = {}
    for index, benchmarks in enumerate(scored):
        for one in benchmarks:
            rows = _keyed(one.units.rows)
            counts = dict(zip(rows, one.kept(), strict=True))
            known = groups.setdefault(one.units.benchmark, [])
            home = next((held for held in known if held.takes(rows)), None)
            if home is None:
                suffix = f" (references {len(known) + 1})" if known else ""
                home = Group(one.units.benchmark + suffix, one.units.language)
                known.append(home)
            for key, row in rows.items():
                home.rows.setdefault(key, row)
            home.systems[index] = {key: (row, counts[key]) for key, row in rows.items()}
    return [one for known in groups.values() for one in known]


def page_data(
    systems: Sequence[System],
    scores: Sequence[Mapping[str, Any]],
    groups: Sequence[Group],
    profile: Profile,
    audio: Mapping[tuple[str, str], str],
) -> dict[str, Any]:
    """All that the page shows, as JSON.

    Args:
        systems: the systems, in the order of the table.
        scores: the scores.json object of each.
        groups: their benchmarks.
        profile: the rules; texts that hold errors are stored normalized too, so that the page aligns what was scored.
        audio: (benchmark, utterance id) to an address that the page can play.
    """
    return {
        "profile": profile.name,
        "merge": profile.merge_compounds,
        "models": [_model(*each) for each in zip(labels(systems), systems, scores, strict=True)],
        "benchmarks": [_benchmark(one, profile, audio) for one in groups],
    }


def _model(name: str, system: System, score: Mapping[str, Any]) -> dict[str, Any]:
    speed, interval = score["average"]["speed"], score["average"]["wer_interval"] or {}
    return {
        "name": name,
        "wer": score["average"]["wer"],
        "low": interval.get("low"),
        "high": interval.get("high"),
        "rtfx": speed["rtfx"],
        "benchmarks": len(score["benchmarks"]),
        "hardware": hardware_of(system.run or {}),
        "phases": phases_of(score),
    }


def phases_of(score: Mapping[str, Any]) -> tuple[dict[str, float], float] | None:
    """Seconds by phase of the clock over all benchmarks, and seconds of audio heard; None where there is no clock."""
    seconds: dict[str, float] = {}
    heard = 0.0
    for entry in score["benchmarks"]:
        speed = entry.get("speed") or {}
        for phase, value in (speed.get("phases") or {}).items():
            seconds[phase] = seconds.get(phase, 0.0) + float(value or 0.0)
        if speed.get("phases"):
            heard += float(speed.get("seconds_heard") or 0.0)
    return (seconds, heard) if seconds and heard else None


def _benchmark(one: Group, profile: Profile, audio: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    keys = list(one.rows)
    normalize = _cached(profile.normalizer(one.language))
    wrong = {key for known in one.systems.values() for key, (_, counts) in known.items() if counts.errors}
    rows = [one.rows[key] for key in keys]
    return {
        "name": one.name,
        "characters": one.language in _characters(),
        "ids": [row.id for row in rows],
        "sessions": [row.session for row in rows],
        "seconds": [None if row.duration is None else round(row.duration, 2) for row in rows],
        "said": [row.reference for row in rows],
        "plain": [_other(row.reference, normalize) if key in wrong else 0 for key, row in zip(keys, rows, strict=True)],
        "audio": {str(i): audio[one.name, row.id] for i, row in enumerate(rows) if (one.name, row.id) in audio},
        "systems": {str(i): _transcripts(keys, known, normalize) for i, known in one.systems.items()},
    }


def _transcripts(
    keys: Sequence[Key], known: Mapping[Key, tuple[Row, ErrorCounts]], normalize: Callable[[str], str]
) -> dict[str, Any]:
    """One system's texts and counts in the order of the utterances; null where it has none."""
    held = [known.get(key) for key in keys]
    texts = [None if pair is None else pair[0].hypothesis for pair in held]
    counts = [ErrorCounts() if pair is None else pair[1] for pair in held]
    return {
        "heard": texts,
        # 0: as heard, or right, so that its normalized form is the reference's.
        "plain": [
            _other(text, normalize) if text is not None and count.errors else 0
            for text, count in zip(texts, counts, strict=True)
        ],
        "failed": {str(i): pair[0].error for i, pair in enumerate(held) if pair is not None and pair[0].error},
        "there": "".join("0" if pair is None else "1" for pair in held),
        "words": [count.words for count in counts],
        "sub": [count.substitutions for count in counts],
        "del": [count.deletions for count in counts],
        "ins": [count.insertions for count in counts],
    }


def _other(text: str, normalize: Callable[[str], str]) -> str | int:
    """The normalized text, or 0 where it is the text itself or the normalizer cannot digest it."""
    try:
        normalized = normalize(text)
    except ValueError:
        return 0
    return 0 if normalized == text else normalized


def _cached(normalize: Callable[[str], str]) -> Callable[[str], str]:
    known: dict[str, str] = {}

    def cached(text: str) -> str:
        if text not in known:
            known[text] = normalize(text)
        return known[text]

    return cached


def _characters() -> frozenset[str]:
    from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES

    return frozenset(LANGUAGES_WITHOUT_SPACES)


def _keyed(rows: Sequence[Row]) -> dict[Key, Row]:
    seen: dict[str, int] = {}
    keyed: dict[Key, Row] = {}
    for row in rows:
        seen[row.id] = seen.get(row.id, -1) + 1
        keyed[row.id, seen[row.id]] = row
    return keyed
