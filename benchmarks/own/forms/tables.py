"""A folder with tables of its audio, one or one for each split: train.csv, test.csv."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.forms.manifest import FORM as MANIFEST
from benchmarks.own.forms.manifest import holds_utterances
from benchmarks.own.lookup import chosen_split, names_in
from benchmarks.sources.handwritten import ENDINGS, ending
from benchmarks.sources.pairing import AUDIO_ENDINGS

DEFAULT = "test"


def _tables(place: str) -> dict[str, Path]:
    """The tables of a folder by their names, where its audio has no texts beside it."""
    names = names_in(Path(place))
    texts = {name[:-4] for name in names if name.lower().endswith(".txt")}
    if any(os.path.splitext(name)[0] in texts for name in names if name.lower().endswith(AUDIO_ENDINGS)):  # noqa: PTH122
        return {}
    paths = (Path(place, name) for name in names if ending(Path(name)) in ENDINGS)
    return {path.name.removesuffix(".gz").rpartition(".")[0]: path for path in paths if holds_utterances(path)}


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of the one table, or of that of a split."""
    tables = _tables(place)
    several = len(tables) > 1
    chosen = chosen_split(place, asked if several else Asked(), account, tables, DEFAULT)
    account.note(f"the table is {tables[chosen].name}")
    return MANIFEST.items(str(tables[chosen]), replace(asked, split=None) if several else asked, account)


FORM = Form(
    name="tables",
    title="a folder with a table of its audio, or one for each split (train.csv, test.csv)",
    rank=700,
    uses=frozenset({"columns", "split", "translation"}),
    recognizes=lambda place: bool(_tables(place)),
    items=_items,
)
