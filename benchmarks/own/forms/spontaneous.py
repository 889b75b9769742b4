"""Common Voice's spontaneous speech: ``ss-corpus-en.tsv`` beside a folder ``audios``; answers to prompts.

The prompt is what was asked, the transcription what was said. Answers that nobody has transcribed yet are in the table
too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.dataset import Audio, Entry
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.forms.common_voice import table_lines
from benchmarks.own.lookup import chosen_split, first_line, is_file, is_folder, names_in, spoken
from benchmarks.sources.pairing import stem
from harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from benchmarks.sources.tables import Line

AUDIOS, DEFAULT = ("audios", "audio", "clips"), "test"
COLUMNS = frozenset({"audio_file", "prompt", "transcription"})
TAGS = ("age", "gender", "accents", "variant", "prompt_id", "split")
ROLES = {"audio_file": "audio", "transcription": "text", "client_id": "session", "language": "language"}


def _is_table(path: Path) -> bool:
    return path.name.endswith(".tsv") and set(first_line(path).split("\t")) >= COLUMNS


def _table(place: str) -> Path | None:
    """The table that a place means: itself, or the only one of a folder."""
    path = Path(place)
    tables = [path] if is_file(path) else [path / name for name in names_in(path)]
    found = [one for one in tables if _is_table(one)]
    return found[0] if len(found) == 1 else None


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The answers of a split, in the order of the table."""
    table = _table(place)
    if table is None:
        raise UsageError(f"{place}: no one table with {', '.join(sorted(COLUMNS))} in it")
    folder = next((table.parent / name for name in AUDIOS if is_folder(table.parent / name)), table.parent)
    splits = {line.string("split") or "" for line in table_lines(table)} - {""}
    split = chosen_split(place, asked, account, splits, DEFAULT) if splits else None
    for line in table_lines(table):
        for column in line.values if not account.columns else ():
            account.columns[column] = ROLES.get(column, "tag" if column in TAGS else "not used")
        text = line.string("transcription")
        if text is None or not text.strip():
            account.leave_out("answers that are not transcribed", line.where)
        elif split is not None and line.string("split") != split:
            account.leave_out("rows of other splits", line.where)
        else:
            yield _item(line, text, folder)


def _item(line: Line, text: str, folder: Path) -> Item:
    """The utterance of a row."""
    said = line.string("audio_file")
    if said is None:
        raise line.error("audio_file is empty")
    name = said.replace("\\", "/").rpartition("/")[2]
    length = line.number("duration_ms")
    tags = {column: value for column in TAGS if (value := line.string(column)) is not None}
    entry = Entry(
        id=stem(name),
        reference=" ".join(text.split()),
        duration=None if length is None else length / 1_000,
        session=line.string("client_id"),
        tags=tags,
    )
    path = folder / name
    if not is_file(path):
        raise DataError(f"{line.where}: no audio file at {str(path)!r}")
    return Item(
        entry, Audio(origin=str(path), path=path), line.where, spoken(line.string("language"), line.error), True
    )


FORM = Form(
    name="common_voice_spontaneous",
    title="Common Voice's spontaneous speech (ss-corpus-en.tsv, audios/)",
    rank=145,
    uses=frozenset({"split"}),
    recognizes=lambda place: _table(place) is not None,
    items=_items,
)
