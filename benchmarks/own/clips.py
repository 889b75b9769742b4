"""Clips that a table holds beside where they were in the recording that they were cut out of.

AMI's, GigaSpeech's and other tables of the hub state begin, end and channel of each clip in the meeting or show that it
is from: to cut the clip there again would lose it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.sources.header import channels, seconds

if TYPE_CHECKING:
    from benchmarks.dataset import Entry
    from benchmarks.own.form import Account, Item

SLACK = 0.3
"""Seconds by which a clip may be longer or shorter than its end less its beginning."""


def as_stored(item: Item, account: Account) -> Item:
    """An utterance whose audio is in the table: only where that is the whole recording, a part or a channel is heard.

    Args:
        item: as its row says.
        account: told where begin and end, or the channel, are of another recording.
    """
    entry, audio = item.entry, item.audio
    if not audio.data:
        return item
    if entry.start is not None or entry.end is not None:
        length = seconds(audio)
        if length is not None and not _is_in(entry, length):
            account.note("begin and end are where the clips were in their recordings: they are heard whole")
            item = replace(item, entry=replace(entry, start=None, end=None, duration=length))
    if isinstance(audio.channel, int) and channels(audio) == 1:
        account.note("the channel is that of the recordings which the clips were in: they have one")
        item = replace(item, audio=replace(audio, channel=None))
    return item


def _is_in(entry: Entry, length: float) -> bool:
    """Whether an audio of that length holds the segment as a part."""
    start = entry.start or 0.0
    if entry.end is None:
        return False
    return abs(entry.end - start - length) > SLACK and entry.end <= length + SLACK
