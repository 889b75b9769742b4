"""A run of the hub's data is answered while that is at the same commit, which is asked without fetching anything."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.registry import get_dataset, get_suite
from harness.config import Settings
from harness.errors import UsageError
from harness.records.run import DataRecord
from harness.runner.run import Run
from harness.runner.stages import Stop
from tests.benchmarks import hub_server
from tests.benchmarks.hub_server import Fault, Hub
from tests.benchmarks.layouts import clips, librispeech_rows, write_parquet
from tests.harness.runner.tones import Said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.records.run import RunRecord

ASR, COUNT = "openslr/librispeech_asr", 4
NAMES = ("librispeech_test_clean", "librispeech_test_other")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    importlib.import_module("huggingface_hub.constants")  # it looks at HF_HUB_OFFLINE once, when it is imported
    rows = librispeech_rows(COUNT)
    files = {
        f"{kind}/test/0000.parquet": write_parquet(tmp_path / "x.parquet", part).read_bytes()
        for kind, part in (("clean", rows), ("other", rows[::-1]))
    }
    with Hub(repos={ASR: {"main": files}}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield server


def run(tmp_path: Path, **settings: Any) -> tuple[RunRecord, list[str]]:
    lines = [json.dumps({"id": clip.id, "pred_text": clip.text}) for clip in clips("librispeech_test_other", COUNT)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    said = Said()
    work = Run(
        suite=get_suite("granite_card"),
        datasets=[get_dataset(name) for name in NAMES],
        model_name=f"transcripts:{tmp_path / 't.jsonl'}",
        settings=Settings(out=tmp_path / "out", allow_drift=True, **settings),
        reporter=said,
        stop=Stop(),
    )
    return work.execute(), said.lines


def test_it_is_asked_and_nothing_is_fetched(hub: Hub, tmp_path: Path) -> None:
    first, _ = run(tmp_path)
    assert {name: first.benchmarks[name].data for name in NAMES} == dict.fromkeys(NAMES, DataRecord(digest="1" * 40))
    hub.requests.clear()
    again, said = run(tmp_path)
    assert said == []
    assert again == first
    assert list(hub.requests.values()) == [2]
    assert "/api/datasets/" in next(iter(hub.requests))


def test_at_another_commit_it_is_refused_by_name(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = run(tmp_path)
    monkeypatch.setitem(hub_server.SHA, "main", "3" * 40)
    with pytest.raises(
        UsageError, match=f"holds {NAMES[0]} at data revision {'1' * 40}, the data is now at {'3' * 40}"
    ):
        run(tmp_path)
    moved, _ = run(tmp_path, fresh=True)
    assert moved.benchmarks[NAMES[0]].revision == "3" * 40
    assert first.benchmarks[NAMES[0]].revision == "1" * 40


def test_an_older_run_is_not_read_again_to_be_checked(hub: Hub, tmp_path: Path) -> None:
    run(tmp_path)
    (path,) = (tmp_path / "out").rglob("run.json")
    record = json.loads(path.read_text())
    for name in NAMES:
        del record["benchmarks"][name]["data"]
    path.write_text(json.dumps(record))
    hub.requests.clear()
    _, said = run(tmp_path)
    assert said == []
    assert not [name for name in hub.requests if "resolve" in name]


def test_a_hub_that_is_away_is_said_and_asked_once(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = run(tmp_path)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "another"))  # which knows nothing of it
    hub.faults = [Fault("403")]
    hub.requests.clear()
    again, said = run(tmp_path)
    assert {name: (one.complete, one.done) for name, one in again.benchmarks.items()} == dict.fromkeys(NAMES, (True, 4))
    assert again.benchmarks == first.benchmarks
    assert [line.partition(": its data could not be compared with what was run: ")[1] != "" for line in said] == [
        True
    ] * 2
    assert len([name for name in hub.requests if "/api/datasets/" in name]) == 1
