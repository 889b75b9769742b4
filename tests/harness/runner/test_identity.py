"""What tells one audio from another, and one row from another."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.dataset import Audio, SpokenTurn, SpokenWord, Utterance
from harness.runner import identity
from harness.runner.identity import Heard, audio_file, compare_audio, digest_of, given


def utterance(audio: Audio, **more: object) -> Utterance:
    return replace(Utterance(id="a", audio=audio, reference="x", language="en"), **more)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "a.bin"
    file.write_bytes(b"0123456789")
    return file


def test_what_is_noted_of_a_file(path: Path) -> None:
    noted = audio_file(utterance(Audio(origin="x", path=path)))
    facts = path.stat()
    assert (noted.size, noted.digest) == (10, hashlib.sha256(b"0123456789").hexdigest()[:16])
    assert (noted.modified, noted.changed, noted.inode) == (facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)
    assert audio_file(utterance(Audio(origin="x", path=path)), read=False).digest is None
    gone = audio_file(utterance(Audio(origin="x", path=path.with_name("b.bin"))))
    assert (gone.size, gone.digest, gone.modified) == (0, "", 0)


def test_a_member_of_an_archive_is_told_by_its_own_bytes(path: Path) -> None:
    member = utterance(Audio(origin="x!m", path=path, offset=2, size=3))
    noted = audio_file(member)
    assert (noted.size, noted.digest) == (3, hashlib.sha256(b"234").hexdigest()[:16])
    part = audio_file(utterance(replace(member.audio, start=0.5)))
    assert (part.digest, part.given) == (noted.digest, "start=0.5")
    path.write_bytes(b"__234_____")
    assert compare_audio(member, noted) is Heard.TOUCHED
    path.write_bytes(b"__23______")
    assert compare_audio(member, noted) is Heard.OTHER


def test_bytes_in_memory_are_told_by_what_they_are(path: Path) -> None:
    noted = audio_file(utterance(Audio(origin="x", data=b"0123456789")))
    assert (noted.size, noted.modified, noted.changed, noted.inode) == (10, 0, 0, 0)
    assert compare_audio(utterance(Audio(origin="y", data=b"0123456789")), noted) is Heard.SAME
    assert compare_audio(utterance(Audio(origin="x", data=b"0123456780")), noted) is Heard.OTHER
    unpacked = utterance(Audio(origin="z", path=path))
    assert compare_audio(unpacked, noted) is Heard.TOUCHED
    assert compare_audio(utterance(Audio(origin="x", data=b"0123456789")), audio_file(unpacked)) is Heard.TOUCHED


def test_a_file_that_is_gone_or_was_never_there(path: Path) -> None:
    here = utterance(Audio(origin="x", path=path))
    noted = audio_file(here)
    path.unlink()
    assert compare_audio(here, noted) is Heard.GONE
    never = audio_file(here)
    assert compare_audio(here, never) is Heard.SAME
    path.write_bytes(b"0123456789")
    assert compare_audio(here, never) is Heard.OTHER


def test_what_was_not_read_is_other_as_soon_as_it_is_touched(path: Path) -> None:
    here = utterance(Audio(origin="x", path=path))
    noted = audio_file(here, read=False)
    assert compare_audio(here, noted) is Heard.SAME
    path.write_bytes(b"9876543210")
    assert compare_audio(here, noted) is Heard.OTHER


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": 0.5}, "start=0.5"),
        ({"end": 1.25}, "end=1.25"),
        ({"channel": 1}, "channel=1"),
        ({"channel": "best"}, "channel=best"),
        ({"start": 1234.5678, "end": 1234.5679}, "start=1234.5678 end=1234.5679"),
    ],
)
def test_another_part_of_a_file_is_other_audio(path: Path, change: dict[str, object], said: str) -> None:
    whole = utterance(Audio(origin="x", path=path))
    part = utterance(Audio(origin="x", path=path, **change))  # type: ignore[arg-type]
    assert (given(whole), given(part)) == ("", said)
    assert compare_audio(part, audio_file(whole)) is Heard.OTHER
    assert compare_audio(whole, audio_file(part)) is Heard.OTHER
    assert compare_audio(part, audio_file(part)) is Heard.SAME
    assert digest_of([whole]) != digest_of([part])


@pytest.mark.parametrize(
    "change",
    [
        {"id": "b"},
        {"reference": "x "},
        {"language": "de"},
        {"session": "s"},
        {"parent_id": "p", "chunk_index": 0},
        {"duration": 1.0},
        {"tags": {"accent": "x"}},
        {"keywords": ("a",)},
        {"turns": (SpokenTurn("ann", "x"),)},
        {"words": (SpokenWord("x", 0.0, 1.0),)},
    ],
)
def test_a_digest_is_of_all_that_a_row_says(path: Path, change: dict[str, object]) -> None:
    one = utterance(Audio(origin="x", path=path))
    assert digest_of([one]) != digest_of([replace(one, **change)])  # type: ignore[arg-type]
    assert digest_of([one]) == digest_of([utterance(Audio(origin="elsewhere", path=path))])
    assert digest_of([one, replace(one, id="b")]) != digest_of([one])


def test_a_file_of_many_segments_is_read_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []
    before = identity._read

    def read(audio: Audio) -> str | None:
        reads.append(audio.origin)
        return before(audio)

    monkeypatch.setattr(identity, "_read", read)
    for number in range(5):
        audio_file(utterance(Audio(origin="x", path=path, start=float(number), end=number + 1.0)))
    assert len(reads) == 1
