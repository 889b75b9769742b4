"""Audio folders as the hub has them: a metadata file in the folder of each split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.own.dataset import own_dataset
from benchmarks.own.form import Asked
from harness.errors import DataError, UsageError
from tests.benchmarks.own.tables import clip, heard, parquet, read, samples, told, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A test split of JSON lines with a file below, and a train split of CSV."""
    write(
        tmp_path / "data/test/metadata.jsonl",
        '{"file_name": "b.wav", "text": "b"}\n{"file_name": "x/c.wav", "text": "c"}\n',
    )
    write(tmp_path / "data/test/b.wav", clip(1, "WAV"))
    write(tmp_path / "data/test/x/c.wav", clip(2, "WAV"))
    write(tmp_path / "data/train/metadata.csv", "file_name,transcription,speaker\na.wav,hello,s1\n")
    write(tmp_path / "data/train/a.wav", clip(3, "WAV"))
    return tmp_path


def test_splits(folder: Path) -> None:
    found = read(folder)
    assert told(found) == [("b", "b"), ("x/c", "c")]
    assert heard(found[1]) == samples(2).tolist()
    (other,) = read(folder, Asked(split="train"))
    assert (other.id, other.reference, other.session) == ("a", "hello", "s1")
    assert told(read(folder / "data" / "test")) == told(found), "the folder of a split is data too"
    account = own_dataset(folder).account
    assert account is not None
    assert account.form.startswith("an audio folder")
    assert list(account.notes) == ["the split test is taken; there are also train"]


def test_audio_that_nobody_names_is_counted(folder: Path) -> None:
    stray = write(folder / "data/test/x/d.wav", clip(2, "WAV"))
    account = own_dataset(folder).account
    assert account is not None
    assert (account.used, account.found) == (2, 3)
    (left,) = account.left_out.values()
    assert (left.reason, left.count, left.first) == ("audio files that no metadata.jsonl names", 1, str(stray))


def test_several_folders_of_one_split(tmp_path: Path) -> None:
    for speaker in ("s10", "s2"):
        write(tmp_path / speaker / "metadata.csv", f"file_name,text\na.wav,of {speaker}\n")
        write(tmp_path / speaker / "a.wav", clip(1, "WAV"))
    assert told(read(tmp_path)) == [("s2/a", "of s2"), ("s10/a", "of s10")]


def test_metadata_as_parquet(tmp_path: Path) -> None:
    write(tmp_path / "test/metadata.parquet", parquet([{"file_name": "a.wav", "text": "x"}]))
    write(tmp_path / "test/a.wav", clip(1, "WAV"))
    assert told(read(tmp_path)) == [("a", "x")]


def test_the_readme_says_what_the_splits_are(folder: Path) -> None:
    configs = (
        "---\nlanguage: de\nconfigs:\n- config_name: x\n  data_files:\n  - split: all\n    path: data/train/**\n---\n"
    )
    write(folder / "README.md", configs)
    assert [(item.id, item.language) for item in read(folder)] == [("a", "de")]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("../../x.wav", "leads out of the data"),
        ("gone.wav", "line 2: no audio file at .*gone.wav"),
        ("https://example.org/a.wav", "which is not fetched"),
    ],
)
def test_paths_that_lead_nowhere(folder: Path, named: str, expected: str) -> None:
    write(folder / "x.wav", clip(1, "WAV"))
    write(folder / "data/train/metadata.csv", f"file_name,text\n{named},x\n")
    with pytest.raises(DataError, match=expected):
        read(folder, Asked(split="train"))


def test_a_form_that_is_forced(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nor in a folder below"):
        read(tmp_path, Asked(form="audiofolder"))
