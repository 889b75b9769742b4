"""From predictions of others to table, page, comparison and gate: how transcripts are written."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main

if TYPE_CHECKING:
    from pathlib import Path

SENTENCES = (
    "Well, the 20 dogs left. Why?",
    "He met John, and Anna, in Paris.",
    "It was late; nobody came!",
    "In May they had 5 cats.",
)


def write(path: Path, hypotheses: list[str], references: list[str]) -> Path:
    """Predictions as a table with commas, four utterances a speaker."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["id", "speaker", "text", "pred_text"])
        for at, (reference, hypothesis) in enumerate(zip(references, hypotheses, strict=True)):
            table.writerow([f"u{at}", f"s{at // 4}", reference, hypothesis])
    return path


@pytest.fixture
def both(tmp_path: Path) -> tuple[Path, Path]:
    """The same words twice: as they should be written but for a few commas, and without marks and capitals."""
    references = list(SENTENCES) * 6
    careful = [text.replace(",", "", 1) if at % 5 == 0 else text for at, text in enumerate(references)]
    careless = ["".join(letter for letter in text.lower() if letter not in ",.;?!") for text in references]
    return (
        write(tmp_path / "a" / "meetings.csv", careful, references),
        write(tmp_path / "b" / "meetings.csv", careless, references),
    )


def as_json(capsys: pytest.CaptureFixture[str], *command: str, status: int = 0) -> Any:
    capsys.readouterr()
    assert main([*command]) == status
    return json.loads(capsys.readouterr().out)


def test_score_says_how_both_are_written(
    both: tuple[Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    names = ("punctuation_error_rate", "comma_f1", "capitalization_f1", "numbers_as_written", "formatted_wer")
    asked = [part for name in names for part in ("--metric", name)]
    for path, expected in zip(both, ([3 / 54, 15 / 16.5, 1, 1, 3 / 144], [1, 0, 0, 1, 78 / 144]), strict=True):
        [scores] = as_json(capsys, "score", str(path), *asked, "--json")
        [entry] = scores["benchmarks"]
        assert entry["wer"] == 0
        assert [entry["metrics"][name]["value"] for name in names] == pytest.approx(expected)
        assert entry["metrics"]["punctuation_error_rate"]["interval"]["sessions"] == 6
    capsys.readouterr()
    assert main(["score", str(both[0]), "--metric", "comma_f1", "--details"]) == 0
    printed = capsys.readouterr().out
    assert "comma F1" in printed
    assert "marks, capitals, numbers, keywords" in printed
    [line] = [line for line in printed.splitlines() if line.startswith("mark ") and " , " in line]
    assert line.split()[:8] == ["mark", ",", "15", "18", "15", "100.00", "83.33", "90.91"]


def test_a_report_has_columns_and_the_table_of_classes(both: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "report"
    command = ["report", *map(str, both), "--out", str(out), "--metric", "punctuation_f1", "--metric", "formatted_wer"]
    assert main(command) == 0
    rows = json.loads((out / "metrics.json").read_text())["rows"]
    assert [row["punctuation_f1"] for row in rows] == pytest.approx([102 / 105, 0])
    assert [row["formatted_wer"] for row in rows] == pytest.approx([3 / 144, 78 / 144])
    classes = json.loads((out / "classes.json").read_text())["rows"]
    found = {
        (row["kind"], row["name"]): (row["right"], row["reference"], row["written"])
        for row in classes[: len(classes) // 2]
    }
    assert found["mark", ","] == (15, 18, 15)
    assert found["mark", ";"] == (6, 6, 6)
    assert found["capitals", "Capitalized"] == (54, 54, 54)
    assert found["numbers", "as written"] == (12, 12, None)
    page = (out / "index.html").read_text()
    assert "punctuation F1" in page
    assert "Marks, capitals, numbers, keywords" in page


def test_a_comparison_takes_metrics(both: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    command = ["compare", *map(str, both), "--metric", "punctuation_f1", "--metric", "formatted_wer"]
    found = as_json(capsys, *command, "--json")
    f1, formatted = found["metrics"]
    assert (f1["metric"], f1["benchmark"], f1["systems"][0]["rate"]) == (
        "punctuation_f1",
        "meetings",
        pytest.approx(102 / 105),
    )
    assert f1["pairs"][0]["difference"]["value"] == pytest.approx(102 / 105)
    assert f1["pairs"][0]["significant"]
    assert f1["systems"][0]["interval"]["high"] <= 1
    assert formatted["pairs"][0]["difference"]["value"] == pytest.approx(-75 / 144)
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "Comparison of two systems: punctuation F1" in printed
    assert printed.count("A is better") == 2
    assert "tie" in printed
    assert main([*command, "--metric", "wil"]) == 2
    assert "--metric wil: WIL has no interval and cannot be compared" in capsys.readouterr().err


def test_three_systems_are_ranked_by_a_metric(
    both: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    third = write(tmp_path / "c" / "meetings.csv", list(SENTENCES) * 6, list(SENTENCES) * 6)
    found = as_json(capsys, "compare", *map(str, (*both, third)), "--metric", "comma_f1", "--json")
    [block] = found["metrics"]
    assert [one["rate"] for one in block["systems"]] == pytest.approx([1, 15 / 16.5, 0])
    assert main(["compare", *map(str, (*both, third)), "--metric", "comma_f1"]) == 0
    assert "comma F1" in capsys.readouterr().out


def test_a_gate_holds_a_run_to_it(both: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    careful, careless = map(str, both)
    policy = tmp_path / "policy.toml"
    policy.write_text("[metrics.punctuation_f1]\nmargin = 2.0\n[metrics.capitalization_error_rate]\nmargin = 1.0\n")
    gate = ["gate", careless, "--baseline", careful, "--policy", str(policy), "--json"]
    findings = {one["subject"]: one for one in as_json(capsys, *gate, status=1)["findings"]}
    f1, capitals = findings["meetings: punctuation F1"], findings["meetings: capitalization errors"]
    assert (findings["meetings"]["verdict"], f1["verdict"], capitals["verdict"]) == ("PASS", "FAIL", "FAIL")
    assert (f1["before"], f1["after"]) == (pytest.approx(102 / 105), 0)
    assert f1["blame"][0]["id"] == "u1"
    back = as_json(capsys, "gate", careful, "--baseline", careless, "--policy", str(policy), "--json")
    assert {one["verdict"] for one in back["findings"] if one["metric"]} == {"PASS"}


def test_what_cannot_be_scored_is_a_dash_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = ["he met john", "in paris", "and anna", "left", "late", "nobody came"]
    paths = [write(tmp_path / name / "plain.csv", [text.capitalize() + "." for text in plain], plain) for name in "ab"]
    why = "the references have no punctuation (0 marks in 11 words)"
    assert main(["score", str(paths[0]), "--metric", "punctuation_error_rate"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert f"† not scored: {why}" in printed
    assert main(["score", str(paths[0]), "--details"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert f"Not scored, {why}: formatted WER, PER, PER (NeMo), punctuation precision" in printed
    found = as_json(capsys, "compare", *map(str, paths), "--metric", "punctuation_error_rate", "--json")
    assert found["metrics"] == []
    assert f"plain has no PER: {why}" in found["notes"]
    policy = tmp_path / "policy.toml"
    policy.write_text("[metrics.punctuation_error_rate]\nmargin = 1.0\n")
    gate = ["gate", str(paths[1]), "--baseline", str(paths[0]), "--policy", str(policy), "--json"]
    messages = [one["message"] for one in as_json(capsys, *gate, status=3)["findings"]]
    assert f"no benchmark has it, so it cannot be judged: {why}" in messages
