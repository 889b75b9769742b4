"""`data check` from the command line: what it prints and writes, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.cli import main
from harness.records.codec import decode
from harness.records.health import Health
from tests.harness.health.made import speech

A, B = "what was said in the first of the two clips", "and this is what was said in the second one"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound clip, a clip of opposite channels, the first clip once more, and a page in place of audio."""
    first, second = speech(0)[:64_000], speech(1)[:64_000]
    soundfile.write(tmp_path / "a.flac", first, 16_000)
    soundfile.write(tmp_path / "b.flac", np.hstack([second, -second]), 16_000)
    soundfile.write(tmp_path / "c.flac", first, 16_000)
    (tmp_path / "d.wav").write_text("<!DOCTYPE html><html>404</html>")
    texts = {"a.flac": A, "b.flac": f"{B} [noise]", "c.flac": B, "d.wav": "quite another sentence that was said"}
    rows = [{"audio": name, "text": text, "speaker": name[0]} for name, text in texts.items()]
    (tmp_path / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def checked(capsys: pytest.CaptureFixture[str], *arguments: object) -> Health:
    assert main(["data", "check", *map(str, arguments), "--json"]) == 0
    return decode(capsys.readouterr().out.encode(), Health, "stdout")


def test_findings_are_ranked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    health = checked(capsys, folder)
    assert [(one.kind, one.utterance, one.severity) for one in health.findings] == [
        ("contradiction", "a", "high"),
        ("contradiction", "c", "high"),
        ("opposite_phase", "b", "high"),
        ("unreadable", "d", "high"),
        ("markup", "b", "medium"),
    ]
    assert (health.utterances, health.flagged, health.sessions, health.of) == (4, 4, 4, None)
    assert health.seconds == 12.0
    assert health.languages == {"en": 4}
    assert {kind.kind: kind.count for kind in health.kinds} == {
        "contradiction": 2,
        "opposite_phase": 1,
        "unreadable": 1,
        "markup": 1,
    }


def test_on_the_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(folder)]) == 0
    shown = capsys.readouterr()
    assert "4 utterances, 0.00 h, 4 with something to look at (100.0 %)" in shown.out
    assert "high   unreadable, d: " in shown.out
    assert "HTML" in shown.out
    assert "4 utterances" in shown.err


def test_nothing_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "a.wav", speech(), 16_000)
    (tmp_path / "m.jsonl").write_text(json.dumps({"audio": "a.wav", "text": A, "session": "s"}) + "\n")
    assert main(["data", "check", str(tmp_path / "m.jsonl"), "--quiet"]) == 0
    shown = capsys.readouterr()
    assert shown.out.endswith("nothing found\n")
    assert shown.err == ""


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        (["--fail-on", "markup"], 4),
        (["--fail-on", "clipping"], 0),
        (["--fail-on", "high"], 4),
        (["--fail-on", "clipping", "--fail-on", "medium"], 4),
        (["--fail-on", "low"], 4),
    ],
)
def test_fail_on(folder: Path, flags: list[str], status: int) -> None:
    assert main(["data", "check", str(folder), "--quiet", *flags]) == status


@pytest.mark.parametrize(("severity", "status"), [("high", 0), ("medium", 4), ("low", 4)])
def test_fail_on_a_severity_is_on_it_and_worse(tmp_path: Path, severity: str, status: int) -> None:
    soundfile.write(tmp_path / "a.wav", speech(), 16_000)
    (tmp_path / "m.jsonl").write_text(json.dumps({"audio": "a.wav", "text": f"{A} [noise]"}) + "\n")
    assert main(["data", "check", str(tmp_path / "m.jsonl"), "--quiet", "--fail-on", severity]) == status


def test_limit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    health = checked(capsys, folder, "--limit", 2)
    assert (health.utterances, health.of) == (2, 4)
    assert {one.utterance for one in health.findings} == {"b"}


def test_what_is_written(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    printed = checked(capsys, folder, "--out", out)
    assert decode((out / "health.json").read_bytes(), Health, "health.json") == printed
    page = (out / "index.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fail-on", "cliping"], "no kind of finding called 'cliping'; did you mean 'clipping'?"),
        (["--limit", "0"], "--limit 0: give a number from 1 up"),
        (["--workers", "0"], "--workers 0: give a number from 1 up"),
    ],
)
def test_wrong_flags(folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(folder), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_name_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "smaple"]) == 2
    assert "did you mean 'sample'?" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["sample", "sample_read", "sample_languages"])
def test_what_comes_with_the_project_is_sound(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    health = checked(capsys, name, "--quiet")
    assert [one for one in health.findings if one.severity == "high"] == []
    assert health.flagged <= 1


def test_systems(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        rows = [
            {"id": key, "text": "", "pred_text": text}
            for key, text in {"a": A, "b": "and this is not what was said in the second one", "c": A}.items()
        ]
        path = tmp_path / "heard" / f"MODEL_{name}_DATASET_x.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    health = checked(capsys, folder, "--systems", tmp_path / "heard")
    assert health.systems == ("one", "two")
    found = {(one.kind, one.utterance): one for one in health.findings}
    assert "'not'" in found["label_error", "b"].message
    assert found["swapped_reference", "c"].others == ("a",)
