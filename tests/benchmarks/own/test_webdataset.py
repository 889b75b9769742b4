"""WebDataset's shards: grouped by key in whatever order, plain and packed, and what is wrong with them."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from benchmarks.own.recognize import recognize
from harness.audio import decode
from harness.errors import DataError, UsageError
from tests.benchmarks.own.found import read, refused, tone, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def wav(tmp_path: Path) -> bytes:
    return tone(tmp_path / "elsewhere" / "x.wav", 0.5).read_bytes()


Member = tuple[str, bytes | str | dict[str, object]]


def pack(path: Path, *members: Member) -> Path:
    """A tar, packed where its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w" if path.name.endswith(".tar") else "w:gz") as tar:
        for name, content in members:
            text = json.dumps(content) if isinstance(content, dict) else content
            data = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tgz"])
@pytest.mark.parametrize("order", [None, "by kind", "backwards"])
def test_samples_in_any_order(tmp_path: Path, wav: bytes, ending: str, order: str | None) -> None:
    facts = {
        "language": "de",
        "speaker": "s1",
        "text": "not this",
        "duration": 0.5,
        "id": "z",
        "offset": 7.5,
        "dom": "x",
    }
    members: list[Member] = [
        ("a/000.wav", wav),
        ("a/000.txt", "one  two\n"),
        ("a/000.json", facts),
        ("a/001.FLAC", wav),
        ("a/001.json", {"transcript": "three", "path": "/else/where.wav", "channel": 1}),
        ("a/002.wav", wav),
        ("a/002.txt", ""),
        ("a/003.wav", wav),
        ("a/003.cls", "cat"),
        ("a/003.pyd", b"\x80\x04never read"),
    ]
    if order is not None:
        members.sort(
            key=lambda one: one[0].rpartition(".")[2] if order == "by kind" else one[0], reverse=order != "by kind"
        )
    found = read(pack(tmp_path / f"x.{ending}", *members))
    assert dict(sorted(found.texts.items())) == {"a/000": "one two", "a/001": "three", "a/002": "", "a/003": "cat"}
    first = next(item for item in found.utterances if item.id == "a/000")
    assert (first.session, first.language, first.duration, dict(first.tags)) == ("s1", "de", 0.5, {"dom": "x"})
    assert {item.audio.start for item in found.utterances} == {None}
    assert {item.audio.channel for item in found.utterances} == {None}
    assert {item.audio.read() for item in found.utterances} == {wav}
    assert {len(decode(item.audio)) for item in found.utterances} == {8_000}
    assert found.left_out == {}
    uses = {name: found.account.columns[name] for name in (".txt", ".json", ".cls", ".pyd", "dom")}
    assert uses == {".txt": "text", ".json": "columns", ".cls": "text", ".pyd": "not used", "dom": "tag"}


def test_what_is_no_whole_sample_is_counted(tmp_path: Path, wav: bytes) -> None:
    path = pack(
        tmp_path / "x.tar",
        ("a.wav", wav),
        ("b.txt", "text alone"),
        ("c.wav", wav),
        ("c.json", {"speaker": "s"}),
        ("d.wav", wav),
        ("d.txt", "good"),
        ("._d.wav", b"of a Mac"),
        ("__sizes__", b"1"),
        ("README", b"1"),
    )
    found = read(path)
    assert found.texts == {"d": "good"}
    assert found.left_out == {
        "files of no sample (hidden, or without an ending)": 3,
        "samples without audio": 1,
        "samples without a transcript": 2,
    }


def test_shards(tmp_path: Path, wav: bytes) -> None:
    """In the order of their names; keys that begin anew in each are called after their shard."""
    for number in (0, 1, 3):
        pack(tmp_path / "set" / f"part-{number:03d}.tar", ("0.wav", wav), ("0.txt", f"text {number}"))
    write(tmp_path / "set" / "README.md", "x")
    found = read(tmp_path / "set")
    assert found.texts == {"0": "text 0", "part-001/0": "text 1", "part-003/0": "text 3"}
    assert list(found.account.notes) == [
        "of the shards part-*, 1 are not there, the first is number 2",
        "keys of part-001.tar occur in a shard before it, and are called after theirs",
        "keys of part-003.tar occur in a shard before it, and are called after theirs",
    ]
    assert read(tmp_path / "set" / "part-{000..001}.tar").texts == {"0": "text 0", "part-001/0": "text 1"}
    refused(tmp_path / "set" / "part-{000..003}.tar", UsageError, "there is no .*part-002.tar")
    refused(tmp_path / "set" / "part-{3..1}.tar", UsageError, r"\{3..1\} is no row of at most 100,000 shards")


def test_splits(tmp_path: Path, wav: bytes) -> None:
    for split in ("test", "train"):
        pack(tmp_path / "one" / f"{split}-0.tar", (f"{split}.wav", wav), (f"{split}.txt", split))
        pack(tmp_path / "two" / split / "0.tar", (f"{split}.wav", wav), (f"{split}.txt", split))
    for name in ("one", "two"):
        refused(tmp_path / name, UsageError, r"several splits are in it \(test, train\): choose one with --split")
        assert read(tmp_path / name, split="train").texts == {"train": "train"}
    for place in ("test-0.tar", "test-{0..0}.tar"):
        asked = read(tmp_path / "one" / place, split="train")
        assert asked.texts == {"test": "test"}
        assert list(asked.account.notes) == [f"--split train chooses nothing: {place} is all there is"]
        assert not read(tmp_path / "one" / place).account.notes


def test_keys_with_dots(tmp_path: Path, wav: bytes) -> None:
    """The first dot ends a key, as the library has it; where that would throw samples together, the last one does."""
    path = pack(tmp_path / "x.tar", ("1.left.wav", wav), ("1.normalized.txt", "one"), ("2.wav", wav), ("2.txt", "two"))
    assert read(path).texts == {"1": "one", "2": "two"}
    pack(path, ("v1.0_a.wav", wav), ("v1.0_a.txt", "a"), ("v1.0_b.wav", wav), ("v1.0_b.txt", "b"))
    found = read(path)
    assert found.texts == {"v1.0_a": "a", "v1.0_b": "b"}
    assert list(found.account.notes) == ["keys in x.tar hold dots: what stands before the last one is the key"]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("a.wav", b"x"), ("a.mp3", b"x")], r"x.tar: the sample 'a' has two audio files, wav and mp3"),
        ([("a.wav", b"x"), ("a.wav", b"x")], r"x.tar: the sample 'a' has two audio files, wav and wav"),
        ([("a.wav", b"x"), ("a.txt", b"x"), ("a.txt", b"x")], r"x.tar: a.txt is there twice"),
        ([("a.wav", b"x"), ("a.b.txt", b"x"), ("a.c.txt", b"x")], "x.tar!a: b.txt and c.txt are there, and no txt"),
        ([("a.wav", b"x"), ("a.txt", b"\xff")], "x.tar!a.txt: not UTF-8 text"),
        ([("a.wav", b"x"), ("a.txt", b"\0")], "x.tar!a.txt: a NUL"),
        ([("a.wav", b"x"), ("a.json", b"{")], "x.tar!a.json: not JSON"),
        ([("a.wav", b"x"), ("a.json", b"[]")], "x.tar!a.json: a JSON list, not an object"),
        ([("a.wav", b"x"), ("a.json", b'{"text": "x", "language": "xx"}')], "x.tar!a: language 'xx'"),
        ([("../a.wav", b"x"), ("../a.txt", b"x")], "the member '../a.wav' would leave its folder"),
        ([("a.wav", b"x")], "no utterances in it, .*passed over: samples without a transcript: 1"),
    ],
)
def test_faults_name_the_member(tmp_path: Path, members: list[tuple[str, bytes]], message: str) -> None:
    refused(pack(tmp_path / "x.tar", *members), DataError, message)


def test_keys_that_are_not_text(tmp_path: Path, wav: bytes) -> None:
    """Names in tars are bytes."""
    with tarfile.open(tmp_path / "x.tar", "w", format=tarfile.GNU_FORMAT, encoding="latin-1") as tar:
        for name, data in {"é.wav": wav, "é.txt": b"x"}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    refused(tmp_path / "x.tar", DataError, r"x.tar!\\udce9: its id, text or tags hold a character that is not text")


def test_a_shard_that_is_cut(tmp_path: Path, wav: bytes) -> None:
    members = [(f"{number}.{end}", data) for number in range(9) for end, data in (("wav", wav), ("txt", b"x"))]
    for name in ("x.tar", "x.tar.gz"):
        path = pack(tmp_path / name, *members)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        refused(path, DataError, f"{name}.*cannot be read to its end")


def test_what_is_recognized(tmp_path: Path, wav: bytes) -> None:
    pack(tmp_path / "a.tar", ("a.wav", wav), ("a.txt", "x"))
    assert recognize(str(tmp_path)).name == "webdataset"
    assert recognize(str(tmp_path / "a.tar")).name == "webdataset"
    (tmp_path / "b.wav").write_bytes(wav)
    assert recognize(str(tmp_path)).name == "folder", "an archive among recordings is no set"
    (tmp_path / "b.wav").unlink()
    write(tmp_path / "manifest.jsonl", "{}")
    assert recognize(str(tmp_path)).name == "manifest", "what lists the data says what it is"


def test_the_case(shared: Path) -> None:
    found = read(shared / "cases" / "data" / "wds-000000.tar")
    assert found.texts == {"000000": "two one nine", "000001": "three five one", "000002": "three"}
    assert [item.duration for item in found.utterances] == [1.26425, 1.048, 0.377]
