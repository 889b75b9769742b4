import random
import tracemalloc

from benchmarks.ids import IdSet


def test_it_answers_as_a_set_does() -> None:
    draw = random.Random(0)
    seen, ids = dict[str, int](), IdSet()
    for _ in range(20_000):
        name = f"clip-{draw.randrange(12_000)}"
        assert (name in ids) == (name in seen)
        assert ids.add(name) == (name not in seen)
        seen.setdefault(name, len(seen))
    assert len(ids) == len(seen)
    assert {name: ids.number(name) for name in seen} == seen
    assert ids.number("another") is None
    assert not any(f"other-{number}" in ids for number in range(5_000))


def test_any_text_is_an_id() -> None:
    ids = IdSet()
    names = ["", "\0", "é", "e\u0301", "\udc80", "a" * 100_000, "日本語"]
    assert [ids.add(name) for name in names] == [True] * len(names)
    assert [ids.add(name) for name in names] == [False] * len(names)


def test_forty_thousand_take_no_more_than_thirty_bytes_each() -> None:
    ids = IdSet()
    tracemalloc.start()
    try:
        for number in range(40_000):
            ids.add(f"1234-567890-{number:05d}")
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 30 * 40_000
