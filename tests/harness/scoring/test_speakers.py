"""Who spoke: equal to meeteval, and to every assignment tried one after the other."""

from __future__ import annotations

import itertools
import json
import logging
import random
from typing import TYPE_CHECKING, Any

import jiwer
import pytest

from harness.cli import main
from harness.scoring.metrics import get_metric, measure
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions
from harness.scoring.speakers import Labelled, assign, count_speakers
from harness.scoring.speakers_sides import read_sides, turns_of
from harness.scoring.transcripts import read_transcripts
from harness.types import Turn, Word
from tests.harness.scoring.made import lines, predictions

if TYPE_CHECKING:
    from pathlib import Path


def session(chance: random.Random, names: str, most: int) -> Labelled:
    """Turns of random speakers."""
    words: Labelled = []
    for _ in range(chance.randrange(1, most)):
        speaker = chance.choice(names)
        words += [(chance.choice("abcdef"), speaker) for _ in range(chance.randrange(1, 5))]
    return words


def streams(words: Labelled) -> dict[str, str]:
    found: dict[str, str] = {}
    for word, speaker in words:
        found[speaker] = f"{found[speaker]} {word}" if speaker in found else word
    return found


def misattributed(reference: Labelled, hypothesis: Labelled) -> tuple[int, int]:
    """WDER's counts: jiwer aligns, and every assignment of speakers is tried."""
    said, written = (" ".join(word for word, _ in side) for side in (reference, hypothesis))
    chunks = jiwer.process_words(said, written).alignments[0]
    pairs = [
        (reference[chunk.ref_start_idx + at][1], hypothesis[chunk.hyp_start_idx + at][1])
        for chunk in chunks
        if chunk.type in {"equal", "substitute"}
        for at in range(chunk.ref_end_idx - chunk.ref_start_idx)
    ]
    names = sorted({speaker for _, speaker in reference})
    others = sorted({speaker for _, speaker in hypothesis}) + [""] * len(names)
    best = max(
        sum(chosen[names.index(one)] == other for one, other in pairs)
        for chosen in itertools.permutations(others, len(names))
    )
    return len(pairs) - best, len(pairs)


def test_random_sessions_as_meeteval_counts_them(caplog: pytest.LogCaptureFixture) -> None:
    meeteval = pytest.importorskip("meeteval.wer", reason="meeteval is not installed")
    caplog.set_level(logging.ERROR)  # it says for each text that it has no times
    chance = random.Random(3)
    for case in range(1000):
        reference = session(chance, "ABC"[: 1 + case % 3], 7)
        hypothesis = session(chance, "xyzv"[: 1 + case % 4], 7)
        if case % 5 == 0:  # the same words, some of them somebody else's
            hypothesis = [
                (word, chance.choice("xy") if chance.random() < 0.2 else who.lower()) for word, who in reference
            ]
        found = count_speakers(reference, hypothesis)
        theirs = meeteval.cp_word_error_rate(streams(reference), streams(hypothesis))
        assert (found.errors, found.words) == (theirs.errors, theirs.length), (reference, hypothesis)
        counts = theirs.missed_speaker + theirs.falarm_speaker, theirs.scored_speaker
        assert (found.miscounted, found.speakers) == counts
        assert (found.misattributed, found.facing) == misattributed(reference, hypothesis), (reference, hypothesis)


def test_assignments_are_the_cheapest() -> None:
    chance = random.Random(4)
    for _ in range(300):
        size = chance.randrange(6)
        costs = [[chance.randrange(-9, 9) for _ in range(size)] for _ in range(size)]
        found = assign(costs)
        assert sorted(found) == list(range(size))
        totals = [
            sum(costs[row][column] for row, column in enumerate(one)) for one in itertools.permutations(range(size))
        ]
        assert sum(costs[row][column] for row, column in enumerate(found)) == min(totals)


def test_words_are_those_of_the_profile_turn_by_turn() -> None:
    words = get_profile("leaderboard@2026-08").texts("en").words
    [row] = lines(("", "I'm Mr. Smith. Hi!"), speakers=[("a", "a", "a", "b")])
    sides = read_sides(row, words)
    assert sides is not None
    assert sides.hypothesis.labelled == [
        ("i", "a"),
        ("am", "a"),
        ("mister", "a"),
        ("smith", "a"),
        ("hi", "b"),
    ]


def test_turns_are_what_a_row_states_of_them() -> None:
    """Turns by their beginnings; else words of one speaker up to a pause of more than half a second; else labels."""
    late, early = Turn("b", "d", 3.0, 4.0), Turn("a", "c", 1.0, 2.0)
    assert turns_of("c d", (late, early), None, None) == (early, late)
    words = tuple(Word(text, start, start + 0.25) for text, start in (("a", 0.0), ("b", 0.75), ("c", 1.75), ("d", 2.0)))
    assert turns_of("", None, ("x", "x", "x", "y"), words) == (
        Turn("x", "a b", 0.0, 1.0),
        Turn("x", "c", 1.75, 2.0),
        Turn("y", "d", 2.0, 2.25),
    )
    assert turns_of("a b c", None, ("x", "x", "y"), words) == (Turn("x", "a b", None, None), Turn("y", "c", None, None))
    assert turns_of("a b c", None, ("x", "x"), None) is None, "labels are of other words"
    assert turns_of("a b c", None, None, words) is None


def test_without_speakers_on_both_sides_there_is_a_reason() -> None:
    profile = get_profile("verbatim")
    one = predictions(("a b", "a b"), speakers=[("x", "x")])
    found = measure(get_metric("cp_wer"), count_predictions(one, profile).utterances(), profile, "en")
    assert found is not None
    assert found.reason == "reference and hypothesis do not both say who speaks"


def test_turns_without_words_say_who_speaks_when_and_not_who_said_what() -> None:
    """As an RTTM beside a text: speech is compared (1 of 3 s is another speaker's), words of speakers are not."""
    said = (Turn("x", "", 0.0, 2.0), Turn("y", "", 2.0, 3.0))
    written = (Turn("1", "", 0.0, 1.0), Turn("2", "", 1.0, 3.0))
    one = predictions(("a b", "a b"), reference_turns=[said], turns=[written])
    profile = get_profile("verbatim")
    utterances = count_predictions(one, profile).utterances()
    sides = read_sides(utterances[0].row, str.split)
    assert sides is not None
    for side in sides:
        assert (side.holds, side.turned, side.named) == (False, False, False)
        assert (side.timed, side.diarized) == (True, True)
    der, cp_wer = (measure(get_metric(name), utterances, profile, "en") for name in ("der", "cp_wer"))
    assert der is not None
    assert (der.value, der.count, der.of) == (1 / 3, 1, 3)
    assert cp_wer is not None
    assert cp_wer.reason == "reference and hypothesis do not both say who speaks"
    silent = predictions(("", ""), reference_turns=[said], turns=[written])
    nothing = read_sides(silent.rows[0], str.split)
    assert nothing is not None
    assert nothing.reference.holds, "nothing was said, and turns of nothing hold it"


# end to end


@pytest.fixture
def meetings(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Six meetings as SegLST: what was said, a system that knows who, and one that takes all for one speaker."""

    def write(name: str, change: Any) -> Path:
        turns = (("Anna", "Good morning, Bob."), ("Bob", "Good morning!"), ("Anna", "Shall we begin now?"))
        segments = [
            {"session_id": f"m{at}", "speaker": who, "words": words, "start_time": start, "end_time": 9 - start}
            for at in range(6)
            for start, (who, words) in enumerate(change(turns))
        ]
        (tmp_path / f"{name}.json").write_text(json.dumps(segments))
        return tmp_path / f"{name}.json"

    return (
        write("said", lambda turns: turns),
        write("knows", lambda turns: [(who.lower(), words.replace("begin", "start")) for who, words in turns]),
        write("guesses", lambda turns: [("1", words) for _, words in turns]),
    )


def test_from_meetings_to_table_comparison_and_gate(
    meetings: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, knows, guesses = map(str, meetings)
    metrics = [part for name in ("cp_wer", "wder", "speakers_miscounted") for part in ("--metric", name)]
    expected = {knows: (1 / 9, 0, 0), guesses: (4 / 9, 2 / 9, 1 / 2)}
    for path, values in expected.items():
        assert main(["score", path, "--reference", said, *metrics, "--json"]) == 0
        [scores] = json.loads(capsys.readouterr().out)
        found = scores["benchmarks"][0]["metrics"]
        assert tuple(found[name]["value"] for name in ("cp_wer", "wder", "speakers_miscounted")) == values
        assert found["cp_wer"]["interval"]["sessions"] == 6
    assert main(["compare", knows, guesses, "--reference", said, *metrics, "--json"]) == 0
    blocks = {one["metric"]: one for one in json.loads(capsys.readouterr().out)["metrics"]}
    assert blocks["cp_wer"]["pairs"][0]["difference"]["value"] == pytest.approx(-3 / 9)
    assert main(["report", knows, guesses, "--reference", said, *metrics, "--out", str(tmp_path / "out")]) == 0
    assert "cpWER" in (tmp_path / "out" / "index.html").read_text()
    (tmp_path / "policy.toml").write_text('[wer]\ntier = "informative"\n[metrics.wder]\nmargin = 1.0\n')
    capsys.readouterr()
    gate = [
        "gate",
        guesses,
        "--baseline",
        knows,
        "--reference",
        said,
        "--policy",
        str(tmp_path / "policy.toml"),
        "--json",
    ]
    assert main(gate) == 1
    findings = {one["subject"]: one["verdict"] for one in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["said: WDER"] == "FAIL"


def test_labels_follow_the_words_in_the_order_of_their_times(meetings: tuple[Path, Path, Path]) -> None:
    [system] = read_transcripts(meetings[0], [meetings[1]])
    row = system.benchmarks[0].rows[0]
    assert row.reference == "Good morning, Bob. Good morning! Shall we begin now?"
    assert row.reference_speakers == ("Anna",) * 3 + ("Bob",) * 2 + ("Anna",) * 4
    assert row.speakers == ("anna",) * 3 + ("bob",) * 2 + ("anna",) * 4


def test_a_segment_without_a_name_leaves_all_unnamed(meetings: tuple[Path, Path, Path]) -> None:
    segments = json.loads(meetings[1].read_text())
    segments[4]["speaker"] = ""
    meetings[1].write_text(json.dumps(segments))
    [system] = read_transcripts(meetings[0], [meetings[1]])
    assert {row.speakers for row in system.benchmarks[0].rows} == {None}
    assert None not in {row.reference_speakers for row in system.benchmarks[0].rows}


def test_speakers_of_words_as_whisperx_writes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One segment of two speakers, words alone, and a column of words: all of them tell who speaks."""
    said = ["hello", "there", "good", "morning"]
    words = [{"word": word, "start": at, "end": at + 1, "speaker": f"S{at // 2}"} for at, word in enumerate(said)]
    segment = {"start": 0, "end": 4, "text": " ".join(said), "speaker": "S0", "words": words}
    forms: dict[str, object] = {"segments": {"segments": [segment]}, "words": {"words": words, "text": segment["text"]}}
    (tmp_path / "w.stm").write_text("w 1 A 0 2 hello there\nw 1 B 2 4 good morning\n", encoding="utf-8")
    asked = ["--metric", "cp_wer", "--metric", "wder", "--json"]
    for form in forms.values():
        (tmp_path / "w.json").write_text(json.dumps(form), encoding="utf-8")
        given = ["--reference", str(tmp_path / "w.stm"), "--format", "meetings"]
        assert main(["score", str(tmp_path / "w.json"), *given, *asked]) == 0
        [score] = json.loads(capsys.readouterr().out)
        found = score["benchmarks"][0]["metrics"]
        assert [(found[name]["count"], found[name]["of"]) for name in ("cp_wer", "wder")] == [(0.0, 4.0), (0.0, 4.0)]
    turns = [{"speaker": "A", "text": "hello there"}, {"speaker": "B", "text": "good morning"}]
    row = {"id": "u", "text": segment["text"], "pred_text": segment["text"], "turns": turns, "pred_words": words}
    (tmp_path / "p.jsonl").write_text(json.dumps(row), encoding="utf-8")
    assert main(["score", str(tmp_path / "p.jsonl"), *asked]) == 0
    [score] = json.loads(capsys.readouterr().out)
    assert score["benchmarks"][0]["metrics"]["cp_wer"]["count"] == 0.0


def test_an_empty_segment_list_has_nothing_that_is_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = [{"session_id": "m", "speaker": "A", "start_time": 0, "end_time": 1, "words": "hello"}]
    (tmp_path / "r.json").write_text(json.dumps(said), encoding="utf-8")
    (tmp_path / "h.json").write_text("[]", encoding="utf-8")
    asked = ["--metric", "cp_wer", "--metric", "der", "--json"]
    main(["score", str(tmp_path / "h.json"), "--reference", str(tmp_path / "r.json"), *asked])
    [score] = json.loads(capsys.readouterr().out)
    reasons = {one["reason"] for one in score["benchmarks"][0]["metrics"].values()}
    assert reasons == {"no utterance has a transcript that is scored"}


def test_turns_that_are_not_the_text_are_counted() -> None:
    """The turns are scored, and that their words are others is said, with how many; order and case make no others."""
    said = (Turn("A", "hello there", 0.0, 2.0), Turn("B", "good day", 2.0, 4.0))
    other = (Turn("1", "Good  day", 0.0, 2.0), Turn("2", "hello big", 2.0, 4.0))
    text = "hello there good day"
    pairs = [(text, text)] * 3

    def note(name: str, *turns: tuple[Turn, ...]) -> str | None:
        columns: dict[str, Any] = {"reference_turns": [said] * 3, "turns": list(turns)}
        profile = get_profile("leaderboard@2026-08")
        scored = count_predictions(predictions(*pairs, **columns), profile).utterances()
        found = measure(get_metric(name), scored, profile, "en")
        assert found is not None
        return found.note

    assert note("cp_wer", said, said, said) is None
    assert note("cp_wer", said, said[::-1], said) is None
    assert note("cp_wer", said, other, other[:1]) == (
        "the turns of 2 of 3 transcripts are not their texts: 1 word more, 3 fewer; the turns are scored"
    )
    silent = (Turn("1", "", 0.0, 4.0),)
    lacks = "reference and hypothesis do not both say who speaks"
    assert note("cp_wer", said, said, silent) == f"1 of 3 utterances left out: {lacks}"


def test_no_turns_of_a_text_are_said() -> None:
    side = read_sides(
        lines(("a b", "a b c"), reference_turns=[(Turn("A", "a b", 0.0, 1.0),)], turns=[()])[0], str.split
    )
    assert side is not None
    assert (side.hypothesis.more, side.hypothesis.fewer, side.hypothesis.holds) == (0, 3, False)
    assert (side.reference.more, side.reference.fewer) == (0, 0)
