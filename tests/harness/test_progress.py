"""What is said of how far a benchmark is."""

import pytest

from harness import progress
from harness.progress import Lines
from harness.records.journal import Line


def test_the_share_of_what_was_read_has_no_time_left_until_all_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", -1.0)
    lines = Lines()
    lines.benchmark_started("m", "b", "leaderboard@2026-08", [])
    ten = [Line(id=str(number), reference="a", hypothesis="a", duration=1.0) for number in range(10)]
    lines.planned(10, 10.0, more=True)
    lines.batch(ten[:5])
    lines.batch(ten[5:])
    lines.planned(10, 10.0, more=False)
    lines.batch(ten)
    assert [line.rpartition(", 0.00 % WER")[0] for line in capsys.readouterr().err.splitlines()] == [
        "m on b: 50 % of what was read so far",
        "m on b: 100 % of what was read so far",
        "m on b: 100 %, 0:00 left",
    ]
