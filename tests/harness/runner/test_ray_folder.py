"""Folders of clusters: closed to others, and those that killed processes left are removed by the next one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.runner import ray_folder

OWNER = """
import sys, tempfile
from harness.runner import ray_folder
tempfile.tempdir = sys.argv[1]
folder = ray_folder.make_folder()
(ray_folder.rays(folder) / "session").mkdir(parents=True)
print(folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def old(folder: Path) -> None:
    os.utime(folder, (0, 0))


def test_a_folder_is_closed_and_goes_with_its_process(place: Path) -> None:
    folder = ray_folder.make_folder()
    assert folder.parent == place
    assert folder.name.startswith("asr")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert ray_folder.rays(folder).parent == folder
    ray_folder.remove(folder)
    assert [*place.iterdir()] == []


def test_what_a_killed_process_left_is_removed_and_nothing_else(place: Path, root: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(place)]
    owners = [
        subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    folders = []
    for owner in owners:
        assert owner.stdout is not None
        folders.append(Path(owner.stdout.readline().strip()))
    killed, alive = owners
    killed.kill()
    killed.communicate()
    young = ray_folder.make_folder()  # the killed one's is not old enough: it may be one that is being made
    assert all(folder.is_dir() for folder in folders)
    no_owner, elsewhere = place / "asrwithout", place / "kept"
    for folder in (no_owner, elsewhere):
        folder.mkdir()
    (elsewhere / ".owner").touch()
    (place / "asrlink").symlink_to(elsewhere)
    (place / "asrfile").touch()
    for folder in [*folders, no_owner, elsewhere, young]:
        old(folder)
    ray_folder.clear(place)
    assert not folders[0].exists()
    assert sorted(path.name for path in place.iterdir()) == sorted(
        [folders[1].name, young.name, "asrwithout", "kept", "asrlink", "asrfile"]
    )
    assert (ray_folder.rays(folders[1]) / "session").is_dir()
    alive.communicate("")
    ray_folder.remove(young)
    old(folders[1])
    ray_folder.clear(place)
    assert not folders[1].exists()


def test_the_folder_of_somebody_else_is_left(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place / "asrother"
    folder.mkdir()
    (folder / ".owner").touch()
    old(folder)
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    ray_folder.clear(place)
    assert folder.is_dir()
    monkeypatch.undo()
    ray_folder.clear(place)
    assert not folder.exists()
