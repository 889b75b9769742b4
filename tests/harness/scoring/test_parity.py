"""Every count of expected.json: what the official code gives for 79,000 real predictions, to the last error."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from harness.scoring.predictions import read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_systems

if TYPE_CHECKING:
    from pathlib import Path

AUGUST = get_profile("leaderboard@2026-08")
PROFILES = {
    "as_written/jiwer": get_profile("verbatim"),
    "whisper-normalizer-0.1.15/jiwer": get_profile("card@2026-04"),
    "leaderboard-2026-04/jiwer": replace(get_profile("leaderboard@2026-04"), compound_pairs=False),
    "leaderboard-2026-08/jiwer": replace(AUGUST, compound_pairs=False, merge_compounds=False),
    "leaderboard-2026-08/kaldialign-merge": AUGUST,
    "leaderboard-2026-10/kaldialign-merge": get_profile("leaderboard@2026-10"),
}


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = json.loads((shared / "predictions" / "expected.json").read_text())
    newer: dict[str, dict[str, Any]] = json.loads((shared / "oracle" / "counts_2026_10.json").read_text())
    for name, facts in newer.items():
        assert facts["rows"] == content[name]["rows"]
        content[name] |= {key: value for key, value in facts.items() if key.startswith("leaderboard-2026-10/")}
    return content


@pytest.mark.parametrize("rules", PROFILES)
def test_every_count_is_the_official_one(shared: Path, expected: dict[str, dict[str, Any]], rules: str) -> None:
    folders = [shared / "predictions" / "normalized", shared / "predictions" / "raw"]
    systems = read_systems(folders)
    names = [one.source.name for system in systems for one in system.benchmarks]
    assert len(names) == 16
    scores = score_systems(systems, [PROFILES[rules]] * len(systems), workers=2)
    entries = [entry for score in scores for entry in score.benchmarks]
    checked = 0
    for name, entry in zip(names, entries, strict=True):
        facts = expected[name]
        assert (entry.language, entry.utterances) == (facts["language"], facts["rows"])
        if facts.get("rtfx"):
            assert (entry.speed.rtfx, entry.audio_seconds) == (facts["rtfx"], facts["audio_s"])
        empty = facts.get(f"{rules.split('/', maxsplit=1)[0]}/empty_refs")
        if empty is not None:
            assert entry.empty_references == empty
        assert entry.dropped_references == 0, "in predictions of others rows without a reference stay"
        wanted = facts.get(rules)
        if wanted is None:
            continue
        errors = entry.errors
        assert errors is not None
        assert (name, errors.errors, entry.words, entry.wer) == (
            name,
            wanted["errors"],
            wanted["ref_words"],
            wanted["wer"],
        )
        if "ins" in wanted:
            split = (errors.insertions, errors.deletions, errors.substitutions)
            assert (name, split) == (name, (wanted["ins"], wanted["del"], wanted["sub"]))
        checked += 1
    assert checked == sum(rules in expected[name] for name in names)
    if rules == "leaderboard-2026-08/kaldialign-merge":
        whole_calls = next(entry for entry in entries if entry.benchmark == "earnings21_long")
        assert whole_calls.wer is not None
        assert round(100 * whole_calls.wer, 2) == 13.84


def test_character_error_rates_are_the_official_floats(shared: Path, expected: dict[str, dict[str, Any]]) -> None:
    systems = read_systems([shared / "predictions" / "cer"])
    for profile in (get_profile("verbatim"), AUGUST):  # characters are scored as written under every profile
        for system, score in zip(systems, score_systems(systems, [profile] * 2), strict=True):
            (entry,) = score.benchmarks
            name = system.benchmarks[0].source.name
            assert entry.language == expected[name]["language"]
            assert entry.cer == expected[name]["as_written/cer"]
            assert (entry.metric, entry.wer, entry.words, entry.errors) == ("cer", None, None, None)
