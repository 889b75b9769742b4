"""Marks, capitals and numbers on the alignment of normalized words, against a twin that knows how texts were made."""

from __future__ import annotations

import functools
import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jiwer
import pytest

from harness.scoring.metrics import get_metric, measure
from harness.scoring.metrics.numbers import same_number
from harness.scoring.predictions import Predictions, read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions
from harness.scoring.written.counts import Tally, capitalization, capitals_of, numbers, punctuation
from harness.scoring.written.facing import Faced, face, faces, tells_words
from tests.harness.scoring.made import predictions
from tests.harness.scoring.test_weighted import whole_table

if TYPE_CHECKING:
    from pathlib import Path

    from harness.records.statistics import MetricValue
    from harness.scoring.profiles import Profile

APRIL, AUGUST = get_profile("leaderboard@2026-04"), get_profile("leaderboard@2026-08")
UNICODE, VERBATIM = get_profile("unicode@2026-11"), get_profile("verbatim")


def faced(reference: str, hypothesis: str, profile: Profile = AUGUST, language: str = "en") -> Faced:
    """One pair of texts on each other."""
    one = count_predictions(predictions((reference, hypothesis), language=language), profile)
    [found] = faces(one.utterances(), profile, language)
    assert found is not None
    return found


def marks(reference: str, hypothesis: str, profile: Profile = AUGUST, language: str = "en") -> Tally:
    return punctuation(faced(reference, hypothesis, profile, language))


def tally(right: str = "", taken: str = "", left_out: str = "", added: str = "") -> Tally:
    """Marks as a tally; `taken` in pairs, what the reference has first."""
    pairs = Counter(zip(taken[::2], taken[1::2], strict=True))
    return Tally(Counter(right), pairs, Counter(left_out), Counter(added))


# the twin


@dataclass
class Made:
    """A text whose words and marks are known: each word with its capitals, and the marks that follow it."""

    words: list[tuple[str, str]]

    @property
    def text(self) -> str:
        return " ".join(word + marks for word, marks in self.words)

    @property
    def plain(self) -> list[str]:
        return [word.lower() for word, _ in self.words]


WORDS = ("dog", "cat", "bird", "horse", "sheep")


def made(chance: random.Random, least: int = 1) -> Made:
    """A random text."""
    words = []
    for _ in range(chance.randrange(least, 9)):
        word = chance.choice(WORDS)
        written = chance.choice((word, word, word.capitalize(), word.upper(), word[0] + word[1:].upper()))
        words.append((written, chance.choice(("", "", "", ".", ",", "?", "!", ",?", ";"))))
    return Made(words)


def twin(said: Made, written: Made) -> tuple[Tally, Tally, int]:
    """Marks, capitals, and how many words were compared; jiwer aligns, and each gap is looked at by itself."""
    marks, capitals = Tally(), Tally()
    compared = 0
    chunks = jiwer.process_words(" ".join(said.plain), " ".join(written.plain)).alignments[0]
    gap: tuple[list[str], list[str]] = [], []

    def close() -> None:
        for at, other in whole_table(*gap, 1, 1):
            if at is None:
                marks.added[gap[1][other or 0]] += 1
            elif other is None:
                marks.left_out[gap[0][at]] += 1
            elif gap[0][at] == gap[1][other]:
                marks.right[gap[0][at]] += 1
            else:
                marks.taken[gap[0][at], gap[1][other]] += 1
        gap[0].clear()
        gap[1].clear()

    for chunk in chunks:
        left, right = (
            said.words[chunk.ref_start_idx : chunk.ref_end_idx],
            written.words[chunk.hyp_start_idx : chunk.hyp_end_idx],
        )
        for at in range(max(len(left), len(right))):
            if chunk.type in {"equal", "substitute"}:
                close()
            if at < len(left):
                gap[0].extend(left[at][1])
            if at < len(right):
                gap[1].extend(right[at][1])
            if chunk.type == "equal":
                compared += 1
                one, other = left[at][0], right[at][0]
                kinds = [kind_of(word) for word in (one, other)]
                if one == other and kinds[0]:
                    capitals.right[kinds[0]] += 1
                elif one != other and kinds[0] and kinds[1]:
                    capitals.taken[kinds[0], kinds[1]] += 1
                elif one != other and kinds[0]:
                    capitals.left_out[kinds[0]] += 1
                elif one != other:
                    capitals.added[kinds[1]] += 1
    close()
    return marks, capitals, compared


def kind_of(word: str) -> str:
    """The class of a made word with capitals; empty without."""
    return {word.lower(): "", word.capitalize(): "Capitalized", word.upper(): "UPPER"}.get(word, "mixed")


@pytest.mark.parametrize("profile", [APRIL, UNICODE, VERBATIM], ids=lambda profile: profile.name)
def test_random_texts_as_the_twin_counts_them(profile: Profile) -> None:
    chance = random.Random(profile.name)
    pairs = [(made(chance), made(chance, least=0)) for _ in range(1000)]
    pairs += [(one, Made([word for word in one.words if chance.random() < 0.9])) for one, _ in pairs[:300]]
    scored = count_predictions(predictions(*((one.text, other.text) for one, other in pairs)), profile)
    for pair, found in zip(pairs, faces(scored.utterances(), profile, "en"), strict=True):
        assert found is not None
        marks, capitals, compared = twin(*pair)
        assert punctuation(found) == marks, pair
        assert capitalization(found) == (capitals, compared), pair


def test_rates_of_random_texts_are_those_of_the_twins_sums() -> None:
    chance = random.Random(7)
    pairs = [(made(chance), made(chance)) for _ in range(200)]
    one = predictions(
        *((said.text, written.text) for said, written in pairs), session=[f"s{at % 9}" for at in range(200)]
    )
    marks, capitals, compared = Tally(), Tally(), 0
    for pair in pairs:
        more_marks, more_capitals, more = twin(*pair)
        marks.add(more_marks)
        capitals.add(more_capitals)
        compared += more
    right, taken = marks.right.total(), marks.taken.total()
    said, written = right + taken + marks.left_out.total(), right + taken + marks.added.total()
    errors = taken + marks.left_out.total() + marks.added.total()
    expected = {
        "punctuation_error_rate": errors / (errors + right),
        "punctuation_precision": right / written,
        "punctuation_recall": right / said,
        "punctuation_f1": 2 * (right / said) * (right / written) / (right / said + right / written),
        "capitalization_error_rate": capitals.errors / compared,
        "capitalization_f1": 2 * capitals.right.total() / (capitals.of()[1] + capitals.of()[2]),
    }
    for name, value in expected.items():
        found = measured(name, one, APRIL)
        assert found.value == pytest.approx(value, abs=1e-12), name
        assert found.interval is not None
        assert 0 <= found.interval.low < value < found.interval.high, name
        if get_metric(name).better == "higher":
            assert found.interval.high <= 1, name


def measured(name: str, one: Predictions, profile: Profile = AUGUST) -> MetricValue:
    found = measure(get_metric(name), count_predictions(one, profile).utterances(), profile, one.language)
    assert found is not None
    return found


# what faces what


def test_marks_between_the_same_words_face_each_other() -> None:
    assert marks("So, he left. Why?", "So he left! Why?") == tally(right="?", taken=".!", left_out=",")
    assert marks("one two three", "one, two three.") == tally(added=",.")
    assert marks("go on.", "") == tally(left_out=".")
    assert marks("He ran, and fell.", "He ran and, fell.") == tally(right=".", left_out=",", added=",")


def test_marks_beside_words_that_are_missing_or_wrong() -> None:
    assert marks("we saw a big dog, then.", "we saw a dog, then.") == tally(right=",.")
    assert marks("we saw a dog. then", "we saw a dog uh there. then") == tally(right=".")
    assert marks("it was Adona, he said", "it was Adana, he said") == tally(right=",")


def test_what_a_normalizer_makes_of_words_is_traced() -> None:
    assert marks("It was twenty one, Mr. Smith.", "It was 21, mister Smith.") == tally(right=",.", left_out=".")
    assert marks("I'm here, at 3 p.m. today.", "I am here at three pm. Today.") == tally(right="..", left_out=",")
    assert marks("um, well, yes.", "Well, yes.") == tally(right=",.", left_out=",")
    assert marks("in New York, now", "in Newyork, now") == tally(right=",")
    assert marks("in New, York now", "in Newyork now") == tally(left_out=",")


def test_profiles_that_keep_marks_align_words_without_them() -> None:
    plain = functools.cache(VERBATIM.texts("en").words)
    assert not tells_words(plain, "en")
    assert tells_words(AUGUST.texts("en").words, "en")
    assert tells_words(UNICODE.texts("zh").words, "zh")
    assert not tells_words(VERBATIM.texts("zh").words, "zh")
    assert marks("So, he left.", "so he LEFT!", VERBATIM) == tally(taken=".!", left_out=",")


@pytest.mark.parametrize("profile", [UNICODE, VERBATIM, AUGUST], ids=lambda profile: profile.name)
def test_languages_without_spaces(profile: Profile) -> None:
    assert marks("今天，我们去。好吗？", "今天我们去。好吗。", profile, "zh") == tally(
        right="。", taken="？。", left_out="，"
    )


def test_a_text_that_no_rule_can_read_is_aligned_as_it_is() -> None:
    long = "9" * 4400
    assert marks(f"{long}, and so.", f"{long} and so.") == tally(right=".", left_out=",")


def test_a_reference_of_several_spellings_is_not_counted() -> None:
    one = predictions(('[["colour", "color"], ["is."]]', "color is."), ("Yes, it is.", "yes it is."))
    found = measured("punctuation_error_rate", one)
    assert (found.count, found.of) == (1, 2)
    assert [
        face(each, str.split, "en", by_profile=False) is None for each in count_predictions(one, AUGUST).utterances()
    ] == [True, False]


# capitals


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("dog", "lower"),
        ("Dog", "Capitalized"),
        ("I", "Capitalized"),
        ("NATO", "UPPER"),
        ("iPhone", "mixed"),
        ("McDonald", "mixed"),
        ("Émile", "Capitalized"),
        ("ÉTÉ", "UPPER"),
        ("Κως", "Capitalized"),
        ("3rd", "lower"),
        ("'Tis", "Capitalized"),
        ("42", None),
        ("今天", None),
        ("नमस्ते", None),
    ],
)
def test_classes_of_capitals(word: str, kind: str | None) -> None:
    assert capitals_of(word) == kind


def test_capitals_are_of_words_that_both_have() -> None:
    found, compared = capitalization(
        faced("We met Anna at NATO on an iPhone, Bob.", "we Met Ana at Nato on an IPhone, Bob")
    )
    assert compared == 8, "not Anna"
    assert found == Tally(
        Counter({"Capitalized": 1}),
        Counter({("UPPER", "Capitalized"): 1, ("mixed", "mixed"): 1}),
        Counter({"Capitalized": 1}),
        Counter({"Capitalized": 1}),
    )


def test_words_that_became_several_are_compared_where_both_are_one() -> None:
    assert faced("I'm in the U.S. now", "i'm in the U.S. now").same_words()[0] == ("I'm", "i'm")
    assert ("twenty", "20") in faced("Twenty dogs", "20 dogs").same_words() or faced(
        "Twenty dogs", "20 dogs"
    ).same_words() == [
        ("Twenty", "20"),
        ("dogs", "dogs"),
    ]
    assert faced("I am here", "I'm here").same_words() == [("here", "here")]


# numbers


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("It was 20 dogs.", "It was 20 dogs", {"as written": 1}),
        ("It was 20 dogs.", "It was twenty dogs", {"spelled out": 1}),
        ("It was 21 dogs.", "It was twenty-one dogs", {"spelled out": 1}),
        ("It was 3,000 dogs.", "It was 3000 dogs", {"other form": 1}),
        ("It was 20 dogs.", "It was 30 dogs", {"wrong": 1}),
        ("It was 20 dogs.", "It was dogs", {"wrong": 1}),
        ("It was 3,000 dogs.", "It was 3,500 dogs", {"wrong": 1}),
        ("It cost $5.", "it cost five dollars", {"spelled out": 1}),
        ("up 5% and 10%", "up five percent and 10%", {"spelled out": 1, "as written": 1}),
        ("no number here", "no 5 here", {}),
    ],
)
@pytest.mark.parametrize("profile", [AUGUST, UNICODE, VERBATIM], ids=lambda profile: profile.name)
def test_what_becomes_of_numbers(reference: str, hypothesis: str, expected: dict[str, int], profile: Profile) -> None:
    assert numbers(faced(reference, hypothesis, profile), same_number("en")) == expected


def test_numbers_in_other_languages() -> None:
    found = numbers(
        faced("es sind 20 Hunde und 3 Katzen", "es sind zwanzig Hunde und vier Katzen", AUGUST, "de"), same_number("de")
    )
    assert found == {"spelled out": 1, "wrong": 1}


def test_shares_of_numbers() -> None:
    one = predictions(("20 dogs, 5 cats.", "twenty dogs, 5 cats."), ("7 mice", "8 mice"), ("1,000 rats", "1000 rats"))
    found = [measured(f"numbers_{name}", one).value for name in ("as_written", "spelled_out", "wrong")]
    assert found == [1 / 4, 1 / 4, 1 / 4]
    german = predictions(("今年は3年", "今年は三年"), language="ja")
    assert measure(get_metric("numbers_wrong"), count_predictions(german, UNICODE).utterances(), UNICODE, "ja") is None


# formatted


def test_the_formatted_rate_counts_all_but_white_space() -> None:
    one = predictions(("So,  he left.\n", "So he left."), ("Caf\u00e9 No. 5?", "Cafe\u0301 No. five?"))
    found = measured("formatted_wer", one)
    assert (found.count, found.of) == (2, 6)
    chinese = predictions(("今天，我们 去。", "今天我们去。"), language="zh")
    found = measured("formatted_wer", chinese, UNICODE)
    assert (found.count, found.of) == (1, 7)


# references that say nothing of it

METRICS = ("punctuation_error_rate", "punctuation_error_rate_nemo", "comma_f1", "formatted_wer")
CAPITALS = ("capitalization_error_rate", "capitalization_f1")


@pytest.mark.parametrize(
    ("references", "names", "reason"),
    [
        (["HE MET JOHN", "IN PARIS"], METRICS, "the references have no punctuation (0 marks in 5 words)"),
        (["he met john " * 50, "so."], METRICS, "the references have no punctuation (1 mark in 151 words)"),
        (["HE MET JOHN.", "IN, PARIS."], CAPITALS, "the references are all in capitals (5 of 5 words)"),
        (["he met john.", "in, paris."], CAPITALS, "the references have no capitals (0 of 5 words)"),
        (["he met john.", "in, paris."], METRICS[3:], "the references have no capitals (0 of 5 words)"),
        (["你好，世界。"], CAPITALS, "the references have no letters with case"),
        (["", ""], METRICS, "the references have no words"),
    ],
)
def test_references_that_cannot_judge_are_recognized(
    references: list[str], names: tuple[str, ...], reason: str
) -> None:
    one = predictions(*((text, "Well, it is.") for text in references))
    for name in names:
        found = measured(name, one)
        assert (found.value, found.count, found.of, found.reason) == (None, None, None, reason), name


@pytest.mark.parametrize(
    "references", [["So he left.", "Why?"], ["He met John.", "in, Paris"], ["The BBC.", "OK, fine"]]
)
def test_references_that_can_judge_are_not_refused(references: list[str]) -> None:
    one = predictions(*((text, text) for text in references))
    assert all(measured(name, one).reason is None for name in (*METRICS, *CAPITALS))
    assert [measured(name, one).value for name in ("punctuation_error_rate", "capitalization_f1", "formatted_wer")] == [
        0,
        1,
        0,
    ]


def test_which_real_sets_can_judge(shared: Path) -> None:
    expected = {
        "raw/MODEL_distil-whisper-cpu_DATASET_librispeech_test.clean_raw.jsonl": (True, True),
        "raw/MODEL_whisper-tiny.en_DATASET_voxpopuli_en_test_150.jsonl": (False, False),
        "cer/MODEL_qwen_DATASET_aishell1_test.jsonl": (True, True),
        "cer/MODEL_openai-whisper-large-v3_DATASET_mozilla-foundation-common_voice_17_0_ja_test.jsonl": (False, True),
    }
    for name, refused in expected.items():
        [system] = read_systems([shared / "predictions" / name])
        utterances = count_predictions(system.benchmarks[0], VERBATIM).utterances()[:400]
        language = system.benchmarks[0].language
        found = [
            measure(get_metric(one), utterances, VERBATIM, language) for one in ("formatted_wer", "capitalization_f1")
        ]
        assert tuple(one is not None and one.reason is not None for one in found) == refused, name


def test_a_real_set_counted_whole(shared: Path) -> None:
    path = shared / "predictions" / "raw" / "MODEL_whisper-tiny.en_DATASET_voxpopuli_en_test_150.jsonl"
    [system] = read_systems([path])
    [one] = system.benchmarks
    values = {
        name: measured(name, one) for name in ("punctuation_error_rate", "capitalization_error_rate", "formatted_wer")
    }
    assert {name: (found.count, found.of) for name, found in values.items()} == {
        "punctuation_error_rate": (129, 363),
        "capitalization_error_rate": (86, 2948),
        "formatted_wer": (669, 3226),
    }
    rows = [(row.reference.split(), (row.hypothesis or "").split()) for row in one.rows]
    theirs = [jiwer.process_words(" ".join(said), " ".join(written)) for said, written in rows if said]
    errors = sum(each.substitutions + each.deletions + each.insertions for each in theirs)
    assert values["formatted_wer"].count == errors + sum(len(written) for said, written in rows if not said)
