"""`fitting` from files: several forms of the three texts, tables, JSON, and the metric in the other verbs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.errors import ExitStatus

ORIGINAL = [f"we saw a cat number {at} there" for at in range(30)]
CORRECTED = [text.replace("cat", "dog") for text in ORIGINAL]
NAMES = [f"s{at % 6}-u{at}" for at in range(30)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Predictions of a system that knows the reference and of one that hears, with both references in several forms."""
    for name, said in (("memory", ORIGINAL), ("ears", CORRECTED)):
        (tmp_path / name).mkdir()
        rows = [
            {"id": name_of, "text": text, "pred_text": heard, "session": name_of[:2]}
            for name_of, text, heard in zip(NAMES, ORIGINAL, said, strict=True)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / name / "meetings.jsonl").write_text(text, encoding="utf-8")
    for name, texts in (("original", ORIGINAL), ("corrected", CORRECTED), ("said", ORIGINAL)):
        trn = "".join(f"{text} ({one})\n" for one, text in zip(NAMES, texts, strict=True))
        (tmp_path / f"{name}.trn").write_text(trn, encoding="utf-8")
    kaldi = "".join(f"{one} {text}\n" for one, text in zip(NAMES, CORRECTED, strict=True))
    (tmp_path / "corrected.txt").write_text(kaldi, encoding="utf-8")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main(["fitting", *map(str, words)]) == ExitStatus.GOOD
    return capsys.readouterr().out


def test_two_systems_beside_each_other(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [folder / name / "meetings.jsonl" for name in ("memory", "ears")]
    found = json.loads(said(capsys, *paths, "--corrected", folder / "corrected.txt", "--json"))
    memory, ears = found["systems"]
    assert (memory["original"], memory["corrected"], memory["rate"], memory["others"]) == (30, 0, 1.0, 0.0)
    assert (ears["original"], ears["corrected"], ears["rate"], ears["others"]) == (0, 30, 0.0, 1.0)
    assert (memory["fits"], ears["fits"]) == (True, False)
    assert found["corrected"].endswith("corrected.txt")
    shown = said(capsys, *paths, "--corrected", folder / "corrected.txt")
    assert "fits the reference" in shown
    assert "no sign of it" in shown
    assert "each one-sided at 5 %" in " ".join(shown.split())


def test_three_files_of_texts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = (folder / "said.trn", "--reference", folder / "original.trn", "--corrected", folder / "corrected.trn")
    (one,) = json.loads(said(capsys, *words, "--json"))["systems"]
    assert (one["system"], one["benchmark"], one["fits"], one["interval"]["sessions"]) == ("said", "original", True, 6)
    assert one["interval"]["high"] == 1.0


def test_the_rate_is_a_metric_of_the_other_verbs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(folder / name / "meetings.jsonl") for name in ("memory", "ears")]
    more = ["--corrected", str(folder / "corrected.txt"), "--metric", "fitting"]
    assert main(["score", paths[0], *more, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)[0]["benchmarks"][0]["metrics"]["fitting"]
    assert (value["value"], value["count"], value["of"], value["interval"]["high"]) == (1.0, 30, 30, 1.0)
    assert main(["compare", *paths, *more, "--json"]) == 0
    (block,) = json.loads(capsys.readouterr().out)["metrics"]
    assert block["pairs"][0]["difference"]["value"] == 1.0
    assert max(one["interval"]["high"] for one in block["systems"]) == 1.0
    assert main(["report", *paths, *more, "--out", str(folder / "out"), "--quiet"]) == 0
    assert "reference errors" in (folder / "out" / "table.md").read_text(encoding="utf-8")
    assert "reference errors" in (folder / "out" / "index.html").read_text(encoding="utf-8")


def test_what_is_missing_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(folder / "memory" / "meetings.jsonl")
    assert main(["fitting", path]) == ExitStatus.USAGE
    assert "say what corrects the reference: --corrected FILE" in capsys.readouterr().err
    assert main(["fitting", path, "--corrected", "no_such_set"]) == ExitStatus.USAGE
    assert "no benchmark called 'no_such_set'" in capsys.readouterr().err
    (folder / "other.txt").write_text("x1 a b\nx2 c d\n", encoding="utf-8")
    assert main(["fitting", path, "--corrected", str(folder / "other.txt")]) == ExitStatus.DATA
    assert "none of its ids, such as 'x1', is one of the 30 utterances, such as 's0-u0'" in capsys.readouterr().err


def test_a_benchmark_that_cannot_be_reached_has_advice_that_this_verb_takes(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(folder / "nothing"))
    path = str(folder / "memory" / "meetings.jsonl")
    assert main(["fitting", path, "--corrected", "ami_cleaned"]) == ExitStatus.DATA
    said = capsys.readouterr().err
    assert "; or give the texts of ami_cleaned with their ids in a file, --corrected FILE (its home is" in said
    assert "--from" not in said
