"""The draft's WER stands beside that of the edited text, over the same rows."""

from pathlib import Path

from harness.scoring.predictions import Predictions, Row, System
from harness.scoring.profiles import get_profile
from harness.scoring.score import score_system


def entry(rows: list[Row], *, ours: bool = True) -> dict[str, object]:
    predictions = Predictions(benchmark="b", language="en", rows=rows, source=Path("b.jsonl"), ours=ours)
    (found,) = score_system(System(model="m", benchmarks=[predictions]), get_profile("card@2026-04"))["benchmarks"]
    return dict(found)


def row(name: str, reference: str, hypothesis: str | None, draft: str | None) -> Row:
    return Row(id=name, reference=reference, hypothesis=hypothesis, draft=draft)


def test_drafts_are_counted_over_the_same_rows() -> None:
    rows = [
        row("a", "go forward ten meters", "go forward ten meters", "go for ward ten meters"),
        row("b", "stop", "stop", "stop"),
        row("failed", "not counted", None, None),
        row("dropped", "um", "well", "well well"),
    ]
    found = entry(rows)
    assert found["wer"] == 0.0
    assert found["words"] == 5
    assert found["draft_wer"] == 2 / 5


def test_a_row_without_a_draft_leaves_none() -> None:
    assert entry([row("a", "x", "x", "x"), row("b", "y", "y", None)])["draft_wer"] is None
