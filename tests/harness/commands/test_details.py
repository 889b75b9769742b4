"""What `score --details` prints: every metric by its declaration, slices, confusions, flags."""

from __future__ import annotations

import re
from pathlib import Path

from harness.commands.details import details_text
from harness.records.journal import Line
from harness.scoring.details import describe
from harness.scoring.metrics import metrics
from harness.scoring.predictions import Predictions
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions


def told(rows: list[Line]) -> str:
    one = Predictions(benchmark="set", language="en", rows=rows, source=Path("x"))
    return details_text("one", describe(count_predictions(one, get_profile("verbatim"))))


def test_every_metric_is_printed_as_it_is_declared() -> None:
    rows = [
        Line(id="1", reference="a b c d e f", hypothesis="a x c d e f", duration=3.0, draft="a x x d e f", session="s"),
        Line(id="2", reference="", hypothesis="three words more", duration=60.0, draft="", session="s"),
    ]
    text = " ".join(told(rows).split())
    known = metrics()
    for name in ("wer", "cer", "mer", "wil", "ser", "draft_wer", "inserted_on_silence"):
        assert f"{known[name].title}: {known[name].meaning}." in text
    assert "WER 66.67 – percent 4 of 6" in text
    assert re.search(r"WIL [\d.]+ – percent –", text), "no share of anything"
    assert "inserted on silence 3.00 – words a minute 3 of 1" in text
    assert "draft WER 33.33 – percent 2 of 6" in text
    assert "missed names" not in text, "the references are not cased"
    assert "flagged: on_silence 1 – utterances" in text
    assert "b -> x 1" in text
    assert "Sessions: the 1 worst of 1." in text


def test_metrics_with_an_interval_show_it() -> None:
    rows = [
        Line(id=str(n), reference="a b c d", hypothesis="a b c x" if n % 3 else "a b c d", session=f"s{n % 9}")
        for n in range(90)
    ]
    (line,) = [line for line in told(rows).splitlines() if line.startswith("WER ")]
    assert " to " in line
