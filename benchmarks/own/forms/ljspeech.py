"""LJ Speech's layout: metadata.csv of ids and texts between bars, without a header, and a folder wavs.

Format: https://keithito.com/LJ-Speech-Dataset/.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.dataset import Audio, Entry
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.lookup import Recordings, audio_stem, head, is_file, names_in
from benchmarks.sources.text_files import file_lines
from harness.errors import DataError, UsageError

TABLE, FOLDERS = "metadata.csv", ("wavs", "wav", "audio", "clips")
NORMALIZED = "normalized"
"""What ``--text-column`` is where the third column is to be the reference."""


def _place(place: str) -> tuple[Path, Path] | None:
    """The table and the folder of audio that a place means."""
    path = Path(place)
    table = path if path.name == TABLE else path / TABLE
    folder = next((table.parent / name for name in FOLDERS if names_in(table.parent / name)), None)
    return (table, folder) if folder is not None and is_file(table) else None


def _recognizes(place: str) -> bool:
    """Whether the first field of one of the first lines is a file in the folder."""
    found = _place(place)
    if found is None:
        return False
    stems = {stem for name in names_in(found[1]) if (stem := audio_stem(name)) is not None}
    lines = head(found[0]).decode("utf-8", "ignore").split("\n")[:20]
    return any("|" in line and _key(line.partition("|")[0]) in stems for line in lines)


def _key(field: str) -> str:
    """The stem that a first field means: ``wavs/LJ001-0001.wav`` or what it is called."""
    name = field.strip().lstrip("\ufeff").rpartition("/")[2]
    return audio_stem(name) or name


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances, in the order of the table. The text is the second column, as it is read aloud the third."""
    found = _place(place)
    if found is None:
        raise DataError(f"{place}: no {TABLE} beside a folder {' or '.join(FOLDERS)}")
    if asked.columns.get("text") not in {None, NORMALIZED}:
        raise UsageError(f"{place}: --text-column can only be {NORMALIZED} (the third); without it, the second is")
    normalized = asked.columns.get("text") == NORMALIZED
    recordings = Recordings.below(account, found[1])
    fields: list[str] = []
    for where, line in file_lines(found[0]):
        before, fields = fields, [field.strip() for field in line.split("|")]
        if len(fields) not in {2, 3} or len(before) not in {0, len(fields)}:
            raise DataError(
                f"{where}: {len(fields)} fields between |; expected id, text and perhaps the normalized text"
            )
        key = _key(fields[0])
        audio = recordings.take(key) or Audio(origin=f"{found[1]}/{key}.wav", path=found[1] / f"{key}.wav")
        yield Item(Entry(id=key, reference=fields[2 if normalized and len(fields) == 3 else 1]), audio, where)
    if len(fields) == 3:
        which = "third" if normalized else f"second (--text-column {NORMALIZED} is for the third)"
        account.note(f"texts are those of the {which} column")
    recordings.rest(account)


FORM = Form(
    name="ljspeech",
    title="a folder like LJ Speech's (metadata.csv with |, wavs/)",
    rank=130,
    uses=frozenset({"columns"}),
    recognizes=_recognizes,
    items=_items,
)
