"""`--data` on the command line: several places, named columns, and what becomes of the account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import soundfile

import harness
from harness.cli import main
from harness.errors import UsageError
from harness.records.run import AccountRecord, LeftOutRecord, read_run_record

if TYPE_CHECKING:
    from pathlib import Path

NO_TEXT = "rows without a text (null, NaN, or nan as pandas writes it)"
COLUMNS = {"Datei": "audio", "Wortlaut": "text", "Ort": "tag"}


@pytest.fixture
def places(tmp_path: Path) -> list[Path]:
    """Two tables of one name, and what a system heard, in which one of two words is wrong in the second."""
    found = []
    for part, text in (("de", "eins zwei"), ("fr", "un deux")):
        folder = tmp_path / part
        folder.mkdir()
        soundfile.write(folder / f"{part}.wav", [0.1] * 1_600, 16_000)
        rows = f"Datei;Wortlaut;Ort\n{part}.wav;{text};Köln\n{part}.wav;nan;\n"
        (folder / "test.csv").write_bytes(rows.encode("cp1252"))
        found.append(folder / "test.csv")
    said = [{"id": "de", "pred_text": "eins zwei"}, {"id": "fr", "pred_text": "un dix"}]
    (tmp_path / "said.jsonl").write_text("".join(json.dumps(one) + "\n" for one in said))
    return found


def command(places: list[Path], *more: str) -> list[str]:
    folder = places[0].parent.parent
    data = [word for place in places for word in ("--data", str(place))]
    return [*data, "--model", f"transcripts:{folder / 'said.jsonl'}", "--out", str(folder / "out"), *more]


def test_two_places_are_two_benchmarks_whose_account_is_told_and_recorded(
    places: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(places)) == 0
    told = capsys.readouterr()
    assert "data_de_test: 1 utterance, read as a manifest" in told.err
    assert f"left out: {NO_TEXT}: 1, the first is {places[0]}, line 3" in told.err
    out = places[0].parent.parent / "out" / "data_de_test_and_fr_test"
    (folder,) = (path.parent for path in out.glob("*/run.json"))
    record = read_run_record(folder)
    assert list(record.benchmarks) == ["data_de_test", "data_fr_test"]
    left = LeftOutRecord(reason=NO_TEXT, count=1, first=f"{places[1]}, line 3")
    assert record.benchmarks["data_fr_test"].account == AccountRecord(
        form="a manifest (.jsonl, .json, .ndjson, .csv, .tsv, .psv)",
        used=1,
        left_out=(left,),
        columns=COLUMNS,
        notes=("the text is cp1252 (Windows, western European), not UTF-8", "a semicolon is between columns"),
    )
    scores = json.loads((folder / "scores.json").read_text())
    assert [one["wer"] for one in scores["benchmarks"]] == [0.0, 0.5]


def test_the_library_takes_several_places_and_columns(places: list[Path]) -> None:
    heard = harness.evaluate(places, lambda _waveform, _language: "un deux", language="fr")
    assert {name: score.wer for name, score in heard.benchmarks.items()} == {"data_de_test": 1.0, "data_fr_test": 0.0}
    swapped = harness.evaluate(
        places[1], lambda _waveform, _language: "fr", columns={"id": "Wortlaut", "text": "Datei"}
    )
    # The id of the second row is missing, so that it is called after its file; both texts are the file's name.
    assert [line.id for line in swapped.system.benchmarks[0].rows] == ["un deux", "fr"]
    with pytest.raises(UsageError, match="no kind of column called 'txt'; did you mean 'text'"):
        harness.evaluate(places[1], lambda _waveform, _language: "", columns={"txt": "Ort"})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--text-column", "Wort"], "line 2: no column 'Wort' (--text-column); its columns are 'Datei', 'Wortlaut'"),
        (["--form", "manifesto"], "no form called 'manifesto'; did you mean 'manifest'?"),
        (["--language", "xx"], "--language 'xx' is no language that is known"),
    ],
)
def test_what_is_wrong_is_one_line(
    places: list[Path], more: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(places[:1], *more)) in {2, 4}
    assert message in capsys.readouterr().err


def test_flags_of_own_data_need_own_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--suite", "digits", "--model", "tiny-nar", "--text-column", "x"]) == 2
    assert "--text-column is about --data PATH, which is not given" in capsys.readouterr().err
