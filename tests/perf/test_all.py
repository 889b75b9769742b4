"""All benchmarks: what is compared, and that what is worse, failed or lost is never passed over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest

from perf import all as module
from perf.all import BEGIN, BENCHMARKS, END, Benchmark, Figure, Verdict, last_json, main, shown, with_table

LESS = Figure(what="cost", path="a.0.x", tolerance=0.1)
MORE = Figure(what="speed", path="fast", over="a.0.x", better="more", tolerance=0.1)


@pytest.mark.parametrize(
    ("figure", "now", "before", "verdict"),
    [
        (LESS, 1.09, 1.0, "same"),
        (LESS, 1.11, 1.0, "WORSE"),
        (LESS, 0.91, 1.0, "same"),
        (LESS, 0.89, 1.0, "BETTER"),
        (MORE, 1.11, 1.0, "BETTER"),
        (MORE, 0.89, 1.0, "WORSE"),
        (LESS, 0.0, 0.0, "same"),
        (LESS, 0.5, 0.0, "WORSE"),
        (LESS, -0.5, -1.0, "WORSE"),
        (Figure(what="count", path="n", tolerance=0.0), 1_402, 1_401, "WORSE"),
        (Figure(what="count", path="n", tolerance=0.0), 1_401, 1_401, "same"),
    ],
)
def test_a_figure_is_judged_by_its_share_of_the_baseline(
    figure: Figure, now: float, before: float, verdict: Verdict
) -> None:
    assert figure.judged(now, before) == verdict


def test_a_figure_is_found_by_its_path_and_divided() -> None:
    found = {"a": [{"x": 4}], "fast": 10, "kept": True, "word": "no"}
    assert LESS.of(found) == 4.0
    assert MORE.of(found) == 2.5
    assert Figure(what="", path="kept").of(found) == 1.0
    rows = {"rows": [{"n": 1, "x": 5}, {"n": 64, "x": 6}]}
    assert Figure(what="", path="rows.n=64.x").of(rows) == 6.0
    with pytest.raises(TypeError):
        Figure(what="", path="rows.n=2.x").of(rows)
    for path in ("a.1.x", "b", "word", "a"):
        with pytest.raises((LookupError, TypeError)):
            Figure(what="", path=path).of(found)


def test_the_last_line_is_read() -> None:
    assert last_json('said\n{"a": 1}\n') == {"a": 1}
    for printed in ("", "said", "[1]", '{"a": 1}\nsaid'):
        with pytest.raises(ValueError, match=r".*"):
            last_json(printed)


def script(folder: Path, name: str, text: str) -> Benchmark:
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return Benchmark(name=name, figures=(LESS,), limit=10.0)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one benchmark, whose figure is in a file."""
    text = 'import json, pathlib\nx = json.loads((pathlib.Path(__file__).parent / "x").read_text())\n'
    one = script(tmp_path, "one", text + 'print("said")\nprint(json.dumps({"a": [{"x": x}]}))\n')
    (tmp_path / "x").write_text("2.0")
    monkeypatch.setattr(module, "HERE", tmp_path)
    monkeypatch.setattr(module, "BASELINE", tmp_path / "baseline.json")
    monkeypatch.setattr(module, "PAGE", tmp_path / "speed.md")
    monkeypatch.setattr(module, "BENCHMARKS", (one,))
    (tmp_path / "speed.md").write_text(f"before\n\n{BEGIN}old\n{END}\nafter\n")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, dict[str, Any]]:
    status = main(arguments)
    said = capsys.readouterr().out
    return status, said, last_json(said)


def test_what_is_worse_than_the_baseline_is_told_and_is_the_status(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said, told = run(capsys)
    assert (status, told["figures"], told["worse"], told["failed"]) == (0, 1, 0, 0)
    assert "new            2 (baseline -) cost" in said
    status, _, _ = run(capsys, "--update", "--write-docs")
    assert status == 0
    assert json.loads((here / "baseline.json").read_text()) == {"one": {"cost": 2.0}}
    table = "| benchmark | figure | | better | bar |\n|---|---|--:|---|---|\n| one | cost | 2 | less |  |\n"
    assert (here / "speed.md").read_text() == f"before\n\n{BEGIN}{table}{END}\nafter\n"
    for x, status, verdict in (("2.1", 0, "same"), ("2.3", 1, "WORSE"), ("1.7", 0, "BETTER")):
        (here / "x").write_text(x)
        found, said, told = run(capsys)
        assert (found, told["worse"]) == (status, status)
        assert f"  {verdict}" in said
    assert json.loads((here / "baseline.json").read_text()) == {"one": {"cost": 2.0}}, "without --update it stays"


@pytest.mark.parametrize(
    ("better", "bar", "missed"),
    [("less", 2.0, False), ("less", 1.9, True), ("more", 2.0, False), ("more", 2.1, True)],
)
def test_a_bar_that_is_missed_is_told_and_is_the_status_even_of_a_new_baseline(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    better: Literal["less", "more"],
    bar: float,
    missed: bool,
) -> None:
    figure = Figure(what="cost", path="a.0.x", better=better, bar=bar)
    monkeypatch.setattr(module, "BENCHMARKS", (Benchmark(name="one", figures=(figure,)),))
    status, said, told = run(capsys, "--update", "--write-docs")
    assert (status, told["missed"], told["worse"], told["failed"]) == (int(missed), int(missed), 0, 0)
    assert (f"  MISSED           its bar is {bar:g}\n" in said) == missed
    row = f"| one | cost | 2 | {better} | {f'**{bar:g}, missed**' if missed else f'{bar:g}'} |\n"
    assert row in (here / "speed.md").read_text()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import sys\nsys.exit('no audio')\n", "exit status 1: no audio"),
        ("print('said')\n", "its last line lacks what is compared"),
        ("print('{\"a\": []}')\n", "its last line lacks what is compared"),
        ("import time\ntime.sleep(60)\n", "it took longer than 0.2 s"),
    ],
)
def test_a_benchmark_that_fails_is_told_and_others_are_run(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    script(here, "bad", text)
    slow = "sleep" in text
    bad = Benchmark(name="bad", figures=(LESS,), limit=0.2 if slow else 10.0)
    monkeypatch.setattr(module, "BENCHMARKS", (bad, *module.BENCHMARKS))
    status, said, told = run(capsys)
    assert (status, told["failed"], told["figures"]) == (1, 1, 1)
    assert f"FAILED: {why}" in said


def test_a_benchmark_whose_own_bars_say_nothing_here_is_judged_by_its_figures(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script(here, "bars", "import sys\nprint('{\"a\": [{\"x\": 3}]}')\nsys.exit('a bar does not hold')\n")
    for strict in (True, False):
        monkeypatch.setattr(module, "BENCHMARKS", (Benchmark(name="bars", figures=(LESS,), strict=strict),))
        status, said, told = run(capsys)
        assert (status, told["failed"], told["figures"]) == (int(strict), int(strict), 1 - int(strict))
        assert ("FAILED: exit status 1: a bar does not hold" in said) == strict


def test_what_needs_what_is_not_here_is_skipped_and_said(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "DATA", here)
    one = Benchmark(name="one", figures=(LESS,), needs=("no_such_module",))
    two = Benchmark(name="one", label="two", figures=(LESS,), needs=("no_such_folder/",))
    three = Benchmark(name="three", figures=(LESS,))
    monkeypatch.setattr(module, "BENCHMARKS", (one, two, three))
    status, said, told = run(capsys)
    assert (status, told["figures"]) == (0, 0)
    assert "one              skipped: no_such_module is not here" in said
    assert f"two              skipped: {here / 'no_such_folder'} is not here" in said
    assert "three            skipped: perf/three.py is not here" in said


def test_unknown_names_and_half_a_table_are_refused(here: Path) -> None:
    for arguments in (["--only", "two"], ["--only", "one", "--write-docs"]):
        with pytest.raises(SystemExit) as error:
            main(arguments)
        assert error.value.code == 2
    with pytest.raises(ValueError, match="lacks the lines"):
        with_table("no marks", shown([]))


def test_every_benchmark_is_called_by_a_name_of_its_own_and_so_are_its_figures() -> None:
    names = [one.key for one in BENCHMARKS]
    assert len(names) == len(set(names))
    for one in BENCHMARKS:
        what = [figure.what for figure in one.figures]
        assert what
        assert len(what) == len(set(what))
