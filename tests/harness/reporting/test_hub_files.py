"""The leaderboard's CSV, .eval_results and model-index: right numbers, right names, nothing half-done published."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import parse_eval_result_entries
from huggingface_hub.repocard_data import model_index_to_eval_results
from msgspec.structs import replace

from benchmarks.registry import get_suite
from harness.errors import UsageError
from harness.records.run import RunRecord
from harness.records.scores import ProfileRecord, Scores
from harness.records.speed import Speed
from harness.reporting import hub
from harness.reporting.hub import checked, eval_results_yaml, leaderboard_csv, model_index, write_hub_files
from harness.scoring.profile_files import get_profile
from tests.harness.reporting.made import entry, run, score

ROOT = Path(__file__).parents[3]
SOURCES = Path(os.environ.get("ASR_TEST_DATA", ROOT.parent / "shared")) / "published"
RATES = (0.080349, 0.083651, 0.098, 0.01333, 0.025, 0.03784, 0.0307, 0.05701)
"""Of the eight sets of April 2026 in their order: 8.03 8.37 9.80 1.33 2.50 3.78 3.07 5.70."""


SHEET = (
    "AMI-Cleaned",
    "Earnings22-Cleaned-AA-chunked",
    "Gigaspeech-Cleaned",
    "LS Clean",
    "LS Other",
    "SPGISpeech",
    "Voice Arena Monsoon",
    "Voxpopuli-AA-Cleaned",
)
"""The columns of the leaderboard's English sheet since Monsoon."""


def scores_of(suite: str = "open_asr@2026-04", **changed: Any) -> Scores:
    entries = [
        entry(
            benchmark,
            RATES[number % len(RATES)],
            speed=Speed(audio_seconds=1100.0, audio_seconds_undisturbed=1000.0, seconds_counted=2.0 + number),
        )
        for number, benchmark in enumerate(get_suite(suite).benchmarks)
    ]
    profile = ProfileRecord(name=get_suite(suite).profile)
    return replace(score("org/model", entries, 0.05, suite=suite, profile=profile), **changed)


def run_of(**changed: Any) -> RunRecord:
    facts: dict[str, Any] = {
        "model": {"id": "org/model", "license": "Apache-2.0", "parameters": 2_254_635_356, "languages": ["en", "de"]},
        "settings": {"limit": None},
        "environment": {"hardware": {"cpu": "Some CPU", "cores": 16, "accelerator": "NVIDIA H100", "accelerators": 1}},
        "benchmarks": {
            "librispeech_test_clean": {
                "source": "hub:openslr/librispeech_asr clean/test",
                "revision": "a" * 40,
                "drift": [],
            },
            "ami_ihm": {"source": "archive:ami", "revision": None, "drift": []},
        },
    }
    return run(**(facts | changed))


def with_entry(scores: Scores, number: int, **changed: Any) -> Scores:
    """The scores with one benchmark's facts changed."""
    entries = [replace(one, **changed) if at == number else one for at, one in enumerate(scores.benchmarks)]
    return replace(scores, benchmarks=tuple(entries))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_of_april_has_every_cell_in_the_leaderboards_form() -> None:
    (row,) = rows_of(leaderboard_csv([checked(scores_of(), run_of())]))
    assert row == {
        "model": "org/model",
        "Avg. WER": "5.32",  # mean of the rounded rates: 42.58 / 8 = 5.3225
        "RTFx": "181.82",  # 8 x 1000 s of clean audio over 2 + 3 + ... + 9 = 44 s
        "Model size (B)": "2.254635356",
        "License": "Apache-2.0",
        "AMI WER": "8.03",
        "Earnings22 WER": "8.37",
        "Gigaspeech WER": "9.8",
        "LS Clean WER": "1.33",
        "LS Other WER": "2.5",
        "SPGISpeech WER": "3.78",
        "Tedlium WER": "3.07",
        "Voxpopuli WER": "5.7",
    }


def test_the_table_of_today_leaves_empty_what_a_run_does_not_know() -> None:
    (row,) = rows_of(leaderboard_csv([checked(scores_of("open_asr@2026-08"), run_of())]))
    assert (row["Encoder"], row["Decoder"], row["# Languages"], row["Size (B)"]) == ("", "", "2", "2.254635356")
    assert (row["AMI-Cleaned WER"], row["Voxpopuli-Cleaned-AA WER"]) == ("8.03", "3.07")
    scores = scores_of("open_asr@2026-08")
    scores = replace(scores, benchmarks=tuple(replace(one, speed=Speed()) for one in scores.benchmarks))
    (row,) = rows_of(leaderboard_csv([checked(scores)]))
    assert (row["RTFx"], row["Size (B)"], row["License"], row["# Languages"]) == ("", "", "", "")


def test_the_newest_sheet_has_every_sets_speed_and_pools_them_by_fixed_durations() -> None:
    """Of 1,000 s of audio each the eight sets took 2, 3, ... 9 s."""
    (row,) = rows_of(leaderboard_csv([checked(scores_of("open_asr@2026-08-28"), run_of())]))
    seconds = list(get_suite("open_asr@2026-08-28").seconds.values())
    pooled = sum(seconds) / sum(one * (2 + at) / 1000 for at, one in enumerate(seconds))
    assert row["RTFx"] == f"{pooled:.2f}" == "166.02"
    assert (row["avg"], row["Voice Arena Monsoon WER"], row["Voxpopuli-AA-Cleaned WER"]) == ("5.3225", "3.07", "5.7")
    assert (row["AMI-Cleaned RTFx"], row["Voxpopuli-AA-Cleaned RTFx"]) == ("500.0000", "111.1111")
    assert row["Training data disclosure"] == ""
    assert list(row)[9:17] == [f"{name} WER" for name in SHEET]
    assert list(row)[17:] == [f"{name} RTFx" for name in SHEET]


def test_an_unknown_speed_is_minus_one_where_the_leaderboard_writes_it_so() -> None:
    scores = with_entry(scores_of(), 3, speed=Speed(audio_seconds=1100.0))
    (row,) = rows_of(leaderboard_csv([checked(scores)]))
    assert (row["RTFx"], row["Model size (B)"]) == ("-1", "-1")


@pytest.mark.parametrize("suite", sorted(hub.HEADERS))
def test_every_benchmark_of_a_suite_has_its_column(suite: str) -> None:
    results = [checked(scores_of(suite)), checked(scores_of(suite, model="org/other"))]
    text = leaderboard_csv(results)
    assert text.splitlines()[0] == hub.HEADERS[suite]
    first, second = rows_of(text)
    written = {value for key, value in first.items() if value.replace(".", "").isdigit() and key != "RTFx"}
    assert {f"{wer:.10g}" for wer in results[0].wers.values()} <= written
    assert second[next(iter(second))] == "org/other"


@pytest.mark.skipif(not SOURCES.is_dir(), reason=f"no leaderboard tables in {SOURCES} (ASR_TEST_DATA)")
@pytest.mark.parametrize(
    ("file", "suite"), [("en_shortform.csv", "open_asr@2026-04"), ("en_longform.csv", "longform@2026-03")]
)
def test_the_headers_are_those_of_the_leaderboards_files(file: str, suite: str) -> None:
    assert (SOURCES / file).read_text().splitlines()[0] == hub.HEADERS[suite]


def test_the_average_is_unrounded_where_the_rules_say_so() -> None:
    assert checked(scores_of()).average == pytest.approx(42.58 / 8)
    assert not get_profile(get_suite("granite_card@2026-04").profile).round_before_average
    card = checked(scores_of("granite_card@2026-04"))
    assert card.average == pytest.approx(100 * sum(RATES[n % 8] for n in range(19)) / 19, abs=1e-12)
    assert card.average != pytest.approx(sum(card.wers.values()) / 19, abs=1e-6)


def test_eval_results_are_read_back_by_the_hubs_own_parser() -> None:
    text = eval_results_yaml(checked(scores_of(), run_of()), date="2026-11-22")
    entries = {one.task_id: one for one in parse_eval_result_entries(yaml.safe_load(text))}
    assert {name: one.value for name, one in entries.items()} == {
        "mean_wer": 5.32,
        "rtfx": 181.82,
        "ami_wer": 8.03,
        "earnings22_wer": 8.37,
        "gigaspeech_wer": 9.8,
        "librispeech_clean_wer": 1.33,
        "librispeech_other_wer": 2.5,
        "spgispeech_wer": 3.78,
        "tedlium_wer": 3.07,
        "voxpopuli_wer": 5.7,
    }
    assert {one.dataset_id for one in entries.values()} == {"hf-audio/open-asr-leaderboard"}
    assert {one.date for one in entries.values()} == {"2026-11-22"}
    assert entries["rtfx"].notes == "open_asr@2026-04; rules leaderboard@2026-04; NVIDIA H100"
    clean = entries["librispeech_clean_wer"].notes
    assert clean is not None
    assert clean.endswith(f"data hub:openslr/librispeech_asr clean/test at {'a' * 40}")
    assert text.startswith("- dataset:\n    id: hf-audio/open-asr-leaderboard\n    task_id: mean_wer\n  value: 5.32\n")


def test_cleaned_sets_have_no_task_and_are_named() -> None:
    text = eval_results_yaml(checked(scores_of("open_asr@2026-08")), date="2026-11-22")
    tasks = [one.task_id for one in parse_eval_result_entries(yaml.safe_load(text))]
    assert tasks == ["mean_wer", "rtfx", "librispeech_clean_wer", "librispeech_other_wer", "spgispeech_wer"]
    assert text.splitlines()[0] == (
        "# without ami_cleaned, earnings22_chunked, gigaspeech_cleaned, voxpopuli_cleaned_aa: no task is known for them"
    )


def test_the_model_index_is_read_back() -> None:
    text = model_index(checked(scores_of(), run_of()))
    name, results = model_index_to_eval_results(yaml.safe_load(text)["model-index"])
    assert name == "model"
    found = {result.dataset_name: result for result in results}
    assert len(found) == len(results) == 8
    clean = found["LibriSpeech test-clean"]
    assert (clean.dataset_type, clean.dataset_config, clean.dataset_split) == (
        "openslr/librispeech_asr",
        "clean",
        "test",
    )
    assert (clean.dataset_revision, clean.metric_type, clean.metric_value) == ("a" * 40, "wer", 1.33)
    assert clean.metric_name == "WER (leaderboard@2026-04)"
    assert clean.task_type == "automatic-speech-recognition"
    (ami,) = [result for result in results if result.dataset_type == "ami_ihm"]
    assert (ami.dataset_config, ami.dataset_revision, ami.metric_value) == (None, None, 8.03)


def test_predictions_of_others_belong_to_no_suite() -> None:
    with pytest.raises(UsageError, match="belong to no suite"):
        checked(replace(scores_of(), suite=None))


@pytest.mark.parametrize(
    ("scores", "facts", "message"),
    [
        ({"complete": False}, {}, "failed or missing utterances; finish it by running the same command again"),
        ({"benchmarks": scores_of().benchmarks[1:]}, {}, "has no ami_ihm; finish it"),
        (
            {"profile": ProfileRecord(name="card@2026-04")},
            {},
            "scored under card@2026-04, but open_asr@2026-04 is under leaderb",
        ),
        ({"suite": "open_asr@2031-01"}, {}, "no suite called 'open_asr@2031-01'"),
        ({}, {"settings": {"limit": 100}}, "ran on a sample of the data"),
        ({}, {"benchmarks": {"ami_ihm": {"drift": ["ami_ihm: rows is 3"]}}}, "ami_ihm: rows is 3.*not comparable"),
    ],
)
def test_what_is_not_whole_is_not_published(scores: dict[str, Any], facts: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        checked(replace(scores_of(), **scores), run_of(**facts))
    assert "\n" not in str(caught.value)


def test_a_rate_that_is_not_known_is_not_published() -> None:
    with pytest.raises(UsageError, match="gigaspeech has no word error rate"):
        checked(with_entry(scores_of(), 2, wer=None))


def test_one_table_is_of_one_suite_that_the_leaderboard_has() -> None:
    mixed = [checked(scores_of()), checked(scores_of("open_asr@2026-08"))]
    for results, message in (
        (mixed, "one table is of one suite, not of open_asr@2026-04, open_asr@2026-08"),
        ([], "not of none"),
        ([checked(scores_of("granite_card@2026-04"))], "no table for granite_card@2026-04; it has for"),
    ):
        with pytest.raises(UsageError, match=message):
            leaderboard_csv(results)
    with pytest.raises(UsageError, match="is for suite open_asr, not for longform@2026-03"):
        eval_results_yaml(checked(scores_of("longform@2026-03")), date="2026-11-22")
    with pytest.raises(UsageError, match="date 'today' is not YYYY-MM-DD"):
        eval_results_yaml(checked(scores_of()), date="today")


def test_a_hostile_name_stays_a_name() -> None:
    name = '=HYPERLINK("x"), "y"\n- dataset: {id: evil}\n---'
    result = checked(replace(scores_of(), model=name), run_of())
    (row,) = rows_of(leaderboard_csv([result]))
    assert row["model"].startswith("'=HYPERLINK")
    assert "\n" not in row["model"]
    (index,) = yaml.safe_load(model_index(result))["model-index"]
    assert index["name"] == name


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys, harness.reporting.hub;"
        "print([name for name in ('torch', 'pandas', 'matplotlib', 'huggingface_hub') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_a_whole_run_gets_its_files(tmp_path: Path) -> None:
    run = run_of(suite="open_asr@2026-04", started="2026-11-22T06:30:00+00:00")
    files, reasons = write_hub_files([scores_of()], [run], tmp_path)
    assert reasons == []
    assert [str(path.relative_to(tmp_path)) for path in files] == [
        "hub/org--model/model-index.yaml",
        "hub/org--model/.eval_results/open_asr_leaderboard.yaml",
        "hub/leaderboard_open_asr@2026-04.csv",
    ]
    entries = yaml.safe_load(files[1].read_text(encoding="utf-8"))
    assert entries[0]["value"] == 5.32
    assert str(entries[0]["date"]) == "2026-11-22"
    header, row = files[2].read_text(encoding="utf-8").splitlines()
    assert header == hub.HEADERS["open_asr@2026-04"]
    assert row.startswith("org/model,5.32,")


def test_a_half_run_gets_none_and_the_reason(tmp_path: Path) -> None:
    run = run_of(suite="open_asr@2026-04", started="2026-11-22T06:30:00+00:00")
    files, reasons = write_hub_files([scores_of(complete=False)], [run], tmp_path)
    assert files == []
    assert len(reasons) == 1
    assert reasons[0].startswith("no files for the hub: org/model")
    assert list(tmp_path.iterdir()) == []


def test_two_runs_of_a_model_are_told_apart(tmp_path: Path) -> None:
    runs = [run_of(suite="open_asr@2026-04", started="2026-11-22T06:30:00+00:00")] * 2
    names = ["org/model (2026-11-22)", "nightly"]
    files, reasons = write_hub_files([scores_of(complete=False)] * 2, runs, tmp_path, names)
    why = "open_asr@2026-04 has failed or missing utterances; finish it by running the same command again"
    assert reasons == [f"no files for the hub: {name}: {why}" for name in names]
    files, reasons = write_hub_files([scores_of()] * 2, runs, tmp_path, names)
    assert reasons == []
    assert [file.relative_to(tmp_path).parts[1] for file in files if file.name == "model-index.yaml"] == [
        "org--model (2026-11-22)",
        "nightly",
    ]
    assert len({*files}) == len(files) == 5


def test_own_data_and_predictions_of_others_are_passed_over(tmp_path: Path) -> None:
    own = run_of(suite="data_calls")
    assert write_hub_files([scores_of(), scores_of()], [None, own], tmp_path) == ([], [])
