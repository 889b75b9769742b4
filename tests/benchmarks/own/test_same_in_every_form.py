"""One set of 40 clips in every form: ids, references and samples are the same; and every form is read when damaged."""

from __future__ import annotations

import hashlib
import io
import os
import random
import tarfile
from collections import Counter
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from benchmarks.own.recognize import recognize
from harness.audio import decode
from harness.errors import HarnessError
from tests.benchmarks.hub_server import Hub
from tests.benchmarks.own.found import read
from tests.benchmarks.own.writers import WRITERS, Clip, Written, clips
from tests.benchmarks.test_mutated_releases import mutated

CLIPS = 40
FEW = 6
"""Clips of a set that is damaged."""
DAMAGED = 2_000 if os.environ.get("ASR_SLOW_TESTS") else 300
"""Files, over all forms."""
Heard = dict[str, tuple[str, str]]
"""Reference, and SHA-256 of the samples, by id."""


def heard(place: str) -> Heard:
    """What a place is read as."""
    return {
        item.id: (item.reference, hashlib.sha256(decode(item.audio).tobytes()).hexdigest())
        for item in read(place).utterances
    }


@cache
def expected(folder: Path) -> Heard:
    """The clips themselves, decoded from files that no form has seen."""
    from benchmarks.dataset import Audio

    return {
        clip.id: (clip.text, hashlib.sha256(decode(Audio(origin=clip.id, data=clip.flac)).tobytes()).hexdigest())
        for clip in clips(CLIPS)
    }


def assert_same(written: Written, found: list[Clip], folder: Path) -> None:
    """What was written is what is read."""
    assert recognize(written.place).name == written.form
    assert heard(written.place) == expected(folder)
    read_as = read(written.place)
    assert sorted(item.id for item in read_as.utterances) == sorted(clip.id for clip in found)
    assert {item.language for item in read_as.utterances} == {"en"}
    assert read_as.left_out == {}
    if written.sessions:
        assert {item.id: item.session for item in read_as.utterances} == {clip.id: clip.session for clip in found}
    if written.count is not None:
        assert written.count() == CLIPS


@pytest.mark.parametrize("name", WRITERS)
def test_one_set_is_the_same_in_every_form(tmp_path: Path, name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    found = clips(CLIPS)
    assert len({clip.id for clip in found}) == CLIPS
    assert_same(WRITERS[name](tmp_path, found), found, tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("name", WRITERS)
def test_it_is_the_same_on_the_hub(
    tmp_path: Path, name: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By `hf://`, whatever its files are."""
    count = CLIPS if name == "Parquet" else FEW
    (tmp_path / "made").mkdir()
    written = WRITERS[name](tmp_path / "made", clips(count))
    paths = [path for path in (tmp_path / "made").rglob("*") if path.is_file()]
    files = {path.relative_to(tmp_path / "made").as_posix(): path.read_bytes() for path in paths}
    with Hub(repos={"org/set": {"main": files}}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
        assert recognize("hf://org/set").name == "hub"
        right = expected(tmp_path_factory.getbasetemp())
        assert heard("hf://org/set") == {clip.id: right[clip.id] for clip in clips(count)}
        if written.sessions:
            found = read("hf://org/set").utterances
            assert {item.session for item in found} == {clip.session for clip in clips(count)}


def test_damaged_files_of_every_form_are_read_or_refused_in_one_line(tmp_path: Path) -> None:
    """And where they are read, what is used and what is left out are all that is there."""
    rng = random.Random(15)
    sets = []
    for number, write in enumerate(WRITERS.values()):
        (tmp_path / str(number)).mkdir()
        sets.append((write(tmp_path / str(number), clips(FEW)), tmp_path / str(number)))
    outcomes: Counter[str] = Counter()
    for number in range(DAMAGED):
        written, folder = sets[number % len(sets)]
        outcomes[damaged(written, folder, rng)] += 1
    assert set(outcomes) == {"read", "refused"}
    assert min(outcomes.values()) > DAMAGED // 10, outcomes


def damaged(written: Written, folder: Path, rng: random.Random) -> str:
    """Damages one file, mostly one that says something, reads, and mends it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    said = [path for path in files if path.suffix != ".flac"]
    path = rng.choice(said if rng.random() < 0.8 else files)
    before = path.read_bytes()
    whole = ".tar" in path.name and rng.random() < 0.5
    path.write_bytes(repacked(rng, before) if whole else mutated(rng, before))
    try:
        found = read(written.place)
    except HarnessError as error:
        return "refused" if "\n" not in str(error) else f"more than a line: {error}"
    else:
        for item in found.utterances:
            assert item.id
            (item.id + item.reference + (item.session or "")).encode()
            assert item.duration is None or 0 < item.duration < 1e7
        there = found.account.found
        with suppress(ValueError, LookupError, EOFError, OSError, tarfile.TarError):
            there = written.count() if written.count else there
        assert found.account.found == there, (path, found.account)
        return "read"
    finally:
        path.write_bytes(before)


def repacked(rng: random.Random, data: bytes) -> bytes:
    """A tar that is whole, with one member gone, called otherwise, or damaged; or with all in another order."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = [(info.name, file.read()) for info in tar if (file := tar.extractfile(info)) is not None]
    index, kind = rng.randrange(len(members)), rng.randrange(4)
    name, content = members[index]
    if kind == 0:
        del members[index]
    elif kind == 1:
        members[index] = rng.choice(["._x.flac", "a", f"sub/{name}", name[:-1], name.upper(), f"é {name}"]), content
    elif kind == 2:
        members[index] = name, mutated(rng, content)
    else:
        rng.shuffle(members)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz" if data.startswith(b"\x1f\x8b") else "w:") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()
