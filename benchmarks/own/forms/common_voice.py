"""Common Voice folders of any release and language: clips/ and tables of splits, of which test.tsv is taken.

Format: https://github.com/common-voice/cv-dataset (README.md); releases differ in columns, and the first have paths
without an ending.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.dataset import Audio, Entry
from benchmarks.languages import primary_subtag
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.lookup import (
    chosen_split,
    first_line,
    is_file,
    is_folder,
    named_split,
    names_in,
    seconds_of,
    spoken,
)
from benchmarks.sources.pairing import stem
from benchmarks.sources.tables import Line
from benchmarks.sources.text_files import file_lines
from harness.errors import DataError, UsageError

CLIPS, DURATIONS, DEFAULT = "clips", "clip_durations.tsv", "test"
COLUMNS = ("path", "sentence")
TAGS = ("age", "gender", "accents", "accent", "variant", "segment", "sentence_domain")
CONVERTED = (".wav", ".flac", ".mp3", ".ogg", ".opus")
ROLES = {"path": "audio", "sentence": "text", "client_id": "session", "locale": "language"}


def _is_table(path: Path) -> bool:
    """Whether a file is the table of a split."""
    return path.name.endswith(".tsv") and set(COLUMNS) <= set(first_line(path).split("\t"))


def _folders(place: str) -> dict[str, Path]:
    """The folders of languages with clips that a place means, by their names: itself, or those below it."""
    path = Path(place)
    if path.name.endswith(".tsv"):
        path = path.parent
    for below in ([path], _below([path]), _below(_below([path]))):
        found = {one.resolve().name: one for one in below if is_folder(one / CLIPS) and _tables(one)}
        if found:
            return found
    return {}


def _below(folders: list[Path]) -> list[Path]:
    return [folder / name for folder in folders for name in names_in(folder)[:200] if is_folder(folder / name)]


def _tables(folder: Path) -> dict[str, Path]:
    """The splits of a folder."""
    return {name.removesuffix(".tsv"): folder / name for name in names_in(folder) if _is_table(folder / name)}


def _recognizes(place: str) -> bool:
    path = Path(place)
    return (_is_table(path) if is_file(path) else True) and bool(_folders(place))


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of a split, in the order of its table."""
    folders = _folders(place)
    if not folders:
        raise DataError(f"{place}: no table with {' and '.join(COLUMNS)} beside a folder {CLIPS}")
    if len(folders) > 1 and (asked.config or "") not in folders:
        listed = ", ".join(sorted(folders)[:12])
        raise UsageError(f"{place}: several languages are in it ({listed}): name the folder of one")
    folder = folders[asked.config or ""] if len(folders) > 1 else next(iter(folders.values()))
    table = Path(place)
    if is_file(table):
        named_split(place, asked, account, [table.name.removesuffix(".tsv")])
    else:
        tables = _tables(folder)
        table = tables[chosen_split(place, asked, account, tables, DEFAULT)]
    language = _of_folder(folder)
    lengths = _lengths(folder / DURATIONS, table)
    for line in table_lines(table):
        yield _item(line, folder, language, lengths, account)


def _of_folder(folder: Path) -> str | None:
    """The language that a folder is called after: ``en``, ``sv-SE``, ``zh-TW``."""
    try:
        return primary_subtag(folder.resolve().name)
    except UsageError:
        return None


def table_lines(table: Path) -> Iterator[Line]:
    """The rows of a table, in which quotes mean nothing.

    Raises:
        DataError: a row has more or fewer fields than the header, or is no text.
    """
    header: list[str] | None = None
    for where, text in file_lines(table):
        fields = text.split("\t")
        if header is None:
            header = [name.strip() for name in fields]
        elif len(fields) != len(header):
            raise DataError(f"{where}: {len(fields)} fields where the header has {len(header)}")
        else:
            yield Line(where, dict(zip(header, fields, strict=True)))


def _lengths(durations: Path, table: Path) -> Mapping[str, float]:
    """Seconds by clip, of the clips of the table alone: the file has those of the whole release."""
    if not is_file(durations):
        return {}
    wanted = {_name(line) for line in table_lines(table)}
    found: dict[str, float] = {}
    for line in table_lines(durations):
        clip, value = (*line.values.values(), "")[:2]
        if clip in wanted:
            found[clip] = seconds_of(value, line.error, "the duration") / 1000
    return found


def _name(line: Line) -> str:
    """The clip's file name; the first releases leave its ending away."""
    path = line.string("path")
    if path is None:
        raise line.error("path is empty")
    name = path.replace("\\", "/").rpartition("/")[2]
    return name if stem(name) != name else f"{name}.mp3"


def _item(line: Line, folder: Path, language: str | None, lengths: Mapping[str, float], account: Account) -> Item:
    """The utterance of a row."""
    if not account.columns:
        for column in line.values:
            account.columns[column] = ROLES.get(column, "tag" if column in TAGS else "not used")
    text = line.string("sentence", empty=True)
    if text is None:
        raise line.error("no sentence")
    name = _name(line)
    tags = {column: value for column in TAGS if (value := line.string(column)) is not None}
    entry = Entry(
        id=stem(name), reference=text, duration=lengths.get(name), session=line.string("client_id"), tags=tags
    )
    path = _clip(folder / CLIPS / name, account)
    return Item(
        entry, Audio(origin=str(path), path=path), line.where, spoken(line.string("locale"), line.error) or language
    )


def _clip(path: Path, account: Account) -> Path:
    """The clip, or what somebody converted it to."""
    if is_file(path):
        return path
    other = next((found for ending in CONVERTED if is_file(found := path.with_suffix(ending))), None)
    if other is not None:
        account.note(f"clips are {other.suffix} where the table has {path.suffix}")
    return other or path


FORM = Form(
    name="common_voice",
    title="a Common Voice folder (clips/, test.tsv)",
    rank=140,
    uses=frozenset({"split", "config"}),
    recognizes=_recognizes,
    items=_items,
)
