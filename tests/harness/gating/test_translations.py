"""The gate on translations: BLEU by its interval over sessions, and never a word error rate."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import sacrebleu

from harness.gating import translations
from harness.gating.decide import decide
from harness.gating.policy import read_policy
from harness.gating.render import table
from harness.gating.sides import as_side
from harness.records.decision import Decision, Finding, Reason, Verdict
from harness.records.policy import MetricTable, Policy, SessionTable, SliceTable, Tier, WerTable
from harness.scoring.predictions import Predictions, System
from harness.scoring.profiles import built_in_profile
from harness.scoring.scored import count_predictions
from tests.harness.scoring.made import lines

PROFILE = built_in_profile("leaderboard@2026-08")
WORDS = ["the", "a", "cat", "dog", "sat", "on", "my", "mat", "and", "then", "it", "ran"]


def texts(share: float) -> tuple[list[str], list[str]]:
    """References, and translations with a share of words wrong."""
    draw = random.Random(1)
    references = [" ".join(draw.choices(WORDS, k=12)) for _ in range(80)]
    draw = random.Random(2)
    said = [
        " ".join(draw.choice(WORDS) if draw.random() < share else one for one in text.split()) for text in references
    ]
    return references, said


def swapped(policy: Policy) -> Decision:
    """Of a run that is good where the baseline is bad, and the other way round: by accent, 12 speakers."""
    sides = []
    right, wrong = "the cat sat on my mat and then it ran", "a dog ran"
    for name, good in (("run", "uk"), ("baseline", "us")):
        accents = ["uk" if at % 2 else "us" for at in range(48)]
        rows = lines(
            *((right, right if accent == good else wrong) for accent in accents),
            session=[f"s{at % 12}" for at in range(48)],
            target=["en"] * 48,
            tags=[{"accent": accent} for accent in accents],
        )
        one = Predictions(benchmark="talks", language="de", rows=rows, source=Path("talks"))
        sides.append(as_side(name, System(model="m", benchmarks=[one]), PROFILE, [count_predictions(one, PROFILE)], ()))
    run, baseline = sides
    return decide(run, baseline, policy)


def test_a_slice_that_got_worse_fails_where_the_whole_does_not() -> None:
    """One accent falls from BLEU 100 to next to nothing, the other rises as far."""
    found = swapped(Policy(slices={"accent": SliceTable()}))
    of = {one.subject: one for one in found.findings}
    assert of["talks: BLEU"].verdict is Verdict.INCONCLUSIVE
    assert of["talks: accent = uk: BLEU"].verdict is Verdict.PASS
    worse = of["talks: accent = us: BLEU"]
    assert (worse.verdict, worse.utterances, worse.margin) == (Verdict.FAIL, 24, 1.0)
    low = sacrebleu.corpus_bleu(["a dog ran"] * 24, [["the cat sat on my mat and then it ran"] * 24]).score
    assert [worse.before, worse.after] == pytest.approx([100.0, low])
    assert worse.change is not None
    assert worse.change.value == pytest.approx(low - 100)
    assert worse.change.level == pytest.approx(1 - 0.05 / 2)
    assert worse.message.endswith("; each of 2 slices is judged at 0.975")
    assert found.verdict is Verdict.FAIL


def test_slices_are_judged_by_the_scores_that_the_policy_names() -> None:
    metrics = {"ter": MetricTable(margin=1.0)}
    found = swapped(Policy(metrics=metrics, slices={"accent": SliceTable(tier=Tier.SHOULD)}))
    of = {one.subject: one for one in found.findings if "accent" in one.subject}
    assert {subject: (one.verdict, one.tier) for subject, one in of.items()} == {
        "talks: accent = us: TER": (Verdict.FAIL, Tier.SHOULD),
        "talks: accent = uk: TER": (Verdict.PASS, Tier.SHOULD),
    }


def test_a_tag_that_no_translation_has_is_inconclusive() -> None:
    [found] = [one for one in swapped(Policy(slices={"accentt": SliceTable()})).findings if "accentt" in one.subject]
    assert (found.subject, found.verdict, found.reason) == (
        "slices: accentt", Verdict.INCONCLUSIVE, Reason.NOT_MEASURED,
    )  # fmt: skip
    assert found.message.startswith("no benchmark has the tag accentt, so that no slice of it can be judged")


def test_a_policy_of_single_sessions_is_not_passed_over() -> None:
    policy = Policy(sessions=SessionTable(tier=Tier.MUST), slices={"session": SliceTable()})
    of = {one.subject: one for one in swapped(policy).findings}
    told = of["talks: sessions"]
    assert (told.verdict, told.tier, told.reason) == (Verdict.INCONCLUSIVE, Tier.MUST, Reason.NOT_MEASURED)
    assert told.message == "single sessions of translations are not judged; [slices.session] judges each by BLEU"
    assert len([one for one in of if one.startswith("talks: session = s")]) == 12
    assert "talks: sessions" not in {one.subject for one in swapped(Policy()).findings}


def test_the_caption_speaks_of_no_word_error_rate_where_there_is_none() -> None:
    policy = Policy(metrics={"ter": MetricTable(margin=1.0), "bleu": MetricTable(margin=1.0)})
    shown = table(swapped(policy), policy)
    over = "interval over sessions (utterances where none are named), margin in points"
    assert f"profile leaderboard@2026-08. Change with its 95 % {over}" in shown.caption
    assert [note.rpartition("; ")[2] for note in shown.notes] == ["lower is better.", "0 to 100."]
    assert "the margin of 1 points" in swapped(policy).findings[0].message


def decided(before: float, after: float, policy: Policy | None = None) -> Decision:
    """Of two systems that get a share of words wrong."""
    sides = []
    for name, share in (("run", after), ("baseline", before)):
        references, said = texts(share)
        rows = lines(
            *zip(references, said, strict=True), session=[f"s{at % 10}" for at in range(80)], target=["en"] * 80
        )
        system = System(
            model="m", benchmarks=[Predictions(benchmark="talks", language="de", rows=rows, source=Path("talks"))]
        )
        sides.append(as_side(name, system, PROFILE, [count_predictions(one, PROFILE) for one in system.benchmarks], ()))
    run, baseline = sides
    return decide(run, baseline, policy or Policy())


def test_a_worse_translator_fails_and_an_equal_one_passes() -> None:
    worse = decided(0.1, 0.5)
    (finding,) = [one for one in worse.findings if one.metric == "bleu"]
    assert (worse.verdict, finding.verdict, finding.subject) == (Verdict.FAIL, Verdict.FAIL, "talks: BLEU")
    assert finding.before is not None
    assert finding.after is not None
    assert finding.change is not None
    assert finding.before > finding.after
    assert finding.change.value == pytest.approx(finding.after - finding.before)
    assert decided(0.2, 0.2).findings[0].verdict is Verdict.PASS
    assert not any(one.metric in {"wer", "cer"} for one in worse.findings)


def test_a_better_one_passes_and_the_policy_may_name_another_score() -> None:
    assert decided(0.5, 0.1).findings[0].verdict is Verdict.PASS
    found = decided(0.1, 0.5, Policy(metrics={"ter": MetricTable(margin=1.0)}))
    assert [one.subject for one in found.findings if one.metric in {"bleu", "ter"}] == ["talks: TER"]
    assert found.verdict is Verdict.FAIL


def test_what_a_policy_names_beside_them_is_not_passed_over() -> None:
    policy = Policy(metrics={"ter": MetricTable(margin=1.0), "punctuation_f1": MetricTable(margin=1.0)})
    found = {one.subject: one for one in decided(0.2, 0.2, policy).findings}
    assert found["talks: TER"].verdict is Verdict.PASS
    assert found["punctuation F1"].verdict is Verdict.INCONCLUSIVE
    assert found["punctuation F1"].message == "no benchmark has it, so it cannot be judged"


def test_a_policy_file_may_name_every_score_of_translations(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[metrics.bleu]\nmargin = 1.0\n[metrics.chrf]\nmargin = 1.0\n[metrics.ter]\nmargin = 2.0\n")
    assert {name: one.margin for name, one in read_policy(path).metrics.items()} == {
        "bleu": 1.0,
        "chrf": 1.0,
        "ter": 2.0,
    }


def bleu_of(decision: Decision) -> Finding:
    return next(one for one in decision.findings if one.metric == "bleu")


def test_the_margin_is_in_points_of_bleu_and_what_changed_is_counted() -> None:
    """0.1 points of word error rate are 0.1 of BLEU; the score falls, so that its change is below nothing."""
    policy = Policy(wer=WerTable(margin=0.5, tier=Tier.SHOULD), alpha=0.2)
    found = bleu_of(decided(0.1, 0.5, policy))
    assert (found.margin, found.tier, found.utterances, found.changed) == (0.5, Tier.SHOULD, 80, 80)
    old, new = (sacrebleu.corpus_bleu(said, [references]).score for references, said in map(texts, (0.1, 0.5)))
    assert [found.before, found.after] == pytest.approx([old, new])
    assert found.change is not None
    assert found.change.level == pytest.approx(0.8)
    assert found.change.low < found.change.value < found.change.high < 0
    same = bleu_of(decided(0.2, 0.2))
    assert (same.changed, same.reason, same.verdict) == (0, Reason.UNCHANGED, Verdict.PASS)


def test_an_error_rate_of_translations_rises_where_it_gets_worse() -> None:
    policy = Policy(metrics={"ter": MetricTable(margin=1.5, tier=Tier.INFORMATIVE), "chrf": MetricTable(margin=3.0)})
    found = {one.metric: one for one in decided(0.1, 0.5, policy).findings if one.metric in {"bleu", "ter", "chrf"}}
    assert sorted(map(str, found)) == ["chrf", "ter"], "those that the policy names, and no other"
    ter = found["ter"]
    assert (ter.margin, ter.tier, ter.verdict) == (1.5, Tier.INFORMATIVE, Verdict.FAIL)
    assert ter.before is not None
    assert ter.after is not None
    assert ter.change is not None
    assert ter.after > ter.before
    assert ter.change.value == pytest.approx(ter.after - ter.before)
    assert ter.change.low > 0


def test_a_score_that_cannot_be_made_is_told_under_its_own_tier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "paired_parts", lambda *_: (((), ()), [], "it is not installed"))
    policy = Policy(metrics={"chrf": MetricTable(margin=1.0, tier=Tier.SHOULD)})
    [found] = [one for one in decided(0.1, 0.5, policy).findings if "chrF" in one.subject]
    assert (found.tier, found.reason, found.message) == (
        Tier.SHOULD, Reason.NOT_MEASURED, "not scored: it is not installed",
    )  # fmt: skip
