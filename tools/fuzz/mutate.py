# ruff: noqa: E501 - tables are read better in long lines
"""What goes wrong with a file: at its bytes, in its values, in its lines, and with the file itself."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

DIGITS = "1" + "0" * 400
LONG = "a" * 300
TOKENS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"\xed\xa0\x80", b"\x1b[2J\x07", b"\n", b"\r", b"\r\n\r\n", b"\t", b'"',
    b"\\", b"{", b"}", b"[", b"]", b",", b":", b";", b"null", b"NaN", b"-Infinity", b"1e400", b"-1", DIGITS.encode(),
    b"\\ud800", b"\\u0000", b"\\", b"true", b"\xe2\x80\xae", b"\xe2\x80\x8b", b"\xf0\x9f\x98\x80", b"[" * 3000, b"a " * 3000,
    b"\xcc\x81" * 50, b"<b>", b"%", b"..", b"/dev/zero", b"http://127.0.0.1:9/x", b"::error::x", b"##[x]", b"=1+1", b"ab" * 5000,
)  # fmt: skip
"""Pieces of bytes that mean something to somebody."""
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**400, 1e308, -0.0, 1e-320, float("nan"), float("inf"), "", " ", "a",
    "\x00", "\x1b[2J\u202e", "\u200b", "\ud800", "caf\u0065\u0301", "1", "nan", "inf", "null", "1e400", LONG, "a b " * 2000,
    "the " * 3000, "x" * 20_000, "\u0301" * 500, "9" * 500, "12" * 400, "one hundred " * 300, "a" * 50 + "!", "..", "/",
    "/dev/zero", "/dev/stdin", "http://127.0.0.1:9/a.wav", "::error::x", "##[x]y", "=cmd|' /C calc'!A0", "{}", "[]", [], {},
    [[]], {"a": {}}, ["a"] * 50, [None], {"": ""}, [1, 2], {"a": [1]}, [["a", 0, 1]], -1.5, 0.1,
    "\u0661\u0662\u0663", "½", "$1,000,000.00", "1,2,3", "(", "(a", "[noise]", "<unk>", "{a", "-" * 400, "'" * 400, "." * 400,
)  # fmt: skip
"""Values where another one was expected."""
NAMES = (
    LONG[:200],
    "\udcff\udcfe.jsonl",
    "\x1b[2J.json",
    " ",
    "a\nb.csv",
    "::error::x",
    "\u202e.wav",
    "run.json",
    ".lock",
)


def bytes_of(data: bytes, random: Random) -> bytes:
    """Some bytes changed, cut, doubled, moved, or replaced by a token."""
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        at = random.randrange(len(data) + 1)
        end = min(len(data), at + random.choice((0, 1, 1, 2, 8, 60)))
        kind = random.randrange(6)
        if kind == 0 and data:
            at = min(at, len(data) - 1)
            data = data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]
        elif kind == 1:
            data = data[:at] + random.choice(TOKENS) + data[end:]
        elif kind == 2:
            data = data[:at] + data[end:]
        elif kind == 3:
            data = data[:at] + data[at:end] * random.choice((2, 3, 200)) + data[end:]
        elif kind == 4:
            data = data[:at]
        else:
            data = data[:at] + random.randbytes(random.choice((1, 4, 40))) + data[end:]
    return data


def lines_of(data: bytes, random: Random) -> bytes:
    """A line gone, doubled, moved, emptied, or joined with the next."""
    lines = data.split(b"\n")
    at, other = random.randrange(len(lines)), random.randrange(len(lines))
    kind = random.randrange(5)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(other, lines[at])
    elif kind == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == 3:
        lines[at] = random.choice((b"", b" ", b"{}", b"[]", b"0", b"#", b"a", b"\xff"))
    else:
        lines[at : at + 2] = [b" ".join(lines[at : at + 2])]
    return b"\n".join(lines)


def values_of(data: bytes, random: Random) -> bytes:
    """JSON, or one line of JSON lines, with an odd value or key in one place; other files as `cells_of`."""
    try:
        return _json(json.loads(data), random).encode("utf-8", "surrogatepass") + b"\n"
    except ValueError:
        pass
    lines = data.split(b"\n")
    at = random.randrange(len(lines))
    try:
        lines[at] = _json(json.loads(lines[at]), random).encode("utf-8", "surrogatepass")
    except ValueError:
        return cells_of(data, random)
    return b"\n".join(lines)


def _json(found: Any, random: Random) -> str:
    places = list(_places(found))
    if not places:
        return json.dumps(random.choice(ODD), ensure_ascii=random.random() < 0.5)
    for _ in range(random.choice((1, 1, 1, 2))):
        holder, key = random.choice(places)
        kind = random.randrange(8)
        with suppress(KeyError, IndexError):  # an earlier change took it away
            if kind == 0:
                del holder[key]
            elif kind == 1 and isinstance(holder, dict):
                holder[str(random.choice(ODD))] = holder.pop(key)
            elif kind == 2:
                holder[key] = [holder[key]] if random.random() < 0.5 else {"a": holder[key]}
            elif kind == 3 and isinstance(holder[key], str):
                holder[key] = _text(holder[key], random)
            else:
                holder[key] = random.choice(ODD)
    return json.dumps(found, ensure_ascii=random.random() < 0.5)


def _places(found: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its keys."""
    keys = list(found) if isinstance(found, dict) else list(range(len(found))) if isinstance(found, list) else []
    return [(found, key) for key in keys] + [place for key in keys for place in _places(found[key])]


def _text(text: str, random: Random) -> str:
    """A transcript with something odd in it."""
    words = text.split(" ")
    odd = random.choice([value for value in ODD if isinstance(value, str)])
    words.insert(random.randrange(len(words) + 1), odd)
    return random.choice((" ", "", "\u00a0", "-", "\u200d")).join(words)


def cells_of(data: bytes, random: Random) -> bytes:
    """A cell of a table, a value of a TOML file, or a word of a text with an odd value in its place."""
    separators = [separator for separator in (b"\t", b",", b" = ", b" ", b"\n") if separator in data]
    separator = random.choice(separators or [b"\n"])
    cells = data.split(separator)
    odd = random.choice(ODD)
    text = odd if isinstance(odd, str) and random.random() < 0.5 else json.dumps(odd)
    cells[random.randrange(len(cells))] = text.encode(
        "utf-8", "surrogateescape" if "\udcff" in text else "surrogatepass"
    )
    return separator.join(cells)


def content(data: bytes, random: Random) -> bytes:
    """A file's content, changed in one of these ways."""
    way = random.choices((bytes_of, values_of, cells_of, lines_of), (3, 5, 2, 1))[0]
    return way(data, random)


def file(path: Path, random: Random) -> None:
    """The file itself: gone, empty, a folder, a link, a pipe that nobody writes into, a name that is none."""
    kind = random.randrange(9)
    data = path.read_bytes()
    path.unlink()
    if kind == 0:
        return
    if kind == 1:
        path.touch()
    elif kind == 2:
        path.mkdir()
    elif kind == 3:
        path.symlink_to(random.choice((path.name, "/nowhere", "/dev/null", ".", "/dev/zero", "/proc/self/mem")))
    elif kind == 4:
        os.mkfifo(path)
    elif kind == 5:
        path.write_bytes(data * 50)
    elif kind == 6:
        path.write_bytes(random.choice((b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"RIFF", b"\xff\xfe", b"<html>")) + data)
    elif kind == 7:
        with path.open("wb") as sparse:
            sparse.truncate(random.choice((1 << 20, 6 << 30)))
    else:
        path.with_name(os.fsdecode(os.fsencode(random.choice(NAMES)))).write_bytes(data)
