"""What is remembered is made once, and memos start afresh when they are full."""

from __future__ import annotations

import pytest

from harness.scoring.normalize import multilingual
from harness.scoring.normalize.memo import Memo
from harness.scoring.normalize.multilingual import MultilingualNormalizer, MultilingualRules


def test_each_text_is_made_once() -> None:
    made: list[str] = []

    def make(text: str) -> str:
        made.append(text)
        return text.upper()

    memo = Memo(make)
    assert [memo[text] for text in "aba"] == ["A", "B", "A"]
    assert (made, memo) == (["a", "b"], {"a": "A", "b": "B"})


def test_the_memo_of_other_languages_starts_afresh_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multilingual, "_MEMO_LIMIT", 5)
    normalizer = MultilingualNormalizer(MultilingualRules(), "de")
    sizes = []
    for number in range(6):
        assert normalizer(f"Ein {'x' * number}y, ja!") == f"ein {'x' * number}y ja"
        sizes.append(len(normalizer._tokens))
    assert sizes == [3, 4, 5, 6, 3, 4]
