"""`--serve` on a run, with a stand-in for the server: started when there is work, gone on with after it died."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.records.run import read_run_record
from harness.serving import servers
from tests.harness.serving.test_managed import stand_in

RUN = ["--suite", "sample", "--limit", "4", "--serve", "vllm", "--model", "org/m", "--concurrency", "1"]


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use("good", tmp_path, monkeypatch)
    return tmp_path / "runs"


def use(mode: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets `--serve vllm` start the stand-in."""
    monkeypatch.setitem(servers.SERVERS, "vllm", stand_in(mode, folder))


def folder_of(out: Path) -> Path:
    (path,) = out.rglob("run.json")
    return path.parent


def test_a_run_starts_the_server_and_one_with_nothing_to_do_does_not(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*RUN, "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "vllm:org/m" in said.out
    assert "is healthy after" in said.err
    folder = folder_of(out)
    assert folder.name == "vllm:org--m"
    record = read_run_record(folder)
    assert record.model.id == "vllm:org/m"
    assert record.complete
    assert (folder / "server.log").is_file()
    assert "127.0.0.1" not in json.dumps(record.fingerprint), "the port differs each time"
    (tmp_path / "server.pid").unlink()
    assert main([*RUN, "--out", str(out)]) == 0
    assert not (tmp_path / "server.pid").exists()
    assert "starting" not in capsys.readouterr().err


def test_a_server_that_dies_ends_the_run_which_is_gone_on_with(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use("leaves", tmp_path, monkeypatch)
    monkeypatch.setattr("harness.models.served.retry.Policy.wait", lambda *_args: 0.0)
    assert main([*RUN, "--out", str(out), "--quiet"]) == 5
    said = capsys.readouterr().err
    assert said.startswith("error: stand-in ended with status 7; its log: ")
    assert said.count("\n") == 1
    before = lines_of(folder_of(out))
    assert len(before) == 3
    use("good", tmp_path, monkeypatch)
    assert main([*RUN, "--out", str(out)]) == 0
    after = lines_of(folder_of(out))
    assert len(after) == len(set(after)) == 8
    assert after[:3] == before


def lines_of(folder: Path) -> list[str]:
    """Ids in the order of the journals."""
    texts = [text for path in sorted(folder.glob("*.jsonl"), reverse=True) for text in path.read_text().splitlines()]
    assert all(json.loads(text)["hypothesis"] == "said" for text in texts)
    return [json.loads(text)["id"] for text in texts]


def test_a_dry_run_starts_nothing(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "--out", str(out), "--dry-run"]) == 0
    assert "vllm:org/m on sample" in capsys.readouterr().out
    assert not (tmp_path / "server.pid").exists()


def test_load_through_a_server_of_its_own(out: Path, tmp_path: Path) -> None:
    flags = ["--rate", "20", "--duration", "1", "--limit", "1", "--out", str(out), "--quiet"]
    assert main(["load", "--serve", "vllm", "--model", "org/m", *flags]) in {0, 5}
    (path,) = out.rglob("load.json")
    found = json.loads(path.read_text())
    assert found["model"] == "vllm:org/m"
    assert " good " in found["server"]
    assert (path.parent / "server.log").is_file()


def test_a_load_ends_where_its_server_died(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use("leaves", tmp_path, monkeypatch)
    flags = ["--rate", "20,21,22", "--duration", "1.5", "--limit", "1", "--out", str(out)]
    assert main(["load", "--serve", "vllm", "--model", "org/m", *flags]) == 5
    said = capsys.readouterr().err
    assert "error: stand-in ended with status 7; its log: " in said
    (path,) = out.rglob("load.json")
    (rate,) = json.loads(path.read_text())["rates"]
    assert rate["answered"] <= 3
    assert rate["why"][0].startswith("achieved ")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--serve", "vllm"], "--serve vllm: name the model that it is to serve with --model"),
        (["--serve", "vllm", "--model", "m", "--engine", "ray"], "--engine ray and --clock leaderboard time devices"),
        (["--serve", "vllm", "--model", "m", "--clock", "leaderboard"], "--engine ray and --clock leaderboard time"),
        (["--model", "tiny-nar", "--serve-args", "x"], "--serve-args is for a server that is started here"),
    ],
)
def test_runs_that_cannot_be_meant(out: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str) -> None:
    assert main(["--suite", "sample", "--out", str(out), *flags]) == 2
    assert said in capsys.readouterr().err
