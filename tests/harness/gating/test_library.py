"""`harness.gate`: the same decision from Python, as often as it is asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import harness
from harness.cli import main
from harness.records.codec import pretty
from harness.records.policy import MetricTable, Policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_it_decides_as_the_command_does(
    make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, worse = make_run("good"), make_run("worse", lambda i: 3 + i % 3)
    for new, status in ((good, 0), (worse, 1)):  # twice: a package of the same name would hide the function
        assert main(["gate", str(new), "--baseline", str(good), "--json"]) == status
        printed = json.loads(capsys.readouterr().out)
        for baseline in (harness.load(good), good):
            assert json.loads(pretty(harness.gate(harness.load(new), baseline))) == printed
    assert capsys.readouterr().out == ""
    main(["baseline", "save", str(good), "--dir", str(tmp_path / "saved")])
    assert harness.gate(harness.load(worse), tmp_path / "saved").exit_status == 1


def test_policies(make_run: Callable[..., Path], tmp_path: Path) -> None:
    run = harness.load(make_run("good"))
    asked = Policy(metrics={"ser": MetricTable(margin=1)})
    (tmp_path / "policy.toml").write_text("[metrics.ser]\nmargin = 1\n")
    found = [harness.gate(run, run, policy) for policy in (asked, tmp_path / "policy.toml")]
    assert found[0] == found[1]
    assert [one.subject for one in found[0].findings] == ["read", "read: SER", "speed"]
    with pytest.raises(harness.UsageError, match="no baseline nowhere"):
        harness.gate(run, "nowhere")


def test_a_renamed_model(make_run: Callable[..., Path], tmp_path: Path) -> None:
    good = make_run("good")
    renamed = harness.load(make_run("renamed", model={"id": "org/next"}))
    saved = tmp_path / "saved"
    main(["baseline", "save", str(good), "--dir", str(saved)])
    assert harness.gate(renamed, saved).findings[0].reason.value == "no baseline"
    assert harness.gate(renamed, saved, candidate_of="org/model").exit_status == 0
    assert harness.gate(renamed, harness.load(good), candidate_of="org/model").exit_status == 0
    for baseline in (saved, harness.load(good)):
        with pytest.raises(harness.UsageError, match="org/modle"):
            harness.gate(renamed, baseline, candidate_of="org/modle")


def test_a_run_that_was_stopped_early(make_run: Callable[..., Path]) -> None:
    good = make_run("good")
    early = {"seed": 5, "baseline": "x", "verdict": "FAIL"}
    stopped = harness.load(make_run("stopped", lambda _: 8, complete=False, early=early))
    for baseline in (good, harness.load(good)):
        assert harness.gate(stopped, baseline).exit_status == 1, "the lines are all there, and judged"
        subjects = [one.subject for one in harness.gate(stopped, baseline, early=True).findings]
        assert subjects[0] == "read: early"
        assert "read: early" not in [one.subject for one in harness.gate(stopped, baseline).findings]


def test_other_rules_are_not_compared() -> None:
    texts = ["one two three"] * 10
    run = harness.score(texts, texts)
    assert harness.gate(run, run).exit_status == 0
    assert harness.gate(run.with_profile("verbatim"), run).findings[0].reason.value == "other profile"
