"""The gate's decision, case by case, and simulated: false alarms are rare, planted regressions are found."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from msgspec.structs import replace as changed

from harness.errors import ExitStatus
from harness.gating.decide import decide, effect, nowhere
from harness.gating.judge import judge
from harness.gating.render import _numbers as numbers_shown
from harness.gating.sides import Side
from harness.records.decision import Decision, Finding, Reason, Verdict
from harness.records.journal import Line
from harness.records.policy import Policy, SpeedTable, Table, Tier, WerTable
from harness.records.run import BenchmarkRecord, Environment, Hardware
from harness.records.statistics import Difference
from harness.scoring.counting import Counted
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.predictions import Predictions, System
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import Scored
from harness.scoring.significance import Counts, difference
from tests.harness.run_records import run_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.scoring.profiles import Profile

WORDS = 20


def units(errors: list[int], sessions: int = 10) -> list[tuple[Line, ErrorCounts]]:
    """Utterances of 20 words with so many substitutions each."""
    return [
        (
            Line(id=f"u{i}", reference=f"reference {i}", hypothesis=f"{e} errors", session=f"s{i % sessions}"),
            ErrorCounts(WORDS - e, e),
        )
        for i, e in enumerate(errors)
    ]


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """One benchmark of one side, as the tests state it."""

    name: str = "read"
    units: list[tuple[Line, ErrorCounts]]
    failed: int = 0
    language: str = "en"
    record: BenchmarkRecord = field(default_factory=BenchmarkRecord)

    def scored(self, profile: Profile) -> Scored:
        rows = [row for row, _ in self.units]
        held = Predictions(benchmark=self.name, language=self.language, rows=rows, source=Path("x"))
        lost = [Line(id=f"failed {i}", reference="r", error="boom") for i in range(self.failed)]
        counted: list[Counted | None] = [Counted(counts) for _, counts in self.units]
        return Scored(replace(held, rows=rows + lost), held, profile, counted)


def benchmark(errors: list[int], name: str = "read", *, failed: int = 0, **facts: Any) -> Benchmark:
    record = BenchmarkRecord(expected=len(errors) + failed, **facts)
    return Benchmark(name=name, units=units(errors), failed=failed, record=record)


def side(
    *benchmarks: Benchmark,
    profile: str = "card@2026-04",
    complete: bool = True,
    rtfx: Sequence[float] = (),
    cpu: str | None = None,
) -> Side:
    rules = get_profile(profile)
    run = run_record(
        suite="demo@1",
        complete=complete,
        environment=Environment(hardware=Hardware(cpu=cpu)),
        benchmarks={one.name: one.record for one in benchmarks},
    )
    scored = {one.name: one.scored(rules) for one in benchmarks}
    system = System(model="m", suite="demo@1", run=run, benchmarks=[one.predictions for one in scored.values()])
    return Side(name="run", system=system, profile=rules, scored=scored, rtfx=rtfx)


GOOD = [0, 1] * 100
WORSE = [4, 5] * 100
POLICY = Policy()


def finding(decision: Decision, subject: str = "read") -> Finding:
    return next(one for one in decision.findings if one.subject == subject)


def test_nothing_changed_passes() -> None:
    decision = decide(side(benchmark(GOOD)), side(benchmark(GOOD)), POLICY)
    assert decision.exit_status is ExitStatus.GOOD
    assert decision.verdict is Verdict.PASS
    assert finding(decision).reason is Reason.UNCHANGED


def test_a_rule_for_what_neither_side_has_is_said_and_decides_nothing() -> None:
    policy = Policy(wer=WerTable(benchmarks={"read": Table(margin=5), "nosuch": Table(margin=1)}))
    decision = decide(side(benchmark(GOOD)), side(benchmark(GOOD)), policy)
    found = finding(decision, "nosuch")
    assert (found.tier, found.verdict) == (Tier.INFORMATIVE, Verdict.INCONCLUSIVE)
    assert found.message == "neither the run nor the baseline has it, though the policy has a rule for it"
    assert [one.subject for one in decision.findings if "policy" in one.message] == ["nosuch"]
    assert decision.exit_status is ExitStatus.GOOD


@pytest.mark.parametrize(
    ("stated", "there", "meant"),
    [
        ("libri", ["librispeech_clean", "librispeech_other", "ami"], "librispeech_clean or librispeech_other"),
        ("libri", ["x_librispeech_test_d", *(f"librispeech_test_{one}" for one in "cab")],
         "librispeech_test_a or librispeech_test_b or librispeech_test_c"),
        ("redd", ["read", "calls"], "read"),
        ("librispeech_test_other", ["librispeech_test_clean"], ""),  # a benchmark's own name is no slip
        ("re", ["read_it_all_aloud"], ""),
        ("nosuch", ["read"], ""),
    ],
)  # fmt: skip
def test_a_rule_for_a_name_that_is_nearly_right_says_which(stated: str, there: list[str], meant: str) -> None:
    policy = Policy(wer=WerTable(benchmarks={stated: Table(margin=1)}))
    [found] = nowhere(policy, there)
    said = " or ".join(map(repr, meant.split(" or ")))
    asked = f"; did you mean {said}?" if meant else ""
    message = "neither the run nor the baseline has it, though the policy has a rule for it"
    assert (found.subject, found.message, found.tier) == (stated, message + asked, Tier.INFORMATIVE)
    both = Policy(wer=WerTable(benchmarks={stated: Table(), **{name: Table() for name in there}}))
    assert [one.message for one in nowhere(both, there)] == [message], "those have rules of their own"


def test_worse_fails_and_names_who_is_to_blame() -> None:
    errors = list(GOOD)
    errors[7] = 9
    worse = [e + 1 for e in errors]
    decision = decide(side(benchmark(worse)), side(benchmark(GOOD)), POLICY)
    found = finding(decision)
    assert decision.exit_status is ExitStatus.REGRESSION
    assert found.verdict is Verdict.FAIL
    assert found.changed == 200
    assert found.before == 100 / 4000
    assert found.after == (100 + 8 + 200) / 4000
    assert found.blame[0].id == "u7"
    assert found.blame[0].more_errors == 9
    assert found.blame[0].contribution == 9 / 4000
    assert len(found.blame) == 10
    assert "above the margin of 0.1 points" in found.message


def test_better_passes() -> None:
    decision = decide(side(benchmark(GOOD)), side(benchmark(WORSE)), POLICY)
    assert decision.exit_status is ExitStatus.GOOD
    assert finding(decision).blame == ()


def test_a_little_worse_is_inconclusive_and_says_what_would_be_enough() -> None:
    errors = [e + (i % 17 == 0) - (i % 19 == 0 and e > 0) for i, e in enumerate(GOOD)]
    decision = decide(side(benchmark(errors)), side(benchmark(GOOD)), POLICY)
    found = finding(decision)
    assert decision.exit_status is ExitStatus.INCONCLUSIVE
    assert found.change is not None
    assert found.change.low <= 0.001 < found.change.high
    assert found.enough is not None
    assert found.enough > 200
    assert f"about {found.enough:,} utterances would be enough" in found.message


def test_equal_counts_with_other_texts_pass() -> None:
    run = Benchmark(units=[(changed(row, hypothesis="something else"), counts) for row, counts in units(GOOD)])
    assert decide(side(run), side(benchmark(GOOD)), POLICY).exit_status is ExitStatus.GOOD


def test_few_sessions_cannot_decide() -> None:
    def few(errors: list[int]) -> Benchmark:
        return Benchmark(units=units(errors, sessions=4))

    decision = decide(side(few(WORSE)), side(few(GOOD)), POLICY)
    assert finding(decision).reason is Reason.FEW_SESSIONS
    assert decision.exit_status is ExitStatus.INCONCLUSIVE


def cases() -> dict[str, tuple[Side, Side | None, str, Reason, str]]:
    good = benchmark(GOOD)
    far = benchmark(GOOD, name="far")
    lost = Benchmark(units=good.units[1:])
    other_text = [(changed(row, reference="other"), counts) for row, counts in good.units[:11]] + good.units[11:]
    silent = Benchmark(units=[(row, ErrorCounts()) for row, _ in good.units])
    partial = replace(good, record=BenchmarkRecord(expected=201))
    begun = replace(side(good), scored={"read": None})
    return {
        "no baseline": (side(good), None, "run", Reason.NO_BASELINE, "baseline save"),
        "missing": (side(good), side(good, far), "far", Reason.MISSING, "the run does not"),
        "extra": (side(good, far), side(good), "far", Reason.EXTRA, "save a new baseline"),
        "empty run": (side(), side(good), "run", Reason.INCOMPLETE, "no transcripts at all"),
        "both empty": (side(), side(), "run", Reason.NOTHING_COMPARED, "no benchmark"),
        "stopped run": (side(good, complete=False), side(good), "run", Reason.INCOMPLETE, "repeat its command"),
        "stopped baseline": (side(good), side(good, complete=False), "run", Reason.INCOMPLETE, "repeat its command"),
        "not begun": (begun, side(good), "read", Reason.INCOMPLETE, "no transcript"),
        "empty": (side(benchmark([])), side(good), "read", Reason.INCOMPLETE, "no transcript"),
        "partial": (side(partial), side(good), "read", Reason.INCOMPLETE, "200 of 201"),
        "failed": (
            side(benchmark(GOOD, failed=1)),
            side(good),
            "read",
            Reason.INCOMPLETE,
            "1 utterance of the run has",
        ),
        "lost": (side(lost), side(good), "read", Reason.INCOMPLETE, "lacks 1 of the baseline's 200"),
        "added": (side(good), side(lost), "read", Reason.OTHER_DATA, "1 utterance that the baseline lacks"),
        "text": (
            side(replace(good, units=other_text)),
            side(good),
            "read",
            Reason.OTHER_DATA,
            "11 of 200 references differ from the baseline's, such as that of 'u0'",
        ),
        "language": (side(replace(good, language="de")), side(good), "read", Reason.OTHER_DATA, "scored as 'de'"),
        "drift": (side(benchmark(GOOD, drift=("rows",))), side(good), "read", Reason.OTHER_DATA, "not what is locked"),
        "revision": (
            side(benchmark(GOOD, revision="a")),
            side(benchmark(GOOD, revision="b")),
            "read",
            Reason.OTHER_REVISION,
            "data revision a",
        ),
        "profile": (side(good, profile="verbatim"), side(good), "run", Reason.OTHER_PROFILE, "--profile"),
        "no words": (side(silent), side(silent), "read", Reason.NO_WORDS, "no reference words"),
    }


@pytest.mark.parametrize("name", cases())
@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("inconclusive", ["inconclusive", "pass"])
def test_what_cannot_be_compared_never_passes(name: str, tier: Tier, inconclusive: Any) -> None:
    run, baseline, subject, reason, words = cases()[name]
    lenient = Policy(wer=WerTable(margin=50, tier=tier), inconclusive=inconclusive)
    decision = decide(run, baseline, lenient)
    assert decision.exit_status is ExitStatus.INCONCLUSIVE
    found = [one for one in decision.findings if one.subject == subject and one.reason is reason]
    assert len(found) == 1
    assert found[0].verdict is Verdict.INCONCLUSIVE
    assert words in found[0].message


def test_other_profile_compares_nothing() -> None:
    decision = decide(side(benchmark(WORSE), profile="verbatim"), side(benchmark(GOOD)), POLICY)
    assert Reason.COMPARED not in {one.reason for one in decision.findings}


def test_one_unknown_revision_is_compared() -> None:
    decision = decide(side(benchmark(GOOD, revision="a")), side(benchmark(GOOD)), POLICY)
    assert decision.exit_status is ExitStatus.GOOD


def test_a_regression_wins_over_what_is_missing() -> None:
    decision = decide(side(benchmark(WORSE)), side(benchmark(GOOD), benchmark(GOOD, name="far")), POLICY)
    assert decision.exit_status is ExitStatus.REGRESSION


def test_average_needs_every_benchmark() -> None:
    two = side(benchmark(GOOD), benchmark(GOOD, name="far"))
    assert finding(decide(two, two, POLICY), "average").verdict is Verdict.PASS
    one = side(benchmark(GOOD), benchmark([], name="far"))
    assert finding(decide(one, two, POLICY), "average").reason is Reason.INCOMPLETE
    single = decide(side(benchmark(GOOD)), side(benchmark(GOOD)), POLICY)
    assert "average" not in {one.subject for one in single.findings}


def test_average_is_the_plain_mean() -> None:
    run = side(benchmark(WORSE), benchmark(GOOD, name="far"))
    decision = decide(run, side(benchmark(GOOD), benchmark(GOOD, name="far")), POLICY)
    average = finding(decision, "average")
    assert average.verdict is Verdict.FAIL
    assert average.after == (0.225 + 0.025) / 2
    assert average.changed == 200


def test_average_rounds_where_the_profile_does() -> None:
    """The leaderboard's rules take the mean of rates rounded to hundredths of a percent, here and everywhere."""
    thirds = [1] + [0] * 29  # 1 error in 600 words, 0.17 %
    two = side(benchmark(GOOD), benchmark(thirds, name="far"), profile="leaderboard@2026-08")
    assert finding(decide(two, two, POLICY), "average").after == (0.025 + 0.0017) / 2
    two = side(benchmark(GOOD), benchmark(thirds, name="far"), profile="card@2026-04")
    assert finding(decide(two, two, POLICY), "average").after == (0.025 + 1 / 600) / 2


@pytest.mark.parametrize(
    ("tier", "inconclusive", "worse", "status"),
    [
        ("must", "inconclusive", True, ExitStatus.REGRESSION),
        ("should", "inconclusive", True, ExitStatus.INCONCLUSIVE),
        ("informative", "inconclusive", True, ExitStatus.GOOD),
        ("must", "inconclusive", False, ExitStatus.INCONCLUSIVE),
        ("must", "unless worse", False, ExitStatus.INCONCLUSIVE),
        ("must", "unless worse", True, ExitStatus.REGRESSION),
        ("must", "pass", False, ExitStatus.GOOD),
        ("must", "fail", False, ExitStatus.REGRESSION),
        ("should", "fail", False, ExitStatus.GOOD),
        ("informative", "fail", False, ExitStatus.GOOD),
    ],
)
def test_tiers(tier: str, inconclusive: Any, worse: bool, status: ExitStatus) -> None:
    errors = WORSE if worse else [e + (i % 17 == 0) - (i % 19 == 0 and e > 0) for i, e in enumerate(GOOD)]
    policy = Policy(wer=WerTable(tier=Tier(tier)), inconclusive=inconclusive)
    decision = decide(side(benchmark(errors)), side(benchmark(GOOD)), policy)
    assert finding(decision).verdict is (Verdict.FAIL if worse else Verdict.INCONCLUSIVE)
    assert decision.exit_status is status
    assert effect(finding(decision), policy) is status


@pytest.mark.parametrize(
    ("new", "old", "there", "verdict", "reason", "status"),
    [
        ((50, 51, 52), (100, 101, 99), "GPU", "FAIL", Reason.COMPARED, ExitStatus.REGRESSION),
        ((91, 92, 5), (100, 101, 99), "GPU", "PASS", Reason.COMPARED, ExitStatus.GOOD),
        ((89, 89.5, 500), (100, 101, 99), "GPU", "FAIL", Reason.COMPARED, ExitStatus.REGRESSION),
        ((50, 51), (100, 101, 99), "GPU", "INCONCLUSIVE", Reason.FEW_REPEATS, ExitStatus.GOOD),
        ((50, 51, 52), (100,), "GPU", "INCONCLUSIVE", Reason.FEW_REPEATS, ExitStatus.GOOD),
        ((50, 51, 52), (100, 101, 99), "CPU", "INCONCLUSIVE", Reason.OTHER_HARDWARE, ExitStatus.GOOD),
        ((50, 51, 52), (100, 101, 99), None, "INCONCLUSIVE", Reason.OTHER_HARDWARE, ExitStatus.GOOD),
        ((), (100, 101, 99), "GPU", "INCONCLUSIVE", Reason.NOT_MEASURED, ExitStatus.GOOD),
        ((float("nan"), 0.0), (1.0,), "GPU", "INCONCLUSIVE", Reason.NOT_MEASURED, ExitStatus.GOOD),
    ],
)
def test_speed(new: Any, old: Any, there: Any, verdict: str, reason: Reason, status: ExitStatus) -> None:
    run = side(benchmark(GOOD), rtfx=new, cpu="GPU")
    decision = decide(run, side(benchmark(GOOD), rtfx=old, cpu=there), POLICY)
    found = finding(decision, "speed")
    assert (found.verdict.value, found.reason, decision.exit_status) == (verdict, reason, status)


@pytest.mark.parametrize(
    ("new", "old", "there"),
    [((50, 51), (100, 101, 99), "GPU"), ((50, 51, 52), (100, 101, 99), "CPU"), ((), (1,), "GPU")],
)
def test_a_tier_of_speed_that_is_stated_is_never_informative(new: Any, old: Any, there: str) -> None:
    run, baseline = side(benchmark(GOOD), rtfx=new, cpu="GPU"), side(benchmark(GOOD), rtfx=old, cpu=there)
    policy = Policy(speed=SpeedTable(tier=Tier.MUST))
    decision = decide(run, baseline, policy)
    assert (decision.verdict, decision.exit_status) == (Verdict.INCONCLUSIVE, ExitStatus.INCONCLUSIVE)


def test_unknown_hardware_is_not_the_same_hardware() -> None:
    fast, slow = (side(benchmark(GOOD), rtfx=rtfx) for rtfx in ((100, 101, 99), (50, 51, 52)))
    decision = decide(slow, fast, POLICY)
    found = finding(decision, "speed")
    assert (found.verdict, found.reason, found.before) == (Verdict.INCONCLUSIVE, Reason.OTHER_HARDWARE, None)
    assert found.message == "not compared: measured on unknown hardware, the baseline on unknown hardware"
    assert decision.exit_status is ExitStatus.GOOD


def test_repeated_ids_are_paired_in_order() -> None:
    doubled = [(changed(row, id="same", reference="same"), counts) for row, counts in units([1] * 20)]
    one = Benchmark(units=doubled)
    assert decide(side(one), side(one), POLICY).exit_status is ExitStatus.GOOD


def change(low: float, high: float) -> Difference:
    return Difference(
        value=(low + high) / 2,
        low=low,
        high=high,
        p=0.5,
        standard_error=(high - low) / 4,
        degrees=30.0,
        sessions=40,
        level=0.95,
        method="made up",
        smallest_difference=0.0,
    )


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.002, 0.001, Verdict.PASS),
        (-0.002, 0.0011, Verdict.INCONCLUSIVE),
        (0.001, 0.002, Verdict.INCONCLUSIVE),
        (0.0011, 0.002, Verdict.FAIL),
    ],
)
def test_judge(low: float, high: float, verdict: Verdict) -> None:
    assert judge(change(low, high), 0.001, changed=5) is verdict
    assert judge(change(low, high), 0.001, changed=0) is Verdict.PASS


# Simulation: two systems on a set like LibriSpeech test-clean, 40 speakers, 2,620 utterances, 52,000 words, 2 % WER.

SPEAKERS = 40
UTTERANCES = 2620


def librispeech_like(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Reference words, the chance of an error in each word (speakers and utterances differ), and sessions."""
    sessions = np.sort(random.integers(0, SPEAKERS, UTTERANCES))
    words = np.maximum(2, random.gamma(2.2, 9.1, UTTERANCES)).astype(int)
    speaker = random.gamma(2.0, 0.5, SPEAKERS)[sessions]
    chance = np.clip(0.02 * speaker * random.gamma(0.7, 1 / 0.7, UTTERANCES), 0, 0.9)
    return words, chance, sessions.tolist()


def verdict_of(run: np.ndarray, baseline: np.ndarray, words: np.ndarray, sessions: list[int]) -> Verdict:
    found = difference(Counts(run, words), Counts(baseline, words), sessions, level=1 - POLICY.alpha)
    return judge(found, POLICY.rule("any").margin, changed=int((run != baseline).sum()))


def test_null_pairs_seldom_fail() -> None:
    """Two systems that are equally good but err in different places: 1,000 pairs, FAIL in at most 5 %."""
    random = np.random.default_rng(20_260_401)
    fails = 0
    for _ in range(1000):
        words, chance, sessions = librispeech_like(random)
        run, baseline = random.binomial(words, chance), random.binomial(words, chance)
        fails += verdict_of(run, baseline, words, sessions) is Verdict.FAIL
    assert fails <= 50


def test_planted_errors_are_found() -> None:
    """0.3 points of extra errors in the output of one system: FAIL in at least 90 % of 300 pairs."""
    random = np.random.default_rng(20_260_402)
    found = 0
    for _ in range(300):
        words, chance, sessions = librispeech_like(random)
        baseline = random.binomial(words, chance)
        extra = random.multinomial(round(0.003 * words.sum()), words / words.sum())
        found += verdict_of(baseline + extra, baseline, words, sessions) is Verdict.FAIL
    assert found >= 270


def test_what_cannot_be_compared_does_not_end_the_comparison() -> None:
    run = side(benchmark(WORSE, name="near"))
    baseline = side(benchmark(GOOD), benchmark(GOOD, name="near"))
    decision = decide(run, baseline, POLICY)
    assert finding(decision).reason is Reason.MISSING
    assert finding(decision, "near").verdict is Verdict.FAIL


def test_half_of_a_number_is_no_change() -> None:
    lone = Finding(subject="read", verdict=Verdict.INCONCLUSIVE, reason=Reason.COMPARED, message="", after=0.25)
    assert numbers_shown(lone) == ("–", "25.00", "–", "–")
    assert numbers_shown(changed(lone, before=0.2)) == ("20.00", "25.00", "+5.00", "–")
