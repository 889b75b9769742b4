"""The benchmark of the network: steps within seconds, ways side by side, a line of JSON whatever fails."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from typing import Any

import numpy as np
import pytest
import torch
from rapidfuzz.distance import Levenshtein

from harness.models.granite_nar.config import GraniteNarConfig
from harness.models.granite_nar.faster import hasten as right
from perf import granite_nar, variants
from perf.granite_nar import CORPORA, SCALED_DOWN, flops, lengths, random_network
from perf.steps import OutOfTime, Steps


def test_lengths_are_those_of_the_corpora() -> None:
    facts = {name: lengths(path) for name, path in CORPORA.items()}
    assert {name: (len(one), round(one.sum() / 3600, 3)) for name, one in facts.items()} == {
        "test-clean": (2620, 5.403),
        "test-other": (2939, 5.342),
    }
    full = GraniteNarConfig()
    assert flops(full, facts["test-clean"]) / facts["test-clean"].sum() == pytest.approx(104e9, rel=0.01)


def test_a_step_that_fails_costs_itself(capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps(60.0)

    def broken() -> None:
        raise RuntimeError("no\nkernel")

    assert steps.run("one", lambda: 1) == 1
    assert steps.run("two", broken) is None
    assert steps.run("three", lambda: 3) == 3
    assert steps.found == {"one": 1, "three": 3}
    assert steps.failed == ["two: RuntimeError: no kernel"]
    assert capsys.readouterr().out == "  two: RuntimeError: no kernel\n"


def test_a_step_is_stopped_and_none_begun_when_the_seconds_are_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perf.steps.LEAST_SECONDS", 0.05)
    steps = Steps(0.4)

    def forever() -> None:
        while True:
            with contextlib.suppress(Exception):  # as a library that goes on with something else
                time.sleep(0.01)

    assert steps.run("long", forever, share=0.5) is None
    assert steps.run("longer", forever) is None
    assert steps.run("late", lambda: 1) is None
    assert steps.failed == [
        "long: stopped after its 50% of the seconds that were left",
        "longer: stopped after its 100% of the seconds that were left",
        "late: not begun: the budget of seconds is spent",
    ]
    assert issubclass(OutOfTime, BaseException)
    assert not issubclass(OutOfTime, Exception)


def test_a_way_that_breaks_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def hasten(network: Any, kernels: str, **more: Any) -> str:
        if kernels == "compiled":
            raise RuntimeError("no compiler")
        return right(network, kernels, **more)

    monkeypatch.setattr(variants, "hasten", hasten)
    torch.manual_seed(0)
    network = random_network(SCALED_DOWN.check(), torch.device("cpu"), torch.float32)
    steps = Steps(200.0)
    batches = [np.array([1.2, 0.9]), np.array([0.7])]
    names = ("plain", "fused", "compiled", "triton-fp8")
    found, ways = variants.measured(
        network, names, batches, attention="sdpa", tokens_a_second=3.5, repeats=2, steps=steps
    )
    assert list(found) == list(ways) == ["plain", "fused", "triton-fp8"]
    assert steps.failed == ["warm-up compiled: RuntimeError: no compiler"]
    assert steps.found == {}
    assert [len(one["rtfx"]) for one in found.values()] == [2, 2, 2]
    assert {name: (found[name]["changed_ids"], found[name]["compared"]) for name in ("plain", "fused")} == {
        "plain": (0, 6),
        "fused": (0, 6),
    }
    assert granite_nar.fastest(found, ways, network)[0] in {"plain", "fused"}
    assert granite_nar.fastest({}, {}, network) == ("plain", network)


def test_ids_are_compared_as_another_program_counts_them() -> None:
    chance = np.random.default_rng(0)
    sides = [[chance.integers(0, 4, chance.integers(0, 12)) for _ in range(500)] for _ in range(2)]
    expected = [Levenshtein.distance(one.tolist(), other.tolist()) for one, other in zip(*sides, strict=True)]
    assert [variants.distance(one, other) for one, other in zip(*sides, strict=True)] == expected
    changed = sum(one.tolist() != other.tolist() for one, other in zip(*sides, strict=True))
    assert variants.audit(*([side] for side in sides)) == {
        "changed_ids": changed,
        "compared": 500,
        "error_rate": sum(expected) / sum(map(len, sides[1])),
    }
    assert variants.audit(None, [sides[0]]) == {"changed_ids": None, "compared": 0, "error_rate": None}


def test_the_last_line_is_json_with_all_parts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "--device",
        "cpu",
        "--clips",
        "4",
        "--batch-size",
        "2",
        "--repeats",
        "1",
        "--ways",
        "fused",
        "--seconds",
        "250",
    ]
    monkeypatch.setattr(sys, "argv", ["granite_nar.py", *arguments])
    granite_nar.main()
    out = capsys.readouterr().out
    result = json.loads(out.splitlines()[-1])
    assert result["not_done"] == []
    assert set(result["ways"]) == {"plain", "fused"}
    assert result["ways"]["fused"]["changed_ids"] == 0
    assert result["ways"]["fused"]["error_rate"] == 0
    parts = ["packed as they come", "padded as they come", "packed by length", "padded by length"]
    assert all(result[part]["rtfx"] > 0 for part in parts)
    shares = result["packed by length"]["shares"]
    assert sum(shares.values()) == pytest.approx(1)
    assert {
        "packing",
        "features",
        "index tensors",
        "encoder",
        "draft head",
        "projector",
        "editor",
        "editor head",
    } == set(shares)
    assert len(result["profile"]) == 25
    assert "Self CPU" in out
