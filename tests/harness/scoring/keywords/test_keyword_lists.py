"""Every form of a list of keywords, what is wrong with them, and the way from predictions to where they show."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main
from harness.errors import DataError, HarnessError
from harness.records.codec import encode
from harness.records.journal import Line, read_line
from harness.scoring.by_id import ById
from harness.scoring.fitting.corrected import with_corrected
from harness.scoring.keywords.lists import read_keywords, with_keywords
from harness.scoring.metrics import get_metric, measure
from harness.scoring.predictions import System, read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.rows import phrases_of
from harness.scoring.scored import count_predictions
from tests.harness.scoring.made import line, predictions

if TYPE_CHECKING:
    from pathlib import Path


def system(*rows: Line) -> System:
    return System(model="m", benchmarks=[replace(predictions(), rows=list(rows))])


BOTH = {"u1": (("New York", "Anna"), ()), "u2": (("Bob",), ())}

FORMS = {
    "a.json": json.dumps({"u1": ["New York", "Anna"], "u2": "Bob"}),
    "b.json": json.dumps([{"id": "u1", "keywords": ["New York", "Anna"]}, {"id": "u2", "keywords": "Bob"}]),
    "c.jsonl": '{"id": "u1", "keywords": "New York; Anna"}\n{"id": "u2", "biasing_words": ["Bob"]}\n',
    "d.csv": 'id,keywords\nu1,"New York, Anna"\nu2,Bob\n',
    "e.tsv": "id\tkeywords\nu1\tNew York|Anna\nu2\tBob\n",
    "f.txt": "u1\tNew  York, Anna\nu2\tBob\n",
    "g.tsv": 'u1\tHE SAW NEW YORK\t["New York", "Anna"]\nu2\tNOTHING\t["Bob"]\n',
}


@pytest.mark.parametrize("name", FORMS)
def test_lists_by_id(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FORMS[name], encoding="utf-8")
    found = read_keywords(str(tmp_path / name))
    assert (found.common, dict(found.by_id)) == (None, BOTH)
    by_id = ById(found.where, found.by_id)
    assert by_id.of("u1") == by_id.of("clips/u1.flac") == BOTH["u1"]
    assert by_id.of("u3") is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "New York\n\n Anna \nAnna\n"),
        ("b.json", '["New York", "Anna"]'),
        ("c.txt", "\ufeffNew  York\r\nAnna\r\n"),
    ],
)
def test_one_list(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert read_keywords(str(tmp_path / name)).common == ("New York", "Anna")
    assert read_keywords("New York, Anna").common == ("New York", "Anna")
    [one] = with_keywords([system(line("anything", "a", "a"))], read_keywords("New York, Anna"), pytest.fail)
    assert [(row.keywords, row.distractors) for row in one.benchmarks[0].rows] == [(("New York", "Anna"), None)]


def test_a_list_that_is_no_file() -> None:
    assert read_keywords('["New York", "Anna, Bob"]').common == ("New York", "Anna, Bob")
    assert read_keywords("[Anna], Bob").common == ("[Anna]", "Bob")
    many = tuple(f"name {number}" for number in range(2_000))  # longer than the name of a file may be
    assert read_keywords(",".join(many)).common == many


def test_biasing_lists_tell_scored_words_from_distractors(tmp_path: Path) -> None:
    path = tmp_path / "test-clean.biasing_100.tsv"
    path.write_text('1-2-3\thowl said\t["howl"]\t["howl", "zebra", "adona"]\n1-2-4\tso\t[]\t["zebra"]\n')
    found = read_keywords(str(path))
    assert found.by_id == {"1-2-3": (("howl",), ("zebra", "adona")), "1-2-4": ((), ("zebra",))}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", "\n", "no word in it"),
        ("b.json", "[1, 2]", "item 1: no id and keywords"),
        ("c.jsonl", '{"id": "u1"}\n{"id": "u2"}', "item 1: no id and keywords"),
        ("d.json", '{"u1": 5}', "u1: 'keywords' must be a list of texts, not 5"),
        ("e.csv", "id,keywords\nu1,a\nu1,b\n", "line 3: 'u1' was there before"),
        ("f.txt", "u1\ta\nu1\tb\n", "line 2: 'u1' was there before"),
        ("g.tsv", "u1\ttext\tplain\n", "line 1: expected id and keywords, or id, text and JSON lists"),
        ("h.json", '{"u1": ["a"', "neither JSON nor JSON lines"),
        ("i.tsv", 'u1\ttext\t["a"\n', "line 1: keywords begins like a JSON list and is none"),
        ("j.json", "{}", "no id and keywords"),
        ("k.csv", "id,keywords\n", "is empty"),
        ("missing.txt", None, "cannot read"),
    ],
)
def test_what_is_wrong_is_one_line(name: str, content: str | None, says: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(HarnessError, match=r"^[^\n]*$") as caught:
        read_keywords(str(tmp_path / name))
    assert says in str(caught.value)
    assert name in str(caught.value)


def test_phrases_of_a_cell() -> None:
    assert phrases_of("keywords", "a b, c") == ("a b", "c")
    assert phrases_of("keywords", "a, b; c") == ("a, b", "c")
    assert phrases_of("keywords", '["a, b", "c;d"]') == ("a, b", "c;d")
    assert phrases_of("keywords", "") == ()


def test_lines_of_a_journal_hold_them() -> None:
    line = Line(id="u1", reference="a", hypothesis="a", keywords=("New York",), distractors=("Bob",))
    assert read_line(encode(line)) == line
    assert "keywords" not in json.loads(encode(Line(id="u1", reference="a", hypothesis="a")))


# end to end


@pytest.fixture
def both(tmp_path: Path) -> tuple[Path, Path]:
    """Two systems over ten speakers: one knows the names, one does not."""
    paths = []
    for name, written in (("knows", "we met Anna in New York"), ("guesses", "we met Hannah in Newark")):
        rows = [
            {"id": f"u{at}", "speaker": f"s{at % 10}", "text": "We met Anna in New York.", "pred_text": written}
            for at in range(30)
        ]
        rows[3]["pred_text"] += " with Bob"
        path = tmp_path / name / "talks.jsonl"
        path.parent.mkdir()
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        paths.append(path)
    return paths[0], paths[1]


def as_json(capsys: pytest.CaptureFixture[str], *command: str, status: int = 0) -> Any:
    capsys.readouterr()
    assert main([*command]) == status
    return json.loads(capsys.readouterr().out)


METRICS = ("--metric", "keyword_f1", "--metric", "biased_wer", "--metric", "keywords_made_up")


def test_from_predictions_to_table_page_comparison_and_gate(
    both: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("Anna\nNew York\nBob\n")
    given = ("--keywords", str(names))
    [scores] = as_json(capsys, "score", str(both[0]), *METRICS, *given, "--json")
    found = scores["benchmarks"][0]["metrics"]
    assert [found[name]["value"] for name in ("keyword_f1", "biased_wer", "keywords_made_up")] == pytest.approx(
        [120 / 121, 1 / 90, 1000 / 180]
    )
    assert found["keyword_f1"]["interval"]["sessions"] == 10
    compared = as_json(capsys, "compare", *map(str, both), *METRICS, *given, "--json")
    f1, biased, made_up = compared["metrics"]
    assert (f1["systems"][0]["rate"], f1["systems"][1]["rate"]) == pytest.approx((120 / 121, 0))
    assert biased["pairs"][0]["difference"]["value"] == pytest.approx(1 / 90 - 90 / 90)
    assert made_up["pairs"][0]["difference"]["value"] == 0
    assert main(["report", *map(str, both), "--out", str(tmp_path / "out"), *METRICS, *given]) == 0
    classes = json.loads((tmp_path / "out" / "classes.json").read_text())["rows"]
    [row] = [one for one in classes if one["kind"] == "keywords" and one["right"]]
    assert (row["name"], row["right"], row["reference"], row["written"]) == ("name", 60, 60, 61)
    assert "keyword F1" in (tmp_path / "out" / "index.html").read_text()
    policy = tmp_path / "policy.toml"
    policy.write_text('[wer]\ntier = "informative"\n[metrics.keyword_f1]\nmargin = 5.0\n')
    gate = ["gate", str(both[1]), "--baseline", str(both[0]), "--policy", str(policy), *given, "--json"]
    findings = {one["subject"]: one for one in as_json(capsys, *gate, status=1)["findings"]}
    assert findings["talks: keyword F1"]["verdict"] == "FAIL"
    assert findings["talks: keyword F1"]["blame"][0]["reference"] == "We met Anna in New York."


def test_lists_by_id_that_fit_nothing_are_refused(
    both: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "k.json").write_text('{"zz": ["Anna"]}')
    assert main(["score", str(both[0]), "--keywords", str(tmp_path / "k.json"), "--metric", "keyword_f1"]) == 4
    assert "none of its ids, such as 'zz', is one of the 30 utterances" in capsys.readouterr().err


def test_rows_state_their_own_and_a_file_replaces_them(tmp_path: Path) -> None:
    path = tmp_path / "talks.csv"
    path.write_text('id,text,pred_text,keywords,distractors\nu1,a dog,a cat,"dog, cat",horse\nu2,b,b,,\n')
    [system] = read_systems([path])
    assert [(row.keywords, row.distractors) for row in system.benchmarks[0].rows] == [
        (("dog", "cat"), ("horse",)),
        ((), None),
    ]


def test_texts_beside_a_reference_with_keywords(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ref.csv").write_text('id,text,keywords\nu1,a dog,dog\nu2,a horse,"horse, cow"\n')
    (tmp_path / "hyp.csv").write_text("id,text\nu1,a dog\nu2,a cow\n")
    command = [
        "score",
        str(tmp_path / "hyp.csv"),
        "--reference",
        str(tmp_path / "ref.csv"),
        "--metric",
        "keyword_recall",
    ]
    [scores] = as_json(capsys, *command, "--json")
    found = scores["benchmarks"][0]["metrics"]["keyword_recall"]
    assert (found["count"], found["of"]) == (1, 2)


def test_a_run_that_was_given_a_list_is_scored_by_it(tmp_path: Path) -> None:
    lines = [
        {"format": 2, "id": "u1", "language": "en", "reference": "a dog", "hypothesis": "a dog", "keywords": ["dog"]},
        {"format": 2, "id": "u2", "language": "en", "reference": "a cat", "hypothesis": "a cat"},
    ]
    (tmp_path / "read.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    run = {"suite": "demo@1", "profile": "card@2026-04", "complete": True, "model": {"id": "org/model"}}
    run |= {"settings": {"keywords": ["cat", "New York"]}, "environment": {"commit": "0" * 40}, "benchmarks": {}}
    run["benchmarks"] = {"read": {"language": "en", "expected": 2, "done": 2, "failed": 0}}
    (tmp_path / "run.json").write_text(json.dumps(run))
    [system] = read_systems([tmp_path])
    assert [row.keywords for row in system.benchmarks[0].rows] == [("dog",), ("cat", "New York")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"id": "u1", "words": ["Anna"]}'),
        ("b.jsonl", '{"id": "u1", "words": ["Anna"]}\n{"id": "u2", "words": ["Bob"]}'),
        ("c.json", '[{"id": 1, "keyword": "Anna"}]'),
        ("d.csv", "id,words\nu1,Anna\n"),
        ("e.tsv", "id\twords\nu1\tAnna\n"),
        ("f.json", '{"audio_filepath": "u1.wav", "words": ["Anna"]}'),
    ],
)
def test_a_column_of_another_name_is_said_of_one_row_as_of_two(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"(item 1|line 2): no id and keywords; expected both in each row"):
        read_keywords(str(tmp_path / name))


def test_one_row_by_another_of_its_names_and_ids_that_are_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 7, "hotwords": ["Anna"]}', encoding="utf-8")
    assert dict(read_keywords(str(tmp_path / "a.jsonl")).by_id) == {"7": (("Anna",), ())}


def test_ids_that_fit_nothing_are_counted(tmp_path: Path) -> None:
    """Both counts, with the first of each; the same is said of corrected references."""
    path = tmp_path / "k.json"
    path.write_text(json.dumps({"U1": ["a"], "u2": ["b"], "sets/u3.wav": ["c"], "u9.1": ["d"]}), encoding="utf-8")
    rows = [line(name, "a b", "a b") for name in ("u1", "u2", "u3", "u9.2")]
    said: list[str] = []
    [found] = with_keywords([system(*rows)], read_keywords(str(path)), said.append)
    assert [row.keywords for row in found.benchmarks[0].rows] == [None, ("b",), ("c",), None]
    told = "2 of 4 rows are of utterances; 2 match none, the first is 'U1'; 2 utterances have no row, the first is 'u1'"
    assert said == [f"{path}: {told}"]
    [found] = with_corrected([system(*rows)], "c", {"U1": "a", "u2": "b", "sets/u3.wav": "c", "u9.1": "d"}, said.append)
    assert [row.corrected for row in found.benchmarks[0].rows] == [None, "b", "c", None]
    assert said[1] == f"c: {told}"
    with pytest.raises(DataError, match="c: none of its ids, such as 'x', is one of the 4 utterances, such as 'u1'"):
        with_corrected([system(*rows)], "c", {"x": "a"}, said.append)


def test_a_table_says_how_many_have_no_list() -> None:
    profile = get_profile("leaderboard@2026-08")
    pairs = [("anna met bob", "anna met bob")] * 3
    for lists, note in (
        ([("anna",), None, None], "2 of 3 utterances left out: they have no keywords"),
        ([("anna",)] * 3, None),
    ):
        utterances = count_predictions(predictions(*pairs, keywords=lists), profile).utterances()
        for name in ("keyword_f1", "keywords_made_up", "biased_wer"):
            found = measure(get_metric(name), utterances, profile, "en")
            assert found is not None
            assert found.note == note
    half = count_predictions(predictions(*pairs, corrected=["anna met rob", None, None]), profile).utterances()
    found = measure(get_metric("fitting"), half, profile, "en")
    assert found is not None
    assert (found.count, found.of, found.note) == (1, 1, "2 of 3 utterances have no corrected reference")
