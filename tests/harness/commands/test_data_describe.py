"""`data describe` and `data verify` of own data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import soundfile

from harness.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Two recordings: one of 1.5 s in two languages and channels, one of 40 s; and a row without a text."""
    soundfile.write(tmp_path / "a.wav", [[0.1, 0.2]] * 12_000, 8_000)
    soundfile.write(tmp_path / "b.wav", [0.1] * 320_000, 8_000)
    soundfile.write(tmp_path / "c.wav", [0.1] * 8_000, 8_000)
    rows = ["a.wav;eins zwei;de;c1;0;Köln", "a.wav;one;en;c1;1;", "b.wav;;de;;;x", "c.wav;nan;de;;;"]
    path = tmp_path / "calls.csv"
    path.write_text("\n".join(["audio;Text;Sprache;Anruf;Kanal;Ort", *rows]), encoding="utf-8-sig")
    return path


FORM = "a manifest (.jsonl, .json, .ndjson, .csv, .tsv, .psv)"


def test_facts_for_programs(calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "describe", str(calls), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    examples = found.pop("examples")
    assert found == {
        "benchmark": "data_calls",
        "place": str(calls),
        "form": "manifest",
        "form_title": FORM,
        "rows": 3,
        "first_rows_only": False,
        "left_out": [
            {
                "reason": "rows without a text (null, NaN, or nan as pandas writes it)",
                "count": 1,
                "first": f"{calls}, line 5",
            }
        ],
        "columns": {
            "audio": "audio",
            "Text": "text",
            "Sprache": "language",
            "Anruf": "session",
            "Kanal": "channel",
            "Ort": "tag",
        },
        "notes": ["a semicolon is between columns"],
        "hours": pytest.approx(43 / 3600),
        "longest_seconds": 40.0,
        "words": 3,
        "empty_references": 1,
        "languages": {"de": 2, "en": 1},
        "language_stated": True,
        "sessions": 1,
        "rows_without_session": 1,
        "recordings": 2,
        "lengths": [
            {"seconds": "1-2 s", "rows": 2},
            *({"seconds": name, "rows": 0} for name in ("2-5 s", "5-10 s", "10-20 s", "20-30 s")),
            {"seconds": "30-60 s", "rows": 1},
        ],
    }
    assert examples[0] == {
        "id": "a",
        "reference": "eins zwei",
        "language": "de",
        "session": "c1",
        "seconds": 1.5,
        "audio": str(calls.parent / "a.wav"),
        "start": None,
        "end": None,
        "channel": 0,
        "keywords": [],
        "tags": {"Ort": "Köln"},
    }
    assert [one["id"] for one in examples] == ["a", "a_ch1", "b"]


def test_facts_for_people(calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "describe", str(calls)]) == 0
    lines = capsys.readouterr().out.splitlines()
    for line in (
        f"recognized as  {FORM} (--form manifest)",
        "rows used      3, of which 1 has an empty reference",
        f"left out       rows without a text (null, NaN, or nan as pandas writes it): 1, the first is {calls}, line 5",
        "languages      de 2, en 1",
        "sessions       1, and 1 row without one",
        "column         'Sprache' is language",
        "column         'Ort' is tag",
        "note           a semicolon is between columns",
        "a  (1.50 s, de, session c1, channel 0, Ort Köln)",
        f"    1-2 s  {'█' * 40} 2",
        "    2-5 s   0",
        f"  30-60 s  {'█' * 20} 1",
    ):
        assert line in lines, line


def test_what_the_user_says_of_the_columns(calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "describe", str(calls), "--json", "--text-column", "Ort", "--session-column", "Kanal"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["columns"]["Ort"], found["columns"]["Text"], found["sessions"]) == ("text", "tag", 2)
    assert found["examples"][0]["reference"] == "Köln"


def test_own_data_is_verified_without_being_decoded(calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "verify", str(calls)]) == 0
    said = capsys.readouterr()
    assert said.out == (
        "good     data_calls: 3 rows, 0.01 hours, 3 words; no audio was decoded, which data check does\n"
    )
    assert "left out: rows without a text" in said.err
    (calls.parent / "b.wav").unlink()
    assert main(["data", "verify", str(calls)]) == 4
    assert "line 4: no audio file at" in capsys.readouterr().err
    assert main(["data", "verify", str(calls.parent / "a.wav"), "--write-lock"]) == 2


@pytest.mark.parametrize("verb", ["describe", "verify"])
def test_a_benchmark_has_no_columns_to_name(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", verb, "digits", "--text-column", "x"]) == 2
    assert "--text-column is about --data PATH" in capsys.readouterr().err
