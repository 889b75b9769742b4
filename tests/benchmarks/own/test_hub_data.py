"""Any audio data set of the hub by its address, against a server on loopback."""

from __future__ import annotations

import importlib
import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.dataset import Request, open_dataset
from benchmarks.own.dataset import FIRST, own_dataset
from benchmarks.own.form import Asked
from harness.errors import AccessError, DataError, HarnessError, UsageError
from tests.benchmarks.hub_server import SHA, Fault, Hub
from tests.benchmarks.layouts import write_files
from tests.benchmarks.own.tables import clip, heard, parquet, read, row, samples, told, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.dataset import Utterance

SET = "hf://org/set"
README = "---\nlanguage: de\n---\n# A card\n"
RIGHT = [(f"c{number:02d}", f"words of {number}") for number in range(40)]


LEAST = 20_000
"""Samples of a clip, so that audio is most of a file: of each file pyarrow reads the last 64 KiB."""


def rows(first: int, last: int) -> bytes:
    return parquet([row(number, LEAST, client_id=f"s{number % 2}") for number in range(first, last)], row_group=10)


FILES = {
    "README.md": README.encode(),
    "set.py": b"raise SystemExit",
    "data/test-00000-of-00002.parquet": rows(0, 20),
    "data/test-00001-of-00002.parquet": rows(20, 40),
    "data/train-00000-of-00001.parquet": rows(0, 3),
}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one repository, and its own empty cache."""
    importlib.import_module("huggingface_hub.constants")  # it looks at HF_HUB_OFFLINE once, when it is imported
    with Hub(repos={"org/set": {"main": dict(FILES)}}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.setattr(time, "sleep", lambda _seconds: None)
        yield server


def fetched(hub: Hub) -> set[str]:
    """The files that were fetched, whole or in part."""
    return {
        name.partition("/resolve/")[2].partition("/")[2] for name in hub.requests if name.startswith("GET /datasets")
    }


def message(place: str, asked: Asked | None = None) -> str:
    with pytest.raises(HarnessError) as failure:
        read(place, asked)
    text = str(failure.value)
    assert "\n" not in text
    assert "hf_secret" not in text
    return text


def check(found: list[Utterance]) -> None:
    assert told(found) == RIGHT
    assert {item.language for item in found} == {"de"}
    assert [item.session for item in found[:3]] == ["s0", "s1", "s0"]
    assert heard(found[39]) == samples(39, LEAST).tolist()


@pytest.mark.parametrize("streaming", [False, True])
def test_its_test_split(hub: Hub, streaming: bool) -> None:
    dataset, notes = own_dataset(SET), dict[str, str]()
    check(list(open_dataset(dataset, Request(streaming=streaming, note=notes.__setitem__))))
    assert notes == {"source": "hub:hf://org/set", "revision": SHA["main"]}
    assert "set.py" not in fetched(hub)
    assert "data/train-00000-of-00001.parquet" not in fetched(hub)
    assert (dataset.name, dataset.origin, dataset.rows) == ("data_set", SET, None)
    assert (dataset.language, dataset.language_stated) == ("de", True)
    account = dataset.account
    assert account is not None
    assert (account.used, account.columns) == (40, {"audio": "audio", "text": "text", "client_id": "speaker"})
    assert list(account.notes) == [
        "the split test is taken; there are also train",
        "ids are the file names of the audio",
        "de: language of the card (README.md)",
    ]


def test_first_rows_are_looked_at_before_a_run_without_their_audio(hub: Hub) -> None:
    size = len(FILES["data/test-00000-of-00002.parquet"])
    hub.sent.clear()
    own_dataset(SET)
    name = f"/datasets/org/set/resolve/{SHA['main']}/data/test-00000-of-00002.parquet"
    assert 0 < hub.sent[name] < size / 4
    assert len(RIGHT) < FIRST == 100
    later = {"data/test-00001-of-00002.parquet": parquet([row(20) | {"text": 5.5}])}
    hub.repos["org/other"] = {"main": FILES | later}
    assert "row 0: text holds float" in message("hf://org/other"), "which would be found much later otherwise"


def test_the_second_time_nothing_is_fetched(hub: Hub) -> None:
    check(read(SET))
    hub.requests.clear()
    check(read(SET))
    assert fetched(hub) == set()


def test_offline_reads_the_cache(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert message(SET) == "hf://org/set is not in the cache and HF_HUB_OFFLINE is set: unset it"
    monkeypatch.delenv("HF_HUB_OFFLINE")
    check(read(SET))
    hub.requests.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    check(read(SET))
    assert not hub.requests


@pytest.mark.parametrize("streaming", [False, True])
def test_a_part_of_it_is_not_read_whole(hub: Hub, streaming: bool) -> None:
    dataset = own_dataset(SET)
    hub.sent.clear()
    ids = [item.id for item in open_dataset(dataset, Request(audio=False, lengths=False, streaming=streaming))]
    assert ids == [name for name, _ in RIGHT]
    wanted = {"c03", "c38"}
    found = list(open_dataset(dataset, Request(wanted=wanted, streaming=streaming)))
    assert told(found) == [RIGHT[3], RIGHT[38]]
    assert heard(found[1]) == samples(38, LEAST).tolist()
    whole = sum(len(FILES[name]) for name in FILES if "test" in name)
    assert 0 < hub.sent.total() < whole * 0.75, "two of four row groups, and the texts of all"


def test_other_splits_and_columns(hub: Hub) -> None:
    assert told(read(f"{SET}:train")) == RIGHT[:3]
    assert told(read(f"{SET}:default:train")) == RIGHT[:3]
    assert told(read(SET, Asked(split="train"))) == RIGHT[:3]
    asked = Asked(columns={"text": "client_id"}, language="es")
    assert [(item.reference, item.language) for item in read(f"{SET}:train", asked)] == [
        ("s0", "es"),
        ("s1", "es"),
        ("s0", "es"),
    ]
    assert message(f"{SET}:dev") == f"{SET}:dev: 'dev' is neither a config (default) nor a split (test, train)"
    assert "no column 'said'" in message(SET, Asked(columns={"text": "said"}))


def test_a_revision(hub: Hub) -> None:
    hub.repos["org/set"]["refs/convert/parquet"] = {"x/train/0000.parquet": rows(5, 7)}
    notes: dict[str, str] = {}
    found = list(open_dataset(own_dataset(f"{SET}@refs/convert/parquet"), Request(note=notes.__setitem__)))
    assert told(found) == RIGHT[5:7]
    assert notes["revision"] == SHA["refs/convert/parquet"]
    states = [own_dataset(SET, asked).sources[0].state(Request()) for asked in (Asked(), Asked(), Asked(language="es"))]
    assert [str(state).partition(" ")[0] for state in states] == [SHA["main"]] * 3
    assert states[0] == states[1] != states[2], "what is said about it is a part of it"
    assert "no such repository, revision or file" in message(f"{SET}@v9")


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (
            "gated",
            ["hf://org/set: it is gated: accept its terms at https://huggingface.co/datasets/org/set", "HF_TOKEN"],
        ),
        ("401", ["the hub answers 401: sign in (set HF_TOKEN"]),
        ("404", ["has no such repository, revision or file"]),
        ("503", ["the hub answers 503, again and again; try again later"]),
    ],
)
def test_what_the_hub_refuses(hub: Hub, kind: str, parts: list[str]) -> None:
    hub.faults.append(Fault(kind))
    with pytest.raises(AccessError):
        own_dataset(SET)
    for part in parts:
        assert part in message(SET)


def test_a_hub_that_is_gone(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "hf://org/set: the hub at http://127.0.0.1:9 cannot be reached" in message(SET)


@pytest.mark.parametrize("streaming", [False, True])
def test_a_hub_that_goes_away_while_it_is_read(hub: Hub, streaming: bool) -> None:
    dataset = own_dataset(SET)
    hub.faults.append(Fault("503", where="test-00001"))
    found = open_dataset(dataset, Request(streaming=streaming))
    assert [next(found).id for _ in range(20)] == [name for name, _ in RIGHT[:20]]
    with pytest.raises(AccessError, match="503"):
        next(found)


def test_a_damaged_download_is_refused(hub: Hub) -> None:
    dataset = own_dataset(SET)
    hub.faults.append(Fault("corrupt", where="test-00000"))
    with pytest.raises(DataError, match="SHA-256 is not the hub's"):
        list(open_dataset(dataset, Request()))


def test_a_script_is_not_run_where_the_hub_converted_it(hub: Hub) -> None:
    hub.repos["org/set"] = {
        "main": {"README.md": README.encode(), "set.py": b"raise SystemExit"},
        "refs/convert/parquet": {"x/test/0000.parquet": rows(0, 20), "x/test/0001.parquet": rows(20, 40)},
    }
    check(read(SET))
    assert fetched(hub) == {"README.md", "x/test/0000.parquet", "x/test/0001.parquet"}


def test_a_script_alone_is_said(hub: Hub) -> None:
    hub.repos["org/set"] = {"main": {"README.md": b"", "set.py": b"raise SystemExit"}}
    said = "only a loading script (set.py), which is not run, and the hub has no Parquet of it"
    assert message(SET) == f"{SET}: {said}; get the original, and name its folder"


def test_a_conversion_of_a_part_is_not_the_data(hub: Hub) -> None:
    hub.repos["org/set"] = {
        "main": {"set.py": b""},
        "refs/convert/parquet": {"x/partial-test/0000.parquet": rows(0, 9)},
    }
    assert "the hub converted only a part of this split" in message(SET)


def test_files_are_read_where_only_a_part_was_converted(hub: Hub) -> None:
    files = {"metadata.csv": b"file_name,text\na.wav,whole\n", "a.wav": clip(1, "WAV")}
    hub.repos["org/set"] = {"main": files, "refs/convert/parquet": {"x/partial-test/0000.parquet": rows(0, 9)}}
    assert told(read(SET)) == [("a", "whole")]


def test_a_converted_table_of_file_names_is_not_the_audio(hub: Hub) -> None:
    """As the hub converts repositories of a CSV and a zip."""
    main = {"x.csv": b"path,sentence\na.wav,said\n", "x.zip": zipped({"a.wav": clip(1, "WAV")})}
    table = parquet([{"path": "a.wav", "sentence": "said"}])
    hub.repos["org/set"] = {"main": main, "refs/convert/parquet": {"default/train/0000.parquet": table}}
    (item,) = read(SET)
    assert (item.id, item.reference, heard(item)) == ("a", "said", samples(1).tolist())


AUDIO_FOLDER = {
    "README.md": README.encode(),
    "x.py": b"raise SystemExit",
    "train/metadata.csv": b"file_name,text\na.wav,hello\n",
    "train/a.wav": clip(1, "WAV"),
    "test/metadata.jsonl": b'{"file_name": "b.wav", "text": "one"}\n{"file_name": "x/c.wav", "text": "two"}\n',
    "test/b.wav": clip(2, "WAV"),
    "test/x/c.wav": clip(3, "WAV"),
}


def test_an_audio_folder(hub: Hub, tmp_path: Path) -> None:
    hub.repos["org/set"] = {"main": AUDIO_FOLDER}
    dataset, notes = own_dataset(SET), dict[str, str]()
    found = list(open_dataset(dataset, Request(note=notes.__setitem__)))
    assert [(item.id, item.reference, item.language) for item in found] == [("b", "one", "de"), ("x/c", "two", "de")]
    assert heard(found[1]) == samples(3).tolist()
    assert notes["revision"] == SHA["main"]
    assert not any("train" in name or name == "x.py" for name in fetched(hub))
    assert told(read(f"{SET}:train")) == [("a", "hello")]
    assert told(read(write_files(tmp_path / "clone", AUDIO_FOLDER))) == told(found), "a clone is the same"
    hub.requests.clear()
    read(SET)
    assert fetched(hub) == set()


def zipped(files: dict[str, bytes]) -> bytes:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    import io
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("packed", ["test.zip", "test.tar.gz"])
def test_a_table_beside_an_archive(hub: Hub, packed: str) -> None:
    clips = {"clips/a.wav": clip(1, "WAV"), "clips/b.wav": clip(2, "WAV")}
    archive = zipped(clips) if packed.endswith(".zip") else tarred(clips)
    table = b"path,sentence\nclips/a.wav,first\nclips/b.wav,second\n"
    hub.repos["org/set"] = {"main": {"test.csv": table, packed: archive, "train.csv": table}}
    found = read(SET)
    assert told(found) == [("clips/a", "first"), ("clips/b", "second")]
    assert heard(found[1]) == samples(2).tolist()


@pytest.mark.parametrize("packed", ["test.zip", "test.tar.gz"])
def test_an_archive_does_not_lead_out_of_its_folder(hub: Hub, tmp_path: Path, packed: str) -> None:
    evil = {"../../../../../../evil.wav": clip(1, "WAV"), "a.wav": clip(2, "WAV")}
    archive = zipped(evil) if packed.endswith(".zip") else tarred(evil)
    hub.repos["org/set"] = {"main": {"test.csv": b"path,sentence\na.wav,x\n", packed: archive}}
    if packed.endswith(".zip"):
        assert told(read(SET)) == [("a", "x")]
    else:
        assert "cannot be stored or unpacked" in message(SET)
    assert [path for path in tmp_path.rglob("evil.wav") if "parts" not in path.parts] == []


@pytest.mark.parametrize("named", ["{outside}", "../../../../../../../../{outside}", "gone.wav"])
def test_a_strangers_table_names_no_file_of_ours(hub: Hub, tmp_path: Path, named: str) -> None:
    outside = write(tmp_path / "secret.wav", clip(1, "WAV"))
    named = named.format(outside=outside)
    hub.repos["org/set"] = {"main": {"metadata.csv": f"file_name,text\n{named},x\n".encode(), "a.wav": clip(2, "WAV")}}
    assert "secret" not in fetched(hub)
    text = message(SET)
    assert "leads out of the repository" in text or "no audio file at" in text


def cell(path: str) -> dict[str, Any]:
    return {"audio": {"bytes": None, "path": path}, "text": "x", "id": path[:4]}


def test_cells_that_name_files_of_the_repository(hub: Hub) -> None:
    table = parquet([cell("wavs/a.wav"), cell("b.wav")])
    hub.repos["org/set"] = {
        "main": {"data/test.parquet": table, "data/wavs/a.wav": clip(1, "WAV"), "b.wav": clip(2, "WAV")}
    }
    dataset = own_dataset(SET)
    assert not any(name.endswith(".wav") for name in fetched(hub)), "which are fetched when it is their turn"
    found = list(open_dataset(dataset, Request()))
    assert [heard(item) for item in found] == [samples(1).tolist(), samples(2).tolist()]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/passwd", "row 0: the audio's path '/etc/passwd' leads out of the repository, and is not followed"),
        ("../../x.wav", "leads out of the data"),
        ("http://127.0.0.1:9/x.wav", "the audio is an address, 'http://127.0.0.1:9/x.wav', which is not fetched"),
        ("gone.wav", "the repository has no file 'gone.wav', and the row no audio of its own"),
    ],
)
def test_cells_that_name_others(hub: Hub, path: str, expected: str) -> None:
    hub.repos["org/set"] = {"main": {"test.parquet": parquet([cell(path)])}}
    assert expected in message(SET)


def test_a_copy_on_the_disk(hub: Hub, tmp_path: Path) -> None:
    write_files(tmp_path / "copies" / "org" / "set", FILES)
    request = Request(root=tmp_path / "copies", audio=False)
    hub.requests.clear()
    dataset = own_dataset(SET, Asked(request=request))
    check(list(open_dataset(dataset, Request(root=tmp_path / "copies"))))
    assert not hub.requests
    with pytest.raises(AccessError, match="hf://org/other is not below"):
        own_dataset("hf://org/other", Asked(request=request))


def test_faults_are_found_before_the_run(hub: Hub) -> None:
    again = [row(number, id="same") for number in range(4)]
    hub.repos["org/set"] = {"main": {"test.parquet": parquet(again)}}
    with pytest.raises(DataError, match="the id 'same' occurs again"):
        own_dataset(SET)
    hub.repos["org/b"] = {"main": {"test.parquet": parquet([{"sound": clip(1)}])}}
    with pytest.raises(DataError, match="no text"):
        own_dataset("hf://org/b")
    with pytest.raises(UsageError, match=r"write its address instead: hf://org/set$"):
        own_dataset(f"{hub.url}/datasets/org/set")


def test_files_that_nobody_knows(hub: Hub) -> None:
    hub.repos["org/set"] = {"main": {"x.json": json.dumps({"a": 1}).encode(), "b.bin": b"b"}}
    assert message(SET)
    hub.repos["org/set"] = {"main": {"b.bin": b"b"}}
    assert "no data that is known" in message(SET)


def test_a_language_of_a_repository_of_archives(hub: Hub) -> None:
    """As Common Voice was: transcripts apart from tars, a folder for each language."""
    files = {
        f"{kind}/{language}/{split}{name}": data
        for language, number in (("de", 1), ("fr", 2))
        for split in ("test", "train")
        for kind, name, data in (
            ("transcript", ".tsv", f"path\tsentence\tlocale\nc{number}.wav\tof {split}\t{language}\n".encode()),
            ("audio", f"/{language}_{split}_0.tar.gz", tarred({f"x/c{number}.wav": clip(number, "WAV")})),
        )
    }
    hub.repos["org/set"] = {"main": files | {"set.py": b""}}
    (item,) = read(f"{SET}:de:test")
    assert (item.id, item.reference, item.language, heard(item)) == ("c1", "of test", "de", samples(1).tolist())
    assert not any("fr" in name or "train" in name for name in fetched(hub))
    assert told(read(f"{SET}:fr", Asked(split="train"))) == [("c2", "of train")]
    assert "'it' is neither a config" in message(f"{SET}:it")


def test_what_does_not_fit_is_not_fetched(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.repos["org/set"] = {"main": AUDIO_FOLDER}
    size = sum(len(data) for name, data in AUDIO_FOLDER.items() if name.startswith("test/"))
    monkeypatch.setattr("shutil.disk_usage", lambda _place: SimpleNamespace(free=size - 1))
    text = message(SET)
    assert "to fetch, and" in text
    assert "name a part with --config or --split, or another disk with HF_HUB_CACHE" in text
    assert not any(name.endswith(".wav") for name in fetched(hub))
    monkeypatch.setattr("shutil.disk_usage", lambda _place: SimpleNamespace(free=size))
    account = own_dataset(SET).account
    assert account is not None
    assert f"files to fetch: 3, {size / 2**20:,.1f} MiB" in account.notes


def test_a_folder_of_the_hubs_cache_is_data(hub: Hub, tmp_path: Path) -> None:
    check(read(SET))
    hub.requests.clear()
    check(read(tmp_path / "cache" / "datasets--org--set"))
    assert not hub.requests
