"""MER, WIL, CER, sentence errors, slices, confusions, numbers and names, flags and findings."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import jiwer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.cli import main
from harness.scoring.align import count_plain
from harness.scoring.diagnosis import diagnose, diagnose_counts, flags, inserted_per_minute, longest_repetition
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.measures import (
    ScoredUtterance,
    aligned,
    by_length,
    by_session,
    by_tag,
    character_errors,
    confusions,
    is_match,
    match_error_rate,
    scored_utterances,
    sentence_error_rate,
    word_information_lost,
    word_pairs,
)
from harness.scoring.predictions import Predictions, Row, read_systems
from harness.scoring.profiles import get_profile
from harness.scoring.score import utterance_counts
from harness.scoring.word_classes import Missed, missed_words

VERBATIM, AUGUST = get_profile("verbatim"), get_profile("leaderboard@2026-08")


def predictions(pairs: list[tuple[str, str | None]], language: str = "en", **columns: list[Any]) -> Predictions:
    rows = [
        Row(id=f"u{index}", reference=one, hypothesis=other, **{key: values[index] for key, values in columns.items()})
        for index, (one, other) in enumerate(pairs)
    ]
    return Predictions(benchmark="mine", language=language, rows=rows, source=Path("mine.jsonl"))


def utterances(*pairs: tuple[str, str], language: str = "en", **columns: list[Any]) -> list[ScoredUtterance]:
    return scored_utterances(predictions(list(pairs), language, **columns), VERBATIM)


words = st.lists(st.sampled_from("ab"), max_size=8)


@settings(max_examples=200, deadline=None)
@given(words.filter(bool), words)
def test_mer_and_wil_are_jiwers(reference: list[str], hypothesis: list[str]) -> None:
    theirs = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    counts = count_plain(reference, hypothesis)
    assert match_error_rate(counts) == pytest.approx(theirs.mer)
    assert word_information_lost(counts) == pytest.approx(theirs.wil)


def test_measures_at_their_edges() -> None:
    nothing, silent, noise = ErrorCounts(), ErrorCounts(deletions=3), ErrorCounts(insertions=2)
    assert [match_error_rate(counts) for counts in (nothing, silent, noise)] == [None, 1, 1]
    assert [word_information_lost(counts) for counts in (nothing, silent, noise)] == [None, 1, 1]
    assert sentence_error_rate([]) is None
    assert sentence_error_rate([nothing, silent, noise, ErrorCounts(hits=4)]) == 0.5


def test_character_errors_are_jiwers() -> None:
    pairs = [("one two", "one too"), ("a", ""), ("", "x y"), ("same", "same")]
    theirs = jiwer.process_characters([one for one, _ in pairs if one], [other for one, other in pairs if one])
    errors, characters = character_errors(utterances(*pairs))
    assert errors == theirs.substitutions + theirs.deletions + theirs.insertions + len("x y")
    assert characters == len("one two") + len("a") + len("same")


def test_utterances_are_those_that_score_counts() -> None:
    rows = [("a b", "a c"), ("", "noise"), ("d", None), ("e", "e")]
    theirs = Predictions(benchmark="mine", language="en", rows=predictions(rows).rows, source=Path("m"), ours=False)
    mine = Predictions(benchmark="mine", language="en", rows=predictions(rows).rows, source=Path("m"), ours=True)
    for one, ids in ((theirs, ["u0", "u1", "u3"]), (mine, ["u0", "u3"])):
        found = scored_utterances(one, AUGUST)
        assert [utterance.row.id for utterance in found] == ids
        total = sum((utterance.counts for utterance in found), ErrorCounts())
        assert total == sum(utterance_counts(one, AUGUST), ErrorCounts())


def test_slices_partition_the_counts() -> None:
    pairs = [(" ".join("abcdefgh"[:length]), "a") for length in (0, 1, 4, 5, 8)] + [("z " * 45, "z")]
    tags = [{"accent": "x"}, {"accent": "y"}, {"accent": "x"}, {}, {"accent": "x", "noise": "low"}, {}]
    found = utterances(*pairs, session=["s", "s", "t", None, "t", "u"], tags=tags)
    total = sum((one.counts for one in found), ErrorCounts())
    lengths = by_length(found)
    assert [(part.value, part.utterances) for part in lengths] == [("0", 1), ("1-4", 2), ("5-9", 2), ("40+", 1)]
    assert sum((part.counts for part in lengths), ErrorCounts()) == total
    sessions = by_session(found)
    assert [(part.value, part.utterances) for part in sessions] == [("s", 2), ("t", 2), ("u", 1)]
    assert [(part.kind, part.value, part.utterances) for part in by_tag(found)] == [
        ("accent", "x", 3),
        ("accent", "y", 1),
        ("noise", "low", 1),
    ]
    assert all(part.interval is None for part in [*lengths, *sessions])


def test_slices_have_intervals_over_their_sessions() -> None:
    pairs = [("a b c", "a b c" if index % 3 else "a x c") for index in range(12)]
    [part] = by_length(utterances(*pairs, session=[f"s{index % 6}" for index in range(12)]))
    assert part.interval is not None
    assert part.interval.sessions == 6
    assert part.interval.low < 4 / 36 < part.interval.high


def test_confusions() -> None:
    pairs = [("the white paper", "a whitepaper"), ("the cat", "a cat sat"), ("the end", "end"), ("the", "a")]
    found = confusions(utterances(*pairs), AUGUST, "en")
    assert found.substitutions == [(("the", "a"), 3)]
    assert found.deletions == [("the", 1)]
    assert found.insertions == [("sat", 1)]
    plain = confusions(utterances(*pairs), VERBATIM, "en")
    assert (("paper", "whitepaper"), 1) in plain.substitutions or (("white", "whitepaper"), 1) in plain.substitutions


@settings(max_examples=200, deadline=None)
@given(words, words)
def test_alignments_hold_every_word_and_the_errors_that_are_counted(one: list[str], other: list[str]) -> None:
    [utterance] = scored_utterances(predictions([(" ".join(one), " ".join(other))]), AUGUST)
    pairs = aligned(utterance, AUGUST, "en")
    assert " ".join(a for a, _ in pairs if a).split() == utterance.reference
    assert " ".join(b for _, b in pairs if b).split() == utterance.hypothesis
    assert sum(not is_match(pair) for pair in pairs) == utterance.counts.errors


def test_long_pairs_are_aligned_without_merging() -> None:
    generator = random.Random(1)
    reference = [f"w{generator.randrange(400)}" for _ in range(2500)]
    pairs = word_pairs(reference, reference[5:], merge=True)
    assert sum(not is_match(pair) for pair in pairs) == 5


def test_numbers_and_names_are_found_through_the_normalizer() -> None:
    pairs = [
        ("The price was twenty one dollars, said Mrs. Smith.", "the price was 21 dollars said missus smyth"),
        ("It fell by 3% in Berlin. Nobody in London knew.", "it fell by 4 percent in berlin nobody in london knew"),
        ("I think I'm right and so on.", "i think i'm right and so on"),
    ]
    found = missed_words(scored_utterances(predictions(list(pairs)), AUGUST), AUGUST, "en")
    assert found["number"] == Missed(words=2, missed=1)  # 21 dollars -> $21 is one word; 3% is missed
    assert found["name"] == Missed(words=4, missed=1)  # missus smith, berlin, london; not Nobody, not I'm
    assert Missed(0, 0).rate is None


@pytest.mark.parametrize("reference", ["HE MET JOHN IN PARIS", "he met john in paris"])
def test_names_need_references_with_capitals(reference: str) -> None:
    found = missed_words(utterances((reference, "he met john")), VERBATIM, "en")
    assert found["name"] is None


def test_no_word_classes_without_words() -> None:
    assert missed_words(utterances(("今日は3", "今日"), language="ja"), VERBATIM, "ja") == {
        "number": None,
        "name": None,
    }


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("", 0),
        ("a b c d", 1),
        ("that that is", 1),
        ("no no no no", 4),
        ("thank you thank you thank you", 3),
        ("a b a b", 2),
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


def test_inserted_words_per_minute() -> None:
    pairs = [("", "thank you very much"), ("", ""), ("speech", "speech")]
    assert inserted_per_minute(utterances(*pairs, duration=[20.0, 10.0, 99.0])) == (4, 0.5)
    assert inserted_per_minute(utterances(*pairs, duration=[20.0, None, 99.0])) is None
    assert inserted_per_minute(utterances(("speech", "speech"), duration=[1.0])) is None


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


def test_findings_name_utterances_and_causes() -> None:
    pairs = [(r, "" if index < 10 else h) for index, (r, h) in enumerate(healthy())]
    [finding] = diagnose(utterances(*pairs))
    assert [finding] == diagnose_counts(
        [f"u{index}" for index in range(200)], [one.counts for one in utterances(*pairs)]
    )
    assert finding.message.startswith("empty outputs in 10 of 200 utterances (5.0 %)")
    assert finding.utterances == ["u0", "u1", "u2", "u3", "u4"]


def real(shared: Path) -> list[Path]:
    return [path for path in sorted((shared / "predictions").glob("*/*.jsonl")) if "earnings21" not in path.name]


def test_only_the_broken_real_run_is_called_so(shared: Path) -> None:
    called: dict[str, list[str]] = {}
    for path in real(shared):
        [system] = read_systems([path])
        [one] = system.benchmarks
        rows = one.rows[:600]
        part = Predictions(benchmark=one.benchmark, language=one.language, rows=rows, source=one.source)
        found = scored_utterances(part, AUGUST)
        kinds_here = [finding.kind for finding in diagnose(found)]
        called.setdefault(path.parent.name, []).extend(kinds_here)
        by_counts = diagnose_counts([one.row.id for one in found], [one.counts for one in found])
        assert [finding.kind for finding in by_counts] == kinds_here[:1]
    assert called == {"broken": ["cut off", "repetition loops"], "cer": [], "normalized": [], "raw": []}


def test_character_rates_of_real_files(shared: Path) -> None:
    expected = json.loads((shared / "predictions" / "expected.json").read_text(encoding="utf-8"))
    for name in ("MODEL_qwen_DATASET_aishell1_test.jsonl",):
        [system] = read_systems([shared / "predictions" / "cer" / name])
        found = scored_utterances(system.benchmarks[0], VERBATIM)
        total = sum((one.counts for one in found), ErrorCounts())
        assert total.rate == pytest.approx(expected[name]["as_written/cer"], abs=1e-12)
        errors, characters = character_errors(found, spaces=False)
        assert (errors, characters) == (total.errors, total.words)


def test_details_hold_everything_as_json(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shared / "predictions" / "raw" / "MODEL_whisper-tiny.en_DATASET_voxpopuli_en_test_150.jsonl"
    assert main(["score", str(path), "--details", "--json"]) == 0
    [score] = json.loads(capsys.readouterr().out)
    [entry] = score["benchmarks"]
    details = entry["details"]
    assert details["wer"] == entry["wer"]
    assert 0 < details["cer"] < details["wer"] < details["wil"] < 1
    assert sum(part["utterances"] for part in details["by_length"]) == entry["utterances"] == 150
    assert details["flags"]["on_silence"]["utterances"] == 4
    assert details["missed"]["number"] == {"words": 22, "missed": 2, "rate": 1 / 11}
    assert details["findings"] == entry["warnings"] == []


def test_verb_prints_details_and_says_what_looks_broken(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [path] = (shared / "predictions" / "broken").glob("*.jsonl")
    assert main(["score", str(path), "--details"]) == 0
    printed = capsys.readouterr()
    assert "looks broken: outputs look cut off" in printed.out
    assert "most frequent errors" in printed.out
    assert "warning: openai-whisper-large-v3 on librispeech_test_clean: outputs look cut off" in printed.err
