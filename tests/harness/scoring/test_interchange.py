"""NIST trn and stm, Kaldi text: what is written comes back, wrong files are told apart, and sclite agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import DataError
from harness.scoring.interchange import label, read_kaldi_text, read_trn, write_stm, write_trn

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = 'a(b) {x / y} ;; <c> 50% %28 back\\slash "quoted" a:b,c * @ - don\'t Ärger 今日 (spk-1)'


def test_trn_is_what_nist_reads(tmp_path: Path) -> None:
    path = tmp_path / "ref.trn"
    write_trn(path, [("908-1", "hello  big\tworld"), ("908-2", ""), ("a-3", "(uh) no")])
    assert path.read_text(encoding="utf-8").splitlines()[1:] == [
        "hello big world (908-1)",
        "(908-2)",
        "%28uh%29 no (a-3)",
    ]


@pytest.mark.parametrize("text", ["", HOSTILE, "a\u2028b", "x\ud800y", "a\x00b \x0b c"])
def test_any_text_comes_back(tmp_path: Path, text: str) -> None:
    write_trn(tmp_path / "a.trn", [("s-(1) %", text), ("s-2", "next")])
    assert read_trn(tmp_path / "a.trn") == {"s-(1) %": " ".join(text.split()), "s-2": "next"}


@given(texts=st.lists(st.text(max_size=30), max_size=5))
def test_words_survive(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("trn") / "a.trn"
    write_trn(path, [(f"s-{index}", text) for index, text in enumerate(texts)])
    assert [text.split() for text in read_trn(path).values()] == [text.split() for text in texts]


def test_labels_let_sclite_find_the_speaker() -> None:
    assert label("908-157963-0000", "908") == "908-157963-0000"
    assert label("clip_7", "spk_a-1") == "spk%5Fa%2D1-clip_7"
    assert label("a b(c)") == "a%20b%28c%29"


def test_foreign_trn(tmp_path: Path) -> None:
    path = tmp_path / "foreign.trn"
    path.write_bytes(b"\xef\xbb\xbf;; made by another tool\r\n100%25 sure (ab-1)\r\n\r\n(uh) yes (ab-2)\r\n(ab-3)\r\n")
    assert read_trn(path) == {"ab-1": "100%25 sure", "ab-2": "(uh) yes", "ab-3": ""}
    assert read_trn(path, reference=True)["ab-2"] == '[["uh", ""], ["yes"]]'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello world\n", "line 1: no label"),
        (b"a (x-1)\nb (x-1)\n", "line 2: 'x-1' was there before"),
        (b"a (x-1)\n{ a / b c (x-2)\n", "line 2: a brace that is not closed"),
        (b"\xff\xfe", "is not UTF-8 \\(byte 0\\)"),
    ],
)
def test_wrong_trn_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "wrong.trn"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_trn(path, reference=True)


def test_broken_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.trn"
    write_trn(path, [("a-1", "x")])
    path.write_text(path.read_text(encoding="utf-8") + "%FF%FE (a-2)\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 3: '%FF%FE' is not percent-encoded UTF-8"):
        read_trn(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*gone\.trn"):
        read_trn(tmp_path / "gone.trn")


def test_kaldi_text(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("utt-1 hello  world \nutt-2\n\nutt-3\ta (b)\n", encoding="utf-8")
    assert read_kaldi_text(path) == {"utt-1": "hello  world", "utt-2": "", "utt-3": "a (b)"}
    path.write_text("utt-1 a\nutt-1 b\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2: 'utt-1' was there before"):
        read_kaldi_text(path)


def test_stm(tmp_path: Path) -> None:
    path = tmp_path / "ref.stm"
    write_stm(path, [("b", None, 2.5, "yes (no)"), ("a", "spk 1", 1, "")])
    assert path.read_text(encoding="utf-8").splitlines()[1:] == [
        "a 1 spk%201 0.000 1.000",
        "b 1 unknown 0.000 2.500 yes %28no%29",
    ]
    for duration in (None, 0.0, float("nan")):
        with pytest.raises(DataError, match="'c' has no duration"):
            write_stm(path, [("c", None, duration, "x")])
