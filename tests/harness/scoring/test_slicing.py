"""Which slice an utterance is in."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.records.journal import Line
from harness.scoring.slicing import slice_by
from tests.harness.scoring.made import line


def tagged(*values: str | None, tag: str = "accent") -> list[Line]:
    return [line(f"u{at}", "a", "a", tags={} if value is None else {tag: value}) for at, value in enumerate(values)]


def found(rows: list[Line], tag: str = "accent") -> tuple[list[str | None], list[str]]:
    slicing = slice_by(rows, [1] * len(rows), tag)
    return slicing.values, slicing.order


def test_names_stay_in_order_of_appearance() -> None:
    assert found(tagged("us", "gb", None, "us", "")) == (["us", "gb", None, "us", None], ["us", "gb"])


def test_few_numbers_are_values_in_their_order() -> None:
    slicing = slice_by(tagged("20", "5", "10", "5", tag="snr"), [1] * 4, "snr")
    assert (slicing.order, slicing.values, slicing.binned) == (["5", "10", "20"], ["20", "5", "10", "5"], "")


def test_many_numbers_are_put_into_bins_and_that_is_said() -> None:
    rows = tagged(*[str(number) for number in range(12, 0, -1)], None, tag="snr")
    slicing = slice_by(rows, [1] * 13, "snr")
    assert slicing.order == ["under 4", "4 to under 7", "7 to under 10", "10 and more"]
    assert [slicing.values.count(value) for value in (*slicing.order, None)] == [3, 3, 3, 3, 1]
    assert slicing.binned == "bins of about equally many utterances, from the quartiles of snr"
    mostly = slice_by(tagged(*["0"] * 30, *[str(number) for number in range(1, 12)]), [1] * 41, "accent")
    assert mostly.order == ["under 1", "1 and more"]


def test_a_name_among_numbers_makes_all_of_them_names() -> None:
    assert found(tagged("10", "9", "clean"))[1] == ["10", "9", "clean"]
    assert found(tagged("nan", "1", "inf"))[1] == ["nan", "1", "inf"]


def test_length_and_duration_need_no_tag() -> None:
    rows = [line(f"u{at}", "a", "a", duration=seconds) for at, seconds in enumerate((0.5, 2.0, 31.0, None))]
    slicing = slice_by(rows, [0, 4, 5, 40], "length")
    assert (slicing.values, slicing.order) == (["0", "1-4", "5-9", "40+"], ["0", "1-4", "5-9", "40+"])
    slicing = slice_by(rows, [1] * 4, "duration")
    assert slicing.values == ["under 2", "2 to under 5", "30 and more", None]
    assert (slicing.order, slicing.binned) == (["under 2", "2 to under 5", "30 and more"], "seconds of audio")


def test_a_speaker_is_the_session_where_no_tag_is_called_so() -> None:
    rows = [line(f"u{at}", "a", "a", session=str(at)) for at in (1, 2)]
    assert found(rows, "speaker") == found(rows, "session") == (["1", "2"], ["1", "2"])


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("acent", "no tag called 'acent'; did you mean 'accent'?"),
        ("duration", "no tag called 'duration'; did you mean 'duration'?"),
    ],
)
def test_no_row_has_it(tag: str, message: str) -> None:
    with pytest.raises(UsageError, match="no tag called"):
        slice_by(tagged("us"), [1], tag)
    if tag == "acent":
        with pytest.raises(UsageError) as error:
            slice_by(tagged("us"), [1], tag)
        assert str(error.value) == message


def test_names_of_utterances_are_no_slices() -> None:
    with pytest.raises(UsageError, match="101 different values name utterances"):
        slice_by(tagged(*[f"f{at}" for at in range(101)]), [1] * 101, "accent")
    assert len(found(tagged(*[f"f{at}" for at in range(100)]))[1]) == 100
