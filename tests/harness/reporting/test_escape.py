"""Text from outside, made safe for each kind of output."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reporting import escape


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("tab\there\r\nnext", "tab here next"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("\u2028", "\\u2028"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("日本語", "日本語"),
        ("\ud800", "\\ud800"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    assert escape.plain(text) == shown


@given(st.text())
def test_plain_is_one_line_of_printable_text_and_stable(text: str) -> None:
    shown = escape.plain(text)
    assert len(shown.splitlines()) <= 1
    assert escape.plain(shown) == shown


@given(st.text(st.characters(codec="utf-8")))
def test_markup_parses_back_to_the_plain_text(text: str) -> None:
    assert html.unescape(escape.html(text)) == escape.plain(text)
    root = ET.fromstring(f'<a b="{escape.xml(text)}">{escape.xml(text)}</a>')
    assert (root.text or "") == root.get("b")


@given(st.text(max_size=20))
def test_csv_never_starts_a_formula(text: str) -> None:
    assert not re.match(r"\s*[=+\-@＝＋－＠]", escape.csv_cell(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("librispeech_test_clean", "librispeech_test_clean"),
        ("open_asr@2026-04", "open_asr@2026-04"),
        ("a|b", r"a\|b"),
        ("_x_ *y* `z`", r"\_x\_ \*y\* \`z\`"),
        ("![i](javascript:x)", r"\!\[i\](javascript:x)"),
        ("<img>", "&lt;img&gt;"),
        ("&lt;", "&amp;lt;"),
        ("@somebody #12 http://x", r"@<!-- -->somebody \#<!-- -->12 http:/<!-- -->/x"),
        ("a.b@c-d.example", "a.b@<!-- -->c-d.example"),
        ("bare.example.com, x.co.uk", "bare.example.<!-- -->com, x.<!-- -->co.<!-- -->uk"),
        ("whisper-tiny.en 0.5 a.comma", "whisper-tiny.en 0.5 a.comma"),
        ("mailto:a //host", "mailto:<!-- -->a /<!-- -->/host"),
    ],
)
def test_markdown(text: str, shown: str) -> None:
    assert escape.markdown(text) == shown


def test_latex() -> None:
    assert [escape.latex(text) for text in ("[8m", "*x", " [", "a[", "a*", "[", "")] == [
        "{[}8m",
        "{*}x",
        " {[}",
        "a[",
        "a*",
        "{[}",
        "",
    ]
    assert escape.latex("50 % & a_b\\c") == r"50 \% \& a\_b\textbackslash{}c"
