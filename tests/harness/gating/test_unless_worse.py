"""Red where a run is worse, and only then: simulated, by the code that docs/gate.md's table comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.cli import main
from harness.errors import ExitStatus
from harness.gating.decide import effect
from harness.gating.judge import with_worse
from harness.records.decision import Finding, Reason, Verdict
from harness.records.policy import Policy
from harness.records.statistics import Difference
from tools.gate_power import KINDS, red_with_sessions, sessions_named, simulate


def test_equal_systems_transcribed_anew() -> None:
    found = simulate("anew", 0.0, 300, seed=7)
    assert found["FAIL"] <= 15, "5 %"
    assert found["red"] <= 30, "10 %"
    assert found["PASS"] < 150, "so that most would be red if INCONCLUSIVE were"


def test_an_improvement_is_never_red() -> None:
    assert [simulate(kind, -0.3, 500, seed=8)["red"] for kind in ("anew", "added")] == [0, 0]


def test_nor_by_a_single_session() -> None:
    """A part of what `python -m tools.gate_power` prints of 1,000 pairs, with three seeds."""
    for points in (-0.3, -1.0):
        assert [red_with_sessions(kind, points, 40, seed=11) for kind in KINDS] == [0, 0]
    assert red_with_sessions("anew", 3.0, 3, seed=11) == 3


def test_a_regression_is_red() -> None:
    assert simulate("anew", 0.3, 150, seed=9)["red"] >= 135
    assert simulate("anew", 1.0, 50, seed=9)["FAIL"] == 50
    assert simulate("added", 0.3, 50, seed=9)["FAIL"] == 50


def test_a_session_that_got_worse_is_named_and_no_other() -> None:
    found = sessions_named(0.0, 60, seed=10)
    assert found.named + found.others <= 3, "5 %"
    found = sessions_named(3.0, 60, seed=10)
    assert found.named >= 36, "60 %"
    assert found.red >= 30, "50 %: where the whole happens to be no worse it is a warning"
    assert found.others <= 3, "5 %"
    assert sessions_named(6.0, 20, seed=10, rest=-0.3).red >= 10, "damage is red in an improved model too"


def finding(p: float, value: float = 0.001, **facts: object) -> Finding:
    change = Difference(
        value=value,
        low=value - 0.01,
        high=value + 0.01,
        p=p,
        standard_error=0.01,
        degrees=39,
        sessions=40,
        level=0.95,
        method="",
        smallest_difference=0.01,
    )
    one = Finding(
        subject="a",
        metric="wer",
        verdict=Verdict.INCONCLUSIVE,
        reason=Reason.COMPARED,
        message="",
        changed=9,
        change=change,
        before=0.02,
        after=0.02 + value,
    )
    return replace(one, **facts)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([finding(0.09)], [True]),  # one-sided 0.045
        ([finding(0.11)], [False]),
        ([finding(0.001, -0.001)], [False]),
        ([finding(0.09), finding(0.8)], [False, False]),  # Holm: 0.09
        ([finding(0.04), finding(0.06)], [True, True]),  # Holm: 0.04, 0.04
        ([finding(1.0, metric="punctuation_f1")], [False]),
        ([finding(0.09), finding(0.8, subject="a: session s")], [True, False]),
    ],
)
def test_whether_a_run_is_worse_at_all(findings: list[Finding], expected: list[bool]) -> None:
    if "session" in findings[-1].subject:
        expected = [True, True]  # a session is not part of the family; by its value it is worse
    found = with_worse(findings, 0.05)
    assert [one.worse for one in found] == expected
    statuses = {True: ExitStatus.INCONCLUSIVE, False: ExitStatus.GOOD}
    assert [effect(one, Policy()) for one in found] == [statuses[one] for one in expected]
    assert [effect(one, Policy(inconclusive="inconclusive")) for one in found] == [ExitStatus.INCONCLUSIVE] * len(found)


def predictions(folder: Path, name: str, wrong: int, sessions: int) -> Path:
    words = "red blue green yellow"
    path = folder / f"MODEL_{name}_DATASET_foo.jsonl"
    rows = [
        {
            "id": f"u{at}",
            "session": f"s{at % sessions}",
            "text": words,
            "pred_text": "red blue green" if at < wrong else words,
        }
        for at in range(80)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(("wrong", "status"), [(2, 0), (4, 0), (5, 3)])
@pytest.mark.parametrize("sessions", [3])
def test_without_an_interval_the_values_answer(tmp_path: Path, wrong: int, status: int, sessions: int) -> None:
    run, baseline = predictions(tmp_path, "run", wrong, sessions), predictions(tmp_path, "old", 4, sessions)
    assert main(["gate", str(run), "--baseline", str(baseline)]) == status


def test_a_small_improvement_on_few_clips_passes_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, baseline = predictions(tmp_path, "run", 3, 8), predictions(tmp_path, "old", 4, 8)
    assert main(["gate", str(run), "--baseline", str(baseline)]) == 0
    said = capsys.readouterr().out
    assert "PASS (exit status 0)" in said
    assert 'now: foo is not shown to be worse than the baseline (it passes: inconclusive = "unless worse")' in said


def test_a_regression_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, baseline = predictions(tmp_path, "run", 60, 8), predictions(tmp_path, "old", 4, 8)
    assert main(["gate", str(run), "--baseline", str(baseline), "--json"]) == 1
    advice = json.loads(capsys.readouterr().out)["advice"]
    assert len(advice) == 2
    assert advice[0].startswith("listen to what changed: ")
    assert advice[1].startswith("to accept the run as the new baseline: ")
