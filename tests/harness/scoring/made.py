"""Predictions that tests make up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.records.journal import Line
from harness.scoring.predictions import Predictions

SOURCE = Path("mine.jsonl")


def line(name: str, reference: str, hypothesis: str | None, **more: Any) -> Line:
    """An utterance; without a hypothesis, one that failed."""
    error = None if hypothesis is not None else "lost"
    return Line(**{"id": name, "reference": reference, "hypothesis": hypothesis, "error": error} | more)


def lines(*pairs: tuple[str, str | None], **columns: list[Any]) -> list[Line]:
    """Utterances u0, u1, ... of references and hypotheses; each column holds a value of a field for each of them."""
    return [
        line(f"u{at}", *pair, **{field: values[at] for field, values in columns.items()})
        for at, pair in enumerate(pairs)
    ]


def predictions(
    *pairs: tuple[str, str | None],
    name: str = "mine",
    language: str = "en",
    ours: bool = False,
    scores_empty: bool = False,
    **columns: list[Any],
) -> Predictions:
    """One benchmark of one model."""
    return Predictions(
        benchmark=name,
        language=language,
        rows=lines(*pairs, **columns),
        source=SOURCE,
        ours=ours,
        scores_empty=scores_empty,
    )
