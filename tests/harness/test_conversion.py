"""Own data in another form: the same ids, references and samples."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from benchmarks.dataset import Request, open_dataset
from benchmarks.own.dataset import own_dataset
from harness.audio.hearing import decode
from harness.cli import main
from harness.conversion import convert
from harness.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

RATE = 11_025


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings of several kinds, and a manifest of wholes, segments and channels of them."""
    place = tmp_path_factory.mktemp("data")
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, (2 * RATE, 2))
    soundfile.write(place / "mono.wav", noise[:, 0], RATE)
    soundfile.write(place / "deep.flac", noise[:, 1], RATE, subtype="PCM_24")
    soundfile.write(place / "stereo.wav", noise, RATE)
    soundfile.write(place / "lossy.ogg", noise[:, 0], 16_000)
    soundfile.write(place / "floats.wav", noise, RATE, subtype="FLOAT")
    rows: list[dict[str, object]] = [
        {"audio": "mono.wav", "text": 'whole, "quoted"', "session": "s1", "accent": "x", "keywords": ["Ann"]},
        {"audio": "mono.wav", "text": "", "start": 0.25, "end": 1.0, "id": "a/b", "language": "de"},
        {"audio": "mono.wav", "text": "to its end", "start": 1.5, "id": "a b"},
        {"audio": "deep.flac", "text": "grüße", "start": 0.5, "end": 0.75, "session": "s2"},
        {"audio": "stereo.wav", "text": "left", "channel": 0},
        {"audio": "stereo.wav", "text": "right", "channel": 1, "offset": 1, "duration": 0.5},
        {"audio": "stereo.wav", "text": "both", "id": "both"},
        {"audio": "stereo.wav", "text": "mixed", "channel": "mix", "start": 0.5, "end": 1.5},
        {"audio": "lossy.ogg", "text": "lossy", "start": 0.1, "end": 0.9},
        {"audio": "lossy.ogg", "text": "lossy whole", "text_2": "kept"},
        {"audio": "floats.wav", "text": "floats", "channel": 1},
    ]
    (place / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return place


def content(path: Path) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for one in open_dataset(own_dataset(path), Request()):
        heard = hashlib.sha256(decode(one.audio).tobytes()).hexdigest()
        facts = (one.language, one.session, one.keywords, dict(one.tags))
        found.append((one.id, one.reference, heard, *facts, None if one.duration is None else round(one.duration, 6)))
    return found


@pytest.mark.parametrize(("copy", "relative"), [(False, False), (False, True), (True, False), (True, True)])
def test_a_manifest_holds_the_same(folder: Path, tmp_path: Path, copy: bool, relative: bool) -> None:
    out = convert(own_dataset(folder / "m.jsonl"), "manifest", tmp_path / "out", copy_audio=copy, relative=relative)
    assert out == tmp_path / "out" / "manifest.jsonl"
    assert content(out) == content(folder / "m.jsonl")
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["audio"].startswith("/") for row in rows] == [not relative] * len(rows)
    if copy:
        assert all("start" not in row and "end" not in row for row in rows)
        names = [row["audio"].rpartition("/")[2] for row in rows]
        assert names == [
            *("mono.wav", "a_b.flac", "a_b_2.flac", "deep_0.5.flac", "stereo.flac", "stereo_1_ch1.flac", "both.wav"),
            *("stereo_0.5_chmix.flac", "lossy_0.1.wav", "lossy.ogg", "floats_ch1.wav"),
        ]
        assert soundfile.info(out.parent / "manifest_audio" / "stereo_0.5_chmix.flac").channels == 2


def test_half_a_pair_in_a_column_is_written_as_json_writes_it(folder: Path, tmp_path: Path) -> None:
    path = folder / "half.jsonl"
    row = {"audio": "mono.wav", "id": "u", "text": "a", "\ud800": 1}
    path.write_text(json.dumps(row) + "\n")
    out = convert(own_dataset(path), "manifest", tmp_path / "out", copy_audio=False, relative=False)
    assert json.loads(out.read_text(encoding="utf-8"))["\ud800"] == "1"
    [(*_, tags, _)] = content(
        convert(own_dataset(path), "parquet", tmp_path / "table", copy_audio=False, relative=False)
    )
    assert tags == {r"\ud800": "1"}


def test_parquet_holds_the_same_and_tells_the_hub_what_it_is(folder: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    out = convert(own_dataset(folder / "m.jsonl"), "parquet", tmp_path / "x.parquet", copy_audio=True, relative=False)
    assert content(out) == content(folder / "m.jsonl")
    schema = pq.read_schema(out)
    described = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert described["audio"] == {"_type": "Audio"}
    assert set(described) == set(schema.names)


def test_what_lies_in_an_archive_is_copied_only(folder: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "d.tar", "w") as tar:
        for name, data in (("k1.flac", (folder / "deep.flac").read_bytes()), ("k1.txt", b"one two")):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    dataset = own_dataset(tmp_path / "d.tar")
    with pytest.raises(UsageError, match=r"d.tar.*k1.flac: audio that is no file of its own; write"):
        convert(dataset, "manifest", tmp_path / "out.jsonl", copy_audio=False, relative=False)
    assert not (tmp_path / "out.jsonl").exists()
    out = convert(dataset, "manifest", tmp_path / "out.jsonl", copy_audio=True, relative=True)
    assert content(out) == content(tmp_path / "d.tar")
    assert (tmp_path / "out_audio" / "k1.flac").read_bytes() == (folder / "deep.flac").read_bytes()


def test_nothing_is_overwritten(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["data", "convert", str(folder / "m.jsonl"), "--to", "manifest", "--out", str(tmp_path / "m.jsonl")]
    assert main(command) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'm.jsonl'}\n"
    before = (tmp_path / "m.jsonl").read_bytes()
    assert main(command) == 2
    assert "there is something already; name another place" in capsys.readouterr().err
    assert (tmp_path / "m.jsonl").read_bytes() == before
    assert main([*command[:4], "parquet", "--out", str(tmp_path / "p"), "--relative"]) == 2
    assert "are about a manifest; Parquet holds the audio itself" in capsys.readouterr().err


def test_tags_that_are_called_like_columns_stay_tags(folder: Path, tmp_path: Path) -> None:
    path = folder / "odd.csv"
    path.write_text("audio,said,text,speaker\nmono.wav,right,wrong,s\n", encoding="utf-8")
    from benchmarks.own.form import Asked

    dataset = own_dataset(path, Asked(columns={"text": "said"}))
    out = convert(dataset, "manifest", tmp_path / "m.jsonl", copy_audio=False, relative=False)
    (row,) = content(out)
    assert (row[1], row[4], row[6]) == ("right", "s", {"tag_text": "wrong"})


def test_more_channels_than_flac_has(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "many.wav", np.random.default_rng(1).uniform(-0.5, 0.5, (800, 9)), 8_000)
    (tmp_path / "m.jsonl").write_text('{"audio": "many.wav", "text": "x", "start": 0.02}\n')
    out = convert(own_dataset(tmp_path / "m.jsonl"), "manifest", tmp_path / "out", copy_audio=True, relative=True)
    (copy,) = (out.parent / "manifest_audio").iterdir()
    assert (copy.suffix, soundfile.info(copy).channels) == (".wav", 9)
    assert content(out) == content(tmp_path / "m.jsonl")


@pytest.mark.parametrize(("to", "copy"), [("manifest", False), ("manifest", True), ("parquet", True)])
def test_turns_and_words_with_times_stay(folder: Path, tmp_path: Path, to: str, copy: bool) -> None:
    """Of a part too, whose times a manifest states by the clock of its recording."""
    turns = [{"speaker": "ann", "text": "a", "start": 0.5, "end": 0.75}, {"speaker": "", "text": "b"}]
    words = [{"word": "a", "start": 0.5, "end": 0.75}]
    rows = [
        {"audio": str(folder / "mono.wav"), "text": "a b", "id": "whole", "turns": turns, "words": words},
        {"audio": str(folder / "mono.wav"), "text": "a b", "id": "part", "start": 0.25, "turns": turns, "words": words},
    ]
    path = tmp_path / "m.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    out = convert(
        own_dataset(path),
        to,
        tmp_path / f"out.{'parquet' if to == 'parquet' else 'jsonl'}",
        copy_audio=copy,
        relative=False,
    )
    before, after = (list(open_dataset(own_dataset(place), Request())) for place in (path, out))
    assert [(one.turns, one.words) for one in after] == [(one.turns, one.words) for one in before]
    assert [one.words[0].start for one in after] == [0.5, 0.25]
