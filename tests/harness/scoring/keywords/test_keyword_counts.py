"""Keywords and the error rates of biased words, against twins that look at every place and fill the whole table."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from harness.scoring.keywords.counts import count_biased, find_keywords
from harness.scoring.keywords.matching import Matcher, class_of
from harness.scoring.metrics import get_metric, measure
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions
from tests.harness.scoring.made import predictions
from tests.harness.scoring.test_weighted import whole_table

if TYPE_CHECKING:
    from pathlib import Path

    from harness.records.statistics import MetricValue
    from harness.scoring.predictions import Predictions
    from harness.scoring.profiles import Profile

APRIL, AUGUST = get_profile("leaderboard@2026-04"), get_profile("leaderboard@2026-08")
UNICODE, VERBATIM = get_profile("unicode@2026-11"), get_profile("verbatim")
NAMES = ("keyword_precision", "keyword_recall", "keyword_f1", "keywords_made_up", "biased_wer", "unbiased_wer")


def measured(name: str, one: Predictions, profile: Profile = AUGUST) -> MetricValue:
    found = measure(get_metric(name), count_predictions(one, profile).utterances(), profile, one.language)
    assert found is not None
    return found


def restated(reference: str, hypothesis: str, biasing: set[str]) -> tuple[int, int, int, int]:
    """The published scorer: B errors and words, U errors and words."""
    said, written = reference.split(), hypothesis.split()
    errors, words = Counter[bool](), Counter[bool](word in biasing for word in said)
    for at, other in whole_table(said, written, 4, 3):
        if at is None:
            errors[written[other or 0] in biasing] += 1
        elif other is None or said[at] != written[other]:
            errors[said[at] in biasing] += 1
    return errors[True], words[True], errors[False], words[False]


def by_every_place(text: list[str], keywords: list[str], between: str) -> Counter[str]:
    """How often each keyword stands in a text: at each place the longest, and on after it."""
    found = Counter[str]()
    at = 0
    while at < len(text):
        fitting = [
            (end, keyword)
            for end in range(at + 1, len(text) + 1)
            for keyword in keywords
            if between.join(text[at:end]) == between.join(keyword.split())
        ]
        if fitting:
            at, keyword = max(fitting)
            found[keyword] += 1
        else:
            at += 1
    return found


def test_random_texts_as_the_published_scorer_counts_them() -> None:
    chance = random.Random(11)
    for _ in range(1500):
        words = "abcde" if chance.random() < 0.7 else "abcdefghijkl"
        reference, hypothesis = (" ".join(chance.choice(words) for _ in range(chance.randrange(14))) for _ in range(2))
        biasing = {word for word in words if chance.random() < 0.3}
        matcher = Matcher(sorted(biasing), str.split, together=False)
        found = count_biased(reference.split(), hypothesis.split(), matcher)
        assert tuple(found) == restated(reference, hypothesis, biasing), (reference, hypothesis, biasing)


@pytest.mark.parametrize(("profile", "between"), [(APRIL, " "), (AUGUST, "")], ids=["apart", "together"])
def test_random_keywords_as_the_twin_finds_them(profile: Profile, between: str) -> None:
    chance = random.Random(between)
    words = ["dog", "cat", "bird", "catbird", "dogs", "horse"]
    rows: list[dict[str, Any]] = []
    for _ in range(1000):
        reference, hypothesis = (
            " ".join(chance.choice(words) for _ in range(chance.randrange(1, 9))) for _ in range(2)
        )
        listed = {" ".join(chance.choice(words) for _ in range(chance.choice((1, 1, 2, 3)))) for _ in range(4)}
        together = {"".join(one.split()) if not between else one: one for one in sorted(listed)}
        rows.append({"reference": reference, "hypothesis": hypothesis, "keywords": tuple(together.values())})
    pairs = [(row["reference"], row["hypothesis"]) for row in rows]
    one = predictions(*pairs, keywords=[row["keywords"] for row in rows])
    found = find_keywords(count_predictions(one, profile).utterances(), profile, "en")
    for row, counted in zip(rows, found, strict=True):
        assert counted is not None
        said, written = (
            by_every_place(text.split(), list(row["keywords"]), between)
            for text in (row["reference"], row["hypothesis"])
        )
        made_up = sum(times for keyword, times in written.items() if keyword not in said)
        totals = (counted.right.total(), counted.said.total(), counted.written.total(), counted.made_up)
        assert totals == ((said & written).total(), said.total(), written.total(), made_up), row


def test_a_real_set_with_its_rare_words(shared: Path) -> None:
    """LibriSpeech, of whose words those that come once are the keywords: counts of each utterance, and all rates."""
    path = shared / "predictions" / "raw" / "MODEL_distil-whisper-cpu_DATASET_librispeech_test.clean_raw.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:120]]
    texts = [(AUGUST.normalize(row["text"], "en"), AUGUST.normalize(row["pred_text"], "en")) for row in rows]
    times = Counter(word for said, _ in texts for word in said.split())
    listed = [tuple(word for word in dict.fromkeys(said.split()) if times[word] == 1) for said, _ in texts]
    totals, right, said_total, written_total = Counter[int](), 0, 0, 0
    for (said, written), words in zip(texts, listed, strict=True):
        expected = restated(said, written, {*words})
        assert tuple(count_biased(said.split(), written.split(), Matcher(words, str.split, together=False))) == expected
        totals.update(dict(enumerate(expected)))
        both = [Counter(word for word in text.split() if word in words) for text in (said, written)]
        right += (both[0] & both[1]).total()
        said_total += both[0].total()
        written_total += both[1].total()
    assert totals[1] > 500
    one = predictions(*texts, keywords=list(listed))
    values = {name: measured(name, one, VERBATIM).value for name in NAMES}
    assert values["biased_wer"] == totals[0] / totals[1]
    assert values["unbiased_wer"] == totals[2] / totals[3]
    assert values["keyword_precision"] == right / written_total
    assert values["keyword_recall"] == right / said_total
    assert values["keyword_f1"] == 2 * right / (said_total + written_total)
    assert (values["biased_wer"] or 0) > 1.5 * (values["unbiased_wer"] or 0) > 0


# what is a keyword


def counts(reference: str, hypothesis: str, keywords: str, profile: Profile = AUGUST, **more: Any) -> tuple[int, ...]:
    """Right, in the reference, written, made up."""
    listed = tuple(keywords.split(";"))
    one = predictions((reference, hypothesis), keywords=[listed], **more)
    [found] = find_keywords(count_predictions(one, profile).utterances(), profile, one.language)
    assert found is not None
    return found.right.total(), found.said.total(), found.written.total(), found.made_up


def test_keywords_are_compared_as_they_are_normalized() -> None:
    assert counts("We met Granite Speech.", "we met granite, speech", "GRANITE speech") == (1, 1, 1, 0)
    assert counts("Twenty one dogs", "21 dogs", "twenty-one") == (1, 1, 1, 0)
    assert counts("Call Dr. Who", "call doctor who", "Dr. Who") == (1, 1, 1, 0)


def test_phrases_are_whole_and_the_longest() -> None:
    listed = "New York;New York Times;York"
    assert counts("the New York Times of York", "the New York of York", listed) == (1, 2, 2, 1)
    assert counts("new york", "york new", "New York") == (0, 1, 0, 0)


def test_inflected_words_are_other_words_and_a_normalizer_may_make_them_the_same() -> None:
    assert counts("Granite works", "Granites work", "granite") == (0, 1, 0, 0)
    assert counts("Granite's here", "granite is here", "granite") == (1, 1, 1, 0), "granite s here"
    assert counts("Granite's here", "granite is here", "granite", UNICODE) == (0, 0, 1, 1)


def test_what_is_written_together_counts_where_compounds_merge() -> None:
    assert counts("in New York now", "in Newyork now", "New York") == (1, 1, 1, 0)
    assert counts("in New York now", "in Newyork now", "New York", APRIL) == (0, 1, 0, 0)


def test_keywords_that_are_the_same_or_nothing_count_once_or_not() -> None:
    assert counts("a dog", "a dog", "dog;Dog;DOG.;...") == (1, 1, 1, 0)
    assert counts("dog dog cat", "dog cat cat", "dog;cat") == (2, 3, 3, 0)


def test_characters_are_enough_where_there_are_no_spaces() -> None:
    assert counts("我们在北京。", "我们在北京和上海。", "北京;上海", UNICODE, language="zh") == (1, 1, 2, 1)
    one = predictions(("我们在北京", "我们"), keywords=[("北京",)], language="zh")
    assert measured("biased_wer", one, UNICODE).reason == "the language is written without spaces"


def test_distractors_are_made_up_where_they_are_written() -> None:
    one = predictions(
        ("we met anna", "we met anna and bob"),
        ("go on", "go on"),
        keywords=[("Anna",), ()],
        distractors=[("Bob", "Eve"), ("Bob",)],
    )
    values = {name: (measured(name, one).count, measured(name, one).of) for name in NAMES}
    assert values == {
        "keyword_precision": (1, 2),
        "keyword_recall": (1, 1),
        "keyword_f1": (1, 1.5),
        "keywords_made_up": (1, 5 / 1000),
        "biased_wer": (0, 1),
        "unbiased_wer": (2, 4),  # a distractor is no biased word
    }


def test_words_of_a_phrase_are_biased_where_all_of_it_is_there() -> None:
    one = predictions(("new york is a new city", "new york is new city york"), keywords=[("New York",)])
    assert (measured("biased_wer", one, APRIL).count, measured("biased_wer", one, APRIL).of) == (0, 2)
    assert (measured("unbiased_wer", one, APRIL).count, measured("unbiased_wer", one, APRIL).of) == (2, 4)


def test_utterances_without_a_list_do_not_count() -> None:
    one = predictions(("a dog", "a dog"), ("a dog", "a cat"), keywords=[("dog",), None])
    assert (measured("keyword_recall", one).count, measured("keyword_recall", one).of) == (1, 1)
    nobody = predictions(("a dog", "a dog"))
    reasons = {measured(name, nobody).reason for name in NAMES}
    assert reasons == {"no utterance has keywords; give them with --keywords"}


@pytest.mark.parametrize(
    ("keyword", "expected"),
    [
        ("Granite", "name"),
        ("x@y.com", "e-mail"),
        ("john at example dot com", "e-mail"),
        ("www.example.com", "e-mail"),
        ("5 May", "date"),
        ("May 5th", "date"),
        ("2026-11-25", "date"),
        ("24.12.2025", "date"),
        ("3. Oktober", "date"),
        ("5 de mayo", "date"),
        ("GPT-4", "number"),
        ("$3,000", "number"),
        ("at the bank", "name"),
        ("May", "name"),
    ],
)
def test_classes(keyword: str, expected: str) -> None:
    assert class_of(keyword) == expected
