"""The simulation of many devices: its corpora, its arithmetic by hand, and what it prints."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.records.journal import Line, encode_lines
from harness.runner.plan import Budget, for_devices, plan
from perf import scaling


def test_the_corpora_are_as_published() -> None:
    assert len(scaling.librispeech()) == 2620
    assert sum(scaling.librispeech()) / 3600 == pytest.approx(5.4035, abs=1e-3)
    lengths = scaling.spgispeech()
    assert len(lengths) == 39_341
    assert sum(lengths) == pytest.approx(360_000, rel=1e-6)
    assert min(lengths) == pytest.approx(5.0, abs=1e-3)
    assert max(lengths) == pytest.approx(15.0, abs=2e-3)


def test_a_simulation_by_hand() -> None:
    """Five batches of 2 s of audio at 1 s each, on two devices of which one is twice as fast."""
    time = scaling.BatchTime(fixed=0.0, per_second=0.5, source="")
    simulation = scaling.Simulation([2.0] * 5, Budget(clips=1, packs=True), time, dispatch=0.0)
    shards = simulation.shards([1.0, 2.0])
    assert (shards.seconds, shards.idle, shards.batches) == (3.0, 2.0, 5)
    taken = simulation.taken([1.0, 2.0], level=False)
    assert (taken.seconds, taken.idle, taken.batches) == (2.0, 0.5, 5)
    assert taken.efficiency == pytest.approx(5 / 3 / 2)
    one = simulation.taken([1.0], level=True)
    assert (one.seconds, one.efficiency, one.idle) == (5.0, 1.0, 0.0)


def test_handing_out_is_one_after_the_other() -> None:
    time = scaling.BatchTime(fixed=1.0, per_second=0.0, source="")
    simulation = scaling.Simulation([1.0] * 4, Budget(clips=1), time, dispatch=0.25)
    assert simulation.taken([1.0] * 4, level=False).seconds == 2.0  # the fourth begins after 1 s


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
    command = [sys.executable, "perf/scaling.py", "--devices", "1", "1000"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    lines = done.stdout.splitlines()
    found = json.loads(lines[-1])
    assert found["batch_times"].startswith("given")
    assert "synthetic" in found["corpora"]["spgispeech"]["lengths"]
    for corpus in found["corpora"].values():
        assert [row["devices"] for row in corpus["rows"]] == [1, 1000]
        one, many = (row["level"] for row in corpus["rows"])
        assert one["efficiency"] > 0.99 > many["efficiency"]
    assert sum(line.lstrip().startswith("1000 |") for line in lines) == 2
