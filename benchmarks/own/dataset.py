"""The benchmark that own data is."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks.dataset import Dataset, Request, Source, Utterances
from benchmarks.facts import Seen
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.forms.manifest import IN_FOLDER
from benchmarks.own.places import what_is_there
from benchmarks.own.recognize import recognize
from benchmarks.sources.header import seconds
from benchmarks.sources.tables import NOT_TEXT
from harness.errors import DataError, UsageError

FIRST = 100
"""Utterances that are looked at before a run where reading all of them is costly."""
UNSAID = "en"
"""The language of utterances of which nobody says it."""


def own_dataset(place: str | Path, asked: Asked | None = None) -> Dataset:
    """The benchmark that the data at a place is. Texts are read and checked now, audio is not.

    It is read again when it is opened, so that no row is held in memory.

    Args:
        place: a file, a folder, or an address such as ``hf://org/set``.
        asked: what the user said about it.

    Raises:
        UsageError: there is nothing at the place, or nothing that is understood.
        DataError: a row cannot be used; the message names it.
    """
    place, asked = os.path.expanduser(str(place)), asked or Asked()  # noqa: PTH111 - an address is no path
    form = recognize(place, asked.form)
    _check_asked(place, form, asked)
    account = Account(form=form.title)
    found, empty, spoken, silent = Seen(), 0, Counter[str](), False
    unsaid = asked.language or UNSAID
    items = _checked(form, place, asked, account)
    for item in islice(items, FIRST if form.once else None):
        found.add(item.entry)
        empty += not (form.once or item.entry.reference.strip())
        spoken[item.language or unsaid] += 1
        silent = silent or item.language is None
    if not found.rows:
        raise DataError(f"{place}: no utterances in it, read as {form.title}{_passed_over(account)}")
    if form.once:  # what becomes of the rest is told when it is read
        account.used, account.left_out = 0, {}
    return Dataset(
        name=name_of(place),
        title=place,
        language=spoken.most_common(1)[0][0] if spoken else unsaid,
        language_stated=asked.language is not None or not silent,
        languages=tuple(sorted(spoken)),
        unsaid=unsaid if silent or form.once else None,
        license="the user's own",
        sources=(
            Source(
                kind=form.name,
                where=place,
                open=partial(_open, form, place, asked, account),
                state=partial(_state, form, place, asked),
            ),
        ),
        rows=None if form.once else found.rows,
        hours=None if form.once else found.hours,
        words=None if form.once else found.words,
        origin=origin_of(place, asked),
        account=account,
        notes=f"Empty references: {empty:,} of {found.rows:,}; insertions there count as errors." if empty else "",
    )


def _check_asked(place: str, form: Form, asked: Asked) -> None:
    """Refuses what was said about the data that means nothing in its form."""
    given = {"columns": bool(asked.columns), "split": asked.split is not None, "config": asked.config is not None}
    flags = {"columns": f"--{next(iter(asked.columns), 'text')}-column", "split": "--split", "config": "--config"}
    stray = next((flags[name] for name, there in given.items() if there and name not in form.uses), None)
    if stray is not None:
        raise UsageError(f"{place}: {stray} means nothing for {form.title}; leave it out, or name the form with --form")
    form.check_translations(place, asked)


def _passed_over(account: Account) -> str:
    """What was found instead of utterances."""
    left = "; ".join(one.told for one in account.left_out.values())
    return f"; passed over: {left}" if left else ""


def _checked(form: Form, place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """Each row, whose audio must be there and whose id its own: ids pair systems, and tell what is done."""
    ids = set[str]()
    for item in form.items(place, asked, account):
        entry = item.entry
        if NOT_TEXT.search("".join((entry.id, entry.reference, entry.session or "", *entry.tags.values()))):
            where = item.where.encode(errors="backslashreplace").decode()
            raise DataError(f"{where}: its id, text or tags hold a character that is not text (a surrogate or NUL)")
        if entry.id in ids:
            how = "give each utterance an id of its own in a column id, or name another column with --id-column"
            first = "" if form.once else f", first at {_first(form, place, asked, entry.id)}"
            msg = f"the id {entry.id!r} occurs again{first}; {how}, or leave out the row that is there twice"
            raise DataError(f"{item.where}: {msg}")
        ids.add(entry.id)
        path = item.audio.path
        if path is not None and not item.seen and not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises where a name is too long
            what = what_is_there(str(path))
            raise DataError(f"{item.where}: no audio file at {str(path)[:300]!r}{f': that is {what}' if what else ''}")
        account.used += 1
        yield item


def _first(form: Form, place: str, asked: Asked, name: str) -> str:
    """Where an id stands first: found by reading again, so that no place is held for each row."""
    return next(item.where for item in form.items(place, asked, Account()) if item.entry.id == name)


def name_of(place: str) -> str:
    """``data_`` and the name of the place, as an id; a folder's manifest is called after the folder."""
    real = Path(place).resolve()
    stem = Path(real.name.removesuffix(".gz")).stem if real.is_file() else real.name
    if real.is_file() and stem in {"manifest", "metadata"} and real.parent.name:
        stem = real.parent.name
    return "data_" + (re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_") or "unnamed")


def origin_of(place: str, asked: Asked) -> str:
    """What tells it from other data of the same name; a folder is the same place as the manifest that is read of it."""
    chosen = "".join(f"#{part}" for part in (asked.config, asked.split) if part)
    if "://" in place:
        return place + chosen
    real = Path(place).resolve()
    if real.is_file() and next((name for name in IN_FOLDER if (real.parent / name).is_file()), None) == real.name:
        real = real.parent
    return f"{real}{chosen}"


def _open(form: Form, place: str, asked: Asked, held: Account, request: Request) -> Utterances:
    """The utterances, in the data's order; `held` is told what became of them where that was not known before."""
    request.note("revision", "local files")
    unsaid = asked.language or UNSAID
    asked = replace(asked, request=request)
    account = Account(form=form.title)
    for item in _checked(form, place, asked, account):
        entry = item.entry
        # A segment is kept in the audio by some forms, in the entry by others.
        audio = item.audio
        if entry.start is None and entry.end is None and (audio.start is not None or audio.end is not None):
            entry = replace(entry, start=audio.start, end=audio.end)
        length = seconds(audio) if request.lengths and entry.duration is None else None
        if length is not None and entry.start is not None:
            length = max(length - entry.start, 0.0) or None  # from an offset to the file's end
        yield entry.utterance(audio, sys.intern(item.language or unsaid), length)
    if form.once:
        held.become(account)


def _state(form: Form, place: str, asked: Asked, request: Request) -> str | None:
    """The state of the data, and what the user said about it: that makes other utterances of the same files."""
    state = form.state(place, replace(asked, request=request))
    said = repr((asked.language, sorted(asked.columns.items()), asked.config, asked.split, asked.form))
    return None if state is None else f"{state} {hashlib.sha256(said.encode()).hexdigest()[:12]}"
