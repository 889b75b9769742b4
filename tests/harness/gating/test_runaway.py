"""One utterance that ran away is named, though no interval shows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import harness
from harness.gating.comment import comment
from harness.gating.render import github, terminal
from harness.records.decision import Verdict
from harness.records.policy import Policy, WerTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_an_utterance_that_alone_moves_the_rate_by_more_than_the_margin_is_named(make_run: Callable[..., Path]) -> None:
    old, runaway, calm = make_run("old"), make_run("runaway"), make_run("calm", lambda at: at % 2 + (at == 5))
    path = runaway / "read.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[4]["hypothesis"] = " ".join(["junk"] * 60)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    policy = Policy(wer=WerTable(margin=1.0))
    decision = harness.gate(harness.load(runaway), harness.load(old), policy)
    assert decision.findings[0].verdict is Verdict.INCONCLUSIVE, "it is not shown to be worse"
    found = decision.findings[0]
    told = "warning: 'u4' alone adds more than the margin (60 more errors, +15.00 points): read its transcript"
    assert found.alone == ("u4",)
    assert found.message.endswith(told)
    assert told in terminal(decision, policy)
    assert told in github(decision, policy)
    assert "alone adds more than the margin" in comment([decision], policy)
    quiet = harness.gate(harness.load(calm), harness.load(old), policy).findings[0]
    assert (quiet.alone, "alone" in quiet.message) == ((), False), "a word more is 0.25 points"
