"""Ways to make the gate pass what it must not, each with the exit status and the finding, or note, that it gets.

Except where a way says otherwise, the run is one that the gate fails: half of the words of four of ten sessions wrong.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main

VOCABULARY = ["apple", "river", "stone", "garden", "window", "mountain", "silver", "paper", "candle", "bridge", "lamp"]
COUNT, WORDS = 40, 10
DAMAGED = [at for at in range(COUNT) if at % 10 >= 6]
"""Utterances of four sessions."""
NO_SOUND = "\u200b\u2060 \ufeff\u00a0"
"""Text that nobody sees."""


def reference(at: int) -> str:
    return " ".join(VOCABULARY[(at * 3 + word * (1 + at % 7)) % len(VOCABULARY)] for word in range(WORDS))


@dataclass
class Made:
    """A run folder before it is written."""

    record: dict[str, Any]
    lines: dict[str, list[dict[str, Any]]]

    @property
    def read(self) -> list[dict[str, Any]]:
        return self.lines["read"]

    @read.setter
    def read(self, lines: list[dict[str, Any]]) -> None:
        self.lines["read"] = lines

    @property
    def fact(self) -> dict[str, Any]:
        found: dict[str, Any] = self.record["benchmarks"]["read"]
        return found

    def copied(self, benchmark: str) -> None:
        """Another benchmark like the first."""
        self.lines[benchmark] = deepcopy(self.read)
        self.record["benchmarks"][benchmark] = deepcopy(self.fact)

    def counted(self) -> None:
        """What run.json counts is what is there."""
        for name, lines in self.lines.items():
            self.record["benchmarks"][name] |= {"expected": len(lines), "done": len(lines)}

    def write(self, folder: Path) -> Path:
        folder.mkdir()
        (folder / "run.json").write_text(json.dumps(self.record))
        for name, lines in self.lines.items():
            (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return folder


def made(damaged: bool) -> Made:
    lines = []
    for at in range(COUNT):
        wrong = 5 if damaged and at in DAMAGED else at % 2
        heard = ["wrong" if place < wrong else word for place, word in enumerate(reference(at).split())]
        line = {"format": 2, "id": f"u{at:02}", "language": "en", "session": f"s{at % 10}", "duration": 2.5}
        line |= {"reference": reference(at), "hypothesis": " ".join(heard), "time": 0.1 + damaged / 100, "batch": at}
        lines.append(line)
    fact = {"language": "en", "expected": COUNT, "done": COUNT, "failed": 0, "complete": True, "revision": "r1"}
    record = {
        "format": 2,
        "suite": "demo@1",
        "profile": "card@2026-04",
        "complete": True,
        "model": {"id": "org/model", "revision": f"w{int(damaged)}"},
        "started": "2026-03-02T10:00:00+00:00" if damaged else "2026-03-01T10:00:00+00:00",
        "settings": {},
        "fingerprint": {"suite": "demo@1", "model": "org/model", "dtype": "float32", "batch_size": 8},
        "environment": {"hardware": {"cpu": "Abacus", "cores": 2}},
        "benchmarks": {"read": fact | {"speed": {"audio_seconds": 100.0, "seconds_counted": 4.0}}},
    }
    return Made(record, {"read": lines})


@dataclass
class Sides:
    """Both sides, which a way may change before or after they are written, and how the gate is called."""

    place: Path
    run: Made
    base: Made
    policy: str = ""
    baseline: Callable[[Path], Path] | None = None
    """From the baseline's folder to what is named."""
    after: list[Callable[[Path, Path], object]] = field(default_factory=list)
    """Done to the two folders."""

    def words(self) -> list[str]:
        run, base = self.run.write(self.place / "run"), self.base.write(self.place / "base")
        for change in self.after:
            change(run, base)
        named = self.baseline(base) if self.baseline else base
        policy = self.place / "policy.toml"
        policy.write_text(self.policy)
        return ["gate", str(run), "--baseline", str(named), "--policy", str(policy), "--json"]


Way = Callable[[Sides], object]
WAYS: list[Any] = []


def way(status: int, expected: str) -> Callable[[Way], Way]:
    """Registers one: its exit status; ``subject: reason``, ``note: words``, or the words of an error."""

    def register(function: Way) -> Way:
        WAYS.append(pytest.param(function, status, expected, id=function.__name__))
        return function

    return register


@way(1, "read: compared")
def nothing_done(_s: Sides) -> None: ...


# Utterances that are not there, or have no transcript.


@way(3, "read: incomplete")
def failed_where_it_is_bad(s: Sides) -> None:
    for at in DAMAGED:
        s.run.read[at] = {key: value for key, value in s.run.read[at].items() if key != "hypothesis"} | {"error": "x"}


@way(3, "read: incomplete")
def one_failure_that_counts_as_empty(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.record["settings"] = s.base.record["settings"] = {"on_error": "score-empty"}
    del s.run.read[3]["hypothesis"]
    s.run.read[3]["error"] = "x"


@way(4, "either a hypothesis or an error")
def neither_text_nor_error(s: Sides) -> None:
    for at in DAMAGED:
        s.run.read[at]["hypothesis"] = None


@way(4, "either a hypothesis or an error")
def a_good_text_beside_an_error(s: Sides) -> None:
    for at in DAMAGED:
        s.run.read[at] |= {"hypothesis": s.run.read[at]["reference"], "error": "x"}


def _without_damaged(side: Made) -> None:
    side.read = [line for at, line in enumerate(side.read) if at not in DAMAGED]


@way(3, "read: incomplete")
def left_out_where_it_is_bad(s: Sides) -> None:
    _without_damaged(s.run)


@way(3, "read: incomplete")
def left_out_and_counts_edited(s: Sides) -> None:
    _without_damaged(s.run)
    s.run.counted()


@way(3, "read: incomplete")
def left_out_on_both_sides(s: Sides) -> None:
    _without_damaged(s.run)
    _without_damaged(s.base)


@way(3, "read: incomplete")
def left_out_on_both_sides_and_nothing_expected(s: Sides) -> None:
    for side in (s.run, s.base):
        _without_damaged(side)
        side.fact["expected"] = None


@way(3, "read: incomplete")
def a_sample_against_the_whole(s: Sides) -> None:
    s.run.read = [line for at, line in enumerate(s.run.read) if at % 10 < 6]
    s.run.counted()
    s.run.record["settings"]["limit"] = 24


@way(3, "read: other data")
def the_whole_against_a_sample(s: Sides) -> None:
    _without_damaged(s.base)
    s.base.counted()


@way(0, "note: the run is a sample: --limit 24")
def a_sample_against_the_same_sample(s: Sides) -> None:
    for side in (s.run, s.base):
        _without_damaged(side)
        side.counted()
        side.record["settings"]["limit"] = 24


@way(3, "read: incomplete")
def a_file_that_is_cut(s: Sides) -> None:
    def cut(run: Path, _base: Path) -> None:
        data = (run / "read.jsonl").read_bytes()
        (run / "read.jsonl").write_bytes(data[: len(data) // 2])

    s.after.append(cut)


@way(3, "read: incomplete")
def a_file_that_is_empty(s: Sides) -> None:
    s.run.read = []


@way(3, "read: incomplete")
def a_file_that_is_gone(s: Sides) -> None:
    s.after.append(lambda run, _: (run / "read.jsonl").unlink())


@way(3, "run: incomplete")
def a_run_that_was_stopped(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.record["complete"] = False


@way(3, "run: incomplete")
def a_run_that_does_not_say_whether_it_ended(s: Sides) -> None:
    s.run = made(damaged=False)
    del s.run.record["complete"]


@way(4, "complete: expected bool")
def a_run_that_says_yes(s: Sides) -> None:
    s.run.record["complete"] = "yes"


@way(3, "read: incomplete")
def half_a_run_without_its_run_json(s: Sides) -> None:
    _without_damaged(s.run)
    s.after.append(lambda run, _: (run / "run.json").unlink())


# Counts that do not fit.


@way(3, "read: incomplete")
def more_done_than_is_there(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.fact["done"] = 41


@way(3, "read: incomplete")
def fewer_expected_than_are_there(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.fact["expected"] = 39


@way(3, "read: incomplete")
def failures_that_somebody_filled_in(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.fact["failed"] = 16


# Other utterances, other names.


@way(4, "stands there twice")
def a_good_line_for_a_bad_one(s: Sides) -> None:
    for at in DAMAGED:
        s.run.read[at] = s.run.read[0]


@way(3, "read: other data")
def good_lines_twice_in_predictions_of_others(s: Sides) -> None:
    def others(run: Path, base: Path) -> None:
        for folder in (run, base):
            (folder / "run.json").unlink()
        lines = (run / "read.jsonl").read_text().splitlines(keepends=True)
        (run / "read.jsonl").write_text("".join(lines + lines[:6] * 9))

    s.after.append(others)


@way(3, "read: other data")
def easy_utterances_added(s: Sides) -> None:
    s.run.read += [{**line, "id": f"easy{at}"} for at, line in enumerate(s.base.read[:30:2])]
    s.run.counted()


@way(3, "read: missing")
def a_benchmark_that_has_another_name(s: Sides) -> None:
    s.run.lines["read2"] = s.run.lines.pop("read")
    s.run.record["benchmarks"]["read2"] = s.run.record["benchmarks"].pop("read")


@way(3, "read: missing")
def a_benchmark_that_differs_by_a_capital(s: Sides) -> None:
    s.run.lines["Read"] = s.run.lines.pop("read")
    s.run.record["benchmarks"]["Read"] = s.run.record["benchmarks"].pop("read")


@way(3, "hard: missing")
def the_hard_benchmark_left_out(s: Sides) -> None:
    s.base.copied("hard")
    s.run = made(damaged=False)


@way(3, "easy: extra")
def an_easy_benchmark_added(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.copied("easy")


@way(3, "read: other data")
def another_language(s: Sides) -> None:
    for line in s.run.read:
        line["language"] = "de"


@way(3, "read: missing")
def the_bad_half_in_another_language(s: Sides) -> None:
    for at in DAMAGED:
        s.run.read[at]["language"] = "de"


@way(1, "read: compared")
def transcripts_that_change_places(s: Sides) -> None:
    s.run = made(damaged=False)
    texts = [line["hypothesis"] for line in s.run.read]
    for line, text in zip(s.run.read, texts[1:] + texts[:1], strict=True):
        line["hypothesis"] = text


@way(3, "read: other data")
def ids_that_change_places(s: Sides) -> None:
    names = [line["id"] for line in s.run.read]
    for line, name in zip(s.run.read, names[1:] + names[:1], strict=True):
        line["id"] = name


@way(3, "read: incomplete")
def ids_in_another_form_of_unicode(s: Sides) -> None:
    s.base.read[6]["id"], s.run.read[6]["id"] = "caf\u00e9", "cafe\u0301"


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


# Baselines that hold nobody to anything.


@way(3, "read: incomplete")
def a_baseline_that_wrote_nothing(s: Sides) -> None:
    for line in s.base.read:
        line["hypothesis"] = ""


@way(3, "read: incomplete")
def a_dead_model_against_a_dead_model(s: Sides) -> None:
    for side in (s.run, s.base):
        for line in side.read:
            line["hypothesis"] = NO_SOUND


@way(3, "read: incomplete")
def a_baseline_whose_file_is_empty(s: Sides) -> None:
    s.base.read = []


@way(3, "run: incomplete")
def a_baseline_without_benchmarks(s: Sides) -> None:
    s.base.record["benchmarks"] = {}


@way(3, "run: nothing compared")
def two_sides_without_benchmarks(s: Sides) -> None:
    s.run.record["benchmarks"] = s.base.record["benchmarks"] = {}


@way(3, "read: incomplete")
def a_baseline_that_failed_where_it_is_hard(s: Sides) -> None:
    for at in DAMAGED:
        s.base.read[at] = {key: value for key, value in s.base.read[at].items() if key != "hypothesis"} | {"error": "x"}


@way(3, "run: incomplete")
def a_baseline_that_was_stopped(s: Sides) -> None:
    s.run = made(damaged=False)
    s.base.record["complete"] = False


def _zipped(base: Path, *names: str) -> Path:
    path = base.parent / "saved.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.write(base / name, name)
    return path


@way(2, "nothing to score in")
def a_saved_baseline_without_anything(s: Sides) -> None:
    s.baseline = _zipped


@way(3, "read: incomplete")
def a_saved_baseline_without_transcripts(s: Sides) -> None:
    s.baseline = lambda base: _zipped(base, "run.json")


@way(4, "is of org/model on demo@1, not of org/other on demo@1 as its name says")
def a_saved_baseline_under_another_name(s: Sides) -> None:
    def moved(base: Path) -> Path:
        place = base.parent / "baselines" / "demo@1"
        place.mkdir(parents=True)
        _zipped(base, "run.json", "read.jsonl").rename(place / "org--other.zip")
        return place.parent

    s.run.record["model"]["id"] = "org/other"
    s.baseline = moved


def _saved(base: Path) -> Path:
    assert main(["baseline", "save", str(base), "--dir", str(base.parent / "baselines")]) == 0
    return base.parent / "baselines"


@way(3, "run: no baseline")
def a_model_that_has_no_saved_baseline(s: Sides) -> None:
    s.run.record["model"]["id"] = "org/MODEL"
    s.baseline = _saved


@way(3, "run: no baseline")
def a_suite_that_has_no_saved_baseline(s: Sides) -> None:
    s.run.record["suite"] = "demo@2"
    s.baseline = _saved


@way(2, "nothing to score in")
def a_folder_that_holds_nothing(s: Sides) -> None:
    s.baseline = lambda base: _made(base.parent / "nothing")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@way(2, "holds 2 systems")
def two_runs_in_one_folder(s: Sides) -> None:
    s.after.append(lambda run, base: shutil.copytree(base, run / "good"))


# The run itself, another one, and pieces of others.


@way(0, "note: the baseline is this very run")
def the_run_as_its_own_baseline(s: Sides) -> None:
    s.baseline = lambda base: base.parent / "run"


@way(0, "note: the baseline is this very run")
def a_baseline_saved_from_the_run(s: Sides) -> None:
    s.baseline = lambda base: _saved(base.parent / "run")


@way(0, "note: the baseline is this very run")
def a_copy_of_the_run(s: Sides) -> None:
    s.base = deepcopy(s.run)


@way(0, "note: the baseline is this very run")
def a_journal_that_leads_to_the_baseline_s(s: Sides) -> None:
    def link(run: Path, base: Path) -> None:
        (run / "read.jsonl").unlink()
        (run / "read.jsonl").symlink_to(base / "read.jsonl")

    s.after.append(link)


@way(0, "note: the run is of org/better, the baseline of org/model")
def the_run_of_a_better_model(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.record["model"]["id"] = "org/better"


@way(0, "note: the run was made with other settings: batch_size 1 (was 8); dtype float64 (was float32)")
def the_run_with_other_settings(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.record["fingerprint"] |= {"batch_size": 1, "dtype": "float64"}


@way(0, "note: the run was gone on with otherwise than it was begun: torch 3.0 (was 2.0)")
def a_run_resumed_with_what_is_better(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.record["stretches"] = [{}, {"differs": ["torch 3.0 (was 2.0)"]}]


@way(0, "note: the baseline (2026-03-02T10:00:00+00:00) is newer than the run")
def the_two_the_wrong_way_round(s: Sides) -> None:
    s.run, s.base = s.base, s.run


@way(0, "note: the run says that it began on 2126-03-02T10:00:00+00:00, which is in the future")
def a_run_from_the_future(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.record["started"] = "2126-03-02T10:00:00+00:00"


@way(4, "written by a newer version of this program (format 99)")
def a_format_from_the_future(s: Sides) -> None:
    s.run.record["format"] = 99


# Numbers that are none.


@way(4, "not a journal line: NaN is no number")
def a_length_that_is_no_number(s: Sides) -> None:
    s.run.read[6]["duration"] = float("nan")


@way(4, "time: expected float >= 0.0")
def a_time_below_zero(s: Sides) -> None:
    s.run.read[6]["time"] = -1.0


@way(2, "margin must be a number from 0 to 100, not nan")
def a_margin_that_is_no_number(s: Sides) -> None:
    s.policy = "[wer]\nmargin = nan"


@way(2, "margin must be a number from 0 to 100, not inf")
def a_margin_without_end(s: Sides) -> None:
    s.policy = "[wer]\nmargin = inf"


@way(2, "alpha must be a number")
def a_chance_that_is_no_number(s: Sides) -> None:
    s.policy = "alpha = nan"


@way(2, "margin must be a number")
def a_margin_of_a_metric_that_is_no_number(s: Sides) -> None:
    s.policy = "[metrics.ser]\nmargin = nan"


# Policies.


@way(0, "raed: not measured")
def a_rule_for_a_name_that_is_mistyped(s: Sides) -> None:
    s.policy = '[wer]\ntier = "informative"\n[wer.benchmarks.raed]\ntier = "must"'


@way(3, "read: incomplete")
def a_policy_that_lets_all_pass_on_half_a_run(s: Sides) -> None:
    _without_damaged(s.run)
    s.policy = 'inconclusive = "pass"\n[wer]\nmargin = 99\ntier = "informative"'


@way(3, "speed: not measured")
def a_speed_that_is_left_out(s: Sides) -> None:
    s.run = made(damaged=False)
    del s.run.fact["speed"]
    s.policy = '[speed]\ntier = "must"'


@way(3, "speed: other hardware")
def a_speed_of_another_machine(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.record["environment"]["hardware"]["cpu"] = "Supercomputer"
    s.policy = '[speed]\ntier = "must"'


@way(3, "speed: not measured")
def a_speed_without_end(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.fact["speed"]["seconds_counted"] = 0.0
    s.policy = '[speed]\ntier = "must"'


@pytest.mark.parametrize(("change", "status", "expected"), WAYS)
def test_the_gate_is_not_fooled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Way, status: int, expected: str
) -> None:
    sides = Sides(tmp_path, made(damaged=True), made(damaged=False))
    change(sides)
    words = sides.words()
    capsys.readouterr()
    assert main(words) == status
    told = capsys.readouterr()
    if status in {2, 4}:
        assert expected in told.err
        assert told.err.count("\n") == 1
        assert told.out == ""
        return
    decision = json.loads(told.out)
    assert decision["verdict"] == {0: "PASS", 1: "FAIL", 3: "INCONCLUSIVE"}[status]
    found = [f"{finding['subject']}: {finding['reason']}" for finding in decision["findings"]]
    said = [f"note: {note}" for note in decision["notes"]]
    assert [line for line in found + said if line.startswith(expected)], (found, said)


def test_there_are_enough_ways() -> None:
    assert len(WAYS) >= 80


def test_notes_are_for_every_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sides = Sides(tmp_path, made(damaged=False), made(damaged=False))
    sides.run.record["model"]["id"] = "org/<b>"
    sides.run.record["started"] = None
    sides.run.read[0]["time"] = 0.7
    words = [word for word in sides.words() if word != "--json"]
    files = ["--junit", str(tmp_path / "j.xml"), "--markdown", str(tmp_path / "m.md"), "--github"]
    assert main([*words, *files]) == 0
    told = capsys.readouterr().out
    assert "note: the run is of org/<b>, the baseline of org/model\n" in told
    assert (
        "::notice title=ASR gate PASS::passed: read. Note: the run is of org/<b>, the baseline of org/model\n" in told
    )
    assert '<property name="note" value="the run is of org/&lt;b&gt;, the' in (tmp_path / "j.xml").read_text()
    assert "- note: the run is of org/" in (tmp_path / "m.md").read_text()
    assert "<b>" not in (tmp_path / "m.md").read_text()


def test_many_lost_sessions_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An informative benchmark is left alone; where the whole fails, no session is named besides."""
    sides = Sides(tmp_path, made(damaged=False), made(damaged=False), policy="[wer]\nmargin = 99")
    for at, line in enumerate(sides.run.read):
        if at % 10 < 7:
            line["hypothesis"] = ""
    assert main(sides.words()) == 3
    decision = json.loads(capsys.readouterr().out)
    lost = [finding for finding in decision["findings"] if "session" in finding["subject"]]
    assert [finding["subject"][-2:] for finding in lost] == ["s0", "s1", "s2", "s3", "s4"]
    assert lost[0]["message"] == (
        "+100.00 points: next to nothing of this session is right any more; 2 more sessions are lost"
    )
    assert lost[0]["utterances"] == 4
