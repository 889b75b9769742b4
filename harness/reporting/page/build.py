"""Puts the page together: template, style, scripts and compressed data in one file."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from harness.records.codec import encode
from harness.reporting import escape
from harness.secret_values import hide

if TYPE_CHECKING:
    from harness.reporting.page.data import PageData
    from harness.reporting.table import Table

SCRIPTS = ("amounts.js", "charts.js", "tables.js", "texts.js", "selection.js", "browser.js", "main.js")
"""In the order in which they build on each other."""


def page(title: str, caption: str, tables: Sequence[Table], data: PageData) -> str:
    """The whole page: tables first, then what the scripts show. It loads nothing, and its policy forbids it to."""
    return assemble(
        ("page.html", ("page.css",), SCRIPTS), title=title, caption=caption, tables=tables, data=data, foot=""
    )


def assemble(
    sources: tuple[str, Sequence[str], Sequence[str]],
    *,
    title: str,
    caption: str,
    tables: Sequence[Table],
    data: object,
    foot: str,
) -> str:
    """A page of a template with marks, such as @TABLES@, of styles, and of scripts that are given the data.

    Args:
        sources: files beside this one: the template, styles and scripts in their order.
        title: plain text.
        caption: plain text below it.
        tables: shown without a script.
        data: a record, handed over as JSON.
        foot: plain text for templates that have a place for it.
    """
    template_name, styles, scripts = sources
    here = files(__name__.rpartition(".")[0])
    script = "\n".join((here / name).read_text(encoding="utf-8") for name in scripts)
    # The browser hashes the script as it stands in the file.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    packed = gzip.compress(encode(data), compresslevel=7, mtime=0)
    parts = {
        "@HASH@": digest,
        "@TITLE@": escape.html(hide(title)),
        "@CAPTION@": escape.html(hide(caption)),
        "@STYLE@": "\n".join((here / name).read_text(encoding="utf-8") for name in styles),
        "@FOOT@": escape.html(hide(foot)),
        "@TABLES@": "\n".join(table.render("html") for table in tables),
        "@DATA@": base64.b64encode(packed).decode("ascii"),
        "@SCRIPT@": script,
    }
    # Marks are replaced once and from left to right, so that no text can bring in a mark.
    template = (here / template_name).read_text(encoding="utf-8")
    return re.sub("|".join(map(re.escape, parts)), lambda match: parts[match[0]], template)
