"""What the gate tells people, JUnit's readers and GitHub, of findings made by hand."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from msgspec.structs import replace

from harness.errors import ExitStatus
from harness.gating.render import changes_table, excerpts, github, junit, numbers, table, terminal
from harness.records.decision import Blame, Compared, Decision, Finding, Reason, Verdict
from harness.records.policy import Policy, Tier
from harness.records.statistics import Difference


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


def decision(*findings: Finding, notes: tuple[str, ...] = (), **facts: Any) -> Decision:
    side = Compared(name="runs/a", model="m", suite="s")
    base = Compared(name="runs/b", called="nightly", model="n", suite="s")
    return Decision(
        verdict=Verdict.FAIL,
        exit_status=ExitStatus.REGRESSION,
        run=side,
        baseline=base,
        profile="verbatim",
        findings=findings,
        notes=notes,
        **facts,
    )


def change(value: float, low: float, high: float) -> Difference:
    return Difference(
        value=value, low=low, high=high, p=0.01, standard_error=0.01, degrees=9, sessions=10, level=0.95, method="t",
        smallest_difference=0.1,
    )  # fmt: skip


RATE = replace(
    finding("read", Verdict.FAIL, Reason.COMPARED, Tier.MUST),
    metric="wer",
    before=0.1,
    after=0.15,
    margin=0.001,
    change=change(0.05, 0.02, 0.08),
    changed=9,
    utterances=1200,
)
SPEED = replace(RATE, subject="speed", metric="rtfx", before=20.0, after=15.0, margin=0.1, change=None, utterances=0)
BLAME = Blame(id="u1", more_errors=2, contribution=0.01, reference="a b", before="a b", after="c d")


def test_numbers_are_those_of_the_baseline_then_of_the_run() -> None:
    assert numbers(RATE) == ("10.00", "15.00", "+5.00", "[+2.00, +8.00]", "0.1")
    assert numbers(SPEED) == ("20", "15", "-25.0 %", "", "10 %")
    assert numbers(replace(RATE, changed=0))[2:4] == ("+5.00", ""), "of what did not change there is no interval"
    assert numbers(replace(RATE, before=None, margin=None)) == ("–", "15.00", "–", "", "–")
    wide = replace(RATE, metric="inserted_on_silence", before=1.0, after=0.5, margin=2.0, change=change(-0.5, -1, 0.25))
    assert numbers(wide) == ("1.00", "0.50", "-0.50", "[-1.00, +0.25]", "2")


def test_a_metric_that_the_caption_does_not_speak_of_is_explained_once() -> None:
    found = [RATE, replace(RATE, subject="a: SER", metric="ser"), replace(RATE, subject="b: SER", metric="ser"), SPEED]
    assert table(decision(*found), Policy()).notes == (
        "SER: sentence error rate: utterances with an error, of all utterances; in percent.",
    )
    assert table(decision(RATE, SPEED), Policy()).notes == ()
    caption = table(decision(RATE), Policy(alpha=0.1)).caption
    assert caption.startswith("m (runs/a) against nightly (runs/b); suite s, profile verbatim.")
    assert "its 90 % interval over sessions" in caption


def test_what_a_run_changes_is_told_of_what_has_a_value() -> None:
    """What could not be compared has no row; speed has no utterances."""
    none = finding("calls", Verdict.INCONCLUSIVE, Reason.MISSING, Tier.MUST)
    rows = [[cell.value for cell in row] for row in changes_table(decision(RATE, none, SPEED)).rows]
    assert rows == [
        ["read", "10.00", "15.00", "+5.00", "9 of 1,200"],
        ["speed", "20", "15", "-25.0 %", ""],
    ]


def test_five_utterances_are_shown_and_all_notes_and_advice() -> None:
    found = replace(RATE, blame=tuple(replace(BLAME, id=f"u{at}") for at in range(7)))
    lines = terminal(decision(found, notes=("a sample",), advice=("listen",)), Policy(), width=100).splitlines()
    start = lines.index("FAIL          read: of read")
    shown = [line for line in lines[start:] if line.startswith("    u")]
    assert shown == [f"    u{at}: 2 more errors (+1.000 points)" for at in range(5)]
    assert lines[start + 2 : start + 5] == [
        "        reference  a b",
        "        baseline   a b",
        "        run        c d",
    ]
    assert lines[-4:] == ["", "note: a sample", "now: listen", "FAIL (exit status 1)"]


def test_long_texts_are_shown_from_shortly_before_they_differ() -> None:
    same = "x" * 100
    long = Blame(
        id="u", more_errors=1, contribution=0.1, reference=same + "R" * 100, before=same + "B" * 20, after=same
    )
    assert excerpts(long) == ["…" + "x" * 50 + "R" * 100, "…" + "x" * 50 + "B" * 20, "…" + "x" * 50]
    cut = replace(long, reference=same + "R" * 111, before=same + "B" * 110)
    assert excerpts(cut)[0] == "…" + "x" * 50 + "R" * 110 + "…"
    assert excerpts(cut)[1] == "…" + "x" * 50 + "B" * 110
    short = replace(long, reference="x" * 70 + "R", before="x" * 70 + "B", after="x" * 70 + "A")
    assert excerpts(short) == ["x" * 70 + letter for letter in "RBA"], "whole, since there is room"
    early = replace(long, before="B" + same[1:], after="A" + same)
    assert excerpts(early)[1] == "B" + "x" * 99


def test_junit_counts_what_the_exit_status_follows() -> None:
    """A FAIL that must hold is a failure, what somebody must look at an error, what changes nothing is skipped."""
    findings = (
        replace(RATE, blame=(BLAME,)),
        replace(RATE, subject="looked at", tier=Tier.SHOULD),
        replace(RATE, subject="shown", tier=Tier.INFORMATIVE),
        replace(RATE, subject="fine", verdict=Verdict.PASS),
        replace(RATE, subject="unknown", verdict=Verdict.INCONCLUSIVE, reason=Reason.MISSING),
    )
    root = ET.fromstring(junit([decision(*findings, notes=("a sample",)), decision(RATE)], Policy()))
    assert root.attrib == {
        "name": "asr-gate", "tests": "6", "failures": "2", "errors": "2", "skipped": "1", "time": "0"
    }  # fmt: skip
    first, second = root.findall("testsuite")
    kinds = [[child.tag for child in case] for case in first.findall("testcase")]
    assert kinds == [["failure"], ["error"], ["skipped"], ["system-out"], ["error"]]
    counts = [[one.get(name) for name in ("tests", "failures", "errors", "skipped")] for one in (first, second)]
    assert counts == [["5", "1", "2", "1"], ["1", "1", "0", "0"]]
    assert [one.get("value") for one in first.findall("properties/property")] == ["a sample"]
    assert second.find("properties") is None
    failure = first.find("testcase/failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("fail", "FAIL: of read")
    assert str(failure.text).splitlines()[0] == "u1: 2 more errors (+1.000 points)"


def test_github_is_told_how_bad_each_is_and_what_a_pass_does_not_see() -> None:
    findings = (
        replace(RATE, blame=tuple(replace(BLAME, id=f"u{at}", more_errors=1 + at % 2) for at in range(6))),
        replace(RATE, subject="shown, only", tier=Tier.INFORMATIVE),
        replace(RATE, subject="a", verdict=Verdict.PASS, typographic_apostrophes=1),
        replace(RATE, subject="b", verdict=Verdict.PASS, left_out=("u1",)),
        replace(RATE, subject="c", verdict=Verdict.PASS),
    )
    worst = "u0 (1 more error), u1 (2 more errors), u2 (1 more error), u3 (2 more errors), u4 (1 more error)"
    assert github(decision(*findings, notes=("a sample",)), Policy()).splitlines() == [
        f"::error title=ASR gate FAIL%3A read::of read. Worst: {worst}",
        "::warning title=ASR gate FAIL%3A shown%2C only::of read",
        "::warning title=ASR gate PASS%2C not all seen%3A a::of read",
        "::warning title=ASR gate PASS%2C not all seen%3A b::of read",
        "::notice title=ASR gate FAIL::passed: a, b, c. Note: a sample",
    ]
