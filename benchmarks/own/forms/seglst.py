"""A SegLST by itself: a .json of segments, as meeteval writes them, whose recordings lie beside it.

Format: https://github.com/fgnt/meeteval (README.md). In a folder it is one of the transcripts with times (`timed`).
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.own.form import Form
from benchmarks.own.forms.timed import items, kind_of
from benchmarks.own.lookup import is_file

FORM = Form(
    name="seglst",
    title="a SegLST (.json with session_id and words)",
    rank=490,
    uses=frozenset(),
    recognizes=lambda place: is_file(place) and kind_of(Path(place)) == "seglst",
    items=items,
)
