"""A page that would be too large holds the utterances that matter, says so, and counts all."""

from __future__ import annotations

import random
import string
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.records import journal
from harness.records.codec import write
from harness.records.journal import Line, encode_lines
from harness.records.run import BenchmarkRecord, ModelRecord, RunRecord
from harness.records.stored import Stored
from harness.reporting import report
from harness.reporting.page import choice
from harness.reporting.page.audio import Placed, origins
from harness.reporting.page.choice import choose
from harness.reporting.page.data import group, page_benchmark
from harness.reporting.report import write_report
from harness.scoring.predictions import System, read_run
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions, count_systems
from tests.harness.run_records import run_record
from tests.harness.scoring.made import predictions

if TYPE_CHECKING:
    from collections.abc import Iterator

PROFILE = get_profile("verbatim")
COUNT = 200
NO_AUDIO = Placed({}, {}, "", [])


def run(folder: Path, name: str, wrong: range, failed: int = 13) -> System:
    """Of the utterances in `wrong` each has one error more than the one before; u013 failed, or another."""
    rows = []
    for number in range(COUNT):
        outcome = {"hypothesis": "a b c d" + " x" * (number - wrong.start if number in wrong else 0)}
        facts: dict[str, Any] = {"error": "no"} if number == failed else outcome
        facts |= {"session": f"s{number % 9}", "language": "en", "audio": f"{number}.wav"}
        rows.append(Line(id=f"u{number:03}", reference="a b c d", **facts))
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


@pytest.mark.parametrize("large", [0, 1 << 30])
def test_the_longest_have_as_much_room_as_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    """An id of four bytes, a session and a reference of two and seven, and of two systems 7 and two for each error."""
    monkeypatch.setattr(journal, "LARGE_BYTES", large)
    systems = [run(tmp_path, "one", range(50, 90)), run(tmp_path, "two", range(160, 165))]
    counted = count_systems(systems, [PROFILE] * 2)
    size = choice.size_of([one for held in counted for one in held])
    u013 = 13 + 2 * len("no")
    worst = [13 + 2 * (7 + 2 * errors) for errors in (39, 38, 37)]  # the third would take what those without have
    monkeypatch.setattr(choice, "CHOSEN_BYTES", 2 * (u013 + sum(worst)))
    chosen = choose(counted, round(size / 2) + 1)["b"]
    assert {"u013", "u089", "u088"} <= chosen.ids, "all that has room"
    assert not {"u087", "u086", "u051"} & chosen.ids
    assert {"u164", "u163", "u162", "u161"} <= chosen.ids, "the few that the second has"
    assert [place for place in range(COUNT) if f"u{place:03}" in chosen.ids] == chosen.at.tolist()
    assert "of each system 9 to 19, those that failed" in chosen.said, "what the wrong ones leave, those without have"
    assert f"b: {len(chosen.ids)} of 200 utterances" in chosen.said
    assert 19 < len(chosen.ids) < 28, "u013 is of both, and what is drawn may be"
    monkeypatch.setattr(choice, "CHOSEN_BYTES", 1)
    assert {"u013"} <= choose(counted, round(size / 2) + 1)["b"].ids, "one, however long it is"


def test_rates_of_the_page_are_of_all(tmp_path: Path) -> None:
    """Errors and words of what it holds, with those of what it leaves out, are the table's."""
    systems = [run(tmp_path, "one", range(50, 90)), run(tmp_path, "two", range(120, 160))]
    counted = count_systems(systems, [PROFILE] * 2)
    (whole,), (cut,) = ([page_benchmark(one, NO_AUDIO) for one in group(counted, some)] for some in (
        None, {"b": choose(counted, 3000)["b"]}
    ))  # fmt: skip
    assert (whole.left_out, cut.left_out) == (0, COUNT - len(cut.ids))
    for key, system in cut.systems.items():
        of_all = whole.systems[key]
        assert (of_all.errors_left_out, of_all.words_left_out) == (0, 0)
        assert sum(system.words) + system.words_left_out == sum(of_all.words) == 4 * (COUNT - 1)
        errors = sum(map(sum, (system.substitutions, system.deletions, system.insertions)))
        assert errors + system.errors_left_out == sum(range(40)) > errors


def test_rows_are_looked_for_only_where_systems_have_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LARGE_BYTES", 0)
    systems = [run(tmp_path, "one", range(50, 90)), run(tmp_path, "two", range(120, 160))]
    path = tmp_path / "two" / "b.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)[20:]
    path.unlink()  # who has it open still reads it
    path.write_bytes(b"".join(lines))
    other = read_run(tmp_path / "two")
    alike, unlike = (count_systems([systems[0], second], [PROFILE] * 2) for second in (systems[1], other))
    for counted, offset in ((alike, 0), (unlike, 20)):
        chosen = choose(counted, 3000)["b"]
        for (one,), first in zip(counted, (0, offset), strict=True):
            expected = [int(name[1:]) - first for name in sorted(chosen.ids) if int(name[1:]) >= first]
            assert chosen.places(one).tolist() == expected
        names = [(systems[0], counted[0]), (systems[1] if not offset else other, counted[1])]
        for system, held in names:
            assert origins([system], {"b": chosen}, [held]) == origins([system], {"b": chosen}) != {}
    elsewhere = choice.Chosen(frozenset({"u030"}), "", np.array([30]))
    assert [elsewhere.places(one).tolist() for (one,) in unlike] == [[30], [10]]
    decoded = Counter[str]()
    plain = Stored.__iter__

    def each(rows: Stored[Line]) -> Iterator[Line]:
        for row in plain(rows):
            decoded[row.id] += 1
            yield row

    monkeypatch.setattr(Stored, "__iter__", each)
    chosen = choose(alike, 3000)["b"]
    group(alike, {"b": chosen})
    origins(systems, {"b": chosen}, alike)
    assert set(decoded) == chosen.ids


def test_a_report_looks_at_each_row_a_few_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the order of ids, and for the counts; those that the page holds more often."""
    monkeypatch.setattr(journal, "LARGE_BYTES", 0)
    monkeypatch.setattr(report, "available_workers", lambda: 1)
    monkeypatch.setattr(choice.choose, "__defaults__", (300,))
    system = run(tmp_path, "one", range(0), failed=COUNT)
    decoded = Counter[str]()
    plain = Stored.__iter__

    def each(rows: Stored[Any]) -> Iterator[Any]:
        for row in plain(rows):
            decoded[row if isinstance(row, str) else row.id] += 1
            yield row

    monkeypatch.setattr(Stored, "__iter__", each)
    write_report([system], PROFILE, tmp_path / "report")
    assert Counter(decoded.values()) == {2: COUNT - 16, 7: 16}


def test_the_page_stays_under_what_it_says_whatever_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters at random, which cannot be packed, and every word wrong."""
    draw = random.Random(0)

    def text() -> str:
        return " ".join("".join(draw.choices(string.ascii_letters, k=8)) for _ in range(12))

    rows = [Line(id=f"u{at}", reference=text(), hypothesis=text(), session="s", language="en") for at in range(900)]
    (tmp_path / "b.jsonl").write_bytes(encode_lines(rows))
    entry = BenchmarkRecord(language="en", expected=len(rows), complete=True)
    write(tmp_path / "run.json", RunRecord(model=ModelRecord(id="m"), benchmarks={"b": entry}))
    monkeypatch.setattr(choice.choose, "__defaults__", (150_000,))
    sizes = []
    room_of_a_page = choice.MEGABYTES * 1e6 / choice.CHOSEN_BYTES * 100_000
    for room in (1, 100_000):
        monkeypatch.setattr(choice, "CHOSEN_BYTES", room)
        write_report([read_run(tmp_path)], get_profile("leaderboard@2026-10"), tmp_path / "report")
        sizes.append((tmp_path / "report" / "index.html").stat().st_size)
    assert 180_000 < sizes[1] - sizes[0] < room_of_a_page
    assert choice.MEGABYTES == 20


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
