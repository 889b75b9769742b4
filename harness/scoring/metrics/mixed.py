"""The mixed error rate of speech that switches languages: characters of scripts without spaces, words of all others.

That is how Mandarin with English is scored (SEAME; there "MER", which here is the match error rate).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.scoring import align, lattice
from harness.scoring.metrics.base import Metric, Parts, Utterances

if TYPE_CHECKING:
    import regex

    from harness.scoring.facts import Facts
    from harness.scoring.profiles import Profile

_SCRIPTS = r"\p{Han}\p{Hiragana}\p{Katakana}\u30fc\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
_SHARE = 0.1
"""Of the references that hold both kinds of script from which a file counts as one that switches languages."""


@functools.cache
def _units() -> regex.Pattern[str]:
    import regex

    return regex.compile(rf"(?=[{_SCRIPTS}])\X|[^\s{_SCRIPTS}]+")


@functools.cache
def _kinds() -> tuple[regex.Pattern[str], regex.Pattern[str]]:
    import regex

    return regex.compile(rf"[{_SCRIPTS}]"), regex.compile(r"\p{Latin}{2}")


def mixed_units(text: str) -> list[str]:
    """What is counted of a normalized text: graphemes of scripts that are written without spaces, else words."""
    return _units().findall(text)


def _switches(facts: Facts) -> bool:
    """Whether a tenth of the references or more hold a script without spaces beside Latin words."""
    if facts.ascii:
        return False
    rows = facts.rows
    spoken = [row.reference for row in rows if not row.reference.isascii()]
    if not spoken or len(spoken) < _SHARE * len(rows):
        return False
    mixed = sum(all(kind.search(text) for kind in _kinds()) for text in spoken)
    return mixed >= _SHARE * len(rows)


def _count(utterances: Utterances, profile: Profile, language: str) -> Sequence[Parts]:
    normalize = profile.with_spaces(language).normalizer(language)
    counted = []
    for one in utterances:

        def units(text: str, *, as_written: bool = one.as_written) -> list[str]:
            return mixed_units(text if as_written else normalize(text))

        slots, written = lattice.parse(one.row.reference), units(one.row.hypothesis or "")
        if slots is None:
            said = units(one.row.reference)
        else:
            said = lattice.nearest([list(map(units, slot)) for slot in lattice.joined(slots)], written)
        counts = align.count(said, written, merge=False)
        counted.append((counts.errors, counts.words))
    return counted


MIXED = Metric(
    name="mixed",
    title="mixed ER",
    meaning="mixed error rate of speech that switches languages: errors in characters of scripts without spaces and in "
    "words of all others, of the reference's",
    count=_count,
    always=_switches,
    column=True,
)
