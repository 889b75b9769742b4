"""What several systems heard, beside the references: where all of them contradict one alike, it is probably wrong."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from harness.amounts import amount
from harness.errors import UsageError
from harness.health.languages import counted_scripts, guess, scripts_of
from harness.health.seen import Seen, finding

if TYPE_CHECKING:
    from harness.records.health import HealthFinding
    from harness.records.journal import Line
    from harness.scoring.align import Alignment
    from harness.scoring.predictions import System
    from harness.scoring.profiles import Profile

CONVENTION = 3
"""Utterances in which the same words are contradicted by the same words, from which it is a way of spelling."""
ENOUGH = 0.75
"""Share of the systems that must agree, and two at least."""
RARE = 50
"""Of so many utterances one: as rare as a wrong label is taken to be."""
STRANGE = 0.6
"""Error rate of every system from which a reference may be another row's."""
LIKE = 80.0
"""Similarity in percent of what is heard and another row's reference."""
LEAST_LETTERS = 10
"""Of a reference that can be recognized as another row's."""


class Edit(NamedTuple):
    """Words that a system has in place of others."""

    start: int
    """Words of the reference before it."""
    said: tuple[str, ...]
    """In the reference."""
    heard: tuple[str, ...]
    """By the system."""
    number: int = 0
    """Which of the insertions in one place it is."""

    @property
    def words(self) -> int:
        """How many are in question."""
        return max(len(self.said), len(self.heard))


@dataclass(frozen=True, slots=True)
class Heard:
    """What the systems made of one utterance."""

    seen: Seen
    reference: list[str]
    """Words, normalized."""
    texts: list[list[str]]
    """Words of each system, normalized."""
    raw: list[str]
    edits: list[frozenset[Edit]]
    """Of each system."""
    rates: list[float]
    """Error rate of each system, at most 1."""

    @property
    def needed(self) -> int:
        """Systems that must agree: all of up to three, of more three in four."""
        return max(2, math.ceil(ENOUGH * len(self.edits)))

    @property
    def agreed(self) -> list[Edit]:
        """What so many systems have alike in place of the reference."""
        counted = Counter(edit for edits in self.edits for edit in edits)
        return together([edit for edit, count in counted.items() if count >= self.needed])


def check_systems(
    rows: Sequence[Seen], systems: Sequence[System], names: Sequence[str], profile: Profile, *, alone: bool
) -> list[HealthFinding]:
    """Findings about the references of one set.

    Args:
        rows: its utterances.
        systems: runs, or predictions of others.
        names: what to call them.
        profile: under which texts are compared.
        alone: whether this is the only set, so that all rows of others' predictions are of it.

    Raises:
        UsageError: a system has none of the utterances.
    """
    lines = [_lines(rows, system, name, alone=alone) for system, name in zip(systems, names, strict=True)]
    heard = [one for row in rows if (one := _heard(row, lines, profile)) is not None]
    swapped = list(_swapped(heard, rows, profile))
    known = {one.utterance for one in swapped}
    found = list(swapped)
    for one in heard:
        if one.seen.id not in known:
            found += list(_silent(one)) or list(_language(one))
    known |= {one.utterance for one in found}
    return [*found, *_label_errors([one for one in heard if one.seen.id not in known])]


def _lines(rows: Sequence[Seen], system: System, name: str, *, alone: bool) -> dict[str, Line]:
    """A system's rows by the ids of the set."""
    benchmark = rows[0].benchmark if rows else ""
    held = [one for one in system.benchmarks if benchmark in {one.benchmark, one.measured_as}]
    held = held or (system.benchmarks if alone else [])
    wanted = {one.id for one in rows}
    stems = Counter(_stem(one.id) for one in rows)
    by_stem = {_stem(one.id): one.id for one in rows if stems[_stem(one.id)] == 1}
    found: dict[str, Line] = {}
    for line in (line for one in held for line in one.rows):
        key = line.id if line.id in wanted else by_stem.get(_stem(line.id))
        if key is not None:
            found.setdefault(key, line)
    if not found and alone and rows:
        raise UsageError(
            f"--systems: {name} has none of the {amount(len(rows), 'utterance')} of {benchmark}; ids must be the same"
        )
    return found


def _stem(name: str) -> str:
    """An id without folders and ending."""
    last = PurePosixPath(name.replace("\\", "/")).name
    stem, dot, ending = last.rpartition(".")
    return stem if dot and ending.isalnum() and len(ending) <= 5 and not ending.isdigit() else last


def _heard(row: Seen, lines: Sequence[dict[str, Line]], profile: Profile) -> Heard | None:
    """The systems' transcripts of one utterance; None where none has one."""
    raw = [line.hypothesis for held in lines if (line := held.get(row.id)) is not None and line.hypothesis is not None]
    if not raw:
        return None
    texts = profile.texts(row.language)
    aligned, words, rates = [], [], []
    reference: list[str] = []
    for text in raw:
        said, written, _ = texts.pair(row.reference, text)
        reference, hypothesis = texts.units(said), texts.units(written)
        alignment = profile.align(reference, hypothesis, row.language)
        aligned.append(frozenset(edits_of(alignment)))
        words.append(hypothesis)
        errors = sum(step.operation != "hit" for step in alignment)
        rates.append(min(1.0, errors / max(1, len(reference))))
    return Heard(row, reference, words, raw, aligned, rates)


def edits_of(alignment: Alignment) -> Iterator[Edit]:
    """What is not a hit, word by word; of several insertions in one place each has its number."""
    place = number = 0
    for step in alignment:
        if step.operation != "hit":
            yield Edit(place, step.reference, step.hypothesis, number)
        number = number + 1 if step.operation == "insertion" else 0
        place += len(step.reference)


def together(edits: Sequence[Edit]) -> list[Edit]:
    """Edits that follow upon each other as one."""
    joined: list[Edit] = []
    for edit in sorted(edits, key=lambda one: (one.start, one.number)):
        last = joined[-1] if joined else None
        if last is not None and edit.start == last.start + len(last.said):
            joined[-1] = Edit(last.start, last.said + edit.said, last.heard + edit.heard)
        else:
            joined.append(edit)
    return joined


def _silent(one: Heard) -> Iterator[HealthFinding]:
    if one.reference and not any(one.texts):
        systems = len(one.texts)
        yield finding(
            one.seen,
            "nothing_heard",
            f"{'all ' if systems > 1 else ''}{systems} transcript{'s are' if systems > 1 else ' is'} empty",
            value=systems,
            threshold=1,
            unit="systems",
            confidence=min(0.95, 0.4 + 0.2 * systems),
        )


def _language(one: Heard) -> Iterator[HealthFinding]:
    """All systems write another script, or the small words of another language."""
    stated = one.seen.language
    allowed = scripts_of(stated)
    found = []
    for text, words in zip(one.raw, one.texts, strict=True):
        counted = counted_scripts(text)
        foreign = max((name for name in counted if name not in allowed), key=lambda name: counted[name], default=None)
        if allowed and foreign is not None and 2 * counted[foreign] > sum(counted.values()) > 3:
            found.append(f"{foreign} letters")
        else:
            guessed = guess([word.lower() for word in words], stated)
            found.append(f"words of {guessed[0]!r}" if guessed is not None else "")
    if found[0] and len(set(found)) == 1:
        sure = min(0.95, 0.4 + 0.2 * len(found))
        yield finding(
            one.seen,
            "heard_language",
            f"stated as {stated!r}; what is heard has {found[0]}: {one.raw[0][:60]!r}",
            confidence=sure,
            severity="high" if len(found) > 1 else "low",
        )


def _swapped(heard: Sequence[Heard], rows: Sequence[Seen], profile: Profile) -> Iterator[HealthFinding]:
    """What all systems hear is the reference of another row, and of that one only."""
    from rapidfuzz import fuzz, process

    strange = [one for one in heard if min(one.rates) > STRANGE]
    if not strange:
        return
    known: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        text = " ".join(profile.texts(row.language).words(row.reference))
        if len(text) >= LEAST_LETTERS:
            known[text].append(row.id)
    texts = [text for text, ids in known.items() if len(ids) == 1]
    means: dict[str, str] = {}
    alike: dict[str, float] = {}
    for one in strange:
        guesses = set()
        for words in one.texts:
            best = process.extractOne(" ".join(words), texts, scorer=fuzz.ratio, score_cutoff=LIKE)
            guesses.add(None if best is None else known[best[0]][0])
            alike[one.seen.id] = min(alike.get(one.seen.id, 100.0), 0.0 if best is None else best[1])
        (guessed, *rest) = guesses
        if guessed is not None and not rest and guessed != one.seen.id:
            means[one.seen.id] = guessed
    for one in strange:
        other = means.get(one.seen.id)
        if other is None:
            continue
        back = means.get(other)
        how = "the two are exchanged" if back == one.seen.id else f"whose own audio has that of {back}" if back else ""
        yield finding(
            one.seen,
            "swapped_reference",
            f"what is heard is the reference of {other}{', ' if how else ''}{how}: {one.raw[0][:80]!r}",
            value=alike[one.seen.id],
            threshold=LIKE,
            unit="% alike",
            others=(other,),
            confidence=min(0.99, 0.75 + 0.1 * (len(one.texts) - 1) + 0.1 * (back == one.seen.id)),
        )


def _label_errors(heard: Sequence[Heard]) -> Iterator[HealthFinding]:
    """Stretches in which the systems agree with each other and not with the reference."""
    usual = Counter((edit.said, edit.heard) for one in heard for edit in one.agreed)
    rare = _rarity(heard)
    for one in heard:
        edits = [edit for edit in one.agreed if usual[edit.said, edit.heard] < CONVENTION]
        if not edits:
            continue
        words = sum(edit.words for edit in edits)
        share = words / max(1, len(one.reference), words)
        same = len({tuple(text) for text in one.texts}) == 1
        unlike = max(_unlike(edit) * rare[_way(edit)] * min(_letters(edit), 8) / 8 for edit in edits)
        sure = 0.1 + 0.1 * min(len(one.texts) - 1, 3) + 0.15 * same + 0.45 * unlike + 0.15 * share
        worst = max(edits, key=lambda edit: edit.words)
        systems = f"all {len(one.texts)} systems" if one.needed == len(one.texts) else f"{one.needed} systems or more"
        shown = "; ".join(f"{_quoted(edit.said)} for {_quoted(edit.heard)}" for edit in edits[:3])
        yield finding(
            one.seen,
            "label_error",
            f"the reference has {shown}, which {systems} hear",
            value=words,
            threshold=1,
            unit="words",
            where=f"words {worst.start + 1} to {worst.start + max(1, len(worst.said))}",
            confidence=min(sure, 0.97),
            severity="high" if share >= 0.5 and words >= 3 else "medium" if sure >= 0.5 else "low",
        )


def _way(edit: Edit) -> tuple[bool, bool]:
    """Whether words are left out, put in, or others."""
    return not edit.said, not edit.heard


def _rarity(heard: Sequence[Heard]) -> dict[tuple[bool, bool], float]:
    """How rare it is that systems agree on leaving words out, on putting some in, and on others, 0 to 1.

    Where it is so in many utterances it is a way of transcribing: systems leave out what is said twice, and fillers.
    """
    rows = Counter(way for one in heard for way in {_way(edit) for edit in one.agreed})
    return {way: min(1.0, math.log((len(heard) + RARE) / count) / math.log(RARE)) for way, count in rows.items()}


def _letters(edit: Edit) -> int:
    """Letters in question."""
    return max(len("".join(edit.said)), len("".join(edit.heard)))


def _unlike(edit: Edit) -> float:
    """How little two stretches look alike, 0 to 1: what only is spelled another way, or a name, sounds the same."""
    from rapidfuzz import fuzz

    return 1.0 - float(fuzz.ratio("".join(edit.said), "".join(edit.heard))) / 100


def _quoted(words: Sequence[str]) -> str:
    return repr(" ".join(words)) if words else "nothing"
