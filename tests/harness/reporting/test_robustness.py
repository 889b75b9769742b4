"""The table of conditions, of results made by hand: what stands in which column, with which note."""

from __future__ import annotations

from typing import Any

import pytest

from harness.records.speed import Speed
from harness.reporting import robustness
from harness.reporting.robustness import FEW, robustness_table
from harness.scoring.profile_files import get_profile
from harness.scoring.robustness import Gap
from harness.scoring.scored import count_predictions
from tests.harness.reporting.made import entry, interval, score
from tests.harness.reporting.test_slices import CHANGE
from tests.harness.scoring.made import predictions

CLEAN = Gap(
    benchmark="read", condition="", rate=0.1, interval=interval(0.05, 0.15), clean=0.1, unit="session", utterances=40,
    sessions=9,
)  # fmt: skip
GIVEN: dict[str, Any] = {"benchmark": "read", "interval": interval(0.1, 0.3), "clean": 0.1, "utterances": 40}
LOUD = Gap(
    **GIVEN, condition="noise@10dB", rate=0.2, difference=CHANGE, p_holm=0.01, unit="session", sessions=9, left_out=3
)
ALONE = Gap(**GIVEN, condition="noise@0dB", rate=0.3, difference=CHANGE, unit="utterance", sessions=2)


def test_each_condition_stands_beside_the_clean_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robustness, "gaps", lambda _: [CLEAN, LOUD, ALONE])
    monkeypatch.setattr(robustness, "doublings", lambda _: [])
    names = ("read", "read+noise@10dB", "read+noise@0dB", "far+noise@0dB")
    profile = get_profile("verbatim")
    held = [count_predictions(predictions(("a b", "a b"), name=name), profile) for name in names]
    entries = [entry(name, 0.1, failed=at, speed=Speed(rtfx=10.0 * at)) for at, name in enumerate(names)]
    table = robustness_table(["m"], [score("m", entries, 0.1)], [held])
    assert table is not None
    keys = [column.key for column in table.columns]
    rows = [dict(zip(keys, row, strict=True)) for row in table.rows]
    shown = ("condition", "wer", "difference", "p", "times", "sessions", "failed", "rtfx")
    assert [[row[key].value for key in shown] for row in rows] == [
        ["clean", 0.1, None, None, None, 9, 0, 0.0],
        ["noise@10dB", 0.2, 0.04, 0.01, 2.0, 9, 1, 10.0],
        ["noise@0dB", 0.3, 0.04, None, pytest.approx(3.0), 2, 2, 20.0],
    ]
    assert [row["wer"].notes for row in rows] == [
        (), ("3 utterances left out, not transcribed both times",), (),
    ]  # fmt: skip
    assert [row["difference"].notes for row in rows] == [(), (), (FEW,)]
    assert (rows[1]["difference"].low, rows[1]["difference"].high) == (0.01, 0.07)
    assert table.notes == ("No clean run of the same utterances beside it, for m: far+noise@0dB.",)


def test_without_a_condition_there_is_no_table() -> None:
    held = [count_predictions(predictions(("a b", "a b"), name="read"), get_profile("verbatim"))]
    assert robustness_table(["m"], [score("m", [entry("read", 0.1)], 0.1)], [held]) is None
