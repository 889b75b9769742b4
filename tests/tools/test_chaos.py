"""Chaos in short: ten disturbances of a run lose nothing, and what would be lost is found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import Mock

import pytest

from tools.chaos import main
from tools.chaos_disturbances import DISTURBANCES, Episode, Given, Lost, copied
from tools.chaos_world import Child, Outcome, Work


def test_ten_disturbances_lose_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.jsonl"
    words = ["--minutes", "5", "--disturbances", "10", "--works", "transcripts", "--seed", "3", "--log", str(log)]
    assert main(words) == 0, capsys.readouterr().out
    assert capsys.readouterr().out.splitlines()[0].endswith(", 0 faults")
    done = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(done) == 10
    assert {name for *_, name, _ in done} <= set(DISTURBANCES)


LINES = [{"id": f"u{n}", "reference": "a", "hypothesis": f"h{n}"} for n in range(3)]


@pytest.fixture
def episode(tmp_path: Path) -> Episode:
    calm = Outcome({line["id"]: ("a", line["hypothesis"]) for line in LINES}, {})
    work = Work("w", [], "b", 1, 3, tmp_path, calm)
    folder = tmp_path / "out" / "suite" / "model"
    folder.mkdir(parents=True)
    (folder / ".lock").touch()
    found = Episode(work, tmp_path / "out", Random(0))
    write(found, LINES)
    found.known = found.lines()
    return found


def write(episode: Episode, lines: list[dict[str, Any]]) -> None:
    path = episode.out / "suite" / "model" / "b.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def ended(tmp_path: Path, status: int, told: str) -> Child:
    errors = tmp_path / "err"
    errors.write_text(told)
    process = subprocess.Popen([sys.executable, "-c", f"raise SystemExit({status})"])
    process.wait()
    return Child(process, errors)


FAILED = {"id": "u2", "reference": "a", "error": "x"}


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (LINES[1:], "the line of u0 is gone"),
        ([{**LINES[0], "time": 1.0}, *LINES[1:]], "the line of u0 was changed"),
        ([*LINES, LINES[0]], "u0 has two lines"),
        ([{**LINES[0], "hypothesis": "other"}, *LINES[1:]], "the line of u0 was changed"),
        ([*LINES[:2], FAILED], "the line of u2 was changed"),
    ],
)
def test_what_is_lost_is_found(episode: Episode, lines: list[dict[str, Any]], what: str) -> None:
    episode.check(Given(episode, []))
    write(episode, lines)
    with pytest.raises(Lost, match=what):
        episode.check(Given(episode, []))


def test_a_line_that_was_taken_away_may_be_another(episode: Episode) -> None:
    write(episode, [{**LINES[0], "time": 1.0}, *LINES[1:]])
    episode.check(Given(episode, [], {"u0"}))


def test_a_last_line_that_is_torn_is_not_counted(episode: Episode) -> None:
    path = episode.out / "suite" / "model" / "b.jsonl"
    path.write_bytes(path.read_bytes() + b"garbage\n")
    episode.check(Given(episode, []))
    path.write_bytes(b"garbage\n" + path.read_bytes())
    with pytest.raises(Lost, match="a line that is none: b'garbage'"):
        episode.check(Given(episode, []))


@pytest.mark.parametrize("at", range(3))
def test_a_journal_is_edited_where_an_earlier_edit_was_not_mended(episode: Episode, at: int) -> None:
    """Blank and torn lines are what a kill leaves of an edit before; a line that is taken away is an utterance's."""
    path = episode.out / "suite" / "model" / "b.jsonl"
    path.write_bytes(b"\n\n".join([*path.read_bytes().splitlines(), b'{"id": "u']))
    given = Given(episode, [])
    given.begin = lambda *_, **__: ended(episode.out, 0, "")  # type: ignore[method-assign]
    episode.random = Mock(**{"randrange.side_effect": [at, 2]})
    DISTURBANCES["journal edited"].do(given)
    assert given.taken == {f"u{at}"}
    assert path.read_text() == "".join(json.dumps(line) + "\n" for line in LINES if line["id"] != f"u{at}")


def test_a_new_line_that_says_something_else(episode: Episode) -> None:
    episode.known = {}
    write(episode, [{**LINES[0], "hypothesis": "other"}])
    with pytest.raises(Lost, match="u0 says something else than in peace"):
        episode.check(Given(episode, []))


@pytest.mark.parametrize(
    ("lines", "status", "told", "what"),
    [
        (LINES[:2], 0, "", "exit 0, and 2 of 3 lines"),
        ([*LINES[:2], FAILED], 0, "", "exit 0, and 3 of 3 lines"),
        (LINES, 1, "error: x\n", "exit 1"),
        (LINES, 5, "error: internal error, KeyError\n", "no clear answer"),
        (LINES, 5, "well\n", "exit 5 without a reason"),
        (LINES, 5, "error: the disk is full\n", None),
        (LINES, 0, "", None),
    ],
)
def test_silent_and_unclear_answers_are_found(
    episode: Episode, tmp_path: Path, lines: list[dict[str, Any]], status: int, told: str, what: str | None
) -> None:
    episode.known = {}
    write(episode, lines)
    given = Given(episode, [ended(tmp_path, status, told)])
    if what is None:
        episode.check(given)
    else:
        with pytest.raises(Lost, match=what):
            episode.check(given)


def test_a_reason_that_found_no_room_in_its_file_is_none_that_was_kept_back(episode: Episode, tmp_path: Path) -> None:
    child = ended(tmp_path, 5, "well\n")
    child.file_limit = 5
    episode.check(Given(episode, [child]))
    child.file_limit = 6
    with pytest.raises(Lost, match="exit 5 without a reason"):
        episode.check(Given(episode, [child]))


def test_half_of_a_copied_run_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    assert copied(tmp_path / "run", tmp_path / "whole")
    (tmp_path / "run" / "gone.json").symlink_to(tmp_path / "nothing")
    assert not copied(tmp_path / "run", tmp_path / "half")
