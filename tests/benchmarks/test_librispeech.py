"""LibriSpeech from every source: the same utterances, and every way in which a release can be broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.dataset import Request, open_dataset
from benchmarks.registry import get_dataset
from benchmarks.sources import pairing
from harness.audio import decode
from harness.errors import AccessError, DataError
from tests.benchmarks.layouts import (
    clips,
    content_hash,
    leaderboard_rows,
    librispeech_files,
    librispeech_rows,
    write_files,
    write_parquet,
    write_tar,
    write_zip,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.dataset import Utterance

OTHER = get_dataset("librispeech_test_other")


def read(root: Path) -> list[Utterance]:
    return list(open_dataset(OTHER, Request(root=root)))


@pytest.fixture(scope="module")
def expected() -> str:
    """The content of the ten utterances, by the straight way: the corpus's own files, one by one."""
    from benchmarks.dataset import Audio, Utterance

    return content_hash(
        Utterance(id=clip.id, audio=Audio(origin="", path=clip.path), reference=clip.text, language="en")
        for clip in clips("librispeech_test_other", 10)
    )


def test_the_tree(tmp_path: Path, expected: str) -> None:
    root = write_files(tmp_path / "data", librispeech_files(count=10))
    notes: dict[str, str] = {}
    found = list(open_dataset(OTHER, Request(root=root, note=notes.__setitem__)))
    assert content_hash(found) == expected
    assert notes == {"source": "archive:test-other.tar.gz", "revision": "test-other"}
    first = next(item for item in found if item.id == "1688-142285-0000")
    assert (first.session, first.duration, first.language) == ("1688", 15.0, "en")
    assert content_hash(read(root / "LibriSpeech" / "test-other")) == expected


@pytest.mark.parametrize("text_last", [True, False])
@pytest.mark.parametrize(("name", "mode"), [("test-other.tar.gz", "w:gz"), ("test-other.tar", "w:")])
def test_tars_with_transcripts_before_or_after_the_audio(
    tmp_path: Path, expected: str, name: str, mode: str, text_last: bool
) -> None:
    write_tar(tmp_path / name, librispeech_files(count=10, text_last=text_last), mode)
    before = sorted(tmp_path.rglob("*"))
    assert content_hash(read(tmp_path)) == expected
    assert sorted(tmp_path.rglob("*")) == before, "nothing may be extracted"


def test_zip(tmp_path: Path, expected: str) -> None:
    write_zip(tmp_path / "test-other.zip", librispeech_files(count=10))
    assert content_hash(read(tmp_path)) == expected


@pytest.mark.parametrize("text_last", [True, False])
def test_transcripts_far_from_their_audio_are_read_first(
    tmp_path: Path, expected: str, text_last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All transcripts at one end of the archive, and no more room than for two recordings to wait."""
    files = librispeech_files(count=10)
    ordered = dict(sorted(files.items(), key=lambda item: item[0].endswith(".txt") == text_last))
    write_tar(tmp_path / "test-other.tar.gz", ordered)
    monkeypatch.setattr(pairing, "PENDING_BYTES", 2 * max(map(len, files.values())))
    found = read(tmp_path)
    assert len(found) == 10
    assert content_hash(found) == expected


def test_a_zip_with_a_broken_member(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "test-other.zip", librispeech_files(count=2))
    data = bytearray(path.read_bytes())
    at = data.find(b"fLaC") + 1_000
    data[at] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"\.flac: cannot be read .bad CRC-32, the archive is damaged: get it again"):
        [decode(utterance.audio) for utterance in read(tmp_path)]


def test_a_transcript_in_two_files(tmp_path: Path) -> None:
    files = librispeech_files(count=1)
    files["LibriSpeech/test-other/1688/142285/again.trans.txt"] = b"1688-142285-0000 WORDS"
    write_tar(tmp_path / "test-other.tar.gz", files)
    with pytest.raises(DataError, match="the utterance 1688-142285-0000 is in two transcript files"):
        read(tmp_path)


def test_a_plain_tar_is_not_held_in_memory(tmp_path: Path) -> None:
    write_tar(tmp_path / "test-other.tar", librispeech_files(count=3), "w:")
    for utterance in read(tmp_path):
        assert utterance.audio.data is None
        assert utterance.audio.size is not None


README = """---
configs:
- config_name: other
  data_files:
  - split: test
    path: other/test/*.parquet
---
"""


@pytest.mark.parametrize("folder", ["librispeech_asr", "openslr/librispeech_asr", "openslr--librispeech_asr"])
def test_a_local_copy_of_the_hubs_parquet(tmp_path: Path, expected: str, folder: str) -> None:
    rows = librispeech_rows(10)
    write_parquet(tmp_path / folder / "other/test/0000.parquet", rows[:6])
    write_parquet(tmp_path / folder / "other/test/0001.parquet", rows[6:])
    (tmp_path / folder / "README.md").write_text(README, encoding="utf-8")
    notes: dict[str, str] = {}
    found = list(open_dataset(OTHER, Request(root=tmp_path, note=notes.__setitem__)))
    assert content_hash(found) == expected
    assert notes["source"] == "hub:openslr/librispeech_asr other/test"
    assert [item.duration for item in found] == [clip.seconds for clip in clips("librispeech_test_other", 10)]


def test_a_hub_cache_below_from(tmp_path: Path, expected: str) -> None:
    folder = tmp_path / "hub" / "datasets--openslr--librispeech_asr" / "snapshots" / ("a" * 40)
    write_parquet(folder / "other/test/0000.parquet", librispeech_rows(10))
    notes: dict[str, str] = {}
    assert content_hash(open_dataset(OTHER, Request(root=tmp_path, note=notes.__setitem__))) == expected
    assert notes["revision"] == "a" * 40


def test_the_leaderboards_copy_has_its_own_text(tmp_path: Path, expected: str) -> None:
    found = clips("librispeech_test_other", 10)
    folder = tmp_path / "open-asr-leaderboard"
    write_parquet(folder / "librispeech/test.other-00000-of-00001.parquet", leaderboard_rows(found, "librispeech"))
    utterances = read(tmp_path)
    assert {item.id: item.reference.upper() for item in utterances} == {clip.id: clip.text for clip in found}
    assert [item.duration for item in utterances] == sorted((clip.seconds for clip in found), reverse=True)
    assert {item.session for item in utterances} == {clip.speaker for clip in found}
    source = next(source for source in OTHER.sources if "leaderboard" in source.where)
    assert source.text_form
    assert source.locked == ("rows", "hours")


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    write_parquet(tmp_path / "librispeech_asr/other/test-00000-of-00002.parquet", librispeech_rows(2))
    with pytest.raises(DataError, match="Parquet file 00001 of 00002 is missing"):
        read(tmp_path)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(AccessError) as failure:
        read(tmp_path)
    message = str(failure.value)
    assert message.startswith(f"librispeech_test_other is not below {tmp_path}: looked for")
    for part in ("test-other.tar.gz", "openslr/librispeech_asr other/test", "https://www.openslr.org/12"):
        assert part in message


def drop(suffix: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda files: {name: data for name, data in files.items() if not name.endswith(suffix)}


def edit(suffix: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda files: {
        name: data.replace(old, new) if name.endswith(suffix) else data for name, data in files.items()
    }


TRANS = "1688-142285.trans.txt"
BROKEN = [
    (drop("1688-142285-0001.flac"), "transcripts without audio: 1, the first is 1688-142285-0001"),
    (edit(TRANS, b"1688-142285-0001 ", b"1688-142285-0077 "), "1688-142285-0001.flac has no transcript"),
    (edit(TRANS, b"1688-142285-0001 ", b"1688-142285-0000 "), "line 2: twice utterance id '1688-142285-0000'"),
    (edit(TRANS, b"1688-142285-0001 ", b"one "), "line 2: no utterance id 'one'"),
    (edit(TRANS, b"MARGARET", b"\xff\xfe"), "is not UTF-8 text"),
    (drop(TRANS), "has no transcript"),
]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(("breakage", "message"), BROKEN)
def test_a_broken_release_is_one_clear_line(
    tmp_path: Path, breakage: Callable[[dict[str, bytes]], dict[str, bytes]], message: str, packed: bool
) -> None:
    files = breakage(librispeech_files(count=3))
    if packed:
        write_tar(tmp_path / "test-other.tar.gz", files)
    else:
        write_files(tmp_path, files)
    with pytest.raises(DataError, match=message) as failure:
        read(tmp_path)
    assert "\n" not in str(failure.value)
    assert str(tmp_path) in str(failure.value)


@pytest.mark.parametrize(
    "name", ["../../evil.flac", "/etc/evil.flac", "LibriSpeech/../../evil.trans.txt", "C:/evil.flac"]
)
@pytest.mark.parametrize("packed", ["test-other.tar.gz", "test-other.tar", "test-other.zip"])
def test_members_that_would_escape_are_refused(tmp_path: Path, name: str, packed: str) -> None:
    files = {name: b"x", **librispeech_files(count=1)}
    if packed.endswith("zip"):
        write_zip(tmp_path / packed, files)
    else:
        write_tar(tmp_path / packed, files, "w:gz" if packed.endswith("gz") else "w:")
    with pytest.raises(DataError, match="would leave its folder"):
        read(tmp_path)


@pytest.mark.parametrize("packed", ["test-other.tar.gz", "test-other.tar", "test-other.zip"])
@pytest.mark.parametrize("keep", [0, 10, 5_000, -2_000])
def test_truncated_archives(tmp_path: Path, packed: str, keep: int) -> None:
    path = tmp_path / packed
    if packed.endswith("zip"):
        write_zip(path, librispeech_files(count=3))
    else:
        write_tar(path, librispeech_files(count=3), "w:gz" if packed.endswith("gz") else "w:")
    whole = path.read_bytes()
    path.write_bytes(whole[:keep] if keep >= 0 else whole[: len(whole) // 2])
    with pytest.raises(
        DataError, match=r"cannot be read|have no audio|has no transcript|holds no utterance"
    ) as failure:
        read(tmp_path)
    assert "\n" not in str(failure.value)
