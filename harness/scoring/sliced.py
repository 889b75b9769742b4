"""A counted benchmark by a tag: each slice's rate with its interval, and its difference from the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.records.slices import SliceScore, SliceTable
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.intervals import wer_interval
from harness.scoring.significance import ALPHA
from harness.scoring.slice_differences import SliceTest, slice_differences
from harness.scoring.slicing import slice_by

if TYPE_CHECKING:
    from harness.records.statistics import Interval
    from harness.scoring.scored import Scored
    from harness.scoring.slicing import Slicing


_BY_BLEU = "they are translations, which have no error rate; compare and gate have BLEU by it"


def slice_table(scored: Scored, tag: str) -> SliceTable:
    """One benchmark of one model by a tag; utterances that failed, or are not scored, are left out.

    Raises:
        UsageError: as `slice_by`.
    """
    kept = scored.kept()
    slicing = slicing_of(scored, tag)
    held = [at for at, found in enumerate(scored.counted) if found is not None and not scored.drops(at)]
    inside = [at for at in held if slicing.values[at] is not None]
    order = [value for value in slicing.order if any(slicing.values[at] == value for at in inside)]
    places = {value: place for place, value in enumerate(order)}
    codes = [places[str(slicing.values[at])] for at in inside]
    counts = [kept[at] for at in inside]
    sessions = [scored.units.rows[at].session for at in inside]
    found = slice_differences(codes, [one.errors for one in counts], [one.words for one in counts], sessions)
    units: Sequence[str | None] = [None] * len(sessions) if found.by_utterance else sessions
    slices = []
    for place, (value, test) in enumerate(zip(order, found.tests, strict=True)):
        here = [at for at, code in enumerate(codes) if code == place]
        part = [counts[at] for at in here]
        interval = wer_interval([one.errors for one in part], [one.words for one in part], [units[at] for at in here])
        slices.append(_slice(value, part, interval, found.sessions[place], test))
    known = any(session is not None for session in units)
    return SliceTable(
        tag=tag,
        benchmark=scored.units.benchmark,
        language=scored.language,
        binned=slicing.binned,
        unit="session" if known else "utterance",
        compared="within sessions" if found.within else "between sessions",
        untagged=len(held) - len(inside),
        slices=tuple(sorted(slices, key=lambda one: math.inf if one.p_holm is None else one.p_holm)),
    )


def sliced(
    names: Sequence[str], scored: Sequence[Sequence[Scored]], tags: Iterable[str], say: Callable[[str], None]
) -> dict[str, list[tuple[str, SliceTable]]]:
    """Every benchmark of every system by each tag; a benchmark without the tag is left out, and that is said.

    Args:
        names: what to call the systems.
        scored: of each its benchmarks, counted.
        tags: what to slice by.
        say: told what is left out.

    Raises:
        UsageError: no benchmark has a tag.
    """
    found: dict[str, list[tuple[str, SliceTable]]] = {}
    for tag in dict.fromkeys(tags):
        tables, translated, lacking, why = [], list[str](), list[str](), list[UsageError]()
        for name, held in zip(names, scored, strict=True):
            for one in held:
                try:
                    if one.target is None:
                        tables.append((name, slice_table(one, tag)))
                    else:
                        slicing_of(one, tag)  # an unknown tag is said as of transcripts
                        translated.append(f"{one.units.benchmark} of {name}")
                except UsageError as error:
                    lacking.append(f"{one.units.benchmark} of {name}")
                    why.append(error)
        if translated:
            say(f"not by {tag}: {', '.join(translated[:4])}{', ...' if len(translated) > 4 else ''}: {_BY_BLEU}")
        if not (tables or translated) and why:
            raise why[0]
        if lacking:
            say(f"not by {tag}: {', '.join(lacking[:4])}{', ...' if len(lacking) > 4 else ''}: {why[0]}")
        found[tag] = tables
    return found


def slicing_of(scored: Scored, tag: str) -> Slicing:
    """Which slice each row of a benchmark is in.

    Raises:
        UsageError: as `slice_by`.
    """
    return slice_by(scored.units.rows, [count.words for count in scored.kept()], tag)


def _slice(
    value: str, part: Sequence[ErrorCounts], interval: Interval | None, independent: int, test: SliceTest
) -> SliceScore:
    total = sum(part, ErrorCounts())
    return SliceScore(
        value=value,
        utterances=len(part),
        sessions=independent,
        errors=total,
        rate=total.rate,
        interval=interval,
        difference=test.difference,
        p_holm=test.p_holm,
        differs=None if test.p_holm is None else test.p_holm < ALPHA,
        resolves=test.resolves,
    )
