"""What the gate's guards say of lines alone: recordings of other lengths."""

from __future__ import annotations

import pytest

from harness.gating.guards import other_audio
from harness.records.journal import Line


def line(duration: float | None) -> Line:
    return Line(id="a", reference="one", hypothesis="one", duration=duration)


@pytest.mark.parametrize(
    ("before", "after", "other"),
    [
        (10.0, 10.0, False),
        (10.0, 10.19, False),  # tenths of a second, and a hundredth of the length
        (10.0, 10.3, True),
        (10.3, 10.0, True),
        (1.0, 1.2, True),
        (None, 3.0, False),
        (3.0, None, False),
    ],
)
def test_the_same_ids_with_other_lengths_are_other_recordings(
    before: float | None, after: float | None, other: bool
) -> None:
    said = other_audio([line(before)], [line(after)])
    what = "1 utterances are of another length than the baseline's, such as 'a'"
    assert said == (f"{what}: {after:g} s, which was {before:g} s" if other else None)
