"""Rows that are paired without being held: the same as by dictionaries of them, whatever repeats, lacks or differs."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from harness.records import journal
from harness.records.journal import Line, encode_lines, read_journal
from harness.scoring.matching import keys_of, match
from harness.scoring.pairing import keyed, mismatch

NAMES = ["a", "b", "c", "a\0", "\ud800", "\uffff", "\U00010000", "z" * 300]


def rows(draw: random.Random, count: int) -> list[Line]:
    return [Line(id=draw.choice(NAMES), reference=draw.choice("xy"), hypothesis=str(number)) for number in range(count)]


@pytest.mark.parametrize("seed", range(40))
def test_as_dictionaries_tell_it(seed: int) -> None:
    draw = random.Random(seed)
    first = rows(draw, draw.randint(0, 9))
    second = draw.choice([list(first), [*reversed(first)], first[:-1], rows(draw, 6), [*first, *rows(draw, 2)]])
    if second and draw.random() < 0.5:
        at = draw.randrange(len(second))
        second[at] = Line(id=second[at].id, reference="other", hypothesis="h")
    found, one, other = match(first, second), keyed(first), keyed(second)
    expected, places = mismatch(one, other), {key: place for place, key in enumerate(other)}
    assert found.places.tolist() == [places.get(key, -1) for key in one]
    assert found.whole == (expected is None)
    if expected is not None:
        assert keys_of(first, found.missing) == expected.missing
        assert keys_of(second, found.added) == expected.added
        assert keys_of(first, found.changed) == expected.changed


def test_rows_that_stay_in_their_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [Line(id=f"u{number % 700:03}", reference=f"{number}", hypothesis="h") for number in range(700)]
    other = [lines[at] for at in random.Random(1).sample(range(700), 699)]
    other[5] = Line(id=other[5].id, reference="other", hypothesis="h")
    monkeypatch.setattr(journal, "LARGE_BYTES", 0)
    stored = []
    for name, each in (("one", lines), ("two", other)):
        (tmp_path / name).write_bytes(encode_lines(each))
        stored.append(read_journal(tmp_path / name).lines)
    found, held = match(stored[0], stored[1]), match(lines, other)
    for one, another in zip(
        (found.places, found.missing, found.added, found.changed),
        (held.places, held.missing, held.added, held.changed),
        strict=True,
    ):
        assert np.array_equal(one, another)
    assert len(found.missing) == len(found.changed) == 1
    assert keys_of(stored[0], found.changed) == [(other[5].id, 1)]
