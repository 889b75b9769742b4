"""NeMo's tarred sets: manifests of all shards or of each, and tars as NeMo's settings name them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.own.recognize import recognize
from harness.errors import DataError, UsageError
from tests.benchmarks.own.found import read, refused, tone, write
from tests.benchmarks.own.test_webdataset import pack

if TYPE_CHECKING:
    from pathlib import Path


def row(name: str, shard: int, **more: Any) -> str:
    return json.dumps({"audio_filepath": f"{name}.wav", "duration": 1.0, "text": name, "shard_id": shard, **more})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set of two shards, a.wav in both, with one manifest, and one for each shard."""
    wav = tone(tmp_path / "elsewhere" / "x.wav").read_bytes()
    place = tmp_path / "set"
    for shard in range(2):
        pack(place / f"audio_{shard}.tar", ("a.wav", wav), (f"b{shard}.wav", wav))
        rows = [row("a", shard, id=f"a of {shard}"), row(f"b{shard}", shard, offset=0.25, duration=0.5, speaker="s")]
        write(place / "sharded_manifests" / f"manifest_{shard}.json", *rows)
    every = [(place / "sharded_manifests" / f"manifest_{shard}.json").read_text(encoding="utf-8") for shard in range(2)]
    (place / "tarred_audio_manifest.json").write_text("".join(every), encoding="utf-8")
    return place


PLACES = ["", "tarred_audio_manifest.json", "audio__OP_0..1_CL_.tar", "audio_{0..1}.tar"]


@pytest.mark.parametrize("name", [*PLACES, "sharded_manifests/manifest__OP_0..1_CL_.json"])
def test_a_set_by_any_of_its_names(folder: Path, name: str) -> None:
    place = str(folder / name)
    assert recognize(place).name == "nemo_tarred"
    found = read(place)
    assert found.texts == {"a of 0": "a", "b0_0.25": "b0", "a of 1": "a", "b1_0.25": "b1"}
    assert [item.audio.origin for item in found.utterances] == [
        f"{folder}/audio_{shard}.tar!{name}.wav" for shard, name in ((0, "a"), (0, "b0"), (1, "a"), (1, "b1"))
    ]
    assert [(item.audio.start, item.audio.end, item.session) for item in found.utterances][:2] == [
        (None, None, None),
        (0.25, 0.75, "s"),
    ]
    assert found.left_out == {}


def test_further_segments_of_a_recording(folder: Path) -> None:
    """NeMo's writer calls them a-sub1.wav, a-sub2.wav; the tar has a.wav alone, unless there is a file of that name."""
    wav = tone(folder / "y.wav").read_bytes()
    pack(folder / "audio_1.tar", ("a.wav", wav), ("b1-sub2.wav", wav))
    pack(folder / "audio_2.tar", ("a-sub7.wav", wav))
    rows = [
        row("a-sub7", 1),
        row("b0", 0),
        row("b0-sub1", 0, offset=0.5, duration=0.25),
        row("a-sub1", 1, offset=0.5),
        row("b1-sub2", 1),
    ]
    write(folder / "tarred_audio_manifest.json", *rows)
    found = read(folder)
    assert [(item.id, item.audio.origin, item.audio.start) for item in found.utterances] == [
        ("a-sub7", f"{folder}/audio_2.tar!a-sub7.wav", None),
        ("b0", f"{folder}/audio_0.tar!b0.wav", None),
        ("b0-sub1_0.5", f"{folder}/audio_0.tar!b0.wav", 0.5),
        ("a-sub1_0.5", f"{folder}/audio_1.tar!a.wav", 0.5),
        ("b1-sub2", f"{folder}/audio_1.tar!b1-sub2.wav", None),
    ]
    assert found.left_out == {"audio files in tars without a row": 1}


def test_a_part_of_a_set(folder: Path) -> None:
    found = read(folder / "audio_1.tar")
    assert found.left_out == {"rows whose audio is in none of the tars": 1}
    found = read(folder / "sharded_manifests" / "manifest_0.json")
    assert list(found.texts) == ["a of 0", "b0_0.25"]
    assert found.left_out == {"audio files in tars without a row": 2}
    refused(folder / "audio_{0..2}.tar", DataError, "there is no .*audio_2.tar")


def test_shards_are_in_the_order_of_their_numbers(folder: Path) -> None:
    (folder / "tarred_audio_manifest.json").unlink()
    wav = tone(folder / "y.wav").read_bytes()
    pack(folder / "audio_10.tar", ("z.wav", wav))
    write(folder / "sharded_manifests" / "manifest_10.json", row("z", 10))
    assert list(read(folder).texts) == ["a of 0", "b0_0.25", "a of 1", "b1_0.25", "z"]


def test_a_shard_number_alone_makes_no_tarred_set(folder: Path) -> None:
    tone(folder / "a.wav")
    path = write(folder / "other.json", row("a", 0))
    assert recognize(str(path)).name == "manifest", "its audio is a file"
    write(folder / "lost.json", row("gone", 0))
    refused(folder / "lost.json", DataError, "no utterances in it.*rows whose audio is in none of the tars: 1")
    refused(folder / "a.wav", UsageError, "no manifest of a tarred set", form="nemo_tarred")


def test_the_case_of_a_shard_number_without_tars(shared: Path) -> None:
    found = read(shared / "cases" / "data" / "nemo" / "shard.json")
    assert found.texts == {"c0": "two one nine", "c1": "three five one", "c2": "three"}
