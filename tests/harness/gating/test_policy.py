"""Policies: what a file may say, and one clear line where it says something else."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from harness.errors import UsageError
from harness.gating.policy import parse_policy, read_policy
from harness.records.policy import MetricTable, Policy, Rule, SpeedTable, Tier

if TYPE_CHECKING:
    from pathlib import Path

FULL = """
alpha = 0.01
inconclusive = "fail"
[wer]
margin = 0.2
tier = "should"
[wer.benchmarks.ami_ihm]
margin = 0.5
[wer.benchmarks.tedlium]
tier = "informative"
[average]
margin = 0
[speed]
margin = 0.25
tier = "must"
measure = "rtfx_end_to_end"
[metrics.ser]
margin = 1
tier = "should"
[metrics.cer]
margin = 0.5
"""


def test_no_file_is_the_default() -> None:
    assert read_policy(None) == Policy()
    assert parse_policy({}, "x") == Policy()
    assert Policy().rule("anything") == Rule(0.001, Tier.MUST)


def test_everything_can_be_said() -> None:
    policy = parse_policy(tomllib.loads(FULL), "x")
    assert policy.rule("librispeech_test_clean") == Rule(0.002, Tier.SHOULD)
    assert policy.rule("ami_ihm") == Rule(0.005, Tier.SHOULD)
    assert policy.rule("tedlium") == Rule(0.002, Tier.INFORMATIVE)
    assert policy.average_rule == Rule(0.0, Tier.SHOULD)
    assert policy.speed == SpeedTable(margin=0.25, tier=Tier.MUST, measure="rtfx_end_to_end")
    assert policy.metrics == {"ser": MetricTable(margin=1, tier=Tier.SHOULD), "cer": MetricTable(margin=0.5)}
    assert (policy.alpha, policy.inconclusive) == (0.01, "fail")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[wre]", "did you mean 'wer'"),
        ("[wer]\nmargn = 1", "did you mean 'margin'"),
        ("[wer]\nmargin = '0.1'", "margin must be a number from 0 to 100, not '0.1'"),
        ("[wer]\nmargin = true", "margin must be a number"),
        ("[wer]\nmargin = -1", "margin must be a number"),
        ("[wer]\nmargin = nan", "margin must be a number"),
        ("[wer]\ntier = 'most'", "did you mean 'must'"),
        ("[wer.benchmarks]\nami_ihm = 3", "[wer.benchmarks.ami_ihm] must be a table"),
        ("[wer]\nmargin = inf", "margin must be a number from 0 to 100, not inf"),
        ("[wer.benchmarks.ami_ihm]\nmargn = 3", "(policy.toml, [wer.benchmarks.ami_ihm]) called 'margn'"),
        ("[wer.benchmarks.ami_ihm]\nmargin = 'x'", "policy.toml, [wer.benchmarks.ami_ihm]: margin must be a number"),
        ("[average]\nmargin = 100", "policy.toml, [average]: margin must be a number from 0 to 100, not 100 itself"),
        ("[speed]\nmargin = 5", "policy.toml, [speed]: margin must be a number from 0 to 1, not 5"),
        ("[speed]\nmeasure = 'rtf'", "did you mean 'rtfx'"),
        ("wer = 1", "[wer] must be a table, not 1"),
        ("alpha = 0.9", "alpha must be a number from 1e-06 to 0.5"),
        ("alpha = 1e-300", "alpha must be a number from 1e-06 to 0.5"),
        ("alpha = '5 %'", "alpha must be a number"),
        ("inconclusive = 'passed'", "did you mean 'pass'"),
        ("inconclusive = 3", "inconclusive (policy.toml) called '3'"),
        ("alpha = ", "is not TOML"),
        ("[metrics.sre]\nmargin = 1", "[metrics.sre]: no metric called 'sre'; did you mean 'ser'"),
        ("[metrics.ser]\ntier = 'must'", "policy.toml, [metrics.ser]: margin is missing"),
        ("[metrics.ser]\nmargin = -1", "policy.toml, [metrics.ser]: margin must be a number from 0"),
        ("[metrics.ser]\nmargin = 1\ntear = 'must'", "did you mean 'tier'"),
        ("metrics = 1", "[metrics] must be a table"),
        ("[metrics.wil]\nmargin = 1", "[metrics.wil] cannot be judged: WIL has no interval and is only shown"),
        ("[metrics.wer]\nmargin = 1", "[metrics.wer] is what [wer] says"),
    ],
)
def test_mistakes_are_named(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        read_policy(path)
    assert words in str(error.value).replace(f"{tmp_path}/", "")
    assert "policy.toml" in str(error.value).replace(str(tmp_path), "")
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml cannot be read: No such file"):
        read_policy(tmp_path / "none.toml")
