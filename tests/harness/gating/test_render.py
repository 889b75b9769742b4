"""What the gate tells GitHub, of findings made by hand."""

from __future__ import annotations

from harness.errors import ExitStatus
from harness.gating.render import github
from harness.records.decision import Compared, Decision, Finding, Reason, Verdict
from harness.records.policy import Policy, Tier


def finding(subject: str, verdict: Verdict, reason: Reason, tier: Tier, unseen: int = 0) -> Finding:
    return Finding(
        subject=subject,
        verdict=verdict,
        reason=reason,
        message=f"of {subject}",
        tier=tier,
        letters_without_marks=unseen,
    )


def test_what_is_no_pass_is_an_annotation_but_for_speed_without_repeats() -> None:
    findings = (
        finding("clean", Verdict.PASS, Reason.COMPARED, Tier.MUST),
        finding("hindi", Verdict.PASS, Reason.COMPARED, Tier.MUST, unseen=3),
        finding("calls", Verdict.FAIL, Reason.COMPARED, Tier.MUST),
        finding("speed", Verdict.INCONCLUSIVE, Reason.FEW_REPEATS, Tier.INFORMATIVE),
    )
    side = Compared(name="runs/a", model="m", suite="s")
    decision = Decision(
        verdict=Verdict.FAIL,
        exit_status=ExitStatus.REGRESSION,
        run=side,
        baseline=side,
        profile="verbatim",
        findings=findings,
    )
    assert github(decision, Policy()).splitlines() == [
        "::warning title=ASR gate PASS%2C not all seen%3A hindi::of hindi",
        "::error title=ASR gate FAIL%3A calls::of calls",
        "::notice title=ASR gate FAIL::passed: clean, hindi",
    ]
