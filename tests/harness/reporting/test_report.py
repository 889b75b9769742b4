"""`report`: what is written, that the page holds it, and that nothing from outside gets out of its place."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main
from harness.reporting.against import against_published, published_points
from harness.reporting.page.data import group
from harness.scoring.predictions import read_systems
from harness.scoring.profiles import get_profile
from harness.scoring.score import count_predictions

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = '</script><script>window.pwned=1</script><img src=x onerror="window.pwned=1">@DATA@ \u2028 =1+1'


def write_predictions(folder: Path, model: str, benchmark: str, rows: list[tuple[str, str]]) -> None:
    folder.mkdir(exist_ok=True)
    lines = [
        {"audio_filepath": f"{i}.wav", "duration": 1.0 + i % 25, "time": 0.1, "text": said, "pred_text": heard}
        for i, (said, heard) in enumerate(rows)
    ]
    path = folder / f"MODEL_{model}_DATASET_{benchmark}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def page_data(page: Path) -> dict[str, Any]:
    found = re.search(r'<script type="text/plain" id="data">([A-Za-z0-9+/=]*)</script>', page.read_text("utf-8"))
    assert found is not None
    data: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(found[1])))
    return data


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report over two systems, made once."""
    where = tmp_path_factory.mktemp("report")
    folder = where / "predictions"
    rows = [("the quick brown fox", "the quick brown fox"), ("jumps over", "jump over"), (HOSTILE, HOSTILE)]
    rows.append(("a b", "a b c"))
    write_predictions(folder, "first", "voxpopuli_en_test", rows)
    write_predictions(folder, "second", "voxpopuli_en_test", [(said, heard + " extra") for said, heard in rows])
    write_predictions(folder, "second", "librispeech_test.clean", [("good morning", "good mourning")])
    assert main(["report", str(folder), "--out", str(where / "report"), "--profile", "verbatim"]) == 0
    return where / "report"


def test_all_is_there(made: Path) -> None:
    names = {path.name for path in made.iterdir()}
    forms = ("txt", "md", "csv", "tex", "html", "json")
    assert names == {
        "index.html",
        *(f"{stem}.{form}" for stem in ("table", "errors") for form in forms),
        *(
            f"{stem}.{form}"
            for stem in ("rtfx_wer", "wer", "wer_by_benchmark", "wer_by_length")
            for form in ("png", "svg")
        ),
    }


def test_page_holds_every_utterance_and_its_counts(made: Path) -> None:
    data = page_data(made / "index.html")
    assert [model["name"] for model in data["models"]] == ["first", "second"]
    voxpopuli = next(one for one in data["benchmarks"] if one["name"].startswith("voxpopuli"))
    assert voxpopuli["said"][1] == "jumps over"
    assert voxpopuli["said"][2] == HOSTILE
    first, second = voxpopuli["systems"]["0"], voxpopuli["systems"]["1"]
    assert (first["sub"], first["ins"]) == ([0, 1, 0, 0], [0, 0, 0, 1])
    assert second["ins"] == [1, 1, 1, 2]
    assert first["words"] == second["words"]


def test_page_can_load_nothing(made: Path) -> None:
    text = (made / "index.html").read_text("utf-8")
    script = re.search(r"<script>(.*?)</script>\n</body>", text, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{digest}'" in text
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text)
    assert text.count("<script") == 2
    assert "window.pwned" not in text


def test_same_input_is_the_same_page(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.reporting.report._plots", lambda *_: [])  # equal plots have a test of their own
    folder = str(made.parent / "predictions")
    assert main(["report", folder, "--out", str(tmp_path / "again"), "--profile", "verbatim"]) == 0
    assert len(list((tmp_path / "again").iterdir())) == 13
    for path in (tmp_path / "again").iterdir():
        assert path.read_bytes() == (made / path.name).read_bytes(), path.name


def test_kinds_of_errors_add_up(made: Path) -> None:
    with (made / "errors.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        parts = sum(float(row[kind]) for kind in ("substitutions", "deletions", "insertions"))
        assert parts == pytest.approx(float(row["wer"]))
    words = sum(len(said.split()) for said in ("the quick brown fox", "jumps over", HOSTILE, "a b"))
    assert float(rows[0]["wer"]) == 2 / words


def test_other_references_stand_apart(tmp_path: Path) -> None:
    write_predictions(tmp_path / "a", "one", "voxpopuli_en_test", [("x y", "x y")])
    write_predictions(tmp_path / "a", "two", "voxpopuli_en_test", [("X, y.", "x y")])
    systems = read_systems([tmp_path / "a"])
    profile = get_profile("verbatim")
    groups = group([[count_predictions(one, profile) for one in system.benchmarks] for system in systems])
    assert [one.name for one in groups] == ["voxpopuli_en", "voxpopuli_en (references 2)"]
    assert [list(one.systems) for one in groups] == [[0], [1]]


def test_published_figures_stand_beside() -> None:
    entry = {"benchmark": "librispeech_test_clean", "wer": 0.02}
    average: dict[str, Any] = {"wer": None, "speed": {"rtfx": 100.0}}
    score = {"model": "openai-whisper-large-v3", "suite": None, "benchmarks": [entry], "average": average}
    rows = {}
    for profile in ("leaderboard@2026-04", "verbatim"):
        table = against_published([score | {"profile": {"name": profile}}], [None])
        found = json.loads(table.render("json"))["rows"]
        rows[profile] = {(row["benchmark"], row["metric"]): row for row in found}
    same = rows["leaderboard@2026-04"]["librispeech_test_clean", "wer"]
    assert same["ours"] == 2.0
    assert same["difference"] == 2.0 - same["published"]
    assert same["source"].startswith("https://")
    other = rows["verbatim"]["librispeech_test_clean", "wer"]
    assert other["difference"] is None
    assert "other rules" in other["notes"]["published"][0]
    speed = rows["verbatim"]["average", "rtfx"]
    assert speed["difference"] is None
    assert any("other hardware" in note for note in speed["notes"]["published"])


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        ({"drift": ["rows is 3 where 2,620 is stated"]}, "other data: ours is not what is locked"),
        ({"selection": {"limit": 3}, "drift": []}, "other data: ours is a sample"),
        ({"selection": {"limit": None}, "drift": [], "source": "archive:test-clean.tar.gz"}, None),
    ],
)
def test_rates_of_other_data_show_no_difference(fact: dict[str, Any], reason: str | None) -> None:
    entry = {"benchmark": "librispeech_test_clean", "wer": 0.02, "failed": 0}
    average: dict[str, Any] = {"wer": None, "speed": {"rtfx": None}}
    score = {"model": "openai-whisper-large-v3", "suite": None, "benchmarks": [entry], "average": average}
    run = {"benchmarks": {"librispeech_test_clean": fact}}
    table = against_published([score | {"profile": {"name": "leaderboard@2026-04"}}], [run])
    (row,) = json.loads(table.render("json"))["rows"]
    assert (row["difference"] is None) == (reason is not None)
    assert row.get("notes", {}).get("published", []) == ([reason] if reason else [])


def test_published_points_of_a_suite() -> None:
    points = published_points("open_asr@2026-04", "leaderboard@2026-04", ["openai-whisper-large-v3"])
    assert len(points) > 40
    assert "openai/whisper-large-v3" not in {point.model for point in points}
    assert not any(point.ours for point in points)
    assert all(point.wer is not None and 0.03 < point.wer < 1 for point in points)
    assert published_points(None, "leaderboard@2026-04", []) == []
    assert published_points("open_asr@2026-04", "verbatim", []) == []


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path / "nothing"), "--out", str(tmp_path / "r")]) == 2
    write_predictions(tmp_path / "a", "one", "voxpopuli_en_test", [("x y", "x y")])
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert main(["report", str(tmp_path / "a"), "--out", str(blocked / "r")]) == 5
    assert len(capsys.readouterr().err.strip().splitlines()) == 2
