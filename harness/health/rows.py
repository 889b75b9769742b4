"""What the rows of a set say as a whole: sessions, and ids that count up."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.health.seen import Seen, of_set

if TYPE_CHECKING:
    from benchmarks.own.account import Account
    from harness.records.health import HealthFinding

FEW = 5
"""Sessions under which no interval is given."""
LARGEST = 0.5
"""Share of rows that one session of several may have."""
MOST_HOLES = 0.2
"""Share of numbers that may be missing to be called missing; where more are, the set is a draw."""
LEAST_RUN = 10


def check_rows(rows: Sequence[Seen], *, whole: bool) -> list[HealthFinding]:
    """Findings about one set; `whole` is False where only some of its rows were read."""
    return [*_sessions(rows), *(_holes(rows) if whole else ())]


def check_account(benchmark: str, account: Account | None) -> list[HealthFinding]:
    """What of own data is not used at all."""
    left = account.left_out.values() if account is not None else ()
    return [
        of_set(
            benchmark,
            "left_out",
            one.told,
            value=one.count,
            confidence=0.5,
            severity="info" if "file" in one.reason else None,
        )
        for one in left
    ]


def _sessions(rows: Sequence[Seen]) -> Iterator[HealthFinding]:
    benchmark, count = rows[0].benchmark, len(rows)
    if count < 2 * FEW:
        return
    known = Counter(one.session for one in rows if one.session is not None)
    unsaid = count - sum(known.values())
    if unsaid:
        share = (
            "no row states"
            if unsaid == count
            else f"{unsaid} of {count} rows {'does' if unsaid == 1 else 'do'} not state"
        )
        yield of_set(
            benchmark,
            "sessions",
            f"{share} a session (speaker, call): each is taken to be independent, so that intervals are too narrow",
            value=unsaid,
            severity="low" if unsaid < count else None,
            confidence=0.5,
        )
    if not known:
        return
    name, most = known.most_common(1)[0]
    if len(known) < FEW:
        yield of_set(
            benchmark,
            "sessions",
            f"{amount(len(known), 'session')} only: too few for an interval",
            value=len(known),
            threshold=FEW,
            confidence=0.6,
        )
    elif most > LARGEST * count:
        yield of_set(
            benchmark,
            "sessions",
            f"session {name!r} has {most} of {count} rows",
            value=most / count,
            threshold=LARGEST,
            severity="low",
            confidence=0.6,
        )


def _holes(rows: Sequence[Seen]) -> Iterator[HealthFinding]:
    """Numbers that are missing in ids which otherwise count up."""
    runs: dict[tuple[str, str], set[int]] = defaultdict(set)
    widths: dict[tuple[str, str], int] = {}
    for one in rows:
        found = re.fullmatch(r"(.*?)(\d{1,9})(\D*)", one.id)
        if found is not None:
            key = found[1], found[3]
            runs[key].add(int(found[2]))
            widths[key] = len(found[2])
    missing, shown = 0, list[str]()
    for (before, after), numbers in runs.items():
        low, high = min(numbers), max(numbers)
        holes = high - low + 1 - len(numbers)
        if len(numbers) < LEAST_RUN or not 0 < holes <= MOST_HOLES * len(numbers):
            continue
        missing += holes
        names = (number for number in range(low, high) if number not in numbers)
        shown += [
            f"{before}{number:0{widths[before, after]}d}{after}" for number, _ in zip(names, range(5), strict=False)
        ]
    if missing:
        count = amount(missing, "id is", "ids are")
        yield of_set(
            rows[0].benchmark,
            "missing_rows",
            f"{count} left out of series that count up: {', '.join(shown[:5])}{', ...' * (missing > 5)}",
            value=missing,
            confidence=0.4,
        )
