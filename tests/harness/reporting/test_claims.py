"""Claims beside measurements: a difference where something was measured, a reason where nothing was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.registry import get_suite
from harness.cli import main
from harness.records.speed import Speed
from harness.records.statistics import MetricValue
from harness.reporting import claims
from harness.reporting.claims import CANNOT, NEEDS, by_model, claims_table
from harness.reporting.published import Figure, find
from harness.reporting.table import Table
from harness.scoring.metrics import get_metric
from tests.harness.reporting.made import entry, score

BASE = "ibm-granite/granite-speech-4.1-2b"
PLUS, NAR = f"{BASE}-plus", f"{BASE}-nar"
SUITE = get_suite("family")


def rows(table: Table) -> dict[tuple[str, str, str], list[tuple[float | str | None, ...]]]:
    """Claimed, measured, difference and remark by model, benchmark and metric."""
    found: dict[tuple[str, str, str], list[tuple[float | str | None, ...]]] = {}
    for row in table.rows:
        values = [cell.value for cell in row]
        found.setdefault((str(values[0]), str(values[1]), str(values[2])), []).append(tuple(values[3:]))
    return found


def test_the_suite_is_the_three_cards() -> None:
    assert SUITE.name == "family@2026-11"
    assert SUITE.default_models == (BASE, PLUS, NAR)
    assert SUITE.benchmarks == get_suite("granite_card").benchmarks
    assert SUITE.claims


def test_without_a_run_every_claim_is_there_with_a_dash() -> None:
    found = rows(claims_table(SUITE, [], []))
    assert found[BASE, "earnings22", "punctuation_error_rate"] == [(22.87, None, None, "the model was not run")]
    assert found[PLUS, "ami_sdm", "wder"] == [(14.6, None, None, "the model was not run")]
    assert found[PLUS, "librispeech_test_clean", "end_error"][0][0] == 11.4
    assert found[PLUS, "gigaspeech", "keyword_f1"][0][0] == 84.1
    assert found[PLUS, "Fisher", "wder"] == [(0.9, None, None, "its data is not known here, or not stated")]
    assert found[NAR, "mls_de", "wer"][0][1:3] == (None, None)
    for model, reasons in CANNOT.items():
        for metric, why in reasons.items():
            assert found[model, "all", metric] == [(None, None, None, why)]
    assert {metric for reasons in CANNOT.values() for metric in reasons} == set(NEEDS)
    for metric in NEEDS:
        assert get_metric(metric).name == metric


def test_every_published_claim_of_the_family_is_a_row() -> None:
    found = rows(claims_table(SUITE, [], []))
    for model in SUITE.default_models:
        for figure in find(model):
            if figure.metric != "parameters_billion" and figure.benchmark in SUITE.benchmarks:
                assert figure.value in [one[0] for one in found[model, figure.benchmark or "", figure.metric]]


def test_what_was_measured_stands_beside_its_claim() -> None:
    measured = score(
        PLUS,
        [
            entry("gigaspeech", 0.101, metrics={"keyword_f1": MetricValue(value=0.851)}),
            entry("ami_sdm", 0.2, metrics={"wder": MetricValue(value=None, reason="no reference says who speaks")}),
            entry("librispeech_test_clean", 0.015, metrics={"end_error": MetricValue(value=14.4)}),
        ],
        None,
        suite=SUITE.name,
    )
    found = rows(claims_table(SUITE, [measured], [None]))
    claimed, value, difference, remark = found[PLUS, "gigaspeech", "keyword_f1"][0]
    assert claimed == 84.1
    assert value == pytest.approx(85.1)
    assert difference == pytest.approx(1.0)
    assert "other rules" in str(remark)
    assert str(remark).endswith("; other data: ours is 100 of 19,931 utterances")
    assert found[PLUS, "librispeech_test_clean", "end_error"][0][:2] == (11.4, 14.4)
    assert found[PLUS, "librispeech_test_clean", "end_error"][0][2] == pytest.approx(3.0)
    assert found[PLUS, "ami_sdm", "wder"][0][1:] == (None, None, "no reference says who speaks")
    assert found[PLUS, "gigaspeech", "wer"][0][1] == pytest.approx(10.1)
    assert found[PLUS, "voxpopuli_en", "keyword_f1"][0][3] == "not run on voxpopuli_en"
    assert found[BASE, "gigaspeech", "wer"][0][3] == "the model was not run"


def test_a_metric_that_was_not_asked_for_says_how_it_is_had() -> None:
    measured = score(PLUS, [entry("gigaspeech", 0.101)], None, suite=SUITE.name)
    found = rows(claims_table(SUITE, [measured], [None]))
    assert found[PLUS, "gigaspeech", "keyword_f1"][0][3] == (
        "run it with --row-keywords or --keywords, and report with --metric keyword_f1 --keywords FILE"
    )


def test_a_report_of_the_suite_has_the_table_in_all_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "MODEL_ibm-granite-granite-speech-4.1-2b-nar_DATASET_librispeech_test.clean.jsonl"
    row = {"audio_filepath": "1-2-3", "text": "a cat sat", "pred_text": "a cat sat", "duration": 1.0}
    (tmp_path / name).write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert main(["report", str(tmp_path / name), "--suite", "family", "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "Claims and measurements" in shown
    table = json.loads((tmp_path / "out" / "claims.json").read_text(encoding="utf-8"))
    (found,) = [
        one
        for one in table["rows"]
        if (one["model"], one["benchmark"], one["metric"], one["claimed"])
        == (NAR, "librispeech_test_clean", "wer", 1.29)
    ]
    assert found["measured"] == 0.0
    assert found["difference"] == pytest.approx(-1.29)
    assert "Claims and measurements" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_averages_and_speeds_are_claims_too() -> None:
    whole = [score(BASE, [], 0.0525, suite=SUITE.name), score(NAR, [entry("ami_ihm", 0.1)], 0.05, suite=SUITE.name)]
    found = rows(claims_table(SUITE, whole, [None] * 2))
    assert [one[:2] for one in found[BASE, "average", "wer"]] == [(5.33, 5.25)]
    assert [one[:2] for one in found[BASE, "average", "rtfx"]] == [(231.29, 1234.5)]
    assert [one[:2] for one in found[NAR, "ami_ihm", "rtfx"]] == [(704.06, 10.0)]
    assert "other hardware" in str(found[NAR, "ami_ihm", "rtfx"][0][3])
    cut = rows(claims_table(SUITE, [score(BASE, [], None, suite=SUITE.name)], [None]))
    assert {one[3] for one in cut[BASE, "average", "wer"]} == {"the suite is not complete"}
    silent = score(NAR, [entry("ami_ihm", 0.1, speed=Speed())], None, suite=SUITE.name)
    assert rows(claims_table(SUITE, [silent], [None]))[NAR, "ami_ihm", "rtfx"] == [
        (704.06, None, None, "its speed is not known")
    ]
    assert {metric for _, _, metric in found} == {"wer", "rtfx", *NEEDS}


def test_how_large_a_model_is_is_no_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = [Figure(model=BASE, metric=metric, value=2.0, source="s") for metric in ("parameters_billion", "rtfx")]
    monkeypatch.setattr(claims, "find", lambda model: facts if model == BASE else [])
    claimed = [key for key, values in rows(claims_table(SUITE, [], [])).items() if values[0][0] is not None]
    assert claimed == [(BASE, "not stated", "rtfx")]


@pytest.mark.parametrize("width", [80, 100, 160])
def test_on_a_screen_no_word_is_broken(width: int) -> None:
    """A table a model, its remarks broken between words, with the longest of them too."""
    run = score(BASE, [entry("librispeech_test_clean", 0.01)], None)
    parts = by_model(claims_table(SUITE, [run], [None]))
    assert [part.title for part in parts] == [f"Claims and measurements: {model}" for model in SUITE.default_models]
    assert [bool(part.caption) for part in parts] == [False, False, True]
    for part in parts:
        shown = part.render("terminal", width=width, color=False)
        assert max(map(len, shown.splitlines())) <= max(width, len(part.title))
        texts = [cell.value for row in part.rows for cell in row if isinstance(cell.value, str)]
        assert {word for text in texts for word in text.split()} <= set(shown.split())
    assert "mode=punctuated" in parts[0].render("terminal", width=width, color=False)
