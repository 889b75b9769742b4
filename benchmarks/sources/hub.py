"""The hub's door: a split of a repository as Parquet, read with bounded memory and decoded by nobody but the runner.

Order of looking: below `--from` (a clone, a download or a hub cache), else the hub's main branch, else its converted
Parquet (``refs/convert/parquet``), which is all there is of repositories that hold only a loading script.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.dataset import MISSHAPEN, Door, Entry, Request, Utterance
from benchmarks.sources.header import seconds
from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

EntryOf = Callable[[Mapping[str, Any]], Entry | None]
"""A row, audio excepted, to what it says; None leaves the row out."""

ALL_FACTS = ("rows", "hours", "words")
"""A door's facts that the data set states, unless the door says less."""

LEADERBOARD = "hf-audio/open-asr-leaderboard"
LEADERBOARD_BEFORE = "hf-audio/esb-datasets-test-only-sorted"
"""Where the leaderboard's English sets were until April 2026; TED-LIUM is only here."""
LEADERBOARD_MULTILINGUAL = "hf-audio/open-asr-leaderboard-multilingual-datasets"
LEADERBOARD_LONGFORM = "hf-audio/asr-leaderboard-longform"

ONLY_LEADERBOARD = "original: made for the leaderboard, in its repository only"
"""What a data set of its own making is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSplit:
    """One split of one configuration of a hub repository, and how its rows are read."""

    repo: str
    """``owner/name``."""
    config: str
    """Configuration, ``default`` where the repository has only one."""
    split: str
    """Split, such as ``test`` or ``test.clean``."""
    entry: EntryOf
    """A row, audio excepted, to what it says; None leaves the row out. `audio_path` and `row_number` are added."""
    language: str
    """BCP-47 primary subtag of the rows."""
    audio: str = "audio"
    """The column that holds ``{"bytes", "path"}``."""
    terms: bool = False
    """Whether the repository asks for its terms to be accepted."""
    revision: str | None = None
    """The pinned revision, 40 hexadecimal digits; None follows the main branch, and the run records what it was."""

    @property
    def where(self) -> str:
        """What a person would look for on the hub."""
        return f"{self.repo} {self.config}/{self.split}"

    @property
    def page(self) -> str:
        """The repository's page, where terms are accepted."""
        return f"https://huggingface.co/datasets/{self.repo}"


def hub_door(split: HubSplit, *, text_form: str = "", locked: tuple[str, ...] = ALL_FACTS) -> Door:
    """The door to a split.

    Args:
        split: which one, and how its rows are read.
        text_form: how its references differ from the corpus's own, where they do.
        locked: which of rows, hours and words the data set's facts state for this door too.
    """
    return Door(
        kind="hub",
        where=split.where,
        open=partial(read_split, split),
        revision=split.revision,
        text_form=text_form,
        locked=locked,
    )


def leaderboard_door(
    config: str, split: str = "test", *, entry: EntryOf | None = None, repo: str = LEADERBOARD
) -> Door:
    """The door to the leaderboard's copy of an English set: ids are the corpus's, the text has a form of its own."""
    return hub_door(
        HubSplit(repo=repo, config=config, split=split, entry=entry or leaderboard_entry, language="en"),
        text_form="the leaderboard's own copy: its text is not the corpus's, letter for letter",
        locked=("rows", "hours"),
    )


def multilingual_door(config: str, language: str) -> Door:
    """The door to a set of the leaderboard's multilingual repository."""
    return hub_door(
        HubSplit(
            repo=LEADERBOARD_MULTILINGUAL, config=config, split="test", entry=leaderboard_entry, language=language
        ),
        text_form="the leaderboard's own copy: its text is not the corpus's, letter for letter",
        locked=("rows", "hours"),
    )


TEXT_COLUMNS = ("text", "sentence", "normalized_text", "transcript", "transcription")
"""Where the leaderboard's loader looks for the text of a row, in this order."""


def leaderboard_entry(row: Mapping[str, Any]) -> Entry:
    """A row of the leaderboard's repositories: columns id or file_name, text, audio_length_s."""
    text = next((row[name] for name in TEXT_COLUMNS if row.get(name) is not None), "")
    name = row.get("id") or row.get("file_name") or row.get("audio_path") or f"sample_{row['row_number']}"
    seconds = row.get("audio_length_s", row.get("duration"))
    return Entry(id=stem(str(name)), reference=str(text), duration=None if seconds is None else float(seconds))


def stem(name: str) -> str:
    """A file name without its audio extension, folders kept: basenames repeat across calls in Earnings-22."""
    head, dot, tail = name.rpartition(".")
    return head if dot and tail.lower() in {"flac", "wav", "mp3", "ogg", "opus", "sph"} else name


def read_split(split: HubSplit, request: Request) -> Iterator[Utterance]:
    """The utterances of a split.

    Raises:
        AccessError: the hub cannot be reached or refuses, or the folder that was named does not hold the split.
        DataError: a file is broken, or a row has no audio.
    """
    from benchmarks.sources.parquet import split_rows

    request.note("source", f"hub:{split.where}")
    for row, audio in split_rows(split, request):
        try:
            entry = split.entry(row)
            if entry is None:
                continue
            _check(entry, audio.origin)
            found = entry.utterance(audio, split.language, seconds(audio) if entry.duration is None else None)
        except MISSHAPEN as error:
            msg = f"{audio.origin}: the row does not have the form of {split.where} ({type(error).__name__}: {error})"
            raise DataError(msg) from error
        yield found


def _check(entry: Entry, origin: str) -> None:
    """An utterance needs an id and a text; a Parquet column may hold anything, and nothing.

    Raises:
        DataError: it has none, or it is no text.
    """
    for name, value in (("id", entry.id), ("text", entry.reference)):
        if not isinstance(value, str) or (name == "id" and not value):
            msg = f"{origin}: the row's {name} is {value!r}, not a text; get the file again, or report it to its owners"
            raise DataError(msg)
