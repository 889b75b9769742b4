"""Every corpus's transcripts and columns, damaged: utterances that make sense, or one clear line."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.dataset import LONGEST, Request, Utterance, open_dataset
from benchmarks.registry import get_dataset
from harness.errors import DataError
from tests.benchmarks.corpus_layouts import BUILDERS, MORE
from tests.benchmarks.layouts import write_parquet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ALL = {**BUILDERS, **MORE}
RELEASES = [name for name in ALL if any(source.kind == "archive" for source in get_dataset(name).sources)]
MUTATIONS = 60
"""Of each release."""
NOT_TEXT = re.compile(r"\.(flac|wav|mp3|opus|sph|ogg|tar\.gz|zip)$")
NUMBER, WORD = re.compile(rb"[-0-9.]+"), re.compile(rb"[^\s,|\"<>{}:=\[\]]+")
ODD = [
    *(b"nan", b"-1", b"1e999", b"9" * 24, b"Infinity", b"-0.0", b"0", b"1_000", b"\xd9\xa3"),
    *(b"null", b"[]", b"{}", b'""', b"true", b'"', b"\\u0000", b"\\ud800", b"|", b"\t", b"\n", b" ", b"", b"\xc2\xa0"),
    *(b"\xff\xfe", b"\0", b"<", b"&#0;", b"../../x", b'<!DOCTYPE a [<!ENTITY x "xxxxxxxx">]>'),
]


def mutated(draw: random.Random, data: bytes) -> bytes:
    """One to three changes: a byte, a stretch removed, repeated or replaced, the end cut off, lines or fields."""
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        begin = draw.randrange(len(data) or 1)
        end = min(len(data), begin + draw.choice([1, 1, 3, 10, 100]))
        lines = data.split(b"\n")
        draw.shuffle(lines)
        fields = [found.span() for found in draw.choice([NUMBER, WORD]).finditer(data)] or [(begin, end)]
        first, last = draw.choice(fields)
        data = draw.choice(
            [
                data[:begin] + bytes([draw.randrange(256)]) + data[begin + 1 :],
                data[:begin] + data[end:],
                data[:begin] + data[begin:end] * draw.choice([2, 50]) + data[end:],
                data[:begin] + draw.choice(ODD) + data[end:],
                data[:begin],
                b"\n".join(lines),
                data[:first] + draw.choice(ODD) + data[last:],
                data[:first] + draw.choice(ODD) + data[last:],
            ]
        )
    return data


def assert_sensible(item: Utterance, root: Path) -> None:
    assert item.id
    assert isinstance(item.reference, str)
    assert item.session is None or isinstance(item.session, str)
    assert item.duration is None or 0 < item.duration < LONGEST
    for place in (item.audio.start, item.audio.end):
        assert place is None or 0 <= place < LONGEST
    assert item.audio.path is None or root.resolve() in item.audio.path.resolve().parents


def refusal(name: str, root: Path) -> str | None:
    """What a data set is refused with; None where it is read, and all of it makes sense."""
    try:
        for item in open_dataset(get_dataset(name), Request(root=root)):
            assert_sensible(item, root)
    except DataError as error:
        return str(error)
    return None


def assert_both(outcomes: list[str | None]) -> None:
    """Some were read and some refused, each in one line."""
    refused = [message for message in outcomes if message is not None]
    assert 0 < len(refused) < len(outcomes)
    assert "\n" not in "".join(refused)


@pytest.mark.parametrize("name", RELEASES)
def test_damaged_transcripts(name: str, tmp_path: Path) -> None:
    built = ALL[name]()
    built.write_release(tmp_path)
    texts = sorted(path for path in built.files if not NOT_TEXT.search(path))
    draw = random.Random(name)
    outcomes = []
    for _ in range(MUTATIONS):
        chosen = draw.choice(texts)
        (tmp_path / chosen).write_bytes(mutated(draw, built.files[chosen]))
        outcomes.append(refusal(name, tmp_path))
        (tmp_path / chosen).write_bytes(built.files[chosen])
    assert_both(outcomes)


VALUES = [7, 1.5, float("nan"), 1e300, True, "", "x", "a\nb", "../../x", "\0", [1], {"a": 1}, b"\xff\0", None]
"""What a column might hold instead; with None its values are missing, and then it is."""


@pytest.mark.parametrize("name", ALL)
def test_columns_of_something_else(name: str, tmp_path: Path) -> None:
    built = ALL[name]()
    path, rows = next(iter(built.parquet.items()))
    built.write_parquet(tmp_path)
    outcomes = []
    for column in rows[0]:
        for changed in [*([row | {column: value} for row in rows] for value in VALUES), without(rows, column)]:
            write_parquet(tmp_path / path, changed)
            outcomes.append(refusal(name, tmp_path))
    assert_both(outcomes)


def without(rows: Sequence[dict[str, Any]], column: str) -> list[dict[str, Any]]:
    """The rows without a column."""
    return [{key: value for key, value in row.items() if key != column} for row in rows]
