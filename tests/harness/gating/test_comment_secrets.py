"""A comment is read by everybody: no password is taken into one."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.gating.comment import check_address, check_name


@pytest.mark.parametrize("login", ["u:hunter2pw", "hunter2pw", "u%3Ahunter2pw"])
def test_an_address_with_a_user_is_refused(login: str) -> None:
    with pytest.raises(UsageError, match=r"^--page-url .* holds a user's name or password"):
        check_address(f"https://{login}@h/x?token=abc")


def test_a_query_is_written_as_it_is() -> None:
    assert check_address("https://h/x?token=a@b") == "https://h/x?token=a@b"


def test_a_token_is_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "S3cr3tV4lue")
    with pytest.raises(UsageError, match=r"^--comment-name is a token or a password"):
        check_name("S3cr3tV4lue")
    assert check_name("asr-gate") == "asr-gate"
