"""The driver of many devices loses workers, memory, clips or the sight of the data. Its workers are threads here."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.dataset import Audio
from harness.errors import RunError
from harness.runner.journal import JournalFile
from harness.runner.plan import Budget
from harness.runner.ray_cluster import Answer, Handle
from harness.runner.ray_worker import Piece
from tests.harness.runner.ray_threads import Here, driver, expected, texts, utterances
from tests.harness.runner.stub_run import Slow


def test_lost_workers_cost_nothing_but_time(journal: JournalFile, tmp_path: Path) -> None:
    answers = 0

    def trouble(worker: Handle) -> str | None:
        nonlocal answers
        answers += 1
        return "shot" if answers in {2, 7, 13, 14} else None

    cluster = Here(lambda: Slow(0.0), 2, trouble)
    loop = driver(cluster, journal)
    loop.run(utterances(120))
    assert texts(journal) == expected(120, tmp_path)
    assert cluster.lost >= 2
    lost = [event for event in loop.state.events if event.event == "worker_lost"]
    assert len(lost) == cluster.lost
    assert lost[0].error == "shot"
    # What was run again is no measure of speed.
    unclean = {line.batch for line in journal.lines if not line.undisturbed}
    assert loop.state.clock.excluded == len(unclean) > 0
    assert loop.state.clock.audio_seconds_undisturbed == pytest.approx(
        sum(line.audio_seconds or 0.0 for line in journal.lines if line.undisturbed)
    )


def test_a_clip_that_kills_its_worker_costs_one_clip(journal: JournalFile) -> None:
    """Twice with its batch and twice alone, then it has failed. Others may be suspected, and are not blamed."""

    class Deadly(Slow):
        def infer(self, features: list[int]) -> list[int]:
            if 17 in features:
                time.sleep(2.0)  # longer than the limit of 0.5 s, on a busy machine too
            return features

    cluster = Here(lambda: Deadly(0.0), 2)
    loop = driver(cluster, journal)
    loop.run(utterances(40))
    lines = {line.id: line for line in journal.lines}
    assert len(lines) == 40
    assert cluster.lost >= 4
    assert (lines["u0017"].error or "").startswith(
        "2 workers were lost with it, the last so: slow: the stage 'network' has"
    )
    assert [name for name, line in lines.items() if line.error is not None] == ["u0017"]


def test_a_lack_of_memory_makes_the_batches_of_all_smaller(journal: JournalFile, tmp_path: Path) -> None:
    class Small(Slow):
        def infer(self, features: list[int]) -> list[int]:
            if len(features) > 2:
                raise MemoryError
            return features

    loop = driver(Here(lambda: Small(0.0), 2), journal, budget=Budget(clips=8))
    loop.run(utterances(60))
    assert texts(journal) == expected(60, tmp_path)
    assert loop.state.budget.clips == 2
    events = [event.event for event in loop.state.events]
    assert set(events) == {"out_of_memory"}
    assert all((event.worker or "").startswith("10.0.0.") for event in loop.state.events)
    unclean = {line.batch for line in journal.lines if not line.undisturbed}
    assert loop.state.clock.excluded == len(unclean) > 0
    assert any(line.undisturbed for line in journal.lines)


def test_a_lack_of_memory_on_one_benchmark_is_none_on_the_next(journal: JournalFile, tmp_path: Path) -> None:
    most = 2

    class Changing(Slow):
        def infer(self, features: list[int]) -> list[int]:
            if len(features) > most:
                raise MemoryError
            return features

    cluster = Here(lambda: Changing(0.0), 1)
    driver(cluster, journal, budget=Budget(clips=8)).run(utterances(40))
    most = 8
    with JournalFile(tmp_path / "next.jsonl") as other:
        loop = driver(cluster, other, budget=Budget(clips=8))
        loop.benchmark = "next"
        loop.run(utterances(40))
        sizes = Counter(line.batch for line in other.lines)
    assert (loop.state.budget.clips, loop.state.events) == (8, [])
    assert sorted(sizes.values()) == [8, 8, 8, 8, 8]


@pytest.mark.parametrize(
    ("leaves", "said"),
    [(SystemExit(3), "SystemExit: 3"), (GeneratorExit(), "GeneratorExit"), (KeyboardInterrupt(), "KeyboardInterrupt")],
)
def test_a_model_that_would_end_its_worker_costs_its_clips(
    journal: JournalFile, leaves: BaseException, said: str
) -> None:
    class Ends(Slow):
        def infer(self, features: list[int]) -> list[int]:
            if 7 in features:
                raise leaves
            return features

    driver(Here(lambda: Ends(0.0), 2), journal).run(utterances(20))
    lines = {line.id: line for line in journal.lines}
    assert [name for name, line in lines.items() if line.error is not None] == ["u0007"]
    assert lines["u0007"].error == f"slow tried to end the program ({said})"


def test_a_bad_clip_costs_one_clip(journal: JournalFile) -> None:
    data = utterances(20)
    data[3] = replace(data[3], audio=Audio(origin="u3", data=b"rubbish"))
    loop = driver(Here(lambda: Slow(0.0), 2), journal)
    loop.run(data)
    assert [line.id for line in journal.lines if line.error is not None] == ["u0003"]
    assert len(journal.lines) == 20


def test_on_error_stop_ends_the_run(journal: JournalFile) -> None:
    data = utterances(8)
    data[3] = replace(data[3], audio=Audio(origin="u3", data=b"rubbish"))
    with pytest.raises(RunError, match=r"b: utterance 'u0003' failed: u3: not readable as audio"):
        driver(Here(lambda: Slow(0.0), 1), journal, on_error="stop").run(data)
    assert "u0003" not in texts(journal)


def test_data_that_a_node_does_not_see_ends_the_run(journal: JournalFile, tmp_path: Path) -> None:
    """The file appears after the worker looked: as where the driver has it and the node has not."""
    path = tmp_path / "a.flac"

    def trouble(worker: Handle) -> None:
        path.touch()

    data = [replace(utterances(1)[0], audio=Audio(origin="a.flac", path=path))]
    with pytest.raises(RunError, match=r"a\.flac is not to be seen on 10\.0\.0\.0; give a --from or --data that all"):
        driver(Here(lambda: Slow(0.0), 1, trouble), journal).run(data)
    assert journal.lines == []


def test_a_node_with_other_data_is_refused(journal: JournalFile, tmp_path: Path) -> None:
    """The file is another one when the driver looks: as where the node has a copy of its own."""
    path = tmp_path / "a.flac"
    path.write_bytes(utterances(1)[0].audio.data or b"")
    size = path.stat().st_size

    def trouble(worker: Handle) -> None:
        path.write_bytes(b"x" * 10)

    data = [replace(utterances(1)[0], audio=Audio(origin="a.flac", path=path))]
    with pytest.raises(
        RunError, match=rf"a\.flac has {size:,} bytes, where it has 10 here, on 10\.0\.0\.0; give a --from"
    ):
        driver(Here(lambda: Slow(0.0), 1, trouble), journal).run(data)
    assert journal.lines == []
    assert not (tmp_path / ".shards").exists()


def test_what_may_not_have_been_handed_on_is_sent_again(journal: JournalFile, tmp_path: Path) -> None:
    """The first worker is lost when it is to hand on: of two others one has its work already, one has not."""
    shared = list[Mapping[Handle, Sequence[Piece]]]()
    sent = Counter[int]()

    class Through(Here):
        def share(self, given: Mapping[Handle, Sequence[Piece]]) -> None:
            if shared:
                super().share(given)
                return
            shared.append(given)
            self.first, *others = given
            self.give(others[0], given[others[0]])

        def give(self, worker: Handle, pieces: Sequence[Piece]) -> None:
            sent.update(piece.number for piece in pieces)
            super().give(worker, pieces)

        def wait(self, timeout: float) -> list[Answer]:
            if self.first not in self.ready:
                return super().wait(timeout)
            self.ready.remove(self.first)
            others = list(self.ready)
            self.spawn()
            return [Answer(self.first, lost="shot", unsure=others)]

    cluster = Through(lambda: Slow(0.0), 3)
    loop = driver(cluster, journal, budget=Budget(clips=4))
    assert loop.run(utterances(48)) == 48
    assert texts(journal) == expected(48, tmp_path)
    (given,) = shared
    first, second, third = ({piece.number for piece in pieces} for pieces in given.values())
    assert {sent[number] for number in second} == {2}, "nobody knows whether it has it"
    assert all(sent[number] >= 1 for number in first | third)
    assert loop.state.clock.batches == 12
    assert {line.batch for line in journal.lines} == set(range(12))
    assert sum(not line.undisturbed for line in journal.lines) == 4, "the batch that the lost one had first"
