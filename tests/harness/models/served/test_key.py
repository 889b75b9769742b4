"""The key shows nowhere."""

from __future__ import annotations

import base64
import copy
import json
import pickle

import pytest

from harness.errors import UsageError
from harness.models.served.key import Key, read_key

VALUE = 'sk-proj-Zq8/+7Ld"x0_tail'


def test_it_does_not_show_in_representations_nor_in_copies() -> None:
    key = Key(VALUE)
    assert repr(key) == "Key([key])"
    assert str(key) == f"{key}" == "Key([key])"
    assert VALUE.encode() not in pickle.dumps(key)
    assert not copy.copy(key)
    assert not hasattr(key, "__dict__")
    assert repr(Key()) == "Key()"


def test_only_the_header_has_it() -> None:
    assert Key("abc").header() == {"Authorization": "Bearer abc"}
    assert Key("abc", "xi-api-key", "{}").header() == {"xi-api-key": "abc"}
    assert Key().header() == {}


@pytest.mark.parametrize(
    "text",
    [
        f"no such key: {VALUE}",
        f"{json.dumps(VALUE)} is bad",
        "key=sk-proj-Zq8%2F%2B7Ld%22x0_tail",
        base64.b64encode(VALUE.encode()).decode(),
        f"begins {VALUE[:10]}...",
        f"ends ...{VALUE[-8:]}.",
    ],
)
def test_no_text_keeps_it_or_a_longer_part_of_it(text: str) -> None:
    hidden = Key(VALUE).hide(text)
    assert "[key]" in hidden
    assert not any(VALUE[place : place + 8] in hidden for place in range(len(VALUE) - 7))


def test_other_text_stays() -> None:
    text = "no such model: sk-proj; tail, a quota of 8"
    assert Key(VALUE).hide(text) == text
    assert Key().hide(text) == text


def test_a_word_that_stands_in_for_a_key_is_no_secret() -> None:
    """Servers that ask for none are given one all the same; what is said must not fail for it."""
    assert Key("hello").hide("hello world") == "hello world"
    assert not Key("hello").shown_in(b"hello world")
    assert Key("hello").header() == {"Authorization": "Bearer hello"}


def test_whether_a_body_holds_it() -> None:
    assert Key(VALUE).shown_in(b"x" + VALUE.encode())
    assert not Key(VALUE).shown_in(b"x")
    assert not Key().shown_in(b"x")


def test_the_first_variable_that_is_set_is_read() -> None:
    environment = {"A": " ", "B": " abc ", "C": "def"}
    assert read_key(("A", "B", "C"), environment=environment).header() == {"Authorization": "Bearer abc"}
    assert not read_key(("A",), environment=environment)


def test_a_key_that_is_needed_or_cannot_be_is_one_line() -> None:
    with pytest.raises(UsageError, match=r"^openai needs a key: set A or B in the environment$"):
        read_key(("A", "B"), needed_by="openai", environment={})
    for value in ("two words", "line\nbreak", "ключ"):
        with pytest.raises(UsageError, match=r"^the key in A holds characters") as caught:
            read_key(("A",), environment={"A": value})
        assert value not in str(caught.value)
