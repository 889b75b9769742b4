"""The driver of many devices: plans, and what it hands out to whom. Its workers are threads of this process.

What a real cluster does is tested in test_ray_cluster.py.
"""

import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from benchmarks.dataset import Audio
from harness.errors import Interrupted
from harness.runner.clock import Clock
from harness.runner.journal import JournalFile
from harness.runner.plan import Budget
from harness.runner.ray_cluster import Handle
from harness.runner.ray_worker import Piece
from harness.runner.stages import Stop
from tests.harness.runner.ray_threads import Here, Quiet, cluster_of, driver, expected, texts, utterances
from tests.harness.runner.stub_run import Slow


def test_many_devices_write_what_one_does(journal: JournalFile, tmp_path: Path) -> None:
    loop = driver(Here(lambda: Slow(0.001), 3), journal, budget=Budget(clips=8))
    assert loop.run(utterances(40)) == 40
    assert texts(journal) == expected(40, tmp_path)
    lines = journal.lines
    # Five batches of eight leave one of three devices idle in the second round; six of seven do not.
    assert {line.batch for line in lines} == set(range(6))
    assert loop.state.clock.batches == 6
    assert loop.state.clock.audio_seconds_undisturbed == pytest.approx(sum(line.audio_seconds or 0.0 for line in lines))
    assert loop.state.clock.counted == pytest.approx(sum(line.time or 0.0 for line in lines))
    cluster = cluster_of(loop)
    assert sorted(cluster.devices) == ["10.0.0.0 gpu 0", "10.0.0.1 gpu 0", "10.0.0.2 gpu 0"]
    assert cluster.rtfx == pytest.approx(sum(device.rtfx or 0.0 for device in cluster.devices.values()))
    assert cluster.rtfx_per_device == pytest.approx((cluster.rtfx or 0.0) / 3)
    assert sum(device.batches for device in cluster.devices.values()) == loop.state.clock.batches
    assert Clock.resumed(loop.state.clock.speed(), []).cluster == cluster


def test_work_is_taken_as_it_comes(journal: JournalFile) -> None:
    seconds = iter([0.001, 0.02, 0.001])  # the first is for the card, the second is slow
    loop = driver(Here(lambda: Slow(next(seconds)), 2), journal, budget=Budget(clips=1))
    loop.run(utterances(60))
    slow, fast = (cluster_of(loop).devices[f"10.0.0.{number} gpu 0"].batches for number in range(2))
    assert slow + fast == 60
    assert fast > 3 * slow


def test_workers_that_share_a_device_are_one_device(journal: JournalFile) -> None:
    cluster = Here(lambda: Slow(0.001), 2)
    cluster.ready[1].place = cluster.ready[0].place
    loop = driver(cluster, journal)
    loop.run(utterances(40))
    ((name, device),) = cluster_of(loop).devices.items()
    assert (name, device.workers) == ("10.0.0.0 gpu 0", 2)
    assert device.rtfx == pytest.approx(2 * device.audio_seconds / device.seconds_counted)
    assert loop.state.clock.rtfx == pytest.approx(device.audio_seconds / device.seconds_counted)


def test_a_relative_path_is_found_by_workers_that_are_elsewhere(
    journal: JournalFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.flac").write_bytes(utterances(1)[0].audio.data or b"")
    monkeypatch.chdir(tmp_path)
    seen: list[Path | None] = []

    class Watching(Here):
        def give(self, worker: Handle, pieces: Sequence[Piece]) -> None:
            seen.extend(pickle.loads(piece.utterances).audio.path for piece in pieces)
            super().give(worker, pieces)

    data = [replace(utterances(1)[0], audio=Audio(origin="a.flac", path=Path("a.flac")))]
    driver(Watching(lambda: Slow(0.0), 1), journal).run(data)
    assert seen == [tmp_path / "a.flac"]
    assert journal.lines[0].audio == "a.flac"


def test_a_stopped_run_finishes_what_is_in_hand_and_goes_on_later(journal: JournalFile, tmp_path: Path) -> None:
    stop, listener = Stop(), Quiet()

    def stop_now() -> None:
        stop.requested = True

    listener.after = stop_now
    cluster = Here(lambda: Slow(0.001), 2)
    with pytest.raises(Interrupted, match="the batches in hand were finished"):
        driver(cluster, journal, stop=stop, listener=listener).run(utterances(100))
    assert 0 < len(journal.lines) <= 2 * 3 * 4
    before = journal.path.read_bytes()
    assert driver(cluster, journal).run(utterances(100)) == 100
    assert journal.path.read_bytes().startswith(before)
    assert texts(journal) == expected(100, tmp_path)
    numbers = {line.batch for line in journal.lines}
    assert numbers == set(range(len(numbers)))


def test_a_first_share_is_one_message_and_what_waits_at_another_is_taken_over(
    journal: JournalFile, tmp_path: Path
) -> None:
    """Two workers of which one hangs in its first batch until the other has written all else."""
    messages: list[tuple[int, int]] = []
    through = Event()

    class Stuck(Slow):
        def infer(self, features: list[int]) -> list[int]:
            through.wait(30)
            return features

    class Telling(Here):
        def give(self, worker: Handle, pieces: Sequence[Piece]) -> None:
            messages.append((self.ready.index(worker), len(pieces)))
            super().give(worker, pieces)

    models = iter([Slow(0.0), Stuck(0.0), Slow(0.0)])  # the first is for the card
    cluster = Telling(lambda: next(models), 2, timeout=None)
    listener = Quiet()
    loop = driver(cluster, journal, budget=Budget(clips=10), listener=listener)
    listener.after = lambda: through.set() if len(journal) == 50 else None
    assert loop.run(utterances(60)) == 60
    assert messages == [(0, 3), (1, 3), (1, 1), (1, 1)], "what the slow one is at is left to it"
    assert texts(journal) == expected(60, tmp_path)
    lines = journal.lines
    assert {line.batch for line in lines} == set(range(6))
    devices = cluster_of(loop).devices
    assert [devices[f"10.0.0.{number} gpu 0"].batches for number in range(2)] == [1, 5]
    assert loop.state.clock.batches == 6
    # What the slow one writes afterwards is of a run that is over.
    with JournalFile(tmp_path / "next.jsonl") as other:
        again = driver(cluster, other, budget=Budget(clips=10))
        again.run(utterances(60))
        assert texts(other) == expected(60, tmp_path / "next")
        assert again.state.clock.batches == 6


def test_windows_are_longer_where_no_transcript_depends_on_them(journal: JournalFile) -> None:
    class Dependent(Slow):
        def __init__(self) -> None:
            super().__init__(0.0)
            self.card = replace(self.card, batch_invariant=False)

    assert driver(Here(lambda: Slow(0.0), 1), journal)._items == 100_000
    assert driver(Here(Dependent, 1), journal)._items == 10_000


def test_batches_stay_as_planned_where_transcripts_depend_on_them(journal: JournalFile) -> None:
    class Dependent(Slow):
        def __init__(self) -> None:
            super().__init__(0.0)
            self.card = replace(self.card, batch_invariant=False)

    driver(Here(Dependent, 16), journal, budget=Budget(clips=10)).run(utterances(40))
    batches: dict[int | None, list[str]] = {}
    for line in journal.lines:
        batches.setdefault(line.batch, []).append(line.id)
    assert [len(batch) for batch in batches.values()] == [10, 10, 10, 10]
