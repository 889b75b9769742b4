"""Ways to make the gate pass what it must not: by other references, rules and data, by sessions, and by texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.gating.fooling import COUNT, NO_SOUND, Sides, Way, Ways, made, tried

way = Ways()


# Other references, rules and data.


@way(3, "read: other data")
def references_that_are_what_was_heard(s: Sides) -> None:
    for line in s.run.read:
        line["reference"] = line["hypothesis"] + " ."


@way(3, "read: other data")
def references_written_otherwise(s: Sides) -> None:
    for line in s.run.read:
        line["reference"] = line["reference"].upper()


@way(3, "read: other data")
def references_that_are_emptied(s: Sides) -> None:
    for line in s.run.read:
        line["reference"] = ""


@way(3, "read: no reference words")
def references_that_nobody_sees(s: Sides) -> None:
    for side in (s.run, s.base):
        for line in side.read:
            line["reference"] = NO_SOUND


@way(3, "run: other profile")
def another_rule_set(s: Sides) -> None:
    s.run.record["profile"] = "verbatim"


@way(3, "run: other profile")
def another_version_of_the_rules(s: Sides) -> None:
    s.run.record["profile"], s.base.record["profile"] = "leaderboard@2026-10", "leaderboard@2026-08"


@way(2, "no profile called 'card@2026-99'")
def a_version_of_the_rules_that_nobody_has(s: Sides) -> None:
    s.run.record["profile"] = "card@2026-99"


@way(3, "read: other data revision")
def another_revision_of_the_data(s: Sides) -> None:
    s.run.fact["revision"] = "r2"


@way(3, "read: other data")
def data_that_is_not_what_is_locked(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.fact["drift"] = ["rows 39, locked 40"]


@way(3, "read: other data")
def other_recordings_under_the_same_ids(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.read[6]["duration"] = 2.0


@way(3, "average: other data")
def another_suite_of_the_same_benchmarks(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.record["suite"] = "demo@2"
    for side in (s.run, s.base):
        side.copied("far")


@way(0, "note: the run is of suite demo@2, the baseline of demo@1")
def another_suite_of_one_benchmark(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.record["suite"] = "demo@2"


# Sessions, by which the intervals are.


@way(1, "read: compared")
def one_session_for_all(s: Sides) -> None:
    for line in s.run.read:
        line["session"] = "s"


@way(3, "read: too few sessions")
def no_session_in_the_baseline_and_one_in_the_run(s: Sides) -> None:
    for line, old in zip(s.run.read, s.base.read, strict=True):
        line["session"], old["session"] = "s", None


@way(3, "read: session s6: compared")
def one_session_emptied(s: Sides) -> None:
    s.run = made(damaged=False)
    for line in s.run.read[6::10]:
        line["hypothesis"] = ""


@way(3, "read: session s6: compared")
def one_session_of_other_words(s: Sides) -> None:
    s.run = made(damaged=False)
    for line in s.run.read[6::10]:
        line["hypothesis"] = "thank you for watching"


# Texts.


@way(1, "read: compared")
def nothing_is_written(s: Sides) -> None:
    for line in s.run.read:
        line["hypothesis"] = ""


@way(1, "read: compared")
def blanks_are_written(s: Sides) -> None:
    for line in s.run.read:
        line["hypothesis"] = " \t\n\u3000"


@way(1, "read: compared")
def what_nobody_sees_is_written(s: Sides) -> None:
    for line in s.run.read:
        line["hypothesis"] = NO_SOUND


@way(1, "read: compared")
def letters_that_look_alike(s: Sides) -> None:
    for line in s.run.read:
        line["hypothesis"] = line["reference"].replace("e", "\u0435").replace("a", "\u0430")


@way(1, "read: inserted on silence: compared")
def words_invented_where_nobody_speaks(s: Sides) -> None:
    s.run = made(damaged=False)
    for side, heard in ((s.run, "thank you for watching"), (s.base, "")):
        noise = [
            {**line, "id": f"noise{at}", "reference": "", "hypothesis": heard} for at, line in enumerate(side.read)
        ]
        side.read += noise
        side.counted()


@way(3, "read: other data")
def silence_that_is_said_to_be_long(s: Sides) -> None:
    words_invented_where_nobody_speaks(s)
    for line in s.run.read[COUNT:]:
        line["duration"] = 1e7


@way(4, "hypothesis: expected str | null")
def a_number_for_a_text(s: Sides) -> None:
    s.run.read[6]["hypothesis"] = 7


@way(4, "39 of 40 rows have no parent_id")
def one_line_that_is_a_chunk(s: Sides) -> None:
    s.run.read[6] |= {"parent_id": "talk", "chunk_index": 0}


@pytest.mark.parametrize(("change", "status", "expected"), way.all)
def test_the_gate_is_not_fooled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Way, status: int, expected: str
) -> None:
    tried(tmp_path, capsys, change, status, expected)
