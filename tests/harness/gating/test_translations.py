"""The gate on translations: BLEU by its interval over sessions, and never a word error rate."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from harness.gating.decide import decide
from harness.gating.policy import read_policy
from harness.gating.sides import as_side
from harness.records.decision import Decision, Verdict
from harness.records.policy import MetricTable, Policy
from harness.scoring.predictions import Predictions, System
from harness.scoring.profiles import built_in_profile
from harness.scoring.scored import count_predictions
from tests.harness.scoring.made import lines

PROFILE = built_in_profile("leaderboard@2026-08")
WORDS = ["the", "a", "cat", "dog", "sat", "on", "my", "mat", "and", "then", "it", "ran"]


def decided(before: float, after: float, policy: Policy | None = None) -> Decision:
    """Of two systems that get a share of words wrong."""
    draw = random.Random(1)
    references = [" ".join(draw.choices(WORDS, k=12)) for _ in range(80)]
    sides = []
    for name, share in (("run", after), ("baseline", before)):
        draw = random.Random(2)
        said = [
            " ".join(draw.choice(WORDS) if draw.random() < share else one for one in text.split())
            for text in references
        ]
        rows = lines(
            *zip(references, said, strict=True), session=[f"s{at % 10}" for at in range(80)], target=["en"] * 80
        )
        system = System(
            model="m", benchmarks=[Predictions(benchmark="talks", language="de", rows=rows, source=Path("talks"))]
        )
        sides.append(as_side(name, system, PROFILE, [count_predictions(one, PROFILE) for one in system.benchmarks], ()))
    run, baseline = sides
    return decide(run, baseline, policy or Policy())


def test_a_worse_translator_fails_and_an_equal_one_passes() -> None:
    worse = decided(0.1, 0.5)
    (finding,) = [one for one in worse.findings if one.metric == "bleu"]
    assert (worse.verdict, finding.verdict, finding.subject) == (Verdict.FAIL, Verdict.FAIL, "talks: BLEU")
    assert finding.before is not None
    assert finding.after is not None
    assert finding.change is not None
    assert finding.before > finding.after
    assert finding.change.value == pytest.approx(finding.after - finding.before)
    assert decided(0.2, 0.2).findings[0].verdict is Verdict.PASS
    assert not any(one.metric in {"wer", "cer"} for one in worse.findings)


def test_a_better_one_passes_and_the_policy_may_name_another_score() -> None:
    assert decided(0.5, 0.1).findings[0].verdict is Verdict.PASS
    found = decided(0.1, 0.5, Policy(metrics={"ter": MetricTable(margin=1.0)}))
    assert [one.subject for one in found.findings if one.metric in {"bleu", "ter"}] == ["talks: TER"]
    assert found.verdict is Verdict.FAIL


def test_what_a_policy_names_beside_them_is_not_passed_over() -> None:
    policy = Policy(metrics={"ter": MetricTable(margin=1.0), "punctuation_f1": MetricTable(margin=1.0)})
    found = {one.subject: one for one in decided(0.2, 0.2, policy).findings}
    assert found["talks: TER"].verdict is Verdict.PASS
    assert found["punctuation F1"].verdict is Verdict.INCONCLUSIVE
    assert found["punctuation F1"].message == "no benchmark has it, so it cannot be judged"


def test_a_policy_file_may_name_every_score_of_translations(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[metrics.bleu]\nmargin = 1.0\n[metrics.chrf]\nmargin = 1.0\n[metrics.ter]\nmargin = 2.0\n")
    assert {name: one.margin for name, one in read_policy(path).metrics.items()} == {
        "bleu": 1.0,
        "chrf": 1.0,
        "ter": 2.0,
    }
