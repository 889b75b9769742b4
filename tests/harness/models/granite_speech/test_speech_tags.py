"""What -plus writes between its words: recorded strings, arithmetic by hand, and any string at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.models.granite_speech.tags import SILENCE, UNKNOWN, Tagged, read_times, read_turns, unwrapped
from harness.types import Word


def test_the_example_of_the_prompt() -> None:
    assert read_times("hello [T:45] world [T:82]", 1.0) == Tagged(
        text="hello world", words=(Word("hello", 0.0, 0.45), Word("world", 0.45, 0.82))
    )


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        # Strings of others' tests of this format, with what they state.
        ("hello [T:42] world [T:850] _ [T:5] end [T:120]", [0.42, 8.5, 11.2]),
        ("hello [T:995] world [T:012] _ [T:100] again [T:150]", [9.95, 10.12, 11.5]),
        ("hallo [T:45] _ [T:120] welt [T:200]", [0.45, 2.0]),
        ("_ [T:100] hello [T:200]", [2.0]),
        # Three rollovers; a time that stays is no rollover.
        ("one [T:970] two [T:10] two [T:10] three [T:340] four [T:5]", [9.7, 10.1, 10.1, 13.4, 20.05]),
    ],
)
def test_times_are_unwrapped(text: str, ends: list[float]) -> None:
    read = read_times(text, 21.0)
    assert read.words is not None
    assert [word.end for word in read.words] == ends
    assert read.malformed == 0


def test_a_word_begins_where_the_item_before_it_ended() -> None:
    read = read_times("_ [T:31] so [T:60] _ [T:120] then[T:150]", 2.0)
    assert read.text == "so then"
    assert read.words == (Word("so", 0.31, 0.6), Word("then", 1.2, 1.5))


@pytest.mark.parametrize(
    ("text", "words", "malformed"),
    [
        ("a b [T:50]", [("a", 0.0, 0.5), ("b", 0.0, 0.5)], 1),
        ("a [T:50] b", [("a", 0.0, 0.5), ("b", 0.5, 3.0)], 1),
        ("a [T:50] [T:60] b [T:70]", [("a", 0.0, 0.5), ("b", 0.6, 0.7)], 1),
        ("a [T:50] b [T:4", [("a", 0.0, 0.5), ("b", 0.5, 3.0), ("[T:4", 0.5, 3.0)],
         3),
        ("a [T:1234] b [T:70]", [("a", 0.0, 0.7), ("[T:1234]", 0.0, 0.7), ("b", 0.0, 0.7)],
         3),
        ("a [T:60] b [T:50]", [("a", 0.0, 0.6), ("b", 0.6, 10.5)], 1),
        ("a [T:350]", [("a", 0.0, 3.5)], 0),  # as much as the frames and the rounding may give
        ("_ [T:50] _", [], 1),
        ("a [T:²] [t:5] [T:]", [("a", 0.0, 3.0), ("[T:²]", 0.0, 3.0), ("[t:5]", 0.0, 3.0), ("[T:]", 0.0, 3.0)],
         6),
        ("", [], 0),
    ],
)  # fmt: skip
def test_what_is_malformed_stays_and_is_counted(
    text: str, words: list[tuple[str, float, float]], malformed: int
) -> None:
    read = read_times(text, 3.0)
    assert read.words == tuple(Word(*word) for word in words)
    assert read.text == " ".join(word for word, _, _ in words)
    assert read.malformed == malformed


def test_turns() -> None:
    read = read_turns("[Speaker 1]: hello there [Speaker 2]: hi [Speaker 1]: welcome back")
    assert read.text == "hello there hi welcome back"
    assert read.speakers == ("Speaker 1", "Speaker 1", "Speaker 2", "Speaker 1", "Speaker 1")
    assert read.malformed == 0
    assert read.words is None


@pytest.mark.parametrize(
    ("text", "clean", "speakers", "malformed"),
    [
        ("well [Speaker 1]:hi", "well hi", (UNKNOWN, "Speaker 1"), 1),
        ("[Speaker 1]: a [Speaker 2] b", "a [Speaker 2] b", ("Speaker 1",) * 4, 1),
        ("[Speaker 1]: a [Speaker", "a [Speaker", ("Speaker 1",) * 2, 1),
        (
            "[Speaker x]: a",
            "[Speaker x]: a",
            (UNKNOWN,) * 3,
            4,
        ),
        ("[Speaker 1]: [Speaker 2]: b", "b", ("Speaker 2",), 0),
        ("", "", (), 0),
    ],
)
def test_broken_turns(text: str, clean: str, speakers: tuple[str, ...], malformed: int) -> None:
    assert read_turns(text) == Tagged(text=clean, speakers=speakers, malformed=malformed)


word = st.text(st.characters(categories=("L", "N"), include_characters="'-.,!?"), min_size=1)


@given(st.lists(st.tuples(st.one_of(word, st.just(SILENCE)), st.integers(0, 999)), max_size=40))
def test_written_times_are_read_back(items: list[tuple[str, int]]) -> None:
    """As the model is said to write them: the end of each item in hundredths, modulo ten seconds."""
    text, expected, last = [], [], 0
    for item, length in items:
        end = last + length
        text.append(f"{item} [T:{end % 1000}]")
        if item != SILENCE:
            expected.append(Word(item, last / 100, end / 100))
        last = end
    read = read_times(" ".join(text), last / 100)
    assert read.words == tuple(expected)
    assert read.text == " ".join(each.text for each in expected)
    assert read.malformed == 0


@given(st.integers(0, 999), st.integers(0, 100_000))
def test_unwrapping_is_the_loop_of_the_card(stated: int, last: int) -> None:
    expected = stated
    while expected < last:
        expected += 1000
    assert unwrapped(stated, last) == expected


@given(st.lists(st.tuples(st.integers(1, 12), st.lists(word, min_size=1)), max_size=12))
def test_written_turns_are_read_back(turns: list[tuple[int, list[str]]]) -> None:
    read = read_turns(" ".join(f"[Speaker {number}]: {' '.join(words)}" for number, words in turns))
    assert read.text.split() == [word for _, words in turns for word in words]
    assert read.speakers == tuple(f"Speaker {number}" for number, words in turns for _ in words)
    assert read.malformed == 0


junk = st.lists(
    st.one_of(
        st.sampled_from(["[T:", "]", ":", "[Speaker ", "[T:12]", "[Speaker 3]:", " ", "_", "[", "T:9]", "\n", "word"]),
        st.text(max_size=3),
        st.integers(0, 5000).map(str),
    ),
    max_size=30,
).map("".join)


@given(junk, st.floats(0, 600))
def test_anything_is_read(text: str, seconds: float) -> None:
    timed = read_times(text, seconds)
    assert timed.words is not None
    assert timed.text.split() == [each for word in timed.words for each in word.text.split()]
    assert all(0 <= each.start <= each.end for each in timed.words)
    assert [each.end for each in timed.words] == sorted(each.end for each in timed.words)
    turned = read_turns(text)
    assert turned.speakers is not None
    assert len(turned.speakers) == len(turned.text.split())
    for read in (timed, turned):
        assert " ".join(read.text.split()) == read.text
        assert read.malformed or not any(tag in read.text for tag in ("[T:", "[Speaker"))
