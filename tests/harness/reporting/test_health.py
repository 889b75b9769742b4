"""The table of `data check`: how many utterances have something to look at, of how many."""

from __future__ import annotations

from harness.health.examine import put_together
from harness.health.seen import finding
from harness.reporting.health import health_table
from tests.harness.health.made import facts, seen


def test_the_share_is_of_the_utterances_that_were_looked_at() -> None:
    rows = [seen(id=str(number)) for number in range(8)]
    found = [finding(rows[0], "gap", "a gap", severity="high"), finding(rows[1], "gap", "a gap", severity="info")]
    health = put_together("a set", {"data_x": rows}, found, of=20, systems=())
    hours = 8 * facts().seconds / 3600
    assert health_table(health).caption == f"8 of 20 utterances, {hours:.2f} h, 1 with something to look at (12.5 %)"
    none = put_together("a set", {"data_x": []}, [], of=None, systems=())
    assert health_table(none).caption == "0 utterances, 0.00 h, 0 with something to look at (0.0 %)"
