"""Comparing systems: rates, ties, ranks, averages, what is left out; and the verb itself."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.cli import main
from harness.commands.compare import tables
from harness.records import codec
from harness.records.comparison import Comparison
from harness.scoring.comparison import compare_systems
from harness.scoring.nist_export import write_comparison
from harness.scoring.pairing import read_apart
from harness.scoring.predictions import System
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_systems
from harness.scoring.scored import count_systems
from harness.scoring.ties import ties
from tests.harness.scoring.made import predictions

if TYPE_CHECKING:
    from pathlib import Path

    from harness.scoring.predictions import Predictions

VERBATIM, AUGUST = get_profile("verbatim"), get_profile("leaderboard@2026-08")
WORDS = "alpha bravo charlie delta echo foxtrot golf hotel india juliet".split()  # noqa: SIM905


def corpus(sessions: int) -> list[dict[str, Any]]:
    """Utterances of ten words, ten of each speaker, with ids from which LibriSpeech's speakers can be told."""
    return [
        {"audio_filepath": f"{100 + speaker}-1-{index:04d}.flac", "text": " ".join(WORDS), "pred_text": " ".join(WORDS)}
        for speaker in range(sessions)
        for index in range(10)
    ]


def damaged(rows: list[dict[str, Any]], probability: float, seed: int) -> list[dict[str, Any]]:
    generator = random.Random(seed)
    spoiled = []
    for one in rows:
        words = ["oops" if generator.random() < probability else word for word in one["pred_text"].split()]
        spoiled.append({**one, "pred_text": " ".join(words)})
    return spoiled


def write(folder: Path, model: str, rows: list[dict[str, Any]], data: str = "librispeech_test.clean") -> Path:
    path = folder / f"MODEL_{model}_DATASET_{data}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def compared(folder: Path) -> Comparison:
    return compare_systems(read_apart([folder]), VERBATIM)


def test_ties_ranks_and_order(tmp_path: Path) -> None:
    rows = corpus(20)
    for model, probability, seed in (("worst", 0.3, 1), ("good", 0.05, 2), ("like", 0.05, 3)):
        write(tmp_path, model, damaged(rows, probability, seed))
    found = compared(tmp_path)
    [block] = found.benchmarks
    by_name = {one.system: one for one in block.systems}
    assert block.systems[-1].system == "worst"
    assert [by_name[name].tied_with_best for name in ("good", "like", "worst")] == [True, True, False]
    assert by_name["worst"].rank == (3, 3)
    assert by_name["good"].rank is not None
    assert by_name["good"].rank[1] <= 2
    assert (block.sessions, block.unit, block.utterances) == (20, "session", 200)
    assert len(block.pairs) == 3
    for pair in block.pairs:
        assert pair.difference is not None
        assert pair.mapsswe is not None
        assert pair.p_holm is not None
        assert pair.p_holm >= pair.difference.p
    assert found.average is None
    smallest = block.smallest_difference
    assert smallest is not None
    assert 0 < smallest < 0.05


def test_rates_are_those_of_score(tmp_path: Path) -> None:
    rows = damaged(corpus(6), 0.1, 4)
    write(tmp_path, "a", rows)
    write(tmp_path, "b", corpus(6))
    found = compared(tmp_path)
    errors = sum(row["pred_text"].split().count("oops") for row in rows)
    rates = {one.system: one.rate for one in found.benchmarks[0].systems}
    assert rates == {"a": errors / 600, "b": 0.0}
    difference = found.benchmarks[0].pairs[0].difference
    assert difference is not None
    assert difference.value == pytest.approx(errors / 600)


def test_under_five_sessions_nothing_is_claimed(tmp_path: Path) -> None:
    write(tmp_path, "a", damaged(corpus(4), 0.5, 1))
    write(tmp_path, "b", corpus(4))
    [block] = compared(tmp_path).benchmarks
    assert block.pairs[0].difference is None
    assert block.pairs[0].significant is None
    assert [one.tied_with_best for one in block.systems] == [True, None]
    assert block.smallest_difference is None


def test_failed_utterances_are_left_out_for_all_and_said(tmp_path: Path) -> None:
    rows = damaged(corpus(8), 0.2, 1)
    failed = [{**row, "pred_text": None} if index < 3 else row for index, row in enumerate(corpus(8))]
    write(tmp_path, "a", rows)
    write(tmp_path, "b", failed)
    found = compared(tmp_path)
    [block] = found.benchmarks
    assert (block.utterances, block.left_out) == (77, 3)
    errors = sum(row["pred_text"].split().count("oops") for row in rows[3:])
    assert {one.rate for one in block.systems} == {0.0, errors / 770}
    assert found.notes == ("librispeech_test_clean: 3 utterances left out, which not every system transcribed",)


def test_average_over_what_all_have(tmp_path: Path) -> None:
    for data, probability in (("librispeech_test.clean", 0.1), ("librispeech_test.other", 0.2)):
        write(tmp_path, "a", damaged(corpus(10), probability, 1), data)
        write(tmp_path, "b", damaged(corpus(10), probability, 2), data)
    write(tmp_path, "a", corpus(5), "tedlium_test")
    found = compared(tmp_path)
    assert [block.benchmark for block in found.benchmarks] == ["librispeech_test_clean", "librispeech_test_other"]
    assert found.average is not None
    for one in found.average.systems:
        parts = [b.rate for block in found.benchmarks for b in block.systems if b.system == one.system]
        assert one.rate == pytest.approx(sum(rate for rate in parts if rate is not None) / 2)
    difference = found.average.pairs[0].difference
    assert difference is not None
    assert difference.sessions == 20


def test_what_is_stored_is_read_again(tmp_path: Path) -> None:
    write(tmp_path, "a", damaged(corpus(6), 0.1, 4))
    write(tmp_path, "b", corpus(6))
    found = compared(tmp_path)
    assert codec.decode(codec.encode(found), Comparison, "comparison") == found
    [block] = found.benchmarks
    assert block.pair("a", "b") == block.pair("b", "a") == block.pairs[0]
    assert block.pair("a", "c") is None


def systems_of(*benchmarks: Predictions) -> list[System]:
    return [System(model=f"m{at}", benchmarks=[one]) for at, one in enumerate(benchmarks)]


def test_references_that_come_to_nothing_count_as_in_score() -> None:
    """In predictions of others they stay, and what is inserted there counts; a run of ours drops them for all."""
    pairs = [("uh", "noise here"), ("a cat sat", "a cat sat")] * 6
    theirs, ours = predictions(*pairs), predictions(*pairs, ours=True)
    for systems, rate in ((systems_of(theirs, theirs), 12 / 18), (systems_of(theirs, ours), 0.0)):
        [block] = compare_systems(systems, AUGUST).benchmarks
        assert [one.rate for one in block.systems] == [rate, rate]
        assert block.utterances == 12
    scores = score_systems(systems_of(theirs, ours), [AUGUST] * 2)
    assert [score.benchmarks[0].wer for score in scores] == [12 / 18, 0.0]


def test_ties_are_those_of_tables(tmp_path: Path) -> None:
    """Corrected for the pairs with the best; tables and `compare` once marked 41 of 120 sets of systems differently."""
    for seed in range(12):
        rows = corpus(9)
        chances = random.Random(seed).choices([0.1, 0.12, 0.14], k=4)
        for at, chance in enumerate(chances):
            write(tmp_path, f"m{at}", damaged(rows, chance, 10 * seed + at))
        systems = read_apart([tmp_path])
        [block] = compare_systems(systems, VERBATIM).benchmarks
        marked = {one.system for one in block.systems if one.tied_with_best}
        found = ties(count_systems(systems, [VERBATIM] * 4), VERBATIM)["librispeech_test_clean"]
        assert marked == {systems[index].model for index in found}


def test_the_average_is_of_rounded_rates_where_the_profile_rounds(tmp_path: Path) -> None:
    rounding = replace(VERBATIM, round_before_average=True)
    for data, words, wrong in (("librispeech_test.clean", 3000, 1), ("librispeech_test.other", 700, 1)):
        text = " ".join(["word"] * words)
        good = [{"audio_filepath": f"{at}-1-1.flac", "text": text, "pred_text": text} for at in range(5)]
        bad = [{**row, "pred_text": text.replace("word", "x", wrong)} for row in good]
        write(tmp_path, "good", good, data)
        write(tmp_path, "bad", bad, data)
    for profile, rate in ((VERBATIM, (1 / 3000 + 1 / 700) / 2), (rounding, 0.00085)):
        average = compare_systems(read_apart([tmp_path]), profile).average
        assert average is not None
        assert [one.rate for one in average.systems] == [0.0, pytest.approx(rate, abs=1e-15)]


def test_matched_pairs_of_a_row_that_the_normalizer_cannot_read_are_as_written() -> None:
    """If one of the texts cannot be read, all are as they are written, so that both systems have the same words."""
    long = "9" * 4400
    one = predictions(("Hello there Stephen", f"{long} hello Stephen"), ("a", "a"))
    other = predictions(("Hello there Stephen", "hello there steven"), ("a", "a"))
    [block] = compare_systems(systems_of(one, other), AUGUST).benchmarks
    [pair] = block.pairs
    assert pair.mapsswe is not None
    assert (pair.mapsswe.first_errors, pair.mapsswe.second_errors) == (2, 2)
    assert {standing.system: standing.rate for standing in block.systems} == {"m0": 2 / 4, "m1": 0.0}
    [block] = compare_systems(systems_of(other, other), AUGUST).benchmarks
    assert block.pairs[0].mapsswe is not None
    assert block.pairs[0].mapsswe.first_errors == 0


def test_characters_are_compared_where_there_are_no_spaces() -> None:
    one, other = (predictions(*[("今日は", text)] * 6, language="ja") for text in ("今日わ", "今日は"))
    [block] = compare_systems(systems_of(one, other), AUGUST).benchmarks
    assert (block.metric, block.unit, block.sessions) == ("cer", "utterance", 6)
    assert [one.rate for one in block.systems] == [0.0, 1 / 3]
    assert block.pairs[0].mapsswe is not None
    assert block.pairs[0].mapsswe.first_errors == 6


def test_what_shares_nothing_and_what_the_average_is_over_is_said() -> None:
    def parts(*names: str) -> list[Predictions]:
        return [predictions(*[("a b", "a b")] * 6, name=name) for name in names]

    failed = predictions(*[("a b", "a b")] * 5, ("a b", None), name="z")
    first, second = [*parts("x", "y"), failed], [*parts("x", "y", "z"), *parts("own")]
    systems = [System(model=name, benchmarks=held) for name, held in (("m", first), ("n", second), ("o", parts("w")))]
    found = compare_systems(systems, VERBATIM)
    assert found.notes == (
        "o shares no benchmark with the others",
        "z: 1 utterance left out, which not every system transcribed",
        "average over what all have complete: x, y",
    )
    assert found.average is not None
    assert (found.average.utterances, found.average.sessions, found.average.unit) == (12, 12, "utterance")
    assert [block.benchmark for block in found.benchmarks] == ["x", "y", "z"]
    assert found.systems == ("m", "n", "o")


def held(*names: str, **more: Any) -> list[Predictions]:
    """Benchmarks of twelve utterances each."""
    return [predictions(*[("a b", "a b")] * 12, name=name, **more) for name in names]


def test_an_average_is_over_benchmarks_that_all_of_the_systems_have() -> None:
    systems = [System(model=name, benchmarks=held(*"xyz"[:count])) for name, count in (("m", 3), ("n", 3), ("o", 2))]
    found = compare_systems(systems, VERBATIM)
    assert found.average is not None
    assert (found.average.utterances, len(found.average.systems)) == (24, 3)
    assert found.notes == ("average over what all have complete: x, y",)
    assert compare_systems([replace(one, benchmarks=held("x")) for one in systems], VERBATIM).average is None


def test_an_average_is_over_sessions_where_each_benchmark_knows_some() -> None:
    some, none = ["s", "t", "u", "v", "w", *[None] * 7], [None] * 12
    for columns, unit in (((some, some), "session"), ((some, none), "utterance")):
        parts = [one for name, column in zip("xy", columns, strict=True) for one in held(name, session=column)]
        average = compare_systems([System(model=name, benchmarks=parts) for name in "mn"], VERBATIM).average
        assert average is not None
        assert (average.unit, average.sessions) == (unit, 24)


def test_a_pair_differs_below_a_corrected_p_of_five_hundredths(monkeypatch: pytest.MonkeyPatch) -> None:
    systems = [System(model=name, benchmarks=held("x")) for name in "mn"]
    for p, significant in ((0.05, False), (0.0499, True), (None, None)):
        monkeypatch.setattr("harness.scoring.comparison.holm", lambda _, p=p: [p])
        [pair] = compare_systems(systems, VERBATIM).benchmarks[0].pairs
        assert (pair.p_holm, pair.significant) == (p, significant)


def test_ranks_are_the_same_whenever_they_are_drawn_and_shared_where_rates_are_equal() -> None:
    pairs = [("a b c d", "a b c d")] * 6
    even = systems_of(*[predictions(*pairs)] * 3)
    [block] = compare_systems(even, VERBATIM).benchmarks
    assert [one.rank for one in block.systems] == [(1, 1)] * 3
    two = compare_systems(even[:2], VERBATIM)
    assert [one.rank for one in two.benchmarks[0].systems] == [None, None]
    few = systems_of(*[predictions(*pairs[:4])] * 3)
    assert [one.rank for one in compare_systems(few, VERBATIM).benchmarks[0].systems] == [None] * 3
    generator = random.Random(3)
    noisy = [
        predictions(*[("a b c d", " ".join(w if generator.random() > 0.2 else "x" for w in "abcd")) for _ in range(30)])
        for _ in range(4)
    ]
    once, again = (compare_systems(systems_of(*noisy), VERBATIM) for _ in range(2))
    assert once == again
    ranks = [one.rank for one in once.benchmarks[0].systems if one.rank is not None]
    assert len(ranks) == 4
    assert ranks[0][0] == 1
    assert ranks[-1][1] == 4
    assert [low for low, _ in ranks] == sorted(low for low, _ in ranks)


def test_verb_prints_tables_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = write(tmp_path, "a", damaged(corpus(12), 0.3, 1)), write(tmp_path, "b", corpus(12))
    assert main(["compare", str(a), str(b)]) == 0
    printed = capsys.readouterr().out
    assert "B is better" in printed
    assert "Profile leaderboard@2026-08" in printed
    assert main(["compare", str(a), str(b), "--json", "--profile", "verbatim"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["systems"] == ["a", "b"]
    assert found["profile"]["name"] == "verbatim"
    assert found["benchmarks"][0]["pairs"][0]["significant"] is True
    assert found["benchmarks"][0]["systems"][0]["system"] == "b"


def test_verb_with_three_systems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for model, probability in (("a", 0.0), ("b", 0.0), ("c", 0.4)):
        write(tmp_path, model, damaged(corpus(12), probability, 1))
    assert main(["compare", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "12 sessions" in printed
    assert "worse" in printed
    assert "tie" in printed


def test_verb_writes_trn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from harness.scoring.interchange import read_trn

    a, b = write(tmp_path, "a", corpus(5)), write(tmp_path, "b", damaged(corpus(5), 0.5, 1))
    assert main(["compare", str(a), str(b), "--trn", str(tmp_path / "trn"), "--profile", "verbatim"]) == 0
    capsys.readouterr()
    names = sorted(path.name for path in (tmp_path / "trn").iterdir())
    assert names == [f"librispeech_test_clean.{name}.trn" for name in ("a", "b", "ref")]
    reference, other = (read_trn(tmp_path / "trn" / names[index]) for index in (2, 1))
    assert list(reference) == list(other)
    assert len(reference) == 50
    assert set(reference.values()) == {" ".join(WORDS)}


def test_trn_files_never_overwrite_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for model in ("a b", "a&b", "ref"):
        write(tmp_path, model, corpus(5))
    assert main(["compare", str(tmp_path), "--trn", str(tmp_path / "trn"), "--profile", "verbatim"]) == 0
    names = sorted(path.name.split(".")[1] for path in (tmp_path / "trn").iterdir())
    assert names == ["a-b", "a-b~2", "ref", "ref~2"]
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    assert main(["compare", str(tmp_path), "--trn", str(blocked / "trn")]) == 4
    assert "cannot write trn files to" in capsys.readouterr().err


def test_names_that_would_be_one_are_numbered_in_trn_files(tmp_path: Path) -> None:
    from harness.scoring.interchange import read_trn

    pairs = [("x y", "x y")] * 3
    rows = [msgspec.structs.replace(row, id="same", session="s") for row in predictions(*pairs).rows]
    one = replace(predictions(), rows=rows)
    systems = [System(model=name, benchmarks=[one]) for name in ("a b", "a&b", "a/b", "ref")]
    paths = write_comparison(systems, VERBATIM, tmp_path)
    assert [path.name.split(".")[1] for path in paths] == ["ref", "a-b", "a-b~2", "a-b~3", "ref~2"]
    assert all(list(read_trn(path)) == ["s-same", "s-same~2", "s-same~3"] for path in paths)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["{a}"], "nothing to compare a with"), (["{a}", "{b}", "--profile", "leaderbord"], "no profile called")],
)
def test_verb_complains_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    a, b = write(tmp_path, "a", corpus(1)), write(tmp_path, "b", corpus(1))
    assert main(["compare", *(argument.format(a=a, b=b) for argument in arguments)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_real_systems(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(path) for path in sorted((shared / "predictions" / "normalized").glob("*voxpopuli*"))]
    assert main(["compare", *paths, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    [block] = found["benchmarks"]
    expected = json.loads((shared / "predictions" / "expected.json").read_text(encoding="utf-8"))
    wers = {
        name.split("_")[1]: one["leaderboard-2026-08/kaldialign-merge"]["wer"]
        for name, one in expected.items()
        if name.endswith("voxpopuli_test.jsonl")
    }
    assert {one["system"]: one["rate"] for one in block["systems"]} == pytest.approx(wers)
    assert block["unit"] == "utterance"
    [pair] = block["pairs"]
    assert pair["difference"]["low"] < pair["difference"]["value"] < pair["difference"]["high"] < 0


def test_score_says_what_the_data_resolves_and_what_stood_for_sessions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "a", damaged(corpus(12), 0.1, 1))
    write(tmp_path, "a", damaged(corpus(12), 0.1, 1), "mine_en")
    assert main(["score", str(tmp_path)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "points on average between two such models whose errors are unrelated" in printed
    assert "No sessions are known, utterances are taken as independent: mine_en." in printed


def test_tests_that_do_not_agree_are_told(tmp_path: Path) -> None:
    """A verdict beside the p of another test that says the contrary needs a word."""
    rows = corpus(20)
    for model, probability, seed in (("a", 0.05, 1), ("b", 0.3, 2)):
        write(tmp_path, model, damaged(rows, probability, seed))
    found = compared(tmp_path)
    assert not any("does the contrary" in note for table in tables(found) for note in table.notes)
    [block] = found.benchmarks
    [pair] = block.pairs
    assert pair.significant
    matched = pair.mapsswe
    assert matched is not None

    def said(significant: bool | None, p: float) -> list[str]:
        mapsswe = msgspec.structs.replace(matched, p=p)
        changed = msgspec.structs.replace(pair, mapsswe=mapsswe, significant=significant)
        [table] = tables(msgspec.structs.replace(found, benchmarks=(msgspec.structs.replace(block, pairs=(changed,)),)))
        return [note.partition(" where ")[0] for note in table.notes if "does the contrary" in note]

    assert said(True, 1.0) == ["On librispeech_test_clean MAPSSWE finds no difference (p = 1.000)"]
    assert said(False, 0.01) == ["On librispeech_test_clean MAPSSWE finds a difference (p = 0.010)"]
    assert said(None, 0.01) == said(None, 1.0) == said(True, 0.01) == said(False, 1.0) == []


def test_a_benchmark_s_remarks_and_intervals_stand_once(tmp_path: Path) -> None:
    """Of three systems each benchmark has a table: what is remarked of one is not repeated under the others."""
    for model, probability, seed in (("a", 0.05, 1), ("b", 0.3, 2), ("c", 0.3, 3)):
        for data in ("librispeech_test.clean", "librispeech_test.other"):
            write(tmp_path, model, damaged(corpus(6), probability, seed), data)
    found = compared(tmp_path)
    told = {"significant": True, "mapsswe_p_holm": 1.0}
    pairs = [[msgspec.structs.replace(pair, **told) for pair in block.pairs] for block in found.benchmarks]
    pairs[1] = [msgspec.structs.replace(pair, significant=None) for pair in pairs[1]]
    blocks = [
        msgspec.structs.replace(block, pairs=tuple(changed), sessions=sessions)
        for block, changed, sessions in zip(found.benchmarks, pairs, (6, 4), strict=True)
    ]
    made = tables(msgspec.structs.replace(found, benchmarks=tuple(blocks)))
    assert [table.title for table in made] == ["librispeech_test_clean", "librispeech_test_other", "average"]
    assert [sum("does the contrary" in note for note in table.notes) for table in made] == [3, 0, 0]
    few = "Cannot tell: intervals and verdicts need 5 sessions; there are fewer in librispeech_test_other."
    assert [few in table.notes for table in made] == [False, True, False]
    assert [column.title for column in made[0].columns].count("95 % interval") == 1
    assert all(row[1].low is not None for row in made[0].rows), "that of the rate stands with the rate"
