"""The same predictions under every version of the leaderboard's rules; what the steps say adds up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main
from harness.scoring.predictions import read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_systems
from harness.scoring.timeline import official_versions, timeline

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    ("we met stephen at half past two", "we met steven at 2:30"),
    ("er that's the any more problem", "that is the anymore problem"),
    ("the colour of oh nine", "the color of 09"),
    ("it is all right", "it is alright"),
]


def predictions(folder: Path, *data: str) -> list[Path]:
    paths = []
    for name in data:
        paths.append(folder / f"MODEL_m_DATASET_{name}.jsonl")
        lines = [json.dumps({"text": text, "pred_text": written}) + "\n" for text, written in ROWS]
        paths[-1].write_text("".join(lines), encoding="utf-8")
    return paths


def test_versions_are_the_leaderboard_s_oldest_first() -> None:
    names = [profile.name for profile in official_versions()]
    assert names[0] == "leaderboard@2023-07"
    assert names == sorted(names)
    assert {"leaderboard@2026-04", "leaderboard@2026-08", "leaderboard@2026-10"} <= set(names)


@pytest.mark.parametrize("name", ["mine", "fleurs_de", "fleurs_hi", "fleurs_ja"])
def test_steps_add_up(tmp_path: Path, name: str) -> None:
    (system,) = read_systems(predictions(tmp_path, name))
    (one,) = timeline(system).benchmarks
    assert len(one.versions) == len(official_versions())
    first, last = one.versions[0], one.versions[-1]
    assert sum(step.effect or 0.0 for step in one.versions) == pytest.approx(one.total, abs=1e-12)
    for before, step in zip(one.versions, one.versions[1:], strict=False):
        assert sum(each.effect or 0.0 for each in step.steps) == pytest.approx(step.effect, abs=1e-12)
        errors = step.steps[-1].errors if step.steps else before.errors
        assert errors == step.errors
        (score,) = score_systems([system], [get_profile(step.profile)])
        assert score.benchmarks[0].rate == step.rate
    assert one.total == pytest.approx((last.rate or 0.0) - (first.rate or 0.0), abs=1e-12)


def test_averages_are_over_the_sets_of_the_version(tmp_path: Path) -> None:
    april = ["ami_ihm", "earnings22", "gigaspeech", "librispeech_test_clean", "librispeech_test_other"]
    april += ["spgispeech", "tedlium", "voxpopuli_en"]
    (system,) = read_systems(predictions(tmp_path, *april))
    found = {one.profile: one for one in timeline(system).averages}
    assert (found["leaderboard@2026-04"].suite, found["leaderboard@2026-04"].missing) == ("open_asr@2026-04", ())
    (score,) = score_systems([system], [get_profile("leaderboard@2026-04")])
    assert found["leaderboard@2026-04"].rate == pytest.approx(score.average.wer)
    assert found["leaderboard@2026-08"].rate is None
    assert found["leaderboard@2026-08"].missing[0] == "ami_cleaned"
    assert (found["leaderboard@2026-05"].suite, found["leaderboard@2026-05"].missing) == (None, ())


def test_the_command_prints_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments: list[Any] = ["explain", *map(str, predictions(tmp_path, "mine")), "--timeline"]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    for word in ("leaderboard@2023-07", "leaderboard@2026-10", "clock_times", "merge_compounds", "in all"):
        assert word in text
    assert "average:" not in text
    rows = [line.split() for line in text.splitlines()]
    assert ["leaderboard@2026-10", "5.00", "-18.810", "1", "20", "3"] in rows
    assert ["clock_times", "5.26", "-14.737", "1", "19", "1"] in rows
    assert ["in", "all", "\u2013", "-40.455", "-9", "-2", "\u2013"] in rows
    numbers = [row for row in rows if len(row) == 6 and not {"->", "="} & {*row}]  # pairs of words are another part
    rules = [row[0] for row in numbers if not row[0].startswith(("mine", "leaderboard"))]
    assert rules == ["compounds", "names", "merge_compounds", "fillers", "clock_times", "oh_among_digits"]
    assert main([*arguments, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert [one["profile"] for one in found["benchmarks"][0]["versions"]] == [one.name for one in official_versions()]


def test_the_command_prints_averages_of_several_data_sets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *map(str, predictions(tmp_path, "mine", "yours")), "--timeline"]) == 0
    averages = capsys.readouterr().out.partition("average:")[2].splitlines()
    assert ["leaderboard@2026-10", "all", "2", "given", "5.00"] in [line.split() for line in averages]


def test_a_version_without_rules_for_the_language_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["explain", str(predictions(tmp_path, "mine")[0]), "--timeline", "--language", "hy"]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "Left out: leaderboard@2026-10, whose rules for this language are not known." in text
    assert main([*arguments, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert [one["profile"] for one in found["benchmarks"][0]["versions"]] == [
        one.name for one in official_versions() if one.name != "leaderboard@2026-10"
    ]
    averages = {one["profile"]: one["rate"] for one in found["averages"]}
    assert averages["leaderboard@2026-05"] is not None
    assert averages["leaderboard@2026-10"] is None
    assert main([*arguments[:3], "--language", "de"]) == 0
    assert "Left out" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flag", "value"), [("--from", "verbatim"), ("--to", "verbatim"), ("--against", "published"), ("--model", "a/b")]
)
def test_what_a_timeline_does_not_heed_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, value: str
) -> None:
    assert main(["explain", str(predictions(tmp_path, "mine")[0]), "--timeline", flag, value]) == 2
    assert f"--timeline takes no {flag}: it goes through all versions" in capsys.readouterr().err
