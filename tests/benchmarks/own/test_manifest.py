"""The user's own data: every form it may have, and every fault by its line."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import TYPE_CHECKING

import pytest
import soundfile

from benchmarks.dataset import Request, open_dataset
from benchmarks.facts import Seen, check_facts
from benchmarks.own.dataset import own_dataset
from benchmarks.own.form import Asked
from benchmarks.own.rows import NO_TEXT
from harness.errors import DataError, HarnessError, UsageError
from tests.benchmarks.own import found

if TYPE_CHECKING:
    from pathlib import Path

RATE = 8_000


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """A folder with a.wav (1 s), sub/b.wav (2 s) and long.wav (4 s)."""
    folder = tmp_path / "my Calls"
    (folder / "sub").mkdir(parents=True)
    for name, seconds in {"a.wav": 1, "sub/b.wav": 2, "long.wav": 4}.items():
        soundfile.write(folder / name, [0.1] * (RATE * seconds), RATE)
    return folder


def write(folder: Path, name: str, *lines: object) -> Path:
    path = folder / name
    text = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def read(path: Path, language: str = "en") -> list[tuple[object, ...]]:
    found = open_dataset(own_dataset(path, Asked(language=language)), Request())
    return [(item.id, item.reference, item.language, item.session, item.duration) for item in found]


def test_json_lines(audio: Path) -> None:
    path = write(
        audio,
        "calls.jsonl",
        {"audio": "a.wav", "text": "hello there", "id": "one", "session": "call 1", "language": "de"},
        {"audio": "sub/b.wav", "text": ""},
        "",
    )
    assert read(path) == [("one", "hello there", "de", "call 1", 1.0), ("sub/b", "", "en", None, 2.0)]
    dataset = own_dataset(path)
    assert (dataset.name, dataset.rows, dataset.words) == ("data_calls", 2, 2)
    assert dataset.notes.startswith("Empty references: 1 of 2")
    assert own_dataset(path, Asked(language="de")).language == "de", "what most of its rows are"


def test_nemo_manifests_with_and_without_offsets(audio: Path) -> None:
    path = write(
        audio,
        "nemo.json",
        {"audio_filepath": "a.wav", "text": "hello", "duration": 1.0},
        {"audio_filepath": str(audio / "long.wav"), "text": "one", "offset": 0.5, "duration": 1.25},
        {"audio_filepath": "long.wav", "text": "two", "offset": 2, "duration": 1},
    )
    assert read(path) == [
        ("a", "hello", "en", None, 1.0),
        ("long_0.5", "one", "en", None, 1.25),
        ("long_2", "two", "en", None, 1.0),
    ]
    cut = list(open_dataset(own_dataset(path), Request()))[1].audio
    assert (cut.start, cut.end) == (0.5, 1.75)


def test_csv_with_quotes_and_tsv_without(audio: Path) -> None:
    comma = write(audio, "t.csv", "audio,text,speaker", 'a.wav,"say ""yes"", please",s1')
    assert read(comma) == [("a", 'say "yes", please', "en", "s1", 1.0)]
    tab = write(audio, "t.tsv", "path\tsentence\tlocale", 'a.wav\tan "open quote\tpt_BR')
    assert read(tab, "es") == [("a", 'an "open quote', "pt", None, 1.0)]


def test_a_folder_with_texts_beside_the_audio(audio: Path) -> None:
    for name in ("a", "sub/b", "long"):
        (audio / f"{name}.txt").write_text(f"text of\n{name}\n", encoding="utf-8")
    assert read(audio) == [
        ("a", "text of a", "en", None, 1.0),
        ("long", "text of long", "en", None, 4.0),
        ("sub/b", "text of sub/b", "en", None, 2.0),
    ]
    assert own_dataset(audio).name == "data_my_calls"


def test_a_folder_with_a_manifest(audio: Path) -> None:
    write(audio, "metadata.csv", "file_name,transcription", "a.wav,hello")
    assert read(audio) == [("a", "hello", "en", None, 1.0)]
    assert own_dataset(audio).name == "data_my_calls"


def test_audio_that_an_audio_folder_does_not_name_is_counted(audio: Path) -> None:
    write(audio, "metadata.csv", "file_name,transcription", "./a.wav,hello", "sub/b.wav,nan")
    account = own_dataset(audio).account
    assert account is not None
    found = {one.reason: (one.count, one.first) for one in account.left_out.values()}
    assert found == {
        NO_TEXT: (1, f"{audio}/metadata.csv, line 3"),
        "audio files that no metadata.csv names": (1, str(audio / "long.wav")),
    }
    account = own_dataset(audio / "metadata.csv").account
    assert account is not None
    assert [one.reason for one in account.left_out.values()] == [NO_TEXT], "a table by itself says what is meant"


def test_its_facts_are_its_own(audio: Path) -> None:
    path = write(audio, "f.jsonl", {"audio": "a.wav", "text": "one two", "duration": 1.0})
    dataset, seen = own_dataset(path), Seen()
    for utterance in open_dataset(dataset, Request(note=seen.note)):
        seen.add(utterance)
    assert (seen.rows, seen.words, seen.hours) == (1, 2, 1 / 3600)
    assert check_facts(dataset, None, seen) == []


GOOD = {"audio": "a.wav", "text": "hello"}
FAULTS: list[tuple[str, list[object], str]] = [
    ("x.jsonl", [GOOD, '{"audio": '], "x.jsonl, line 2: not JSON"),
    ("x.jsonl", [GOOD, "[1, 2]"], "line 2: a JSON list, not an object"),
    ("x.jsonl", [{"text": "hello"}], "line 1: no audio"),
    ("x.jsonl", [{"audio": "a.wav"}], "line 1: no text"),
    ("x.jsonl", [GOOD, {"audio": "gone.wav", "text": "x"}], "line 2: no audio file at .*gone.wav"),
    ("x.jsonl", [{"audio": ["a.wav"], "text": "x"}], "line 1: audio holds list, not text"),
    ("x.jsonl", [{"audio": "a.wav", "text": "x", "duration": "long"}], "line 1: duration is 'long'"),
    ("x.jsonl", [{"audio": "a.wav", "text": "x", "duration": -0.073}], "line 1: duration is '-0.073'"),
    ("x.jsonl", ['{"audio": "a.wav", "text": "x", "duration": 1e999}'], "line 1: duration is 'inf'"),
    ("x.jsonl", [{"audio": "a.wav", "text": "x", "offset": -1}], "line 1: offset is '-1'"),
    ("x.jsonl", ['{"audio": "a.wav", "text": "\\ud800"}'], "line 1: text holds a character that is not text"),
    ("x.jsonl", [GOOD, GOOD], "x.jsonl, line 2: the id 'a' occurs again, first at .*x.jsonl, line 1; give each"),
    (
        "x.jsonl",
        [GOOD | {"id": "same"}, {"audio": "sub/b.wav", "text": "", "id": "same"}],
        "line 2: the id 'same' occurs again",
    ),
    ("x.jsonl", ["[" * 100_000], "line 1: not JSON"),
    ("x.csv", ["audio,text", "a.wav,hello,too many"], "x.csv, line 2: 3 fields where the header has 2"),
    ("x.csv", ["audio,text", 'a.wav,"hello'], "line 2: not readable as a table"),
    ("x.csv", ["audio,text", "a.wav," + "x" * 200_000], "line 2: not readable as a table"),
    ("x.csv", ["audio,text", "a.wav," + "x" * 200_000], "longer texts may be written as JSON lines$"),
    (
        "x.csv",
        ["audio,text", 'a.wav,"hello', "a.wav,x"],
        "line 3: not .*; the row begins in line 2: is a quote there not",
    ),
    ("x.csv", ["audio,text", 'a.wav,"hello', "b.wav,x", 'c.wav,y"'], "line 2: a quote is closed in line 4 only"),
    ("x.csv", ["audio;text", 'a.wav;"hi', "b.wav;x", 'c.wav;y"'], "line 2: a quote is closed in line 4 only"),
    ("x.tsv", ["audio\ttext", "a.wav\thello", "a.wav"], "line 3: 1 fields where the header has 2"),
    ("x.csv", ["sound,words", "a.wav,hello"], "line 2: no audio"),
    ("x.jsonl", [], "no utterances in it"),
]


@pytest.mark.parametrize(("name", "lines", "message"), FAULTS)
def test_faults_name_the_line(audio: Path, name: str, lines: list[object], message: str) -> None:
    with pytest.raises(DataError, match=message) as failure:
        own_dataset(write(audio, name, *lines))
    assert "\n" not in str(failure.value)


def test_a_cell_of_several_lines_is_no_row(audio: Path) -> None:
    found = read(write(audio, "x.csv", "audio,text", 'a.wav,"hello, you', 'a.wav is what I said",', ",,"))
    assert [text for _, text, *_ in found] == ["hello, you\na.wav is what I said"]


def test_a_spreadsheet_that_is_called_a_table(audio: Path) -> None:
    (audio / "x.csv").write_bytes(b"PK\x03\x04rest")
    with pytest.raises(UsageError, match=r"x.csv: a spreadsheet or an archive, no text; save it as CSV UTF-8"):
        own_dataset(audio / "x.csv")


def test_bytes_that_are_not_text(audio: Path) -> None:
    path = audio / "x.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b"\n\xff\xfe\n")
    with pytest.raises(DataError, match="line 2: not UTF-8 text"):
        own_dataset(path)


def test_folders_with_something_missing(audio: Path) -> None:
    (audio / "a.txt").write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match=r"2 of 3 audio files have no .txt beside them, the first is .*long.wav"):
        own_dataset(audio)
    for name in ("long", "sub/b", "nothing"):
        (audio / f"{name}.txt").write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match=r"texts without an audio file beside them: 1, the first is .*nothing.txt"):
        own_dataset(audio)


def test_paths_that_lead_nowhere(audio: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file or folder at"):
        own_dataset(tmp_path / "nowhere.jsonl")
    with pytest.raises(UsageError, match=r"notes.txt: not of a form that is known; --data takes .*a manifest \(.jsonl"):
        own_dataset(write(audio, "notes.txt", "hello"))
    with pytest.raises(UsageError, match=r"a.wav: audio, and nothing says what was said in it; name a table"):
        own_dataset(audio / "a.wav")
    with pytest.raises(UsageError, match=r"--data is empty; it takes hf://ORG/SET, a manifest"):
        own_dataset("")
    with pytest.raises(UsageError, match=r"^no file or folder at .*nowhere$"):
        own_dataset(tmp_path / "nowhere", Asked(form="kaldi"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no utterances in it"):
        own_dataset(tmp_path / "empty")


def test_a_thousand_mutated_manifests_end_in_rows_or_in_one_line(audio: Path) -> None:
    """Each is read to its end, or refused in one line; nothing else may happen."""
    rng = random.Random(4)
    rows = [GOOD | {"id": str(number), "duration": 1.0, "session": "s"} for number in range(5)]
    forms = {
        "m.jsonl": "\n".join(map(json.dumps, rows)).encode(),
        "m.csv": ("audio,text,id\n" + "\n".join(f'a.wav,"he ""said""",{row["id"]}' for row in rows)).encode(),
        "m.tsv": ("audio\ttext\tid\n" + "\n".join(f"a.wav\thello\t{row['id']}" for row in rows)).encode(),
    }
    outcomes = {"read": 0, "refused": 0}
    for number in range(1_000):
        name = sorted(forms)[number % 3]
        path = audio / name
        path.write_bytes(mutate(forms[name], rng))
        try:
            outcomes["read"] += bool(read(path))
        except HarnessError as error:
            outcomes["refused"] += "\n" not in str(error)
    assert sum(outcomes.values()) == 1_000
    assert min(outcomes.values()) > 100, outcomes


def rows_in(path: Path) -> int:
    """What Python's own readers find in a table as we write it."""
    if path.suffix == ".jsonl":
        return sum(bool(line.strip()) for line in path.read_bytes().split(b"\n"))
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".csv":
        found = csv.reader(io.StringIO(text, newline=""))
    else:
        found = csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
    return sum(map(any, found)) - 1


def test_no_row_of_a_mutated_manifest_is_lost(audio: Path) -> None:
    """What is used and what is left out is what other readers find, wherever nothing had to be guessed."""
    rng = random.Random(9)
    texts = ["hello", "", "nan", "two words"]
    rows = [{"audio": "a.wav", "text": text, "id": str(number)} for number, text in enumerate(texts * 2)]
    forms = {
        "m.jsonl": "\n".join(json.dumps(row | {"text": row["text"] or None}) for row in rows).encode(),
        "m.csv": ("audio,text,id\n" + "\n".join(",".join(row.values()) for row in rows)).encode(),
        "m.tsv": ("audio\ttext\tid\n" + "\n".join("\t".join(row.values()) for row in rows)).encode(),
    }
    counted = 0
    for number in range(900):
        path = audio / sorted(forms)[number % 3]
        path.write_bytes(mutate(forms[path.name], rng))
        try:
            account = own_dataset(path).account
        except HarnessError:
            continue
        assert account is not None
        if not account.notes:
            assert account.found == rows_in(path), path.read_bytes()
            counted += 1
    assert counted > 100


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Once or twice: a byte changed or put in, a stretch taken out or doubled, the end cut off."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(out) + 1)
        kind = rng.randrange(5)
        if kind == 0 and at < len(out):
            out[at] = rng.randrange(256)
        elif kind == 1:
            out[at:at] = rng.choice([b"\0", b'"', b"\n", b"\t", b",", b"{", b"\xff", b"\xed\xa0\x80", b"9" * 5_000])
        elif kind == 2:
            del out[at : at + rng.randrange(40)]
        elif kind == 3:
            out[at:at] = out[at : at + rng.randrange(40)]
        else:
            del out[max(at, 1) :]
    return bytes(out)


def test_audio_in_a_folder_that_its_paths_do_not_say(tmp_path: Path) -> None:
    table = found.write(tmp_path / "t.csv", "file,text", "a.wav,one", "b.wav,two")
    found.tone(tmp_path / "wavs" / "a.wav")
    found.tone(tmp_path / "wavs" / "b.wav")
    (tmp_path / "other").mkdir()
    read = found.read(table)
    assert read.spans(tmp_path) == {"a": ("wavs/a.wav", None, None, None), "b": ("wavs/b.wav", None, None, None)}
    assert list(read.account.notes) == ["audio is in the folder wavs, which its paths do not say, first 'a.wav'"]


def test_of_two_folders_with_the_audio_none_is_taken(tmp_path: Path) -> None:
    table = found.write(tmp_path / "t.csv", "file,text", "a.wav,one")
    found.tone(tmp_path / "train" / "a.wav")
    found.tone(tmp_path / "test" / "a.wav")
    found.refused(table, DataError, r"t.csv, line 2: no audio file at .*a.wav")


def test_a_list_of_json_lines(tmp_path: Path) -> None:
    """WeNet's data.list."""
    found.tone(tmp_path / "a.wav")
    place = found.write(tmp_path / "data.list", '{"key": "u1", "wav": "a.wav", "txt": "one"}')
    assert found.read(place).texts == {"u1": "one"}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["# mine", "audio,text", "a.wav,x"], "line 2: 2 fields where the header has 1: '# mine' is taken for it, the"),
        (["audio,text", "a.wav,oh, no"], "line 2: 3 fields where the header has 2; put texts with a separator in them"),
    ],
)
def test_a_row_with_more_fields_is_told_why(tmp_path: Path, lines: list[str], message: str) -> None:
    found.tone(tmp_path / "a.wav")
    found.refused(found.write(tmp_path / "t.csv", *lines), DataError, message)
