"""Work that copies of this process do."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from array import array
from types import SimpleNamespace

import pytest

from harness import processes


@pytest.mark.parametrize("shares", [1, 3])
def test_what_each_share_makes_comes_in_order(monkeypatch: pytest.MonkeyPatch, shares: int) -> None:
    monkeypatch.setattr(processes, "can_fork", lambda: True)
    here = os.getpid()
    found = list(processes.in_shares(lambda share: [array("q", [share, os.getpid()]), array("d", [0.5])], shares))
    assert [[one.tolist() for one in row][1] for row in found] == [[0.5]] * shares
    assert [row[0][0] for row in found] == [*range(shares)]
    assert [row[0][1] == here for row in found] == [True] + [False] * (shares - 1)


def test_what_a_process_cannot_do_is_done_here_and_told_here(capfd: pytest.CaptureFixture[str]) -> None:
    here = os.getpid()

    def work(share: int) -> list[array[int]]:
        if os.getpid() != here:
            raise ValueError("elsewhere")
        return [array("q", [share])]

    assert [row[0].tolist() for row in processes.in_shares(work, 3)] == [[0], [1], [2]]

    def fails(share: int) -> list[array[int]]:
        if share:
            raise ValueError(f"share {share}")
        return []

    with pytest.raises(ValueError, match="share 1"):
        list(processes.in_shares(fails, 2))
    assert capfd.readouterr() == ("", "")


def test_this_process_is_copied_only_where_that_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads and accelerators of others do not survive a fork, and a daemon may have no children."""
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert processes.can_fork()
    with monkeypatch.context() as patch:
        patch.setattr(threading, "active_count", lambda: 2)
        assert not processes.can_fork()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "torch", processes)
        assert not processes.can_fork()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "darwin")
        assert not processes.can_fork()
    with monkeypatch.context() as patch:
        patch.setattr(multiprocessing, "current_process", lambda: SimpleNamespace(daemon=True))
        assert not processes.can_fork()
    assert processes.can_fork()


def test_processors_are_those_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert processes.available_workers() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert processes.available_workers() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processes.available_workers() == 1
