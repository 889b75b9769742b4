"""Looking into encoded audio here and there: in any order, from a place on, inside of a larger file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.containers import Window
from benchmarks.dataset import Audio

if TYPE_CHECKING:
    from pathlib import Path

DATA = bytes(range(256)) * 1_024


def test_places_inside_of_a_larger_file_are_found_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "shard.tar"
    path.write_bytes(b"before" + DATA + b"after")
    with Window.of(Audio(origin="member", path=path, offset=6, size=len(DATA))) as window:
        assert window.size == len(DATA)
        for place in (200_001, 5, 100_002, 0, len(DATA) - 3):
            assert window.at(place, 4) == DATA[place : place + 4]
        assert window.number(0x1234, 2, big=True) == 0x3435


def test_what_comes_after_a_place_is_shorter_by_it() -> None:
    after = Window.over(DATA).after(100)
    assert (after.size, after.at(0, 3), after.at(after.size - 1, 3)) == (len(DATA) - 100, b"def", b"\xff")
    assert after.at(after.size, 1) == b""
    assert Window.over(DATA).after(len(DATA) + 1).size == 0
