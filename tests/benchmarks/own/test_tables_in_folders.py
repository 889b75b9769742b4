"""Tables in folders, lists of files, and splits that a column names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import soundfile

from benchmarks.dataset import Request, open_dataset
from benchmarks.own.dataset import own_dataset
from benchmarks.own.form import Asked
from benchmarks.own.recognize import recognize
from harness.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """a.wav and b.wav, without texts."""
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.wav", [0.1] * 800, 8_000)
    return tmp_path


def read(place: Path, asked: Asked | None = None) -> list[tuple[str, str]]:
    return [(one.id, one.reference) for one in open_dataset(own_dataset(place, asked), Request())]


def test_the_one_table_of_a_folder(folder: Path) -> None:
    (folder / "calls.csv").write_text("Audio File,Text\na.wav,one\nb.wav,two\n")
    (folder / "prices.csv").write_text("item,price\nx,1\n")
    assert recognize(str(folder)).name == "tables"
    assert read(folder) == [("a", "one"), ("b", "two")]
    account = own_dataset(folder).account
    assert account is not None
    assert list(account.notes) == ["the table is calls.csv"]


def test_a_table_for_each_split(folder: Path) -> None:
    (folder / "train.tsv").write_text("path\ttext\na.wav\ttrained\n")
    (folder / "test.tsv").write_text("path\ttext\nb.wav\ttested\n")
    assert read(folder) == [("b", "tested")]
    assert read(folder, Asked(split="train")) == [("a", "trained")]
    with pytest.raises(UsageError, match="no split 'dev' in it; there are: test, train"):
        own_dataset(folder, Asked(split="dev"))


def test_a_table_beside_audio_with_texts_is_stray(folder: Path) -> None:
    for name in "ab":
        (folder / f"{name}.txt").write_text(name)
    (folder / "list.csv").write_text("audio,text\na.wav,other\n")
    assert recognize(str(folder)).name == "folder"
    assert read(folder) == [("a", "a"), ("b", "b")]


def test_lists_of_files_and_texts(folder: Path) -> None:
    (folder / "filelist.txt").write_text("a.wav|one\nb.wav|two, or three\n")
    assert read(folder / "filelist.txt") == [("a", "one"), ("b", "two, or three")]
    (folder / "notes.txt").write_text("these are notes, and no list\n")
    with pytest.raises(UsageError, match="not of a form that is known"):
        own_dataset(folder / "notes.txt")


def test_a_column_names_the_split_of_a_row(folder: Path) -> None:
    path = folder / "all.csv"
    path.write_text("audio,text,Split\na.wav,one,train\nb.wav,two,test\n")
    assert read(path) == [("a", "one"), ("b", "two")]
    assert read(path, Asked(split="test")) == [("b", "two")]
    account = own_dataset(path, Asked(split="test")).account
    assert account is not None
    assert [(one.reason, one.count) for one in account.left_out.values()] == [("rows of other splits", 1)]
    path.write_text("audio,text\na.wav,one\n")
    with pytest.raises(UsageError, match="--split test needs a column split; there are 'audio', 'text'"):
        own_dataset(path, Asked(split="test"))


@pytest.mark.parametrize(
    ("asked", "flag"),
    [
        (Asked(columns={"text": "x"}), "--text-column"),
        (Asked(split="x"), "--split"),
        (Asked(config="x"), "--config"),
    ],
)
def test_what_means_nothing_for_a_form_is_refused(folder: Path, asked: Asked, flag: str) -> None:
    for name in "ab":
        (folder / f"{name}.txt").write_text(name)
    with pytest.raises(UsageError, match=f"{flag} means nothing for a folder of audio with a .txt beside each file"):
        own_dataset(folder, asked)


def test_a_packed_file_is_called_as_it_is_without_its_endings(folder: Path) -> None:
    import gzip

    path = folder / "calls.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"audio": "a.wav", "text": "x"}', mtime=0))
    assert own_dataset(path).name == "data_calls"
