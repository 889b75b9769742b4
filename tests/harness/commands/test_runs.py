"""`runs`: what lies there, and putting it in order without losing what is not a run."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.records.run import read_run_record

Told = pytest.CaptureFixture[str]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")  # narrower ones get their folders in a table of their own
    return tmp_path / "results" / "runs"


def stored(place: Path, folder: str, **facts: Any) -> Path:
    path = place / folder
    path.mkdir(parents=True)
    suite = path.parent.name
    record = {"format": 2, "suite": suite, "model": {"id": path.name}, "benchmarks": {}, "complete": True}
    (path / "run.json").write_text(json.dumps(record | facts))
    (path / f"{suite}_a.jsonl").write_text("")
    return path


def scores(path: Path, metric: str, rate: float | None) -> None:
    average = {metric: rate, "speed": {"rtfx": 12.5}}
    profile = {"name": "verbatim"}
    found = {"format": 2, "suite": path.parent.name, "model": path.name, "profile": profile}
    (path / "scores.json").write_text(json.dumps(found | {"complete": True, "benchmarks": [], "average": average}))


def asked(told: Told, *words: str) -> tuple[int, str, str]:
    status = main(["runs", *words])
    out, error = told.readouterr()
    return status, out, error


def test_they_are_listed_with_what_tells_them_apart(place: Path, capsys: Told) -> None:
    scores(stored(place, "demo/one", started="2026-11-25T08:30:00+00:00"), "wer", 0.0512)
    scores(stored(place, "zh/two", name="nightly", model={"id": "org/two"}), "cer", 0.25)
    stored(place, "demo/three", complete=False, benchmarks={"a": {"speed": {"audio_seconds": 6, "seconds_counted": 4}}})
    (place / "demo/broken").mkdir()
    (place / "demo/broken/run.json").write_text("{")
    status, out, error = asked(capsys, "list", "--json")
    assert (status, error) == (0, "")
    keys = ("name", "suite", "model", "wer", "cer", "rtfx", "started", "complete", "folder")
    found = [tuple(one[key] for key in keys) for one in json.loads(out)]
    runs = "results/runs/"
    assert found == [
        ("broken", "demo", None, None, None, None, None, None, f"{runs}demo/broken"),
        ("one", "demo", "one", 0.0512, None, 12.5, "2026-11-25T08:30:00+00:00", True, f"{runs}demo/one"),
        ("three", "demo", "three", None, None, 1.5, None, False, f"{runs}demo/three"),
        ("nightly", "zh", "org/two", None, 0.25, 12.5, None, True, f"{runs}zh/two"),
    ]
    status, out, error = asked(capsys)
    assert (status, error) == (0, "")
    assert "4 runs, 2 not complete" in out
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line.strip()}
    assert lines["one"][1:] == ["demo", "same", "5.12", "12.5", "2026-11-25", "08:30", "yes", "demo/one"]
    assert lines["nightly"][1:6] == ["(CER)", "zh", "org/two", "25.00", "12.5"]
    assert "is not JSON" in out


def test_nothing_there(place: Path, capsys: Told, tmp_path: Path) -> None:
    status, out, _ = asked(capsys)
    assert (status, out.splitlines()[0].startswith("no runs below results/runs; make one: ")) == (0, True)
    assert asked(capsys, "list", "--json")[:2] == (0, "[]\n")
    (tmp_path / "empty").mkdir()
    assert asked(capsys, "empty")[0] == 0
    status, _, error = asked(capsys, "elsewhere")
    assert (status, error.startswith("error: no folder elsewhere; give ")) == (2, True)


@pytest.mark.parametrize("name", ["nightly", "demo/nightly", "org/two", "two", "demo/two", "results/runs/demo/two"])
def test_a_run_is_found_by_what_it_is_called(place: Path, capsys: Told, name: str) -> None:
    stored(place, "demo/two", name="nightly", model={"id": "org/two", "revision": "r9"}, settings={"limit": 7})
    stored(place, "demo/three")
    status, out, error = asked(capsys, "show", name)
    assert (status, error) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in out.splitlines()[:4])
    assert lines == {"name": "nightly", "model": "org/two at r9", "suite": "demo", "rules": "not known"}
    assert "--limit 7" in out
    assert json.loads(asked(capsys, "show", name, "--json")[1])["name"] == "nightly"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show"], "`runs show` takes one RUN, not 0"),
        (["show", "nigthly"], "no run below results/runs called 'nigthly'; did you mean 'nightly'?"),
        (["show", "m"], "2 runs are called m; give the path of one: results/runs/demo/m, results/runs/other/m"),
        (["show", "results/runs/demo"], "results/runs/demo is no run: it has no run.json"),
        (["list", "a", "b"], "`runs list` takes one DIR, not 2"),
        (["rm"], "`runs rm` takes the runs to remove"),
        (["rm", "nightly"], "would remove results/runs/demo/two; nobody can be asked here: say --yes"),
        (["mv", "nightly"], "`runs mv` takes a run and its new name, not 1 word:"),
        (["mv", "nightly", "../x"], "'../x' cannot be a run's name"),
        (["mv", "nightly", "report"], "'report' cannot be a run's name"),
        (["mv", "nightly", "m"], "results/runs/demo/m is there already and is not written over"),
        (["show", "nightly", "--yes"], "--yes is of `runs rm`"),
    ],
)
def test_mistakes_are_one_line_and_change_nothing(
    place: Path, capsys: Told, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    stored(place, "demo/two", name="nightly")
    stored(place, "demo/m")
    stored(place, "other/m")
    before = sorted(place.rglob("*"))
    status, out, error = asked(capsys, *words)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert error.startswith(f"error: {message}")
    assert sorted(place.rglob("*")) == before


def test_a_run_is_removed_and_nothing_else(place: Path, capsys: Told) -> None:
    gone, kept = stored(place, "demo/two"), stored(place, "demo/three")
    for name in ("scores.json", "a.jsonl.old1", ".a.jsonl.tmp", "server.log"):
        (gone / name).write_text("x")
    status, out, error = asked(capsys, "rm", "two", "demo/two", "--yes")
    assert (status, out, error) == (0, "removed results/runs/demo/two\n", "")
    assert sorted(path.name for path in place.rglob("*")) == ["demo", "demo_a.jsonl", "run.json", "three"]
    assert kept.is_dir()


@pytest.mark.parametrize("answer", ["y\n", "n\n", "\n"])
def test_who_can_be_asked_is_asked(place: Path, capsys: Told, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    stored(place, "demo/two")
    assert asked(capsys, "rm", "two")[0] == 0
    assert (place / "demo/two").exists() == (answer != "y\n")


@pytest.mark.parametrize("what", ["note.txt", "folder/", "link.jsonl", "run.json"])
def test_what_no_run_wrote_is_never_removed(place: Path, capsys: Told, tmp_path: Path, what: str) -> None:
    path = stored(place, "demo/two")
    stored(place, "demo/one")
    outside = tmp_path / "outside.jsonl"
    outside.write_text((path / "run.json").read_text())
    if what.endswith("/"):
        (path / what).mkdir()
    elif what == "note.txt":
        (path / what).write_text("mine")
    else:
        (path / what).unlink(missing_ok=True)
        (path / what).symlink_to(outside)
    before = sorted(place.rglob("*"))
    status, out, error = asked(capsys, "rm", "one", "results/runs/demo/two", "--yes")
    assert (status, out) == (2, "")
    assert error.startswith("error: results/runs/demo/two ")
    assert sorted(place.rglob("*")) == before, "the first is not removed either"
    assert outside.exists()


@pytest.mark.parametrize("words", [["rm", "results/runs/demo/link", "--yes"], ["mv", "results/runs/demo/link", "x"]])
def test_links_are_not_followed(place: Path, capsys: Told, tmp_path: Path, words: list[str]) -> None:
    real = stored(tmp_path / "elsewhere", "demo/two")
    (place / "demo").mkdir(parents=True)
    (place / "demo/link").symlink_to(real)
    status, _, error = asked(capsys, *words)
    assert (status, error.startswith("error: results/runs/demo/link is a link, which is not followed")) == (2, True)
    assert sorted(path.name for path in real.iterdir()) == ["demo_a.jsonl", "run.json"]
    assert (place / "demo/link").is_symlink()
    assert asked(capsys, "list", "--json")[1] == "[]\n"


def test_a_name_with_a_blank_is_printed_as_a_command_takes_it(place: Path, capsys: Told) -> None:
    scores(stored(place, "demo/two"), "wer", 0.5)
    assert asked(capsys, "mv", "two", "new name")[1].endswith(" under --name 'new name'\n")


def test_a_run_has_another_name_everywhere(place: Path, capsys: Told) -> None:
    scores(stored(place, "demo/two"), "wer", 0.5)
    status, out, error = asked(capsys, "mv", "two", "before")
    assert (status, error) == (0, "")
    assert (
        out
        == "results/runs/demo/two is now results/runs/demo/before; its command goes on with it under --name before\n"
    )
    assert not (place / "demo/two").exists()
    assert read_run_record(place / "demo/before").name == "before"
    assert json.loads((place / "demo/before/scores.json").read_text())["name"] == "before"
    assert asked(capsys, "show", "before")[0] == 0


def test_a_run_in_use_is_left_alone(place: Path, capsys: Told) -> None:
    from harness.runner.folder import locked

    path = stored(place, "demo/two")
    for words in (["rm", "two", "--yes"], ["mv", "two", "x"]):
        with locked(path):
            status, _, error = asked(capsys, *words)
        assert (status, "is in use by process" in error) == (5, True)
        assert (path / "run.json").exists()


NAMES: dict[str, bool] = {
    "nightly-2026-11-25": True,
    "v1.2": True,
    "größer als zuvor": True,
    "a": True,
    "a" * 100: True,
    "a" * 101: False,
    "": False,
    ".": False,
    "..": False,
    ".hidden": False,
    "-flag": False,
    "~me": False,
    "a/b": False,
    "a\\b": False,
    "a\n": False,
    "a ": False,
    "a.": False,
    "Report": False,
    "a\x00b": False,
}


@pytest.mark.parametrize("name", NAMES)
def test_names_that_a_run_can_have(name: str) -> None:
    from harness.config import is_run_name

    assert is_run_name(name) == NAMES[name]
