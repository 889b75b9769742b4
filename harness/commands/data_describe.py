"""`data describe PATH`: what own data is recognized as, what each column is taken for, and what is in it."""

from __future__ import annotations

import argparse
import json
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from benchmarks.own.account import Account
from benchmarks.own.describe import Summary, summarize
from harness.amounts import amount
from harness.commands.own_data import asked
from harness.errors import ExitStatus
from harness.request import own_data

if TYPE_CHECKING:
    from benchmarks.dataset import Dataset

REMOTE_ROWS = 200
"""Rows that are read of data that must be fetched; of data that is here all are."""
BAR = 40
"""Characters of the longest bar of the histogram."""


def describe_own(args: argparse.Namespace) -> ExitStatus:
    """Reads own data to its end, without decoding it, and prints what it is."""
    from benchmarks.dataset import Request, open_dataset

    _, (dataset,) = own_data([args.name], asked(args))
    most = REMOTE_ROWS if "://" in args.name else None
    rows = open_dataset(dataset, Request(streaming=True))
    found = summarize(islice(rows, most))
    some = most is not None and next(rows, None) is not None
    account = dataset.account or Account()
    if args.json:
        print(json.dumps(_facts(dataset, account, found, some=some), ensure_ascii=False, indent=1))
    else:
        print("\n".join(_lines(dataset, account, found, some=some)))
    return ExitStatus.GOOD


def _facts(dataset: Dataset, account: Account, found: Summary, *, some: bool) -> dict[str, object]:
    """Everything, for other programs."""
    return {
        "benchmark": dataset.name,
        "place": dataset.title,
        "form": dataset.sources[0].kind,
        "form_title": account.form,
        "rows": found.rows,
        "first_rows_only": some,
        "left_out": [
            {"reason": one.reason, "count": one.count, "first": one.first} for one in account.left_out.values()
        ],
        "columns": account.columns,
        "notes": list(account.notes),
        "hours": None if found.unmeasured else found.seconds / 3600,
        "longest_seconds": found.longest or None,
        "words": found.words,
        "empty_references": found.empty,
        "languages": dict(found.languages.most_common()),
        "language_stated": dataset.language_stated,
        "sessions": len(found.sessions),
        "rows_without_session": found.without_session,
        "recordings": len(found.files),
        "lengths": [{"seconds": name, "rows": count} for name, count in found.histogram()],
        "examples": msgspec.to_builtins(found.examples),
    }


def _lines(dataset: Dataset, account: Account, found: Summary, *, some: bool) -> list[str]:
    """The same for a person."""
    rows = f"the first {found.rows:,}, there are more: what is said below is of these" if some else f"{found.rows:,}"
    if found.empty:
        rows += f", of which {found.empty:,} {'has' if found.empty == 1 else 'have'} an empty reference"
    spoken = ", ".join(f"{name} {count:,}" for name, count in found.languages.most_common())
    unit = f"{len(found.sessions):,}" if found.sessions else "none stated: each utterance counts as independent"
    if found.sessions and found.without_session:
        unit += f", and {amount(found.without_session, 'row')} without one"
    measured = f"{found.seconds / 3600:,.2f}, the longest {found.longest:,.1f} s"
    if found.unmeasured:
        measured += f"; {amount(found.unmeasured, 'row')} of unknown length"
    facts = [
        ("recognized as", f"{account.form} (--form {dataset.sources[0].kind})"),
        ("benchmark", dataset.name),
        ("rows looked at" if some else "rows used", rows),
        *(("left out", one.told) for one in account.left_out.values()),
        ("recordings", f"{len(found.files):,}"),
        ("hours", measured),
        ("words", f"{found.words:,}"),
        ("languages", spoken + ("" if dataset.language_stated else " (not stated: --language says otherwise)")),
        ("sessions", unit),
        *(("column", f"{name!r} is {use}") for name, use in account.columns.items()),
        *(("note", note) for note in account.notes),
    ]
    lines = [f"{name:14} {value}" for name, value in facts]
    for one in found.examples:
        more = [f"{one.seconds:.2f} s" if one.seconds is not None else "length not known", one.language]
        more += [f"session {one.session}"] if one.session is not None else []
        more += [f"from {one.start or 0:g} s"] if one.start is not None else []
        more += [f"channel {one.channel}"] if one.channel is not None else []
        more += [f"{name} {value}" for name, value in list(one.tags.items())[:6]]
        lines += ["", f"{one.id}  ({', '.join(more)})", f"  {one.audio}", f"  {one.reference}"]
    return lines + _bars(found)


def _bars(found: Summary) -> list[str]:
    """The histogram of lengths."""
    counts = found.histogram()
    most = max((count for _, count in counts), default=0)
    if not most:
        return []
    wide = max(len(name) for name, _ in counts)
    bars = [(name, count, "█" * max(round(BAR * count / most), count > 0)) for name, count in counts]
    return ["", "lengths", *(f"  {name:>{wide}}  {bar} {count:,}".rstrip() for name, count, bar in bars)]
