"""Slices of a benchmark in the gate: each is judged at its share of alpha."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import harness
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
