"""What the columns of a table hold, and what becomes of a row: the same for manifests and the hub's tables."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.dataset import Request, Utterance, open_dataset
from benchmarks.own.columns import NAMES, find_columns, plain
from benchmarks.own.dataset import own_dataset
from benchmarks.own.form import Account, Asked, Role
from benchmarks.own.places import distinct_ids, id_of
from benchmarks.own.rows import NO_TEXT, channel_of
from harness.errors import DataError, HarnessError

RATE = 8_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """a.wav (1 s), sub/a.wav and long.wav (4 s)."""
    (tmp_path / "sub").mkdir()
    for name, seconds in {"a.wav": 1, "sub/a.wav": 1, "long.wav": 4}.items():
        soundfile.write(tmp_path / name, [0.1] * (RATE * seconds), RATE)
    return tmp_path


def write(folder: Path, *rows: Mapping[str, object], name: str = "m.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(path: Path, asked: Asked | None = None) -> list[Utterance]:
    return list(open_dataset(own_dataset(path, asked), Request()))


def account_of(path: Path) -> Account:
    account = own_dataset(path).account
    assert account is not None
    return account


def test_every_known_name_is_found_however_it_is_written() -> None:
    for role, names in NAMES.items():
        for name in names:
            for written in (name, name.upper(), name.title().replace("_", " "), f" {name.replace('_', '-')} "):
                assert find_columns([written], Asked(), Account()).of[role] == (written,), (role, written)
    assert len({name for names in NAMES.values() for name in names}) == sum(map(len, NAMES.values()))
    assert [plain(name) for name in ("wavFile", "duration[ms]", "Audio File", "\ufeffid")] == [
        *("wav_file", "duration_ms", "audio_file", "id")
    ]


def test_the_first_name_counts_and_what_the_user_says_before_all() -> None:
    header = ["sentence", "Text", "speaker", "Unnamed: 0", "accent"]
    account = Account()
    found = find_columns(header, Asked(), account)
    assert found.of["text"] == ("Text", "sentence")
    assert found.tags == ("accent",)
    assert account.columns == {
        "sentence": "text",
        "Text": "text",
        "speaker": "speaker",
        "Unnamed: 0": "not used",
        "accent": "tag",
    }
    told = find_columns(header, Asked(columns={"text": "accent", "id": "accent"}), Account())
    assert (told.of["text"], told.of["id"], told.tags) == (("accent",), ("accent",), ("sentence", "Text"))


def test_more_columns_than_tags_are_said() -> None:
    account = Account()
    found = find_columns([f"c{number}" for number in range(70)], Asked(), account)
    assert len(found.tags) == 64
    assert (account.columns["c63"], account.columns["c64"]) == ("tag", "not used")
    assert list(account.notes) == ["70 further columns, of which the first 64 are kept as tags"]


SEGMENTS: list[tuple[dict[str, object], tuple[float | None, float | None, float | None], str]] = [
    ({"start": 1, "end": 2.5}, (1.0, 2.5, 1.5), "long_1"),
    ({"start": 0.0, "end": 2}, (0.0, 2.0, 2.0), "long"),
    ({"start": 1}, (1.0, None, 3.0), "long_1"),
    ({"end": 1.5}, (0.0, 1.5, 1.5), "long"),
    ({"offset": 1.5}, (1.5, None, 2.5), "long_1.5"),
    ({"offset": 1.5, "duration": -1}, (1.5, None, 2.5), "long_1.5"),
    ({"offset": 0, "duration": 4.0}, (0.0, 4.0, 4.0), "long"),
    ({"offset": None, "duration": None}, (None, None, 4.0), "long"),
    ({"offset": 1, "duration": "2"}, (1.0, 3.0, 2.0), "long_1"),
    ({"duration": -1}, (None, None, 4.0), "long"),
    ({"duration": "-1.0"}, (None, None, 4.0), "long"),
    ({"duration": math.nan}, (None, None, 4.0), "long"),
    ({"duration_ms": 4_000}, (None, None, 4.0), "long"),
    ({"start_ms": 500, "end_ms": 1_000}, (0.5, 1.0, 0.5), "long_0.5"),
    ({"Beginn": "0:01,5", "Ende": "2,5 s"}, (1.5, 2.5, 1.0), "long_1.5"),
    ({"start": 1, "end": 2, "duration": 9}, (1.0, 2.0, 1.0), "long_1"),
    ({"start": 1, "offset": 1, "duration": 1}, (1.0, 2.0, 1.0), "long_1"),
]


@pytest.mark.parametrize(("times", "told", "name"), SEGMENTS)
def test_segments(
    folder: Path, times: dict[str, object], told: tuple[float | None, float | None, float | None], name: str
) -> None:
    (found,) = read(write(folder, {"audio": "long.wav", "text": "x", **times}))
    assert (found.audio.start, found.audio.end, found.duration) == told
    assert found.id == name


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"text": True}, "line 1: text holds bool, not text"),
        ({"text": ["x"]}, "line 1: text holds list, not text"),
        ({"keywords": ["a", 1]}, r"line 1: keywords is \"\['a', 1\]\", not a list of words"),
        ({"keywords": 5}, "line 1: keywords is '5', not a list of words"),
        ({"speaker": True}, "line 1: speaker holds bool, not text"),
        ({"session": 1.5}, "line 1: session holds float, not text"),
        ({"id": "\0"}, "line 1: id holds a character that is not text"),
        ({"channel": -1}, "line 1: channel is '-1'; give 0, 1, ..., left, right, A, B or mix"),
        ({"channel": "1b"}, "line 1: channel is '1b'; give 0, 1"),
        ({"start": "soon"}, "line 1: start is 'soon', not a number of seconds"),
        ({"start": 1e7}, "line 1: start is '10000000.0', not a number of seconds"),
        ({"start": 1, "end": 1}, "line 1: it ends at 1 seconds, where it begins at 1"),
        ({"end": 0}, "line 1: it ends at 0 seconds, where it begins at 0"),
        ({"start": 1, "offset": 2}, "line 1: it begins at 1 by start, at 2 by its offset"),
        ({"language": "xx"}, "line 1: language 'xx' is no language that is known"),
    ],
)
def test_what_a_cell_cannot_hold(folder: Path, cells: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        own_dataset(write(folder, {"audio": "a.wav", "text": "x", **cells}))


def test_dates_and_kinds_of_line_are_neither_times_nor_channels(folder: Path) -> None:
    row = {
        "audio": "a.wav",
        "text": "x",
        "start_time": "2024-05-01T10:00:00",
        "end": "1.5.2024",
        "channel": "telephone",
    }
    path = write(folder, row | {"language": " ", "speaker": " "})
    (found,) = read(path)
    assert (found.id, found.audio.start, found.audio.end, found.audio.channel) == ("a", None, None, None)
    assert (found.language, found.session) == ("en", None)
    assert list(account_of(path).notes) == [
        f"column 'start_time' holds dates, which are no times in a recording, first {path}, line 1",
        f"column 'end' holds dates, which are no times in a recording, first {path}, line 1",
        f"column 'channel' holds words like 'telephone', which are no channels of a file, first {path}, line 1",
    ]


def test_ids_of_late_segments_are_not_rounded(folder: Path) -> None:
    path = write(folder, *({"audio": "long.wav", "text": "x", "start": 3_600 + at} for at in (0.123, 0.124)))
    dataset = own_dataset(path)
    assert dataset.rows == 2
    assert [item.id for item in read(path)] == ["long_3600.123", "long_3600.124"]


@pytest.mark.parametrize(
    ("value", "channel"),
    [
        *((0, 0), (1, 1), ("1", 1), (1.0, 1), ("2.0", 2), ([1], 1), ("left", 0), ("Right", 1), ("A", 0), ("b", 1)),
        *(("mix", "mix"), ("best", "best"), ("", None), (None, None), ("links", 0)),
    ],
)
def test_channels(folder: Path, value: object, channel: object) -> None:
    (found,) = read(write(folder, {"audio": "a.wav", "text": "x", "channel": value}))
    assert found.audio.channel == channel
    assert found.id == ("a" if channel in {0, None} else f"a_ch{channel}")


def test_what_a_channel_is_not() -> None:
    values: list[object] = [-1, True, "c", "1.5", 0.5, [0, 1], {}]
    assert [channel_of(value) for value in values] == [None] * 7


def test_speakers_sessions_keywords_languages_and_tags(folder: Path) -> None:
    rows: list[dict[str, object]] = [
        {"speaker": "s1", "session": "call", "keywords": ["Ann Lee", "Bo"], "language": "eng", "accent": "scottish"},
        {"spk_id": 7, "keywords": "x; y ;x", "lang": "German", "snr": 12.5, "noisy": True, "list": [1], "empty": ""},
        {"client_id": "c", "keywords": "x, y z", "source_lang": "de-AT", "long": "x" * 201, "null": None},
    ]
    path = write(folder, *({"audio": "a.wav", "text": "x", "id": str(at), **row} for at, row in enumerate(rows)))
    found = read(path)
    assert [item.session for item in found] == ["call", "7", "c"]
    assert [item.keywords for item in found] == [("Ann Lee", "Bo"), ("x", "y"), ("x", "y z")]
    assert [item.language for item in found] == ["en", "de", "de"]
    assert [dict(item.tags) for item in found] == [{"accent": "scottish"}, {"snr": "12.5", "noisy": "True"}, {}]
    assert list(account_of(path).notes) == [
        "column 'list': values that are lists or tables are not kept as tags",
        "column 'long': values that are longer than 200 characters, or no text are not kept as tags",
    ]


def test_texts_that_are_missing_and_texts_that_are_empty(folder: Path) -> None:
    texts = ["real", "", None, math.nan, "nan", "NaN", "None", "<NA>", "Nan", "none", "nan nan", 5, "  "]
    path = write(folder, *({"audio": "a.wav", "id": str(at), "text": text} for at, text in enumerate(texts)))
    assert [item.reference for item in read(path)] == ["real", "", "Nan", "none", "nan nan", "5", ""]
    account = account_of(path)
    assert (account.used, account.left_out[NO_TEXT].count, account.found) == (7, 6, len(texts))
    assert account.left_out[NO_TEXT].first == f"{path}, line 3"


def test_a_reference_that_is_not_the_text_is_said(folder: Path) -> None:
    rows: list[dict[str, object]] = [
        {"text": "Good Morning", "reference": "good morning!"},
        {"text": "what a system heard", "reference": "what was said"},
        {"text": "once more", "reference": "other words"},
        {"text": "only this", "reference": ""},
    ]
    path = write(folder, *({"audio": "a.wav", "id": str(at), **row} for at, row in enumerate(rows)))
    assert [item.reference for item in read(path)] == [row["text"] for row in rows]
    told = "column 'text' is the text, 'reference' has other words: --text-column reference takes that one"
    assert list(account_of(path).notes) == [f"{told}, first {path}, line 2"]
    path = write(folder, {"audio": "a.wav", "reference": "x", "ground_truth": "y"})
    assert list(account_of(path).notes) == []


def test_an_empty_text_does_not_win_over_a_full_one(folder: Path) -> None:
    rows: list[dict[str, object]] = [
        {"text": "", "sentence": "full"},
        {"text": "both", "sentence": "other"},
        {"text": "", "sentence": ""},
        {"text": None, "sentence": "full"},
    ]
    path = write(folder, *({"audio": "a.wav", "id": str(at), **row} for at, row in enumerate(rows)))
    assert [item.reference for item in read(path)] == ["full", "both", "", "full"]
    assert list(account_of(path).notes) == [f"where 'text' is empty, 'sentence' is the text, first {path}, line 1"]


PATHS: list[tuple[str, str | None]] = [
    ("a.wav", None),
    ("./a.wav", None),
    ("sub/../a.wav", None),
    ("{folder}/a.wav", None),
    ("file://{folder}/a.wav", "audio paths are file:// addresses"),
    ("~/a.wav", "audio paths begin with a home directory (~)"),
    (" a.wav\r", "white space around audio paths is not part of them, first ' a.wav\\r'"),
    ("$data_root/a.wav", "audio paths begin with $data_root, which is taken for the table's folder"),
    ("{{root}}/a.wav", "audio paths begin with {root}, which is taken for the table's folder"),
    ("sub\\a.wav", "audio paths have backslashes, first 'sub\\\\a.wav'"),
]


@pytest.mark.parametrize(("named", "note"), PATHS)
def test_paths_as_people_write_them(
    folder: Path, named: str, note: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    path = write(folder, {"audio": named.format(folder=folder), "text": "x"})
    (found,) = read(path)
    assert found.audio.path is not None
    assert found.audio.path.resolve() == (folder / ("sub/a.wav" if "\\" in named else "a.wav")).resolve()
    notes = list(account_of(path).notes)
    assert (notes == []) if note is None else notes[0].startswith(note)


def test_paths_from_the_working_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "lists").mkdir()
    monkeypatch.chdir(folder)
    path = write(folder / "lists", {"audio": "a.wav", "text": "x"}, {"audio": "sub/a.wav", "text": "x"})
    assert [item.id for item in read(path)] == ["a", "sub/a"]
    told = "audio paths are from the working directory, not from the table's folder, first 'a.wav'"
    assert list(account_of(path).notes) == [told]


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("b.wav", r"line 1: no audio file at '.*b.wav', nor from "),
        ("b.wav ", r"line 1: no audio file at '.*b.wav '"),
        ("A.WAV", r"line 1: no audio file at '.*A.WAV'; there is 'a.wav'"),
        ("a.mp3", r"line 1: no audio file at '.*a.mp3'; there is 'a.wav'"),
        ("sub", r"line 1: no audio file at '.*sub': that is a folder"),
        ("dead.wav", r"line 1: no audio file at '.*dead.wav': that is a link to nowhere"),
        ("https://x.org/a.wav", r"line 1: no audio file at '.*a.wav': an address; download it, and name the file"),
        ("a\0.wav", r"line 1: audio holds str, not text"),
    ],
)
def test_what_is_not_there_is_named_as_it_is_written(folder: Path, named: str, message: str) -> None:
    (folder / "dead.wav").symlink_to(folder / "nowhere.wav")
    with pytest.raises(DataError, match=message):
        own_dataset(write(folder, {"audio": named, "text": "x"}))


def test_absolute_paths_with_equal_names(folder: Path) -> None:
    other = folder / "other" / "sub"
    other.mkdir(parents=True)
    os.link(folder / "a.wav", other / "a.wav")
    os.link(folder / "a.wav", other / "b.wav")
    named = [folder / "a.wav", folder / "sub" / "a.wav", other / "a.wav", other / "b.wav"]
    path = write(folder, *({"audio": str(one), "text": "x"} for one in named))
    assert [item.id for item in read(path)] == [f"{folder.name}/a", f"{folder.name}/sub/a", "other/sub/a", "b"]
    assert [item.id for item in read(write(folder, {"audio": str(other / "a.wav"), "text": "x"}))] == ["a"]


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c d"]), min_size=1, max_size=5), min_size=1, max_size=12))
def test_distinct_ids_are_distinct_and_end_alike(paths: list[list[str]]) -> None:
    audio = ["/" + "/".join(parts) + ".wav" for parts in paths]
    found = distinct_ids(audio, "/")
    names = {one: found.get(one, id_of(one)) for one in audio}
    assert len(set(names.values())) == len(names)
    for one, name in names.items():
        assert one.removesuffix(".wav").endswith(name)


def test_a_name_with_two_endings_is_two_ids() -> None:
    assert distinct_ids(["/x/a.wav", "/x/a.flac", "/x/b.wav"], "/") == {"/x/a.wav": "a.wav", "/x/a.flac": "a.flac"}


def test_tables_of_others(folder: Path) -> None:
    """DeepSpeech's, SpeechBrain's, WeNet's, Common Voice's and a German spreadsheet's."""
    tables = {
        "ds.csv": "wav_filename,wav_filesize,transcript\na.wav,16044,one two\n",
        "sb.csv": "ID,duration,wav,spk_id,wrd\nu1,1.0,a.wav,s1,one two\n",
        "excel.csv": "Audio-Datei;Transkript;Sprecher\na.wav;one two;s1\n".replace("Audio-Datei", "Audiodatei"),
        "list.tsv": "a.wav\tone two\n",
    }
    for name, text in tables.items():
        (folder / name).write_text(text, encoding="utf-8")
    found = {name: read(folder / name)[0] for name in tables}
    assert {item.reference for item in found.values()} == {"one two"}
    assert [item.id for item in found.values()] == ["a", "u1", "a", "a"]
    assert [item.session for item in found.values()] == [None, "s1", "s1", None]
    assert dict(found["ds.csv"].tags) == {"wav_filesize": "16044"}


CELLS = st.one_of(
    *(st.none(), st.booleans(), st.integers(-2, 9), st.floats(), st.text(max_size=4)),
    st.lists(st.integers(), max_size=2),
    st.sampled_from(["nan", "None", "long.wav", "0:01", "1,5", "left", "de", "English", " a.wav"]),
)
OTHERS = ("text", "sentence", "start", "end", "offset", "duration", "channel", "language", "tag", "speaker")


@given(st.lists(st.dictionaries(st.sampled_from(OTHERS), CELLS, max_size=4), min_size=1, max_size=6))
def test_what_is_used_and_left_out_is_all_that_was_found(extra: list[dict[str, object]]) -> None:
    """Or one line names a row: nothing else happens to any row of any table."""
    with TemporaryDirectory() as name:
        (Path(name) / "a.wav").write_bytes(b"")
        rows = ({"audio": "a.wav", "text": "x", "id": str(at), **row} for at, row in enumerate(extra))
        path = write(Path(name), *rows)
        failure = None
        try:
            account, items = account_of(path), read(path)
        except HarnessError as error:
            failure = str(error)
    if failure is None:
        assert (account.found, account.used) == (len(extra), len(items))
    else:
        assert "m.jsonl" in failure
        assert "\n" not in failure


@pytest.mark.parametrize(
    ("header", "role", "order"),
    [
        (["Text", "text"], "text", ("text", "Text")),
        (["text", "TEXT", "Text"], "text", ("text", "TEXT", "Text")),
        (["Transcript", "transcript"], "text", ("transcript", "Transcript")),
        (["(id)", "`$(id)`", "ID", "id"], "id", ("id", "(id)", "`$(id)`", "ID")),
    ],
)
def test_the_very_name_of_a_column_counts_before_one_like_it(
    header: list[str], role: Role, order: tuple[str, ...]
) -> None:
    assert find_columns(header, Asked(), Account()).of[role] == order
