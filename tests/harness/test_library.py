"""`import harness`: its names, what it costs, and that it computes what the command line does."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("ASR_TEST_DATA", ROOT.parent / "shared"))
FORMAT_1 = ROOT / "tests" / "data" / "format_1" / "digits" / "tiny-nar"


def test_the_names_are_these_and_each_is_there() -> None:
    assert harness.__all__ == sorted(harness.__all__)
    assert set(harness.__all__) == {
        *("AccessError", "Clip", "DataError", "HarnessError", "Hypothesis", "Model", "ModelCard", "ModelError"),
        *("Profile", "Run", "RunError", "Settings", "UsageError", "Word", "__version__"),
        *("compare", "evaluate", "gate", "load", "score"),
    }
    for name in harness.__all__:
        assert getattr(harness, name) is not None
    assert dir(harness) == harness.__all__
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        harness.nonsense  # noqa: B018


def test_importing_it_loads_next_to_nothing() -> None:
    code = "import sys, harness; print(sorted(name for name in sys.modules if '.' not in name))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {"numpy", "pandas", "torch", "msgspec", "matplotlib", "transformers", "huggingface_hub", "benchmarks"}
    assert not heavy & set(json.loads(found.stdout.replace("'", '"')))


def test_two_lists_of_texts() -> None:
    run = harness.score(["the cat sat"], ["the cat sad"], language="en")
    assert run.wer == 1 / 3
    assert (run.errors.substitutions, run.errors.words) == (1, 3)
    assert repr(run) == ("Run('hypotheses' on texts (en), profile leaderboard@2026-08, WER 33.33 %)")
    assert run.with_profile("verbatim").profile.name == "verbatim"


def test_a_hypothesis_of_none_has_failed() -> None:
    run = harness.score(["a b", "c"], ["a b", None], sessions=["s", "t"], ids=["x", "y"])
    assert (run.complete, run.wer) == (False, 0.0)
    rows = run.to_pandas("utterance")
    assert list(rows["id"]) == ["x", "y"]
    assert list(rows["scored"]) == [True, False]


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: harness.score(["a"], []), "references: 1, hypotheses: 0"),
        (lambda: harness.score(["a"], ["a"], ids=["1", "2"]), "references: 1, ids: 2"),
        (lambda: harness.score([1], ["a"]), "reference 0 is not a text but int"),  # type: ignore[list-item]
        (lambda: harness.score(["a"], ["a"], profile="leaderbord@2026-08"), "did you mean 'leaderboard@2026-08'"),
        (lambda: harness.score(["a"], ["a"], language="xx"), "no language that is known"),
        (lambda: harness.score(["a"], ["a"]).to_pandas("word"), "give 'benchmark' or 'utterance'"),  # type: ignore[arg-type]
        (lambda: harness.score(["a"], ["a"]).details("other"), "no benchmark called 'other'"),
        (lambda: harness.compare(harness.score(["a"], ["a"])), "nothing to compare"),
        (lambda: harness.score("the cat", "the cap"), "lists of texts, not one text"),
        (lambda: harness.score(["a"], ["a"], profile=Path("none.toml")), "no profile file none.toml"),
        (lambda: harness.compare("a", "b"), "expected a Run"),  # type: ignore[arg-type]
        (lambda: harness.gate(harness.score(["a"], ["a"]), None), "a baseline is a Run or a path"),  # type: ignore[arg-type]
        (lambda: harness.load(""), "the path is empty"),
        (lambda: harness.evaluate("missing.jsonl", len), "missing.jsonl"),
        (lambda: harness.evaluate(3, len), "3 is no suite"),  # type: ignore[arg-type]
        (lambda: harness.evaluate("digits", len, limit=1.5), "limit=1.5"),  # type: ignore[arg-type]
        (lambda: harness.load("nowhere/at/all"), "no file or folder"),
        (lambda: harness.evaluate("no_such_suite", len), "no suite called"),
    ],
)
def test_mistakes_are_exceptions_of_one_line(call: Callable[[], object], what: str) -> None:
    with pytest.raises(harness.UsageError, match=re.escape(what)) as caught:
        call()
    assert "\n" not in str(caught.value)


def shout(waveform: np.ndarray[Any, Any], language: str) -> str:
    return "seven" if language == "en" and len(waveform) else ""


def test_a_function_is_evaluated_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    before = (list(warnings.filters), logging.root.manager.disable, dict(os.environ), list(sys.path))
    run = harness.evaluate("sample", lambda waveform, _language: "the" if len(waveform) else "")
    assert (list(warnings.filters), logging.root.manager.disable, dict(os.environ), list(sys.path)) == before
    frame = run.to_pandas()
    assert list(frame["benchmark"]) == ["sample_read", "sample_commands"]
    assert int(frame["utterances"].sum()) == 27
    assert frame["rtfx"].notna().all()
    assert run.complete
    assert run.wer == pytest.approx(frame["wer"].mean())
    assert len(run.to_pandas("utterance")) == 27
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert capsys.readouterr() == ("", "")


def test_with_a_folder_it_is_the_command_lines_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = harness.evaluate("digits", shout, out=tmp_path, limit=5)
    folder = tmp_path / "digits" / "shout"
    assert {path.name for path in folder.iterdir()} >= {"run.json", "digits.jsonl", "scores.json"}
    assert main(["score", str(folder), "--json"]) == 0
    (stated,) = json.loads(capsys.readouterr().out)
    assert stated["benchmarks"][0]["wer"] == run.wer == harness.load(folder).wer
    times = (folder / "digits.jsonl").stat().st_mtime_ns
    assert harness.evaluate("digits", shout, out=tmp_path, limit=5).wer == run.wer
    assert (folder / "digits.jsonl").stat().st_mtime_ns == times


def test_what_a_function_raises_fails_its_clip_and_is_told() -> None:
    def broken(_waveform: object, _language: str) -> str:
        raise RuntimeError("no weights")

    run = harness.evaluate("digits", broken, limit=2)
    assert not run.complete
    assert set(run.to_pandas("utterance")["error"]) == {"RuntimeError: no weights"}


def test_a_run_of_format_1_is_loaded_compared_and_judged() -> None:
    run = harness.load(FORMAT_1)
    assert (run.errors.errors, run.errors.words) == (16, 365)
    references = [line.reference for line in run.system.benchmarks[0].rows]
    assert run.record is not None
    silent = harness.score(references, [""] * len(references), profile="verbatim")
    assert silent.wer == 1.0
    assert harness.gate(run, run).verdict.value == "PASS"
    block = harness.compare(run, harness.load(FORMAT_1)).benchmarks[0]
    assert block.pairs[0].difference is not None
    assert block.pairs[0].difference.value == 0


@pytest.mark.skipif(not (DATA / "predictions").is_dir(), reason=f"no predictions in {DATA}; set ASR_TEST_DATA")
def test_counts_are_the_command_lines(capsys: pytest.CaptureFixture[str]) -> None:
    path = sorted((DATA / "predictions" / "normalized").glob("*.jsonl"))[0]
    assert main(["score", str(path), "--profile", "card@2026-04", "--json"]) == 0
    (stated,) = json.loads(capsys.readouterr().out)
    (entry,) = harness.load(path, profile="card@2026-04").scores.benchmarks
    assert entry.errors is not None
    assert stated["benchmarks"][0]["errors"] == {
        name: getattr(entry.errors, name) for name in ("hits", "substitutions", "deletions", "insertions")
    }


def test_the_page_of_docs_is_true(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """docs/library.md from top to bottom, as a notebook would run it."""
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    blocks = re.findall(r"<!-- tested: library -->\n```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 4
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "library.md", "exec"), names)


def test_a_run_is_not_answered_for_another_function(tmp_path: Path) -> None:
    def evaluated(model: object) -> list[str | None]:
        run = harness.evaluate("digits", model, out=tmp_path, limit=1)  # type: ignore[arg-type]
        return [line.hypothesis for line in run.system.benchmarks[0].rows]

    word = "one"
    assert evaluated(lambda _waveform, _language: word) == ["one"]
    word = "two"
    with pytest.raises(harness.UsageError, match="nothing tells whether it was this one"):
        evaluated(lambda _waveform, _language: word)
    anew = harness.Settings(out=tmp_path, limit=1, fresh=True)
    run = harness.evaluate("digits", lambda _waveform, _language: word, out=tmp_path, settings=anew)
    assert [line.hypothesis for line in run.system.benchmarks[0].rows] == ["two"]

    class Stated(harness.Model):
        def __init__(self, revision: str, text: str) -> None:
            self.card, self._text = harness.ModelCard(id="stated", revision=revision), text

        def features(self, clips: Any) -> Any:
            return clips

        def infer(self, features: Any) -> Any:
            return features

        def text(self, output: Any) -> list[harness.Hypothesis]:
            return [harness.Hypothesis(text=self._text) for _ in output]

    assert evaluated(Stated("1", "one")) == ["one"]
    with pytest.raises(harness.UsageError, match="model revision"):
        evaluated(Stated("2", "two"))


def test_columns_of_a_data_frame_are_taken_by_place() -> None:
    frame = pd.DataFrame({"r": ["a b", "c d"], "h": ["a b", "c x"], "i": ["u0", "u1"], "s": ["s0", "s1"]}, index=[5, 3])
    run = harness.score(frame["r"], frame["h"], ids=frame["i"], sessions=iter(frame["s"]))
    rows = run.to_pandas("utterance")
    assert list(zip(rows["id"], rows["session"], rows["reference"], strict=True)) == [
        ("u0", "s0", "a b"),
        ("u1", "s1", "c d"),
    ]


def test_a_language_without_spaces_shows_its_character_error_rate() -> None:
    assert "CER 50.00 %" in repr(harness.score(["你好"], ["你们"], language="zh"))
