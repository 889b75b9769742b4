"""Brackets are left out as the normalizers' expressions say, and unclosed ones do not take the square of a text."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.normalize.brackets import without_brackets, without_parentheses
from harness.scoring.profile_files import get_profile

_TEXTS = st.text(alphabet="<>[]()a \n")


@given(_TEXTS)
def test_as_the_expressions_say(text: str) -> None:
    assert without_brackets(text) == re.sub(r"[<\[][^>\]]*[>\]]", "", text)
    assert without_parentheses(text) == re.sub(r"\(([^)]+?)\)", "", text)


@pytest.mark.parametrize("language", ["en", "de", "zh"])
@pytest.mark.parametrize("bracket", ["<", "[", "(", "a]<", "a)("])
def test_brackets_without_end_take_no_square_of_the_text(language: str, bracket: str) -> None:
    normalize = get_profile("leaderboard@2026-08").normalizer(language)
    begin = time.process_time()
    normalize(bracket * 60_000)  # half a minute of the processor where each looks for its end
    assert time.process_time() - begin < 10
