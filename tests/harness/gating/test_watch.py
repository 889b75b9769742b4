"""The gate beside a run: what can be watched at all, what counts, and what an incomplete run shows of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as changed

from harness.gating.early import drawn_order
from harness.gating.sides import Side, as_side
from harness.gating.watch import EarlyGate, Watch, early_findings
from harness.records.decision import Reason, Verdict
from harness.records.journal import Line
from harness.records.policy import Policy, Table, Tier, WerTable
from harness.records.run import BenchmarkRecord, EarlyRecord
from harness.scoring.predictions import Predictions, System
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions
from tests.harness.run_records import run_record

COUNT, SEED = 200, 3
RULES = get_profile("leaderboard@2026-08")
POLICY = Policy()


@dataclass(frozen=True)
class Row:
    """An utterance of the data."""

    id: str
    reference: str
    is_chunk: bool = False


def side(heard: str | None = "red blue", said: str = "red blue", *names: str, language: str = "en", **run: Any) -> Side:
    """Benchmarks of 200 utterances of ten sessions."""
    error = "lost" if heard is None else None
    rows = [
        Line(id=f"u{at}", reference=said, hypothesis=heard, error=error, session=f"s{at % 10}") for at in range(COUNT)
    ]
    parts = [
        Predictions(benchmark=name, language=language, rows=rows, source=Path("x"), ours=True)
        for name in names or ("read",)
    ]
    facts = {one.benchmark: BenchmarkRecord() for one in parts}
    record = run_record(facts, **{"complete": True} | run)
    system = System(model="m", run=record, benchmarks=parts)
    return as_side("base", system, RULES, [count_predictions(one, RULES) for one in parts])


def rows(said: str = "red blue", count: int = COUNT) -> list[Row]:
    return [Row(f"u{at}", said) for at in range(count)]


def gate(baseline: Side | None = None, policy: Policy = POLICY, profile: str = RULES.name) -> EarlyGate:
    return EarlyGate(baseline or side(), policy, profile)


def watched(found: Watch | str) -> Watch:
    assert isinstance(found, Watch)
    return found


def lines(heard: str | None, said: str = "red blue", count: int = COUNT) -> list[Line]:
    error = "lost" if heard is None else None
    return [Line(id=f"u{at}", reference=said, hypothesis=heard, error=error) for at in range(count)]


def test_what_has_to_be_run_to_its_end() -> None:
    should = Policy(wer=WerTable(benchmarks={"read": Table(tier=Tier.SHOULD)}))
    chunks = [replace(row, is_chunk=row.id == "u9") for row in rows()]
    other = "as the baseline is of other utterances"
    assert [
        gate(profile="verbatim").watch("read", rows(), SEED),
        gate().watch("calls", rows(), SEED),
        gate(side(None)).watch("read", rows(), SEED),
        gate(policy=should).watch("read", rows(), SEED),
        gate().watch("read", chunks, SEED),
        gate().watch("read", rows(count=COUNT - 1), SEED),
        gate().watch("read", rows(count=COUNT + 1), SEED),
    ] == [
        f"as the baseline is for profile {RULES.name}, the run for verbatim",
        "as the baseline has no transcript of it",
        "as the baseline has no transcript of all of it",
        "as its tier is should, so that it alone makes no FAIL",
        "as its sessions are scored as a whole",
        other,
        other,
    ]


def test_ids_that_repeat_and_chunks_that_were_joined_cannot_be_watched() -> None:
    twice, joined = side(), side()
    held = twice.scored["read"]
    assert held is not None
    again = [changed(row, id="u0") if row.id == "u1" else row for row in held.units.rows]
    repeated = replace(held, units=replace(held.units, rows=again), predictions=replace(held.predictions, rows=again))
    found = gate(replace(twice, scored={"read": repeated})).watch(
        "read", [row for row in rows() if row.id != "u1"], SEED
    )
    assert found == "as the baseline is of other utterances"
    more = replace(held, predictions=replace(held.predictions, rows=[*again, again[0]]))
    found = gate(replace(joined, scored={"read": more})).watch("read", rows(), SEED)
    assert found == "as its sessions are scored as a whole"


@pytest.mark.parametrize(("other", "fits"), [(10, True), (11, False)])
def test_as_many_references_may_be_others_as_the_policy_says(other: int, *, fits: bool) -> None:
    """5 % of 200; those are left out of what is compared, and are run last."""
    given = [replace(row, reference="green") if at < other else row for at, row in enumerate(rows())]
    found = gate().watch("read", given, SEED)
    if not fits:
        assert found == "as 11 of 200 references are not the baseline's"
        return
    one = watched(found)
    apart = [f"u{at}" for at in range(other)]
    assert one.left_out == tuple(sorted(apart))
    assert one.order == drawn_order([f"u{at}" for at in range(other, COUNT)], "read", SEED)
    assert [len(part) for part in one.parts] == [32, 16, 24, 36, 54, 28 + other]
    assert {*apart} < one.parts[-1]
    told = one.look(lines("green"))
    assert told is not None
    assert (told.left_out, told.expected, told.verdict, told.benchmark) == (one.left_out, 190, "FAIL", "read")


def test_margin_and_alpha_are_the_benchmark_s_own_and_shared() -> None:
    """What must hold of three benchmarks, of which one is only shown, is asked at half of alpha each."""
    tables = {"b": Table(tier=Tier.INFORMATIVE), "a": Table(margin=5)}
    policy = Policy(alpha=0.04, wer=WerTable(benchmarks=tables))
    baseline = side("red", "red blue", "a", "b", "c")
    one, other = (watched(gate(baseline, policy).watch(name, rows(), SEED)) for name in ("a", "c"))
    assert (one.expected.margin, one.expected.alpha) == (0.05, 0.02)
    assert (other.expected.margin, other.expected.alpha) == (0.001, 0.02)
    assert (one.expected.errors.tolist(), one.expected.words.tolist()) == ([1] * COUNT, [2] * COUNT)


def test_what_failed_or_is_not_scored_counts_as_without_errors() -> None:
    made = gate().watch("read", rows(), SEED)
    assert watched(made).claim(lines(None)) is None
    assert watched(gate().watch("read", rows(), SEED)).claim(lines("red blue")) is None
    found = watched(gate().watch("read", rows(), SEED)).claim(lines("green green"))
    assert found is not None
    assert (found.utterances, found.difference) == (COUNT, 1.0)


def test_what_is_written_where_nothing_is_said_counts_in_no_rate() -> None:
    """Every second reference comes to nothing, and the run makes up fifty words there."""
    said = [Row(f"u{at}", "(laughs)" if at % 2 else "red blue") for at in range(COUNT)]
    base = side()
    heard = [
        Line(id=row.id, reference=row.reference, hypothesis="red blue", session=f"s{at // 2 % 10}")
        for at, row in enumerate(said)
    ]
    part = replace(base.system.benchmarks[0], rows=heard)
    one = watched(gate(replace(base, scored={"read": count_predictions(part, RULES)})).watch("read", said, SEED))
    made_up = [changed(line, hypothesis="red blue" if line.reference == "red blue" else "no " * 50) for line in heard]
    assert one.claim(made_up) is None
    assert one.expected.errors.sum() == 0


def test_lines_count_in_the_drawn_order_as_far_as_there_is_no_gap() -> None:
    one = watched(gate().watch("read", rows(), SEED))
    bad = {line.id: line for line in lines("green green")}
    assert one.claim([bad[name] for name in one.order[1:]]) is None, "the first is not there yet"
    found = one.claim([bad[name] for name in one.order])
    assert found is not None


def stopped(heard: str, early: EarlyRecord, said: str = "red blue", **more: Any) -> Side:
    facts: dict[str, Any] = {"complete": False, "early": early}
    return side(heard, said, **facts | more)


def test_an_incomplete_run_shows_that_the_complete_one_would_fail() -> None:
    early = EarlyRecord(seed=SEED, baseline="base")
    policy = Policy(wer=WerTable(margin=0.5, benchmarks={"read": Table(margin=2)}))
    [found] = early_findings(stopped("green green", early), side(), policy)
    assert (found.subject, found.metric, found.verdict, found.reason) == (
        "read: early", "wer", Verdict.FAIL, Reason.COMPARED,
    )  # fmt: skip
    assert (found.margin, found.tier) == (0.02, Tier.MUST)
    assert found.message.startswith(f"certain after {found.utterances} of 200 utterances, taken in a drawn order: ")
    for run in (
        stopped("red blue", early),
        stopped("green green", early, complete=True),
        side("green green", complete=False),
    ):
        assert list(early_findings(run, side(), policy)) == []
    assert list(early_findings(side(), stopped("green green", early), policy)) == []


def test_references_that_were_left_out_are_left_out_again() -> None:
    """Five that the run never came to are not the baseline's; those that it has say so themselves."""
    early = EarlyRecord(seed=SEED, baseline="base", left_out=tuple(f"u{at}" for at in range(5)))
    run = stopped("green green", early)
    held = run.scored["read"]
    assert held is not None
    part = replace(held.predictions, rows=[line for line in held.predictions.rows if line.id not in early.left_out])
    cut = replace(run, scored={"read": replace(held, predictions=part)})
    assert ["of 195 utterances" in one.message for one in early_findings(cut, side(), POLICY)] == [True]
    other = [changed(line, reference="white") if line.id == "u7" else line for line in held.predictions.rows]
    seen = replace(held, predictions=replace(held.predictions, rows=other))
    whole = stopped("green green", changed(early, left_out=()))
    found = early_findings(replace(whole, scored={"read": seen}), side(), POLICY)
    assert ["of 199 utterances" in one.message for one in found] == [True]


def test_characters_are_counted_where_there_are_no_spaces() -> None:
    early = EarlyRecord(seed=SEED, baseline="base")
    [found] = early_findings(stopped("猫猫", early, "犬犬", language="ja"), side("犬犬", "犬犬", language="ja"), POLICY)
    assert found.metric == "cer"
