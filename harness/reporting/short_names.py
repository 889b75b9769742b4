"""Names of models and benchmarks as short as they stay different from each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_NAME = re.compile(r"(?P<file>transcripts:)?(?:[\w.@+-]*/)*(?P<last>[\w.@+-]+)/?(?P<apart> \(.*\)| #\d+)?")
"""A model's id or path, and what tells it apart from another of the same name."""


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Each name without what comes before its last slash, where that leaves it different from all others.

    ``openai/whisper-tiny`` is ``whisper-tiny``, and ``transcripts:runs/a.jsonl`` is ``a``; what a name says in
    parentheses at its end stays.
    """
    every = list(dict.fromkeys(names))
    shorter = {name: _without_owner(name) for name in every}
    times = Counter(shorter.values())
    return {name: short if times[short] == 1 else name for name, short in shorter.items()}


def _without_owner(name: str) -> str:
    found = _NAME.fullmatch(name)
    if found is None:
        return name
    last = found["last"]
    return (last.removesuffix(".jsonl") if found["file"] else last) + (found["apart"] or "")
