"""Flags of single outputs, and findings about a whole benchmark."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, get_args

import pytest

from harness.scoring.diagnosis import FLAGS, Flag, diagnose, diagnose_counts, flags, longest_repetition
from harness.scoring.predictions import read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import ScoredUtterance, count_predictions
from tests.harness.scoring.made import predictions

if TYPE_CHECKING:
    from pathlib import Path

VERBATIM, AUGUST = get_profile("verbatim"), get_profile("leaderboard@2026-08")


def utterances(*pairs: tuple[str, str]) -> list[ScoredUtterance]:
    return count_predictions(predictions(*pairs), VERBATIM).utterances()


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("", 0),
        ("a b c d", 1),
        ("that that is", 1),
        ("no no no no", 4),
        ("thank you thank you thank you", 3),
        ("a b a b", 2),
        ("x no no no no", 4),
        ("no no no no x no no no no no", 5),
        ("1 2 3 4 5 6 7 8 9 0 " * 2, 2),
        ("1 2 3 4 5 6 7 8 9 0 a " * 2, 1),
    ],
)
def test_longest_repetition(text: str, times: int) -> None:
    assert longest_repetition(text.split()) == times


def test_flags() -> None:
    loop = "it is " + "you know " * 12
    found = utterances(
        ("a b c", ""),
        ("a b c d e", "a b"),
        ("a b", "a b c d e f g h i j"),
        ("", "thank you"),
        ("it is you know fine", loop),
        ("no no no no no no no no", "no no no no no no no no"),
        ("a b c d e", "a b c d f"),
        ("", ""),
    )
    assert [flags(one) for one in found] == [
        ["empty"],
        ["short"],
        ["long"],
        ["on_silence"],
        ["long", "repetition"],
        [],
        [],
        [],
    ]


def test_every_flag_has_a_meaning() -> None:
    assert tuple(FLAGS) == get_args(Flag)


def test_flags_at_their_limits() -> None:
    assert [flags(one) for one in utterances(("a b c", "a"), ("a b c d", "a b"), ("a b c d e", "a b c"))] == [
        [],
        ["short"],
        [],
    ]
    ten = "a b c d e f g h i j"
    assert [flags(one) for one in utterances(("k l", ten[:17]), ("k l", ten))] == [[], ["long"]]
    repeated = utterances(
        ("a b", "a b b b b x"),  # four times where it should be once
        ("a b", "a b b b x y"),  # three times
        ("b b b b a", "b b b b b b x y z"),  # six times against four
        ("b b b b a", "b b b b b b b x y"),  # seven against four
    )
    assert ["repetition" in flags(one) for one in repeated] == [True, False, False, True]


def healthy(count: int = 200) -> list[tuple[str, str]]:
    generator = random.Random(2)
    vocabulary = [f"w{number}" for number in range(300)]
    pairs = []
    for _ in range(count):
        reference = generator.choices(vocabulary, k=generator.randrange(3, 25))
        heard = [word if generator.random() > 0.3 else generator.choice(vocabulary) for word in reference]
        pairs.append((" ".join(reference), " ".join(heard)))
    return pairs


def kinds(pairs: list[tuple[str, str]]) -> list[str]:
    return [finding.kind for finding in diagnose(utterances(*pairs))]


def test_a_weak_but_healthy_run_is_not_called_broken() -> None:
    assert kinds(healthy()) == []
    assert kinds(healthy(19)) == []


def test_what_breaks_a_run_is_named() -> None:
    pairs = healthy()
    every = list(enumerate(pairs))
    assert kinds([(r, " ".join(h.split()[: len(h.split()) // 2])) for r, h in pairs]) == ["cut off"]
    assert kinds([(r, "" if index % 20 == 0 else h) for index, (r, h) in every]) == ["empty outputs"]
    assert kinds([(r, h + " and so" * 9 if index % 20 == 0 else h) for index, (r, h) in every]) == ["repetition loops"]
    assert kinds([(r, "thanks for watching" if index % 5 == 0 else h) for index, (r, h) in every])[-1:] == [
        "constant output"
    ]
    shifted = [(r, pairs[index - 1][0]) for index, (r, _) in every]
    assert "shifted" in kinds(shifted)
    assert kinds([(r, " uh ".join(h.split())) for r, h in pairs]) == ["length"]


def test_fewer_than_twenty_utterances_with_words_tell_nothing() -> None:
    broken = [(reference, "") for reference, _ in healthy(20)]
    assert kinds(broken) == ["empty outputs"]
    assert kinds([*broken[1:], *[("", "noise")] * 30]) == []
    one = utterances(*broken)
    assert diagnose_counts(["u"] * 20, [each.counts for each in one])
    assert not diagnose_counts(["u"] * 19, [each.counts for each in one[1:]])


def test_which_way_rows_are_shifted_is_said() -> None:
    pairs = healthy()
    for step, where in ((-1, "before"), (1, "after")):
        moved = [(r, pairs[(index + step) % 200][0]) for index, (r, _) in enumerate(pairs)]
        (finding,) = [one for one in diagnose(utterances(*moved)) if one.kind == "shifted"]
        assert f"the row {where} them" in finding.message


def test_an_output_is_constant_where_many_references_have_it() -> None:
    pairs = healthy()
    for references, expected in ((20, []), (21, ["constant output"])):
        found = [(r, " ".join(r.split()[:-1]) + " x") for r, _ in pairs]
        found[:references] = [(r, "one two three four five six") for r, _ in pairs[:references]]
        assert [kind for kind in kinds(found) if kind == "constant output"] == expected
    found = [(r, r) for r, _ in pairs[:175]] + [(r, "a b c d e f") for r, _ in pairs[175:]]
    (finding,) = [one for one in diagnose(utterances(*found)) if one.kind == "constant output"]
    assert finding.message.startswith("the same output, 'a b c d e f', for 25 different references")
    assert finding.utterances == ("u175", "u176", "u177", "u178", "u179")
    alike = [("the same words", "the same word")] * 30
    assert kinds(alike) == []


def test_text_that_is_missing_at_the_end_is_cut_off() -> None:
    whole = " ".join(f"w{number}" for number in range(30))
    pairs = [(whole, whole)] * 189
    for missing, count, expected in ((3, 11, ["cut off"]), (2, 11, []), (3, 9, [])):
        cut = " ".join(whole.split()[:-missing])
        assert kinds([*pairs, *[(whole, cut)] * count]) == expected
    long = " ".join(f"w{number}" for number in range(60))
    for missing, expected in ((5, []), (6, ["cut off"])):
        assert kinds([*pairs, *[(long, " ".join(long.split()[:-missing]))] * 11]) == expected, "a tenth"
    (finding,) = diagnose(utterances(*pairs, *[(whole, " ".join(whole.split()[:-3]))] * 11))
    assert "11 miss a tenth or more at the end" in finding.message
    assert finding.utterances == ("u189", "u190", "u191", "u192", "u193")


@pytest.mark.parametrize(("heard", "what"), [(79, "missing"), (80, None), (125, None), (126, "added")])
def test_the_ratio_of_lengths_is_healthy_from_0_8_to_1_25(heard: int, what: str | None) -> None:
    words = [f"w{number}" for number in range(100)]
    reference = " ".join(words)
    if heard < 100:
        words = words[100 - heard :]
    else:
        words = [part for at, word in enumerate(words) for part in [word, "uh"][: 1 + (at < heard - 100)]]
    found = diagnose(utterances(*[(reference, " ".join(words))] * 20))
    assert [one.message.split(": ")[1] for one in found if one.kind == "length"] == (
        [f"text is {what} throughout"] if what else []
    )


def test_findings_name_utterances_and_causes() -> None:
    pairs = [(r, "" if index < 10 else h) for index, (r, h) in enumerate(healthy())]
    [finding] = diagnose(utterances(*pairs))
    assert [finding] == diagnose_counts(
        [f"u{index}" for index in range(200)], [one.counts for one in utterances(*pairs)]
    )
    assert finding.message.startswith("empty outputs in 10 of 200 utterances (5.0 %)")
    assert finding.utterances == ("u0", "u1", "u2", "u3", "u4")


def real(shared: Path) -> list[Path]:
    return [path for path in sorted((shared / "predictions").glob("*/*.jsonl")) if "earnings21" not in path.name]


def test_only_the_broken_real_run_is_called_so(shared: Path) -> None:
    from dataclasses import replace

    called: dict[str, list[str]] = {}
    for path in real(shared):
        [system] = read_systems([path])
        [one] = system.benchmarks
        found = count_predictions(replace(one, rows=one.rows[:600]), AUGUST).utterances()
        kinds_here = [finding.kind for finding in diagnose(found)]
        called.setdefault(path.parent.name, []).extend(kinds_here)
        by_counts = diagnose_counts([one.row.id for one in found], [one.counts for one in found])
        assert [finding.kind for finding in by_counts] == kinds_here[:1]
    assert called == {"broken": ["cut off", "repetition loops"], "cer": [], "normalized": [], "raw": []}
