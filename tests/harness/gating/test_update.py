"""`baseline update`: what changes is shown, a reviewed run replaces the baseline, and what measured less does not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from harness.errors import UsageError
from harness.gating.update import apply, changes
from harness.records.baseline import Speeds, read_speeds
from harness.records.packed import opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def update(folder: Path, *words: object) -> int:
    return main(["baseline", "update", *map(str, words), "--dir", str(folder)])


@pytest.fixture
def folder(make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    place = tmp_path / "baselines"
    assert main(["baseline", "save", str(make_run("old")), "--dir", str(place)]) == 0
    capsys.readouterr()
    return place


def test_what_changes_is_shown_and_replaced(
    folder: Path, make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    new = make_run("new", lambda at: at % 4)
    [path] = folder.glob("*/*.zip")
    before = path.read_bytes()
    assert main(["gate", str(new), "--baseline", str(folder)]) == 1
    assert f"baseline update {new} --dir {folder}" in capsys.readouterr().out
    assert update(folder, new, "--dry-run") == 0
    assert path.read_bytes() == before
    assert f"{path}: would be replaced" in capsys.readouterr().out
    assert update(folder, new) == 0
    said = capsys.readouterr().out
    assert "Baseline of org/model on demo@1" in said
    assert ["read", "5.00", "15.00", "+10.00", "20", "of", "40"] in [line.split() for line in said.splitlines()]
    assert f"{path}: replaced; commit it" in said
    assert main(["gate", str(new), "--baseline", str(folder)]) == 0


def test_several_models_and_repeats(
    folder: Path, make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_run("b", model={"id": "org/b"})
    assert main(["baseline", "save", str(other), "--dir", str(folder)]) == 0
    runs = [make_run(f"new{at}", lambda at: at % 3) for at in range(3)]
    assert update(folder, *runs, make_run("b2", lambda at: 0, model={"id": "org/b"})) == 0
    capsys.readouterr()
    assert main(["baseline", "list", "--dir", str(folder), "--json"]) == 0
    assert [(one["model"], one["repeats"]) for one in json.loads(capsys.readouterr().out)] == [
        ("org/b", 1),
        ("org/model", 3),
    ]


def test_a_renamed_model_takes_the_place(
    folder: Path, make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    renamed = make_run("renamed", model={"id": "org/new"})
    assert update(folder, renamed) == 2
    assert "has no baseline of org/new on demo@1 to update" in capsys.readouterr().err
    assert update(folder, renamed, "--candidate-of", "org/nodel") == 2
    assert "did you mean 'org/model'" in capsys.readouterr().err
    assert update(folder, renamed, "--candidate-of", "org--model.zip") == 0
    assert [path.name for path in folder.glob("*/*")] == ["org--new.zip"]


def test_what_measured_less_replaces_nothing(
    folder: Path, make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    [path] = folder.glob("*/*.zip")
    before = path.read_bytes()

    def benchmark(**facts: object) -> dict[str, object]:
        return {"language": "en", "expected": 40, "done": 40, "failed": 0, "complete": True} | facts

    for name, more, why in (
        ("part", {"complete": False}, "did not go to its end"),
        ("failed", {"benchmarks": {"read": benchmark(failed=2)}}, "read has failed utterances"),
        (
            "sample",
            {"benchmarks": {"read": benchmark(selection={"limit": 40, "seed": 0})}, "format": 2},
            "its read is a sample (--limit 40 --seed 0), the baseline's is all",
        ),
        ("other", {"benchmarks": {"write": benchmark()}}, "it has no read; run the whole suite"),
    ):
        run = make_run(name, **more)
        if name == "other":
            (run / "read.jsonl").rename(run / "write.jsonl")
        assert update(folder, run) == 2
        assert why in capsys.readouterr().err
    assert path.read_bytes() == before
    assert update(folder, make_run("whole")) == 0


def test_all_are_checked_before_one_is_written(folder: Path, make_run: Callable[..., Path]) -> None:
    [path] = folder.glob("*/*.zip")
    before = path.read_bytes()
    assert update(folder, make_run("new", lambda _: 3), make_run("z", model={"id": "org/z"})) == 2
    assert path.read_bytes() == before


def test_repeats_are_checked_and_kept(folder: Path, make_run: Callable[..., Path]) -> None:
    """Each adds its speed to what is shown, and to the file; the run itself has to be whole."""
    slow = {"seconds_counted": 5.0}
    runs = [make_run("new"), make_run("again", speed=slow)]
    [change] = changes(runs, folder)
    speed = change.decision.findings[-1]
    assert (speed.subject, speed.before, speed.after) == ("speed", 25.0, 22.5)
    assert (change.runs, change.before) == (runs, change.after)
    apply(change, folder)
    with opened(change.after) as kept:
        assert read_speeds(kept) == Speeds(rtfx=(25.0, 20.0), rtfx_end_to_end=(12.5, 12.5))
    with pytest.raises(UsageError, match="part cannot be a baseline: it did not go to its end"):
        changes([make_run("part", complete=False), runs[0]], folder)


def test_a_name_is_looked_for_among_those_of_the_suite(folder: Path, make_run: Callable[..., Path]) -> None:
    assert (
        main(["baseline", "save", str(make_run("far", suite="demo@2", model={"id": "org/next"})), "--dir", str(folder)])
        == 0
    )
    with pytest.raises(UsageError, match=r"called 'org/nexd'; did you mean 'org/model'\?"):
        changes([make_run("new", model={"id": "org/new"})], folder, candidate_of="org/nexd")
    two = [make_run("a", model={"id": "org/a"}), make_run("b", model={"id": "org/b"})]
    with pytest.raises(UsageError, match="--candidate-of takes runs of one model, not of 2; update each by itself"):
        changes(two, folder, candidate_of="org/model")


def test_what_is_given_more_than_once_is_no_repeat(
    folder: Path, make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """One speed that is counted three times would be decided by; a saved baseline has no repeats to add to another."""
    run = make_run("new")
    [saved] = folder.glob("*/*.zip")
    assert main(["gate", str(run), str(run), str(run / "."), "--baseline", str(saved), str(saved), "--json"]) == 0
    said = capsys.readouterr()
    decision = json.loads(said.out)
    assert (decision["run"]["repeats"], decision["baseline"]["repeats"]) == ([], [])
    assert said.err.splitlines() == [f"{one} is given more than once, and counted once" for one in (run, run, saved)]
    assert main(["baseline", "save", str(run), str(run), "--dir", str(folder.parent / "other")]) == 0
    with opened(next((folder.parent / "other").glob("*/*.zip"))) as kept:
        assert read_speeds(kept) == Speeds(rtfx=(25.0,), rtfx_end_to_end=(12.5,))
    with pytest.raises(UsageError, match=r"model\.zip is no run folder, which alone can be saved"):
        changes([run, saved], folder)
    one, copy, later = (make_run(name, started=at) for name, at in (("one", "1 h"), ("copy", "1 h"), ("later", "2 h")))
    with pytest.raises(UsageError, match=r"copy is no repeat of \S+one: a copy of it, whose speed was measured once"):
        changes([one, copy], folder)
    assert changes([one, later], folder)[0].runs == [one, later]
