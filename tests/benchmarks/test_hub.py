"""The hub as a source, against a real server on loopback, with every fault that a hub has."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.dataset import Request, open_dataset
from benchmarks.registry import get_dataset
from benchmarks.sources.listing import choose
from benchmarks.suite import Lock
from harness.errors import AccessError, DataError, ExitStatus
from tests.benchmarks.hub_server import SHA, Fault, Hub
from tests.benchmarks.layouts import (
    ROOT,
    clips,
    content_hash,
    leaderboard_rows,
    librispeech_files,
    librispeech_rows,
    write_files,
    write_parquet,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.dataset import Utterance

OTHER = get_dataset("librispeech_test_other")
AMI = get_dataset("ami_ihm")
ASR = "openslr/librispeech_asr"
README = b"""---
configs:
- config_name: other
  data_files:
  - split: test
    path:
    - other/test/*.parquet
---
"""


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are not waited for, but written down."""
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    return found


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with LibriSpeech in two files, and its own empty cache."""
    importlib.import_module("huggingface_hub.constants")  # it looks at HF_HUB_OFFLINE once, when it is imported
    rows = librispeech_rows(8)
    first = write_parquet(tmp_path / "0.parquet", rows[:5]).read_bytes()
    second = write_parquet(tmp_path / "1.parquet", rows[5:]).read_bytes()
    files = {"README.md": README, "other/test/0000.parquet": first, "other/test/0001.parquet": second}
    with Hub(repos={ASR: {"main": files}}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield server


def read(*, streaming: bool = False, notes: dict[str, str] | None = None) -> list[Utterance]:
    noted = {} if notes is None else notes
    return list(open_dataset(OTHER, Request(streaming=streaming, note=noted.__setitem__)))


def message() -> str:
    with pytest.raises(DataError) as failure:
        read()
    text = str(failure.value)
    assert "\n" not in text
    assert failure.value.exit_status is ExitStatus.DATA
    return text


@pytest.mark.parametrize("streaming", [False, True])
def test_the_hub_and_the_archive_give_the_same(hub: Hub, tmp_path: Path, streaming: bool) -> None:
    notes: dict[str, str] = {}
    from_hub = content_hash(read(streaming=streaming, notes=notes))
    root = write_files(tmp_path / "disk", librispeech_files(count=8))
    assert from_hub == content_hash(open_dataset(OTHER, Request(root=root)))
    assert notes == {"source": f"hub:{ASR} other/test", "revision": SHA["main"]}


def test_the_second_time_nothing_is_downloaded(hub: Hub) -> None:
    first = content_hash(read())
    hub.requests.clear()
    assert content_hash(read()) == first
    assert [name for name in hub.requests if "/resolve/" in name] == []


def test_offline_uses_the_cache_and_says_what_it_lacks(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "is not in the cache and HF_HUB_OFFLINE is set" in message()
    monkeypatch.delenv("HF_HUB_OFFLINE")
    first = content_hash(read())
    hub.requests.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    notes: dict[str, str] = {}
    assert content_hash(read(notes=notes)) == first
    assert notes["revision"] == SHA["main"]
    assert not hub.requests


def test_a_hub_that_is_gone_is_said_at_once(hub: Hub, pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    text = message()
    assert pauses == [], "it is not tried again"
    assert "the hub at http://127.0.0.1:9 cannot be reached" in text
    assert "--from DIR" in text
    assert "a Parquet copy of openslr/librispeech_asr other/test, or test-other.tar.gz, or" in text
    assert text.count("cannot be reached") == 1, "the second repository of the same hub is not tried"


def test_a_hub_that_is_gone_does_not_matter_once_the_data_is_here(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    first = content_hash(read())
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert content_hash(read()) == first


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (
            "gated",
            ["it is gated: accept its terms at https://huggingface.co/datasets/openslr/librispeech_asr", "HF_TOKEN"],
        ),
        ("401", ["the hub answers 401: sign in (set HF_TOKEN", "--from DIR"]),
        ("403", ["the hub answers 403: sign in (set HF_TOKEN"]),
        ("404", ["has no such repository, revision or file"]),
        ("429", ["the hub answers 429, again and again; try again later"]),
        ("500", ["the hub answers 500, again and again; try again later"]),
        ("503", ["the hub answers 503, again and again; try again later"]),
    ],
)
def test_lasting_faults(hub: Hub, pauses: list[float], kind: str, parts: list[str]) -> None:
    hub.faults = [Fault(kind)]
    text = message()
    for part in parts:
        assert part in text
    assert "Traceback" not in text
    passing = kind in {"429", "500", "503"}
    assert sum(pauses) == (pytest.approx(2 * (1 + 1 + 1)) if kind == "429" else 2 * (0.5 + 1 + 2) if passing else 0)


@pytest.mark.parametrize("kind", ["429", "500", "502", "503", "504"])
@pytest.mark.parametrize("where", ["/api/", "/resolve/"])
def test_passing_faults_end_in_success(hub: Hub, pauses: list[float], kind: str, where: str) -> None:
    hub.faults = [Fault(kind, times=2, where=where)]
    assert len(read()) == 8
    assert pauses, "it waited before it tried again"


def test_an_answer_that_is_late_once(hub: Hub, pauses: list[float]) -> None:
    hub.faults = [Fault("slow", times=1, where="/api/datasets")]
    assert len(read()) == 8
    assert pauses == [0.5]


def test_an_answer_that_never_comes(hub: Hub, pauses: list[float]) -> None:
    hub.faults = [Fault("slow", where="/api/datasets")]
    text = message()
    assert f"the hub at {hub.url} cannot be reached (timed out); try again" in text
    assert pauses == [0.5, 1, 2]


@pytest.mark.parametrize("times", [1, 3])
def test_a_connection_cut_in_the_middle_of_a_file(hub: Hub, pauses: list[float], times: int, tmp_path: Path) -> None:
    hub.faults = [Fault("cut", times=times, where="0001.parquet", methods=("GET",))]
    found = content_hash(read())
    root = write_files(tmp_path / "disk", librispeech_files(count=8))
    assert found == content_hash(open_dataset(OTHER, Request(root=root)))


def test_a_connection_that_is_always_cut_before_anything_came(hub: Hub, pauses: list[float]) -> None:
    hub.repos[ASR]["main"]["other/test/0001.parquet"] = b"x"
    hub.faults = [Fault("cut", where="0001.parquet", methods=("GET",))]
    assert "--from DIR" in message()


def test_a_wrong_checksum_is_fetched_again_and_then_refused(hub: Hub) -> None:
    hub.faults = [Fault("corrupt", times=1, where="0000.parquet", methods=("GET",))]
    assert len(read()) == 8
    assert hub.requests["GET /datasets/" + f"{ASR}/resolve/{SHA['main']}/other/test/0000.parquet"] == 2


def test_a_lasting_wrong_checksum(hub: Hub, tmp_path: Path) -> None:
    hub.faults = [Fault("corrupt", where="0000.parquet", methods=("GET",))]
    assert "0000.parquet: the download's SHA-256 is not the hub's" in message()
    assert list((tmp_path / "cache").rglob("0000.parquet")) == [], "the wrong file is not left in the cache"


def test_a_broken_parquet_file(hub: Hub) -> None:
    hub.repos[ASR]["main"]["other/test/0001.parquet"] = b"PAR1 this is none PAR1"
    assert "0001.parquet: not a readable Parquet file" in message()


def test_what_was_fetched_is_not_fetched_again_after_a_failure(hub: Hub, pauses: list[float]) -> None:
    hub.faults = [Fault("500", where="0001.parquet")]
    assert "the hub answers 500" in message()
    hub.faults = []
    hub.requests.clear()
    assert len(read()) == 8
    fetched = [name.rpartition("/")[2] for name in hub.requests if name.startswith("GET /datasets/")]
    assert fetched == ["0001.parquet"]


def test_a_cache_that_cannot_be_written(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "file" / "cache"))
    assert "its files cannot be stored or read here: Not a directory" in message()


@pytest.mark.parametrize("kind", ["500", "cut", "gated", "404"])
def test_faults_while_streaming(hub: Hub, pauses: list[float], kind: str) -> None:
    hub.faults = [Fault(kind, where="0001.parquet", methods=("GET",))]
    with pytest.raises(DataError) as failure:
        read(streaming=True)
    assert "\n" not in str(failure.value)
    assert "openslr/librispeech_asr other/test" in str(failure.value)


def test_the_revision_of_the_lock_is_asked_for(hub: Hub, tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "old.parquet", librispeech_rows(2)).read_bytes()
    hub.repos[ASR]["refs/convert/parquet"] = {"other/test/0000.parquet": data}
    pinned = SHA["refs/convert/parquet"]
    lock = Lock(source=f"hub:{ASR} other/test", revision=pinned)
    notes: dict[str, str] = {}
    assert len(list(open_dataset(OTHER, Request(pins=lock.pins, note=notes.__setitem__)))) == 2
    assert notes["revision"] == pinned
    hub.repos[ASR].pop("refs/convert/parquet")
    with pytest.raises(AccessError, match="has no such repository, revision or file"):
        list(open_dataset(OTHER, Request(pins={f"hub:{ASR} other/test": "3" * 40})))


def test_the_token_is_sent_and_never_shown(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secretsecretsecret")
    hub.faults = [Fault("gated")]
    assert "hf_secret" not in message()
    assert "hf_secretsecretsecret" in hub.tokens


def test_converted_parquet_is_read_where_there_is_only_a_script(hub: Hub, tmp_path: Path) -> None:
    rows = [
        {
            "meeting_id": "EN2002a",
            "audio_id": f"AMI_EN2002a_H00_MEE068_{number:07d}_{number + 100:07d}",
            "text": clip.text,
            "audio": {"bytes": clip.path.read_bytes(), "path": "x.wav"},
            "begin_time": 0.0,
            "end_time": clip.seconds,
            "microphone_id": "H00",
            "speaker_id": "MEE068",
        }
        for number, clip in enumerate(clips("librispeech_test_other", 3))
    ]
    data = write_parquet(tmp_path / "ami.parquet", rows).read_bytes()
    files = {"main": {"ami.py": b"# a loading script"}, "refs/convert/parquet": {"ihm/test/0000.parquet": data}}
    hub.repos["edinburghcstr/ami"] = files
    notes: dict[str, str] = {}
    found = list(open_dataset(AMI, Request(note=notes.__setitem__)))
    assert [item.session for item in found] == ["EN2002a"] * 3
    assert notes["revision"] == SHA["refs/convert/parquet"]
    files["refs/convert/parquet"] = {"ihm/partial-test/0000.parquet": data}
    with pytest.raises(DataError, match="converted only a part"):
        list(open_dataset(AMI, Request()))


def test_a_script_alone_is_never_run(hub: Hub) -> None:
    hub.repos["edinburghcstr/ami"] = {"main": {"ami.py": b"raise SystemExit"}}
    with pytest.raises(AccessError, match=r"no Parquet of it, converted or not .a loading script alone is not run"):
        list(open_dataset(AMI, Request()))


def test_the_next_repository_is_tried_where_one_is_refused(hub: Hub, tmp_path: Path) -> None:
    found = clips("librispeech_test_other", 4)
    data = write_parquet(tmp_path / "lb.parquet", leaderboard_rows(found, "librispeech")).read_bytes()
    hub.repos["hf-audio/open-asr-leaderboard"] = {"main": {"librispeech/test.other-00000-of-00001.parquet": data}}
    hub.faults = [Fault("gated", where=ASR)]
    notes: dict[str, str] = {}
    assert len(read(notes=notes)) == 4
    assert notes["source"] == "hub:hf-audio/open-asr-leaderboard librispeech/test.other"


def test_rows_without_a_name_are_called_by_their_number(hub: Hub, tmp_path: Path) -> None:
    """The leaderboard's long calls may have no id; its own loader calls such rows sample_0, sample_1, ..."""
    rows = [{"audio": row["audio"] | {"path": None}, "text": row["text"]} for row in librispeech_rows(3)]
    parts = [write_parquet(tmp_path / "p.parquet", part).read_bytes() for part in (rows[:2], rows[2:])]
    names = [f"earnings21/test-0000{number}-of-00002.parquet" for number in range(2)]
    hub.repos["hf-audio/asr-leaderboard-longform"] = {"main": dict(zip(names, parts, strict=True))}
    found = list(open_dataset(get_dataset("earnings21_long"), Request()))
    assert [(item.id, item.session) for item in found] == [(f"sample_{n}", f"sample_{n}") for n in range(3)]


@pytest.mark.parametrize(("column", "value"), [("id", None), ("id", ""), ("text", None)])
def test_a_row_without_id_or_text_is_named(hub: Hub, tmp_path: Path, column: str, value: str | None) -> None:
    rows = librispeech_rows(2)
    rows[1][column] = value
    data = write_parquet(tmp_path / "x.parquet", rows).read_bytes()
    hub.repos[ASR]["main"] = {"other/test/0000.parquet": data}
    text = message()
    assert f"0000.parquet#1: the row's {column} is {value!r}, not a text" in text


def test_a_row_without_audio_is_an_utterance_that_fails_later(hub: Hub, tmp_path: Path) -> None:
    rows = librispeech_rows(3)
    rows[1]["audio"] = {"bytes": None, "path": "gone.flac"}
    data = write_parquet(tmp_path / "x.parquet", rows).read_bytes()
    hub.repos[ASR]["main"] = {"other/test/0000.parquet": data}
    found = read()
    assert [item.duration is None for item in found] == [False, True, False]
    assert found[1].audio.data == b""


def test_nothing_but_our_line_is_printed(hub: Hub, tmp_path: Path) -> None:
    hub.faults = [Fault("500", times=2), Fault("404", where="open-asr")]
    script = (
        "from benchmarks.dataset import Request, open_dataset; from benchmarks.registry import get_dataset;"
        "print(sum(1 for _ in open_dataset(get_dataset('librispeech_test_other'), Request())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT, env=os.environ
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "8\n", "")


LAYOUTS = [
    (
        [
            "clean/test-00000-of-00002.parquet",
            "clean/test-00001-of-00002.parquet",
            "clean/train-00000-of-00001.parquet",
        ],
        2,
    ),
    (["clean/test/0000.parquet", "other/test/0000.parquet"], 1),
    (["clean/test.clean-00000-of-00001.parquet"], 0),
    (["data/clean/test-00000-of-00001.parquet"], 1),
    (["data/test-00000-of-00001.parquet"], 0),
]


@pytest.mark.parametrize(("files", "count"), LAYOUTS)
def test_layouts(files: list[str], count: int) -> None:
    assert choose(files, "", "clean", "test") == files[:count]


def test_the_readme_decides() -> None:
    files = ["a/one.parquet", "b/two.parquet", "clean/test-00000-of-00001.parquet"]
    readme = "---\nconfigs:\n- config_name: clean\n  data_files:\n  - split: test\n    path: b/*\n---\ntext"
    assert choose(files, readme, "clean", "test") == ["b/two.parquet"]
    assert choose(files, "---\n: not [yaml\n---", "clean", "test") == ["clean/test-00000-of-00001.parquet"]
