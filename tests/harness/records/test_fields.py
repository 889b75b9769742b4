"""Every field of every stored record: what is of another kind is named in one line, and the rest is as it was stored.

The fields are told from the records themselves, so that a new one is held to it too.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import inspect

from harness.errors import DataError
from harness.records import codec
from harness.records.baseline import Speeds
from harness.records.comparison import Comparison
from harness.records.details import Details
from harness.records.explanation import Explained
from harness.records.format_1 import upgrade_line, upgrade_run
from harness.records.journal import Line, encode_lines, read_journal
from harness.records.run import RunRecord, read_run_record
from harness.records.scores import Scores
from tests.harness.records.shapes import ANY, Place, example, holding, places, wrong

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UPGRADES: dict[type, Callable[[object], object] | None] = {
    RunRecord: upgrade_run,
    Line: upgrade_line,
    Speeds: None,
    Scores: None,
    Comparison: None,
    Details: None,
    Explained: None,
}
RECORDS = list(UPGRADES)


shape = functools.cache(inspect.type_info)


def fields(kind: type) -> list[Place]:
    return [place for place in places(shape(kind)) if place.path != ("format",)]


def made(kind: type, place: Place, value: object, *, stated: bool) -> object:
    """A record's plain values with only what it needs, and this; of today's format, or of one that states none."""
    found: Any = holding(shape(kind), place.path, value)
    if kind is Line and place.path:
        if ("hypothesis" in found) == ("error" in found) and value is not None:
            found |= {"hypothesis": "x"} if "hypothesis" not in found else {}
        if place.path[0] in {"parent_id", "chunk_index"} and value is not None:
            found = {"parent_id": "p", "chunk_index": 0} | found
    if stated and place.path:
        found["format"] = codec.FORMAT
    return found


def read(kind: type, found: object) -> object:
    return codec.convert(found, kind, "there", UPGRADES[kind])


def test_there_are_fields() -> None:
    assert len(fields(RunRecord)) > 120
    assert len(fields(Line)) > 25


def refusal(kind: type, found: object) -> str | None:
    """What is said of the values; None where they are taken."""
    try:
        read(kind, found)
    except DataError as error:
        return str(error)
    return None


@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.parametrize("stated", [True, False], ids=["today", "format 1"])
def test_a_field_of_another_kind_is_named_in_one_line(kind: type, *, stated: bool) -> None:
    passed = []
    for place in fields(kind):
        values = wrong(place.type)
        assert values
        for value in values:
            message = refusal(kind, made(kind, place, value, stated=stated)) or "taken"
            start = f"there: {place.name}: " if place.path else "there: "
            if not message.startswith(start) or "\n" in message:
                passed.append((place.name, value, message))
    assert passed == []


@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.parametrize("stated", [True, False], ids=["today", "format 1"])
def test_null_is_what_is_not_known(kind: type, *, stated: bool) -> None:
    """Format 1 wrote null for whatever was not known; today only what may be null is."""
    misread = []
    for place in fields(kind):
        if place.path in {(), ("hypothesis",)}:
            continue
        found = made(kind, place, None, stated=stated)
        if kind is Line and isinstance(found, dict):
            found = {"hypothesis": "x"} | found
        # Format 1 leaves out what is null wherever it stands in run.json, and on the first level of a journal line.
        listed = any(isinstance(part, int) for part in place.path)
        dropped = not stated and not listed and (kind is RunRecord or (kind is Line and len(place.path) == 1))
        good = place.nullable or (dropped and (place.path[-1] == ANY or not place.required))
        message = refusal(kind, found)
        if (message is None) != good or (message is not None and str(place.path[-1]) not in message):
            misread.append((place.name, message))
    assert misread == []


@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.parametrize("whole", [True, False], ids=["all fields", "only what must be there"])
def test_a_record_is_the_same_after_it_was_stored(kind: type, *, whole: bool) -> None:
    plain = example(shape(kind), whole=whole)
    assert isinstance(plain, dict)
    if kind is Line:
        plain = {key: value for key, value in plain.items() if key != "error"} | {"hypothesis": "x"}
    if kind is not Details:
        plain["format"] = codec.FORMAT
    record = read(kind, plain)
    for stored in (codec.encode(record), codec.pretty(record).encode()):
        assert read(kind, json.loads(stored)) == record
    if whole:
        assert json.loads(codec.encode(record)) == plain, "under the names that files have"


@pytest.mark.parametrize("kind", RECORDS)
def test_what_a_later_version_wrote_is_refused_and_what_it_added_is_passed_over(kind: type) -> None:
    plain = example(shape(kind), whole=False)
    assert isinstance(plain, dict)
    if kind is Line:
        plain["hypothesis"] = "x"
    plain.pop("format", None)
    assert read(kind, plain | {"more": {"x": 1}}) == read(kind, plain)
    with pytest.raises(DataError, match=r"^there: written by a newer version of this program \(format 3\)"):
        read(kind, plain | {"format": 3})


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_finite_number_is_refused(tmp_path: Path, text: str) -> None:
    run = '{"model": {"id": "m"}, "benchmarks": {"b": {"hours": 1.5}}}'
    (tmp_path / "run.json").write_text(run.replace("1.5", text))
    with pytest.raises(DataError, match=rf"run\.json is not JSON \({text} is no number\)"):
        read_run_record(tmp_path)
    (tmp_path / "run.json").write_text(run)
    assert read_run_record(tmp_path).benchmarks["b"].hours == 1.5
    line = '{"id": "1", "reference": "a", "hypothesis": "b", "duration": 1.5}\n'
    (tmp_path / "b.jsonl").write_text(line.replace("1.5", text) + line)
    with pytest.raises(DataError, match=rf"line 1: not a journal line: {text} is no number"):
        read_journal(tmp_path / "b.jsonl")


def test_fields_of_a_journal_line_are_named_with_the_line(tmp_path: Path) -> None:
    good = encode_lines([Line(id="1", reference="a", hypothesis="b")])
    for place in fields(Line):
        if not place.path:
            continue
        found = made(Line, place, wrong(place.type)[0], stated=True)
        (tmp_path / "a.jsonl").write_bytes(good + json.dumps(found).encode() + b"\n" + good)
        with pytest.raises(DataError) as raised:
            read_journal(tmp_path / "a.jsonl")
        assert f"a.jsonl, line 2: not a journal line: {place.name}: " in str(raised.value)
