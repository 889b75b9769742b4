"""NeMo's punctuation error rate, restated from its documentation and counted over the whole table."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from typing import TYPE_CHECKING

from harness.scoring.written.counts import Tally
from harness.scoring.written.nemo import punctuation_of_texts
from tests.harness.scoring.test_weighted import whole_table

if TYPE_CHECKING:
    from pathlib import Path


def restated(reference: str, hypothesis: str, marks: str) -> dict[str, Counter[str]]:
    """Correct, deleted, inserted and substituted marks of each kind."""
    pattern = rf"[\w']+|[{re.escape(marks)}]"
    said, written = re.findall(pattern, reference), re.findall(pattern, hypothesis)
    left, right = (["[PUNCT]" if token in marks else token for token in side] for side in (said, written))
    found = {what: Counter[str]() for what in ("correct", "deleted", "inserted", "substituted", "into")}
    for at, other in whole_table(left, right, 1, 1):
        if at is not None and other is not None and left[at] == right[other] == "[PUNCT]":
            if said[at] == written[other]:
                found["correct"][said[at]] += 1
            else:
                found["substituted"][said[at]] += 1
                found["into"][written[other]] += 1
    for mark in marks:
        found["deleted"][mark] = said.count(mark) - found["correct"][mark] - found["substituted"][mark]
        found["inserted"][mark] = written.count(mark) - found["correct"][mark] - found["into"][mark]
    return {what: +times for what, times in found.items()}


def as_restated(tally: Tally) -> dict[str, Counter[str]]:
    substituted, into = Counter[str](), Counter[str]()
    for (mark, instead), times in tally.taken.items():
        substituted[mark] += times
        into[instead] += times
    found = {"correct": tally.right, "deleted": tally.left_out, "inserted": tally.added}
    return {what: +times for what, times in (found | {"substituted": substituted, "into": into}).items()}


def test_the_example_of_the_documentation() -> None:
    tally = punctuation_of_texts("Hi, dear! Nice to see you. What's", "Hi dear! Nice to see you! What's?", ".,!?")
    assert (tally.right, tally.taken) == (Counter({"!": 1}), Counter({(".", "!"): 1}))
    assert (+tally.left_out, +tally.added) == (Counter({",": 1}), Counter({"?": 1}))
    assert tally.errors / tally.slots == 0.75


def test_random_texts() -> None:
    chance = random.Random(1)
    for case in range(1200):
        marks = ".,?" if case % 2 else ".,?!"
        words = ["a", "b", "B", "it's", "x", *marks, *marks]
        reference, hypothesis = (" ".join(chance.choice(words) for _ in range(chance.randrange(12))) for _ in range(2))
        found = as_restated(punctuation_of_texts(reference, hypothesis, marks))
        assert found == restated(reference, hypothesis, marks), (reference, hypothesis)


def test_real_texts(shared: Path) -> None:
    total = Tally()
    for name in ("whisper-tiny.en", "wav2vec2-base-960h"):
        path = shared / "predictions" / "raw" / f"MODEL_{name}_DATASET_voxpopuli_en_test_150.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines()[:60]:
            row = json.loads(line)
            tally = punctuation_of_texts(row["text"], row["pred_text"])
            assert as_restated(tally) == restated(row["text"], row["pred_text"], ".,?")
            total.add(tally)
    assert total.right.total() > 50
