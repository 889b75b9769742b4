"""References beside what several systems heard."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.health.systems import Edit, check_systems, edits_of, together
from harness.records.health import HealthFinding
from harness.records.journal import Line
from harness.scoring.align import align
from harness.scoring.labels import labels
from harness.scoring.pairing import read_apart
from harness.scoring.predictions import Predictions, System
from harness.scoring.profile_files import get_profile
from harness.scoring.resolve import common_profile
from tests.harness.health.made import seen

PROFILE = get_profile("leaderboard@2026-08")
TEXTS = {
    "a": "the quick brown fox jumps over the lazy dog",
    "b": "she sells sea shells down by the shore",
    "c": "a stitch in time saves nine of them",
    "d": "many hands make light work of this",
}


def system(heard: dict[str, str], name: str = "m", benchmark: str = "data_x") -> System:
    rows = [Line(id=key, reference="", hypothesis=text) for key, text in heard.items()]
    one = Predictions(benchmark=benchmark, language="en", rows=rows, source=Path(name))
    return System(model=name, benchmarks=[one])


def check(
    references: dict[str, str], *heard: dict[str, str], language: str = "en", alone: bool = True
) -> list[HealthFinding]:
    rows = [seen(text, id=key, language=language) for key, text in references.items()]
    systems = [system({**TEXTS, **one}, f"m{number}") for number, one in enumerate(heard)]
    return check_systems(rows, systems, [one.model for one in systems], PROFILE, alone=alone)


def test_edits_have_their_places() -> None:
    found = list(edits_of(align(["a", "b", "c", "d"], ["a", "x", "c", "d", "e", "f"], merge=False)))
    assert found == [
        Edit(1, ("b",), ("x",)),
        Edit(4, (), ("e",)),
        Edit(4, (), ("f",), 1),
    ]
    assert together(found) == [Edit(1, ("b",), ("x",)), Edit(4, (), ("e", "f"))]


def test_nothing_where_all_is_right() -> None:
    assert check(TEXTS, {}, {}) == []


def test_what_all_hear_alike_is_found() -> None:
    wrong = {**TEXTS, "a": "the quick brown cat jumps over the lazy dog"}
    (found,) = check(wrong, {}, {})
    assert (found.kind, found.utterance, found.where, found.value) == ("label_error", "a", "words 4 to 4", 1)
    assert found.message == "the reference has 'cat' for 'fox', which all 2 systems hear"


def test_words_that_are_missing_or_too_many() -> None:
    wrong = {**TEXTS, "a": "the quick brown fox the lazy dog", "b": "she sells old sea shells down by the shore"}
    messages = {found.utterance: found.message for found in check(wrong, {}, {})}
    assert messages == {
        "a": "the reference has nothing for 'jumps over', which all 2 systems hear",
        "b": "the reference has 'old' for nothing, which all 2 systems hear",
    }


def test_errors_of_one_beside_the_wrong_word_do_not_hide_it() -> None:
    wrong = {**TEXTS, "a": "the quick brown cat jumps over the lazy dog"}
    (found,) = check(wrong, {"a": "the quick down fox jumps over the lazy dog"}, {})
    assert found.message == "the reference has 'cat' for 'fox', which all 2 systems hear"


def test_systems_that_disagree_say_nothing() -> None:
    wrong = {**TEXTS, "a": "the quick brown cat jumps over the lazy dog"}
    assert check(wrong, {"a": "the quick brown box jumps over the lazy dog"}, {}) == []


def test_one_system_is_no_witness() -> None:
    assert check({**TEXTS, "a": "the quick brown cat jumps over the lazy dog"}, {}) == []


def test_three_of_four_are_enough() -> None:
    wrong = {**TEXTS, "a": "the quick brown cat jumps over the lazy dog"}
    (found,) = check(wrong, {"a": "the quick brown cat jumps over the lazy dog"}, {}, {}, {})
    assert found.message.endswith("which 3 systems or more hear")
    assert check(wrong, {"a": wrong["a"]}, {}, {}) == []


def test_a_way_of_spelling_is_no_error() -> None:
    said = {key: f"{text} colour" for key, text in TEXTS.items()}
    heard = {key: f"{text} colorful" for key, text in TEXTS.items()}
    assert check(said, heard, heard) == []
    two = {key: said[key] if key in "ab" else TEXTS[key] for key in TEXTS}
    heard_two = {key: heard[key] for key in "ab"}
    assert {found.utterance for found in check(two, heard_two, heard_two)} == {"a", "b"}


def test_exchanged_references() -> None:
    found = check({**TEXTS, "a": TEXTS["b"], "b": TEXTS["a"]}, {}, {})
    assert [(one.kind, one.utterance, one.others) for one in found] == [
        ("swapped_reference", "a", ("b",)),
        ("swapped_reference", "b", ("a",)),
    ]
    assert "the two are exchanged" in found[0].message


def test_a_chain_of_shifted_references() -> None:
    found = check(dict(zip("abcd", [TEXTS["d"], TEXTS["a"], TEXTS["b"], TEXTS["c"]], strict=True)), {})
    assert [(one.utterance, one.others) for one in found] == [
        ("a", ("b",)),
        ("b", ("c",)),
        ("c", ("d",)),
        ("d", ("a",)),
    ]
    assert found[0].message.startswith("what is heard is the reference of b, whose own audio has that of c")


def test_nothing_is_heard() -> None:
    found = check(TEXTS, {"a": ""}, {"a": " "})
    assert [(one.kind, one.utterance, one.message) for one in found] == [
        ("nothing_heard", "a", "all 2 transcripts are empty")
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [("ich habe das nicht gesehen und wir auch nicht", "words of 'de'"), ("это по русски", "Cyrillic")],
)
def test_another_language_is_heard(text: str, what: str) -> None:
    (found,) = check(TEXTS, {"a": text}, {"a": text})
    assert (found.kind, found.utterance) == ("heard_language", "a")
    assert what in found.message


def test_foreign_ids_are_found_by_their_file_names() -> None:
    rows = [seen("the quick brown cat", id="x/a1"), seen("other words here", id="x/b1")]
    heard = {"/data/a1.wav": "the quick brown fox", "/data/b1.wav": "other words here"}
    systems = [system(heard, "m"), system(heard, "n")]
    assert [one.utterance for one in check_systems(rows, systems, ["m", "n"], PROFILE, alone=True)] == ["x/a1"]


def test_a_system_of_another_set_is_refused_where_there_is_one_set() -> None:
    rows = [seen("words", id="elsewhere")]
    with pytest.raises(UsageError, match="m has none of the 1 utterance of data_x"):
        check_systems(rows, [system({})], ["m"], PROFILE, alone=True) or pytest.fail("no error")
    assert check_systems(rows, [system({"a": "x"}, benchmark="y")], ["m"], PROFILE, alone=False) == []


def test_other_words_rank_before_other_spellings() -> None:
    wrong = {
        **TEXTS,
        "b": "she sells see shells down by the shore",
        "a": "the quick brown elephant jumps over the lazy dog",
    }
    spelled, other = sorted(check(wrong, {}, {}), key=lambda one: one.confidence)
    assert (spelled.utterance, other.utterance) == ("b", "a")
    assert (spelled.severity, other.severity) == ("low", "medium")


def test_what_systems_leave_out_everywhere_ranks_low() -> None:
    """One word more in a reference is a wrong label, in half of them it is a way of transcribing."""
    more = ["really", "actually", "basically", "obviously", "literally", "honestly", "seriously", "definitely"]
    texts = {f"r{at}": f"{text} {at}" for at, text in enumerate([*TEXTS.values()] * 25)}

    def confidence(rows: int) -> float:
        wrong = dict(texts)
        for at in range(rows):
            wrong[f"r{at}"] = f"{more[at % 8]}{'abcdefgh'[at // 8]} {texts[f'r{at}']}"
        found = {one.utterance: one.confidence for one in check(wrong, texts, texts)}
        assert len(found) == rows
        return found["r0"]

    assert confidence(1) > 0.7
    assert confidence(64) < confidence(1) - 0.25


@pytest.mark.parametrize(("sets", "found", "first"), [("librispeech_test.clean", 0.9, 0.8), ("ami_test", 0.85, 0.4)])
def test_wrong_labels_among_real_transcripts(shared: Path, sets: str, found: float, first: float) -> None:
    """Words of 90 of 1,500 references are exchanged, left out or put in; two real systems transcribed them."""
    systems = read_apart(sorted((shared / "predictions" / "normalized").glob(f"*_{sets}.jsonl")), None)
    assert len(systems) == 2
    rng = random.Random(7)
    lines = systems[0].benchmarks[0].rows[:1500]
    references = {line.id: line.reference.split() for line in lines}
    words = [word for text in references.values() for word in text if len(word) > 3]
    planted = rng.sample([key for key, text in references.items() if sum(len(word) > 3 for word in text) > 2], 90)
    for number, key in enumerate(planted):
        text = references[key]
        at = rng.choice([place for place, word in enumerate(text) if len(word) > 3])
        text[at : at + (number % 3 != 2)] = [rng.choice(words)] if number % 3 else []
    rows = [seen(" ".join(text), id=key) for key, text in references.items()]
    every = check_systems(rows, systems, labels(systems), common_profile(systems, None), alone=True)
    errors = sorted((one for one in every if one.kind == "label_error"), key=lambda one: -one.confidence)
    flagged = [one.utterance for one in errors]
    assert len(set(flagged) & set(planted)) >= found * len(planted)
    assert len(set(flagged[:50]) & set(planted)) >= first * 50
