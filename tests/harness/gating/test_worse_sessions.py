"""Sessions that got worse, of counts made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from harness.gating.pair import Pair
from harness.gating.worse_sessions import worse_sessions
from harness.records.policy import SessionTable
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


def test_where_the_whole_got_better_a_session_has_to_be_clearer() -> None:
    """An improvement is red for a session that got worse, but not for one that did by chance."""
    for others, mild in ((0, ["s"]), (-1, [])):
        rest = {f"other{at}": [others] * 12 for at in range(20)}
        found = worse_sessions("calls", pair_of({"s": [1] * 16, **rest}, {}), SessionTable())
        assert [one.subject.rpartition(" ")[2] for one in found] == mild
        (clear,) = worse_sessions("calls", pair_of({"s": [2] * 16, **rest}, {}), SessionTable())
        assert clear.subject == "calls: session s"
