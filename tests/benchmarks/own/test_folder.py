"""Folders with texts beside the audio: what is followed, what is stray, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import soundfile

from benchmarks.dataset import Request, open_dataset
from benchmarks.own.dataset import own_dataset
from benchmarks.own.forms.folder import ABOUT, AGAIN, HIDDEN, OTHER, SYSTEM
from harness.errors import DataError
from tests.benchmarks.own import found as made

if TYPE_CHECKING:
    from pathlib import Path


def pair(folder: Path, stem: str, text: str | bytes = "words", ending: str = "wav") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / f"{stem}.{ending}", [0.1] * 800, 8_000)
    (folder / f"{stem}.txt").write_bytes(text if isinstance(text, bytes) else text.encode())


def ids(folder: Path) -> list[str]:
    return [item.id for item in open_dataset(own_dataset(folder), Request())]


def left_out(folder: Path) -> dict[str, int]:
    account = own_dataset(folder).account
    assert account is not None
    return {one.reason: one.count for one in account.left_out.values()}


def test_accents_that_macos_takes_apart_are_the_same(tmp_path: Path) -> None:
    apart, whole = "Ko\u0308ln", "K\u00f6ln"
    pair(tmp_path / "a", apart, "one")
    (tmp_path / "a" / f"{apart}.txt").rename(tmp_path / "a" / f"{whole}.txt")
    for stem in (apart, whole):
        pair(tmp_path / "b", stem, stem)
    found = {item.id: item.reference for item in open_dataset(own_dataset(tmp_path), Request())}
    assert found == {f"a/{apart}": "one", f"b/{apart}": apart, f"b/{whole}": whole}
    (tmp_path / "a" / "t.csv").write_text(f"audio,text\n{whole}.wav,two\n", encoding="utf-8")
    dataset = own_dataset(tmp_path / "a" / "t.csv")
    assert dataset.account is not None
    assert [note for note in dataset.account.notes if "Unicode" in note]


def test_linked_folders_and_files_are_read_once(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    pair(data / "b", "one")
    pair(elsewhere, "two")
    pair(elsewhere / "deep", "three")
    (data / "a").symlink_to(elsewhere, target_is_directory=True)
    assert ids(data) == ["b/one", "a/two", "a/deep/three"]
    (data / "again").symlink_to(data / "b", target_is_directory=True)  # what is there already
    (elsewhere / "deep" / "up").symlink_to(data, target_is_directory=True)  # a circle
    (data / "b" / "four.wav").symlink_to(elsewhere / "two.wav")
    (data / "b" / "four.txt").write_text("x")
    assert ids(data) == ["b/four", "b/one", "a/two", "a/deep/three"]
    assert left_out(data) == {AGAIN: 2}


def test_stray_files_are_counted_and_named(tmp_path: Path) -> None:
    pair(tmp_path, "c0")
    for name in ("._c0.wav", ".DS_Store", "Thumbs.db", "desktop.ini", "README.txt", "readme_first.txt", "LICENSE.txt"):
        (tmp_path / name).write_bytes(b"x")
    for name in ("list.csv", "notes.md", "c0.json"):
        (tmp_path / name).write_bytes(b"x")
    for folder in (".ipynb_checkpoints", "__MACOSX"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "c0-checkpoint.wav").write_bytes(b"x")
    assert ids(tmp_path) == ["c0"]
    assert left_out(tmp_path) == {HIDDEN: 3, SYSTEM: 3, ABOUT: 3, OTHER: 3}
    account = own_dataset(tmp_path).account
    assert account is not None
    assert account.left_out[OTHER].first == str(tmp_path / "c0.json")
    # Everything that is there is used, belongs to what is used, or is counted.
    files = sum(path.is_file() for path in tmp_path.rglob("*"))
    assert account.found + account.used == files == 14


def test_a_readme_with_audio_is_an_utterance(tmp_path: Path) -> None:
    pair(tmp_path, "README")
    assert ids(tmp_path) == ["README"]
    assert left_out(tmp_path) == {}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("\ufeffZwölf\r\nBoxkämpfer".encode(), "Zwölf Boxkämpfer"),
        ("Zwölf Boxkämpfer".encode("cp1252"), "Zwölf Boxkämpfer"),
        ("Zwölf".encode("utf-16"), "Zwölf"),
    ],
)
def test_texts_as_windows_writes_them(tmp_path: Path, data: bytes, text: str) -> None:
    pair(tmp_path, "c0", data)
    assert [item.reference for item in open_dataset(own_dataset(tmp_path), Request())] == [text]


def test_texts_that_are_none(tmp_path: Path) -> None:
    pair(tmp_path, "c0", b"\x00\xff\xfe\x81")
    with pytest.raises(DataError, match=r"c0.txt: cannot be read as UTF-8 text"):
        own_dataset(tmp_path)


def test_one_name_with_several_endings(tmp_path: Path) -> None:
    pair(tmp_path, "c0")
    pair(tmp_path, "c0", ending="flac")
    pair(tmp_path, "C1", ending="WAV")
    (tmp_path / "C1.txt").rename(tmp_path / "C1.TXT")
    assert ids(tmp_path) == ["C1", "c0.flac", "c0.wav"]
    account = own_dataset(tmp_path).account
    assert account is not None
    told = "files of one name with several endings are called by their endings too, first c0.flac"
    assert list(account.notes) == [told]


def test_what_is_no_convention_is_said(tmp_path: Path) -> None:
    pair(tmp_path, "c0")
    (tmp_path / "nothing.txt").write_text("x")
    with pytest.raises(DataError, match=r"texts without an audio file beside them: 1, the first is .*nothing.txt"):
        own_dataset(tmp_path)


def test_the_samples_that_texts_of_timit_begin_with_are_no_words(tmp_path: Path) -> None:
    made.tone(tmp_path / "dr1" / "SA1.WAV", 2.0)
    made.write(tmp_path / "dr1" / "SA1.TXT", f"0 {2 * made.RATE - 7} She had your dark suit.")
    made.tone(tmp_path / "dr1" / "x.wav", 2.0)
    made.write(tmp_path / "dr1" / "x.txt", "0 800 is the number")
    found = made.read(tmp_path)
    assert found.texts == {"dr1/SA1": "She had your dark suit.", "dr1/x": "0 800 is the number"}
    told = "texts begin with the samples that they are about, as TIMIT's do: these are left out"
    assert list(found.account.notes) == [told]
