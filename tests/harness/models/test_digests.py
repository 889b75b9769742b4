"""Digests that are remembered: a file is read once, and again as soon as anything about it is another."""

import hashlib
import json
import os
from functools import partial
from pathlib import Path

import pytest

from harness.models import digests
from harness.models.digests import file_digest

LATER = 10**19
"""A clock by which every file has rested."""


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were read."""
    monkeypatch.setenv("ASR_HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(digests, "SMALL", 10)
    names: list[str] = []
    original = digests._read

    def note(path: Path) -> str:
        names.append(path.name)
        return original(path)

    monkeypatch.setattr(digests, "_read", note)
    return names


def digest(path: Path) -> str:
    found = file_digest(path, lambda: LATER)
    assert found == hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def test_a_large_file_is_read_once(tmp_path: Path, read: list[str]) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"w" * 11)
    assert digest(path) == digest(path)
    assert read == ["weights"]
    digest(tmp_path / "." / "weights")
    assert read == ["weights"]


def test_a_change_that_keeps_size_and_time_is_seen(tmp_path: Path, read: list[str]) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"w" * 11)
    before, facts = digest(path), path.stat()
    path.write_bytes(b"v" * 11)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert digest(path) != before
    other = tmp_path / "other"
    other.write_bytes(b"u" * 11)
    os.utime(other, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    other.replace(path)  # another file of the same name
    assert digest(path) == hashlib.sha256(b"u" * 11).hexdigest()
    assert read == ["weights"] * 3


@pytest.mark.parametrize("place", range(4))
def test_every_fact_of_a_file_counts(tmp_path: Path, read: list[str], place: int) -> None:
    """Its size, both times, and its inode."""
    path, kept = tmp_path / "weights", tmp_path / "cache" / "models" / "digests.json"
    path.write_bytes(b"w" * 11)
    digest(path)
    entries = json.loads(kept.read_text())
    entries[str(path)][place] += 1
    kept.write_text(json.dumps(entries))
    digest(path)
    assert read == ["weights"] * 2


def test_a_file_that_was_just_written_is_not_remembered(tmp_path: Path, read: list[str]) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"w" * 11)
    changed = path.stat().st_ctime_ns
    for rested, count in ((digests.REST_NS, 1), (digests.REST_NS, 2), (digests.REST_NS + 1, 3), (LATER, 3)):
        file_digest(path, partial(int, changed + rested))
        assert len(read) == count


def test_a_small_file_is_read_each_time(tmp_path: Path, read: list[str]) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b"w" * 10)
    digest(path)
    digest(path)
    assert read == ["config.json"] * 2
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("content", ["", "[1]", "{", '{"x": 3}', "\x00" * 5])
def test_a_broken_memory_costs_time_only(tmp_path: Path, read: list[str], content: str) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"w" * 11)
    digest(path)
    kept = tmp_path / "cache" / "models" / "digests.json"
    assert list(json.loads(kept.read_text())) == [str(path)]
    kept.write_text(content)
    digest(path)
    digest(path)
    assert read == ["weights"] * 2


def test_what_is_gone_is_forgotten(tmp_path: Path, read: list[str]) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"w" * 11)
    second.write_bytes(b"v" * 11)
    digest(first)
    first.unlink()
    digest(second)
    assert list(json.loads((tmp_path / "cache" / "models" / "digests.json").read_text())) == [str(second)]


def test_without_a_folder_nothing_is_remembered(
    tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"w" * 11)
    for place in ("", str(path)):  # none, and one that is a file
        monkeypatch.setenv("ASR_HARNESS_CACHE", place)
        digest(path)
        digest(path)
    assert read == ["weights"] * 4
