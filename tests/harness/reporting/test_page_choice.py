"""A page that would be too large holds the utterances that matter, says so, and counts all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.records import journal
from harness.records.codec import write
from harness.records.journal import Line, encode_lines
from harness.records.run import BenchmarkRecord, ModelRecord, RunRecord
from harness.reporting.page import choice
from harness.reporting.page.choice import choose
from harness.reporting.page.data import group
from harness.reporting.report import write_report
from harness.scoring.predictions import System, read_run
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions, count_systems
from tests.harness.run_records import run_record
from tests.harness.scoring.made import predictions

PROFILE = get_profile("verbatim")
COUNT = 200


def run(folder: Path, name: str, wrong: range) -> System:
    """Of the utterances in `wrong` each has one error more than the one before; u013 failed."""
    rows = []
    for number in range(COUNT):
        outcome = {"hypothesis": "a b c d" + " x" * (number - wrong.start if number in wrong else 0)}
        facts: dict[str, Any] = {"error": "no"} if number == 13 else outcome
        rows.append(Line(id=f"u{number:03}", reference="a b c d", session=f"s{number % 9}", language="en", **facts))
    place = folder / name
    place.mkdir()
    (place / "b.jsonl").write_bytes(encode_lines(rows))
    entry = BenchmarkRecord(language="en", expected=COUNT, complete=True)
    write(place / "run.json", RunRecord(model=ModelRecord(id=name), benchmarks={"b": entry}))
    return read_run(place)


@pytest.mark.parametrize("large", [0, 1 << 30])
def test_what_is_written_where_nothing_is_said_matters_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    monkeypatch.setattr(journal, "LARGE_BYTES", large)
    texts = [("a b c d", "a b c d")] * 40 + [("", "x y z"), ("", ""), ("", "x"), ("a b c d", "a b c")]
    rows = [
        Line(id=f"u{number}", reference=said, hypothesis=heard, language="en")
        for number, (said, heard) in enumerate(texts)
    ]
    (tmp_path / "b.jsonl").write_bytes(encode_lines(rows))
    entry = BenchmarkRecord(language="en", expected=len(rows), complete=True)
    write(tmp_path / "run.json", run_record({"b": entry}))
    counted = count_systems([read_run(tmp_path)], [get_profile("card@2026-04")])  # which has no rate for these
    size = choice.size_of([one for held in counted for one in held])
    chosen = choose(counted, round(size / 10))["b"]
    assert len(chosen.ids) == 4
    assert {"u40", "u42", "u43"} <= chosen.ids


@pytest.mark.parametrize("large", [0, 1 << 30])
def test_those_with_most_errors_and_some_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    monkeypatch.setattr(journal, "LARGE_BYTES", large)
    systems = [run(tmp_path, "one", range(50, 90)), run(tmp_path, "two", range(120, 160))]
    counted = count_systems(systems, [PROFILE] * 2)
    assert choose(counted) == {}, "there is room for all"
    size = choice.size_of([one for held in counted for one in held])
    (name, chosen), *rest = choose(counted, round(size / 5) + 1).items()
    assert (name, rest) == ("b", [])
    wrong = {f"u{number:03}" for number in (*range(73, 90), *range(143, 160), 13)}  # 18 of 20 of each system
    assert wrong <= chosen.ids
    drawn = chosen.ids - wrong  # two more of each system
    assert 2 <= len(drawn) <= 4
    right = {f"u{number:03}" for number in range(COUNT)} - {
        f"u{number:03}" for number in (*range(51, 90), *range(121, 160))
    }
    assert drawn & right
    assert all(
        int(name[1:]) not in {13, *range(51, 90)} or int(name[1:]) not in {13, *range(121, 160)} for name in drawn
    )
    assert chosen == choose(counted, round(size / 5) + 1)["b"]
    assert f"b: {len(chosen.ids)} of 200 utterances can be looked at in the page, to keep it under 20 MB" in chosen.said
    (found,) = group(counted, {"b": chosen})
    assert {row.id for row in found.rows.values()} == chosen.ids
    for held, scored in zip(found.systems.values(), counted, strict=True):
        assert len(held.kept) == COUNT
        assert all(scored[0].units.rows[at].id == key[0] for key, at in held.rows.items())
    assert group(counted, {"other": chosen})[0].rows.keys() == group(counted)[0].rows.keys()


def test_the_report_says_so_and_its_tables_are_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systems = [run(tmp_path, "one", range(50, 90))]
    whole = write_report(systems, PROFILE, tmp_path / "whole")
    assert whole.left_out == []
    monkeypatch.setattr(choice.choose, "__defaults__", (300,))
    cut = write_report(systems, PROFILE, tmp_path / "cut")
    (said,) = cut.left_out
    assert "of 200 utterances can be looked at in the page" in said
    page = (tmp_path / "cut" / "index.html").read_text()
    assert said in page
    assert len(page) < len((tmp_path / "whole" / "index.html").read_text())
    for stem in ("table", "errors"):
        assert (tmp_path / "cut" / f"{stem}.json").read_bytes() == (tmp_path / "whole" / f"{stem}.json").read_bytes()


def test_references_are_in_a_page_once_and_transcripts_of_each_system() -> None:
    """Ids and references of ten bytes, and transcripts of two and of four."""
    held = [count_predictions(predictions(("12345678", heard), name="b"), PROFILE) for heard in ("xx", "ää")]
    assert choice.size_of(held) == 10 + 2 + 4
    assert choice.size_of(held[:1]) == 10 + 2
    assert choose([held], 16) == {}, "as much room as is needed"
    assert [*choose([held], 15)] == ["b"]
