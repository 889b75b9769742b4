"""Strings that somebody would put into ids, transcripts, names and tags to have something happen, and what reads them.

Each `check_*` opens one kind of output the way people do, and fails where anything but plain text comes of a string.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = "evil.example.com"
"""The host in all addresses: whatever leads there is a link that a string made."""

STRINGS = {
    "formula =": f'=HYPERLINK("http://{HERE}","x")',
    "formula +": "+1+cmd|' /C calc'!A0",
    "formula -": "-2+3+cmd|' /C calc'!A0",
    "formula @": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula tab": "\t=1+1",
    "formula CR": "\r=1+1",
    "formula blank": "  =1+1",
    "formula wide": "＝1＋1",
    "formula quoted": '","=1+1',
    "DDE": '=DDE("cmd";"/C calc";"x")',
    "script": "</script><script>window.pwned=1</script>",
    "image": "<img src=x onerror=window.pwned=1>",
    "attribute": "\"' onmouseover=window.pwned=1 autofocus onfocus=window.pwned=1 x='",
    "svg": f"<svg onload=window.pwned=1><image href='http://{HERE}/x.png'/></svg>",
    "frame": f"<iframe srcdoc='<script>parent.pwned=1</script>' src='//{HERE}'></iframe>",
    "address": "javascript:window.pwned=1",
    "base": f"<base href='http://{HERE}/'><link rel=stylesheet href=x><meta http-equiv=refresh content='0;url=x'>",
    "comment": "--><!--",
    "CDATA": "]]><x/><![CDATA[",
    "entity": "&lt;b&gt; &#x3c;script&#x3e; &amp;",
    "doctype": "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>&a;",
    "template": "{{7*7}} ${7*7} <%= 7*7 %> #{7*7}",
    "md link": f"[click](http://{HERE}/a)",
    "md image": f"![x](http://{HERE}/a.png)",
    "md reference": f"[x][1]\n\n[1]: http://{HERE}",
    "md autolink": f"<http://{HERE}> <x@{HERE}>",
    "md bare": f"http://{HERE}/a https://{HERE} ftp://{HERE} www.{HERE} a@{HERE} mailto:a@{HERE}",
    "md code": "```\nx\n``` `y` ~~~",
    "md table": "a | b |\n|---|",
    "md heading": "# heading\n> quote\n- item\n1. one\n---",
    "md people": "@octocat #12 owner/repo#34",
    "md html": "<details open><summary>x</summary>",
    "tex input": "\\input{/etc/passwd}",
    "tex write": "\\immediate\\write18{touch pwned}",
    "tex end": "\\end{document}\\end{tabular}",
    "tex special": "% $ & # _ { } ~ ^ \\ ^^5cinput",
    "tex def": "\\def\\x{\\x}\\x $\\loop\\iftrue\\repeat$",
    "screen": "\x1b[2J\x1b[1;1H\x1b[31mred\x1b[8m",
    "title": "\x1b]0;pwned\x07",
    "clipboard": "\x1b]52;c;cHduZWQ=\x07",
    "link": f"\x1b]8;;http://{HERE}\x1b\\here\x1b]8;;\x1b\\",
    "C1": "\x9b2J\x9d0;pwned\x9c\x90$q\x9c",
    "answer": "\x1b[6n\x1b[c\x05",
    "erase": "good\b\b\b\bevil\rover\x7f",
    "bell": "\x07\x0b\x0c\x1c\x85",
    "workflow": "x\n::error title=build::ASR gate PASS",
    "workflow 2": "##[add-mask]FAIL",
    "workflow 3": " ::set-output name=verdict::PASS",
    "bidi": "\u202eTSIL\u2066x\u200f\u061c",
    "separators": "a\u2028b\u2029c",
    "not characters": "\ufffe\uffff\U0001fffe",
    "null": "a\x00b",
    "half": "a\ud800b",
    "invisible": "a\u200bb\ufeffc\u00ad",
    "tags": "\U000e0041\U000e007f",
}


def check_terminal(output: str) -> None:
    """A terminal emulator that is given it shows each line as it is written, and does nothing else."""
    import pyte

    done: list[str] = []

    class Watched(pyte.Screen):
        def set_title(self, param: str) -> None:
            done.append(f"title {param}")

        set_icon_name = set_title

        def write_process_input(self, data: str) -> None:
            done.append(f"answer {data!r}")

        def bell(self, *args: Any) -> None:
            done.append("bell")

        def erase_in_display(self, *args: Any, **more: Any) -> None:
            done.append("erase")

        def cursor_position(self, *args: Any, **more: Any) -> None:
            done.append("position")

        def backspace(self) -> None:
            done.append("backspace")

    lines = output.split("\n")
    assert len(lines) < 20_000
    screen = Watched(max(map(len, lines)) * 2 + 10, len(lines) + 2)
    done.clear()  # it erases itself at first
    pyte.Stream(screen).feed(output.replace("\n", "\r\n"))
    assert done == []
    bad = re.compile(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
    )
    assert bad.findall(output.replace("\r\n", "\n")) == []
    shown = [line.rstrip() for line in screen.display[: len(lines)]]
    assert [re.sub(r"\s+", "", line) for line in shown] == [re.sub(r"\s+", "", line) for line in lines]


def check_commands(output: str) -> None:
    """No line is one by which a CI runner is commanded."""
    assert [line for line in output.splitlines() if re.match(r"\s*::", line) or "##[" in line] == []


FORMULA = re.compile(r"[\s'\"]*?[=+\-@＝＋－＠\t\r]")


def check_cells(rows: Iterable[Iterable[object]]) -> None:
    """No text of a spreadsheet is a formula: none begins as one, but for numbers."""
    for row in rows:
        for cell in row:
            if isinstance(cell, str) and not re.fullmatch(r"[+-]?[\d.,eE%+-]+", cell):
                assert not re.match(r"\s*[=+\-@＝＋－＠]|[\t\r]", cell), cell


def check_csv(path: Path) -> None:
    """A CSV or TSV file."""
    text = path.read_bytes().decode("utf-8")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t" if path.suffix == ".tsv" else ","))
    assert len({len(row) for row in rows}) == 1
    check_cells(rows)


def check_xlsx(path: Path) -> None:
    """A workbook: every cell is a number or a text, none a formula, link or error."""
    import openpyxl

    with warnings.catch_warnings(action="ignore", category=UserWarning):  # it has no style of its own
        book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            assert {cell.data_type for cell in row} <= {"s", "n", "b", "inlineStr"}
            assert [cell.coordinate for cell in row if cell.hyperlink is not None] == []
    assert book.defined_names == {}


_TAGS = "details|summary|sub|sup|b|br|p|table|tr|td|th|code|pre|small|em|strong|ul|li"
OURS = re.compile(rf"<!-- -->|</?(?:{_TAGS})>|<!-- [\w: .-]+ -->")
"""HTML that our Markdown has."""


def check_markdown(text: str) -> None:
    """A renderer that links bare addresses too makes neither HTML nor links nor images of a string."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": True}).parse(text)
    for token in _all(tokens):
        if token.type in {"html_block", "html_inline"}:
            left = OURS.sub("", token.content)
            assert not re.search(r"<[a-zA-Z/!?]", left), token.content
        assert token.type != "image", token.attrs
        if token.type == "link_open":
            assert HERE not in str(token.attrs), token.attrs
            assert "javascript" not in str(token.attrs), token.attrs


def _all(tokens: Iterable[Any]) -> Iterator[Any]:
    for token in tokens:
        yield token
        yield from _all(token.children or ())


def check_xml(path: Path) -> None:
    """SVG and JUnit: well-formed; SVG without scripts, handlers, or anything from elsewhere."""
    root = ET.fromstring(path.read_bytes())
    for element in root.iter():
        tag = str(element.tag).rpartition("}")[2].lower()
        assert tag not in {"script", "foreignobject", "iframe", "image", "a"}, tag
        for name, value in element.attrib.items():
            plain = name.rpartition("}")[2].lower()
            assert not plain.startswith("on"), name
            assert plain not in {"href", "src"} or value.startswith("#"), value


def check_latex(paths: Iterable[Path], folder: Path) -> None:
    """LaTeX sets the tables, with whatever shell it could have; skipped by who calls it where there is no LaTeX."""
    folder.mkdir()
    names = []
    for number, path in enumerate(paths):
        shutil.copy(path, folder / f"t{number}.tex")
        names.append(f"\\input{{t{number}}}\n\\clearpage\n")
    rules = "".join(f"\\newcommand\\{name}rule{{\\hline}}" for name in ("top", "mid", "bottom"))  # booktabs is an extra
    packages = f"\\usepackage[utf8]{{inputenc}}\\usepackage[T1]{{fontenc}}\\usepackage{{textcomp}}{rules}"
    body = "".join(names)
    (folder / "all.tex").write_text(
        f"\\documentclass{{article}}{packages}\\begin{{document}}\n{body}\\end{{document}}\n"
    )
    command = ["pdflatex", "-shell-escape", "-interaction=nonstopmode", "all.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120, stdin=subprocess.DEVNULL)
    log = done.stdout.decode("utf-8", "replace")
    wrong = [line for line in log.splitlines() if line.startswith("!") and "Unicode character" not in line]
    assert wrong == [], log[-3000:]
    assert f"({len(names)} page" in log or "Output written" in log, log[-2000:]
    assert not (folder / "pwned").exists()
    assert "root:x:" not in log
