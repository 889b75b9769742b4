"""Averages as suites declare them: macro over groups, weighed alike in intervals and tests; speeds pooled."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks import registry
from benchmarks.registry import get_suite, suites
from benchmarks.suite import parse_suite
from harness.cli import main
from harness.errors import UsageError
from harness.gating.baseline import save
from harness.records.codec import write
from harness.records.journal import encode_lines
from harness.records.run import AveragingRecord, BenchmarkRecord, ModelRecord, RunRecord
from harness.records.speed import Speed
from harness.reporting.results import results_table
from harness.scoring.average import Averaging, averaging, declared, pooled_by
from harness.scoring.comparison import compare_systems
from harness.scoring.intervals import average_interval, mean_estimate, rate_estimate
from harness.scoring.predictions import System
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_systems, suite_speed
from harness.scoring.significance import average_difference
from tests.harness.scoring.made import line, predictions

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.suite import Suite
    from harness.scoring.predictions import Predictions

NEWEST = "multilingual@2026-09-04"
VERSIONS = {
    "2026-05-20": ("open_asr@2026-05-20", "leaderboard@2026-04", 7, 0),
    "2026-06-13": ("open_asr@2026-05-20", "leaderboard@2026-04", 7, 0),
    "2026-06-24": ("open_asr@2026-06-24", "leaderboard@2026-08", 7, 0),
    "2026-06-29": ("open_asr@2026-06-24", "leaderboard@2026-08", 7, 0),
    "2026-07-07": ("open_asr@2026-07-07", "leaderboard@2026-08", 7, 0),
    "2026-07-10": ("open_asr@2026-07-07", "leaderboard@2026-08", 7, 0),
    "2026-07-16": ("open_asr@2026-07-07", "leaderboard@2026-08", 7, 0),
    "2026-07-24": ("open_asr@2026-07-24", "leaderboard@2026-08", 7, 2),
    "2026-07-31": ("open_asr@2026-07-24", "leaderboard@2026-08", 7, 2),
    "2026-08-05": ("open_asr@2026-07-24", "leaderboard@2026-08", 7, 2),
    "2026-08-21": ("open_asr@2026-08", "leaderboard@2026-08", 7, 2),
    "2026-08-25": ("open_asr@2026-08", "leaderboard@2026-08", 7, 2),
    "2026-08-28": ("open_asr@2026-08-28", "leaderboard@2026-08", 8, 2),
    "2026-09-04": ("open_asr@2026-08-28", "leaderboard@2026-08", 8, 2),
    "2026-09-11": ("open_asr@2026-08-28", "leaderboard@2026-08", 8, 2),
    "2026-09-19": ("open_asr@2026-08-28", "leaderboard@2026-08", 8, 2),
    "2026-09-25": ("open_asr@2026-08-28", "leaderboard@2026-08", 8, 2),
    "2026-10-02": ("open_asr@2026-08-28", "leaderboard@2026-08", 8, 2),
}
"""Of each version of the board: its suite, rules, public sets, and means of private sets in the headline."""
OLDEST_MULTILINGUAL = "2026-07-24"


@pytest.mark.parametrize("date", VERSIONS)
def test_every_version_of_the_board_is_a_suite(date: str) -> None:
    suite = get_suite(f"open_asr@{date}")
    assert (suite.name, suite.profile, len(suite.benchmarks), len(suite.not_measured)) == VERSIONS[date]
    assert ("ami_cleaned" in suite.benchmarks) == (date >= "2026-07-07")
    assert ("earnings22_chunked" in suite.benchmarks) == (date >= "2026-08-21")
    assert ("monsoon_en_in" in suite.benchmarks) == (date >= "2026-08-28")
    assert "tedlium" not in suite.benchmarks


@pytest.mark.parametrize("date", [date for date in VERSIONS if date >= OLDEST_MULTILINGUAL])
def test_every_version_with_languages_is_a_suite(date: str) -> None:
    suite = get_suite(f"multilingual@{date}")
    wanted = ["de", "fr", "it", "es", "pt", *(["hi"] if date >= "2026-08-28" else [])]
    assert list(suite.groups) == wanted + (["nl"] if date >= "2026-09-04" else [])
    assert suite.profile == ("leaderboard@2026-10" if "hi" in suite.groups else "leaderboard@2026-08")
    assert sorted(name for group in suite.groups.values() for name in group) == sorted(suite.benchmarks)


def test_what_the_short_names_mean() -> None:
    assert [get_suite(name).name for name in ("open_asr", "multilingual", "longform", "open_asr@2026-10")] == [
        "open_asr@2026-08-28",
        NEWEST,
        "longform@2026-10",
        "open_asr@2026-08-28",
    ]


def test_the_fixed_durations_are_those_of_the_board() -> None:
    seconds = get_suite("open_asr").seconds
    assert set(seconds) == set(get_suite("open_asr").benchmarks)
    assert sum(seconds.values()) == pytest.approx(588_203.3, abs=0.05)
    assert pooled_by("open_asr@2026-08-28") == seconds
    assert not pooled_by("mine")
    assert not pooled_by(None)


RATES = {"mcv_de": 0.05004, "fleurs_de": 0.03, "mcv_fr": 0.08, "mls_fr": 0.04, "fleurs_fr": 0.061}


def test_a_macro_average_is_over_languages_and_rounds_where_the_board_does() -> None:
    groups = {"de": ("mcv_de", "fleurs_de"), "fr": ("mcv_fr", "mls_fr", "fleurs_fr")}
    plain, rounding = Averaging(groups=groups), Averaging(groups=groups, rounded=True)
    assert plain.rate(RATES) == pytest.approx(((0.05004 + 0.03) / 2 + (0.08 + 0.04 + 0.061) / 3) / 2, abs=1e-15)
    # de: 5.00 and 3.00 are 4.00; fr: 8.00, 4.00, 6.10 are 6.03
    assert rounding.rate(RATES) == pytest.approx(0.05015, abs=1e-15)
    # of French two sets are there: 8.00 and 4.00
    assert rounding.rate({name: rate for name, rate in RATES.items() if name != "fleurs_fr"}) == pytest.approx(0.05)
    assert Averaging(rounded=True).rate(RATES) == pytest.approx(0.0522, abs=1e-15)


def test_a_model_without_a_language_has_no_average() -> None:
    over = averaging([NEWEST], rounded=True)
    every = dict.fromkeys(get_suite(NEWEST).benchmarks, 0.1)
    assert over.rate(every) == pytest.approx(0.1)
    without = {name: rate for name, rate in every.items() if name != "monsoon_hi"}
    assert over.rate(without) is None
    assert get_suite(NEWEST).lacks(without) == ["hi"]
    assert over.among(without).rate(without) == pytest.approx(0.1)
    assert over.rate({**every, "mls_nl": None}) is None


def test_weights_give_the_rate_that_the_groups_give() -> None:
    over = averaging([NEWEST], rounded=False)
    names = [*get_suite(NEWEST).benchmarks, "fleurs_hy"]
    weights = over.weights(names)
    assert sum(map(Fraction, weights)) == pytest.approx(1)
    assert dict(zip(names, weights, strict=True))["monsoon_hi"] == 1 / 7
    assert dict(zip(names, weights, strict=True))["mls_nl"] == 1 / 21
    assert weights[-1] == 0.0
    rates = {name: 0.01 * at for at, name in enumerate(names)}
    assert over.rate(rates) == pytest.approx(sum(w * rates[name] for w, name in zip(weights, names, strict=True)))
    assert averaging(["open_asr"], rounded=True).weights(["a", "b"]) == []


def columns(scale: int) -> tuple[list[int], list[int], list[str]]:
    return [scale, 2, 3 * scale, 1, 5, 2], [100, 90, 120, 60, 80, 100], list("abcdef")


def test_the_interval_of_a_macro_average_is_that_of_the_weighted_mean() -> None:
    three = [columns(scale) for scale in (1, 4, 9)]
    even, plain = average_interval(three, weights=[1 / 3] * 3), average_interval(three)
    assert even is not None
    assert plain is not None
    assert (even.low, even.high, even.degrees) == pytest.approx((plain.low, plain.high, plain.degrees), rel=1e-12)
    alone = average_interval(three, weights=[0.0, 1.0, 0.0])
    assert alone == average_interval(three[1:2])
    estimates = [rate_estimate(np.array(one[0], float), np.array(one[1], float)) for one in three]
    known = [one for one in estimates if one is not None]
    found = mean_estimate(known, [0.5, 0.25, 0.25])
    assert found.standard_error**2 == pytest.approx(
        sum((w * one.standard_error) ** 2 for w, one in zip((0.5, 0.25, 0.25), known, strict=True))
    )
    assert found.value == pytest.approx(sum(w * one.value for w, one in zip((0.5, 0.25, 0.25), known, strict=True)))


def made(name: str, language: str, wrong: int) -> Predictions:
    """Six speakers with ten words each, of which some are wrong."""
    text = "eins zwei drei vier acht neun zehn elf ja nein"
    bad = " ".join(["x"] * wrong + text.split()[wrong:])
    return predictions(*[(text, bad)] * 6, name=name, language=language, session=[f"s{at}" for at in range(6)])


def systems() -> list[System]:
    parts = ({"de": 1, "fr": 4, "it": 1, "es": 1, "pt": 1}, {"de": 2, "fr": 1, "it": 1, "es": 1, "pt": 1})
    return [
        System(
            model=f"m{number}",
            suite="multilingual@2026-07-24",
            benchmarks=[
                made(name, language, errors[language])
                for language, group in get_suite("multilingual@2026-07-24").groups.items()
                for name in group
            ],
        )
        for number, errors in enumerate(parts)
    ]


def test_tables_and_compare_average_as_the_suite_declares() -> None:
    """German has two sets and French three, so that the plain means would be others."""
    profile = get_profile("leaderboard@2026-08")
    first, second = score_systems(systems(), [profile] * 2)
    assert first.average.wer == pytest.approx((0.1 + 0.4 + 0.1 + 0.1 + 0.1) / 5)
    assert second.average.wer == pytest.approx((0.2 + 0.1 + 0.1 + 0.1 + 0.1) / 5)
    compared = compare_systems(systems(), profile)
    assert compared.average is not None
    assert {one.system: one.rate for one in compared.average.systems} == pytest.approx({"m0": 0.16, "m1": 0.12})
    (pair,) = compared.average.pairs
    assert pair.difference is not None
    assert pair.difference.value == pytest.approx(0.04)
    caption = results_table([first, second], [None, None]).caption
    assert "Average: mean over de, fr, it, es, pt of the rounded means of their benchmarks." in caption


def test_an_average_of_differences_is_weighed() -> None:
    counts = [columns(1), columns(4), columns(9)]
    from harness.scoring.significance import Counts

    pairs = [
        (Counts(np.array(two[0]), np.array(two[1])), Counts(np.array(one[0]), np.array(one[1])), one[2])
        for one, two in ((counts[0], counts[1]), (counts[0], counts[2]))
    ]
    found = average_difference(pairs, weights=[0.75, 0.25])
    single = [average_difference([pair]) for pair in pairs]
    assert found is not None
    assert found.value == pytest.approx(sum(w * one.value for w, one in zip((0.75, 0.25), single, strict=True) if one))
    assert average_difference(pairs, weights=[0.0, 1.0]) == single[1]


def test_speeds_are_pooled_by_the_boards_durations() -> None:
    seconds = {"a": 3600.0, "b": 100.0, "c": 50.0}
    speeds = {"a": Speed(rtfx=10.0), "b": Speed(rtfx=100.0, audio_seconds=7.0, seconds_wall=1.0), "c": Speed()}
    assert suite_speed(speeds, seconds).rtfx == pytest.approx(3700 / 361)
    assert suite_speed({"b": speeds["b"]}, seconds).rtfx_end_to_end == 7.0
    assert suite_speed({"c": Speed()}, seconds).rtfx is None
    assert suite_speed({"b": Speed(audio_seconds=8.0, seconds_counted=2.0)}, {}).rtfx == 4.0


OWN = 'name = "mine@1"\nprofile = "card@2026-04"\nbenchmarks = ["digits", "sample_read"]\n'


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('average = "macro"', 'average = "macro" and [groups] need each other'),
        ('[groups]\nen = ["digits"]', 'average = "macro" and [groups] need each other'),
        ('average = "macro"\n[groups]\nen = ["digit"]', "group with digit, which it does not list"),
        ('average = "macro"\n[groups]\nen = ["digits"]\nde = ["digits"]', "digits is in two groups"),
        ('average = "macro"\n[groups]\nen = []', "group 'en' is empty"),
        ("[seconds]\ndigit = 1", "seconds of digit, which it does not list"),
        ("[seconds]\ndigits = 0", "digits lasts 0.0 seconds"),
    ],
)
def test_a_suite_that_averages_what_it_does_not_list_is_one_line(more: str, message: str) -> None:
    with pytest.raises(UsageError) as failure:
        parse_suite(OWN + more, "x.toml")
    assert str(failure.value) == f"suite file x.toml: {message}"


def test_no_headline_that_nobody_can_compute_is_promised() -> None:
    for suite in suites().values():
        described = averaging([suite.name], rounded=True).described
        assert ("which nobody outside can measure" in described) == bool(suite.not_measured)
    assert averaging(["open_asr@2026-08-28"], rounded=True).described == (
        "plain mean of the rounded rates of the benchmarks, without Private (scripted) and Private (conversational), "
        "which nobody outside can measure"
    )


def foreign(root: Path, model: str, benchmarks: dict[str, int]) -> Path:
    """Predictions of others in the leaderboard's file names: ten words a row, of which some are wrong."""
    root.mkdir(exist_ok=True)
    for name, wrong in benchmarks.items():
        text = "ja nein gut da wo wir sie er das und"
        bad = " ".join(["x"] * wrong + text.split()[wrong:])
        rows = [{"audio_filepath": f"a{at}", "text": text, "pred_text": bad} for at in range(6)]
        path = root / f"MODEL_{model}_DATASET_hf-audio-open-asr-leaderboard-multilingual-datasets_{name}_test.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return root


FIVE = {"mcv_de": 1, "fleurs_de": 3, "mcv_fr": 4, "mls_it": 1, "fleurs_es": 1, "mls_pt": 1}


def test_predictions_of_others_as_a_suite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = foreign(tmp_path / "whole", "a-whole", {**FIVE, "mcv_nl": 9})
    part = foreign(tmp_path / "part", "a-part", {name: wrong for name, wrong in FIVE.items() if name != "mls_it"})
    assert main(["score", str(whole), str(part), "--suite", "multilingual@2026-08-05", "--json"]) == 0
    printed = capsys.readouterr()
    scores = {score["model"]: score for score in json.loads(printed.out)}
    assert scores["a-whole"]["suite"] == "multilingual@2026-07-24"
    assert scores["a-whole"]["profile"]["name"] == "leaderboard@2026-08"
    assert scores["a-whole"]["average"]["wer"] == pytest.approx((0.2 + 0.4 + 0.1 + 0.1 + 0.1) / 5)
    assert (scores["a-part"]["average"]["wer"], scores["a-part"]["complete"]) == (None, False)
    assert printed.err.startswith("a-whole: left out mcv_nl, not of multilingual@2026-07-24\n")
    assert main(["compare", str(whole), str(part), "--suite", "multilingual@2026-08-05", "--json"]) == 0
    compared = json.loads(capsys.readouterr().out)
    assert "average over de, fr, es, pt: not every system has it" in compared["notes"]
    rates = {one["system"]: one["rate"] for one in compared["average"]["systems"]}
    assert rates == pytest.approx({"a-whole": 0.2, "a-part": 0.2})


def test_a_suite_of_ones_own_averages_by_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "mine.toml"
    listed = (
        'name = "mine@1"\nprofile = "verbatim"\nbenchmarks = ["mcv_de", "fleurs_de", "mcv_fr"]\naverage = "macro"\n'
    )
    own.write_text(f'{listed}[groups]\nde = ["mcv_de", "fleurs_de"]\nfr = ["mcv_fr"]\n', encoding="utf-8")
    found = foreign(tmp_path / "f", "a-b", {"mcv_de": 1, "fleurs_de": 3, "mcv_fr": 4})
    assert main(["score", str(found), "--suite", str(own), "--json"]) == 0
    (score,) = json.loads(capsys.readouterr().out)
    assert (score["suite"], score["profile"]["name"]) == ("mine@1", "verbatim")
    assert score["average"]["wer"] == pytest.approx((0.2 + 0.4) / 2)
    assert main(["score", str(found), "--suite", "digits"]) == 2
    assert "a-b has no benchmark of digits, only fleurs_de, mcv_de, mcv_fr" in capsys.readouterr().err


def own_suite(text: str) -> Suite:
    listed = 'name = "mine@2"\nprofile = "verbatim"\nbenchmarks = ["mcv_de", "fleurs_de", "mcv_fr"]\n'
    return parse_suite(listed + text, "mine.toml")


def ran(folder: Path, suite: Suite) -> Path:
    """A run of six utterances a benchmark, of which 1, 3 and 4 of ten words are wrong."""
    folder.mkdir()
    held = {"mcv_de": 1, "fleurs_de": 3, "mcv_fr": 4}
    for name, wrong in held.items():
        reference = "ja nein gut da wo wir sie er das und"
        said = " ".join(["x"] * wrong + reference.split()[wrong:])
        rows = [line(f"u{at}", reference, said, session=f"s{at}") for at in range(6)]
        (folder / f"{name}.jsonl").write_bytes(encode_lines(rows))
    record = RunRecord(
        model=ModelRecord(id="m"),
        suite=suite.name,
        profile=suite.profile,
        averaging=declared(suite),
        complete=True,
        benchmarks={name: BenchmarkRecord(language=name[-2:], expected=6, done=6, failed=0) for name in held},
    )
    write(folder / "run.json", record)
    return folder


MACRO = 'average = "macro"\n[groups]\nde = ["mcv_de", "fleurs_de"]\nfr = ["mcv_fr"]\n'


def test_a_run_of_a_suite_of_ones_own_says_how_it_is_averaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_own", {})  # as in a process that has not seen the file
    run = ran(tmp_path / "run", own_suite(MACRO))
    assert main(["score", str(run), "--json"]) == 0
    (score,) = json.loads(capsys.readouterr().out)
    assert score["average"]["wer"] == pytest.approx(0.3)
    saved = save([run], tmp_path / "baselines")
    monkeypatch.setattr(registry, "_own", {})
    assert main(["gate", str(run), "--baseline", str(saved), "--json"]) == 0
    average = next(one for one in json.loads(capsys.readouterr().out)["findings"] if one["subject"] == "average")
    assert (average["before"], average["after"]) == pytest.approx((0.3, 0.3))


def test_what_a_run_keeps_of_its_suite() -> None:
    timed = own_suite("not_measured = ['Private']\n[seconds]\nmcv_de = 10.5\n")
    listed = timed.benchmarks
    assert declared(timed) == AveragingRecord(benchmarks=listed, not_measured=("Private",), seconds={"mcv_de": 10.5})
    assert declared(own_suite(MACRO)) == AveragingRecord(
        benchmarks=listed, groups={"de": ("mcv_de", "fleurs_de"), "fr": ("mcv_fr",)}
    )
    assert declared(own_suite("")) is None
    assert declared(suites()[NEWEST]) is None


def test_runs_whose_suite_was_changed_under_its_name_do_not_mix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_own", {})
    other = MACRO.replace('"mcv_de", "fleurs_de"', '"mcv_de"')
    one, two = ran(tmp_path / "one", own_suite(MACRO)), ran(tmp_path / "two", own_suite(other))
    for verb in ("score", "compare", "report"):
        assert main([verb, str(one), str(two), *(["--out", str(tmp_path / "out")] if verb == "report" else [])]) == 2
        assert f"error: {one} and {two} are of mine@2, and average it otherwise; give --suite FILE" in (
            capsys.readouterr().err
        )
    assert main(["gate", str(one), "--baseline", str(two), "--json"]) == 3
    average = next(found for found in json.loads(capsys.readouterr().out)["findings"] if found["subject"] == "average")
    assert average["reason"] == "other profile"
    assert average["message"] == "the run averages mine@2 otherwise than the baseline; save a new baseline"
    file = tmp_path / "mine.toml"
    file.write_text(f'name = "mine@2"\nprofile = "verbatim"\nbenchmarks = ["mcv_de", "fleurs_de", "mcv_fr"]\n{other}')
    assert main(["score", str(one), str(two), "--suite", str(file), "--json"]) == 0
    found = [score["average"]["wer"] for score in json.loads(capsys.readouterr().out)]
    assert found == pytest.approx([0.25, 0.25])
