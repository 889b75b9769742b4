"""Own data with references that are translations: a row without one is left out, whatever else it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.errors import DataError, UsageError
from tests.benchmarks.own.found import read, refused, tone, write

if TYPE_CHECKING:
    from pathlib import Path

LEFT_OUT = "rows without a translation"


def rows(folder: Path, *more: dict[str, str | None]) -> Path:
    """A manifest of recordings in which somebody says ``ten``, with what else each row says."""
    lines = []
    for at, one in enumerate(more):
        tone(folder / f"{at}.wav", 1)
        lines.append(json.dumps({"audio": f"{at}.wav", "text": "ten", **one}))
    return write(folder / "d.jsonl", *lines)


def test_rows_without_a_translation_are_left_out_and_counted(tmp_path: Path) -> None:
    path = rows(tmp_path, {"translation": "zehn"}, {"translation": None}, {}, {"translation": ""})
    found = read(path, translation=True)
    assert found.texts == {"0": "zehn", "3": ""}
    assert found.left_out == {LEFT_OUT: 2}
    assert [one.tags for one in found.utterances] == [{"text": "ten"}] * 2
    assert set(read(path).texts.values()) == {"ten"}, "to be transcribed"


def test_the_first_row_may_lack_it_and_the_column_may_be_written_otherwise(tmp_path: Path) -> None:
    found = read(rows(tmp_path, {}, {"Translation": "zehn"}), translation=True)
    assert (found.texts, found.left_out) == ({"1": "zehn"}, {LEFT_OUT: 1})


def test_so_it_is_with_a_column_that_is_named(tmp_path: Path) -> None:
    found = read(rows(tmp_path, {"deutsch": "zehn"}, {}), translation=True, columns={"text": "deutsch"})
    assert (found.texts, found.left_out) == ({"0": "zehn"}, {LEFT_OUT: 1})


def test_data_without_any_is_refused(tmp_path: Path) -> None:
    refused(rows(tmp_path, {}, {}), DataError, f"no utterances in it.*passed over: {LEFT_OUT}: 2", translation=True)


@pytest.mark.parametrize("form", ["folder", "librispeech"])
def test_forms_of_transcripts_are_refused(tmp_path: Path, form: str) -> None:
    name = "1-2-0000" if form == "librispeech" else "a"
    folder = tmp_path / "1" / "2" if form == "librispeech" else tmp_path
    folder.mkdir(exist_ok=True, parents=True)
    tone(folder / f"{name}.wav", 1)
    write(folder / ("1-2.trans.txt" if form == "librispeech" else "a.txt"), f"{name} ten" if "-" in name else "ten")
    assert list(read(tmp_path).texts.values()) == ["ten"]
    says = "--task translate needs reference translations.*give a table with a column translation"
    refused(tmp_path, UsageError, says, translation=True)
