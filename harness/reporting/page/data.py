"""What the page holds: scores of every system, and every utterance with all systems' transcripts and error counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from msgspec import field

from harness.perturb.names import named
from harness.records.codec import Record
from harness.records.stored import taken
from harness.reporting.drawing import Point
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.large import total_of
from harness.scoring.pairing import keyed, mismatch
from harness.scoring.score import speeds_of
from harness.scoring.scored import Scored, ScoredUtterance
from harness.scoring.slices import MOST_VALUES

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.records.scores import Scores
    from harness.reporting.page.audio import Placed
    from harness.reporting.page.choice import Chosen
    from harness.scoring.align import Alignment
    from harness.scoring.matching import Key
    from harness.scoring.profiles import Profile
    from harness.scoring.texts import Texts

Steps = list[int | str]
"""Where a transcript is wrong, three entries an error: how many of its words are right before it, the words of the
reference that are missing there (none where words were inserted), and how many words stand in their place."""


@dataclass(frozen=True, slots=True)
class Held:
    """One benchmark of one system."""

    scored: Scored
    rows: dict[Key, int]
    """Which row of `Scored.units` each utterance is."""
    kept: Sequence[ErrorCounts]
    """Of each row."""
    seen: Sequence[ErrorCounts]
    """Likewise, with what is written where nothing is said, which no rate counts."""


@dataclass(frozen=True, slots=True)
class Group:
    """One benchmark as the systems that have the same references of it did it."""

    benchmark: str
    number: int
    """1, and on from there for systems whose references are others."""
    rows: dict[Key, Line]
    """The utterances, as the first system that has them says."""
    systems: dict[int, Held]
    """By index of the system."""

    @property
    def name(self) -> str:
        """What people read."""
        return self.benchmark if self.number == 1 else f"{self.benchmark} (references {self.number})"

    @property
    def language(self) -> str:
        """Of all systems."""
        return next(iter(self.systems.values())).scored.language

    @property
    def by_character(self) -> bool:
        """Whether characters were counted."""
        return next(iter(self.systems.values())).scored.profile.by_character(self.language)

    def takes(self, one: Scored, rows: Mapping[Key, Line]) -> bool:
        """Whether these are the same references as far as both have them, and some are in both."""
        found = mismatch(self.rows, rows)
        same = found is None or (not found.changed and len(found.missing) < len(self.rows))
        return same and one.language == self.language


class PageSystem(Record, frozen=True, kw_only=True):
    """What one system made of a benchmark, in the order of the utterances."""

    hypotheses: list[str | None]
    normalized: list[str | int]
    """As they are aligned, words between single spaces; 0 where that is how they are written, and 1 where it is how the
    reference is normalized."""
    steps: list[Steps | int]
    """0 where nothing is wrong."""
    failed: dict[str, str]
    """Why there is no transcript, by the utterance's place."""
    there: str
    """1 for each utterance that the system has, else 0."""
    words: list[int]
    substitutions: list[int]
    deletions: list[int]
    insertions: list[int]
    unscored: str = ""
    """1 for each utterance that no rate counts, since its reference comes to nothing; empty where there is none."""
    errors_left_out: int = 0
    """Of the utterances that the page does not hold, as rates count them."""
    words_left_out: int = 0
    """Likewise."""


class PageBenchmark(Record, frozen=True, kw_only=True):
    """A benchmark in the page's browser, utterance by utterance."""

    name: str
    characters: bool
    """Whether characters are counted, not words."""
    ids: list[str]
    sessions: list[str | None]
    seconds: list[float | None]
    references: list[str]
    audio: dict[str, str]
    """Addresses by the utterance's place."""
    systems: dict[str, PageSystem]
    """By index of the system."""
    normalized: list[str | int] = field(default_factory=list)
    """The references as they are aligned; 0 where that is how they are written."""
    silences: list[str] = field(default_factory=list)
    """Reasons why utterances have no audio."""
    silent: list[int] = field(default_factory=list)
    """Of each utterance its reason, by its place among them; -1 where there is audio."""
    tags: dict[str, list[str | None]] = field(default_factory=dict)
    """Values of the tags that utterances can be grouped by."""
    plain: bool = False
    """Whether texts are shown as they are, as there is no error rate of them (`harness.reporting.page.plain`)."""
    left_out: int = 0
    """Utterances that the page does not hold (`harness.reporting.page.choice`)."""
    condition: bool = False
    """Whether its audio is under a condition: the averages are over the others, where there are any."""


class PageData(Record, frozen=True, kw_only=True):
    """All that the page's scripts show."""

    note: str
    """What the averages are over."""
    models: list[Point]
    """The systems in the charts, in the order of the table."""
    phases: list[tuple[dict[str, float], float] | None]
    """Of each: seconds by phase of the clock, and seconds of audio; null where there is no clock."""
    benchmarks: list[PageBenchmark]
    by_character: list[Point] = field(default_factory=list)
    """The systems in a chart of their own, where some benchmarks count words and others characters."""
    character_note: str = ""
    averages: list[float | None] = field(default_factory=list)
    """Of each system, as the table has it."""
    groups: list[list[str]] = field(default_factory=list)
    """Benchmarks whose means are averaged; empty where the benchmarks themselves are."""
    audio_note: str = ""
    """What became of the audio."""


def group(scored: Sequence[Sequence[Scored]], chosen: Mapping[str, Chosen] | None = None) -> list[Group]:
    """Each system's counted benchmarks, grouped; a system whose references differ stands in a group of its own.

    Of benchmarks of which some utterances are `chosen`, a group has these alone.
    """
    groups: dict[str, list[Group]] = {}
    for index, benchmarks in enumerate(scored):
        for one in benchmarks:
            some = (chosen or {}).get(one.units.benchmark)
            places = range(len(one.units.rows)) if some is None else some.places(one).tolist()
            rows = keyed(taken(one.units.rows, places))
            known = groups.setdefault(one.units.benchmark, [])
            home = next((held for held in known if held.takes(one, rows)), None)
            if home is None:
                home = Group(one.units.benchmark, len(known) + 1, {}, {})
                known.append(home)
            for key, row in rows.items():
                home.rows.setdefault(key, row)
            home.systems[index] = Held(one, dict(zip(rows, places, strict=True)), one.kept(), one.kept(dropped=True))
    return [one for known in groups.values() for one in known]


def phases_of(score: Scores) -> tuple[dict[str, float], float] | None:
    """Seconds by phase of the clock over all benchmarks, and seconds of audio; None where there is no clock.

    Of a server the clock here knows no phases: it waits.
    """
    seconds: dict[str, float] = {}
    audio = 0.0
    for speed in (one for one in speeds_of(score.benchmarks).values() if one.phases and one.served is None):
        for phase, value in speed.phases.items():
            seconds[phase] = seconds.get(phase, 0.0) + value
        audio += speed.audio_seconds or 0.0
    return (seconds, audio) if seconds and audio else None


def page_benchmark(one: Group, audio: Placed) -> PageBenchmark:
    """A benchmark in the page's browser."""
    rows = list(one.rows.values())
    texts: dict[str, Texts] = {}
    keys = [(one.benchmark, row.id) for row in rows]
    silences, silent = silences_of(keys, audio)
    profile = next(iter(one.systems.values())).scored.profile
    references = _Normalized(profile, one.language, texts)
    systems = {str(index): _system(one, held, references) for index, held in one.systems.items()}
    return PageBenchmark(
        name=one.name,
        characters=one.by_character,
        ids=[row.id for row in rows],
        sessions=[row.session for row in rows],
        seconds=[None if row.duration is None else round(row.duration, 2) for row in rows],
        references=[row.reference for row in rows],
        audio={str(at): audio.addresses[key] for at, key in enumerate(keys) if key in audio.addresses},
        systems=systems,
        normalized=[0 if (found := references.of(row.reference)) == row.reference else found for row in rows],
        silences=silences,
        silent=silent,
        tags=tags_of(rows),
        left_out=max(0, *(len(held.kept) - len(rows) for held in one.systems.values())),
        condition=named(one.benchmark) is not None,
    )


def silences_of(keys: Sequence[tuple[str, str]], audio: Placed) -> tuple[list[str], list[int]]:
    """Why utterances have no audio: each reason once, and for each utterance the place of its reason or -1."""
    silences = list(dict.fromkeys(audio.silent[key] for key in keys if key in audio.silent))
    places = [silences.index(audio.silent[key]) if key in audio.silent else -1 for key in keys]
    return silences, places if silences else []


def tags_of(rows: Sequence[Line]) -> dict[str, list[str | None]]:
    """Tags by which utterances can be grouped: of more values than one, and not of one for nearly each utterance."""
    names = dict.fromkeys(name for row in rows for name in row.tags)
    values = {name: [row.tags.get(name) for row in rows] for name in names}
    return {name: found for name, found in values.items() if 1 < len(set(found)) <= MOST_VALUES}


class _Normalized:
    """Texts of one language as they are aligned, words between single spaces."""

    def __init__(self, profile: Profile, language: str, texts: dict[str, Texts]) -> None:
        self.profile, self.language = profile, language
        self.texts = texts.setdefault(language, profile.texts(language))
        self.gap = "" if profile.by_character(language) else " "
        self._known: dict[str, str] = {}

    def of(self, reference: str) -> str:
        """A reference; of several spellings the one that stands for it where nothing was heard."""
        if reference not in self._known:
            left, _, _ = self.texts.pair(reference, "")
            self._known[reference] = self.gap.join(self.texts.units(left))
        return self._known[reference]

    def shown(self, row: Line, text: str) -> str | int:
        """A transcript without errors: 1 where it is as its reference is, 0 where it is as it is written."""
        merges = self.profile.merge_compounds or self.profile.compound_pairs or self.profile.oiwer
        if not merges and not row.reference.lstrip().startswith("[["):
            return 1  # without errors the words of both sides are the same
        _, right, _ = self.texts.pair(row.reference, text)
        joined = self.gap.join(self.texts.units(right))
        return 1 if joined == self.of(row.reference) else 0 if joined == text else joined


def _system(one: Group, held: Held, normal: _Normalized) -> PageSystem:
    """One system's texts and counts in the order of the utterances; null where it has none."""
    scored = held.scored
    units = scored.units.rows
    # Where failed utterances count as empty transcripts, only the rows as they were read tell which failed.
    read = scored.predictions.rows if scored.failed else ()
    failures = {row.parent_id or row.id: row.error for row in read if row.error is not None}
    hypotheses: list[str | None] = []
    normalized: list[str | int] = []
    steps: list[Steps | int] = []
    failed: dict[str, str] = {}
    counts: list[ErrorCounts] = []
    unscored: list[bool] = []
    for place, key in enumerate(one.rows):
        at = held.rows.get(key)
        text = None if at is None or units[at].id in failures else units[at].hypothesis
        counts.append(ErrorCounts() if at is None else held.seen[at])
        unscored.append(at is not None and scored.drops(at))
        hypotheses.append(text)
        if at is not None and text is None:
            failed[str(place)] = failures.get(units[at].id) or "no transcript"
        if at is None or text is None or not counts[-1].errors:
            normalized.append(0 if at is None or text is None else normal.shown(units[at], text))
            steps.append(0)
            continue
        known = ScoredUtterance(units[at], counts[-1], normal.texts, scored.profile, scored.language)
        aligned = normal.gap.join(known.hypothesis)
        normalized.append(0 if aligned == text else aligned)
        steps.append(_steps(known.alignment, normal.gap))
    left_out = ErrorCounts()
    if len(held.rows) < len(held.kept):
        there = np.zeros(len(held.kept), dtype=bool)
        there[list(held.rows.values())] = True
        left_out = total_of(scored.table.kept(ours=scored.units.ours).at(~there))
    return PageSystem(
        hypotheses=hypotheses,
        normalized=normalized,
        steps=steps,
        failed=failed,
        there="".join("1" if key in held.rows else "0" for key in one.rows),
        unscored="".join(map(str, map(int, unscored))) if any(unscored) else "",
        errors_left_out=left_out.errors,
        words_left_out=left_out.words,
        words=[count.words for count in counts],
        substitutions=[count.substitutions for count in counts],
        deletions=[count.deletions for count in counts],
        insertions=[count.insertions for count in counts],
    )


def _steps(alignment: Alignment, gap: str) -> Steps:
    steps: Steps = []
    right = 0
    for step in alignment:
        if step.operation == "hit":
            right += len(step.hypothesis)
        else:
            steps += [right, gap.join(step.reference), len(step.hypothesis)]
            right = 0
    return steps
