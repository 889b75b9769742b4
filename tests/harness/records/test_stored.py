"""Journals whose lines stay in the file are the same as those that are held."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError
from harness.records import journal
from harness.records.journal import (
    Line,
    OtherReferenceError,
    Places,
    StoredLines,
    encode_lines,
    last_batch,
    read_journal,
    saying_more,
    seconds_of,
)
from harness.records.stored import OpenFile, Stored, mapped, order_of, taken
from harness.runner.usage import Totals
from harness.types import AudioWarning, Usage


def line(name: str, **more: Any) -> Line:
    facts: dict[str, Any] = {"hypothesis": f"was {name}", "language": "en", **more}
    return Line(id=name, reference=f"{name} ü", **facts)


def both(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[journal.Journal, journal.Journal]:
    """As it is held, and as it stays in its file."""
    held = read_journal(path)
    with monkeypatch.context() as patch:
        patch.setattr(journal, "LARGE_BYTES", 0)
        stored = read_journal(path)
    assert isinstance(held.lines, list)
    assert isinstance(stored.lines, StoredLines)
    return held, stored


FAILED = [line(name, hypothesis=None, error="no") for name in "ac"]
WHOLE = encode_lines(
    [line("b"), *FAILED, line("a"), line("d", hypothesis="\ud800"), line("c", hypothesis=None, error="x")]
)
FORMAT_1 = b'{"id":"old","language":"de","reference":"r","hypothesis":"h","heard":2.0,"clean":true,"draft":null}\n'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"torn",
        WHOLE,
        WHOLE + b'{"format":2,"id":"z"',
        WHOLE + b"no object\n",
        WHOLE + b"\n",
        b"\n \n" + WHOLE,
        FORMAT_1 + WHOLE,
        encode_lines([line(f"u{number % 997}", error="x", hypothesis=None) for number in range(3000)]),
    ],
)
def test_they_are_as_those_that_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    held, stored = both(path, monkeypatch)
    assert list(stored.lines) == held.lines
    assert stored.size == held.size
    assert [stored.lines[at] for at in range(len(held.lines))] == held.lines
    assert stored.lines == held.lines
    assert stored.lines != [*held.lines, line("more")]


def test_a_journal_cut_at_any_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    for size in range(len(WHOLE)):
        path.write_bytes(WHOLE[:size])
        held, stored = both(path, monkeypatch)
        assert (list(stored.lines), stored.size) == (held.lines, held.size), size


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (encode_lines([line("b")]), "line 7: utterance 'b' stands there twice"),
        (b"\n" + encode_lines([line("a")]), "line 8: utterance 'a' stands there twice"),
        (b'{"format":2,"id":3}\n' + WHOLE, "line 7: not a journal line: id: expected str, got int"),
    ],
)
def test_what_is_wrong_is_said_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: bytes, what: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(WHOLE + more)
    said = []
    for size in (1 << 30, 0):
        monkeypatch.setattr(journal, "LARGE_BYTES", size)
        with pytest.raises(DataError) as raised:
            read_journal(path)
        said.append(str(raised.value))
    assert what in said[0]
    assert said[0] == said[1]


def test_rows_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    words = [f"word {number}" * (number % 5 + 1) for number in range(2000)]
    path.write_bytes("".join(words).encode())
    begins = [sum(map(len, words[:at])) for at in range(len(words))]
    import numpy as np

    rows = Stored(OpenFile(path), np.array(begins), np.array([len(word) for word in words]), bytes.decode)
    path.unlink()  # whatever becomes of its name
    assert list(rows) == words
    places = list(range(len(words)))
    random.Random(1).shuffle(places)
    assert list(taken(rows, places)) == [words[at] for at in places]
    assert list(taken(rows, places)[5:700:3]) == [words[at] for at in places][5:700:3]
    assert list(mapped(rows, len)) == list(map(len, words))
    assert list(taken(rows, order_of(words))) == sorted(words)
    for odd in ("b\0", "", "é", "\ud800", "\uffff", "\U0001f600", "b" * 300):
        for keys in ([*words[:20], odd, "b", odd, "bb"], [odd] * 3, [odd]):
            assert order_of(keys).tolist() == sorted(range(len(keys)), key=keys.__getitem__), odd
    assert order_of([]).tolist() == []
    assert taken(words, range(len(words))) is words
    assert taken(words, [3, 1]) == [words[3], words[1]]


def test_a_file_that_is_changed_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(WHOLE)
    monkeypatch.setattr(journal, "LARGE_BYTES", 0)
    lines = read_journal(path).lines
    with path.open("r+b") as file:
        file.truncate(20)
    with pytest.raises(DataError, match="was changed while it was read; try again"):
        list(lines)


def test_keys_are_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(WHOLE)
    monkeypatch.setattr(journal, "LARGE_BYTES", 0)
    lines = read_journal(path).lines
    before = list(lines)
    monkeypatch.delattr(journal, "_ENCODER")
    assert [lines[at] for at in range(len(lines))] == list(lines) == before


def test_only_what_was_appended_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(WHOLE)
    monkeypatch.setattr(journal, "LARGE_BYTES", 0)
    parsed: list[int] = []
    real = journal._line

    def parse(raw: bytes, where: Path, number: int) -> Line:
        parsed.append(number)
        return real(raw, where, number)

    monkeypatch.setattr(journal, "_line", parse)
    assert len(read_journal(path).lines) == 4
    assert parsed == [1, 2, 3, 4, 5, 6]
    parsed.clear()
    assert len(read_journal(path).lines) == 4
    assert parsed == []
    with path.open("ab") as file:
        file.write(encode_lines([line("e", language="de"), line("c")]) + b"torn")
    after = read_journal(path)
    assert parsed == [7, 8]
    assert [one.id for one in after.lines] == ["b", "a", "c", "d", "e"]
    assert after.lines[2] == line("c")
    assert isinstance(after.lines, StoredLines)
    assert after.lines.language is None
    parsed.clear()
    path.write_bytes(
        encode_lines([line("B")]) + WHOLE[len(encode_lines([line("b")])) :] + b"\n"
    )  # the same size and more
    assert read_journal(path).lines[0].id == "B"
    assert parsed == [1, 2, 3, 4, 5, 6]
    parsed.clear()
    path.unlink()
    path.write_bytes(WHOLE)
    assert len(read_journal(path).lines) == 4
    assert parsed == [1, 2, 3, 4, 5, 6], "another file"


def test_lines_by_their_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(encode_lines([*(line(f"u{number}", batch=number % 3) for number in range(50)), line("z")]))
    held, stored = both(path, monkeypatch)
    asked = [(name, line(name).reference) for name in ("u3", "nobody", "z", "u49", "u3")]
    expected = [True, False, True, True, True]
    assert Places(held.lines).of(asked) == Places(stored.lines).of(asked) == expected
    assert Places(stored.lines).of([]) == []
    for lines in (held.lines, stored.lines):
        with pytest.raises(OtherReferenceError, match=r"^u49$"):
            Places(lines).of([*asked[:2], ("u49", "other"), ("z", "other")])
    assert last_batch(held.lines) == last_batch(stored.lines) == 2
    assert last_batch([]) == -1
    assert isinstance(stored.lines, StoredLines)
    stored.lines.noted.names[:] = stored.lines.noted.references[:] = 7  # all have one hash
    monkeypatch.setattr("builtins.hash", lambda _name: 7)
    assert Places(stored.lines).of(asked) == expected
    with pytest.raises(OtherReferenceError, match=r"^z$"):
        Places(stored.lines).of([*asked[:2], ("z", "other")])


def test_what_a_speed_is_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last digit what the lines say one by one: of some stretches, of what failed first and was tried again."""
    draw = random.Random(1)
    lines = [line(f"u{at}", hypothesis=None, error="first", stretch=1) for at in range(0, 90, 9)]
    lines += [
        line(
            f"u{at}",
            time=None if at % 7 == 0 else draw.random(),
            audio_seconds=None if at % 11 == 0 else draw.random() * 30,
            undisturbed=[None, True, True, False][at % 4],
            stretch=[None, 1, 2][at % 3],
            usage=Usage(tokens=at) if at % 13 == 0 else None,
            audio_warnings=(AudioWarning("bytes_missing", "odd"),) if at % 17 == 0 else None,
        )
        for at in range(100)
    ]
    path = tmp_path / "a.jsonl"
    path.write_bytes(encode_lines([*lines, line("v", hypothesis=None, error="no")]))
    held, stored = both(path, monkeypatch)
    for stretches in (None, {0}, {1, 2}, {7}):
        expected = [0.0, 0.0]
        for one in held.lines:
            if one.undisturbed and one.time is not None and (stretches is None or (one.stretch or 0) in stretches):
                expected[0] += one.audio_seconds or 0.0
                expected[1] += one.time
        assert seconds_of(held.lines, stretches) == seconds_of(stored.lines, stretches) == tuple(expected)
    assert seconds_of(held.lines) > (0.0, 0.0)
    assert seconds_of(stored.lines, set()) == (0.0, 0.0)
    found, every = Totals(), Totals()
    found.add(saying_more(stored.lines))
    every.add(held.lines)
    assert found == every
    assert (len(saying_more(stored.lines)), found.errors, found.audio["bytes_missing"].utterances) == (14, 1, 6)
