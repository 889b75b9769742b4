"""What perf/host.py measures with, and that it goes through to its line of JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from harness.audio import load_clip
from perf.host import FORMS, main, pack, speech


def test_clips_are_packed_one_after_the_other_into_the_same_buffer() -> None:
    first, second = np.full(3, 1.0, np.float32), np.full(2, 2.0, np.float32)
    room = pack([first, second], np.empty(0, np.float32))
    assert room[:5].tolist() == [1.0, 1.0, 1.0, 2.0, 2.0]
    assert pack([second], room) is room
    assert room[:5].tolist() == [2.0, 2.0, 1.0, 2.0, 2.0]
    assert len(pack([first] * 4, room)) == 13  # an eighth more than the twelve that there are


@pytest.mark.parametrize("form", list(FORMS))
def test_files_are_as_long_as_they_should_be(form: str, tmp_path: Path) -> None:
    found = [len(load_clip(one).waveform) for one in speech(form, 2, tmp_path, [0.5, 0.25])]
    assert found == [8000, 4000]


def test_it_prints_a_line_of_json_with_what_each_part_costs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perf.host.lengths", lambda: [0.5])
    monkeypatch.setattr("sys.argv", ["host.py", "--clips", "3", "--rounds", "1", "--forms", "wav", "--threads", "2"])
    main()
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["benchmark"], found["clips"]) == ("host", 3)
    (costs,) = found["forms"]["wav"]["threads"]
    whole = 0.5 * 1000 / costs["times_real_time_a_core"]  # milliseconds a clip
    parts = ("decode", "resample", "pack", "digest", "own")
    assert sum(costs[name] for name in parts) == pytest.approx(whole, rel=1e-6)
    assert costs["projected"] <= 16 * costs["times_real_time_a_core"]
