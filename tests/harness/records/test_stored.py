"""Journals whose lines stay in the file are the same as those that are held."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError
from harness.records import journal, stored
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


def other(name: str) -> Line:
    return Line(id=name, reference="other", hypothesis="")


def both(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[journal.Journal, journal.Journal]:
    """As it is held, and as it stays in its file."""
    held = read_journal(path)
    with monkeypatch.context() as patch:
        patch.setattr(journal, "LARGE_BYTES", 0)
        alone = read_journal(path)
        journal._known.clear()
        patch.setattr(journal, "shares_for", lambda _: 3)
        patch.setattr(journal, "in_shares", lambda work, shares: map(work, range(shares)))
        large = read_journal(path)
        journal._known.clear()
    assert list(alone.lines) == list(large.lines)
    assert alone.size == large.size
    assert isinstance(held.lines, list)
    assert isinstance(large.lines, StoredLines)
    return held, large


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
    held, large = both(path, monkeypatch)
    assert list(large.lines) == held.lines
    assert large.size == held.size
    assert [large.lines[at] for at in range(len(held.lines))] == held.lines
    assert large.lines == held.lines
    assert large.lines != [*held.lines, line("more")]


def test_a_journal_cut_at_any_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    for size in range(len(WHOLE)):
        path.write_bytes(WHOLE[:size])
        held, large = both(path, monkeypatch)
        assert (list(large.lines), large.size) == (held.lines, held.size), size


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
    for size, shares in ((1 << 30, 1), (0, 1), (0, 2), (0, 7)):
        monkeypatch.setattr(journal, "LARGE_BYTES", size)
        monkeypatch.setattr(journal, "shares_for", lambda _, shares=shares: shares)
        with pytest.raises(DataError) as raised:
            read_journal(path)
        said.append(str(raised.value))
    assert what in said[0]
    assert said == [said[0]] * 4


def test_copies_of_this_process_note_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many share the file, and wherever their parts begin."""
    path = tmp_path / "a.jsonl"
    lines = [line(f"u{at}" + "x" * (at % 60), batch=at % 7, language=("en", "de")[at > 90]) for at in range(100)]
    path.write_bytes(encode_lines(lines))
    monkeypatch.setattr(journal, "LARGE_BYTES", 0)
    alone = read_journal(path).lines
    assert isinstance(alone, StoredLines)
    for shares in (2, 3, 40, 200):
        journal._known.clear()
        monkeypatch.setattr(journal, "shares_for", lambda _, shares=shares: shares)
        if shares > 3:
            monkeypatch.setattr(journal, "in_shares", lambda work, shares: map(work, range(shares)))
        found = read_journal(path).lines
        assert isinstance(found, StoredLines)
        assert list(found) == lines
        assert all((one == other).all() for one, other in zip(found.noted, alone.noted, strict=True))
        assert (found.language, found.last_batch) == (None, 6)


def test_a_large_file_is_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(WHOLE)
    asked: list[int] = []

    def shares_for(workers: int) -> int:
        asked.append(workers)
        return 1

    monkeypatch.setattr(journal, "LARGE_BYTES", 0)
    monkeypatch.setattr(journal, "available_workers", lambda: 3)
    monkeypatch.setattr(journal, "shares_for", shares_for)
    for worth in (len(WHOLE) + 1, len(WHOLE), len(WHOLE) // 2, 1):
        journal._known.clear()
        monkeypatch.setattr(journal, "_WORTH_A_WORKER", worth)
        read_journal(path)
    assert asked == [1, 2, 3, 3]


@pytest.mark.parametrize("block", [1, 2, 3, 7, 100])
def test_lines_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(stored, "_SPAN", block)
    monkeypatch.setattr(stored, "_LINE", block)
    path = tmp_path / "lines"
    for content in (b"", b"\n", b"a", b"a\n", b"ab\n\ncde\nf", b"ab\n\ncde\n"):
        path.write_bytes(content)
        file = OpenFile(path)
        assert list(file.lines(0, len(content))) == content.splitlines()
        for begin in range(len(content) + 1):
            after = content.find(b"\n", begin)
            assert file.next_line(begin, len(content)) == (after + 1 if after >= 0 else len(content))
            for end in range(begin, len(content) + 1):
                before = content.rfind(b"\n", begin, end)
                assert file.last_line(begin, end) == (before + 1 if before >= 0 else begin)


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
    parsed: list[bytes] = []
    real = journal.read_line

    def parse(raw: bytes) -> Line:
        parsed.append(raw)
        return real(raw)

    monkeypatch.setattr(journal, "read_line", parse)
    assert len(read_journal(path).lines) == 4
    assert parsed == WHOLE.splitlines()
    parsed.clear()
    assert len(read_journal(path).lines) == 4
    assert parsed == []
    with path.open("ab") as file:
        file.write(encode_lines([line("e", language="de"), line("c")]) + b"torn")
    after = read_journal(path)
    assert parsed == encode_lines([line("e", language="de"), line("c")]).splitlines()
    assert [one.id for one in after.lines] == ["b", "a", "c", "d", "e"]
    assert after.lines[2] == line("c")
    assert isinstance(after.lines, StoredLines)
    assert after.lines.language is None
    parsed.clear()
    changed = encode_lines([line("B")]) + WHOLE[len(encode_lines([line("b")])) :]
    path.write_bytes(changed + b"\n")  # the same size and more
    assert read_journal(path).lines[0].id == "B"
    assert parsed == changed.splitlines()
    parsed.clear()
    path.unlink()
    path.write_bytes(WHOLE)
    assert len(read_journal(path).lines) == 4
    assert parsed == WHOLE.splitlines(), "another file"


def test_lines_by_their_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(encode_lines([*(line(f"u{number}", batch=number % 3) for number in range(50)), line("z")]))
    held, large = both(path, monkeypatch)
    asked = [line(name) for name in ("u3", "nobody", "z", "u49", "u3")]
    expected = [True, False, True, True, True]
    assert Places(held.lines).of(asked) == Places(large.lines).of(asked) == expected
    assert Places(large.lines).of([]) == []
    with monkeypatch.context() as patch:
        patch.setattr(StoredLines, "__getitem__", None)  # where the hashes tell, no line is looked at again
        assert Places(large.lines).of(asked) == expected
    for lines in (held.lines, large.lines):
        with pytest.raises(OtherReferenceError, match=r"^u49$"):
            Places(lines).of([*asked[:2], other("u49"), other("z")])
    assert last_batch(held.lines) == last_batch(large.lines) == 2
    assert last_batch([]) == -1
    assert isinstance(large.lines, StoredLines)
    large.lines.noted.names[:] = large.lines.noted.references[:] = 7  # all have one hash
    monkeypatch.setattr("builtins.hash", lambda _name: 7)
    assert Places(large.lines).of(asked) == expected
    with pytest.raises(OtherReferenceError, match=r"^z$"):
        Places(large.lines).of([*asked[:2], other("z")])


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
    held, large = both(path, monkeypatch)
    for stretches in (None, {0}, {1, 2}, {7}):
        expected = [0.0, 0.0]
        for one in held.lines:
            if one.undisturbed and one.time is not None and (stretches is None or (one.stretch or 0) in stretches):
                expected[0] += one.audio_seconds or 0.0
                expected[1] += one.time
        assert seconds_of(held.lines, stretches) == seconds_of(large.lines, stretches) == tuple(expected)
    assert seconds_of(held.lines) > (0.0, 0.0)
    assert seconds_of(large.lines, set()) == (0.0, 0.0)
    found, every = Totals(), Totals()
    found.add(saying_more(large.lines))
    every.add(held.lines)
    assert found == every
    assert (len(saying_more(large.lines)), found.errors, found.audio["bytes_missing"].utterances) == (14, 1, 6)
