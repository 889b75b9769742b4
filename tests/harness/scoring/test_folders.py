"""Folders of predictions of every form, and what of them is left out."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from harness.errors import DataError, UsageError
from harness.scoring.predictions import read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_systems
from harness.scoring.transcripts import read_transcripts

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [("a", "one two three", "one too three"), ("b", "four five", "four five six")]
TABLE = ("id", "text", "pred_text")


def folder(root: Path) -> Path:
    """The same two rows in every form that has both texts."""
    dicts = [dict(zip(TABLE, row, strict=True)) for row in ROWS]
    lines = "".join(json.dumps(row) + "\n" for row in dicts)
    (root / "deep").mkdir(parents=True)
    (root / "one.jsonl").write_text(lines)
    (root / "deep/two.jsonl.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))
    (root / "three.json").write_text(json.dumps(dicts))
    (root / "four.csv").write_text("\n".join(",".join(row) for row in (TABLE, *ROWS)))
    (root / "deep/five.tsv").write_text("\n".join("\t".join(row) for row in (TABLE, *ROWS)))
    (root / "six.CSV.gz").write_bytes(
        gzip.compress("\n".join(";".join(row) for row in (TABLE, *ROWS)).encode(), mtime=0)
    )
    return root


def test_every_form_with_both_texts_is_taken(tmp_path: Path) -> None:
    systems = read_systems([folder(tmp_path)])
    assert sorted(system.model for system in systems) == ["five", "four", "one", "six", "three", "two"]
    for score in score_systems(systems, [get_profile("verbatim")] * 6):
        (entry,) = score.benchmarks
        assert entry.errors is not None
        assert (entry.errors.errors, entry.words) == (2, 5)


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    root = folder(tmp_path / "all")
    (root / "config.json").write_text('{"model": "x"}')
    (root / "meta.csv").write_text("speaker,age\ns1,30\n")
    (root / "hyp.trn").write_text("one too three (a)\n")
    (root / "README.txt").write_text("what this is")
    (root / ".hidden.csv").write_text("x")
    said: list[str] = []
    assert len(read_systems([root], say=said.append)) == 6
    why = "without a row that has both a reference and a transcript: config.json, hyp.trn and 1 more"
    assert said == [f"{root}: left out 3 {why}"]


def test_a_folder_of_transcripts_alone_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "hyp.trn").write_text("one too three (a)\n")
    with pytest.raises(UsageError) as failure:
        read_systems([tmp_path])
    assert str(failure.value) == (
        f"nothing to score in {tmp_path}; expected a run folder (run.json), or *.jsonl, *.json, *.csv, *.tsv with text "
        "and pred_text, gzipped too; hyp.trn has no reference beside its texts: give that with --reference FILE"
    )


def test_a_folder_beside_a_reference_is_a_system_a_file(tmp_path: Path) -> None:
    root = tmp_path / "hyps"
    (root / "b").mkdir(parents=True)
    reference = root / "calls.ref.trn"
    reference.write_text("".join(f"{text} ({name})\n" for name, text, _ in ROWS))
    (root / "calls.first.trn").write_text("".join(f"{text} ({name})\n" for name, _, text in ROWS))
    (root / "second.csv").write_text("id,hyp\n" + "".join(f"{name},{text}\n" for name, _, text in ROWS))
    (root / "third.json").write_text(json.dumps([{"id": name, "pred_text": text} for name, _, text in ROWS]))
    (root / "b/fourth.txt.gz").write_bytes(
        gzip.compress("".join(f"{text} ({n})\n" for n, _, text in ROWS).encode(), mtime=0)
    )
    (root / "log.out").write_text("x")
    said: list[str] = []
    systems = read_transcripts(reference, [root], say=said.append)
    assert [system.model for system in systems] == ["fourth", "first", "second", "third"]
    assert said[0] == f"{root}: left out 1 of other endings: log.out"
    for score in score_systems(systems, [get_profile("verbatim")] * 4):
        assert score.benchmarks[0].errors is not None
        assert (score.benchmarks[0].benchmark, score.benchmarks[0].errors.errors) == ("calls", 2)


def test_a_folder_without_any_transcripts_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "hyps").mkdir()
    (tmp_path / "ref.trn").write_text("a (x)\n")
    with pytest.raises(
        DataError, match=r"no transcripts in .*hyps; expected one of \*\.jsonl, \*\.json, .* gzipped too$"
    ):
        read_transcripts(tmp_path / "ref.trn", [tmp_path / "hyps"])


def test_the_verb_takes_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = folder(tmp_path / "all")
    (root / "meta.csv").write_text("speaker,age\ns1,30\n")
    assert main(["score", str(root), "--profile", "verbatim", "--json"]) == 0
    printed = capsys.readouterr()
    assert {one["model"] for one in json.loads(printed.out)} == {"one", "two", "three", "four", "five", "six"}
    assert printed.err.startswith(f"{root}: left out 1 without a row")
