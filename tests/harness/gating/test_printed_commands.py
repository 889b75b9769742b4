"""What the gate says to do now is done here as it stands: every command that it prints works."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from harness.reporting import report
from harness.version import program

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = ["apple", "river", "stone", "garden", "window", "mountain", "silver", "paper", "candle", "bridge"]
LISTEN, ACCEPT = "listen to what changed: ", "to accept the run as the new baseline: "


OUT = ("--out", "gate-report")


def worse(at: int) -> int:
    return 3 + at % 3


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in; plots, which take long, are left out of what `report` writes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "_plots", lambda *_: ([], []))
    return tmp_path


@pytest.fixture
def advice(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """What the gate says to do now after a FAIL."""

    def judged(*words: object) -> list[str]:
        capsys.readouterr()
        assert main(["gate", *map(str, words), "--json"]) == 1
        found: list[str] = json.loads(capsys.readouterr().out)["advice"]
        return found

    return judged


def done(command: str) -> int:
    """The exit status of a printed command."""
    assert command.startswith(f"{program()} ")
    return main(shlex.split(command.removeprefix(f"{program()} ")))


def predictions(path: Path, wrong: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"id": f"u{at}", "text": " ".join(WORDS), "pred_text": " ".join(WORDS[wrong:])} for at in range(40)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def transcripts(path: Path, wrong: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"u{at} {' '.join(WORDS[wrong:])}\n" for at in range(40)))
    return path


def listened(line: str) -> None:
    """The page is written, with both sides in its table."""
    assert line.startswith(LISTEN)
    assert done(line.removeprefix(LISTEN)) in ({1} if " gate " in line else {0})
    table = json.loads(Path("gate-report/table.json").read_text())
    assert [row["average"] for row in table["rows"]] == sorted(row["average"] for row in table["rows"])
    assert len(table["rows"]) == 2


def test_of_runs(make_run: Callable[..., Path], advice: Callable[..., list[str]]) -> None:
    old, new = make_run("old one"), make_run("new", worse)
    listen, accept = advice(new, "--baseline", old)
    listened(listen)
    assert accept == f"{ACCEPT}{program()} baseline save {new}"
    assert done(accept.removeprefix(ACCEPT)) == 0
    assert main(["gate", str(new), "--baseline", "baselines"]) == 0


@pytest.mark.parametrize("folder", ["the baselines", "."])
def test_of_saved_baselines(folder: str, make_run: Callable[..., Path], advice: Callable[..., list[str]]) -> None:
    old, new = make_run("old"), [make_run(f"new{at}", worse) for at in range(3)]
    assert main(["baseline", "save", str(old), "--dir", folder]) == 0
    listen, accept = advice(*new, "--baseline", folder)
    listened(listen)
    assert accept == f"{ACCEPT}{program()} {shlex.join(['baseline', 'update', *map(str, new), '--dir', folder])}"
    assert done(accept.removeprefix(ACCEPT)) == 0
    assert main(["gate", *map(str, new), "--baseline", folder]) == 0
    renamed = make_run("renamed", lambda _: 8, model={"id": "org/next"})
    _, accept = advice(renamed, "--baseline", folder, "--candidate-of", "org/model")
    assert accept.endswith(f"--dir {shlex.quote(folder)} --candidate-of org/model")
    assert done(accept.removeprefix(ACCEPT)) == 0
    assert [path.name for path in Path(folder).glob("demo@1/*")] == ["org--next.zip"]


def test_of_a_saved_baseline_that_lies_elsewhere(
    place: Path, make_run: Callable[..., Path], advice: Callable[..., list[str]]
) -> None:
    """`baseline update` would not find it."""
    old, new = make_run("old"), make_run("new", worse)
    assert main(["baseline", "save", str(old), "--dir", "kept"]) == 0
    moved = place / "a" / "b" / "c.zip"
    moved.parent.mkdir(parents=True)
    next(Path("kept").glob("*/*.zip")).rename(moved)
    listen, accept = advice(new, "--baseline", moved)
    listened(listen)
    assert accept == f"{ACCEPT}{program()} baseline save {new}"
    other = make_run("other", worse, suite="demo@2")
    assert advice(other, "--baseline", moved)[1] == f"{ACCEPT}{program()} baseline save {other}"


def test_of_predictions(place: Path, advice: Callable[..., list[str]]) -> None:
    """They are no run that could be saved: the file itself is the next baseline."""
    old, new = predictions(place / "old" / "m x.jsonl", 0), predictions(place / "new" / "m x.jsonl", 4)
    listen, accept = advice(new, "--baseline", old, "--profile", "verbatim", "--language", "en")
    listened(listen)
    assert listen.endswith("--profile verbatim --language en --out gate-report")
    assert accept == f"{ACCEPT}predictions of others are one as they are, --baseline {shlex.quote(str(new))}"
    assert main(["gate", str(old), *shlex.split(accept.partition("are, ")[2])]) == 0


@pytest.mark.parametrize("names", [("old/m.txt", "new/m.txt"), ("old.txt", "new.txt")])
def test_of_transcripts_beside_their_reference(
    names: tuple[str, str], place: Path, advice: Callable[..., list[str]]
) -> None:
    said = transcripts(place / "what was said.txt", 0)
    old, new = transcripts(place / names[0], 1), transcripts(place / names[1], 4)
    listen, _ = advice(new, "--baseline", old, "--reference", said, "--format", "kaldi")
    listened(listen)
    assert shlex.split(listen)[-6:] == ["--reference", str(said), "--format", "kaldi", "--out", "gate-report"]


def test_of_a_run_beside_transcripts(
    place: Path, make_run: Callable[..., Path], advice: Callable[..., list[str]]
) -> None:
    """`report` would take the run for a folder of transcripts: the gate makes the page."""
    old, said = make_run("old"), transcripts(place / "read.txt", 0)
    listen, _ = advice(
        transcripts(place / "new.txt", 4), "--baseline", old, "--reference", said, "--profile", "verbatim"
    )
    listened(listen)


def test_what_metrics_look_at_is_given_to_the_report(place: Path, advice: Callable[..., list[str]]) -> None:
    """Without the metric `report` refuses keywords; of runs it refuses a form of files, and a reference."""
    Path("policy.toml").write_text("[metrics.keyword_recall]\nmargin = 1\n")
    old, new = predictions(place / "old" / "m.jsonl", 0), predictions(place / "new" / "m.jsonl", 4)
    listen, _ = advice(new, "--baseline", old, "--policy", "policy.toml", "--keywords", "apple,lemon")
    listened(listen)
    assert shlex.split(listen)[-6:] == ["--keywords", "apple,lemon", "--metric", "keyword_recall", *OUT]


def test_what_is_of_files_is_not_said_of_runs(
    place: Path, make_run: Callable[..., Path], advice: Callable[..., list[str]]
) -> None:
    said, old, new = transcripts(place / "said.txt", 0), make_run("old"), make_run("new", worse)
    listen, _ = advice(new, "--baseline", old, "--reference", said, "--format", "kaldi", "--language", "en")
    listened(listen)
    assert shlex.split(listen)[-4:] == ["--language", "en", *OUT]
    assert "kaldi" not in listen


def test_what_cannot_be_saved_is_not_offered(make_run: Callable[..., Path], advice: Callable[..., list[str]]) -> None:
    how = "the run cannot become the baseline as it is: "
    old = make_run("old")
    assert main(["baseline", "save", str(old), "--dir", "kept"]) == 0
    said = []
    for name, more in (
        ("partial", {"complete": False}),
        ("failed", {"benchmarks": {"read": {"language": "en", "expected": 40, "done": 40, "failed": 2}}}),
    ):
        run = make_run(name, worse, settings={"on_error": "score-empty"}, **more)
        lines = [json.loads(line) for line in (run / "read.jsonl").read_text().splitlines()]
        if name == "failed":
            lines[:2] = [
                {key: value for key, value in line.items() if key != "hypothesis"} | {"error": "x"}
                for line in lines[:2]
            ]
            (run / "read.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        said.append(advice(run, "--baseline", old)[1])
        assert main(["baseline", "save", str(run)]) == 2
    assert said == [
        f"{how}it did not go to its end; repeat the run's command first",
        f"{how}read has failed utterances; repeat the run's command first",
    ]
    part = {"language": "en", "expected": 40, "done": 40, "selection": {"limit": 40, "seed": 0}}
    sample = make_run("sample", worse, benchmarks={"read": part}, format=2)
    assert advice(sample, "--baseline", "kept")[1] == (
        f"{how}its read is a sample (--limit 40 --seed 0), the baseline's is all"
    )


def test_where_there_is_no_baseline(
    place: Path, make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    def message(*words: object) -> str:
        capsys.readouterr()
        assert main(["gate", *map(str, words), "--json"]) == 3
        found: str = json.loads(capsys.readouterr().out)["findings"][0]["message"]
        return found

    run, other = make_run("a run"), make_run("other", model={"id": "org/other"})
    for words, known in ((["--baseline", "kept"], "kept"), ([], "baselines")):
        if words:
            assert main(["baseline", "save", str(other), "--dir", "kept"]) == 0
        found = re.search("make one with `(.*?)`", message(run, *words))
        assert found
        assert done(found[1]) == 0
        assert main(["gate", str(run), "--baseline", known]) == 0
    assert message(predictions(place / "p.jsonl", 0)) == (
        "there is no baseline; give earlier predictions of the same utterances with --baseline"
    )


def test_predictions_cannot_be_saved_and_that_says_how_to_go_on(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = predictions(place / "p.jsonl", 0)
    assert main(["baseline", "save", str(file)]) == 2
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .endswith(
            f"{file} is no run folder, which alone can be saved; a file of predictions is a baseline as it is: "
            f"gate --baseline {file}"
        )
    )


def test_updating_what_is_not_there_says_what_saves_it(
    make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run, again = make_run("a run"), make_run("again")
    assert main(["baseline", "update", str(run), str(again), "--dir", "the kept"]) == 2
    found = re.search("`(.*)` makes one", capsys.readouterr().err)
    assert found
    assert done(found[1]) == 0
    assert main(["baseline", "update", str(run), str(again), "--dir", "the kept"]) == 0


def test_the_very_same_file_on_both_sides_is_said(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def notes(*words: object) -> list[str]:
        capsys.readouterr()
        assert main(["gate", *map(str, words), "--json"]) == 0
        found: list[str] = json.loads(capsys.readouterr().out)["notes"]
        return found

    very = ["the baseline is this very run, which it cannot be worse than"]
    file, copy = predictions(place / "m" / "p.jsonl", 1), predictions(place / "n" / "p.jsonl", 1)
    (place / "linked").symlink_to(file.parent)
    assert notes(file, "--baseline", file) == very
    assert notes(file, "--baseline", "linked/p.jsonl") == very
    assert notes(file, "--baseline", file.parent) == very
    assert notes(file, "--baseline", copy) == [], "another file, if with the same words"
    said, written = transcripts(place / "said.txt", 0), transcripts(place / "written.txt", 0)
    assert notes(written, "--baseline", written, "--reference", said) == very
    own = [f"the run is its own reference ({said}), from which it cannot differ"]
    assert notes(said, "--baseline", written, "--reference", said)[:1] == own
    assert notes(written, "--baseline", said, "--reference", said)[:1] == [own[0].replace("the run", "the baseline")]
