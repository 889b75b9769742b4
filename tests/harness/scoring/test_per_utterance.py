"""Every utterance as it was scored, written in each form and read back."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.cli import main
from harness.errors import RunError
from harness.records.utterances import UtteranceScore
from harness.reporting.escape import csv_cell
from harness.scoring import per_utterance
from harness.scoring.error_counts import ErrorCounts
from tests.harness.hostile import STRINGS, check_commands, check_csv, check_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.scoring.scored import Scored

ROWS: list[dict[str, Any]] = [
    {"id": "u1", "text": "The cat sat", "pred_text": "a cat sat down", "speaker": "s", "duration": 2.0, "time": 0.5},
    {"id": "u2", "text": "=SUM(1)", "pred_text": None},
    {"id": "u3", "text": "\u4eca\u65e5 one", "pred_text": "\u4eca\u65e5"},
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "it.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def written(file: Path, name: str, *more: str) -> Path:
    path = file.with_name(name)
    assert main(["score", str(file), "--profile", "verbatim", "--per-utterance", str(path), *more]) == 0
    return path


def test_lines(file: Path) -> None:
    decoder = msgspec.json.Decoder(UtteranceScore)
    one, two, three = map(decoder.decode, written(file, "out.jsonl").read_bytes().splitlines())
    assert (one.model, one.benchmark, one.profile, one.id, one.session) == ("it", "it", "verbatim", "u1", "s")
    assert (one.hits, one.substitutions, one.deletions, one.insertions, one.words) == (2, 1, 0, 1, 3)
    assert one.rate == 2 / 3
    assert [(step.operation, step.reference, step.hypothesis) for step in one.alignment] == [
        ("substitution", ("The",), ("a",)),
        ("hit", ("cat",), ("cat",)),
        ("hit", ("sat",), ("sat",)),
        ("insertion", (), ("down",)),
    ]
    assert (two.scored, two.hypothesis, two.error, two.alignment) == (
        False,
        None,
        "no transcript (pred_text is null)",
        (),
    )
    assert (three.deletions, three.normalized_reference) == (1, "\u4eca\u65e5 one")


def test_the_same_in_a_table(file: Path) -> None:
    from pyarrow import parquet

    lines = [json.loads(line) for line in written(file, "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert parquet.read_table(written(file, "out.parquet")).to_pylist() == lines
    with written(file, "out.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    for row, line in zip(rows, lines, strict=True):
        assert json.loads(row.pop("alignment")) == line.pop("alignment")
        shown = {name: "" if value is None else str(value) for name, value in line.items()}
        assert {name: value.removeprefix("'") for name, value in row.items()} == shown
    assert rows[1]["reference"] == "'=SUM(1)"  # else a spreadsheet would compute it


def test_counts_sum_to_the_score(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(file, "out.jsonl", "--json")
    (score,) = json.loads(capsys.readouterr().out)
    total = ErrorCounts()
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        total += ErrorCounts(*(row[name] for name in ("hits", "substitutions", "deletions", "insertions")))
    assert msgspec.to_builtins(total) == score["benchmarks"][0]["errors"]


def test_alignments_to_read(file: Path) -> None:
    path = file.with_name("out.txt")
    assert main(["score", str(file), "--profile", "verbatim", "--alignments", str(path)]) == 0
    assert path.read_text(encoding="utf-8").splitlines() == [
        "id: it it (u1)",
        "Scores: (#C #S #D #I) 2 1 0 1",
        "REF:  THE cat sat ****",
        "HYP:  A   cat sat DOWN",
        "Eval: S           I",
        "",
        "id: it it (u2)",
        "not scored, failed: no transcript (pred_text is null)",
        "",
        "id: it it (u3)",
        "Scores: (#C #S #D #I) 1 0 1 0",
        "REF:  \u4eca\u65e5 ONE",
        "HYP:  \u4eca\u65e5 ***",
        "Eval:      D",
    ]


def test_a_mark_takes_no_column(tmp_path: Path) -> None:
    path = tmp_path / "it.jsonl"
    path.write_text('{"text": "x\\u0302 c", "pred_text": "ab c"}\n', encoding="utf-8")
    out = tmp_path / "out.txt"
    assert main(["score", str(path), "--profile", "verbatim", "--alignments", str(out)]) == 0
    assert out.read_text(encoding="utf-8").splitlines()[2:] == ["REF:  X\u0302  c", "HYP:  AB c", "Eval: S"]


def test_another_ending_is_refused_before_anything_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "nowhere", "--per-utterance", "out.xlsx"]) == 2
    assert "must end in .jsonl, .csv or .parquet" in capsys.readouterr().err


def test_half_a_character_is_written_out(tmp_path: Path) -> None:
    path = tmp_path / "it.jsonl"
    path.write_text('{"text": "a \\ud800 b", "pred_text": "a b"}\n', encoding="utf-8")
    for name in ("out.parquet", "out.csv", "out.jsonl"):
        written(path, name)
    assert "a \\ud800 b" in path.with_name("out.csv").read_text(encoding="utf-8")


def test_each_form_takes_hostile_texts_as_its_readers_need(tmp_path: Path) -> None:
    """JSON lines and Parquet hold the very texts, CSV what a spreadsheet may show, alignments what a terminal may."""
    from pyarrow import parquet

    texts = list(STRINGS.values())
    file = tmp_path / "it.jsonl"
    rows = [
        {"id": f"{at} {text}", "text": f"alpha {text}", "pred_text": f"{text} beta"} for at, text in enumerate(texts)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    raw = written(file, "out.jsonl").read_bytes()
    assert not [one for one in raw if one < 0x20 and one != 0x0A]
    lines = [json.loads(line) for line in raw.split(b"\n") if line]
    assert [(line["id"], line["reference"], line["hypothesis"]) for line in lines] == [
        (row["id"], row["text"], row["pred_text"]) for row in rows
    ]
    stored = parquet.read_table(written(file, "out.parquet")).to_pylist()
    whole = [at for at, text in enumerate(texts) if "\ud800" not in text]
    assert [stored[at] for at in whole] == [lines[at] for at in whole]
    table = written(file, "out.csv")
    check_csv(table)
    check_terminal(table.read_text(encoding="utf-8").replace("\r\n", "\n"))
    check_commands(table.read_text(encoding="utf-8").replace("##[", "").replace("\r\n", "\n"))
    with table.open(encoding="utf-8", newline="") as opened:
        cells = list(csv.DictReader(opened))
    assert [row["reference"] for row in cells] == [csv_cell(line["reference"]) for line in lines]
    assert [row["id"] for row in cells] == [csv_cell(line["id"]) for line in lines]
    alignments = file.with_name("a.txt")
    assert main(["score", str(file), "--profile", "verbatim", "--alignments", str(alignments)]) == 0
    text = alignments.read_text(encoding="utf-8")
    assert text.count("Scores: (#C #S #D #I) ") == len(texts)
    check_terminal(text)
    check_commands(text)


def test_what_is_written_does_not_depend_on_how_many_rows_are_held(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyarrow import parquet

    def all_forms(stem: str) -> list[object]:
        texts = [written(file, f"{stem}{end}", "--alignments", str(file.with_name(f"{stem}.txt"))) for end in ENDS]
        found: list[object] = [path.read_bytes() for path in (*texts[:2], file.with_name(f"{stem}.txt"))]
        return [*found, parquet.read_table(texts[2]).to_pylist()]

    at_once = all_forms("one")
    monkeypatch.setattr("harness.scoring.per_utterance._AT_ONCE", 1)
    assert all_forms("other") == at_once


ENDS = (".jsonl", ".csv", ".parquet")


@pytest.mark.parametrize("end", ENDS)
def test_what_was_there_stays_where_writing_ends_by_an_error(
    file: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    path = file.with_name(f"out{end}")
    path.write_bytes(b"before")

    real = per_utterance.utterance_scores

    def breaks(model: str, one: Scored) -> Iterator[UtteranceScore]:
        yield from [*real(model, one)][:2]
        raise RunError("no more")

    monkeypatch.setattr(per_utterance, "_AT_ONCE", 1)
    monkeypatch.setattr(per_utterance, "utterance_scores", breaks)
    assert main(["score", str(file), "--profile", "verbatim", "--per-utterance", str(path)]) == 5
    assert path.read_bytes() == b"before"
    assert [one.name for one in file.parent.glob(".*")] == []
