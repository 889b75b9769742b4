"""What is a word, and what is a mark."""

from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING

import pytest

from harness.scoring.written.marks import KINDS, pieces

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "tokens", "marks"),
    [
        ("Hello, world!", ["Hello", "world"], [(1, ","), (2, "!")]),
        ("¿Qué tal?", ["Qué", "tal"], [(0, "¿"), (2, "?")]),
        ('"Well," he said... (no).', ["Well", "he", "said", "no"], [(1, ","), (3, "…"), (4, ".")]),
        ("It's $3,000.50, i.e. 10:30", ["It's", "$3,000.50", "i.e", "10:30"], [(2, ","), (3, ".")]),
        ("wait...what", ["wait", "what"], [(1, "…")]),
        ("Hello,world ?", ["Hello", "world"], [(1, ","), (2, "?")]),
        ("-5 .5 5% U.S. -- e@x.com.", ["-5", ".5", "5%", "U.S", "e@x.com"], [(4, "."), (5, ".")]),
        ("... ,", [], [(0, "…"), (0, ",")]),
        ("مرحبا، كيف الحال؟", ["مرحبا", "كيف", "الحال"], [(1, "،"), (3, "؟")]),
        ("यह ठीक है।", ["यह", "ठीक", "है"], [(3, "।")]),
        ("Τι κάνεις\u037e", ["Τι", "κάνεις"], [(2, ";")]),
        ("a well-known dash - and — another", ["a", "well-known", "dash", "and", "another"], []),
        ("", [], []),
    ],
)
def test_words_and_marks(text: str, tokens: list[str], marks: list[tuple[int, str]]) -> None:
    found = pieces(text, spaced=True)
    assert (list(found.tokens), list(found.marks)) == (tokens, marks)


@pytest.mark.parametrize(
    ("text", "tokens", "marks"),
    [
        ("今天，我们 去。", "今天我们去", [(2, "，"), (5, "。")]),
        ("3.5公里。「好」", "3.5公里好", [(5, "。")]),
        ("そう、ですか？", "そうですか", [(2, "、"), (5, "？")]),
    ],
)
def test_characters_and_marks(text: str, tokens: str, marks: list[tuple[int, str]]) -> None:
    found = pieces(text, spaced=False)
    assert ("".join(found.tokens), list(found.marks)) == (tokens, marks)


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert pieces("cafe\u0301.", spaced=True) == pieces("caf\u00e9.", spaced=True)


def test_kinds_share_no_mark() -> None:
    every = "".join(KINDS.values())
    assert len(set(every)) == len(every)
    for mark in every:
        assert pieces(f"a{mark}", spaced=True).marks == ((1, mark),), mark


def test_real_texts_as_a_simple_splitter_has_them(shared: Path) -> None:
    """Of words without a mark inside them, by the edges of what stands between spaces."""
    path = shared / "predictions" / "raw" / "MODEL_whisper-tiny.en_DATASET_voxpopuli_en_test_150.jsonl"
    compared = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for text in (row["text"], row["pred_text"]):
            tokens: list[str] = []
            marks: list[tuple[int, str]] = []
            for part in text.split():
                core = part.strip(string.punctuation.replace("%", "").replace("$", ""))
                if any(mark in core for mark in ",;!?") or "..." in part or not core:
                    break
                tokens.append(core)
                marks += [(len(tokens), mark) for mark in part[part.index(core) + len(core) :] if mark in ".,?!;:"]
            else:
                found = pieces(text, spaced=True)
                assert (list(found.tokens), list(found.marks)) == (tokens, marks), text
                compared += 1
    assert compared > 250
