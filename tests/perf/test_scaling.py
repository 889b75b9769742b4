"""The simulation of many devices: its corpora, its arithmetic by hand, and what it prints."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.records.journal import Line, encode_lines
from harness.runner import ray_ahead
from harness.runner.plan import Budget, for_devices, plan
from perf import scaling, simulation
from perf.ray_driver import Driver
from perf.ray_engine import Measured, taking


def test_the_corpora_are_as_published() -> None:
    assert len(scaling.librispeech()) == 2620
    assert sum(scaling.librispeech()) / 3600 == pytest.approx(5.4035, abs=1e-3)
    lengths = scaling.spgispeech()
    assert len(lengths) == 39_341
    assert sum(lengths) == pytest.approx(360_000, rel=1e-6)
    assert min(lengths) == pytest.approx(5.0, abs=1e-3)
    assert max(lengths) == pytest.approx(15.0, abs=2e-3)


def test_a_simulation_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five batches of 2 s of audio at 1 s each, on two devices of which one is twice as fast."""
    time = simulation.BatchTime(fixed=0.0, per_second=0.5, source="")
    simulated = simulation.Simulation([2.0] * 5, Budget(clips=1, packs=True), time, simulation.Costs())
    shards = simulated.shards([1.0, 2.0])
    assert (shards.seconds, shards.idle, shards.batches) == (3.0, 2.0, 5)
    monkeypatch.setattr(simulation, "SHARE", 0)
    taken = simulated.taken([1.0, 2.0], level=False)
    assert (taken.seconds, taken.idle, taken.batches) == (2.0, 0.5, 5)
    assert taken.efficiency == pytest.approx(5 / 3 / 2)
    one = simulated.taken([1.0], level=True)
    assert (one.seconds, one.efficiency, one.idle) == (5.0, 1.0, 0.0)


def test_handing_out_is_one_after_the_other() -> None:
    time = simulation.BatchTime(fixed=1.0, per_second=0.0, source="")
    costs = simulation.Costs(Driver(out=0.25, out_clip=0.0, back=0.0, back_clip=0.0))
    simulated = simulation.Simulation([1.0] * 4, Budget(clips=1), time, costs)
    assert simulated.taken([1.0] * 4, level=False).seconds == 2.0  # the fourth begins after 1 s


def test_where_they_are_many_one_of_each_group_hands_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine devices in three groups, each with a clip of a second; all of it by hand."""
    monkeypatch.setattr(simulation.Simulation, "many", 9)
    time = simulation.BatchTime(fixed=1.0, per_second=0.0, source="")
    driver = Driver(out=0.25, out_clip=0.125, back=0.0, back_clip=0.0, plan_clip=1.0)
    costs = simulation.Costs(driver, hop=0.5, wire_clip=1 / 64, unpack_clip=1 / 128)
    nine = simulation.Simulation([1.0] * 9, Budget(clips=1), time, costs).taken([1.0] * 9)
    # Planned at 9, three messages of 3 clips are out at 9.625, 10.25, 10.875, and there 35/64 later; who hands on does
    # so at 3/8 each, and what is handed on takes half a second, too. The first to begin is in the first group.
    last, first = 10.875 + 35 / 64 + 2 * 0.375 + 0.5, 9.625 + 35 / 64 + 2 * 0.375
    assert (nine.seconds, nine.idle) == (last + 1 / 128 + 1.0, last - first)
    eight = simulation.Simulation([1.0] * 8, Budget(clips=1), time, costs).taken([1.0] * 8)
    assert eight.seconds == 8.0 + 8 * 0.375 + 33 / 64 + 1 / 128 + 1.0


def test_what_was_sent_ahead_begins_with_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nine devices again, of a model that packs: nothing is planned before the first message, but in each group."""
    monkeypatch.setattr(simulation.Simulation, "many", 9)
    time = simulation.BatchTime(fixed=1.0, per_second=0.0, source="")
    more = {"plan_clip": 99.0, "ready": 9.0, "begin": 0.5, "lead_clip": 0.0625, "note_clip": 2.0}
    driver = Driver(out=0.25, out_clip=0.125, back=0.0, back_clip=0.0, **more)
    costs = simulation.Costs(driver, sync=0.25, hop=0.5, wire_clip=1 / 64, unpack_clip=1 / 128)
    nine = simulation.Simulation([1.0] * 9, Budget(seconds=1.0, packs=True), time, costs)
    found = nine.taken([1.0] * 9)
    # Ready at 9, three messages with the rest of 3 clips are out at 9.875, 10.75, 11.625, and there 35/64 later; a plan
    # of three clips is 3/16, who hands on does so at 3/8 each, and what is handed on takes half a second, too.
    last, first = 11.625 + 35 / 64 + 3 / 16 + 2 * 0.375 + 0.5, 9.875 + 35 / 64 + 3 / 16 + 2 * 0.375
    assert (found.seconds, found.idle) == (last + 1 / 128 + 1.0, last - first)
    # To keep who has what takes the driver 18 s behind the last message, longer than all else.
    assert found.whole == 11.625 + 18.0 + 0.25 - found.seconds
    monkeypatch.setattr(ray_ahead, "CHUNK", 2)  # of the three of each group two were there before
    assert nine.taken([1.0] * 9).seconds == found.seconds - 3 * 2 * 0.125 - 2 / 64
    # Beyond first shares there is a plan, of what is left, when they have begun.
    monkeypatch.setattr(simulation, "SHARE", 1)
    beyond = simulation.Simulation([1.0] * 18, Budget(seconds=1.0, packs=True), time, costs)
    groups, batches = beyond.sent_ahead(9)
    assert [group.clips for group in groups] == [3, 3, 3]
    assert sorted(index for batch in batches for index in batch) == list(range(9))
    assert beyond.taken([1.0] * 9).batches == 18
    assert nine.sent_ahead(8) == ([], [])


def test_decoding_a_journal_s_sync_and_what_the_driver_does_behind_the_devices() -> None:
    """Two batches of 2 clips of 1 s on each of two devices, in one message: all of it by hand."""
    time = simulation.BatchTime(fixed=1.0, per_second=0.5, source="")
    driver = Driver(out=0.25, out_clip=0.0625, back=1.0, back_clip=0.5)
    costs = simulation.Costs(driver, decode_rtfx=4.0, sync=0.125)
    simulated = simulation.Simulation([1.0] * 8, Budget(clips=2, packs=True), time, costs)
    found = simulated.taken([1.0, 1.0], level=False)
    # Messages are out at 0.5 and 1.0 (0.25 + 4 clips); half a second to decode, two batches of 2 s.
    assert (found.seconds, found.idle, found.batches) == (1.0 + 0.5 + 4.0, 0.5, 4)
    assert found.efficiency == pytest.approx(8.0 / 2 / 5.5)
    # The driver takes the first batch at 3.0 and 2 s for each: it is through at 11.0, and then has it on its disk.
    assert found.whole == 11.0 + 0.125 - 5.5
    shards = simulated.shards([1.0, 1.0])
    assert (shards.seconds, shards.whole) == (0.5 + 4.0 + 0.125, 8 * 0.5)


def test_what_waits_at_a_slow_device_is_taken_over() -> None:
    time = simulation.BatchTime(fixed=1.0, per_second=0.0, source="")
    simulated = simulation.Simulation([1.0] * 6, Budget(clips=1), time, simulation.Costs())
    found = simulated.taken([1.0, 0.1], level=False)
    # The fast one is through with its three at 3 and takes over one of two that wait at the other, then the second.
    assert found.seconds == 10.0
    assert simulated.shards([1.0, 0.1]).seconds == 30.0


def test_what_it_takes_to_take_a_batch_and_a_clip_is_found_from_two_runs() -> None:
    def run(batches: int, clips: int) -> Measured:
        return Measured(batches, clips, 0.0, 0.0, 0.0, 9.0, batches * 1.0 + clips * 2.0, 0.0, 0.0)

    assert taking(run(8, 8), run(2, 8)) == (1.0, 2.0)


def test_batch_times_are_fitted_to_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    clips = {0: [8.0, 6.0], 1: [3.0, 1.0], 2: [1.0]}
    lines: list[Line] = []
    for batch, lengths in clips.items():
        for seconds in lengths:
            share = (0.1 + 0.02 * sum(lengths)) * seconds / sum(lengths)
            facts: dict[str, Any] = {"reference": "", "hypothesis": "", "audio_seconds": seconds}
            name = f"u{len(lines)}"
            lines.append(Line(id=name, batch=batch, time=share, undisturbed=True, **facts))
            lines.append(Line(id=f"{name} again", batch=9, time=99.0, undisturbed=False, **facts))
    path.write_bytes(encode_lines(lines))
    time = scaling.measured(path, packs=True)
    assert time.fixed == pytest.approx(0.1)
    assert time.per_second == pytest.approx(0.02)
    path.write_text("")
    with pytest.raises(SystemExit, match="fewer than two undisturbed batches"):
        scaling.measured(path, packs=True)


@pytest.mark.parametrize("devices", [1, 2, 3, 16, 100, 5_000])
@pytest.mark.parametrize("budget", [Budget(seconds=1200.0, packs=True), Budget(seconds=600.0), Budget(clips=128)])
def test_level_batches_are_whole_rounds_and_nowhere_larger(devices: int, budget: Budget) -> None:
    lengths = scaling.librispeech()
    smaller = for_devices(lengths, budget, devices)
    before, after = len(plan(lengths, budget)), len(plan(lengths, smaller))
    rounds = -(-before // devices)
    assert after <= rounds * devices or smaller == budget
    assert before <= after <= len(lengths)
    # Nearly whole: fewer than one device in ten goes without a batch of the last round, while there are clips enough.
    assert after > 0.9 * rounds * devices or devices > len(lengths) / 10
    assert smaller.clips is None or budget.clips is None or smaller.clips <= budget.clips
    assert smaller.seconds is None or budget.seconds is None or smaller.seconds <= budget.seconds


def test_nothing_to_share() -> None:
    assert for_devices([], Budget(seconds=10.0), 4) == Budget(seconds=10.0)
    assert for_devices([0.0], Budget(seconds=10.0), 4) == Budget(seconds=10.0)
    assert for_devices([1.0, 1.0], Budget(clips=2), 2) == Budget(clips=1)


def test_it_prints_a_table_and_one_json_line(root: Path) -> None:
    command = [sys.executable, "perf/scaling.py", "--devices", "1", "1000", "--rtfx", "1820"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    lines = done.stdout.splitlines()
    found = json.loads(lines[-1])
    assert all(corpus["batch_times"].startswith("given") for corpus in found["corpora"])
    assert "synthetic" in found["corpora"][1]["lengths"]
    for corpus in found["corpora"]:
        assert [row["devices"] for row in corpus["rows"]] == [1, 1000]
        one, many = (row["ray"] for row in corpus["rows"])
        assert one["efficiency"] > 0.98 > many["efficiency"]
    assert sum(line.lstrip().startswith("1000 |") for line in lines) == 2


def test_a_hundred_hours_at_3800(root: Path) -> None:
    """What docs/cluster.md says, with the figures that the driver was measured at."""
    command = [sys.executable, "perf/scaling.py", "--devices", "64", "128", "1024", "--rtfx", "3800"]
    found = json.loads(
        subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    )
    (corpus,) = (one for one in found["corpora"] if one["corpus"] == "spgispeech")
    some, more, most = (row["ray"]["efficiency"] for row in corpus["rows"])
    assert (some > 0.9, more > 0.8) == (True, True)
    assert most > corpus["rows"][-1]["shards"]["efficiency"]
