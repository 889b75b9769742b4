"""Flags that change nothing of what is asked for are refused in one line, which says what takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli import main
from tests.harness.scoring.test_finding import predictions, run


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two runs, predictions of others, and files of texts."""
    monkeypatch.chdir(tmp_path)
    run(tmp_path / "a")
    run(tmp_path / "b")
    predictions(tmp_path / "x.jsonl")
    (tmp_path / "ref.txt").write_text("u1 red blue\n")
    (tmp_path / "said.txt").write_text("u1 red\n")
    return tmp_path


REFERENCE = (
    "--reference ref.txt is of transcripts alone, and a is a run, whose utterances have references; leave it out"
)
CORRECTED = (
    "--corrected ref.txt: rates are of the references that predictions have; only the metric fitting looks at "
    "corrected ones; ask for it with --metric, or leave it out"
)
KEYWORDS = (
    "--keywords red: no metric that was asked for looks for them; keyword_f1 does, with --metric; or leave it out"
)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["score", "a", "--reference", "ref.txt"], REFERENCE),
        (["compare", "a", "b", "--reference", "ref.txt"], REFERENCE),
        (["report", "a", "--out", "o", "--reference", "ref.txt"], REFERENCE),
        (["explain", "a", "--reference", "ref.txt"], REFERENCE),
        (["score", "said.txt", "a/run.json", "--reference", "ref.txt"], REFERENCE.replace(" a is", " a/run.json is")),
        (["score", "a", "--corrected", "ref.txt"], CORRECTED),
        (["compare", "a", "b", "--corrected", "ref.txt"], CORRECTED),
        (["report", "a", "--out", "o", "--corrected", "ref.txt", "--metric", "cer"], CORRECTED),
        (
            ["gate", "a", "--baseline", "b", "--corrected", "ref.txt"],
            CORRECTED.replace("--metric", "--policy"),
        ),
        (["score", "a", "--keywords", "red,"], KEYWORDS.replace("red:", "red,:")),
        (["compare", "a", "b", "--keywords", "red", "--metric", "cer"], KEYWORDS),
        (["gate", "a", "--baseline", "b", "--keywords", "red"], KEYWORDS.replace("--metric", "--policy")),
        (["score", "a", "--format", "csv"], "--format csv is of files of others, and these are runs; leave it out"),
        (["explain", "a", "--model", "m"], "--model m is whose published figure to find; add --against published"),
        (
            ["report", "a", "--out", "o", "--audio", "link", "--audio-mb", "3"],
            "--audio-mb 3 is of --audio embed; with --audio link leave it out",
        ),
        (
            ["gate", "a", "--baseline", "b", "--page-url", "https://x.org/y"],
            "--page-url https://x.org/y is for the comment, which --markdown FILE or --github writes; add one",
        ),
        (
            ["gate", "a", "--baseline", "b", "--comment-name", "nightly"],
            "--comment-name nightly is for the comment, which --markdown FILE or --github writes; add one",
        ),
        (
            ["data", "check", "sample", "--audio-mb", "1"],
            "--audio-mb 1 is of the page, which --out DIR writes; add it",
        ),
        (
            ["--suite", "sample", "--cpus-per-worker", "2"],
            "--gpus-per-worker and --cpus-per-worker need --engine ray",
        ),
    ],
)
def test_what_changes_nothing_is_refused(
    words: list[str], said: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err == f"error: {said}\n"
    assert not (place / "o").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["score", "a", "--corrected", "ref.txt", "--metric", "fitting"],
        ["score", "a", "--keywords", "red", "--metric", "biased_wer"],
        ["score", "a", "x.jsonl", "--format", "jsonl"],
        ["score", "said.txt", "--reference", "ref.txt"],
        ["gate", "said.txt", "--baseline", "said.txt", "--reference", "ref.txt"],
    ],
)
def test_where_they_are_taken_nothing_is_said(
    words: list[str], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) in {0, 3}
    assert "error" not in capsys.readouterr().err


def test_a_reference_beside_runs_is_said_to_be_of_no_use(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sides may be transcripts or runs; a baseline that became a run is no mistake."""
    said = "--reference ref.txt is not used: all sides are runs, whose utterances have references\n"
    main(["gate", "a", "--baseline", "b", "--reference", "ref.txt"])
    assert capsys.readouterr().err == said
    main(["gate", "said.txt", "--baseline", "a", "--reference", "ref.txt"])
    assert said not in capsys.readouterr().err
