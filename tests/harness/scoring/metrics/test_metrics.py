"""Each metric is jiwer's where jiwer has it, and what docs/scoring.md states at the edges; the list finds each once."""

from __future__ import annotations

import json
import pkgutil
import sys
import types
from pathlib import Path
from typing import Any

import jiwer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.records.statistics import MetricValue
from harness.scoring import metrics as package
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.facts import facts_of
from harness.scoring.intervals import wer_interval
from harness.scoring.metrics import Metric, get_metric, measure, metrics
from harness.scoring.metrics.base import ratio, summed
from harness.scoring.metrics.information_lost import word_information_lost
from harness.scoring.predictions import Predictions, read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import Profile
from harness.scoring.scored import count_predictions
from tests.harness.scoring.made import predictions

VERBATIM, AUGUST = get_profile("verbatim"), get_profile("leaderboard@2026-08")
NAMES = {
    "wer",
    "cer",
    "mixed",
    "mer",
    "wil",
    "ser",
    "draft_wer",
    "missed_numbers",
    "missed_names",
    "inserted_on_silence",
    "punctuation_error_rate",
    "punctuation_error_rate_nemo",
    "punctuation_precision",
    "punctuation_recall",
    "punctuation_f1",
    "period_f1",
    "comma_f1",
    "question_f1",
    "exclamation_f1",
    "capitalization_error_rate",
    "capitalization_f1",
    "numbers_as_written",
    "numbers_spelled_out",
    "numbers_wrong",
    "formatted_wer",
    "keyword_precision",
    "keyword_recall",
    "keyword_f1",
    "keywords_made_up",
    "biased_wer",
    "unbiased_wer",
    "cp_wer",
    "wder",
    "speakers_miscounted",
    "tcp_wer",
    "orc_wer",
    "attribution_errors",
    "di_cp_wer",
    "der",
    "der_missed",
    "der_false_alarm",
    "der_confused",
    "start_error",
    "start_error_median",
    "start_error_p90",
    "start_within_50ms",
    "start_within_100ms",
    "start_within_200ms",
    "start_bias",
    "start_scatter",
    "end_error",
    "end_error_median",
    "end_error_p90",
    "end_within_50ms",
    "end_within_100ms",
    "end_within_200ms",
    "end_bias",
    "end_scatter",
    "words_timed",
    "comet",
    "fitting",
    "looped",
    "invented_ending",
    "bleu",
    "chrf",
    "ter",
}
MORE_IS_BETTER = {
    "punctuation_precision",
    "punctuation_recall",
    "punctuation_f1",
    "period_f1",
    "comma_f1",
    "question_f1",
    "exclamation_f1",
    "capitalization_f1",
    "numbers_as_written",
    "keyword_precision",
    "keyword_recall",
    "keyword_f1",
    "start_within_50ms",
    "start_within_100ms",
    "start_within_200ms",
    "end_within_50ms",
    "end_within_100ms",
    "end_within_200ms",
    "words_timed",
    "comet",
    "bleu",
    "chrf",
}
PARTS = {
    "mer",
    "ser",
    "missed_numbers",
    "missed_names",
    "numbers_spelled_out",
    "numbers_wrong",
    "punctuation_error_rate",
    "punctuation_error_rate_nemo",
    "capitalization_error_rate",
    "wder",
    "der_missed",
    "der_confused",
    "fitting",
}


def measured(name: str, one: Predictions, profile: Profile = VERBATIM) -> MetricValue | None:
    return measure(get_metric(name), count_predictions(one, profile).utterances(), profile, one.language)


def value(name: str, one: Predictions, profile: Profile = VERBATIM) -> float | None:
    found = measured(name, one, profile)
    assert found is not None
    return found.value


# the list


def test_of_a_part_no_interval_is_more_than_all() -> None:
    """Sessions that differ: the rate is 10 of 15 words, and what is plain arithmetic of it goes beyond 100 %."""
    counted, sessions = [(9, 9), (0, 1), (0, 2), (1, 2), (0, 1)], list("abcde")
    high = {}
    for name in NAMES:
        metric = get_metric(name)
        if metric.value is ratio and metric.pooled is None and metric.better == "lower":
            found = summed(metric, counted, sessions).interval
            assert found is not None
            high[name] = found.high
    plain = wer_interval([9, 0, 0, 1, 0], [9, 1, 2, 2, 1], sessions)
    assert plain is not None
    assert plain.high > 1
    assert high == {name: 1.0 if name in PARTS else plain.high for name in high}
    assert high.keys() > PARTS


def test_every_metric_is_found_once_under_its_name() -> None:
    found = metrics()
    assert set(found) == NAMES
    assert all(metric.name == name for name, metric in found.items())
    assert len({metric.title for metric in found.values()}) == len(found)
    modules = {path.stem for path in Path(package.__file__).parent.glob("*.py")} - {"__init__", "base"}
    assert len(modules) <= len(found)


@pytest.mark.parametrize("metric", metrics().values(), ids=list(metrics()))
def test_a_metric_says_what_people_need_to_read_it(metric: Metric) -> None:
    assert metric.name.isidentifier()
    assert metric.title
    assert "\n" not in metric.meaning
    assert len(metric.meaning) > 20
    assert format(metric.scale * 0.5, metric.format)
    assert metric.scale == (100 if metric.unit == "percent" else 1)
    has_interval = metric.value is ratio or metric.resampled
    assert metric.gate == ("judge" if has_interval else "show"), "only what has an interval can be judged"
    assert metric.better == ("higher" if metric.name in MORE_IS_BETTER else "lower")


def test_a_metric_that_nobody_knows_has_a_nearest_name() -> None:
    assert get_metric("mer").title == "MER"
    assert get_metric("cer") is get_metric("cer")
    with pytest.raises(UsageError, match="did you mean 'wer'"):
        get_metric("werr")


def test_two_metrics_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = types.ModuleType("harness.scoring.metrics.zz_twin")
    twin.__dict__["MINE"] = Metric(name="wer", title="mine", meaning="another", count=lambda *_: None)
    monkeypatch.setitem(sys.modules, twin.__name__, twin)
    known = pkgutil.iter_modules
    info = types.SimpleNamespace(name=twin.__name__)
    monkeypatch.setattr(pkgutil, "iter_modules", lambda *arguments: [*known(*arguments), info])
    with pytest.raises(ValueError, match=r"two metrics are called 'wer'; rename the one in .*zz_twin"):
        metrics.__wrapped__()


# what jiwer has

words = st.lists(st.sampled_from("ab"), max_size=8).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(words.filter(bool), words), min_size=1, max_size=4))
def test_rates_are_jiwers(pairs: list[tuple[str, str]]) -> None:
    one = predictions(*pairs)
    references, hypotheses = zip(*pairs, strict=True)
    theirs = jiwer.process_words(list(references), list(hypotheses))
    assert value("wer", one) == pytest.approx(theirs.wer)
    assert value("mer", one) == pytest.approx(theirs.mer)
    assert value("wil", one) == pytest.approx(theirs.wil)
    characters = jiwer.process_characters(list(references), list(hypotheses))
    assert value("cer", one) == pytest.approx(characters.cer)
    wrong = sum(jiwer.wer(reference, hypothesis) > 0 for reference, hypothesis in pairs)
    assert value("ser", one) == wrong / len(pairs)


def test_what_is_counted_and_of_what_is_told_beside_the_value() -> None:
    one = predictions(("a b c", "a x"), ("d", "d"), ("", "e"))
    assert measured("wer", one) == MetricValue(value=3 / 4, count=3, of=4)
    assert measured("mer", one) == MetricValue(value=3 / 5, count=3, of=5)
    assert measured("ser", one) == MetricValue(value=2 / 3, count=2, of=3)
    assert measured("cer", one) == MetricValue(value=4 / 6, count=4, of=6)  # "a b c" to "a x", and "e"
    assert measured("wil", one) == MetricValue(value=1 - 2 / 4 * 2 / 4, count=2, of=4)


def test_ratios_have_intervals_over_sessions_and_other_values_have_none() -> None:
    pairs = [("a b c", "a b c" if at % 3 else "a x c") for at in range(12)]
    one = predictions(*pairs, session=[f"s{at % 6}" for at in range(12)])
    for name in ("wer", "mer", "ser", "cer"):
        found = measured(name, one)
        assert found is not None
        assert found.interval is not None
        assert found.interval.sessions == 6
    errors, sessions = [int(not at % 3) for at in range(12)], [f"s{at % 6}" for at in range(12)]
    found = measured("wer", one)
    assert found is not None
    assert found.interval == wer_interval(errors, [3] * 12, sessions)
    found = measured("wil", one)
    assert found is not None
    assert found.interval is None


def test_word_information_lost_at_its_edges() -> None:
    assert word_information_lost((0.0, 0.0, 0.0)) is None, "both are empty"
    assert word_information_lost((0.0, 3.0, 0.0)) == 1, "nothing was written"
    assert word_information_lost((0.0, 0.0, 2.0)) == 1, "nothing was said"
    assert word_information_lost((0.0, 3.0, 3.0)) == 1, "no hit"
    assert word_information_lost((2.0, 4.0, 2.0)) == 0.5
    assert word_information_lost((0.0, 0.0)) is None, "no utterances"


def test_a_merged_compound_counts_as_the_reference_words_that_it_matches() -> None:
    pair = ("white paper here", "whitepaper there")
    assert value("wil", predictions(pair), AUGUST) == pytest.approx(1 - 2 / 3 * 2 / 3)
    assert value("mer", predictions(pair), AUGUST) == 1 / 3


def test_nothing_to_count_has_no_value() -> None:
    nothing = predictions(("", ""))
    assert [value(name, nothing) for name in ("wer", "cer", "mer", "wil", "ser")] == [None, None, None, None, 0]
    assert [value(name, predictions()) for name in ("wer", "cer", "mer", "wil", "ser")] == [None] * 5


def test_languages_without_spaces_have_no_words() -> None:
    one = predictions(("今日は", "今日わ"), ("3 年", "3年"), language="ja")
    assert measured("wer", one) is None
    assert measured("missed_numbers", one) is None
    assert measured("missed_names", one) is None
    assert measured("cer", one) == MetricValue(value=2 / 6, count=2, of=6)
    assert value("ser", one) == 1


def test_character_rates_of_real_files(shared: Path) -> None:
    expected = json.loads((shared / "predictions" / "expected.json").read_text(encoding="utf-8"))
    for name in ("MODEL_qwen_DATASET_aishell1_test.jsonl",):
        [system] = read_systems([shared / "predictions" / "cer" / name])
        scored = count_predictions(system.benchmarks[0], VERBATIM)
        total = sum(scored.kept(), ErrorCounts())
        assert total.rate == pytest.approx(expected[name]["as_written/cer"], abs=1e-12)
        found = measured("cer", system.benchmarks[0])
        assert found is not None
        assert (found.count, found.of) == (total.errors, total.words)


# drafts


def test_a_draft_is_counted_over_the_rows_that_are_scored() -> None:
    drafts = ["go for ward", "stop", None, "well well"]
    pairs = [("go forward", "go forward"), ("stop", "stop"), ("lost", None), ("um", "well")]
    one = predictions(*pairs, draft=drafts, ours=True)
    assert measured("draft_wer", one, get_profile("card@2026-04")) == MetricValue(value=2 / 3, count=2, of=3)


def test_a_row_without_a_draft_leaves_none() -> None:
    assert measured("draft_wer", predictions(("x", "x"), ("y", "y"), draft=["x", None])) is None
    assert measured("draft_wer", predictions()) is None
    assert measured("draft_wer", predictions(("今日", "今"), draft=["今"], language="ja")) is None


def test_only_the_drafts_metric_is_there_unasked_and_only_where_there_are_drafts() -> None:
    with_drafts, without = predictions(("x", "x"), ("y", "y"), draft=[None, "y"]), predictions(("x", "x"))
    assert {name for name, metric in metrics().items() if metric.always(facts_of(with_drafts.rows))} == {"draft_wer"}
    assert not any(metric.always(facts_of(without.rows)) for metric in metrics().values())


# missed words


def missed(name: str, *pairs: tuple[str, str], profile: Profile = AUGUST, **more: Any) -> tuple[Any, Any] | None:
    found = measured(name, predictions(*pairs, **more), profile)
    return None if found is None else (found.count, found.of)


def test_numbers_and_names_are_found_through_the_normalizer() -> None:
    pairs = [
        ("The price was twenty one dollars, said Mrs. Smith.", "the price was 21 dollars said missus smyth"),
        ("It fell by 3% in Berlin. Nobody in London knew.", "it fell by 4 percent in berlin nobody in london knew"),
        ("I think I'm right and so on.", "i think i'm right and so on"),
    ]
    assert missed("missed_numbers", *pairs) == (1, 2)  # 21 dollars -> $21 is one word; 3% is missed
    assert missed("missed_names", *pairs) == (1, 4)  # missus smith, berlin, london; not Nobody, not I'm


def test_numbers_that_a_normalizer_writes_as_words_are_numbers() -> None:
    pair = ("es sind 20% mehr und zwei", "es sind zwanzig mehr und drei")
    assert AUGUST.normalize("20%", "de") == "zwanzig"
    assert missed("missed_numbers", pair, language="de") == (0, 1)
    assert missed("missed_numbers", (pair[0], "es sind wenig mehr und drei"), language="de") == (1, 1)


def test_without_words_of_the_kind_there_is_no_rate() -> None:
    assert value("missed_numbers", predictions(("no such word", "none"))) is None


@pytest.mark.parametrize("reference", ["HE MET JOHN IN PARIS", "he met john in paris"])
def test_names_need_references_with_capitals(reference: str) -> None:
    assert missed("missed_names", (reference, "he met john"), profile=VERBATIM) is None
    assert missed("missed_numbers", (reference, "he met john"), profile=VERBATIM) == (0, 0)


def test_compounds_that_match_are_not_missed() -> None:
    pair = ("we were in New York city then", "we were in newyork town then")
    assert missed("missed_names", pair) == (0, 2)
    assert missed("missed_names", pair, profile=get_profile("leaderboard@2026-04")) == (2, 2)
    german = ("wir waren in Neu Stadt und so", "wir waren in neustadt und so")
    assert missed("missed_names", german, language="de") == (0, 2)
    assert missed("missed_names", (german[0], "wir waren in altstadt und so"), language="de") == (2, 2)


def test_words_of_a_row_that_the_normalizer_cannot_read_are_as_written() -> None:
    long = "9" * 4400
    assert missed("missed_numbers", (f"{long} and 7 dogs in Rome", f"{long} and 8 dogs in rome")) == (1, 2)
    assert missed("missed_names", (f"{long} and 7 dogs in Rome", f"{long} and 8 dogs in rome")) == (1, 1)


# inserted on silence


def test_words_on_silence_are_told_a_minute() -> None:
    pairs = [("", "thank you very much"), ("", ""), ("speech", "speech and more")]
    found = measured("inserted_on_silence", predictions(*pairs, duration=[20.0, 10.0, 99.0]))
    assert found == MetricValue(value=8, count=4, of=0.5)
    assert measured("inserted_on_silence", predictions(*pairs, duration=[20.0, None, 99.0])) is None
    assert measured("inserted_on_silence", predictions(*pairs, duration=[20.0, 10.0, None])) is not None
    assert measured("inserted_on_silence", predictions(("speech", "speech"), duration=[1.0])) is None
    assert measured("inserted_on_silence", predictions(("", "x"), duration=[0.0])) is None
