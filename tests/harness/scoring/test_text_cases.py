"""Small inputs on which scoring once gave a wrong figure, and what is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from harness.scoring.predictions import read_systems
from harness.scoring.profiles import profile_names
from harness.scoring.resolve import resolve_profile
from harness.scoring.score import score_systems

if TYPE_CHECKING:
    from pathlib import Path

    from harness.records.scores import BenchmarkScore


def scored(shared: Path, name: str, profile: str | None, language: str | None = None) -> BenchmarkScore:
    """The one benchmark of a file of the cases under a profile, or the default."""
    systems = read_systems([shared / "cases" / "text" / name], language=language)
    (scores,) = score_systems(systems, [resolve_profile(systems[0], profile)])
    (entry,) = scores.benchmarks
    return entry


@pytest.mark.parametrize("profile", [name for name in profile_names() if name not in {"verbatim", "unicode@2026-11"}])
def test_has_got_to_is_no_error_in_any_english_profile(shared: Path, profile: str) -> None:
    entry = scored(shared, "f01_s_gotta.jsonl", profile)
    assert (entry.wer, entry.words) == (0.0, 11)


GOOD, WRONG = (f"MODEL_{model}_DATASET_fleurs_hi_custom.jsonl" for model in ("good", "wrongvowels"))
LOST = (
    "letters lost their marks (vowel signs, points), which leaderboard@2026-08 drops: words that differ in nothing "
    "else count as the same; unicode@2026-11 keeps them"
)


def test_vowel_signs_are_letters_by_default_and_in_october(shared: Path) -> None:
    for profile in (None, "unicode@2026-11", "verbatim", "leaderboard@2026-10"):
        entry = scored(shared, "b_hindi.jsonl", profile, "hi")
        assert (entry.wer, entry.words, entry.letters_without_marks, entry.warnings) == (0.3, 10, 0, ())
    entry = scored(shared, WRONG, None)
    assert entry.wer == pytest.approx(0.8214, abs=5e-5)


def test_official_rules_that_drop_vowel_signs_say_so(shared: Path) -> None:
    entry = scored(shared, "b_hindi.jsonl", "leaderboard@2026-08", "hi")
    assert (entry.wer, entry.words, entry.letters_without_marks) == (0.0, 20, 32)
    assert entry.warnings == (f"32 {LOST}",)


def test_a_table_says_so(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = str(shared / "cases" / "text" / WRONG)
    assert main(["score", wrong, "--profile", "leaderboard@2026-08"]) == 0
    shown = capsys.readouterr()
    assert "Letters lost their marks" in shown.out
    assert "up to 528 on fleurs_hi_custom." in " ".join(shown.out.split())
    assert shown.err == f"warning: wrongvowels on fleurs_hi_custom: 528 {LOST}\n"
    assert main(["score", wrong]) == 0
    assert "lost their marks" not in "".join(capsys.readouterr())


def test_a_comparison_names_what_it_does_not_see(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, wrong = (str(shared / "cases" / "text" / name) for name in (GOOD, WRONG))
    assert main(["compare", good, wrong, "--profile", "leaderboard@2026-08", "--json"]) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]
    assert notes == [f"good on fleurs_hi_custom: 528 {LOST}", f"wrongvowels on fleurs_hi_custom: 528 {LOST}"]


def test_a_gate_that_sees_no_vowels_says_so(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, wrong = (str(shared / "cases" / "text" / name) for name in (GOOD, WRONG))
    assert main(["gate", wrong, "--baseline", good]) == 1
    assert "48 of 48 utterances changed" in capsys.readouterr().out
    official = ["gate", wrong, "--baseline", good, "--profile", "leaderboard@2026-08"]
    assert main([*official, "--json"]) == 0
    finding = json.loads(capsys.readouterr().out)["findings"][0]
    assert (finding["changed"], finding["rewritten"], finding["letters_without_marks"]) == (0, 48, 528)
    unseen = "the raw transcripts of 48 utterances differ where counts do not"
    assert finding["message"] == f"no utterance's counts changed, of 48; {unseen}; 528 {LOST}"
