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

if TYPE_CHECKING:
    from harness.reporting.page.data import PageData
    from harness.reporting.table import Table

SCRIPTS = ("charts.js", "tables.js", "browser.js", "main.js")
"""In the order in which they build on each other."""


def page(title: str, caption: str, tables: Sequence[Table], data: PageData) -> str:
    """The whole page: tables first, then what the scripts show. It loads nothing, and its policy forbids it to."""
    here = files(__name__.rpartition(".")[0])
    script = "\n".join((here / name).read_text(encoding="utf-8") for name in SCRIPTS)
    # The browser hashes the script as it stands in the file.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    packed = gzip.compress(encode(data), compresslevel=7, mtime=0)
    parts = {
        "@HASH@": digest,
        "@TITLE@": escape.html(title),
        "@CAPTION@": escape.html(caption),
        "@STYLE@": (here / "page.css").read_text(encoding="utf-8"),
        "@TABLES@": "\n".join(table.render("html") for table in tables),
        "@DATA@": base64.b64encode(packed).decode("ascii"),
        "@SCRIPT@": script,
    }
    # Marks are replaced once and from left to right, so that no text can bring in a mark.
    template = (here / "page.html").read_text(encoding="utf-8")
    return re.sub("|".join(map(re.escape, parts)), lambda match: parts[match[0]], template)
