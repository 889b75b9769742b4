"""What the rows of a set say as a whole: sessions, ids that count up, and what is left out."""

from __future__ import annotations

import pytest

from benchmarks.own.account import Account
from harness.health.rows import check_account, check_rows
from tests.harness.health.made import seen


def messages(names: list[str], sessions: list[str | None], *, whole: bool = True) -> list[tuple[str, str, str]]:
    rows = [seen(id=name, session=session) for name, session in zip(names, sessions, strict=True)]
    return [(one.kind, one.severity, one.message) for one in check_rows(rows, whole=whole)]


TEN = [f"x{letter}" for letter in "abcdefghij"]


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        ([None] * 10, ("info", "no row states a session")),
        ([None, *"abcdefghi"], ("low", "1 of 10 rows does not state a session")),
        (list("aaabbbcccd"), ("info", "4 sessions only: too few for an interval")),
        (list("aaaaaabcde"), ("low", "session 'a' has 6 of 10 rows")),
    ],
)
def test_sessions(sessions: list[str | None], expected: tuple[str, str]) -> None:
    ((kind, severity, message),) = messages(TEN, sessions)
    assert (kind, severity) == ("sessions", expected[0])
    assert message.startswith(expected[1])


@pytest.mark.parametrize("sessions", [list("aabbccddee"), list("aaaaabcdef")])
def test_sessions_that_are_fine(sessions: list[str | None]) -> None:
    assert messages(TEN, sessions) == []


def test_ids_that_count_up_with_holes() -> None:
    names = [f"call_{number:03d}" for number in range(1, 16) if number not in {4, 9}]
    ((kind, severity, message),) = messages(names, list("abcdefghijklm"))
    assert (kind, severity) == ("missing_rows", "info")
    assert message == "2 ids are left out of series that count up: call_004, call_009"
    assert messages(names, list("abcdefghijklm"), whole=False) == []


@pytest.mark.parametrize("step", [1, 2])
def test_ids_without_holes_or_a_draw_of_them(step: int) -> None:
    names = [f"call_{number:03d}" for number in range(0, 12 * step, step)]
    assert messages(names, list("abcdefghijkl")) == []


def test_what_is_left_out_is_said() -> None:
    account = Account(form="a manifest")
    account.leave_out("rows without a text", "m.jsonl, line 2")
    account.leave_out("rows without a text", "m.jsonl, line 5")
    (found,) = check_account("data_x", account)
    assert (found.kind, found.severity, found.value) == ("left_out", "low", 2)
    assert found.message == "rows without a text: 2, the first is m.jsonl, line 2"
    assert check_account("data_x", None) == []
