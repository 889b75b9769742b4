"""Why one set of predictions has two error rates: from one profile to another, rule by rule.

Each rule in which the profiles differ is one step. Steps are taken in the order in which a text meets the rules, each
on top of those before it, so that their effects add up to the whole difference; each rule is also tried alone, and what
the single effects miss of the whole is the interaction.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from harness.scoring.error_counts import ErrorCounts
from harness.scoring.normalize.english import EnglishRules
from harness.scoring.normalize.multilingual import MultilingualRules
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES, Profile
from harness.scoring.score import count_predictions
from harness.scoring.sessions import merge_sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from harness.scoring.predictions import Predictions, Row

MEANING = {
    "normalizer": "the kind of normalizer",
    "fillers": "hesitations that are dropped (uh, um, ...)",
    "possessives": "'s is a word of its own, but after he, it, that, ...",
    "casual": "kinda, sorta, dunno, cause written out",
    "compounds": "all right, e mail, p m, ... written together",
    "spelling": "table of British and American spellings",
    "names": "one spelling for each name",
    "acronyms": "single letters joined",
    "numbers": "digits written as words",
    "compound_pairs": "words that both sides write alike but for spaces joined",
    "merge_compounds": "compounds that one side writes apart match at no cost",
    "drop_empty_references": "references that normalize to nothing are not scored",
}
"""What the rules do, in the order in which a text meets them; a rule that is not named here comes after those."""

_ALIGNED = ("compound_pairs", "merge_compounds", "drop_empty_references")
"""Rules of the profile itself; all others belong to the normalizer."""

_LONGEST_EXAMPLE = 300
"""Words in texts that examples are taken from; diffs of whole calls would take minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One utterance whose counts a step changes."""

    id: str
    errors_before: int
    errors_after: int
    words_before: int
    words_after: int
    contribution: float
    """Its share of the step's effect, as a fraction; the shares of all utterances add up to the effect."""
    changes: tuple[str, ...]
    """What the step rewrites or merges in it, such as ``stephen -> steven``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rule switched from the first profile's way to the second's."""

    rule: str
    before: str
    after: str
    meaning: str
    counts: ErrorCounts
    """Of all utterances, after this step and all before it."""
    effect: float | None
    """Change of the error rate by this step on top of those before it, as a fraction."""
    alone: float | None
    """Change of the error rate by this rule alone, on top of the first profile (and the normalizer, if it is new)."""
    moved: int
    """Utterances whose counts this step changes."""
    moves: list[Move]
    """Those that contribute most, largest first."""
    examples: list[tuple[str, int]]
    """What the step rewrites most often in utterances whose counts it changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The way from one profile to another on one benchmark."""

    benchmark: str
    language: str
    metric: str
    utterances: int
    start: ErrorCounts
    """Under the first profile."""
    steps: list[Step]

    @property
    def end(self) -> ErrorCounts:
        """Under the second profile."""
        return self.steps[-1].counts if self.steps else self.start

    @property
    def total(self) -> float | None:
        """Rate under the second profile minus rate under the first."""
        return _change(self.start, self.end)

    @property
    def interaction(self) -> float | None:
        """What the rules alone do not explain of the total: they work on each other's results."""
        alone = [step.alone for step in self.steps]
        if self.total is None or None in alone:
            return None
        return self.total - sum(effect for effect in alone if effect is not None)


def explain(predictions: Predictions, first: Profile, second: Profile, top: int = 3) -> Explanation:
    """Score predictions on every step of the way between two profiles.

    Args:
        predictions: of one model on one benchmark; failed rows are left out.
        first: the profile to start from.
        second: the profile to arrive at.
        top: how many utterances and examples to name for each step.

    Raises:
        DataError: the chunks of a session are incomplete.
    """
    language = predictions.language
    rows = merge_sessions(predictions).rows
    start = _counts(predictions, first)
    steps: list[Step] = []
    before, counts_before = first, start
    for rule, after in _way(first, second, language):
        counts = _counts(predictions, after)
        base, switched = _alone(first, second, rule, language)
        alone = (
            (counts_before, counts)
            if before == base
            else (_counts(predictions, base) if base != first else start, _counts(predictions, switched))
        )
        moves = _moves(rows, counts_before, counts)
        named = [_with_changes(move, rows[index], before, after, language) for index, move in moves[:top]]
        steps.append(
            Step(
                rule=rule,
                before=_shown(_value(before, rule, language)),
                after=_shown(_value(after, rule, language)),
                meaning=MEANING.get(rule, rule),
                counts=sum(counts, ErrorCounts()),
                effect=_change(sum(counts_before, ErrorCounts()), sum(counts, ErrorCounts())),
                alone=_change(sum(alone[0], ErrorCounts()), sum(alone[1], ErrorCounts())),
                moved=len(moves),
                moves=named,
                examples=_examples([rows[index] for index, _ in moves], before, after, language, top),
            )
        )
        before, counts_before = after, counts
    return Explanation(
        benchmark=predictions.benchmark,
        language=language,
        metric="cer" if language in LANGUAGES_WITHOUT_SPACES else "wer",
        utterances=len(rows),
        start=sum(start, ErrorCounts()),
        steps=steps,
    )


def average_effects(explanations: Sequence[Explanation]) -> dict[str, float]:
    """The mean effect of each rule over benchmarks, 0 where a benchmark does not know it; they add up like the rates.

    Raises:
        ValueError: a benchmark has no rate.
    """
    order = list(dict.fromkeys(step.rule for one in explanations for step in one.steps))
    effects = dict.fromkeys(sorted(order, key=_place), 0.0)
    for one in explanations:
        for step in one.steps:
            if step.effect is None:
                raise ValueError(f"{one.benchmark} has no error rate")
            effects[step.rule] += step.effect / len(explanations)
    return effects


def _counts(predictions: Predictions, profile: Profile) -> list[ErrorCounts]:
    return count_predictions(predictions, profile).kept()


def _change(before: ErrorCounts, after: ErrorCounts) -> float | None:
    return None if before.rate is None or after.rate is None else after.rate - before.rate


def _normalizer_field(language: str) -> str:
    return "english" if language == "en" else "others"


def _way(first: Profile, second: Profile, language: str) -> Iterator[tuple[str, Profile]]:
    """Each rule that differs for this language, with the profile that has it and all before it switched."""
    now = first
    for rule in _differing(first, second, language):
        now = _switch(now, second, rule, language)
        yield rule, now


def _differing(first: Profile, second: Profile, language: str) -> list[str]:
    """The rules in which two profiles differ, in the order in which a text meets them."""
    found: list[str] = []
    if language not in LANGUAGES_WITHOUT_SPACES:
        one, other = _normalizer(first, language), _normalizer(second, language)
        if type(one) is not type(other):
            found.append("normalizer")
            one = type(other)() if other is not None else None
        if one is not None and other is not None:
            found += [f.name for f in dataclasses.fields(one) if getattr(one, f.name) != getattr(other, f.name)]
        found += [
            rule
            for rule in ("compound_pairs", "merge_compounds")
            if getattr(first, rule) != getattr(second, rule) and not (rule == "compound_pairs" and language == "en")
        ]
    if first.drop_empty_references != second.drop_empty_references:
        found.append("drop_empty_references")
    return sorted(found, key=_place)


def _place(rule: str) -> tuple[int, str]:
    """Where a rule stands in the order of the steps."""
    order = list(MEANING)
    return (order.index(rule) if rule in order else len(order), rule)


def _normalizer(profile: Profile, language: str) -> EnglishRules | MultilingualRules | None:
    rules: EnglishRules | MultilingualRules | None = getattr(profile, _normalizer_field(language))
    return rules


def _switch(profile: Profile, target: Profile, rule: str, language: str) -> Profile:
    """The profile with one rule as the target has it."""
    name = f"{profile.name.split('+')[0]}+{rule}"
    if rule in _ALIGNED:
        return dataclasses.replace(profile, name=name, **{rule: getattr(target, rule)})
    goal = _normalizer(target, language)
    rules: Any = _normalizer(profile, language)
    if rule == "normalizer":
        rules = None if goal is None else type(goal)()
    else:
        rules = dataclasses.replace(rules, **{rule: getattr(goal, rule)})
    return dataclasses.replace(profile, name=name, **{_normalizer_field(language): rules})


def _alone(first: Profile, second: Profile, rule: str, language: str) -> tuple[Profile, Profile]:
    """The profiles without and with a rule alone.

    Without it is the first profile, or, for a rule of a normalizer that it does not have, the first profile with that
    normalizer in its plainest form.
    """
    goal = _normalizer(second, language)
    base = first
    if rule not in _ALIGNED and rule != "normalizer" and type(_normalizer(first, language)) is not type(goal):
        base = _switch(first, second, "normalizer", language)
    return base, _switch(base, second, rule, language)


def _value(profile: Profile, rule: str, language: str) -> Any:
    if rule in _ALIGNED:
        return getattr(profile, rule)
    rules = _normalizer(profile, language)
    if rule == "normalizer":
        return {EnglishRules: "Whisper's English", MultilingualRules: "multilingual", type(None): "none"}[type(rules)]
    return getattr(rules, rule)


def _shown(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _moves(rows: Sequence[Row], before: Sequence[ErrorCounts], after: Sequence[ErrorCounts]) -> list[tuple[int, Move]]:
    """The rows whose counts differ, largest contribution first.

    A contribution is (change of errors - rate before * change of words) / words after: these add up to the change of
    the rate exactly, whether the number of reference words changes or not.
    """
    rate = sum(before, ErrorCounts()).rate or 0.0
    words = sum(after, ErrorCounts()).words
    moves = []
    for index, (row, one, other) in enumerate(zip(rows, before, after, strict=True)):
        if (one.errors, one.words) != (other.errors, other.words):
            share = (other.errors - one.errors - rate * (other.words - one.words)) / words if words else 0.0
            moves.append(
                (
                    index,
                    Move(
                        id=row.id,
                        errors_before=one.errors,
                        errors_after=other.errors,
                        words_before=one.words,
                        words_after=other.words,
                        contribution=share,
                        changes=(),
                    ),
                )
            )
    return sorted(moves, key=lambda found: (-abs(found[1].contribution), found[0]))


def _with_changes(move: Move, row: Row, before: Profile, after: Profile, language: str) -> Move:
    return dataclasses.replace(move, changes=tuple(dict.fromkeys(_changes(row, before, after, language)))[:5])


def to_json(explanation: Explanation) -> dict[str, Any]:
    """The explanation for machines; rates and effects are fractions."""
    return {
        "benchmark": explanation.benchmark,
        "language": explanation.language,
        "metric": explanation.metric,
        "utterances": explanation.utterances,
        "start": _counts_json(explanation.start),
        "steps": [
            {
                "rule": step.rule,
                "before": step.before,
                "after": step.after,
                "meaning": step.meaning,
                **_counts_json(step.counts),
                "effect": step.effect,
                "alone": step.alone,
                "utterances_moved": step.moved,
                "moves": [dataclasses.asdict(move) for move in step.moves],
                "examples": [{"change": change, "times": times} for change, times in step.examples],
            }
            for step in explanation.steps
        ],
        "end": _counts_json(explanation.end),
        "total": explanation.total,
        "interaction": explanation.interaction,
    }


def _counts_json(counts: ErrorCounts) -> dict[str, Any]:
    return {"errors": counts.as_dict(), "words": counts.words, "rate": counts.rate}


def _examples(rows: Sequence[Row], before: Profile, after: Profile, language: str, top: int) -> list[tuple[str, int]]:
    found = Counter(change for row in rows for change in _changes(row, before, after, language))
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:top]


def _changes(row: Row, before: Profile, after: Profile, language: str) -> list[str]:
    """What a step makes of a row: words rewritten on either side, or else words matched as compounds."""
    texts = (row.reference, row.hypothesis or "")
    if max(len(text.split()) for text in texts) > _LONGEST_EXAMPLE:
        return []
    try:
        pairs = [(before.normalize(t, language).split(), after.normalize(t, language).split()) for t in texts]
    except ValueError:
        return []
    rewritten = [change for one, other in pairs for change in _rewritten(one, other)]
    return rewritten or _merged(pairs[0][1], pairs[1][1], _merging(after, language) or _merging(before, language))


def _rewritten(one: Sequence[str], other: Sequence[str]) -> list[str]:
    operations = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return [
        f"{' '.join(one[a:b]) or '(nothing)'} -> {' '.join(other[c:d]) or '(nothing)'}"
        for tag, a, b, c, d in operations
        if tag != "equal"
    ]


def _merging(profile: Profile, language: str) -> Callable[[Sequence[str], Sequence[str]], list[tuple[str, str]]] | None:
    """How a profile joins compounds of both sides, or None."""
    if profile.merge_compounds:
        import kaldialign

        return lambda one, other: kaldialign.align(one, other, "", merge_compounds=True)
    if profile.compound_pairs and language != "en":
        return lambda one, other: [
            (" ".join(one[a:b]), " ".join(other[c:d]))
            for _, a, b, c, d in SequenceMatcher(None, one, other).get_opcodes()
        ]
    return None


def _merged(
    one: Sequence[str],
    other: Sequence[str],
    merging: Callable[[Sequence[str], Sequence[str]], list[tuple[str, str]]] | None,
) -> list[str]:
    pairs = merging(one, other) if merging else []
    return [f"{a} = {b}" for a, b in pairs if a != b and a.replace(" ", "") == b.replace(" ", "")]
