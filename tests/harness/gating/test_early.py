"""The sequential bound: a martingale by arithmetic, its alarms by simulation, and the runs that it stops."""

from __future__ import annotations

import itertools
import json
import math
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.cli import main
from harness.gating import early
from harness.gating.early import BOLD, CAP, Expected, certain, drawn_order, first_certain, log_wealth, looks
from harness.records.run import read_run_record
from harness.records.statistics import Difference
from tests.conftest import ROOT
from tools.gate_power import KINDS, UTTERANCES, early_stops

sys.path.insert(0, str(ROOT / "docs" / "examples"))


def expected(errors: list[int], words: int = 10, margin: float = 0.0, alpha: float = 0.05) -> Expected:
    count = len(errors)
    return Expected(np.array(errors), np.full(count, words), [f"s{at % 10}" for at in range(count)], margin, alpha)


@pytest.mark.parametrize(
    ("baseline", "run"),
    [
        ([0, 0, 0, 0, 0, 0], [1, 0, 3, 0, 0, 7]),
        ([1, 0, 2, 9, 0, 4], [0, 0, 2, 1, 12, 4]),
        ([5, 5, 5, 5, 5, 5], [0, 0, 0, 0, 0, 0]),
        ([0, 1, 0, 1, 0, 1], [30, 0, 0, 0, 0, 0]),
    ],
)
def test_bets_on_the_truth_gain_nothing(baseline: list[int], run: list[int]) -> None:
    """Over all 720 orders, the mean of what is made of 1 is 1 at each utterance: a martingale, whatever the data."""
    truth = (sum(run) - sum(baseline)) / (10 * len(run))
    made = []
    for order in itertools.permutations(range(len(run))):
        one = expected([baseline[at] for at in order])
        made.append(np.exp(log_wealth(one, np.array([run[at] for at in order]), truth)))
    assert np.mean(made, axis=0) == pytest.approx(np.ones(len(run)), abs=1e-9)
    assert np.min(made) >= 0
    assert np.ptp(made) > 0.1 or set(run) == {0}, "that they are placed at all"


def slow_wealth(errors: list[int], run: list[int], words: int, above: float) -> list[float]:
    """The same, one utterance at a time."""
    total, count = words * len(errors), len(errors)
    z_total = sum(errors) + above * total - sum(min(one, CAP) for one in errors)
    z_margin = sum(errors) - sum(min(one, CAP) for one in errors)
    center, worse = z_margin / count, 0.02 * total / count
    seen: list[float] = []
    wealth, found = 1.0, []
    for at, (before, after) in enumerate(zip(errors, run, strict=False)):
        z = after - min(before, CAP)
        allowed, reference = ((one - sum(seen)) / (count - at) for one in (z_total, z_margin))
        mean = (sum(seen) + 10 * (center + worse)) / (at + 10)
        square = (sum(one * one for one in seen) + 10 * (1 + center + (center + worse) ** 2)) / (at + 10)
        gain = max(0.0, mean - reference)
        bet = 0.5 * gain / (max(square - mean**2, 0.05) + gain**2)
        if CAP + allowed > 0:
            bet = min(bet, BOLD / (CAP + allowed))
        wealth *= 1 + bet * (z - allowed)
        found.append(wealth)
        seen.append(z)
    return found


@pytest.mark.parametrize("above", [0.0, 0.01, 0.2])
def test_wealth_is_what_it_is_one_at_a_time(above: float) -> None:
    random = np.random.default_rng(1)
    baseline, run = (random.poisson(rate, 60).tolist() for rate in (0.5, 1.0))
    found = np.exp(log_wealth(expected(baseline), np.array(run[:40]), above))
    assert found == pytest.approx(np.array(slow_wealth(baseline, run[:40], 10, above)), rel=1e-9)


def test_it_falls_with_what_is_claimed() -> None:
    random = np.random.default_rng(2)
    one, run = expected(random.poisson(0.5, 100).tolist()), random.poisson(1.5, 100)
    made = [log_wealth(one, run, above) for above in (-0.1, 0.0, 0.001, 0.01, 0.05, 0.1, 0.5, 3.0)]
    assert all((high >= low - 1e-12).all() for high, low in itertools.pairwise(made))


def test_when_it_is_certain() -> None:
    good, bad = np.zeros(200, dtype=int), np.full(200, 3)
    one = expected([0] * 200, margin=0.001)
    assert first_certain(one, good) is None
    found = first_certain(one, bad)
    assert found is not None
    assert found.utterances < 40
    assert found.difference == 0.3
    assert certain(one, bad[: found.utterances]) == found
    assert certain(one, bad[: found.utterances - 1]) is None
    assert certain(one, bad[:0]) is None
    assert found.least == 0.001 + found.half_width
    stricter = first_certain(expected([0] * 200, margin=0.001, alpha=0.001), bad)
    assert stricter is not None
    assert stricter.utterances > found.utterances
    assert first_certain(expected([0] * 200, margin=0.31), bad) is None, "all of it is within the margin"


def test_both_ways_of_looking_agree() -> None:
    """After each utterance anew, and with sums that are kept; with sessions, and with utterances that have none."""
    random = np.random.default_rng(6)
    for sessions in ([f"s{at % 7}" for at in range(90)], [None if at % 3 else f"s{at % 2}" for at in range(90)]):
        baseline, run = random.poisson(0.4, 90), random.poisson(2.0, 90)
        one = Expected(baseline, random.integers(4, 20, 90), sessions, 0.001, 0.05)
        claims = [certain(one, run[:at]) for at in range(91)]
        assert first_certain(one, run) == next(claim for claim in claims if claim)


def test_few_sessions_are_never_certain() -> None:
    few = Expected(np.zeros(200, dtype=int), np.full(200, 10), [f"s{at % 4}" for at in range(200)], 0.001, 0.05)
    assert first_certain(few, np.full(200, 3)) is None


def test_the_order_is_drawn() -> None:
    ids = [f"u{at}" for at in range(1000)]
    order = drawn_order(ids, "read", 7)
    assert sorted(order) == sorted(ids)
    assert order[:4] == ["u510", "u524", "u802", "u8"]
    assert drawn_order(reversed(ids), "read", 7) == order, "it is not the order in which they come"
    for other in (drawn_order(ids, "read", 8), drawn_order(ids, "spoken", 7)):
        assert sum(a == b for a, b in zip(order, other, strict=True)) < 10
    assert 450 < np.mean([int(one[1:]) for one in order[:300]]) < 550
    assert drawn_order(["\ud800", "a"], "x", 0), "ids may be anything"


def test_when_it_is_looked() -> None:
    assert looks(10) == [10]
    assert looks(32) == [32]
    assert looks(33) == [32, 33]
    assert looks(200) == [32, 48, 72, 108, 162, 200]


def test_simulated_null_runs_are_seldom_stopped() -> None:
    """A tenth of what `python -m tools.gate_power --early` does; looked at after each utterance."""
    assert len(early_stops("anew", 0.0, 200, seed=3)) <= 10, "5 %"


def test_clear_regressions_save_more_than_half() -> None:
    for kind in KINDS:
        found = early_stops(kind, 3.0, 4, seed=4)
        assert len(found) == 4
        assert max(found) < UTTERANCES / 2


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """The example of docs/gate.md with its baseline saved."""
    from gate_example import main as make  # type: ignore[import-not-found]

    monkeypatch.chdir(tmp_path)
    make(tmp_path / "example")
    model("good")
    assert run("before") == 0
    assert main(["baseline", "save", str(folder("before")), "--dir", "baselines"]) == 0
    monkeypatch.setattr("secrets.randbits", lambda _bits: 5)
    capsys.readouterr()
    return tmp_path


def model(name: str) -> None:
    shutil.copy(f"example/{name}.jsonl", "example/model.jsonl")


def run(out: str, *more: str) -> int:
    command = ["--data", "example/manifest.jsonl", "--model", "transcripts:example/model.jsonl", "--out", out]
    return main([*command, "--quiet", *more])


def folder(out: str) -> Path:
    (found,) = Path(out).glob("*/transcripts*/")
    return found


def journal(out: str) -> list[dict[str, Any]]:
    (path,) = folder(out).glob("*.jsonl")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


EARLY = ("--gate-early", "baselines")


def test_a_damaged_run_is_stopped(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model("damaged")
    assert run("new", *EARLY) == 1
    said = capsys.readouterr().err
    assert "stopped early, FAIL is certain: on data_example after 48 of 80 utterances, at least" in said
    record = read_run_record(folder("new"))
    assert record.complete is False
    assert record.early is not None
    told = record.early
    assert (told.verdict, told.seed, told.utterances, told.expected) == ("FAIL", 5, 48, 80)
    ids = [line["id"] for line in journal("new")]
    order = drawn_order([f"clip{at:02}" for at in range(80)], "data_example", 5)
    assert (set(ids[:32]), set(ids)) == (set(order[:32]), set(order[:48]))
    # Without --early it is what any run is that did not go to its end; with it the lines are looked at again.
    assert main(["gate", str(folder("new")), "--baseline", "baselines"]) == 3
    assert "was stopped early, since FAIL was certain (--gate-early); --early judges it" in capsys.readouterr().out
    assert main(["gate", str(folder("new")), "--baseline", "baselines", "--early", "--json"]) == 1
    first = json.loads(capsys.readouterr().out)["findings"][0]
    assert (first["subject"], first["verdict"], first["utterances"]) == ("data_example: early", "FAIL", 48)
    for verb in ("save", "update"):
        assert main(["baseline", verb, str(folder("new")), "--dir", "baselines"]) == 2
        assert "was stopped early, since FAIL was certain; run it to its end" in capsys.readouterr().err
    # The same command does nothing again; without the flag it goes on.
    before = journal("new")
    assert run("new", *EARLY) == 1
    assert journal("new") == before
    assert run("new") == 0
    record = read_run_record(folder("new"))
    assert (record.complete, record.early, len(journal("new"))) == (True, None, 80)
    assert main(["gate", str(folder("new")), "--baseline", "baselines"]) == 1


def test_what_is_not_worse_is_run_to_its_end(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("new", *EARLY) == 0
    record = read_run_record(folder("new"))
    assert (record.complete, len(journal("new"))) == (True, 80)
    assert record.early is not None
    assert record.early.verdict is None
    capsys.readouterr()
    assert main(["gate", str(folder("new")), "--baseline", "baselines", "--early", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [one["subject"] for one in findings] == ["data_example", "speed"]
    assert findings[1]["message"] == "not compared: the run has no rtfx", "small batches say nothing of speed"
    rows = {line["id"]: line["hypothesis"] for line in journal("new")}
    assert rows == {line["id"]: line["hypothesis"] for line in journal("before")}


def test_run_json_is_not_believed(example: Path) -> None:
    """Whether FAIL is certain follows from the lines, whatever run.json says."""
    model("damaged")
    assert run("new", *EARLY) == 1
    path = folder("new") / "data_example.jsonl"
    good = {line["id"]: line["hypothesis"] for line in journal("before")}
    lines = [line | {"hypothesis": good[line["id"]]} for line in journal("new")]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert main(["gate", str(folder("new")), "--baseline", "baselines", "--early"]) == 3
    # Nor is anything certain of a run whose order nobody drew.
    model("damaged")
    assert run("other") == 0
    record = json.loads((folder("other") / "run.json").read_text())
    (folder("other") / "run.json").write_text(json.dumps(record | {"complete": False}))
    head = (folder("other") / "data_example.jsonl").read_text().splitlines(keepends=True)[:60]
    (folder("other") / "data_example.jsonl").write_text("".join(head))
    assert main(["gate", str(folder("other")), "--baseline", "baselines", "--early"]) == 3


@pytest.mark.parametrize(
    ("policy", "manifest", "why"),
    [
        ("[wer]\ntier = 'should'", None, "as its tier is should, so that it alone makes no FAIL"),
        ("", lambda rows: rows[1:], "as the baseline is of other utterances"),
        ("", lambda rows: [one | {"text": "other"} for one in rows[:5]] + rows[5:], "as 5 of 80 references are not"),
    ],
)
def test_what_cannot_be_certain_is_run_to_its_end(
    example: Path, capsys: pytest.CaptureFixture[str], policy: str, manifest: Any, why: str
) -> None:
    model("damaged")
    Path("policy.toml").write_text(policy)
    path = Path("example/manifest.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    changed = manifest(rows) if manifest else rows
    path.write_text("".join(json.dumps(row) + "\n" for row in changed))
    command = ["--data", "example/manifest.jsonl", "--model", "transcripts:example/model.jsonl", "--out", "new"]
    assert main([*command, *EARLY, "--gate-policy", "policy.toml"]) == 0
    assert f"data_example: run to its end, {why}" in capsys.readouterr().err
    assert len(journal("new")) == len(changed)


def test_a_few_changed_references_are_left_out(example: Path) -> None:
    model("damaged")
    path = Path("example/manifest.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[3]["text"] += " indeed"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run("new", *EARLY) == 1
    record = read_run_record(folder("new"))
    assert record.early is not None
    assert (record.early.expected, record.early.left_out) == (79, ("clip03",))
    assert main(["gate", str(folder("new")), "--baseline", "baselines", "--early"]) == 1


def test_mistakes_are_one_line(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, why in (
        (("--gate-early", "nowhere"), "no baseline nowhere"),
        (("--gate-policy", "x.toml"), "--gate-policy is the policy of --gate-early BASELINE"),
        ((*EARLY, "--engine", "ray"), "--engine ray is for large ones"),
        ((*EARLY, "--model", "transcripts:example/good.jsonl"), "has no baseline of transcripts:example/good.jsonl"),
    ):
        assert run("new", *words) in {1, 2}
        assert why in capsys.readouterr().err


def test_half_of_alpha_is_spent_on_the_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wealth of 2 / alpha is asked for: with the half that the interval has, that is alpha."""
    sure = Difference(
        value=0.2, low=0.2, high=0.2, p=0.0, standard_error=0.0, degrees=9.0, sessions=10, level=0.95, method="",
        smallest_difference=0.0,
    )  # fmt: skip
    monkeypatch.setattr(early, "difference_of_sums", lambda *_: sure)
    one, run = expected([0] * 400, margin=0.001), np.full(400, 2)
    found = first_certain(one, run)
    assert found is not None
    before, at = log_wealth(one, run[: found.utterances], 0.0)[-2:]
    assert before < math.log(40) <= at
