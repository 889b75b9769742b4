"""Parquet and Arrow files on the disk: every kind of audio cell, ids, splits, and every fault by its row."""

from __future__ import annotations

import io
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.dataset import Request, open_dataset
from benchmarks.own.dataset import own_dataset
from benchmarks.own.form import Asked
from harness.errors import DataError, HarnessError, UsageError
from tests.benchmarks.own.tables import RATE, arrow, clip, heard, parquet, read, row, samples, told, write

ROWS = [row(number) for number in range(10)]
RIGHT = [(f"c{number:02d}", f"words of {number}") for number in range(10)]


def message(place: Path, asked: Asked | None = None) -> str:
    with pytest.raises(HarnessError) as failure:
        read(place, asked)
    text = str(failure.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "x.feather"])
def test_one_file(tmp_path: Path, name: str) -> None:
    data = parquet(ROWS) if name == "x.parquet" else arrow(ROWS, stream=name == "x.arrow")
    path = write(tmp_path / name, data)
    found = read(path)
    assert told(found) == RIGHT
    assert [heard(item) for item in found] == [list(samples(number)) for number in range(10)]
    assert [item.duration for item in found] == [(800 + 80 * number) / RATE for number in range(10)]
    assert found[9].audio.origin == f"{path}, row 9"
    dataset = own_dataset(path)
    assert (dataset.name, dataset.rows, dataset.words) == ("data_x", 10, 30)
    assert dataset.account is not None
    assert dataset.account.used == 10
    assert dataset.account.columns == {"audio": "audio", "text": "text"}
    assert list(dataset.account.notes) == ["ids are the file names of the audio"]
    asked = own_dataset(path, Asked(split="test", config="de"))
    assert asked.account is not None
    assert list(asked.account.notes) == [
        f"--split test chooses nothing: {name} is all there is",
        f"--config de chooses nothing: {name} is all there is",
        "ids are the file names of the audio",
    ]


def test_rows_are_checked_without_their_audio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq

    path = write(tmp_path / "x.parquet", parquet(ROWS))
    columns: list[str] = []
    original = pq.ParquetFile.iter_batches

    def watched(self: Any, *args: Any, **options: Any) -> Any:
        columns.extend(options["columns"])
        return original(self, *args, **options)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", watched)
    own_dataset(path)
    assert set(columns) == {"text", "audio.path"}


CELLS: list[tuple[str, Any]] = [
    ("bytes alone", lambda number: {"audio": clip(number, "WAV")}),
    ("bytes and no path", lambda number: {"audio": {"bytes": clip(number), "path": None}}),
    ("16-bit samples", lambda number: {"audio": {"array": list(map(int, samples(number))), "sampling_rate": RATE}}),
    ("floats", lambda number: {"audio": {"array": (samples(number) / 32_768).tolist(), "sampling_rate": RATE}}),
    (
        "16-bit samples and where they were",
        lambda number: {"audio": {"path": "gone.wav", "array": samples(number).tolist(), "sampling_rate": RATE}},
    ),
    ("a path in a struct", lambda number: {"audio": {"bytes": None, "path": f"wavs/{number}.wav"}}),
    ("a path and nothing else", lambda number: {"audio": {"path": f"wavs/{number}.wav"}}),
    ("a path as text", lambda number: {"file_name": f"wavs/{number}.wav"}),
    (
        "samples and a column of rates",
        lambda number: {"array": (samples(number) / 32_768).tolist(), "sample_rate": RATE},
    ),
]


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize(("name", "cell"), CELLS, ids=[name for name, _ in CELLS])
def test_audio_cells(tmp_path: Path, kind: str, name: str, cell: Any) -> None:
    for number in range(5):
        write(tmp_path / f"wavs/{number}.wav", clip(number, "WAV"))
    rows = [cell(number) | {"text": str(number), "id": f"u{number}"} for number in range(5)]
    path = write(tmp_path / f"x.{kind}", parquet(rows) if kind == "parquet" else arrow(rows))
    found = read(path)
    assert told(found) == [(f"u{number}", str(number)) for number in range(5)]
    assert [heard(item) for item in found] == [list(samples(number)) for number in range(5)]


def test_two_channels_of_samples(tmp_path: Path) -> None:
    both = np.stack([samples(3), -samples(3)])
    for place, table in (("channels", both), ("frames", both.T)):
        rows = [{"audio": {"array": table.tolist(), "sampling_rate": RATE}, "text": "x"}]
        (item,) = read(write(tmp_path / f"{place}.parquet", parquet(rows)))
        assert heard(item) == both.T.tolist()


def test_narrow_numbers_keep_their_type(tmp_path: Path) -> None:
    import pyarrow as pa

    kind = pa.struct({"array": pa.list_(pa.int16()), "sampling_rate": pa.int32()})
    schema = pa.schema({"audio": kind, "text": pa.string()})
    rows = [{"audio": {"array": samples(1).tolist(), "sampling_rate": RATE}, "text": "x"}]
    (item,) = read(write(tmp_path / "x.parquet", parquet(rows, schema=schema)))
    assert heard(item) == list(samples(1))


def test_large_types_views_and_dictionaries(tmp_path: Path) -> None:
    import pyarrow as pa

    rows = [row(number, speaker="s") for number in range(3)]
    kind = pa.struct({"bytes": pa.large_binary(), "path": pa.large_string()})
    schema = pa.schema({"audio": kind, "text": pa.large_string(), "speaker": pa.dictionary(pa.int8(), pa.string())})
    found = read(write(tmp_path / "x.arrow", arrow(rows, schema)))
    assert told(found) == RIGHT[:3]
    assert found[2].session == "s"
    assert heard(found[2]) == list(samples(2))


def test_ids_are_numbers_where_file_names_are_not_unique(tmp_path: Path) -> None:
    rows = [row(number) | {"audio": {"bytes": clip(number), "path": "a.flac"}} for number in range(3)]
    path = write(tmp_path / "x.parquet", parquet(rows))
    assert [item.id for item in read(path)] == ["000000", "000001", "000002"]
    account = own_dataset(path).account
    assert account is not None
    assert list(account.notes) == ["ids are the numbers of the rows, from 000000"]


def test_a_file_name_that_comes_again_later_gets_its_row(tmp_path: Path) -> None:
    first, second = [row(0), row(1)], [row(2), row(1)]
    write(tmp_path / "test-00000-of-00002.parquet", parquet(first))
    write(tmp_path / "test-00001-of-00002.parquet", parquet(second))
    ids = ["c00", "c01", "c02", "c01#000003"]
    assert [item.id for item in read(tmp_path)] == ids
    wanted = {"c02", "c01#000003"}
    asked = Asked(request=Request(wanted=wanted))
    assert [item.id for item in read(tmp_path, asked)] == ids, "the run's request is another"


def test_only_what_is_wanted_is_read(tmp_path: Path) -> None:
    from benchmarks.own.account import Account
    from benchmarks.own.arrow import Reading, Shard

    rows = [*ROWS[:6], row(6) | {"text": None}, *ROWS[7:]]
    path = write(tmp_path / "x.parquet", parquet(rows))
    account = Account()
    reading = Reading(Asked(), account, lambda line, name: Path(name), wanted={"c01", "c09"})
    found = list(reading.items([Shard("x", lambda: path)]))
    assert [(item.entry.id, len(item.audio.data or b"")) for item in found] == [
        ("c01", len(clip(1))),
        ("c09", len(clip(9))),
    ]
    assert [one.count for one in account.left_out.values()] == [1]


def test_names_that_numbers_stand_for(tmp_path: Path) -> None:
    import pyarrow as pa

    features = {"label": {"_type": "ClassLabel", "names": ["no", "yes"]}, "audio": {"_type": "Audio"}}
    metadata = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    schema = pa.schema({"audio": kind, "label": pa.int64()}, metadata=metadata)
    rows = [{"audio": row(number)["audio"], "label": number % 2} for number in range(3)]
    path = write(tmp_path / "x.parquet", parquet(rows, schema=schema))
    assert [item.reference for item in read(path, Asked(columns={"text": "label"}))] == ["no", "yes", "no"]
    assert "no text" in message(path)
    assert "--text-column" in message(path)


def test_columns_that_are_stated_or_named(tmp_path: Path) -> None:
    rows = [
        {
            "near": clip(1),
            "far": clip(2),
            "wrong": "x",
            "said": "right",
            "uid": "a",
            "who": "s",
            "lang": "German",
            "age": 3,
        }
    ]
    path = write(tmp_path / "x.parquet", parquet(rows))
    assert message(path) == f"{path}: several columns of audio; say which, with --audio-column: 'near', 'far'"
    asked = Asked(columns={"audio": "far", "text": "said", "session": "who"})
    (item,) = read(path, asked)
    assert (item.id, item.reference, item.session, item.language) == ("a", "right", "s", "de")
    assert dict(item.tags) == {"wrong": "x", "age": "3"}
    assert heard(item) == list(samples(2))
    account = own_dataset(path, asked).account
    assert account is not None
    assert account.columns["near"] == "not used"
    assert "no column 'gone'" in message(path, Asked(columns={"audio": "gone"}))
    assert "holds int64, not audio" in message(path, Asked(columns={"audio": "age"}))


FAULTS: list[tuple[list[dict[str, Any]], str]] = [
    ([{"text": "x"}], "no column of audio among 'text'; name one with --audio-column"),
    ([{"audio": "gone.wav", "text": "x"}], "row 0: no audio file at '.*gone.wav'"),
    (
        [{"audio": "../x.wav", "text": "x"}],
        r"row 0: the audio's path '../x.wav' leads out of the data, and is not followed",
    ),
    ([{"audio": "a/../../x.wav", "text": "x"}], "leads out of the data"),
    ([{"audio": r"..\x.wav", "text": "x"}], "leads out of the data"),
    (
        [{"audio": "https://example.org/x.wav", "text": "x"}],
        "an address, 'https://example.org/x.wav', which is not fetched",
    ),
    ([{"audio": "zip://x.wav::a.zip", "text": "x"}], "an address, 'zip://x.wav::a.zip', which is not fetched"),
    (
        [{"audio": {"array": [0.1], "sampling_rate": None}, "text": "x"}],
        "row 0: the audio is samples, and nothing says",
    ),
    (
        [{"audio": {"array": [0.1], "sampling_rate": -1}, "text": "x"}],
        "row 0: the audio is samples, and their rate is '-1'",
    ),
    ([{"audio": {"array": [0.1, None], "sampling_rate": 8}, "text": "x"}], "row 0: .* of which some are missing"),
    (
        [{"audio": {"array": [1 << 20], "sampling_rate": 8}, "text": "x"}],
        "row 0: .* whole numbers of more than 16 bits",
    ),
    ([{"audio": {"array": [[1.0], [1.0, 2.0]], "sampling_rate": 8}, "text": "x"}], "row 0: .* not equally long"),
    ([{"audio": {"array": [0.1, 1e300], "sampling_rate": 8}, "text": "x"}], "row 0: .* some are no numbers"),
    ([row(0, id="a"), row(1, id="a")], "row 1: the id 'a' occurs again"),
    ([row(0, lang="xx")], "row 0: .*'xx' is no language"),
    ([row(0, duration="long")], "row 0: duration is 'long'"),
    ([], "no utterances in it"),
]


@pytest.mark.parametrize(("rows", "expected"), FAULTS)
def test_every_fault_names_its_row(tmp_path: Path, rows: list[dict[str, Any]], expected: str) -> None:
    import pyarrow as pa

    empty = pa.schema({"audio": pa.binary(), "text": pa.string()})
    path = write(tmp_path / "x.parquet", parquet(rows, schema=None if rows else empty))
    with pytest.raises(DataError, match=expected):
        read(path)


def test_rows_without_text_or_audio(tmp_path: Path) -> None:
    rows = [row(0), row(1) | {"text": None}, row(2) | {"audio": None}, row(3) | {"text": ""}]
    path = write(tmp_path / "x.parquet", parquet(rows))
    found = read(path)
    assert [(item.id, item.reference, item.audio.length()) for item in found] == [
        ("000000", "words of 0", len(clip(0))),
        ("000002", "words of 2", 0),  # which fails when it is decoded, and is counted
        ("000003", "", len(clip(3))),
    ]
    account = own_dataset(path).account
    assert account is not None
    assert (account.used, account.found) == (3, 4)
    assert [one.first for one in account.left_out.values()] == [f"{path}, row 1"]


def test_an_absolute_path_is_followed_on_ones_own_disk(tmp_path: Path) -> None:
    wav = write(tmp_path / "elsewhere" / "a.wav", clip(1, "WAV"))
    path = write(tmp_path / "x" / "x.parquet", parquet([{"audio": {"bytes": None, "path": str(wav)}, "text": "x"}]))
    (item,) = read(path)
    assert (item.id, heard(item)) == ("a", list(samples(1)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "a Git-LFS pointer.*git lfs pull"),
        (b"", "not a readable Parquet or Arrow file"),
        (b"PAR1", "not a readable Parquet or Arrow file"),
        (b"<html>not found</html>", "not a readable Parquet or Arrow file"),
        (parquet(ROWS)[:-20], "not a readable Parquet or Arrow file"),
        (arrow(ROWS, stream=False)[:2_000], "not a readable Parquet or Arrow file"),
    ],
)
def test_broken_files(tmp_path: Path, data: bytes, expected: str) -> None:
    path = write(tmp_path / "x.parquet", data)
    with pytest.raises(DataError, match=expected):
        own_dataset(path)
    assert message(path).startswith(f"{path}: ")


def test_a_clone_with_splits(tmp_path: Path) -> None:
    write(tmp_path / "README.md", "---\nlanguage: [fr]\n---\n")
    write(tmp_path / ".git/x.parquet", b"")
    write(tmp_path / "data/train-00000-of-00001.parquet", parquet(ROWS[:1]))
    write(tmp_path / "data/test-00001-of-00002.parquet", parquet(ROWS[5:]))
    write(tmp_path / "data/test-00000-of-00002.parquet", parquet(ROWS[:5]))
    assert told(read(tmp_path)) == RIGHT
    assert told(read(tmp_path, Asked(split="train"))) == RIGHT[:1]
    dataset = own_dataset(tmp_path)
    assert (dataset.language, dataset.language_stated) == ("fr", True)
    assert dataset.account is not None
    assert list(dataset.account.notes) == [
        "the split test is taken; there are also train",
        "ids are the file names of the audio",
        "fr: language of the card (README.md)",
    ]
    assert own_dataset(tmp_path, Asked(language="nl")).language == "nl", "what the user says wins"
    (tmp_path / "data/test-00000-of-00002.parquet").unlink()
    assert message(tmp_path) == "data/test: Parquet file 00000 of 00002 is missing: get the whole split"


@pytest.mark.parametrize(
    ("card", "config", "language"),
    [
        ("language: no", "default", "no"),
        ("languages: [German]", "default", "de"),
        ("language: [de, es]", "es", "es"),
        ("language: [de, es]", "es_419", "es"),
        ("language: [de, es]", "fr", None),
        ("language: [multilingual, xx]", "default", None),
    ],
)
def test_the_language_of_the_card(tmp_path: Path, card: str, config: str, language: str | None) -> None:
    write(tmp_path / "README.md", f"---\n{card}\n---\n")
    write(tmp_path / config / "test-00000-of-00001.parquet", parquet(ROWS[:2]))
    dataset = own_dataset(tmp_path)
    assert (dataset.language, dataset.language_stated) == (language or "en", language is not None)


def test_a_file_of_other_columns_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", parquet(ROWS[:2]))
    write(tmp_path / "b.parquet", parquet([{"sound": clip(3), "text": "x"}]))
    assert message(tmp_path) == f"{tmp_path / 'b.parquet'}: no column 'audio'; there are 'sound', 'text'"


def test_whether_it_changed_is_told_without_reading(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", parquet(ROWS))
    (source,) = own_dataset(path).sources
    before = source.state(Request())
    assert before is not None
    assert source.state(Request()) == before
    write(path, parquet(ROWS[:9]))
    assert source.state(Request()) != before
    write(tmp_path / "a.wav", clip(1, "WAV"))
    (other,) = own_dataset(write(tmp_path / "y.parquet", parquet([{"audio": "a.wav", "text": "x"}]))).sources
    assert other.state(Request()) is None, "its audio is in files of its own"


def test_one_row_at_a_time(tmp_path: Path) -> None:
    """What is read later is not needed for what came before: a broken end is found when it is reached."""
    rows = [row(number, id=f"u{number}") for number in range(8)]
    data = bytearray(parquet(rows, compression="NONE", use_dictionary=False))
    second = data.index(clip(5))
    data[second - 40 : second + 10] = bytes([255]) * 50
    stream = open_dataset(own_dataset(write(tmp_path / "x.parquet", bytes(data))), Request())
    assert [next(stream).id for _ in range(4)] == ["u0", "u1", "u2", "u3"]
    with pytest.raises(DataError, match="not a readable Parquet or Arrow file"):
        list(stream)


def test_a_form_that_is_forced(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", clip(1, "WAV"))
    with pytest.raises(UsageError, match="no file or folder there has an ending of"):
        own_dataset(tmp_path, Asked(form="parquet"))


def every_kind() -> dict[str, bytes]:
    """Files of all kinds of cells, short enough that most bytes say something."""
    import pyarrow as pa

    numbers = pa.struct({"array": pa.list_(pa.int16()), "sampling_rate": pa.int32()})
    fields = {
        "audio": numbers,
        "text": pa.string(),
        "keywords": pa.list_(pa.string()),
        "d": pa.dictionary(pa.int8(), pa.string()),
    }
    narrow = [
        {
            "audio": {"array": samples(number)[:50].tolist(), "sampling_rate": RATE},
            "text": f"w {number}",
            "keywords": ["a", "b"],
            "d": "x",
        }
        for number in range(6)
    ]
    two = [
        {"audio": {"array": [[0.1, 0.2], [0.3, 0.4]], "sampling_rate": RATE}, "text": "x", "id": str(n)}
        for n in range(6)
    ]
    plain = [{"audio": clip(number)[:300], "text": "x"} for number in range(6)]
    schema = pa.schema(fields)
    return {
        "list.arrow": arrow(narrow, schema),
        "list.parquet": parquet(narrow, schema=schema),
        "list.feather": arrow(narrow, schema, stream=False),
        "channels.arrow": arrow(two),
        "bytes.parquet": parquet(plain),
        "bytes.arrow": arrow(plain),
    }


def test_changed_bytes_end_in_rows_or_in_one_line(tmp_path: Path) -> None:
    draw, outcomes = random.Random(5), Counter[str]()
    for name, whole in every_kind().items():
        for _ in range(60):
            data = bytearray(whole)
            for _ in range(draw.randint(1, 4)):
                data[draw.randrange(len(data))] = draw.choice([0, 1, 127, 128, 255, draw.randrange(256)])
            path = write(tmp_path / name, bytes(data))
            try:
                dataset = own_dataset(path)
                count = sum(1 for _ in open_dataset(dataset, Request()))
            except HarnessError as error:
                outcomes["refused" if "\n" not in str(error) else "in more than a line"] += 1
            else:
                outcomes["read"] += 1
                assert dataset.account is not None
                assert dataset.account.used == count
    assert set(outcomes) == {"read", "refused"}
    assert min(outcomes.values()) > 40, outcomes


def test_clips_are_not_cut_again_where_they_were_in_their_recording(tmp_path: Path) -> None:
    """As in AMI's and GigaSpeech's tables."""
    length = len(samples(1)) / RATE
    rows = [
        row(1, id="far", begin_time=700.0, end_time=700.0 + length, channel=3),
        row(1, id="near", begin_time=0.02, end_time=0.02 + length, channel=1),
        row(1, id="begin", begin_time=0.01, end_time=None, channel=None),
    ]
    path = write(tmp_path / "x.parquet", parquet(rows))
    found = read(path)
    assert [heard(item) for item in found] == [samples(1).tolist()] * 3
    assert [(item.audio.start, item.audio.end, item.audio.channel) for item in found] == [(None, None, None)] * 3
    assert [item.duration for item in found] == [length] * 3


def test_a_recording_in_a_table_is_cut(tmp_path: Path) -> None:
    import soundfile

    long = io.BytesIO()
    soundfile.write(long, np.stack([samples(5, 16_000), samples(6, 15_920)], axis=1), RATE, format="FLAC")
    audio = {"bytes": long.getvalue(), "path": "call.flac"}
    rows = [{"audio": audio, "text": "x", "start": 0.5 * at, "end": 0.5 * at + 0.5, "channel": at} for at in (0, 1)]
    found = read(write(tmp_path / "x.parquet", parquet(rows)))
    assert [(item.audio.start, item.audio.end, item.audio.channel, item.duration) for item in found] == [
        (0.0, 0.5, 0, 0.5),
        (0.5, 1.0, 1, 0.5),
    ]


def test_files_that_are_not_there_are_found_before_a_run(tmp_path: Path) -> None:
    """Of cells without bytes, which the file's statistics tell; not of others, whose paths are names only."""
    import pyarrow as pa

    gone = [{"audio": {"bytes": None, "path": "gone.wav"}, "text": "x"}]
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    for schema in (None, pa.schema({"audio": kind, "text": pa.string()})):
        with pytest.raises(DataError, match="row 0: no audio file at"):
            own_dataset(write(tmp_path / "x.parquet", parquet(gone, schema=schema)))
    assert own_dataset(write(tmp_path / "y.parquet", parquet([row(1)]))).rows == 1
