"""Whole recordings, each one utterance, of which segments or rows say who speaks when: asked for with --form meetings.

What is there is read in the form that it has (a manifest with speaker, start and end, stm, SegLST, TextGrid, Kaldi's
segments, ...); then all segments of one recording are put together. What was said is their texts in the order of
their beginnings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.dataset import Entry, SpokenTurn, SpokenWord
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.recognize import recognize

NAME = "meetings"


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """One item a recording, in the order in which the data first names them."""
    recordings: dict[str, list[Item]] = {}
    segments = 0
    for item in recognize(place).items(place, replace(asked, form=None), account):
        recordings.setdefault(item.audio.origin, []).append(item)
        segments += 1
    account.note(f"each recording is one utterance: {len(recordings):,}, of {segments:,} segments in all")
    names = [Path(origin).stem for origin in recordings]
    for name, (origin, own) in zip(names, recordings.items(), strict=True):
        yield _meeting(name if names.count(name) == 1 else origin, own)


def _meeting(name: str, own: list[Item]) -> Item:
    """The segments of one recording as one utterance."""
    own = sorted(own, key=_begin)
    first = own[0]
    channels = {item.audio.channel for item in own}
    audio = replace(first.audio, start=None, end=None, channel=channels.pop() if len(channels) == 1 else None)
    sessions = {item.entry.session for item in own}
    speakers = {_speaker(item) for item in own}
    entry = Entry(
        id=name,
        reference=" ".join(text for item in own if (text := item.entry.reference.strip())),
        session=sessions.pop() if len(sessions) == 1 and sessions != speakers else None,
        turns=tuple(turn for item in own for turn in _turns(item)),
        words=tuple(word for item in own for word in _words(item)),
        keywords=tuple(dict.fromkeys(word for item in own for word in item.entry.keywords)),
        tags={key: value for key, value in first.entry.tags.items() if _common(own, key, value)},
    )
    return Item(entry, audio, first.where, first.language, seen=first.seen)


def _common(own: list[Item], key: str, value: str) -> bool:
    return all(item.entry.tags.get(key) == value for item in own)


def _begin(item: Item) -> float:
    return item.entry.start or item.audio.start or 0.0


def _speaker(item: Item) -> str:
    """Who speaks; empty where nobody says it."""
    return item.speaker or item.entry.tags.get("speaker") or ""


def _turns(item: Item) -> tuple[SpokenTurn, ...]:
    """The turns of a segment, by the clock of the recording; it is one itself where it states none."""
    begin = _begin(item)
    if item.entry.turns:
        return tuple(
            one if one.start is None or one.end is None else one._replace(start=one.start + begin, end=one.end + begin)
            for one in item.entry.turns
        )
    end = item.entry.end or item.audio.end
    text = " ".join(item.entry.reference.split())
    return (SpokenTurn(_speaker(item), text, begin if end else None, end),)


def _words(item: Item) -> Iterator[SpokenWord]:
    begin = _begin(item)
    for word in item.entry.words:
        yield SpokenWord(word.text, word.start + begin, word.end + begin)


FORM = Form(
    name=NAME,
    title="whole recordings whose segments or rows say who speaks when, with --form meetings",
    rank=2000,
    recognizes=lambda _place: False,
    items=_items,
)
