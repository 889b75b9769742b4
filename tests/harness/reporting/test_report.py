"""`report`: what is written, that the page holds it, and that nothing from outside gets out of its place."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.registry import datasets, get_suite
from harness.cli import main
from harness.commands.end_of_run import finish, write_scores
from harness.gating.baseline import save
from harness.records.codec import write
from harness.records.journal import Line, encode_lines
from harness.records.scores import ProfileRecord
from harness.reporting import report
from harness.reporting.against import against_published, published_points
from harness.reporting.page.data import group
from harness.reporting.points import by_length, points_of
from harness.reporting.published import find
from harness.reporting.table import Table
from harness.scoring.labels import labels
from harness.scoring.pairing import read_apart
from harness.scoring.predictions import Predictions, System, read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_counted
from harness.scoring.scored import count_systems
from tests.harness.reporting.made import entry, run, score
from tools.made_up import write_systems

if TYPE_CHECKING:
    from pathlib import Path

    from harness.records.run import RunRecord
    from harness.reporting.points import Metric, Points

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
        "tables.xlsx",
        *(f"{stem}.{form}" for stem in ("table", "errors") for form in forms),
        *(
            f"{stem}.{form}"
            for stem in ("rtfx_wer", "wer", "wer_by_benchmark", "wer_by_length")
            for form in ("png", "svg")
        ),
    }


def test_what_is_sorted_stays_together(tmp_path: Path) -> None:
    """Name, run, scores and rows at one place are of one system, whatever it is sorted by."""
    systems = [
        System(
            model=name,
            benchmarks=[
                Predictions(
                    benchmark="read",
                    language="en",
                    rows=[Line(id="u", language="en", reference="a b c", hypothesis=heard, duration=1.0)],
                    source=tmp_path / name,
                    ours=True,
                )
            ],
            run=run(model={"id": name}),
        )
        for name, heard in (("third", "x y z"), ("first", "a b c"), ("second", "a b x"))
    ]
    for by, order in (
        ("average", ["first", "second", "third"]),
        ("given", ["third", "first", "second"]),
    ):
        found = report._counted(systems, get_profile("verbatim"), report.Wishes(sort=by), lambda _: None)
        assert list(found.names) == order
        assert [one.model for one in found.systems] == order
        assert [one and one.model.id for one in found.runs] == order
        assert [one.model for one in found.scores] == order
        assert [held[0].predictions.source.name for held in found.scored] == order
        assert [point.model for point in found.points["wer"].averages] == order
        assert list(found.ranks) == [["first", "second", "third"].index(name) + 1 for name in order]


def test_every_table_names_its_profile(made: Path) -> None:
    """Each is a file of its own; the page and the terminal have the same captions."""
    for stem in ("table", "errors"):
        for form in ("txt", "md", "tex", "html", "json"):
            assert "rofile verbatim" in (made / f"{stem}.{form}").read_text(encoding="utf-8"), (stem, form)
        with (made / f"{stem}.csv").open(encoding="utf-8") as file:
            assert [row["profile"] for row in csv.DictReader(file)] == ["verbatim"] * (2 if stem == "table" else 3)
    named = report._under(get_profile("verbatim"), Table("t", "Taken verbatim.", (), ()))
    assert named.caption == "Profile verbatim. Taken verbatim."
    assert report._under(get_profile("verbatim"), named) == named


def test_page_holds_every_utterance_and_its_counts(made: Path) -> None:
    data = page_data(made / "index.html")
    assert [model["model"] for model in data["models"]] == ["first", "second"]
    voxpopuli = next(one for one in data["benchmarks"] if one["name"].startswith("voxpopuli"))
    assert voxpopuli["references"][1] == "jumps over"
    assert voxpopuli["references"][2] == HOSTILE
    first, second = voxpopuli["systems"]["0"], voxpopuli["systems"]["1"]
    assert (first["substitutions"], first["insertions"]) == ([0, 1, 0, 0], [0, 0, 0, 1])
    assert second["insertions"] == [1, 1, 1, 2]
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
    monkeypatch.setattr("harness.reporting.report._plots", lambda *_: ([], []))  # equal plots have a test of their own
    folder = str(made.parent / "predictions")
    assert main(["report", folder, "--out", str(tmp_path / "again"), "--profile", "verbatim"]) == 0
    assert len(list((tmp_path / "again").iterdir())) == 14
    for path in (tmp_path / "again").iterdir():
        assert path.read_bytes() == (made / path.name).read_bytes(), path.name


def test_kinds_of_errors_add_up(made: Path) -> None:
    with (made / "errors.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        parts = sum(float(row[f"{kind} (fraction)"]) for kind in ("substitutions", "deletions", "insertions"))
        assert parts == pytest.approx(float(row["wer (fraction)"]))
    words = sum(len(said.split()) for said in ("the quick brown fox", "jumps over", HOSTILE, "a b"))
    assert float(rows[0]["wer (fraction)"]) == 2 / words


def test_other_references_stand_apart(tmp_path: Path) -> None:
    write_predictions(tmp_path / "a", "one", "voxpopuli_en_test", [("x y", "x y")])
    write_predictions(tmp_path / "a", "two", "voxpopuli_en_test", [("X, y.", "x y")])
    systems = read_systems([tmp_path / "a"])
    groups = group(count_systems(systems, [get_profile("verbatim")] * 2))
    assert [one.name for one in groups] == ["voxpopuli_en", "voxpopuli_en (references 2)"]
    assert [list(one.systems) for one in groups] == [[0], [1]]


def test_what_nobody_published_and_what_has_no_rate_is_no_row() -> None:
    unknown = score("nobody/knows", [entry("librispeech_test_clean", 0.02)], None)
    table = against_published([unknown], [None])
    assert table.rows == ()
    assert table.notes == ("Nothing is published of these models on these benchmarks.",)
    empty = score("openai-whisper-large-v3", [entry("librispeech_test_clean", None)], None)
    assert "librispeech_test_clean" not in {row[1].value for row in against_published([empty], [None]).rows}


def test_published_figures_stand_beside() -> None:
    rows = {}
    for profile in ("leaderboard@2026-04", "verbatim"):
        scores = score(
            "openai-whisper-large-v3",
            [entry("librispeech_test_clean", 0.02, utterances=2620)],
            None,
            suite=None,
            profile=ProfileRecord(name=profile),
        )
        found = json.loads(against_published([scores], [None], ["whisper (a)"]).render("json"))["rows"]
        rows[profile] = {(row["benchmark"], row["metric"]): row for row in found}
    same = rows["leaderboard@2026-04"]["librispeech_test_clean", "wer"]
    assert same["model"] == "whisper (a)"
    assert same["ours"] == 2.0
    assert same["difference"] == 2.0 - same["published"]
    assert same["source"].startswith("https://")
    other = rows["verbatim"]["librispeech_test_clean", "wer"]
    assert other["difference"] is None
    assert "other rules" in other["notes"]["published"][0]
    speed = rows["verbatim"]["average", "rtfx"]
    assert speed["difference"] is None
    assert any("other hardware" in note for note in speed["notes"]["published"])


def test_the_published_figure_of_the_same_suite_and_rules_is_taken() -> None:
    """Of several the one that is of our suite and rules, though another is newer; else a profile is offered."""
    model = "ibm-granite/granite-speech-4.1-2b-nar"
    names = get_suite("open_asr@2026-04").benchmarks
    entries = [entry(name, 0.05, utterances=datasets()[name].rows or 0) for name in names]
    rows, notes = {}, {}
    for suite, profile in (
        ("open_asr@2026-04", "leaderboard@2026-04"),
        ("open_asr@2026-04", "verbatim"),
        (None, "leaderboard@2026-04"),
        ("granite_card@2026-04", "card@2026-04"),
        ("granite_card@2026-04", "verbatim"),
    ):
        scores = score(model, entries, 0.05, suite=suite, profile=ProfileRecord(name=profile))
        table = json.loads(against_published([scores], [None]).render("json"))
        rows[suite, profile] = {row["benchmark"]: row for row in table["rows"] if row["metric"] == "wer"}
        (notes[suite, profile],) = table["notes"]
    same = rows["open_asr@2026-04", "leaderboard@2026-04"]
    assert {name: row["published"] for name, row in same.items()} == {
        one.benchmark: one.value
        for one in find(model, metric="wer", profile="leaderboard@2026-04", suite="open_asr@2026-04")
    }
    assert all(row["difference"] == 5.0 - row["published"] for row in same.values())
    assert notes["open_asr@2026-04", "leaderboard@2026-04"] == "9 of 9 rows can be compared."
    assert notes["open_asr@2026-04", "verbatim"] == (
        "0 of 9 rows can be compared. Under --profile leaderboard@2026-04 9 of the 9 error rates can be, not 0."
    )
    alone = rows[None, "leaderboard@2026-04"]["average"]
    assert alone["difference"] is None
    assert alone["notes"]["published"] == [
        "other suite: published over open_asr@2026-04, ours over what the predictions have"
    ]
    card = rows["granite_card@2026-04", "card@2026-04"]
    assert card["librispeech_test_clean"]["published"] == 1.29
    assert card["librispeech_test_clean"]["difference"] == 5.0 - 1.29
    assert rows["granite_card@2026-04", "verbatim"]["ami_ihm"]["published"] == 7.91  # not the leaderboard's newer 8.03


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        ({"drift": ["rows is 3 where 2,620 is stated"]}, "other data: ours is not what is locked"),
        ({"selection": {"limit": 3}, "drift": []}, "other data: ours is a sample"),
        ({"selection": {"limit": None}, "drift": [], "source": "archive:test-clean.tar.gz"}, None),
    ],
)
def test_rates_of_other_data_show_no_difference(fact: dict[str, Any], reason: str | None) -> None:
    profile = ProfileRecord(name="leaderboard@2026-04")
    entries = [entry("librispeech_test_clean", 0.02)]
    scores = score("openai-whisper-large-v3", entries, None, suite=None, profile=profile)
    table = against_published([scores], [run(benchmarks={"librispeech_test_clean": fact})])
    row, *_ = json.loads(table.render("json"))["rows"]
    assert (row["difference"] is None) == (reason is not None)
    assert row.get("notes", {}).get("published", []) == ([reason] if reason else [])


def test_published_points_of_a_suite() -> None:
    suite, rules = "open_asr@2026-04", "leaderboard@2026-04"
    every = get_suite(suite).benchmarks
    points = published_points(suite, rules, ["openai-whisper-large-v3"], every)
    assert len(points) > 40
    assert "openai/whisper-large-v3" not in {point.model for point in points}
    assert not any(point.ours for point in points)
    assert all(point.wer is not None and 0.03 < point.wer < 1 for point in points)
    assert any(point.rtfx for point in points)
    assert published_points(None, rules, [], every) == []
    assert published_points(suite, "verbatim", [], every) == []
    assert published_points(suite, rules, [], every[1:]) == []  # published averages are of the whole suite


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path / "nothing"), "--out", str(tmp_path / "r")]) == 2
    write_predictions(tmp_path / "a", "one", "voxpopuli_en_test", [("x y", "x y")])
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert main(["report", str(tmp_path / "a"), "--out", str(blocked / "r")]) == 5
    assert len(capsys.readouterr().err.strip().splitlines()) == 2


def steps_of(data: dict[str, Any]) -> dict[tuple[str, str], list[tuple[list[str], str, int, int, int]]]:
    """For each benchmark and system its wrong transcripts: words written, words missing, and errors by kind."""
    found: dict[tuple[str, str], list[tuple[list[str], str, int, int, int]]] = {}
    for one in data["benchmarks"]:
        for index, system in one["systems"].items():
            rows = found[one["name"], data["models"][int(index)]["model"]] = []
            for at, steps in enumerate(system["steps"]):
                counts = tuple(system[kind][at] for kind in ("substitutions", "deletions", "insertions"))
                if not steps:
                    assert sum(counts) == 0 or system["hypotheses"][at] is None
                    continue
                triples = list(zip(steps[::3], steps[1::3], steps[2::3], strict=True))
                assert counts == (
                    sum(bool(missing and written) for _, missing, written in triples),
                    sum(bool(missing and not written) for _, missing, written in triples),
                    sum(bool(written and not missing) for _, missing, written in triples),
                )
                text = system["normalized"][at] or system["hypotheses"][at]
                words = list(text) if one["characters"] else text.split()
                assert sum(right + written for right, _, written in triples) <= len(words)
                rows.append((words, " ".join(missing for _, missing, _ in triples), *counts))
    return found


def test_the_page_holds_the_scorers_alignment(tmp_path: Path) -> None:
    """Merged compounds, numbers that no normalizer reads, and a whole recording: what is shown is what was counted."""
    words = [f"zz{a}{b}zz" for a in "bcdfg" for b in "klmnpqrtvx"]
    long = " ".join(words[i % 50] for i in range(700))
    rows = [
        ("the white paper is here", "the whitepaper was here"),
        ("nine" * 2 + " " + "9" * 5000, "nein " + "9" * 5000),
        (long, long.replace(f"{words[7]} ", "").replace(words[9], "other")),
        ("It's fine.", "it is Fine"),
    ]
    write_predictions(tmp_path / "p", "one", "voxpopuli_en_test", rows)
    write_predictions(tmp_path / "p", "two", "common_voice_17_0_ja_test", [("音声認識の評価", "音声の認識評価です")])
    assert main(["report", str(tmp_path / "p"), "--out", str(tmp_path / "r"), "--profile", "leaderboard@2026-08"]) == 0
    found = steps_of(page_data(tmp_path / "r" / "index.html"))
    white, digits, recording = found["voxpopuli_en", "one"]
    assert white == (["the", "whitepaper", "was", "here"], "is", 1, 0, 0)
    assert digits == (["nein", "9" * 5000], "ninenine", 1, 0, 0)
    assert recording[2:] == (14, 14, 0)
    assert recording[1].split() == [words[7], words[9]] * 14
    ((characters, _, *counts),) = found["common_voice_17_ja", "two"]
    assert characters == list("音声の認識評価です")
    assert sum(counts) == 4


def test_the_page_holds_real_alignments(shared: Path, tmp_path: Path) -> None:
    folder = shared / "predictions"
    files = [*folder.glob("raw/*voxpopuli*"), *folder.glob("cer/*"), *folder.glob("normalized/*common_voice*")]
    assert main(["report", *map(str, files), "--out", str(tmp_path), "--profile", "leaderboard@2026-08"]) == 0
    found = steps_of(page_data(tmp_path / "index.html"))
    assert {name for name, _ in found} > {"voxpopuli_en", "common_voice_17_de", "common_voice_17_ja"}
    assert all(rows for rows in found.values())


def systems_on(folder: Path, wrong: dict[str, dict[str, int]]) -> list[System]:
    """Systems by name, each on its benchmarks, with so many wrong words of a hundred in each."""
    for model, benchmarks in wrong.items():
        for benchmark, errors in benchmarks.items():
            texts = [f"u{n} a b c d e f g h i" for n in range(10)]
            heard = [text.replace(" a", " x") if n < errors else text for n, text in enumerate(texts)]
            write_predictions(folder, model, benchmark, list(zip(texts, heard, strict=True)))
    return read_apart([folder])


def points_on(systems: list[System], runs: list[RunRecord | None] | None = None) -> tuple[Points, list[str]]:
    profile = get_profile("verbatim")
    scored = count_systems(systems, [profile] * len(systems))
    scores = [score_counted(system, profile, held) for system, held in zip(systems, scored, strict=True)]
    names = labels(systems)
    points = points_of(names, scores, runs or [None] * len(systems), scored, profile)
    return points, list(by_length(names, scored, points))


def test_averages_of_the_same_benchmarks_are_those_of_the_table(tmp_path: Path) -> None:
    points, _ = points_on(systems_on(tmp_path / "p", {"a": {"x": 1, "y": 3}, "b": {"x": 2, "y": 2}}))
    assert [point.wer for point in points.averages] == [0.02, 0.02]
    assert all(point.comparable and point.frontier for point in points.averages)
    assert (points.benchmarks, points.over, points.note) == (("x", "y"), "", "")


def test_averages_are_over_what_all_systems_have(tmp_path: Path) -> None:
    """One that was run on an easy benchmark alone is not compared with the others' averages."""
    systems = systems_on(tmp_path / "p", {"a": {"hard": 9, "easy": 2}, "b": {"hard": 8, "easy": 3}, "c": {"easy": 4}})
    points, lengths = points_on(systems)
    assert {point.model: point.wer for point in points.averages} == {"a": 0.02, "b": 0.03, "c": 0.04}
    assert points.averages[0].rtfx == pytest.approx(5.5 / 0.1)
    assert points.note == "Over the one benchmark that all have: easy."
    assert lengths == ["a", "b", "c"]


def test_what_one_of_two_systems_has_is_common_to_none(tmp_path: Path) -> None:
    points, _ = points_on(systems_on(tmp_path / "p", {"a": {"x": 1}, "b": {"y": 2, "z": 4}}))
    assert [(point.wer, point.comparable) for point in points.averages] == [(0.01, True), (0.03, False)]
    assert (points.over, points.note) == ("", "Hollow, over other benchmarks and off the frontier: b.")
    alone, _ = points_on(systems_on(tmp_path / "q", {"a": {"x": 1}}))
    assert (alone.benchmarks, alone.over, alone.note) == (("x",), "", "")


def test_as_many_utterances_that_are_others_do_not_compete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two systems with the same name and number of utterances, of which none is in both."""
    for model, said, wrong in (("a", "a b c d", 2), ("b", "e f g h", 1)):
        texts = [f"{said} {n}" for n in "klmnopqrst"]
        heard = [text[2:] if n < wrong else text for n, text in enumerate(texts)]
        write_predictions(tmp_path / model, model, "x", list(zip(texts, heard, strict=True)))
    monkeypatch.setattr(report, "_plots", lambda *_: ([], []))
    assert main(["report", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(tmp_path / "out")]) == 0
    table = json.loads((tmp_path / "out" / "table.json").read_text())
    notes = {row["model"]: row.get("notes", {}) for row in table["rows"]}
    what = "other data than in the other rows: as many utterances, but others"
    assert "rank" not in table["rows"][0], "only one could have one"
    assert [notes["a"].get(key) for key in ("x", "average")] == [None, None]
    assert (notes["b"]["x"], notes["b"]["average"]) == ([what], [f"{what} (x)"])


def test_a_system_on_other_benchmarks_is_hollow_and_off_the_frontier(tmp_path: Path) -> None:
    systems = systems_on(tmp_path / "p", {"a": {"x": 1, "y": 3}, "b": {"x": 2, "y": 4, "z": 9}, "c": {"z": 0}})
    points, lengths = points_on(systems)
    found = {point.model: (point.wer, point.comparable, point.frontier) for point in points.averages}
    assert found == {"a": (0.02, True, True), "b": (0.03, True, True), "c": (0.0, False, False)}
    assert points.note == (
        "Over the 2 benchmarks that all but the hollow ones have: x, y. "
        "Hollow, over other benchmarks and off the frontier: c."
    )
    assert lengths == ["a", "b"]


def test_other_data_of_the_same_name_is_other_data(tmp_path: Path) -> None:
    systems_on(tmp_path / "p", {"a": {"x": 1}, "b": {"x": 2}})
    write_predictions(tmp_path / "p", "few", "x", [("a b", "a b")])
    points, _ = points_on(read_apart([tmp_path / "p"]))
    assert {point.model: point.comparable for point in points.averages} == {"a": True, "b": True, "few": False}
    assert {model: point.comparable for model, point in points.by_benchmark["x"].items()} == {
        "a": True,
        "b": True,
        "few": False,
    }
    assert points.note.endswith("Hollow, of other data or incomplete, and off the frontier: few.")


def test_speeds_of_different_hardware_share_no_frontier(tmp_path: Path) -> None:
    systems = systems_on(tmp_path / "p", {"a": {"x": 1}, "b": {"x": 2}})
    runs: list[RunRecord | None] = [run(environment={"hardware": {"accelerator": name}}) for name in "kl"]
    points, _ = points_on(systems, runs)
    assert [point.frontier for point in points.averages] == [False, False]
    assert points.note == "No frontier: RTFx are of different hardware."
    assert all(point.frontier for point in points_on(systems, [runs[0]] * 2)[0].averages)


def test_metrics_are_in_tables_and_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    systems_on(tmp_path / "p", {"a": {"x": 1}, "b": {"x": 2}})
    command = ["report", str(tmp_path / "p"), "--out", str(tmp_path / "r"), "--profile", "verbatim"]
    assert main([*command, "--metric", "ser", "--metric", "wil"]) == 0
    screen = capsys.readouterr().out
    assert "SER" in screen
    with (tmp_path / "r" / "table.csv").open(encoding="utf-8") as file:
        assert [float(row["x_ser (fraction)"]) for row in csv.DictReader(file)] == [0.1, 0.2]
    rows = json.loads((tmp_path / "r" / "metrics.json").read_text("utf-8"))["rows"]
    assert [(row["model"], row["benchmark"], row["ser"]) for row in rows] == [("a", "x", 0.1), ("b", "x", 0.2)]
    page = (tmp_path / "r" / "index.html").read_text("utf-8")
    assert "SER, percent" in page
    assert "sentence error rate: utterances with an error, of all utterances" in page
    assert main([*command, "--metric", "serr"]) == 2
    assert "did you mean 'ser'" in capsys.readouterr().err


def test_systems_of_one_name_are_told_apart_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, errors in (("before", 1), ("after", 2)):
        systems_on(tmp_path / folder, {"same": {"x": errors}})
    folders = [str(tmp_path / name) for name in ("before", "after")]
    assert main(["report", *folders, "--out", str(tmp_path / "r"), "--profile", "verbatim"]) == 0
    names = ["same (before)", "same (after)"]
    for stem in ("table", "errors"):
        rows = json.loads((tmp_path / "r" / f"{stem}.json").read_text("utf-8"))["rows"]
        assert [row["model"] for row in rows] == names, stem
    assert [model["model"] for model in page_data(tmp_path / "r" / "index.html")["models"]] == names
    assert "same (" in capsys.readouterr().out
    assert "same (" in (tmp_path / "r" / "wer.svg").read_text("utf-8")


def test_the_end_of_a_run_is_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """scores.json of each model, one table on the screen and in the files, and what is next."""
    folders = [tmp_path / "data_mine" / name for name in ("one", "two")]
    for folder, wrong in zip(folders, (1, 2), strict=True):
        folder.mkdir(parents=True)
        lines = [
            Line(
                id=f"u{n}", reference="a b c", hypothesis="a b x" if n < wrong else "a b c", duration=1.0,
                session=f"s{n % 6}",
            )
            for n in range(30)
        ]  # fmt: skip
        (folder / "mine.jsonl").write_bytes(encode_lines(lines))
        speed = {"seconds_heard": 30.0, "audio_seconds": 30.0, "seconds_counted": 3.0}
        record = run(
            suite="data_mine", profile="verbatim", model={"id": folder.name}, complete=True,
            benchmarks={"mine": {"language": "en", "expected": 30, "done": 30, "failed": 1, "speed": speed}},
        )  # fmt: skip
        write(folder / "run.json", record)
    scores = [write_scores(folder) for folder in folders]
    assert [one.average.wer for one in scores] == [1 / 90, 2 / 90]
    assert json.loads((folders[0] / "scores.json").read_bytes())["average"]["wer"] == 1 / 90
    finish(folders, scores, as_json=False, quiet=False)
    said = capsys.readouterr()
    out = tmp_path / "data_mine" / "report"
    assert "2.22 †" in said.out
    assert "† not told apart from the best" in said.out
    assert "2.22 †" in (out / "table.txt").read_text("utf-8")
    assert {path.name for path in out.iterdir()} > {"index.html", "table.md", "errors.csv", "wer.png", "rtfx_wer.svg"}
    assert "failed: 1 of 30 utterances of mine" in said.err
    assert f"next: run_eval.py compare {folders[0]} {folders[1]}" in said.err
    finish(folders, scores, as_json=True, quiet=True)
    printed = capsys.readouterr()
    assert [one["model"] for one in json.loads(printed.out)] == ["one", "two"]
    # Why the status is not 0 is said however quiet.
    assert [line[:37] for line in printed.err.splitlines()] == ["failed: 1 of 30 utterances of mine, t"] * 2


def test_every_list_of_a_report_is_in_one_order(tmp_path: Path) -> None:
    systems = systems_on(tmp_path, {"b": {"x": 1}, "a": {"x": 2}, "c": {"x": 3}})
    systems = [replace(one, run=run(model={"id": one.model})) for one in systems[::-1]]
    assert [one.model for one in systems] == ["c", "b", "a"]
    found = report._counted(systems, get_profile("verbatim"), report.Wishes(sort="name"), lambda _: None)
    assert [one.model for one in found.systems] == [*found.names] == ["a", "b", "c"]
    assert [one.model.id for one in found.runs if one is not None] == ["a", "b", "c"]
    assert [one.model for one in found.scores] == ["a", "b", "c"]
    assert [held[0].kept()[2].errors for held in found.scored] == [0, 0, 1]


def test_a_failed_utterance_that_counts_as_empty_is_shown_as_failed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    lines = [
        Line(id="good", reference="a b", hypothesis="a b"),
        Line(id="lost", reference="a b", error="out of memory"),
    ]
    (folder / "mine.jsonl").write_bytes(encode_lines(lines))
    facts = {"mine": {"language": "en", "expected": 2, "done": 2, "failed": 1}}
    write(folder / "run.json", run(profile="verbatim", settings={"on_error": "score-empty"}, benchmarks=facts))
    assert main(["report", str(folder), "--out", str(tmp_path / "r")]) == 0
    (benchmark,) = page_data(tmp_path / "r" / "index.html")["benchmarks"]
    system = benchmark["systems"]["0"]
    assert system["hypotheses"] == ["a b", None]
    assert system["failed"] == {"1": "out of memory"}
    assert (system["deletions"], system["steps"]) == ([0, 2], [0, 0])


def test_words_and_characters_are_apart_in_plots_and_page(tmp_path: Path) -> None:
    """A model with both is in the plots of both, one with characters alone in those of characters."""
    words, characters = [("a b c d", "a b c x")] * 6, [("音声認識", "音声認織")] * 6
    for model, kinds in {"both": "xy", "words": "x", "letters": "y"}.items():
        folder = tmp_path / "p"
        for kind in kinds:
            benchmark = {"x": "voxpopuli_en_test", "y": "common_voice_17_0_ja_test"}[kind]
            write_predictions(folder, model, benchmark, words if kind == "x" else characters)
    systems = read_apart([tmp_path / "p"])
    profile = get_profile("verbatim")
    scored = count_systems(systems, [profile] * 3)
    scores = [score_counted(system, profile, held) for system, held in zip(systems, scored, strict=True)]
    names = labels(systems)
    found: dict[str, dict[str, float | None]] = {}
    metrics: tuple[Metric, ...] = ("wer", "cer")
    for metric in metrics:
        points = points_of(names, scores, [None] * 3, scored, profile, metric=metric)
        found[metric] = {point.model: point.wer for point in points.averages if point.comparable}
        assert {count for row in by_length(names, scored, points).values() for _, _, count in row} == {1, 2, 3}
    assert found == {"wer": {"both": 0.25, "words": 0.25}, "cer": {"both": 0.25, "letters": 0.25}}
    assert main(["report", str(tmp_path / "p"), "--out", str(tmp_path / "r"), "--profile", "verbatim"]) == 0
    data = page_data(tmp_path / "r" / "index.html")
    assert [model["model"] for model in data["by_character"] if model["wer"] is not None] == ["both", "letters"]
    assert {path.stem for path in (tmp_path / "r").glob("*.png")} == {
        f"{stem}{kind}{end}"
        for kind in ("wer", "cer")
        for stem, end in (("rtfx_", ""), ("", ""), ("", "_by_benchmark"), ("", "_by_length"))
    }
    rows = json.loads((tmp_path / "r" / "table.json").read_text("utf-8"))["rows"]
    shown = {row["model"]: (row["average_common_wer"], row["average_common_cer"]) for row in rows}
    assert shown == {"both": (0.25, 0.25), "words": (0.25, None), "letters": (None, 0.25)}


def test_most_of_one_machine_are_compared_and_the_others_are_hollow(tmp_path: Path) -> None:
    systems = systems_on(tmp_path / "p", {"a": {"x": 1}, "b": {"x": 2}, "c": {"x": 3}})
    runs: list[RunRecord | None] = [run(environment={"hardware": {"accelerator": name}}) for name in "kkl"]
    points, _ = points_on(systems, runs)
    assert [(point.frontier, point.elsewhere, point.comparable) for point in points.averages] == [
        (True, False, True),
        (True, False, True),
        (False, True, True),
    ]
    assert points.note == "Hollow beside speed and off the frontier, RTFx of other hardware: c."


def test_systems_whose_suites_average_differently_are_averaged_alike(tmp_path: Path) -> None:
    """Over the same benchmarks: plainly for both, which is no longer the average of the one that has groups."""
    suite = get_suite("multilingual@2026-08-28")
    wrong = {name: at % 9 for at, name in enumerate(suite.benchmarks)}
    systems = systems_on(tmp_path / "p", {"a": wrong, "b": wrong})
    apart = [replace(one, suite=suite.name if one.model == "a" else None) for one in systems]
    points, _ = points_on(apart)
    plain = sum(wrong.values()) / len(wrong) / 100
    assert [point.wer for point in points.averages] == pytest.approx([plain, plain], abs=1e-12)
    assert points.over.endswith("Plain means: their suites average in different ways.")
    alone, _ = points_on([replace(one, suite=suite.name) for one in systems])
    means = [sum(wrong[name] for name in names) / len(names) / 100 for names in suite.groups.values()]
    macro = sum(means) / len(means)
    assert abs(macro - plain) > 0.0001
    assert [point.wer for point in alone.averages] == pytest.approx([macro, macro], abs=1e-12)
    assert alone.over == ""


def test_a_saved_baseline_is_reported_beside_a_run(tmp_path: Path) -> None:
    folder = write_systems(tmp_path / "runs", 2, ["meetings"])
    saved = save([folder[0]], tmp_path / "baselines")
    assert saved.suffix == ".zip"
    assert main(["report", str(saved), str(folder[1]), "--out", str(tmp_path / "r")]) == 0
    data = page_data(tmp_path / "r" / "index.html")
    assert len(data["models"]) == 2
    assert [len(one["ids"]) for one in data["benchmarks"]] == [24]


def test_sort_width_and_audio_are_flags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    systems_on(tmp_path / "p", {"a": {"x": 3}, "b": {"x": 1}})
    command = ["report", str(tmp_path / "p"), "--out", str(tmp_path / "r"), "--profile", "verbatim", "--quiet"]
    for flags, order in (([], ["b", "a"]), (["--sort", "given"], ["a", "b"]), (["--sort", "name"], ["a", "b"])):
        assert main([*command, *flags]) == 0
        rows = json.loads((tmp_path / "r" / "table.json").read_text("utf-8"))["rows"]
        assert [row["model"] for row in rows] == order
        assert {row["model"]: row["rank"] for row in rows} == {"a": 2, "b": 1}
    said = capsys.readouterr()
    assert said.err == ""
    assert "Audio: 10 silent: nothing says where it is." in said.out
    assert not (tmp_path / "r" / "wer.pdf").exists()
    assert main([*command, "--width", "84mm"]) == 0
    assert (tmp_path / "r" / "wer.pdf").read_bytes().startswith(b"%PDF")
    assert main([*command, "--sort", "wer"]) == 2
    for width in ("84", "10mm", "3 feet", "-84mm"):
        assert main([*command, f"--width={width}"]) == 2
    assert "a width with its unit" in capsys.readouterr().err
