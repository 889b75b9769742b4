"""Zips as a source: what the archive source adds to zipfile, and what it does with broken ones."""

from __future__ import annotations

import random
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from benchmarks.dataset import Audio
from benchmarks.sources.archive import Release
from harness.errors import DataError

FULL = 0xFFFF_FFFF
"""In a field of 32 bits: see the one of 64 bits."""


def written(path: Path, count: int = 300, comment: bytes = b"") -> dict[str, bytes]:
    """A zip with stored and deflated members, folders and names of any script; what it holds."""
    draw = random.Random(1)
    held = {}
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            name = f"{draw.choice(['a', 'wörter', '語', 'b/c'])}/{number}.{draw.choice(['txt', 'flac'])}"
            data = draw.randbytes(draw.randrange(3)) * draw.randrange(2_000)
            archive.writestr(name, data, draw.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
            held[name] = data
        archive.mkdir("empty")
        archive.comment = comment
    return held


def read(path: Path) -> dict[str, bytes]:
    return {member.name: member.read() for member in Release(path).members(lambda _: True)}


@pytest.mark.parametrize("comment", [b"", b"c" * 65_535])
def test_it_holds_what_was_written(tmp_path: Path, comment: bytes) -> None:
    path = tmp_path / "a.zip"
    held = written(path, comment=comment)
    assert read(path) == held


def test_a_program_may_stand_before_it(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    held = written(path)
    path.write_bytes(b"#!/bin/sh\n" * 100 + path.read_bytes())
    assert read(path) == held


def test_sizes_of_64_bits(tmp_path: Path) -> None:
    """As packers write them that do not know sizes beforehand; and, made by hand, a directory of 64 bits."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("a/b.txt", "w", force_zip64=True) as member:
        member.write(b"words")
    assert read(path) == {"a/b.txt": b"words"}
    data = path.read_bytes()
    entry, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    fixed, name = bytearray(data[entry : entry + 46]), data[entry + 46 : entry + 46 + 7]
    struct.pack_into("<2L", fixed, 20, FULL, FULL)
    extra = struct.pack("<2H2Q", 1, 16, 5, 5)
    struct.pack_into("<H", fixed, 30, len(extra))
    struct.pack_into("<L", fixed, 42, 0)
    directory = bytes(fixed) + name + extra
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(directory), entry)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, entry + len(directory), 1)
    last = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, FULL, FULL, 0)
    assert end == entry + 46 + len(name) + struct.unpack_from("<H", data, entry + 30)[0]
    path.write_bytes(data[:entry] + directory + record + locator + last)
    with zipfile.ZipFile(path) as archive:
        assert archive.read("a/b.txt") == b"words"
    assert read(path) == {"a/b.txt": b"words"}


def test_what_is_not_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"words")
    whole = path.read_bytes()
    for place, value, message in (
        (8, 1, r"a\.zip!a\.txt is encrypted; unpack the archive"),
        (10, 99, r"a\.zip!a\.txt: cannot be read to its end \(That compression method is not supported\)"),
    ):
        data = bytearray(whole)
        data[data.index(b"PK\1\2") + place] = value
        path.write_bytes(data)
        with pytest.raises(DataError, match=message):
            read(path)


def test_places_beyond_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"words")
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, data.index(b"PK\1\2") + 42, FULL - 1)
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"a\.zip: cannot be read to its end"):
        read(path)


def test_a_member_that_unpacks_to_more_than_it_states(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"0" * (64 << 20))
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, data.index(b"PK\1\2") + 24, 10)
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"Bad CRC-32 for file 'a\.txt'"):
        read(path)


def test_stored_audio_stays_in_the_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("stored.flac", b"stored words")
        archive.writestr("packed.flac", b"packed words" * 9, zipfile.ZIP_DEFLATED)
    stored, packed = (member.audio() for member in Release(path).members(lambda _: True))
    assert (stored.data, stored.path, stored.crc32) == (None, path, zlib.crc32(b"stored words"))
    assert stored.read() == b"stored words"
    assert packed == Audio(origin=f"{path}!packed.flac", data=b"packed words" * 9)
    path.write_bytes(path.read_bytes().replace(b"stored words", b"stored swords"[:12]))
    with pytest.raises(OSError, match="bad CRC-32"):
        stored.read()


def test_a_thousand_broken_zips_are_read_or_refused(tmp_path: Path) -> None:
    """Whatever is read is what was written: a byte that changes cannot change what is read unnoticed."""
    path = tmp_path / "a.zip"
    held = written(path, 12)
    whole = path.read_bytes()
    draw = random.Random(2)
    outcomes = {"read": 0, "refused": 0}
    directory = whole.index(b"PK\1\2")
    for _ in range(1_000):
        data = bytearray(whole)
        for _ in range(draw.randrange(1, 4)):
            data[draw.choice([draw.randrange(len(data)), draw.randrange(directory, len(data))])] = draw.randrange(256)
        if draw.random() < 0.2:
            del data[draw.randrange(len(data)) :]
        path.write_bytes(data)
        try:
            found = read(path)
        except DataError:
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        assert set(found.values()) <= set(held.values())
    assert outcomes["read"] > 50
    assert outcomes["refused"] > 500
