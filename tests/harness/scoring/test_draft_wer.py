"""The draft's WER stands beside that of the edited text, over the same rows."""

from harness.records.journal import Line
from harness.records.scores import BenchmarkScore
from harness.scoring.predictions import Predictions, System
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_systems
from tests.harness.scoring.made import SOURCE, line


def entry(rows: list[Line]) -> BenchmarkScore:
    one = Predictions(benchmark="b", language="en", rows=rows, source=SOURCE, ours=True)
    [score] = score_systems([System(model="m", benchmarks=[one])], [get_profile("card@2026-04")])
    return score.benchmarks[0]


def row(name: str, reference: str, hypothesis: str | None, draft: str | None) -> Line:
    return line(name, reference, hypothesis, draft=draft)


def test_drafts_are_counted_over_the_same_rows() -> None:
    rows = [
        row("a", "go forward ten meters", "go forward ten meters", "go for ward ten meters"),
        row("b", "stop", "stop", "stop"),
        row("failed", "not counted", None, None),
        row("dropped", "um", "well", "well well"),
    ]
    found = entry(rows)
    assert found.wer == 0.0
    assert found.words == 5
    assert found.draft_wer == 2 / 5
    assert found.metrics["draft_wer"].value == 2 / 5


def test_a_row_without_a_draft_leaves_none() -> None:
    assert entry([row("a", "x", "x", "x"), row("b", "y", "y", None)]).draft_wer is None
    assert entry([row("a", "x", "x", None)]).metrics == {}
