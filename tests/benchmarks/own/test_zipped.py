"""Zips of other forms: unpacked once, read as what is in them, refused where they are none."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks.own.recognize import recognize
from harness.audio import decode
from harness.errors import DataError, UsageError
from tests.benchmarks.own.found import read, refused, tone, write
from tests.benchmarks.own.writers import WRITERS, clips


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASR_HARNESS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "unpacked"


def zipped(path: Path, folder: Path, inside: str = "") -> Path:
    """What is in a folder, below another in the zip."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, f"{inside}{file.relative_to(folder).as_posix()}")
    return path


@pytest.mark.parametrize("form", WRITERS)
def test_what_is_in_a_zip_is_read_as_it_would_be_outside(form: str, tmp_path: Path, cache: Path) -> None:
    (tmp_path / "data").mkdir()
    written = WRITERS[form](tmp_path / "data", clips(4))
    plain = read(written.place)
    place = zipped(tmp_path / "set.zip", tmp_path / "data", "set-1.0/")
    packed = read(place)
    assert packed.texts == plain.texts
    assert [item.session for item in packed.utterances] == [item.session for item in plain.utterances]
    for one, other in zip(packed.utterances, plain.utterances, strict=True):
        np.testing.assert_array_equal(decode(one.audio), decode(other.audio))
    assert any(note.startswith(f"unpacked into {cache}") for note in packed.account.notes)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    tone(folder / "a.wav")
    write(folder / "a.txt", "one")
    return zipped(tmp_path / "x.zip", folder)


def test_it_is_unpacked_once_and_again_where_it_changed(place: Path, cache: Path, tmp_path: Path) -> None:
    assert recognize(str(place)).name == "zipped"
    assert read(place).texts == {"a": "one"}
    (folder,) = cache.iterdir()
    (folder / "a.txt").write_text("two")
    assert read(place).texts == {"a": "two"}, "what is there is not unpacked again"
    write(tmp_path / "data" / "a.txt", "three")
    zipped(place, tmp_path / "data")
    assert read(place).texts == {"a": "three"}
    assert len(list(cache.iterdir())) == 2


def test_what_macos_puts_beside_it_is_not_looked_at(place: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(place, "w") as archive:
        archive.write(tmp_path / "data" / "a.wav", "My set/a.wav")
        archive.write(tmp_path / "data" / "a.txt", "My set/a.txt")
        archive.writestr("__MACOSX/My set/._a.wav", b"\x00\x05\x16\x07")
        archive.writestr(".DS_Store", b"")
    assert read(place).texts == {"a": "one"}


def test_nothing_leads_out_of_the_folder(place: Path, cache: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(place, "a") as archive:
        archive.writestr("../../../out.txt", "x")
        archive.writestr("/absolute.txt", "x")
    refused(place, DataError, "texts without an audio file beside them: 2")
    assert not (tmp_path / "out.txt").exists()
    assert {path.name for path in cache.rglob("*.txt")} == {"a.txt", "out.txt", "absolute.txt"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\n", "no zip, but a Git-LFS pointer; run `git lfs pull`"),
        (b"<html>", "no zip, but an HTML page; the address"),
        (b"", "no zip, but an empty file; fetch it again"),
        (b"PK\x03\x04cut", r"cannot be unpacked into .* \(File is not a zip file\); unpack it, and name its folder"),
    ],
)
def test_what_is_no_zip_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    refused(tmp_path / "x.zip", DataError, message)


def test_a_flag_that_means_nothing_for_what_is_in_it_is_refused(place: Path) -> None:
    refused(place, UsageError, "x.zip: --text-column means nothing for a folder of audio", columns={"text": "t"})
