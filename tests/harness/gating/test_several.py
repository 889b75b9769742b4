"""Several models in one call, renamed ones, and the comment that all of it is told in."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main
from harness.errors import UsageError
from harness.gating.comment import LONGEST, check_address, check_name, comment, marker
from harness.records.decision import Blame, Compared, Decision, Finding, Reason, Verdict
from harness.records.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def worse(at: int) -> int:
    return 3 + at % 3


def saved(folder: Path, *runs: Path) -> Path:
    for run in runs:
        assert main(["baseline", "save", str(run), "--dir", str(folder)]) == 0
    return folder


@pytest.fixture
def three(make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, list[Path]]:
    """Baselines of three models, and runs of them of which the second got worse."""
    models = ["org/a", "org/b", "org/c"]
    before = [make_run(f"old{at}", model={"id": name}) for at, name in enumerate(models)]
    after = [make_run(f"new{at}", *([worse] if at == 1 else []), model={"id": name}) for at, name in enumerate(models)]
    folder = saved(tmp_path / "baselines", *before)
    capsys.readouterr()
    return folder, after


def test_each_against_its_own_baseline(three: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, runs = three
    junit, markdown = tmp_path / "j.xml", tmp_path / "c.md"
    command = ["gate", *map(str, runs), "--baseline", str(folder), "--junit", str(junit), "--markdown", str(markdown)]
    assert main(command) == 1
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0] == "Gate: FAIL"
    assert "2 of 3 models passed, each against its own baseline." in " ".join(said.out.split())
    rows = [line.split() for line in lines if line.strip().startswith("org/")]
    assert rows[:3] == [
        ["org/a", "demo@1", "PASS", "5.00", "5.00", "+0.00", "1"],
        ["org/b", "demo@1", "FAIL", "5.00", "39.75", "+34.75", "1"],
        ["org/c", "demo@1", "PASS", "5.00", "5.00", "+0.00", "1"],
    ]
    assert lines[-1] == "FAIL (exit status 1), the worst of 3 models"
    assert said.err.splitlines() == [f"{run}: a model of its own" for run in runs]
    suites = ET.parse(junit).getroot()
    assert [one.get("failures") for one in (suites, *suites)] == ["1", "0", "1", "0"]
    assert markdown.read_text().splitlines()[:2] == ["<!-- asr-gate -->", "### ❌ ASR gate: FAIL"]
    assert "#### ❌ org/b" in markdown.read_text()
    assert markdown.read_text().index("| org/c") < markdown.read_text().index("#### ✅ org/a"), "the summary is first"


def test_json_of_several(three: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder, runs = three
    assert main(["gate", *map(str, runs), "--baseline", str(folder), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["exit_status"]) == ("FAIL", 1)
    assert [one["verdict"] for one in found["decisions"]] == ["PASS", "FAIL", "PASS"]
    assert [one["baseline"]["model"] for one in found["decisions"]] == ["org/a", "org/b", "org/c"]


def test_repeats_stay_repeats(three: Any, make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder, runs = three
    again = make_run("again", model={"id": "org/a"})
    assert main(["gate", str(runs[0]), str(runs[2]), str(again), "--baseline", str(folder), "--json"]) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)["decisions"]
    assert [one["run"] for one in found] == [
        {"name": str(runs[0]), "called": None, "model": "org/a", "suite": "demo@1", "repeats": [str(again)]},
        {"name": str(runs[2]), "called": None, "model": "org/c", "suite": "demo@1", "repeats": []},
    ]
    assert said.err.splitlines() == [
        f"{runs[0]}: a model of its own; {again}: its repeats, for speed",
        f"{runs[2]}: a model of its own",
    ]


def test_one_without_a_baseline_is_inconclusive(
    three: Any, make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, runs = three
    new = make_run("stranger", model={"id": "org/d"})
    assert main(["gate", str(runs[0]), str(new), "--baseline", str(folder)]) == 3
    said = " ".join(capsys.readouterr().out.split())
    assert "there are some of org/a, org/b, org/c: --candidate-of NAME where it is one of them renamed" in said


def test_runs_as_baselines_are_matched_by_model(three: Any, make_run: Callable[..., Path]) -> None:
    _, runs = three
    one, other = make_run("x", model={"id": "org/a"}), make_run("y", model={"id": "org/b"})
    assert main(["gate", str(runs[0]), str(runs[1]), "--baseline", str(other), str(one)]) == 1
    assert main(["gate", str(runs[0]), str(runs[2]), "--baseline", str(other), str(one)]) == 3
    assert main(["gate", str(runs[0]), str(runs[2]), "--baseline", str(one)]) == 3, "c is not held against a"


def test_a_renamed_model(three: Any, make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder, runs = three
    renamed = make_run("renamed", worse, model={"id": "./ckpt"})
    gate = ["gate", str(renamed), "--baseline", str(folder)]
    assert main(gate) == 3
    assert main([*gate, "--candidate-of", "org/b"]) == 1
    said = capsys.readouterr().out
    assert f"now: to accept the run as the new baseline: run_eval.py baseline update {renamed}" in said
    assert "--candidate-of org/b" in said
    assert main([*gate, "--candidate-of", "org/x"]) == 2
    assert "no baseline of demo@1, for --candidate-of, called 'org/x'; did you mean 'org/" in capsys.readouterr().err
    assert main(["gate", str(renamed), str(runs[0]), "--baseline", str(folder), "--candidate-of", "org/b"]) == 2
    assert "--candidate-of takes runs of one model, not of 2" in capsys.readouterr().err
    assert main(["gate", str(renamed), "--baseline", str(runs[0]), "--candidate-of", "org/b"]) == 2
    assert main(["gate", str(renamed), "--baseline", str(runs[0]), "--candidate-of", "org/a"]) == 1


def test_a_renamed_model_s_baseline_goes_by_other_names_too(
    three: Any, make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """By the name of its run, by where it lies, or by its file; a model's id goes before all of them."""
    folder, runs = three
    renamed = make_run("renamed", worse, model={"id": "./ckpt"})
    gate = ["gate", str(renamed), "--json", "--baseline"]

    def against(*given: str) -> str:
        assert main([*gate, *given]) in {1, 3}
        return str(json.loads(capsys.readouterr().out)["baseline"]["model"])

    [file] = folder.glob("*/org--b.zip")
    for name in ("org/b", "org--b.zip", "org--b", str(file)):
        assert against(str(folder), "--candidate-of", name) == "org/b"
    nightly = make_run("n", model={"id": "org/n"}, name="nightly")
    for name in ("nightly", "n", str(nightly), f"{nightly}/", "org/n"):
        assert against(str(runs[0]), str(nightly), "--candidate-of", name) == "org/n"
    assert main(["baseline", "save", str(nightly), "--dir", str(folder)]) == 0
    capsys.readouterr()
    assert against(str(folder), "--candidate-of", "nightly") == "org/n"
    twin = make_run("twin", model={"id": "org/twin"}, name="nightly")
    assert main([*gate, str(nightly), str(twin), "--candidate-of", "nightly"]) == 2
    assert "baselines of org/n, org/twin are called so; give the model" in capsys.readouterr().err
    assert main([*gate, str(folder), "--candidate-of", "zzz"]) == 2
    assert "called 'zzz'; there are: org/a, org/b, org/c, org/n" in capsys.readouterr().err


def test_the_page(three: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, runs = three
    markdown = tmp_path / "c.md"
    url = "https://ci.example.org/page/index.html"
    command = ["gate", str(runs[1]), "--baseline", str(folder), "--page", str(tmp_path / "page")]
    assert main([*command, "--page-url", url, "--markdown", str(markdown), "--comment-name", "nightly.2"]) == 1
    assert f"page: {tmp_path / 'page' / 'index.html'}" in capsys.readouterr().err
    assert (tmp_path / "page" / "index.html").stat().st_size > 10_000
    text = markdown.read_text()
    assert text.startswith("<!-- nightly.2 -->\n")
    assert f"[Listen and compare, utterance by utterance]({url})" in text
    assert "| read | FAIL | 5.00 | 39.75 | +34.75 \\[+" in text


@pytest.mark.parametrize("name", ["", "a--b", "-->", "a b", "x" * 65, "a-", "é", "a\n"])
def test_names_that_could_end_the_hidden_line(name: str) -> None:
    with pytest.raises(UsageError, match="--comment-name"):
        check_name(name)
    assert marker("asr-gate.2_x") == "<!-- asr-gate.2_x -->"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "javascript:alert(1)",
        "ftp://x",
        "https://",
        "https://x y",
        "https://x)",
        "https://x<b>",
        "https://x\n",
        "//x",
    ],
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(UsageError, match="--page-url"):
        check_address(address)
    assert check_address("https://x.org/a?b=c&d=%20#artifacts") == "https://x.org/a?b=c&d=%20#artifacts"


def decision(blames: int) -> Decision:
    hostile = "| @everyone <img src=x> `code` <!-- asr-gate --> https://x.org #12\n- [x](javascript:x)"
    blame = Blame(id=hostile, more_errors=1, contribution=0.01, reference=hostile, before=hostile, after=hostile)
    finding = Finding(
        subject=hostile,
        metric="wer",
        verdict=Verdict.FAIL,
        reason=Reason.COMPARED,
        message=hostile,
        blame=(blame,) * blames,
    )
    side = Compared(name=hostile, model=hostile, suite=hostile)
    return Decision(
        verdict=Verdict.FAIL,
        exit_status=1,  # type: ignore[arg-type]
        run=side,
        baseline=side,
        profile="card@2026-04",
        findings=(finding,),
        advice=(hostile,),
    )


def test_texts_of_others_stay_texts() -> None:
    text = comment([decision(3)], Policy())
    assert text.count("<!-- asr-gate -->") == 1
    assert text.count("<img") == 0
    assert "@everyone" not in text
    parsed = [line for line in text.splitlines() if not line.startswith("<details>")]
    assert not re.search(r"(?<!\\)\]\(javascript", "\n".join(parsed))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {7, 8}


def test_a_comment_is_never_longer_than_github_takes() -> None:
    text = comment([decision(10)] * 30, Policy())
    assert len(text) < 65_536
    assert "more tables of utterances do not fit into a comment" in text
    assert len(text) > LONGEST * 0.8
    assert "do not fit" not in comment([decision(10)], Policy())


def test_files_of_predictions_are_told_apart_by_their_models(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def written(folder: str, model: str, wrong: int) -> Path:
        words = ["red", "blue", "green", "yellow"]
        rows = [{"id": f"u{at}", "text": " ".join(words), "pred_text": " ".join(words[wrong:])} for at in range(20)]
        path = tmp_path / folder / f"MODEL_{model}_DATASET_foo.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    runs = [written("new", "a", 1), written("new", "b", 2)]
    old = [written("old", "a", 1), written("old", "b", 0)]
    assert main(["gate", *map(str, runs), "--baseline", *map(str, old), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["decisions"]
    judged = [(one["run"]["model"], one["verdict"], one["baseline"]["name"]) for one in found]
    assert judged == [("a", "PASS", str(old[0])), ("b", "FAIL", str(old[1]))]


def test_candidates_of_one_model_are_each_judged_and_named_everywhere(
    make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = make_run("before", model={"id": "org/m", "revision": "w0"})
    runs = [
        make_run("a", model={"id": "org/m", "revision": "w1"}),
        make_run("b", worse, model={"id": "org/m", "revision": "w2"}),
    ]
    for run, called in zip(runs, ("candA", "candB"), strict=True):
        record = json.loads((run / "run.json").read_text())
        (run / "run.json").write_text(json.dumps(record | {"name": called}))
    folder = saved(tmp_path / "kept", before)
    junit, markdown = tmp_path / "j.xml", tmp_path / "c.md"
    words = ["gate", *map(str, runs), "--baseline", str(folder), "--junit", str(junit), "--markdown", str(markdown)]
    capsys.readouterr()
    assert main([*words, "--github"]) == 1
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        f"{runs[0]}: judged",
        f"{runs[1]}: judged by itself, no repeat of {runs[0]}: model revision w2, not w1; "
        "40 transcripts are not those of it",
    ]
    rows = [line.split() for line in said.out.splitlines() if line.startswith(("candA", "candB"))]
    assert rows[:2] == [
        ["candA", "demo@1", "PASS", "5.00", "5.00", "+0.00", "1"],
        ["candB", "demo@1", "FAIL", "5.00", "39.75", "+34.75", "1"],
    ]
    assert "FAIL (exit status 1), the worst of 2 candidates" in said.out
    assert "::error title=ASR gate FAIL%3A read (candB)::" in said.out
    assert "::notice title=ASR gate PASS (candA)::" in said.out
    cases = [(one.get("classname"), one.find("failure") is not None) for one in ET.parse(junit).iter("testcase")]
    assert next(one for one, failed in cases if failed) == "candB"
    assert ("candA", False) in cases
    assert "#### ❌ candB" in markdown.read_text()
    assert main([*words, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["decisions"]
    assert [(one["run"]["called"], one["verdict"], one["run"]["repeats"]) for one in found] == [
        ("candA", "PASS", []),
        ("candB", "FAIL", []),
    ]
    for verb in ("save", "update"):
        assert main(["baseline", verb, *map(str, runs), "--dir", str(folder)]) == 2
        error = capsys.readouterr().err
        assert f"{runs[1]} is no repeat of {runs[0]}: model revision w2, not w1; 40 transcripts" in error
    assert main(["gate", str(runs[0]), "--baseline", str(before), str(runs[1])]) == 2, "which of them is the baseline?"


def test_candidates_without_names_are_told_apart_by_their_paths(
    make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    before, same, other = make_run("before"), make_run("same"), make_run("other", worse)
    assert main(["gate", str(same), str(other), "--baseline", str(before), "--github"]) == 1
    assert f"ASR gate FAIL%3A read (org/model ({other}))::" in capsys.readouterr().out
