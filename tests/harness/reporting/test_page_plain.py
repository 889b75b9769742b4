"""The page of what has no error rate: translations and speakers are shown as they are, with nothing about errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main
from harness.reporting.hallucination import says_nothing
from harness.reporting.page.audio import Placed
from harness.reporting.page.data import PageBenchmark, group
from harness.reporting.page.plain import MOST_TURNS, _turns, has_no_rate, only_speakers, plain_benchmark
from harness.scoring.pairing import read_apart
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_systems
from harness.scoring.transcripts import read_transcripts
from harness.types import Turn
from tests.harness.reporting.in_browser import browser, needs_chromium, until, visit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.scoring.predictions import System

__all__ = ["browser", "visit"]

TRANSLATIONS: dict[str, list[str | None]] = {
    "a": ["Guten Tag Welt", "Dies ist ein Haus"],
    "b": ["Guten Abend", None],
}
REFERENCE = "SPEAKER m1 1 0.0 2.0 <NA> <NA> ann <NA> <NA>\nSPEAKER m1 1 2.5 3.0 <NA> <NA> bob <NA> <NA>\n"
SPEAKERS = "SPEAKER m1 1 0.25 2.0 <NA> <NA> x <NA> <NA>\n"


def translations(folder: Path) -> list[Path]:
    paths = []
    for model, texts in TRANSLATIONS.items():
        said = zip(("Guten Tag Welt", "Dies ist ein Haus"), texts, strict=True)
        rows = [
            {"id": f"u{n}", "text": "x", "translation": right, "target_lang": "de", "pred_text": text, "duration": 2.0}
            for n, (right, text) in enumerate(said)
        ]
        paths.append(folder / f"MODEL_{model}_DATASET_talks.jsonl")
        paths[-1].write_text("".join(json.dumps(row) + "\n" for row in rows))
    return paths


def speakers(folder: Path) -> tuple[Path, Path]:
    (folder / "ref.rttm").write_text(REFERENCE)
    (folder / "sys.rttm").write_text(SPEAKERS)
    return folder / "ref.rttm", folder / "sys.rttm"


def shown(systems: list[System]) -> PageBenchmark:
    profile = get_profile("verbatim")
    scored = count_systems(systems, [profile] * len(systems), workers=1)
    assert all(has_no_rate(one) and not says_nothing(one) for held in scored for one in held)
    (one,) = group(scored)
    return plain_benchmark(one, Placed({}, {("talks", "u1"): "it is not on this disk"}, "", []))


def test_translations_are_shown_as_they_are(tmp_path: Path) -> None:
    found = shown(read_apart(translations(tmp_path)))
    assert (found.name, found.plain, found.ids, found.seconds) == ("talks", True, ["u0", "u1"], [2.0, 2.0])
    assert found.references == ["Guten Tag Welt", "Dies ist ein Haus"]
    assert [found.systems[k].hypotheses for k in "01"] == [TRANSLATIONS["a"], TRANSLATIONS["b"]]
    assert [found.systems[k].failed for k in "01"] == [{}, {"1": "no transcript (pred_text is null)"}]
    assert [found.systems[k].words for k in "01"] == [[0, 0], [0, 0]]
    assert (found.silences, found.silent) == (["it is not on this disk"], [-1, 0])


def test_speakers_are_shown_with_their_times(tmp_path: Path) -> None:
    reference, said = speakers(tmp_path)
    found = shown(read_transcripts(reference, [said]))
    assert found.references == ["ann 0.00–2.00, bob 2.50–5.50"]
    assert found.systems["0"].hypotheses == ["x 0.25–2.25"]


def test_long_recordings_are_cut_and_say_so() -> None:
    turns = [Turn(speaker="a", text="", start=None, end=None)] * (MOST_TURNS + 3)
    assert _turns(turns).endswith("a ?–?, and 3 more")
    assert _turns(turns[:2]) == "a ?–?, a ?–?"


def test_what_has_words_has_a_rate(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"text": "", "pred_text": "red"}) + "\n")
    (held,) = count_systems(read_apart([path]), [get_profile("verbatim")], workers=1)
    assert [(has_no_rate(one), only_speakers(one), says_nothing(one)) for one in held] == [(False, False, True)]


@pytest.mark.parametrize("kind", ["translations", "speakers"])
def test_a_report_of_them_draws_no_empty_plots(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["report", "--out", str(tmp_path / "r"), "--quiet"]
    if kind == "speakers":
        reference, said = speakers(tmp_path)
        words += [str(said), "--reference", str(reference), "--metric", "der"]
    else:
        words += map(str, translations(tmp_path))
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "no plots: nothing here has an error rate; the page shows the texts beside each other\n" in told
    assert "Words where nothing is said" not in told
    made = {path.name for path in (tmp_path / "r").iterdir()}
    assert {"index.html", "table.csv", "metrics.csv"} <= made
    assert not {name for name in made if name.endswith((".png", ".svg")) or name.startswith(("errors", "halluc"))}


def test_files_of_an_earlier_report_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["report", "--out", str(tmp_path / "r"), "--quiet", *map(str, translations(tmp_path))]
    assert main(words) == main(words) == 0
    assert "did not write" not in capsys.readouterr().out
    (tmp_path / "r" / "errors.csv").write_text("of another report")
    assert main(words) == 0
    said = f"1 file is in {tmp_path / 'r'} that this report did not write, perhaps of an earlier one: errors.csv\n"
    assert said in capsys.readouterr().out
    for name in ("hub/a/model-index.yaml", "audio/x.flac", "mine/notes.txt"):
        (tmp_path / "r" / name).parent.mkdir(parents=True)
        (tmp_path / "r" / name).write_text("of another report, but for the last")
    assert main(words) == 0
    said = f"3 files are in {tmp_path / 'r'} that this report did not write, perhaps of an earlier one: "
    assert f"{said}audio/x.flac, errors.csv, hub/a/model-index.yaml\n" in capsys.readouterr().out


def test_speakers_alone_say_what_measures_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reference, said = speakers(tmp_path)
    hint = "of some recordings only who speaks when is known, which --metric der measures\n"
    for more, told in (([], True), (["--metric", "der"], False)):
        assert main(["score", str(said), "--reference", str(reference), *more]) == 0
        assert (hint in capsys.readouterr().err) == told


@needs_chromium
def test_the_page_shows_them(tmp_path: Path, visit: Callable[..., Any]) -> None:
    other = tmp_path / "MODEL_a_DATASET_read.jsonl"
    other.write_text(json.dumps({"id": "w", "text": "red blue", "pred_text": "red"}) + "\n")
    words = [str(path) for path in (*translations(tmp_path), other)]
    assert main(["report", *words, "--out", str(tmp_path / "r"), "--quiet", "--profile", "verbatim"]) == 0
    tab = visit(tmp_path / "r" / "index.html")
    tab.select_option("#system-a", label="a")
    tab.select_option("#system-b", label="nothing")
    tab.wait_for_timeout(400)
    until(tab, "browser.found.length === 3")
    assert tab.text_content("#summary") == (
        "WER 50.00 over 1 utterance; the 1 listed make up +50.000. 2 utterances without an error rate, 2 of "
        "them listed: translations, or speakers without words, shown as they are."
    )
    tab.select_option("#benchmark", label="talks")
    tab.select_option("#system-b", label="b")
    tab.wait_for_timeout(400)  # what is chosen is shown a little later
    until(tab, "browser.found.length === 2")
    assert tab.text_content("#summary").startswith("2 utterances without an error rate, 2 of them listed")
    assert tab.locator("#list .row").all_text_contents() == ["2 su0Guten Tag Welt", "2 su1Dies ist ein Haus"]
    assert tab.locator("#detail h4").all_text_contents() == ["Reference", "a", "b"]
    assert tab.locator("#detail p.raw").all_text_contents() == ["Guten Tag Welt", "Guten Tag Welt", "Guten Abend"]
    tab.select_option("#kind", "changed")
    tab.wait_for_timeout(400)
    until(tab, "browser.found.length === 2")
    tab.click("#list .row >> nth=1")
    until(tab, "browser.chosen === 1")
    assert tab.locator("#detail .note").last.text_content() == "failed: no transcript (pred_text is null)"
