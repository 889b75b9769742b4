"""What few recipes write, of every form: other names of files and fields, other ways to say the same."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.own.recognize import recognize
from harness.errors import DataError
from tests.benchmarks.own.found import read, refused, tone, write
from tests.benchmarks.own.tables import parquet, row
from tests.benchmarks.own.test_lhotse import lines, recording, supervision
from tests.benchmarks.own.test_saved import save
from tests.benchmarks.own.test_webdataset import pack

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("place", ["", "data", "dump/raw"])
def test_kaldi_facts_and_folders(tmp_path: Path, place: str) -> None:
    folder = tmp_path / place / "test"
    for name in ("a", "b"):
        tone(folder / f"{name}.wav", 2)
    write(folder / "wav.scp", "r1 a.wav", "r2 b.wav")
    write(folder / "segments", "u1 r1 0.5 -1.0", "u2 r2 0.25 0.75")
    write(folder / "text", "u1 one", "u2 two")
    write(folder / "utt2spk", "u1 s1", "u2 s2")
    write(folder / "spk2accent", "s1 scots")
    write(folder / "spk2age", "s2 41")
    write(folder / "utt2category", "u2 noisy")
    write(folder / "utt2lid", "u1 de", "u2 nl")
    found = read(tmp_path)
    assert [(item.id, item.session, dict(item.tags), item.language) for item in found.utterances] == [
        ("u1", "s1", {"accent": "scots"}, "de"),
        ("u2", "s2", {"age": "41", "category": "noisy"}, "nl"),
    ]
    assert [(item.audio.start, item.audio.end, item.duration) for item in found.utterances] == [
        (0.5, None, 1.5),
        (0.25, 0.75, 0.5),
    ]
    write(folder / "utt2lang", "u1 fr", "u2 it")
    assert [item.language for item in read(tmp_path).utterances] == ["fr", "it"], "the more usual of the two"


def test_kaldi_utterances_have_tags_of_their_own(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav")
    write(tmp_path / "wav.scp", "u1 a.wav")
    write(tmp_path / "text", "u1 one")
    write(tmp_path / "utt2gender", "u1 f")
    write(tmp_path / "utt2accent", "u1 scots")
    assert dict(read(tmp_path).utterances[0].tags) == {"gender": "f", "accent": "scots"}


def test_a_channel_of_lhotse_is_counted_within_its_file(tmp_path: Path) -> None:
    """Channels of a recording are numbered through; what is heard is the place in the file."""
    tone(tmp_path / "one.wav", 4)
    tone(tmp_path / "two.wav", 4, channels=2)
    sources = (
        {"type": "file", "channels": [0], "source": "one.wav"},
        {"type": "file", "channels": [1, 2], "source": "two.wav"},
    )
    write(tmp_path / "recordings.jsonl", *lines(recording("r", 4.0, *sources)))
    said = [supervision(f"s{channel}", channel, 1.0, channel=channel) for channel in range(3)]
    write(tmp_path / "supervisions.jsonl", *lines(*said))
    assert read(tmp_path).spans(tmp_path) == {
        "s0": ("one.wav", 0.0, 1.0, None),
        "s1": ("two.wav", 1.0, 2.0, 0),
        "s2": ("two.wav", 2.0, 3.0, 1),
    }


def test_folders_of_splits_may_begin_with_a_capital(tmp_path: Path) -> None:
    for split in ("Test", "Train"):
        tone(tmp_path / split / "a.wav")
        write(tmp_path / split / "metadata.csv", "file_name,text", f"a.wav,of {split}")
    assert read(tmp_path).texts == {"a": "of Test"}
    assert read(tmp_path, split="Train").texts == {"a": "of Train"}


def test_the_first_releases_of_common_voice_leave_endings_away(tmp_path: Path) -> None:
    folder = tmp_path / "de"
    tone(folder / "clips" / "x.mp3", 0.5)
    write(folder / "test.tsv", "client_id\tpath\tsentence\taccent\tvariant\tsegment", "c\tx\tGut.\tÖsterreich\tv\t")
    write(folder / "clip_durations.tsv", "clip\tduration[ms]", "x.mp3\t500")
    found = read(folder)
    assert found.spans(folder) == {"x": ("clips/x.mp3", None, None, None)}
    assert (found.utterances[0].duration, dict(found.utterances[0].tags)) == (
        0.5,
        {"accent": "Österreich", "variant": "v"},
    )
    assert [found.account.columns[name] for name in ("accent", "variant", "path")] == ["tag", "tag", "audio"]


@pytest.mark.parametrize(
    "name",
    ["README.txt", "read_me.txt", "LICENSE-2.0.txt", "licence.txt", "CITATION.txt", "credits.txt", "changelog.v2.txt"],
)
def test_texts_about_the_data_are_no_transcripts(tmp_path: Path, name: str) -> None:
    tone(tmp_path / "a.wav")
    write(tmp_path / "a.txt", "hello")
    write(tmp_path / name, "about")
    assert read(tmp_path).left_out == {"texts about the data (README, LICENSE, ...)": 1}
    write(tmp_path / f"my {name}", "what")
    refused(tmp_path, DataError, "texts without an audio file beside them: 1")


def test_files_below_hidden_folders_and_those_of_the_system_are_told_apart(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav")
    write(tmp_path / "a.txt", "hello")
    for stray in (".git/x", ".git/y", ".git/deep/z", "__MACOSX/a.wav", "@eaDir/b.wav"):
        write(tmp_path / stray, "x")
    assert read(tmp_path).left_out == {"hidden files": 3, "files of the operating system": 2}


@pytest.mark.parametrize("column", ["split", "Subset", "partition", "set", "Teil"])
def test_a_column_that_says_the_split(tmp_path: Path, column: str) -> None:
    for name in "ab":
        tone(tmp_path / f"{name}.wav")
    place = write(tmp_path / "all.csv", f"audio,text,{column}", "a.wav,one,test", "b.wav,two,train")
    found = read(place, split="test")
    assert (found.texts, found.left_out) == ({"a": "one"}, {"rows of other splits": 1})


def test_a_folder_with_a_manifest_and_metadata_is_its_manifest(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav")
    write(tmp_path / "metadata.csv", "file_name,text", "a.wav,metadata")
    write(tmp_path / "manifest.csv", "audio,text", "a.wav,manifest")
    assert read(tmp_path).texts == {"a": "manifest"}


def test_absolute_paths_are_called_by_what_tells_them_apart(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        tone(tmp_path / folder / "a.wav")
    tone(tmp_path / "far" / "b.wav")
    rows = [{"audio": str(tmp_path / place), "text": place} for place in ("x/a.wav", "y/a.wav")]
    place = write(tmp_path / "manifest.jsonl", *lines(*rows))
    assert read(place).texts == {"x/a": "x/a.wav", "y/a": "y/a.wav"}
    place = write(tmp_path / "manifest.jsonl", *lines({"audio": str(tmp_path / "far" / "b.wav"), "text": "b"}))
    assert read(place).texts == {"b": "b"}


def test_a_tarred_set_of_older_names(tmp_path: Path) -> None:
    """`audio_file` for `audio_filepath`, and a recording of more than ten segments."""
    wav = tone(tmp_path / "elsewhere" / "x.wav", 2).read_bytes()
    pack(tmp_path / "set" / "audio_0.tar", ("a.wav", wav))
    rows = [
        {"audio_file": name, "text": name, "shard_id": 0, "offset": offset, "duration": 0.5, "id": name}
        for name, offset in (("a.wav", 0.25), ("a-sub9.wav", 0.75), ("a-sub12.wav", 1.25))
    ]
    place = write(tmp_path / "set" / "shards.json", *lines(*rows))
    assert recognize(str(place)).name == "nemo_tarred"
    found = read(place)
    assert [(item.id, item.audio.start, item.audio.end) for item in found.utterances] == [
        ("a.wav", 0.25, 0.75),
        ("a-sub9.wav", 0.75, 1.25),
        ("a-sub12.wav", 1.25, 1.75),
    ]
    assert found.left_out == {}


def test_a_parquet_file_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "DATA.PARQUET").write_bytes(parquet([row(1)]))
    assert recognize(str(tmp_path / "DATA.PARQUET")).name == "parquet"
    assert read(tmp_path / "DATA.PARQUET").texts == {"c01": "words of 1"}


@pytest.mark.parametrize("key", ["_indices_data_files", "_indices_files"])
def test_a_saved_set_whose_rows_are_chosen_by_an_index_is_refused(tmp_path: Path, key: str) -> None:
    state: dict[str, Any] = json.loads((save(tmp_path) / "state.json").read_text(encoding="utf-8"))
    (tmp_path / "state.json").write_text(json.dumps({**state, key: [{"filename": "i.arrow"}]}), encoding="utf-8")
    refused(tmp_path, DataError, "its rows are chosen by an index of an old version of datasets; load it and save it")


def test_packed_tables_of_splits_are_called_without_their_endings(tmp_path: Path) -> None:
    for name in "ab":
        tone(tmp_path / f"{name}.wav")
    for split, name in (("train", "a"), ("test", "b")):
        (tmp_path / f"{split}.csv.gz").write_bytes(gzip.compress(f"file,text\n{name}.wav,of {split}\n".encode()))
    assert read(tmp_path).texts == {"b": "of test"}
    assert read(tmp_path, split="train").texts == {"a": "of train"}


@pytest.mark.parametrize("between", ["-", "_", "."])
def test_a_side_of_a_call_may_be_a_file_of_its_own(tmp_path: Path, between: str) -> None:
    for side in "AB":
        tone(tmp_path / f"call{between}{side}.wav", 2)
    write(tmp_path / "call.stm", "call A s1 0.0 1.0 <o> hello", "call B s2 1.0 2.0 <o> there")
    found = read(tmp_path)
    assert [(item.reference, item.audio.path.name if item.audio.path else "") for item in found.utterances] == [
        ("hello", f"call{between}A.wav"),
        ("there", f"call{between}B.wav"),
    ]


def test_ids_of_transcripts_may_be_names_of_files(tmp_path: Path) -> None:
    for name in ("1_2_3", "4_5_6"):
        tone(tmp_path / "audio" / f"{name}.flac")
    write(tmp_path / "transcripts.txt", "1_2_3.flac\tone", "4_5_6\ttwo")
    found = read(tmp_path)
    assert sorted(found.texts.values()) == ["one", "two"]
    assert found.left_out == {}


def test_shards_that_begin_later_are_no_gap(tmp_path: Path) -> None:
    wav = tone(tmp_path / "elsewhere" / "x.wav", 0.5).read_bytes()
    for number in (7, 8, 10):
        pack(tmp_path / "set" / f"x-{number:03d}.tar", (f"k{number}.wav", wav), (f"k{number}.lab", f"said {number}"))
    found = read(tmp_path / "set")
    assert found.texts == {"k7": "said 7", "k8": "said 8", "k10": "said 10"}
    assert list(found.account.notes) == ["of the shards x-*, 1 are not there, the first is number 9"]


def test_a_class_is_the_transcript_only_where_nothing_else_is(tmp_path: Path) -> None:
    wav = tone(tmp_path / "elsewhere" / "x.wav", 0.5).read_bytes()
    said: dict[str, object] = {"text": "said"}
    pack(tmp_path / "x.tar", ("a.wav", wav), ("a.cls", "3"), ("a.json", said), ("b.wav", wav), ("b.cls", "yes"))
    assert read(tmp_path / "x.tar").texts == {"a": "said", "b": "yes"}
