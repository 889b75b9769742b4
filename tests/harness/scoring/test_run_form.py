"""A run.json from anybody: what is of another kind is named, and nothing else is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import DataError
from harness.scoring.predictions import read_systems
from harness.scoring.run_form import RUN, Each, Form, Kind, check_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD: dict[Kind, list[Any]] = {
    Kind.TEXT: ["", "x", None],
    Kind.NUMBER: [0, -1.5, 10**9, None],
    Kind.COUNT: [0, 7, None],
    Kind.FLAG: [True, False, None],
    Kind.LIST: [[], ["x", 1], None],
    Kind.SPEEDS: [[], [0.5, 3], None],
}
WRONG: dict[Kind, list[Any]] = {
    Kind.TEXT: [1, True, [], {}],
    Kind.NUMBER: ["1", True, [1], {}, float("nan"), float("inf"), 10**400],
    Kind.COUNT: ["1", False, 1.5, -1, [], {}],
    Kind.FLAG: ["true", 1, [], {}],
    Kind.LIST: ["x", 1, {}],
    Kind.SPEEDS: ["x", 1, {}, [0], [-1.0], ["1"], [None], [float("nan")]],
}


def places(form: Form, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Form]]:
    """Every field of a form, and its own."""
    yield place, form
    if isinstance(form, Each):
        yield from places(form.form, (*place, "any name"))
    elif isinstance(form, dict):
        for key, inner in form.items():
            yield from places(inner, (*place, key))


def holding(place: tuple[str, ...], value: Any) -> Any:
    """A run.json with one field."""
    for key in reversed(place):
        value = {key: value}
    return value


FIELDS = list(places(RUN))


def test_there_are_fields() -> None:
    assert len(FIELDS) > 40
    assert {form for _, form in FIELDS if isinstance(form, Kind)} == set(Kind)


@pytest.mark.parametrize(("place", "form"), FIELDS, ids=[".".join(place) for place, _ in FIELDS])
def test_a_field_of_another_kind_is_named(place: tuple[str, ...], form: Form) -> None:
    if isinstance(form, Kind):
        good, wrong = GOOD[form], WRONG[form]
    else:
        good, wrong = [{}, None, {"more": 1} if isinstance(form, dict) else {}], ["x", 1, True, []]
    for value in good:
        check_run(holding(place, value), "run.json")
    for value in wrong:
        with pytest.raises(DataError) as error:
            check_run(holding(place, value), "run.json")
        assert str(error.value).startswith(f"run.json: {'.'.join(place) or 'it'} is not ")


def test_a_run_is_checked_when_it_is_read(tmp_path: Path) -> None:
    run = {"model": {"id": "x"}, "benchmarks": {"digits": {"speed": {"phases": {"model": "long"}}}}}
    (tmp_path / "run.json").write_text(json.dumps(run))
    with pytest.raises(DataError, match=r"run\.json: benchmarks\.digits\.speed\.phases\.model is not a number"):
        read_systems([tmp_path])
