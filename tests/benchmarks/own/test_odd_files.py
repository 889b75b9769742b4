"""What has the name of a file and is none is named as what it is."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from benchmarks.own.dataset import own_dataset
from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def pipe(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def nowhere(path: Path) -> None:
    path.symlink_to("gone.wav")


def nothing(_path: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (pipe, ": that is a pipe or a device, not a file"),
        (device, ": that is a pipe or a device, not a file"),
        (folder, ": that is a folder"),
        (nowhere, ": that is a link to nowhere"),
        (nothing, f", nor from {os.getcwd()}"),  # noqa: PTH109
    ],
)
def test_a_row_that_names_no_file(make: Callable[[Path], None], said: str, tmp_path: Path) -> None:
    make(tmp_path / "a.wav")
    (tmp_path / "m.jsonl").write_text(json.dumps({"audio": "a.wav", "text": "x"}))
    with pytest.raises(DataError) as caught:
        own_dataset(tmp_path / "m.jsonl")
    assert str(caught.value) == f"{tmp_path}/m.jsonl, line 1: no audio file at '{tmp_path}/a.wav'{said}"


def test_a_pipe_in_a_folder_of_audio(tmp_path: Path) -> None:
    pipe(tmp_path / "a.wav")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DataError) as caught:
        own_dataset(tmp_path)
    where = f"{tmp_path}/a.wav"
    assert str(caught.value) == f"{where}: no audio file at '{where}': that is a pipe or a device, not a file"
