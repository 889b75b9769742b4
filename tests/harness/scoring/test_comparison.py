"""Comparing systems: rates, ties, ranks, averages, what is left out; and the verb itself."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main
from harness.scoring.comparison import Comparison, compare_systems
from harness.scoring.pairing import read_apart
from harness.scoring.profiles import get_profile

if TYPE_CHECKING:
    from pathlib import Path

VERBATIM = get_profile("verbatim")
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
    by_name = {found.systems[one.system]: one for one in block.standings}
    assert found.systems[block.standings[-1].system] == "worst"
    assert [by_name[name].tied_with_best for name in ("good", "like", "worst")] == [True, True, False]
    assert by_name["worst"].rank == (3, 3)
    assert by_name["good"].rank is not None
    assert by_name["good"].rank[1] <= 2
    assert (block.sessions, block.sessions_known, block.utterances) == (20, True, 200)
    assert len(block.pairs) == 3
    for pair in block.pairs:
        assert pair.difference is not None
        assert pair.matched is not None
        assert pair.p_holm is not None
        assert pair.p_holm >= pair.difference.p
    assert found.average is None
    smallest = block.smallest_difference()
    assert smallest is not None
    assert 0 < smallest < 0.05


def test_rates_are_those_of_score(tmp_path: Path) -> None:
    rows = damaged(corpus(6), 0.1, 4)
    write(tmp_path, "a", rows)
    write(tmp_path, "b", corpus(6))
    found = compared(tmp_path)
    errors = sum(row["pred_text"].split().count("oops") for row in rows)
    rates = {found.systems[one.system]: one.rate for one in found.benchmarks[0].standings}
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
    assert [one.tied_with_best for one in block.standings] == [True, None]
    assert block.smallest_difference() is None


def test_failed_utterances_are_left_out_for_all_and_said(tmp_path: Path) -> None:
    rows = damaged(corpus(8), 0.2, 1)
    failed = [{**row, "pred_text": None} if index < 3 else row for index, row in enumerate(corpus(8))]
    write(tmp_path, "a", rows)
    write(tmp_path, "b", failed)
    found = compared(tmp_path)
    [block] = found.benchmarks
    assert (block.utterances, block.left_out) == (77, 3)
    errors = sum(row["pred_text"].split().count("oops") for row in rows[3:])
    assert {one.rate for one in block.standings} == {0.0, errors / 770}
    assert found.notes == ["librispeech_test_clean: 3 utterances left out, which not every system transcribed"]


def test_average_over_what_all_have(tmp_path: Path) -> None:
    for data, probability in (("librispeech_test.clean", 0.1), ("librispeech_test.other", 0.2)):
        write(tmp_path, "a", damaged(corpus(10), probability, 1), data)
        write(tmp_path, "b", damaged(corpus(10), probability, 2), data)
    write(tmp_path, "a", corpus(5), "tedlium_test")
    found = compared(tmp_path)
    assert [block.name for block in found.benchmarks] == ["librispeech_test_clean", "librispeech_test_other"]
    assert found.average is not None
    for one in found.average.standings:
        parts = [b.rate for block in found.benchmarks for b in block.standings if b.system == one.system]
        assert one.rate == pytest.approx(sum(rate for rate in parts if rate is not None) / 2)
    difference = found.average.pairs[0].difference
    assert difference is not None
    assert difference.sessions == 20


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
