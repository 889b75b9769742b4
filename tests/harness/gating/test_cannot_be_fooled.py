"""Ways to make the gate pass what it must not: by what is not there, by counts, names, numbers and policies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main
from tests.harness.gating.fooling import DAMAGED, Made, Sides, Way, Ways, made, tried
from tests.harness.gating.test_cannot_be_fooled_by_baselines import way as by_baselines
from tests.harness.gating.test_cannot_be_fooled_by_data import way as by_data

way = Ways()


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


@pytest.mark.parametrize(("change", "status", "expected"), way.all)
def test_the_gate_is_not_fooled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Way, status: int, expected: str
) -> None:
    tried(tmp_path, capsys, change, status, expected)


def test_there_are_enough_ways() -> None:
    assert len([*way.all, *by_data.all, *by_baselines.all]) >= 80


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
