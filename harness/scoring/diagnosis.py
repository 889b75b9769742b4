"""Does a run look broken, and which outputs look hallucinated? Flags for single utterances, findings for a benchmark.

The limits stand well outside of what 18 real files of 8 models show (docs/scoring.md lists both), so that a finding
means something is wrong with the run rather than that the model is weak.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.amounts import amount
from harness.records.details import Finding
from harness.scoring.large import PackedErrors

if TYPE_CHECKING:
    from harness.scoring.error_counts import ErrorCounts
    from harness.scoring.scored import ScoredUtterance

Flag = Literal["empty", "short", "long", "repetition", "on_silence"]
"""What looks wrong with one output."""

FLAGS: dict[Flag, str] = {
    "empty": "no words where the reference has some",
    "short": "less than 60 % of the reference's words, which are four or more",
    "long": "more than twice the reference's words and five more",
    "repetition": "a phrase four times in a row or more, and three times more often than in the reference",
    "on_silence": "words where the reference has none",
}

FEWEST = 20
"""Utterances with words from which a benchmark is judged."""

_SHORT = 0.6
"""Of the reference's words: an output with fewer is short."""
_OFTEN, _OFTEN_SHORT = 0.02, 0.05
"""Shares of the utterances up to which something, and short outputs, are chance."""
_FEWEST_WORDS, _MOST_WORDS = 0.8, 1.25
"""Of all references' words, what all outputs have in a healthy run."""

_LONGEST_UNIT = 10
"""Words in a repeated phrase that is looked for."""


def flags(one: ScoredUtterance) -> list[Flag]:
    """What looks wrong with one output. Words are characters in languages written without spaces."""
    words, written = len(one.reference), len(one.hypothesis)
    shown: dict[Flag, bool] = {
        "empty": words > 0 and not written,
        "short": written > 0 and _is_short(words, written),
        "long": words > 0 and written > 2 * words + 5,
        "on_silence": not words and written > 0,
        "repetition": one.counts.errors >= 3 and written >= 6 and _repeats_more(one),
    }
    return [flag for flag, found in shown.items() if found]


def _is_short(words: int, written: int) -> bool:
    return words >= 4 and written < _SHORT * words


def _repeats_more(one: ScoredUtterance) -> bool:
    repeated = longest_repetition(one.hypothesis)
    return repeated >= 4 and repeated >= longest_repetition(one.reference) + 3


def longest_repetition(words: Sequence[str]) -> int:
    """How often, at most, a phrase of up to ten words stands in a row: 4 for "no no no no", 1 where nothing repeats.

    Only repetitions of four words or more in all count, so that "that that is" is none.
    """
    most = min(1, len(words))
    for unit in range(1, min(_LONGEST_UNIT, len(words) // 2) + 1):
        run = 0
        for index in range(unit, len(words)):
            run = run + 1 if words[index] == words[index - unit] else 0
            if run % unit == 0 and run + unit >= 4:
                most = max(most, run // unit + 1)
    return most


@dataclass(frozen=True, slots=True)
class _Length:
    """How long one output should be, and is."""

    id: str
    words: int
    written: int


def diagnose_counts(ids: Sequence[str], counts: Sequence[ErrorCounts]) -> list[Finding]:
    """What counts alone tell of a broken run: cut off, empty, far too long or short.

    It costs nothing, so that it is always done; `diagnose` looks at the texts too.

    Args:
        ids: of the utterances of one benchmark.
        counts: of each of them; those without words (failed, dropped, empty) tell nothing.
    """
    if isinstance(counts, PackedErrors) and not _may_be_broken(counts):
        return []
    lengths = [
        _Length(name, one.words, one.hits + one.substitutions + one.insertions)
        for name, one in zip(ids, counts, strict=True)
        if one.words
    ]
    if len(lengths) < FEWEST:
        return []
    return [*_cut_off(lengths, []), *_empty(lengths)] or _length_ratio(lengths)


def _may_be_broken(counts: PackedErrors) -> bool:
    """Whether `diagnose_counts` will find something, told without looking at single ones of a million."""
    hits, substitutions, deletions, insertions = counts.table.T
    words, written = hits + substitutions + deletions, hits + substitutions + insertions
    spoken = words > 0
    count = int(spoken.sum())
    empty = int((spoken & (written == 0)).sum())
    short = int(((words >= 4) & (written > 0) & (written < _SHORT * words)).sum())
    ratio = int(written[spoken].sum()) / max(1, int(words.sum()))
    return count > 0 and (
        short > _OFTEN_SHORT * count or empty > _OFTEN * count or not _FEWEST_WORDS <= ratio <= _MOST_WORDS
    )


def diagnose(utterances: Sequence[ScoredUtterance]) -> list[Finding]:
    """What is wrong with the run as a whole; nothing for a healthy one, however weak the model.

    Args:
        utterances: of one benchmark, failed ones left out. Fewer than 20 with words tell nothing.
    """
    spoken = [one for one in utterances if one.reference]
    if len(spoken) < FEWEST:
        return []
    lengths = [_Length(one.row.id, len(one.reference), len(one.hypothesis)) for one in spoken]
    tails = [
        one.row.id for one in spoken if one.hypothesis and _missing_at_end(one) >= max(3, 0.1 * len(one.reference))
    ]
    loops = [one.row.id for one in spoken if "repetition" in flags(one)]
    found = [
        *_cut_off(lengths, tails),
        *_empty(lengths),
        *_share("repetition loops", loops, len(spoken), "decoding without a stop?"),
        *_constant(spoken),
        *_shifted(spoken),
    ]
    return found or _length_ratio(lengths)


def _share(kind: str, shown: Sequence[str], count: int, cause: str) -> list[Finding]:
    """Something that may happen once in a while, but not in more than 2 % of the utterances."""
    if len(shown) <= _OFTEN * count:
        return []
    message = f"{kind} in {len(shown)} of {amount(count, 'utterance')} ({100 * len(shown) / count:.1f} %): {cause}"
    return [Finding(kind=kind, message=message, utterances=tuple(shown[:5]))]


def _empty(lengths: Sequence[_Length]) -> list[Finding]:
    silent = [one.id for one in lengths if not one.written]
    return _share("empty outputs", silent, len(lengths), "failed requests stored as text?")


def _cut_off(lengths: Sequence[_Length], tails: Sequence[str]) -> list[Finding]:
    """More than 5 % of the outputs have far too few words, or miss the end of what was said."""
    short = [one.id for one in lengths if one.written and _is_short(one.words, one.written)]
    if max(len(short), len(tails)) <= _OFTEN_SHORT * len(lengths):
        return []
    share = 100 * sum(one.written for one in lengths) / sum(one.words for one in lengths)
    at_end = f"{len(tails)} miss a tenth or more at the end, " if tails else ""
    message = (
        f"outputs look cut off: {len(short)} of {len(lengths)} utterances have less than 60 % of their words, {at_end}"
        f"{share:.0f} % of all words are there: a limit on new tokens, clipped audio, or text lost when it was written?"
    )
    return [Finding(kind="cut off", message=message, utterances=tuple((short or tails)[:5]))]


def _length_ratio(lengths: Sequence[_Length]) -> list[Finding]:
    """Many more or fewer words than the references have, with no other reason found."""
    ratio = sum(one.written for one in lengths) / sum(one.words for one in lengths)
    if _FEWEST_WORDS <= ratio <= _MOST_WORDS:
        return []
    what = "missing" if ratio < 1 else "added"
    message = f"outputs have {100 * ratio:.0f} % of the references' words: text is {what} throughout"
    return [Finding(kind="length", message=message)]


def _missing_at_end(one: ScoredUtterance) -> int:
    """Words at the end of the reference that have no counterpart."""
    from rapidfuzz.distance import Levenshtein

    if one.counts.deletions < 3 or one.reference[-1:] == one.hypothesis[-1:]:
        return 0
    *_, last = Levenshtein.opcodes(one.reference, one.hypothesis)
    return last.src_end - last.src_start if last.tag == "delete" else 0


def _constant(spoken: Sequence[ScoredUtterance]) -> list[Finding]:
    """One output for many different references."""
    outputs: dict[tuple[str, ...], list[ScoredUtterance]] = {}
    for one in spoken:
        if one.hypothesis:
            outputs.setdefault(tuple(one.hypothesis), []).append(one)
    alike = [(len({tuple(one.reference) for one in shown}), shown) for shown in outputs.values()]
    references, shown = max(alike, key=lambda found: (found[0], len(found[1])), default=(0, []))
    if references <= max(5, 0.1 * len(spoken)):
        return []
    text = " ".join(shown[0].hypothesis)[:40]
    message = f"the same output, {text!r}, for {references} different references: is the audio reaching the model?"
    return [Finding(kind="constant output", message=message, utterances=tuple(one.row.id for one in shown[:5]))]


def _shifted(spoken: Sequence[ScoredUtterance]) -> list[Finding]:
    """Outputs that fit the reference of a neighboring row much better than their own."""
    from rapidfuzz.distance import Levenshtein

    words = sum(one.counts.words for one in spoken)
    if sum(one.counts.errors for one in spoken) < 0.6 * words:
        return []
    sample = [one for one in spoken if len(one.reference) <= 200][:2000]
    for step in (1, -1):
        pairs = list(zip(sample[max(0, step) :], sample[max(0, -step) :], strict=False))
        errors = sum(Levenshtein.distance(one.reference, other.hypothesis) for one, other in pairs)
        if pairs and errors < 0.3 * sum(len(one.reference) for one, _ in pairs):
            where = "after" if step == 1 else "before"
            message = f"outputs fit the reference of the row {where} them: rows are shifted against each other by one"
            return [Finding(kind="shifted", message=message, utterances=tuple(one.row.id for one in spoken[:5]))]
    return []
