"""Word times: cases counted by hand, a slow twin on random ones, times that begin again at 0, and files to tables."""

from __future__ import annotations

import json
import random
import statistics
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main
from harness.scoring.metrics import get_metric, measure
from harness.scoring.metrics.base import Noted
from harness.scoring.profile_files import get_profile
from harness.scoring.rollover import ends_early, goes_back, rolls_over, unwrapped
from harness.scoring.rows import read_rows
from harness.scoring.scored import count_predictions
from harness.scoring.times import TimeErrors, errors_of
from harness.scoring.transcripts import read_transcripts
from harness.types import Turn, Word
from tests.harness.scoring.made import predictions

if TYPE_CHECKING:
    from pathlib import Path

    from harness.records.statistics import MetricValue

VERBATIM, AUGUST = get_profile("verbatim"), get_profile("leaderboard@2026-08")
EVERY = ("error", "error_median", "error_p90", "within_50ms", "within_100ms", "within_200ms", "bias", "scatter")


def spoken(*words: tuple[str, float, float]) -> tuple[Word, ...]:
    return tuple(Word(*word) for word in words)


def measured(name: str, *pairs: tuple[str, str], profile: Any = VERBATIM, **columns: Any) -> MetricValue:
    found = measure(
        get_metric(name), count_predictions(predictions(*pairs, **columns), profile).utterances(), profile, "en"
    )
    assert found is not None
    return found


SAID = spoken(("a", 0.0, 0.5), ("b", 0.5, 1.0), ("c", 1.5, 2.0), ("d", 2.0, 2.5))


def test_errors_counted_by_hand() -> None:
    """`c` is wrong and does not count; starts are 0, 80 and 280 ms late, ends 10 ms early, 0 and 150 ms late."""
    written = spoken(("a", 0.0, 0.49), ("b", 0.58, 1.0), ("x", 1.5, 2.0), ("d", 2.28, 2.65))
    found = {
        f"{edge}_{name}": measured(f"{edge}_{name}", ("a b c d", "a b x d"), reference_words=[SAID], words=[written])
        for edge in ("start", "end")
        for name in EVERY
    }
    values = {name: one.value for name, one in found.items()}
    assert values == pytest.approx(
        {
            "start_error": 120.0,
            "start_error_median": 80.0,
            "start_error_p90": 280.0,
            "start_within_50ms": 1 / 3,
            "start_within_100ms": 2 / 3,
            "start_within_200ms": 2 / 3,
            "start_bias": 80.0,
            "start_scatter": 280 / 3,
            "end_error": 160 / 3,
            "end_error_median": 10.0,
            "end_error_p90": 150.0,
            "end_within_50ms": 2 / 3,
            "end_within_100ms": 2 / 3,
            "end_within_200ms": 1.0,
            "end_bias": 0.0,
            "end_scatter": 160 / 3,
        }
    )
    assert {one.of for one in found.values()} == {3}
    timed = measured("words_timed", ("a b c d", "a b x d"), reference_words=[SAID], words=[written])
    assert (timed.count, timed.of) == (3, 4)


def test_what_is_late_as_a_whole_is_bias_and_no_scatter() -> None:
    late = tuple(Word(one.text, one.start + 0.08, one.end + 0.08) for one in SAID)
    columns = {"reference_words": [SAID], "words": [late]}
    pair = ("a b c d", "a b c d")
    names = ("start_error", "start_bias", "start_scatter", "start_within_50ms", "start_within_100ms", "end_bias")
    assert [measured(name, pair, **columns).value for name in names] == [80.0, 80.0, 0.0, 0.0, 1.0, 80.0]


def test_exactly_at_the_edge_is_within() -> None:
    written = tuple(Word(one.text, one.start + 0.05, one.end + 0.2) for one in SAID)
    columns = {"reference_words": [SAID], "words": [written]}
    names = ("start_within_50ms", "end_within_100ms", "end_within_200ms")
    assert [measured(name, ("a b c d", "a b c d"), **columns).value for name in names] == [1.0, 0.0, 1.0]


def test_words_that_a_normalizer_changes() -> None:
    """`I'm` and `I am` begin and end together; `twenty one` is one word of both; what is written otherwise is right."""
    said = spoken(("I'm", 0.0, 0.5), ("twenty", 0.5, 1.0), ("one,", 1.0, 1.5), ("Mr.", 1.5, 2.0), ("Smith", 2.0, 2.5))
    written = spoken(("i", 0.1, 0.3), ("am", 0.3, 0.6), ("21", 0.5, 1.7), ("mister", 1.5, 2.0), ("smith", 2.0, 2.4))
    one = predictions(("I'm twenty one, Mr. Smith", "i am 21 mister smith"), reference_words=[said], words=[written])
    [found] = errors_of(count_predictions(one, AUGUST).utterances(), AUGUST, "en")
    assert found == TimeErrors((100.0, 0.0, 0.0, 0.0), (100.0, 200.0, 0.0, -100.0), 4, 4)


def test_segments_tell_the_times_of_their_first_and_last_words() -> None:
    turns = (Turn("", "a b", 0.0, 1.0), Turn("", "c d", 1.5, 2.5))
    columns: dict[str, Any] = {"reference_turns": [turns], "words": [SAID]}
    one = predictions(("a b c d", "a b c d"), **columns)
    [found] = errors_of(count_predictions(one, VERBATIM).utterances(), VERBATIM, "en")
    assert found == TimeErrors((0.0, 0.0), (0.0, 0.0), 4, 4)
    one = predictions(("a b c d", "a b c d"), reference_words=[SAID], turns=[(Turn("", "a b c d", 0.5, 2.0),)])
    [found] = errors_of(count_predictions(one, VERBATIM).utterances(), VERBATIM, "en")
    assert found == TimeErrors((500.0,), (-500.0,), 2, 4)


def twin(said: list[Word], written: list[Word]) -> tuple[list[float], list[float]]:
    """Words that are all different: each is right where it is on both sides, and in the same order."""
    theirs = {one.text: one for one in written}
    both = [(one, theirs[one.text]) for one in said if one.text in theirs]
    return [1000 * (b.start - a.start) for a, b in both], [1000 * (b.end - a.end) for a, b in both]


def test_a_thousand_random_texts_are_counted_as_a_slow_twin_counts_them() -> None:
    chance = random.Random(11)
    pairs, said, written, starts, ends = [], [], [], [], []
    for _ in range(1000):
        at, own = 0.0, []
        for number in range(chance.randrange(1, 12)):
            start = at + chance.choice((0, 0.05, 0.3))
            at = start + chance.uniform(0.05, 0.8)
            own.append(Word(f"w{number}", start, at))
        kept = [
            Word(
                one.text if chance.random() < 0.8 else f"x{one.text}", max(0.0, one.start + chance.gauss(0.04, 0.1)), 0
            )
            for one in own
            if chance.random() < 0.9
        ]
        kept = [Word(one.text, one.start, one.start + chance.uniform(0, 0.9)) for one in kept]
        pairs.append((" ".join(one.text for one in own), " ".join(one.text for one in kept)))
        said.append(tuple(own))
        written.append(tuple(kept))
        late = twin(own, kept)
        starts += late[0]
        ends += late[1]
    columns: dict[str, Any] = {"reference_words": said, "words": written}
    utterances = count_predictions(predictions(*pairs, **columns), VERBATIM).utterances()
    for edge, errors in (("start", starts), ("end", ends)):
        bias, distances = statistics.median(errors), sorted(map(abs, errors))
        expected = {
            "error": statistics.fmean(distances),
            "error_median": statistics.median(distances),
            "error_p90": next(
                one for one in distances if sum(other <= one for other in distances) >= 0.9 * len(errors)
            ),
            "within_50ms": sum(one <= 50 for one in distances) / len(errors),
            "within_100ms": sum(one <= 100 for one in distances) / len(errors),
            "within_200ms": sum(one <= 200 for one in distances) / len(errors),
            "bias": bias,
            "scatter": statistics.fmean(abs(one - bias) for one in errors),
        }
        for name, value in expected.items():
            found = measure(get_metric(f"{edge}_{name}"), utterances, VERBATIM, "en")
            assert found is not None
            assert found.of == len(errors)
            assert found.value == pytest.approx(value, abs=1e-5), name
    timed = measure(get_metric("words_timed"), utterances, VERBATIM, "en")
    assert timed is not None
    assert (timed.count, timed.of) == (len(starts), sum(map(len, said)))


# times that begin again


def test_times_that_begin_again_at_0_are_unwrapped() -> None:
    true = [Word(f"w{at}", at * 0.7, at * 0.7 + 0.5) for at in range(60)]
    rolled = [Word(one.text, round(one.start % 10, 2), round(one.end % 10, 2)) for one in true]
    assert rolls_over(rolled)
    assert not rolls_over(true)
    assert [one.start for one in unwrapped(rolled)] == pytest.approx([one.start for one in true], abs=0.006)
    assert [one.end for one in unwrapped(rolled)] == pytest.approx([one.end for one in true], abs=0.006)
    text = " ".join(one.text for one in true)
    columns: dict[str, Any] = {"reference_words": [tuple(true)], "words": [tuple(rolled)]}
    found = measured("start_error", (text, text), **columns)
    assert found.value == pytest.approx(0.0, abs=1e-6)
    assert found.note == "times of words begin again at 0 every 10 s in 1 text, and were unwrapped"


def test_words_that_overlap_or_go_back_are_left_and_counted() -> None:
    overlapping = spoken(("a", 0, 1), ("b", 0.8, 1.5), ("c", 1.4, 2))
    assert not rolls_over(overlapping)
    assert goes_back(overlapping) == 0
    back = spoken(("a", 5, 6), ("b", 2, 3), ("c", 14, 15))
    assert not rolls_over(back), "a time is over 10 s"
    assert goes_back(back) == 1
    found = measured("start_bias", ("a b c", "a b c"), reference_words=[back], words=[back])
    assert found.note == "2 words begin more than 1 s before the one in front of it does: left so"


def test_words_that_end_before_they_begin_are_another_count() -> None:
    early = spoken(("a", 0.5, 0.3), ("b", 0.6, 0.6), ("c", 12, 11.8))
    assert (goes_back(early), ends_early(early)) == (0, 2)
    found = measured("start_bias", ("a b c", "a b c"), reference_words=[SAID[:3]], words=[early])
    assert found.note == "2 words end before they begin: left so"
    both = spoken(("a", 5, 6), ("b", 2, 1.5), ("c", 14, 15))
    found = measured("start_bias", ("a b c", "a b c"), reference_words=[SAID[:3]], words=[both])
    assert found.note == (
        "1 word begins more than 1 s before the one in front of it does: left so; 1 word ends before it begins: left so"
    )


# words that are not the text's


def test_times_of_words_that_are_not_the_texts_are_not_scored() -> None:
    """`x` stands where the transcript says `b`: its place tells nothing of when `b` was said, right as it is."""
    pairs = [("a b c d", "a b c d")] * 2
    other = spoken(("a", 0.1, 0.5), ("x", 0.5, 1.0), ("c", 1.5, 2.0), ("d", 2.0, 2.5))
    columns: dict[str, Any] = {"reference_words": [SAID, SAID], "words": [other, SAID]}
    found = measured("start_error", *pairs, **columns)
    assert found.count == pytest.approx(100.0)
    assert found.of == 7
    told = "1 word with times is not the transcript's, in 1 of 2 utterances: their times are not scored"
    assert found.note == f"{told}; 1 word of transcripts has no times, in 1 of 2 utterances"
    assert (measured("words_timed", *pairs, **columns).count, measured("words_timed", *pairs, **columns).of) == (7, 8)
    all_other = spoken(*((f"x{one.text}", one.start, one.end) for one in SAID))
    found = measured("start_error", *pairs, reference_words=[SAID] * 2, words=[all_other] * 2)
    assert (found.value, found.of) == (None, 0)
    assert found.note is not None
    assert found.note.startswith("8 words with times are not the transcript's, in 2 of 2 utterances")
    found = measured("words_timed", *pairs, reference_words=[all_other, SAID], words=[SAID] * 2)
    assert (found.count, found.of) == (4, 4)
    assert found.note is not None
    assert found.note.startswith("4 words with times are not the reference's, in 1 of 2 utterances")


def test_fewer_words_with_times_than_the_text_has_are_said_and_scored() -> None:
    fewer = (SAID[0], SAID[3])
    found = measured("words_timed", ("a b c d", "a b c d"), reference_words=[SAID], words=[fewer])
    assert (found.count, found.of) == (2, 4)
    assert found.note == "2 words of transcripts have no times, in 1 of 1 utterance"


def test_signs_without_spaces_and_numbers_in_pieces_are_the_texts() -> None:
    signs = spoken(("你", 0, 1), ("好", 1, 2))
    chinese = measure(
        get_metric("words_timed"),
        count_predictions(
            predictions(("你好", "你好"), language="zh", reference_words=[signs], words=[signs]), AUGUST
        ).utterances(),
        AUGUST,
        "zh",
    )
    assert chinese is not None
    assert (chinese.count, chinese.of, chinese.note) == (2, 2, None)
    pieces = spoken(("twenty", 0, 1), ("one", 1, 2), ("dogs", 2, 3))
    found = measured("words_timed", ("21 dogs", "21, dogs"), profile=AUGUST, reference_words=[pieces], words=[pieces])
    assert (found.count, found.of, found.note) == (2, 2, None)


# what cannot be judged


def test_reasons_and_what_is_left_out() -> None:
    pair = ("a b c d", "a b c d")
    assert measured("start_error", pair).reason == "the references have no times of words or segments"
    assert (
        measured("end_bias", pair, reference_words=[SAID]).reason
        == "the transcripts have no times of words or segments"
    )
    one = predictions(pair, pair, (pair[0], ""), reference_words=[SAID] * 3, words=[SAID, None, None])
    utterances = count_predictions(one, VERBATIM).utterances()
    found = get_metric("words_timed").count(utterances, VERBATIM, "en")
    assert isinstance(found, Noted)
    assert list(found.parts) == [(4, 4), None, (0, 4)]
    assert found.note == "1 of 3 utterances left out, of which a side has no times"


# files


TEXTGRID = """File type = "ooTextFile"
Object class = "TextGrid"
0 3 <exists> 2
"IntervalTier" "anna - words" 0 3 3
0 0.5 "a"
0.5 1.0 "b"
1.0 3.0 ""
"IntervalTier" "anna - phones" 0 3 1
0 3 "x"
"""


def test_files_of_many_forms_against_one_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """TextGrids, and systems as CTM, a recognizer's JSON, and rows: 20 ms late in each, over six recordings."""
    names = [f"r{at}" for at in range(6)]
    words = [{"word": "a", "start": 0.02, "end": 0.52}, {"word": "b", "start": 0.52, "end": 1.02}]
    for folder in ("said", "grids", "ctm", "json"):
        (tmp_path / folder).mkdir()
    for name in names:
        (tmp_path / "said" / f"{name}.TextGrid").write_text(TEXTGRID, encoding="utf-8")
        (tmp_path / "grids" / f"{name}.TextGrid").write_text(TEXTGRID.replace("0.5", "0.52"), encoding="utf-8")
        lines = [f"{name} 1 {one['start']} 0.5 {one['word']}" for one in words]
        (tmp_path / "ctm" / f"{name}.ctm").write_text("\n".join(lines), encoding="utf-8")
        found = {"text": "a b", "segments": [{"start": 0.0, "end": 1.0, "text": " a b", "words": words}]}
        (tmp_path / "json" / f"{name}.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    systems = [str(tmp_path / name) for name in ("grids", "ctm", "json")]
    given = ["--reference", str(tmp_path / "said")]
    asked = ["--metric", "start_error", "--metric", "end_error", "--metric", "start_bias", "--metric", "words_timed"]
    assert main(["score", *systems, *given, *asked, "--json"]) == 0
    scores = {one["model"]: one["benchmarks"][0]["metrics"] for one in json.loads(capsys.readouterr().out)}
    assert {name: found["start_error"]["value"] for name, found in scores.items()} == pytest.approx(
        {"grids": 10.0, "ctm": 20.0, "json": 20.0}
    )
    assert {found["words_timed"]["value"] for found in scores.values()} == {1.0}
    assert scores["ctm"]["start_error"]["interval"]["sessions"] == 6
    assert main(["compare", *systems, *given, *asked[:2], "--json"]) == 0
    [block] = json.loads(capsys.readouterr().out)["metrics"]
    assert block["pairs"][0]["difference"]["value"] == pytest.approx(-10.0)
    assert main(["report", *systems, *given, *asked, "--out", str(tmp_path / "out")]) == 0
    assert "start error" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    (tmp_path / "policy.toml").write_text('[wer]\ntier = "informative"\n[metrics.start_error]\nmargin = 5.0\n')
    policy = ["--policy", str(tmp_path / "policy.toml"), "--json"]
    capsys.readouterr()
    assert main(["gate", systems[1], "--baseline", systems[0], *given, *policy]) == 1
    findings = {one["subject"]: one["verdict"] for one in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["said: start error"] == "FAIL"


def test_a_column_of_words_in_predictions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": f"u{at}",
            "text": "a b",
            "pred_text": "a b",
            "words": [{"word": "a", "start": 0.0, "end": 0.5}, {"word": "b", "start": 0.5, "end": 1.0}],
            "pred_words": [{"word": "a", "start": 0.0, "end": 0.5}, {"word": "b", "start": 0.6, "end": 1.0}],
        }
        for at in range(2)
    ]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main(["score", str(tmp_path / "p.jsonl"), "--metric", "start_error", "--json"]) == 0
    [score] = json.loads(capsys.readouterr().out)
    assert score["benchmarks"][0]["metrics"]["start_error"]["value"] == pytest.approx(50.0)
    rows[1]["pred_words"] = [{"word": "a", "start": "soon", "end": 1}]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main(["score", str(tmp_path / "p.jsonl")]) == 4
    assert "p.jsonl, line 2: pred_words, word 1: start is 'soon', not a number of seconds" in capsys.readouterr().err
    rows[1]["words"] = 2
    del rows[1]["pred_words"]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main(["score", str(tmp_path / "p.jsonl"), "--metric", "start_error"]) == 0


def test_a_ctm_that_rolls_over_is_in_the_order_of_its_lines(tmp_path: Path) -> None:
    """Sorted by its times, the words of every 10 s would be one heap."""
    times = [1.0, 5.0, 9.5, 2.0, 8.0, 0.5]
    lines = [f"r 1 {time} 0.3 w{at}" for at, time in enumerate(times)]
    (tmp_path / "h.ctm").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "r.ctm").write_text("\n".join(f"r 1 {at} 0.3 w{at}" for at in range(6)), encoding="utf-8")
    said: list[str] = []
    [system] = read_transcripts(tmp_path / "r.ctm", [tmp_path / "h.ctm"], say=said.append)
    [row] = system.benchmarks[0].rows
    assert row.hypothesis == "w0 w1 w2 w3 w4 w5"
    assert row.words is not None
    assert [word.start for word in row.words] == [1.0, 5.0, 9.5, 12.0, 18.0, 20.5]
    assert said[0] == "h.ctm: times of r begin again every 10 s; unwrapped"


def test_words_in_a_copy_of_our_journal_are_the_transcripts(tmp_path: Path) -> None:
    line = {"format": 2, "id": "u", "reference": "a", "hypothesis": "a", "words": [["a", 0.5, 1.0]]}
    line["reference_words"] = [["a", 0.25, 1.0]]
    (tmp_path / "p.jsonl").write_text(json.dumps(line), encoding="utf-8")
    [row] = read_rows(tmp_path / "p.jsonl")
    assert (row.words, row.reference_words) == ((Word("a", 0.5, 1.0),), (Word("a", 0.25, 1.0),))
    del line["format"], line["reference_words"]
    (tmp_path / "p.jsonl").write_text(json.dumps(line), encoding="utf-8")
    [row] = read_rows(tmp_path / "p.jsonl")
    assert (row.words, row.reference_words) == (None, (Word("a", 0.5, 1.0),))


def test_a_word_that_the_text_has_in_two_places_has_no_time_of_its_own() -> None:
    """`I'm` is `i am`, between which the transcript has another word: neither begins or ends with it."""
    said = spoken(("I", 0, 1), ("really", 1, 2), ("am", 2, 3), ("here", 3, 4))
    written = spoken(("I'm", 0.5, 2.5), ("here", 3, 4))
    found = measured("words_timed", ("I really am here",) * 2, profile=AUGUST, reference_words=[said], words=[written])
    assert (found.count, found.of) == (1, 4)
    assert found.note == "1 word of transcripts has no times, in 1 of 1 utterance"
