"""TextGrid and EAF, in the form in which Praat, praatio and ELAN write them; and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.own.tiers import choose_tiers
from benchmarks.sources.tiers import Annotation, Tier, read_eaf, read_textgrid
from harness.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

LONG = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "anna 2"
        xmin = 0
        xmax = 2.5
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1.25
            text = "she said ""no 7"""
        intervals [2]:
            xmin = 1.25
            xmax = 2.5
            text = "two
lines"
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 2.5
        points: size = 1
        points [1]:
            number = 1
            mark = "x"
    item [3]:
        class = "IntervalTier"
        name = "empty"
        xmin = 0
        xmax = 2.5
        intervals: size = 0
'''
SHORT = '''"ooTextFile"
"TextGrid"

0
2.5
<exists>
3
"IntervalTier"
"anna 2"
0
2.5
2
0
1.25
"she said ""no 7"""
1.25
2.5
"two
lines"
"TextTier" "clicks" 0 2.5 1
1 "x"
"IntervalTier" "empty" 0 2.5 0
'''
READ = [
    Tier("anna 2", annotations=[Annotation(0.0, 1.25, 'she said "no 7"'), Annotation(1.25, 2.5, "two\nlines")]),
    Tier("empty"),
]


@pytest.mark.parametrize("text", [LONG, SHORT, SHORT.replace('"ooTextFile"', 'File type = "ooTextFile short"')])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_textgrids(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_text(text, encoding=encoding)
    assert read_textgrid(path) == READ


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no whole TextGrid: it ends too early"),
        (SHORT[: len(SHORT) // 2], "no "),
        (SHORT.replace('"TextGrid"', '"PitchTier"'), "no TextGrid: it begins with 'ooTextFile', 'PitchTier'"),
        (SHORT.replace("1.25\n2.5", '"x"\n2.5'), "no TextGrid .*where a"),
        (SHORT.replace('"she said ""no 7"""', "7"), "no TextGrid .7.0 where a text should be"),
        (SHORT.replace("1.25", "1e999"), "no TextGrid .inf where a number should be"),
        (SHORT.replace("2.5\n2\n", "2.5\n999999999999\n"), "no "),
    ],
)
def test_what_is_no_textgrid(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=f"a.TextGrid: {message}"):
        read_textgrid(path)


EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT FORMAT="3.0" VERSION="3.0">
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="250"/>
    <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1500"/>
    <TIME_SLOT TIME_SLOT_ID="ts3"/>
  </TIME_ORDER>
  <TIER TIER_ID="tx@A" PARTICIPANT="Anna">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
      <ANNOTATION_VALUE>ja &amp; nein</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
      <ANNOTATION_VALUE>nobody knows when</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER TIER_ID="en@A" PARENT_REF="tx@A">
    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a1">
      <ANNOTATION_VALUE>yes and no</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a4" ANNOTATION_REF="a4">
      <ANNOTATION_VALUE>about itself</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
  </TIER>
</ANNOTATION_DOCUMENT>
"""


def test_eaf(tmp_path: Path) -> None:
    path = tmp_path / "a.eaf"
    path.write_text(EAF, encoding="utf-8")
    assert read_eaf(path) == [
        Tier("tx@A", "Anna", [Annotation(0.25, 1.5, "ja & nein")], without_time=1),
        Tier("en@A", "", [Annotation(0.25, 1.5, "yes and no")], dependent=True, without_time=1),
    ]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (EAF[:-30], "no EAF .ParseError"),
        ("<a/>", "no EAF: its root is 'a'"),
        (EAF.replace("<ANNOTATION_DOCUMENT", f"{BOMB}<ANNOTATION_DOCUMENT", 1), "declares a document type or entities"),
        (EAF.replace('TIME_VALUE="250"', 'TIME_VALUE="x"'), "no EAF .ValueError"),
        (EAF.replace('TIER_ID="en@A" ', ""), "no EAF .KeyError"),
    ],
)
def test_what_is_no_eaf(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.eaf"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=f"a.eaf: {message}"):
        read_eaf(path)


def tier(name: str, *, speaker: str = "", dependent: bool = False, text: str = "x") -> Tier:
    return Tier(name, speaker, [Annotation(0.0, 1.0, text)], dependent=dependent)


@pytest.mark.parametrize(
    ("tiers", "asked", "taken"),
    [
        (
            [tier("Mary"), tier("John"), tier("phones"), tier("silent", text=" ")],
            None,
            [("Mary", "Mary"), ("John", "John")],
        ),
        ([tier("utterances"), tier("Mary"), tier("words")], None, [("utterances", "")]),
        ([tier("A - words"), tier("A - phones"), tier("B - words")], None, [("A - words", "A"), ("B - words", "B")]),
        (
            [tier("A - utterances"), tier("A - words"), tier("B - utterances")],
            None,
            [("A - utterances", "A"), ("B - utterances", "B")],
        ),
        ([tier("tx@A", speaker="Anna"), tier("en@A", dependent=True)], None, [("tx@A", "Anna")]),
        ([tier("ref", text=""), tier("tx", dependent=True)], None, [("tx", "")]),
        ([tier("notes")], None, [("notes", "")]),
        ([tier("notes"), tier("phones")], None, []),
        ([tier("Mary"), tier("en", dependent=True)], "EN", [("en", "")]),
        ([tier("A - words"), tier("A - phones")], "words", [("A - words", "A")]),
        ([tier("Mary")], "gone", []),
    ],
)
def test_which_tiers_are_taken(tiers: list[Tier], asked: str | None, taken: list[tuple[str, str]]) -> None:
    assert [(one.tier.name, one.speaker) for one in choose_tiers(tiers, asked)] == taken


def test_words_are_taken_together_unless_they_are_asked_for() -> None:
    assert [one.words for one in choose_tiers([tier("words"), tier("phones")], None)] == [True]
    assert [one.words for one in choose_tiers([tier("words"), tier("phones")], "words")] == [False]
