"""Slices of a benchmark in the gate: each is judged at its share of alpha."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

import harness
from harness.gating.render import github
from harness.gating.slices import sliced_rows
from harness.records.decision import Reason, Verdict
from harness.records.journal import Line
from harness.records.policy import Policy, SliceTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def tagged(folder: Path) -> harness.Run:
    """A run whose utterances have a tag of two values, of twenty each."""
    path = folder / "read.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    tags = [{"tags": {"accent": "north" if at < 20 else "south"}} for at in range(len(lines))]
    path.write_text("".join(json.dumps(line | tag) + "\n" for line, tag in zip(lines, tags, strict=True)))
    return harness.load(folder)


def test_each_slice_is_judged_at_its_share_of_alpha(make_run: Callable[..., Path]) -> None:
    old, new = tagged(make_run("old")), tagged(make_run("new", lambda at: (at % 4) * (at < 20)))
    found = harness.gate(new, old, Policy(alpha=0.04, slices={"accent": SliceTable()})).findings
    slices = {one.subject: one for one in found if "accent" in one.subject}
    assert list(slices) == ["read: accent = north", "read: accent = south"]
    assert [one.change and one.change.level for one in slices.values()] == [pytest.approx(0.98)] * 2
    assert [one.utterances for one in slices.values()] == [20, 20]


@pytest.mark.parametrize("label", ["north", "elsewhere", ""])
def test_the_baselines_tags_decide_whatever_the_run_says(make_run: Callable[..., Path], label: str) -> None:
    old = tagged(make_run("old"))
    folder = make_run("new", lambda at: (at % 4) if at < 20 else 5)
    new = tagged(folder)
    path = folder / "read.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    relabeled = [line | {"tags": {"accent": label}} if line["tags"]["accent"] == "south" else line for line in lines]
    path.write_text("".join(json.dumps(line) + "\n" for line in relabeled))
    policy = Policy(slices={"accent": SliceTable()})
    verdicts = [
        {
            one.subject: (one.verdict, one.change)
            for one in harness.gate(run, old, policy).findings
            if " = " in one.subject
        }
        for run in (new, harness.load(folder))
    ]
    assert list(verdicts[0]) == ["read: accent = north", "read: accent = south"]
    assert verdicts[0]["read: accent = south"][0] is Verdict.FAIL
    assert verdicts[1] == verdicts[0], "no run gets out of its slice"
    decision = harness.gate(harness.load(folder), old, policy)
    said = [one.message for one in decision.findings if one.reason is Reason.OTHER_TAGS]
    assert said == (
        [
            "20 of 40 utterances have another accent than in the baseline, by which they are judged, such as 'u20': "
            f"{label}, which was south; look at them, then save a new baseline"
        ]
        if label
        else []
    )
    warning = "::warning title=ASR gate PASS%2C not all seen%3A read%3A accent::20 of 40"
    assert (warning in github(decision, policy)) == (label != "")
    assert [one for one in harness.gate(new, old, policy).findings if one.reason is Reason.OTHER_TAGS] == []


def test_the_baselines_sessions_decide_too() -> None:
    old, new = (Line(id="u", reference="a", hypothesis="a", session=name) for name in ("s1", "s2"))
    assert sliced_rows([(old, new)], [1], "session").values == ["s1"]
    assert sliced_rows([(replace(old, session=None), new)], [1], "session").values == ["s2"]
