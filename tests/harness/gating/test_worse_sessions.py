"""Sessions that got worse, of counts made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from harness.errors import ExitStatus
from harness.gating.decide import effect
from harness.gating.pair import Pair
from harness.gating.worse_sessions import worse_sessions
from harness.records.decision import Verdict
from harness.records.policy import Policy, SessionTable, Tier
from harness.scoring.metrics import get_metric
from harness.scoring.significance import Counts

if TYPE_CHECKING:
    from harness.records.journal import Line


class Row:
    """As much of a line as is named in a finding."""

    def __init__(self, name: str) -> None:
        self.id, self.reference, self.hypothesis, self.parent_id = name, "", "", None


def pair_of(more: dict[str, list[int]], words: dict[str, int]) -> Pair:
    """Sessions by what each utterance of ten words has more errors; the first of some has other words in the run."""
    sessions = [name for name, added in more.items() for _ in added]
    before = Counts(np.ones(len(sessions)), np.full(len(sessions), 10.0))
    after = Counts(before.errors + np.concatenate([*more.values()]), before.words.copy())
    for name, count in words.items():
        after.words[sessions.index(name)] = count
    line = cast("Line", Row("u"))
    rows: list[Any] = [(line, line) for _ in sessions]
    return Pair("calls", get_metric("wer"), before, after, rows, list(sessions), changed=0)


def test_five_are_named_the_worst_first_and_the_others_counted() -> None:
    more = {f"s{worse}": [0, worse, worse + 1] * 4 for worse in range(1, 8)} | {"calm": [0] * 12}
    found = list(worse_sessions("calls", pair_of(more, {"s7": 11}), SessionTable()))
    assert [one.subject.rpartition(" ")[2] for one in found] == ["s7", "s6", "s5", "s4", "s3"]
    assert all(one.message.endswith("8 sessions tested); 2 more sessions got worse") for one in found)
    assert [one.changed for one in found] == [9, 8, 8, 8, 8], "other words are a change, with as many errors too"
    assert [one.utterances for one in found] == [12] * 5
    assert [one.before for one in found] == [0.1] * 5
    assert [one.after for one in found[1:]] == [(12 + 4 * (2 * worse + 1)) / 120 for worse in (6, 5, 4, 3)]
    few = list(worse_sessions("calls", pair_of({name: more[name] for name in ("s7", "calm")}, {}), SessionTable()))
    assert [one.message.partition(")")[2] for one in few] == [""]


@pytest.mark.parametrize(
    ("others", "more", "tier", "warned"),
    [
        (0, 1, Tier.SHOULD, False),  # the whole is worse, by that session
        (-1, 1, Tier.INFORMATIVE, True),  # 20 sessions got better; p is between a hundredth of alpha and alpha
        (-1, 2, Tier.SHOULD, False),  # beyond doubt
    ],
)
def test_where_the_whole_is_no_worse_a_session_is_a_warning_unless_it_is_clear(
    others: int, more: int, tier: Tier, *, warned: bool
) -> None:
    """An improvement is red for a session that got worse, but not for one that did by chance; both are named."""
    rest = {f"other{at}": [others] * 12 for at in range(20)}
    (found,) = worse_sessions("calls", pair_of({"s": [more] * 16, **rest}, {}), SessionTable())
    assert (found.subject, found.verdict, found.tier) == ("calls: session s", Verdict.FAIL, tier)
    assert ("; only a warning, as the benchmark as a whole is no worse" in found.message) is warned
    assert effect(found, Policy()) is (ExitStatus.GOOD if warned else ExitStatus.INCONCLUSIVE)


def test_the_whole_s_number_of_errors_decides_not_its_interval() -> None:
    """As many errors as before are no worse; one more is."""
    for better, tier in ((16, Tier.INFORMATIVE), (15, Tier.SHOULD)):
        rest = {"calm": [0] * 12, "eased": [-1] * better}
        (found,) = worse_sessions("calls", pair_of({"s": [1] * 16, **rest}, {}), SessionTable())
        assert (found.subject, found.tier) == ("calls: session s", tier)


def test_only_what_got_worse_is_named_and_the_most_first() -> None:
    pair = pair_of({"s": [0, 1, -1, 3, 0, 2]}, {})
    assert [one.more_errors for one in pair.blame(9)] == [3, 2, 1]
    assert [one.more_errors for one in pair.blame(2)] == [3, 2]
    assert pair.blame(1)[0].contribution == 3 / 60
