"""Provenance: git speaks for us only in a checkout of our own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
OURS = (
    *(f"harness/{name}.py" for name in ("__init__", "devices", "errors", "version", "environment", "secret_values")),
    *(f"harness/records/{name}.py" for name in ("__init__", "codec", "cost", "format_1", "run", "speed")),
    *(f"benchmarks/{name}.py" for name in ("__init__", "files")),
    "pyproject.toml",
)


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *identity, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(folder: Path) -> str:
    """Makes a repository of what is there, and returns its commit."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README").write_text("a project")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return git(folder, "rev-parse", "HEAD")


def copied(folder: Path, names: tuple[str, ...] = OURS) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def code(folder: Path, **environment: str) -> Any:
    """What the copy in `folder` says it is."""
    script = "import json; from harness.environment import code; print(json.dumps(code()))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True, env=environment
    )
    return json.loads(done.stdout)


NOTHING = [None, None]


def test_a_checkout_of_our_own_has_a_commit(tmp_path: Path) -> None:
    commit = repository(copied(tmp_path))
    assert code(tmp_path) == [commit, False]
    (tmp_path / "notes").write_text("a file that git does not know changes no code")
    assert code(tmp_path) == [commit, False]
    (tmp_path / "README").write_text("changed")
    assert code(tmp_path) == [commit, True]


def test_the_repository_is_left_as_it_is(tmp_path: Path) -> None:
    commit = repository(copied(tmp_path))
    os.utime(tmp_path / "README", (1, 1))  # what git would make a note of
    before = (tmp_path / ".git" / "index").read_bytes()
    assert code(tmp_path) == [commit, False]
    assert (tmp_path / ".git" / "index").read_bytes() == before


def test_a_hook_of_somebodys_repository_does_not_mislead(tmp_path: Path) -> None:
    commit = repository(copied(tmp_path / "ours"))
    repository(tmp_path / "theirs")
    assert code(tmp_path / "ours", GIT_DIR=str(tmp_path / "theirs" / ".git"))[0] == commit


@pytest.mark.parametrize(
    ("place", "names", "tracked"),
    [
        (".venv/lib/python3/site-packages", OURS[:-1], False),
        (".venv/lib/python3/site-packages", OURS[:-1], True),
        ("third_party/asr-harness", OURS, True),
        (".", OURS[:-1], True),
        (".", OURS, False),
    ],
)
def test_somebodys_repository_does_not_speak_for_us(
    tmp_path: Path, place: str, names: tuple[str, ...], *, tracked: bool
) -> None:
    folder = tmp_path / place
    if tracked:
        copied(folder, names)
    repository(tmp_path)
    assert code(copied(folder, names)) == NOTHING


def test_without_git_nothing_is_said(tmp_path: Path) -> None:
    assert code(copied(tmp_path)) == NOTHING
