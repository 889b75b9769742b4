"""VoxPopuli's layout, of any language: ``asr_test.tsv`` and ``<year>/<id>.ogg``, as its own scripts make them.

Format: https://github.com/facebookresearch/voxpopuli (get_asr_data). Texts and sessions are as in the benchmark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.corpora.voxpopuli import SITTING, release_entry
from benchmarks.dataset import MISSHAPEN
from benchmarks.languages import primary_subtag
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.lookup import Recordings, chosen_split, first_line, is_file, named_split, names_in
from benchmarks.sources.handwritten import read_table
from harness.errors import DataError, UsageError

TABLE = re.compile(r"asr_(.+)\.tsv")
DEFAULT = "test"


def _is_table(path: Path) -> bool:
    """Whether a file is the table of a split."""
    header = set(re.split(r"[\t|]", first_line(path))) if TABLE.fullmatch(path.name) else set()
    return {"raw_text", "normalized_text"} <= header


def _tables(place: str) -> dict[str, Path]:
    """The splits that a place holds: a language's folder, or one above of which only one language is there."""
    path = Path(place)
    if _is_table(path):
        return {path.name.removeprefix("asr_").removesuffix(".tsv"): path}
    for folders in ([path], [path / name for name in names_in(path)[:100]]):
        found = [(folder / name) for folder in folders for name in names_in(folder) if _is_table(folder / name)]
        if found and len({table.parent for table in found}) == 1:
            return {table.name.removeprefix("asr_").removesuffix(".tsv"): table for table in found}
    return {}


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of a split, in the order of its table."""
    tables = _tables(place)
    if not tables:
        raise DataError(f"{place}: no asr_*.tsv with raw_text and normalized_text of one language in it")
    choose = named_split if is_file(place) else chosen_split
    split = choose(place, asked, account, tables, DEFAULT)
    folder = tables[split].parent
    try:
        language = primary_subtag(folder.resolve().name)
    except UsageError:
        language = None
    recordings = Recordings.below(account, folder)
    for line in read_table(tables[split], account.note):
        try:
            entry = release_entry(line.values)
        except MISSHAPEN as error:
            raise line.error(f"no row of VoxPopuli ({type(error).__name__}: {error})") from error
        audio = recordings.take(entry.id)
        if audio is None:
            account.leave_out("transcripts without audio", line.where)
            continue
        found = re.match(SITTING, entry.id)
        yield Item(replace(entry, session=found[1] if found else None), audio, line.where, language)


FORM = Form(
    name="voxpopuli",
    title="a VoxPopuli folder (asr_test.tsv)",
    rank=135,
    uses=frozenset({"split"}),
    recognizes=lambda place: bool(_tables(place)),
    items=_items,
)
