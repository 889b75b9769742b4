"""Why one set of predictions has two error rates: from one profile to another, rule by rule.

Each rule in which the profiles differ is one step. Steps are taken in the order in which a text meets the rules, each
on top of those before it, so that their effects add up to the whole difference; each rule is also tried alone, and what
the single effects miss of the whole is the interaction.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from harness.records.explanation import Example, Explanation, Move, RuleStep, Tally
from harness.scoring.normalize.chinese import ChineseRules
from harness.scoring.normalize.english import EnglishRules
from harness.scoring.normalize.multilingual import MultilingualRules
from harness.scoring.normalize.unicode import UnicodeRules
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES, Profile
from harness.scoring.stepping import StepCounts, Stepping

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.scoring.predictions import Predictions

MEANING = {
    "normalizer": "the kind of normalizer",
    "fillers": "hesitations that are dropped (uh, um, ...)",
    "clock_times": "half past two, ten o'clock written in digits",
    "possessives": "'s is a word of its own, but after he, it, that, ...",
    "casual": "kinda, sorta, dunno, cause written out",
    "compounds": "all right, e mail, p m, ... written together",
    "spelling": "table of British and American spellings",
    "names": "one spelling for each name",
    "oh_among_digits": "oh is a zero among digits only",
    "acronyms": "single letters joined",
    "stray_runs": "signs that belong to no number go, also in runs and at the ends",
    "compatibility": "full and half width, ligatures alike (NFKC)",
    "case": "case folded",
    "invisible": "joiners, zero-width spaces, direction marks dropped",
    "apostrophes": "all forms of the apostrophe alike",
    "punctuation": "punctuation and symbols are spaces",
    "simplified": "traditional Chinese characters as simplified ones",
    "simplified_chinese": "traditional Chinese characters as simplified ones",
    "digits": "digits of all scripts as 0 to 9",
    "kana": "katakana as hiragana",
    "arabic_alef": "all forms of alef alike",
    "arabic_tatweel": "tatweel dropped",
    "arabic_short_vowels": "Arabic short vowels dropped",
    "hebrew_points": "Hebrew points dropped",
    "thai_typing": "Thai marks in one order",
    "marks": "combining marks stay",
    "diacritics": "letters keep their diacritics",
    "numbers": "digits written as words",
    "spaces": "spaces ignored where a language is written without them",
    "armenian": "Armenian as other languages, or refused where its rules are not known",
    "korean": "Korean counted by words, or by syllables without spaces",
    "own": "replacements, equivalents and drops of the profile's file",
    "oiwer": "Hindi words compared as voi_oiwer does, no compounds",
    "compound_pairs": "words that both sides write alike but for spaces joined",
    "merge_compounds": "compounds that one side writes apart match at no cost",
    "drop_empty_references": "references that normalize to nothing are not scored",
}
"""What the rules do, in the order in which a text meets them; a rule that is not named here comes after those."""

_ALIGNED = ("oiwer", "korean", "own", "compound_pairs", "merge_compounds", "drop_empty_references")
"""Rules of the profile itself; all others belong to the normalizer."""

_KINDS = {
    EnglishRules: "Whisper's English",
    MultilingualRules: "multilingual",
    UnicodeRules: "Unicode",
    ChineseRules: "Chinese",
    type(None): "none",
}

_LONGEST_EXAMPLE = 300
"""Words in texts that examples are taken from; diffs of whole calls would take minutes."""


def explain(
    predictions: Predictions, first: Profile, second: Profile, top: int = 3, stepping: Stepping | None = None
) -> Explanation:
    """Score predictions on every step of the way between two profiles.

    Args:
        predictions: of one model on one benchmark; failed rows are left out.
        first: the profile to start from.
        second: the profile to arrive at.
        top: how many utterances and examples to name for each step.
        stepping: of these predictions, with what it has counted already.

    Raises:
        UsageError: one of them has rules of this language that are not known.
        DataError: the chunks of a session are incomplete.
    """
    language = predictions.language
    second.normalizer(language)
    stepping = stepping or Stepping(predictions)
    rows = stepping.rows
    plain = _plain(first, second, language)
    steps: list[RuleStep] = []
    before, start = first, stepping.counted(first)
    for rule in _differing(first, second, language):
        after = _switch(before, second, rule, language)
        left, counts = stepping.counted(before), stepping.counted(after, before)
        base = first if rule in ("normalizer", *_ALIGNED) else plain
        from_base = stepping.counted(base, first)
        moves = _moves(rows, left, counts)
        change = _Change(before, after, language)
        tally = Tally.of(counts.total)
        steps.append(
            RuleStep(
                rule=rule,
                before=_rules(before, language)[rule],
                after=_rules(after, language)[rule],
                meaning=MEANING.get(rule, rule),
                errors=tally.errors,
                words=tally.words,
                rate=tally.rate,
                effect=_effect(left, counts),
                alone=_effect(from_base, stepping.counted(_switch(base, second, rule, language), base)),
                utterances_moved=len(moves),
                moves=tuple(change.named(move, rows[index]) for index, move in moves[:top]),
                examples=change.examples([rows[index] for index, _ in moves], top),
            )
        )
        before = after
    end = stepping.counted(before)
    total = _effect(start, end)
    single = [step.alone for step in steps]
    return Explanation(
        benchmark=predictions.benchmark,
        language=language,
        metric="cer" if second.by_character(language) else "wer",
        utterances=len(rows),
        failed=sum(row.hypothesis is None for row in rows),
        start=Tally.of(start.total),
        steps=tuple(steps),
        end=Tally.of(end.total),
        total=total,
        utterances_moved=len(_moves(rows, start, end)),
        interaction=None if total is None or None in single else total - sum(filter(None, single)),
    )


def average_effects(explanations: Sequence[Explanation]) -> dict[str, float]:
    """The mean effect of each rule over benchmarks, 0 where a benchmark does not know it; they add up like the rates.

    Raises:
        ValueError: a benchmark has no rate.
    """
    effects = dict.fromkeys(sorted({step.rule for one in explanations for step in one.steps}, key=_place), 0.0)
    for one in explanations:
        for step in one.steps:
            if step.effect is None:
                raise ValueError(f"{one.benchmark} has no error rate")
            effects[step.rule] += step.effect / len(explanations)
    return effects


def _effect(before: StepCounts, after: StepCounts) -> float | None:
    """The change of the error rate."""
    one, other = before.total.rate, after.total.rate
    return None if one is None or other is None else other - one


def _rules(profile: Profile, language: str) -> dict[str, str]:
    """The rules that texts of this language meet, and how they stand, in words."""
    rules = profile.rules(language)
    found: dict[str, bool | str] = {
        "own": "none" if profile.own is None else "; ".join(f"{k}: {v}" for k, v in profile.own.record().items() if v),
        "drop_empty_references": profile.drop_empty_references,
        "normalizer": _KINDS[type(rules)],
        **({} if rules is None else dataclasses.asdict(rules)),
    }
    if language not in LANGUAGES_WITHOUT_SPACES:
        found |= {"merge_compounds": profile.merge_compounds}
        found |= {} if language == "en" else {"compound_pairs": profile.compound_pairs}
        found |= {"oiwer": profile.oiwer} if language == "hi" else {}
        found |= {"korean": profile.korean} if language == "ko" else {}
    return {rule: ("off", "on")[value] if isinstance(value, bool) else value for rule, value in found.items()}


def _plain(first: Profile, second: Profile, language: str) -> Profile:
    """The first profile, with the second's normalizer in its plainest form where it has another kind."""
    same = type(first.rules(language)) is type(second.rules(language))
    return first if same else _switch(first, second, "normalizer", language)


def _differing(first: Profile, second: Profile, language: str) -> list[str]:
    """The rules in which two profiles differ for this language, in the order in which a text meets them."""
    one, other = _rules(_plain(first, second, language), language), _rules(second, language)
    changed = {rule for rule in other if one[rule] != other[rule]}
    if _rules(first, language).get("normalizer") != other.get("normalizer"):
        changed.add("normalizer")
    return sorted(changed, key=_place)


def _place(rule: str) -> tuple[int, str]:
    """Where a rule stands in the order of the steps."""
    order = list(MEANING)
    return (order.index(rule) if rule in order else len(order), rule)


def _switch(profile: Profile, target: Profile, rule: str, language: str) -> Profile:
    """The profile with one rule as the target has it."""
    if rule in _ALIGNED:
        switched = dataclasses.replace(profile, **{rule: getattr(target, rule)})
    else:
        goal, rules = target.rules(language), profile.rules(language)
        if rule == "normalizer":
            rules = None if goal is None else type(goal)()
        else:
            assert rules is not None
            changed: Any = {rule: getattr(goal, rule)}
            rules = dataclasses.replace(rules, **changed)
        switched = profile.with_rules(language, rules)
    return dataclasses.replace(switched, name=f"{profile.name.split('+')[0]}+{rule}")


def _moves(rows: Sequence[Line], before: StepCounts, after: StepCounts) -> list[tuple[int, Move]]:
    """The rows whose counts differ, largest contribution first.

    A contribution is (change of errors - rate before * change of words) / words after: these add up to the change of
    the rate exactly, whether the number of reference words changes or not.
    """
    rate = before.total.rate or 0.0
    words = after.total.words
    moves = []
    for index, (row, one, other) in enumerate(zip(rows, before.kept, after.kept, strict=True)):
        if one is not other and (one.errors, one.words) != (other.errors, other.words):
            share = (other.errors - one.errors - rate * (other.words - one.words)) / words if words else 0.0
            move = Move(
                id=row.id,
                errors_before=one.errors,
                errors_after=other.errors,
                words_before=one.words,
                words_after=other.words,
                contribution=share,
            )
            moves.append((index, move))
    return sorted(moves, key=lambda found: (-abs(found[1].contribution), found[0]))


class _Change:
    """What a step makes of texts: words rewritten on either side, or else words matched as compounds."""

    def __init__(self, before: Profile, after: Profile, language: str) -> None:
        self._sides = before.texts(language), after.texts(language)
        self._merging, self._language = after if after.matches_compounds(language) else before, language

    def named(self, move: Move, row: Line) -> Move:
        """The move with what the step changes in its utterance."""
        return replace(move, changes=tuple(dict.fromkeys(self._of(row)))[:5])

    def examples(self, rows: Sequence[Line], top: int) -> tuple[Example, ...]:
        """What is changed most often, equally frequent changes in alphabetical order."""
        found = Counter(change for row in rows for change in self._of(row))
        ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:top]
        return tuple(Example(change=change, times=times) for change, times in ordered)

    def _of(self, row: Line) -> list[str]:
        hypothesis = row.hypothesis or ""
        if max(len(row.reference.split()), len(hypothesis.split())) > _LONGEST_EXAMPLE:
            return []
        (one, other), (reference, words) = (
            [text.split() for text in side.pair(row.reference, hypothesis)[:2]] for side in self._sides
        )
        rewritten = [*_rewritten(one, reference), *_rewritten(other, words)]
        return rewritten or [f"{a} = {b}" for a, b in self._merging.merged(reference, words, self._language)]


def _rewritten(one: Sequence[str], other: Sequence[str]) -> list[str]:
    operations = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return [
        f"{' '.join(one[a:b]) or '(nothing)'} -> {' '.join(other[c:d]) or '(nothing)'}"
        for tag, a, b, c, d in operations
        if tag != "equal"
    ]
