"""What a form of own data is: how it is recognized, and what it gives, one item for each utterance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from benchmarks.dataset import Request
from benchmarks.own.account import Account, LeftOut
from harness.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.dataset import Audio, Entry

__all__ = ["Account", "Asked", "Form", "Item", "LeftOut", "Role"]

Role = Literal[
    "audio",
    "text",
    "id",
    "session",
    "speaker",
    "language",
    "duration",
    "start",
    "end",
    "offset",
    "channel",
    "keywords",
]
"""What a column may hold; ``--audio-column`` and its like say which does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user said about own data, besides where it is."""

    language: str | None = None
    """BCP-47 primary subtag of the utterances that do not state theirs; None: not said, English is taken."""
    columns: Mapping[Role, str] = field(default_factory=dict)
    """Which column holds what, where its name alone would not tell."""
    translation: bool = False
    """Whether references are translations: then a column ``translation`` holds them, or the one that is named."""
    config: str | None = None
    """Of a hub's repository with several."""
    split: str | None = None
    """Of data with several: ``test``, ``validated``."""
    form: str | None = None
    """The form's name, where it is not to be recognized."""
    request: Request = field(default_factory=lambda: Request(audio=False, lengths=False))
    """What the data is read for: unless a run says so, its audio is not asked for."""


@dataclass(frozen=True, slots=True)
class Item:
    """One utterance of the user's own."""

    entry: Entry
    audio: Audio
    """With `start`, `end` and `channel` where it is a part of its file; the file need not have been opened yet."""
    where: str
    """What to call it in messages: file and line, or the member of an archive."""
    language: str | None = None
    """Its own, as the data states it, already a primary subtag; None where it does not."""
    seen: bool = False
    """Whether its form saw that the audio's file is there, so that nobody needs to look again."""
    speaker: str | None = None
    """Who speaks, where the data states it beside a session; a tag or the session tells it elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form that own data may have."""

    name: str
    """As ``--form`` takes it: ``kaldi``."""
    title: str
    """What people call it, and how it looks: ``Kaldi folder (wav.scp, text)``."""
    rank: int
    """Forms are asked in this order whether a place has theirs, the most particular first. Ten apart."""
    recognizes: Callable[[str], bool]
    """Whether what is at a place has this form. Looks at names and at most at the first lines; never raises."""
    items: Callable[[str, Asked, Account], Iterator[Item]]
    """The items at a place, in the data's own order, read as they are asked for; no audio is decoded.

    Raises DataError for what cannot be used, naming file, line, column and value, and UsageError where something must
    be said first (which of several splits)."""
    uses: frozenset[Literal["columns", "split", "config", "translation"]] = frozenset(
        {"columns", "split", "config", "translation"}
    )
    """What of `Asked` means something here; the others are refused instead of passed over."""
    once: bool = False
    """Whether reading it is costly (a download, an archive with its audio), so that it is not read in advance to be
    checked: its faults are then found while it is run."""
    state: Callable[[str, Asked], str | None] = lambda _place, _asked: None
    """As `benchmarks.dataset.Source.state`, where reading the rows to see whether they changed is costly."""

    def check_translations(self, place: str, asked: Asked) -> None:
        """Refuses to take transcripts for translations: UsageError where the form has no place for those."""
        if asked.translation and "text" not in asked.columns and "translation" not in self.uses:
            where = " or name what holds them with --text-column" if "columns" in self.uses else ""
            raise UsageError(
                f"{place}: --task translate needs reference translations, and {self.title} has transcripts; give a "
                f"table with a column translation{where} (docs/translation.md)"
            )
