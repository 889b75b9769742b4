"""The page of a run under conditions: headings that fit their columns, and no clean average beside all conditions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main
from tests.harness.reporting.in_browser import browser, needs_chromium, until, visit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["browser", "visit"]

CONDITIONS = ["", "+babble@0dB", "+babble@10dB", "+babble@20dB", "+noise-white@0dB", "+noise-white@20dB"]
"""The number of wrong words of four rises by one from each to the next, beginning with 0."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of one model."""
    folder = tmp_path_factory.mktemp("conditions")
    words = ["red", "blue", "green", "black"]
    (folder / "sys").mkdir()
    for wrong, condition in enumerate(CONDITIONS):
        said = ["cat"] * min(wrong, 4) + words[wrong:]
        rows = [
            json.dumps({"id": f"u{at}", "session": f"s{at}", "text": " ".join(words), "pred_text": " ".join(said)})
            for at in range(5)
        ]
        (folder / "sys" / f"MODEL_m_DATASET_set{condition}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    assert main(["report", str(folder / "sys"), "--out", str(folder / "r"), "--quiet"]) == 0
    return folder / "r"


def test_one_model_has_one_average(report: Path) -> None:
    [row] = json.loads((report / "table.json").read_text())["rows"]
    assert [key for key in row if key.startswith("average") and not key.endswith("interval")] == ["average"]
    assert row["average"] == 0.0


@needs_chromium
def test_headings_fit_and_the_summary_is_of_what_is_listed(report: Path, visit: Callable[..., Any]) -> None:
    tab = visit(report / "index.html")
    tab.set_viewport_size({"width": 1300, "height": 900})
    until(tab, "browser.found.length === 30")
    wide = "[...document.querySelectorAll('thead th')].filter((one) => one.scrollWidth > one.clientWidth).length"
    assert tab.evaluate(wide) == 0
    assert tab.text_content("#summary") == (
        "WER 58.33 over 30 utterances; the 30 listed make up +58.333. That is the mean over the conditions too; the "
        "table's average is over the clean benchmarks."
    )
    tab.select_option("#benchmark", label="set")
    tab.wait_for_timeout(400)
    until(tab, "browser.found.length === 5")
    assert tab.text_content("#summary") == "WER 0.00 over 5 utterances; the 5 listed make up +0.000."
