"""References that accept several spellings: ours against a slow twin and sclite, the leaderboard's against its package.

PyPI's voi_oiwer 0.1.4 is compared with where it is installed (`pip install --no-deps voi_oiwer`); what it says of the
first random lattices is stored here as a digest, to be made anew by `python -m tests.harness.scoring.test_lattice`.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import pytest

from benchmarks.sources.nist import of_nist
from harness.cli import main
from harness.errors import DataError
from harness.scoring import lattice
from harness.scoring.align import align_nist, counts_of
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.profile_files import get_profile
from harness.scoring.rows import read_rows
from tests.harness.scoring.test_against_nist import needs_sctk, sclite_counts

LATTICES = 100_000 if os.environ.get("ASR_SLOW_TESTS") else 2_000
STORED = "347af198b9dbffba"
"""Of what voi_oiwer says of the first 2,000 random lattices."""


def random_lattices(count: int, *, seed: int = 1) -> Iterator[tuple[list[list[str]], list[str]]]:
    """Slots and hypotheses of few words, so that they meet."""
    draw = random.Random(seed)
    for _ in range(count):
        slots = []
        for _ in range(draw.randint(1, 6)):
            variants = [
                " ".join(draw.choice("abcde") for _ in range(draw.choice([0, 1, 1, 1, 2, 3])))
                for _ in range(draw.randint(1, 4))
            ]
            slots.append(list(dict.fromkeys(variants)))
        yield slots, [draw.choice("abcde") for _ in range(draw.randint(0, 9))]


def their_core() -> Any:
    """The package's alignment, without the library that it normalizes with, which brings a documentation system."""
    if importlib.util.find_spec("voi_oiwer") is None:
        return None
    names = ("indicnlp", "indicnlp.normalize", "indicnlp.normalize.indic_normalize")
    stand_ins = {name: ModuleType(name) for name in names if name not in sys.modules}
    for stand_in in stand_ins.values():
        stand_in.IndicNormalizerFactory = MagicMock()  # type: ignore[attr-defined]
    sys.modules.update(stand_ins)
    try:
        return importlib.import_module("voi_oiwer._oiwer_core")
    finally:
        for name in stand_ins:
            sys.modules.pop(name, None)


def plain(counts: ErrorCounts) -> tuple[int, int, int, int]:
    return counts.insertions, counts.deletions, counts.substitutions, counts.words


def digest(counts: Iterator[tuple[int, int, int, int]]) -> str:
    return hashlib.sha256(json.dumps(list(counts)).encode()).hexdigest()[:16]


def test_the_leaderboard_s_score_is_its_package_s() -> None:
    assert digest(plain(lattice.oiwer(*each)) for each in random_lattices(2_000)) == STORED


@pytest.mark.skipif(importlib.util.find_spec("voi_oiwer") is None, reason="voi_oiwer is not installed")
def test_the_leaderboard_s_score_on_random_lattices() -> None:
    core = their_core()
    for slots, hypothesis in random_lattices(LATTICES, seed=2):
        found = core.compute(hypothesis, slots)
        assert plain(lattice.oiwer(slots, hypothesis)) == (*found[4], found[5]), (slots, hypothesis)


def test_the_leaderboard_s_score_on_real_rows(shared: Path) -> None:
    profile = get_profile("leaderboard@2026-10")
    for line in (shared / "oracle" / "oiwer.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found = profile.count(lattice.written(row["reference_lists"]), row["pred_text"], "hi")
        assert plain(found) == (row["ins"], row["del"], row["sub"], row["ref_words"]), row


def readings(slots: Sequence[Sequence[str]]) -> list[list[str]]:
    """Every accepted reading, the first variants first."""
    return [" ".join(variants).split() for variants in itertools.product(*slots)]


def cost(reading: Sequence[str], hypothesis: Sequence[str]) -> tuple[int, int]:
    """Errors, and hits below zero, of the alignment with the fewest errors and then the most hits; plainly."""
    table: dict[tuple[int, int], tuple[int, int]] = {}
    for row, column in itertools.product(range(len(reading) + 1), range(len(hypothesis) + 1)):
        before = []
        if row:
            before.append((table[row - 1, column][0] + 1, table[row - 1, column][1]))
        if column:
            before.append((table[row, column - 1][0] + 1, table[row, column - 1][1]))
        if row and column:
            errors, hits = table[row - 1, column - 1]
            same = reading[row - 1] == hypothesis[column - 1]
            before.append((errors, hits - 1) if same else (errors + 1, hits))
        table[row, column] = min(before, default=(0, 0))
    return table[len(reading), len(hypothesis)]


def test_ours_is_the_cheapest_reading() -> None:
    profile = get_profile("verbatim")
    for slots, hypothesis in random_lattices(LATTICES // 20, seed=3):
        best = min(cost(reading, hypothesis) for reading in readings(slots))
        reading = lattice.nearest([[one.split() for one in slot] for slot in slots], hypothesis)
        assert reading in readings(slots)
        assert cost(reading, hypothesis) == best, (slots, hypothesis)
        assert profile.count(lattice.written(slots), " ".join(hypothesis), "en").errors == best[0]


def test_the_two_scores_differ_where_the_board_s_is_not_the_cheapest() -> None:
    profile = get_profile("verbatim")
    slots, hypothesis = [["x y z", "x"]], ["x"]
    assert lattice.oiwer(slots, hypothesis) == ErrorCounts(hits=1, deletions=2)
    assert profile.count(lattice.written(slots), "x", "hi") == ErrorCounts(hits=1)
    assert lattice.oiwer([["a"], ["x y", "b"], ["c"]], ["a", "z", "c"]).errors == 2
    assert profile.count('[["a"], ["x y", "b"], ["c"]]', "a z c", "hi").errors == 1


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("hello world", None),
        ("hello { okay / ok / @ } there", [["hello"], ["okay", "ok", ""], ["there"]]),
        ("{ i will / i'll } go", [["i will", "i'll"], ["go"]]),
        ("(uh) yes", [["uh", ""], ["yes"]]),
        ("<contraction e_form=\"[it=>it][is=>'s]\">it's (%eh)", [["it's"], ["%eh", ""]]),
        ("a/b (two words) 3 < 4", None),
    ],
)
def test_what_nist_writes(text: str, slots: list[list[str]] | None) -> None:
    found = of_nist(text)
    assert (lattice.parse(found), found if slots is None else None) == (slots, text if slots is None else None)


@pytest.mark.parametrize("text", ["a { b / c", "a } b", "{ a / { b / c } }", "{ a / b } c }"])
def test_braces_that_are_not_closed(text: str) -> None:
    with pytest.raises(ValueError, match=r"a brace that is not closed|alternatives inside"):
        of_nist(text)


@needs_sctk
def test_alternatives_are_sclite_s(tmp_path: Path) -> None:
    """Of every reading sclite takes the cheapest by its own weights, 4 and 3."""
    references, hypotheses = [], []
    expected = ErrorCounts()
    for number, (slots, hypothesis) in enumerate(random_lattices(300, seed=4)):
        several = [slot for slot in slots if len(slot) > 1]
        if not several or not hypothesis:
            continue
        texts = [f"{{ {' / '.join(one or '@' for one in slot)} }}" if len(slot) > 1 else slot[0] for slot in slots]
        # Each utterance ends with the same word: sclite overlooks what is inserted at the very end of a lattice.
        references.append(f"{' '.join(filter(None, texts))} end (s-{number:03})\n")
        hypotheses.append(f"{' '.join(hypothesis)} end (s-{number:03})\n")
        said = [*hypothesis, "end"]
        counted = [counts_of(align_nist([*reading, "end"], said)) for reading in readings(slots)]
        expected += min(counted, key=lambda one: 4 * one.substitutions + 3 * (one.deletions + one.insertions))
    (tmp_path / "r.trn").write_text("".join(references))
    (tmp_path / "h.trn").write_text("".join(hypotheses))
    _, substituted, deleted, inserted = sclite_counts(tmp_path / "r.trn", tmp_path / "h.trn")
    weight = 4 * substituted + 3 * (deleted + inserted)
    assert weight == 4 * expected.substitutions + 3 * (expected.deletions + expected.insertions)


def test_files_with_alternatives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.trn").write_text("hello { okay / ok / @ } there (s-1)\n(uh) yes (s-2)\n", encoding="utf-8")
    (tmp_path / "h.trn").write_text("hello ok there (s-1)\nyes (s-2)\n", encoding="utf-8")
    assert main(["score", str(tmp_path / "h.trn"), "--reference", str(tmp_path / "r.trn"), "--json"]) == 0
    (score,) = json.loads(capsys.readouterr().out)
    assert score["benchmarks"][0]["errors"] == {"hits": 4, "substitutions": 0, "deletions": 0, "insertions": 0}


def test_rows_with_reference_lists(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    row = {"text": "ignored", "reference_lists": [["a", "b"], ["c"]], "pred_text": "b c"}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    (found,) = read_rows(path)
    assert get_profile("verbatim").count(found.reference, "b c", "en") == ErrorCounts(hits=2)
    for wrong in ([["a"], []], ["a"], [[1]], "a", None, [], [["a"], "b"]):
        path.write_text(json.dumps(row | {"reference_lists": wrong}) + "\n", encoding="utf-8")
        with pytest.raises(
            DataError, match=r"line 1: (not a list with|a variant that is not text|reference_lists is no JSON)"
        ):
            read_rows(path)
    path.write_text(json.dumps({"text": '[["a", 1]]', "pred_text": ""}) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 1: a variant that is not text"):
        read_rows(path)
    path.write_text(json.dumps({"text": [["colour", "color"]], "pred_text": ""}) + "\n", encoding="utf-8")
    assert read_rows(path)[0].reference == '[["colour", "color"]]'
    table = path.with_suffix(".csv")
    table.write_text('pred_text,reference_lists\nb,"[[""a"", ""b""]]"\n', encoding="utf-8")
    assert read_rows(table)[0].reference == '[["a", "b"]]'
    path.write_text(json.dumps({"text": "[[laughter]] yes", "pred_text": ""}) + "\n", encoding="utf-8")
    assert read_rows(path)[0].reference == "[[laughter]] yes"


@pytest.mark.parametrize("second", ["gelato", "x y z"])
def test_another_right_spelling_never_makes_a_score_worse(second: str) -> None:
    """Where compounds are merged, a reading that is one word with another is as near as its letters."""
    profile = get_profile("leaderboard@2026-08")
    assert profile.count(f'[["ice cream", "{second}"], ["now"]]', "icecream now", "en") == ErrorCounts(hits=3)
    assert profile.count(f'[["{second}", "icecream"], ["now"]]', "ice cream now", "en") == ErrorCounts(hits=2)
    assert profile.count(f'[["haus boot", "{second}"], ["jetzt"]]', "hausboot jetzt", "de").errors == 0


def test_neighbors_with_one_variant_are_normalized_together() -> None:
    profile = get_profile("leaderboard@2026-08")
    found = profile.count('[["twenty"], ["five"], ["colour", "hue"]]', "25 color", "en")
    assert found == ErrorCounts(hits=2)


if __name__ == "__main__":
    core, held = their_core(), list(random_lattices(100_000, seed=2))
    answers = (core.compute(words, slots) for slots, words in random_lattices(2_000))
    print(digest((*found[4], found[5]) for found in answers))
    seconds = []
    scorers: list[Any] = [lattice.oiwer, lambda slots, words: core.compute(words, slots)]
    for score in scorers:
        begin = time.perf_counter()
        for each in held:
            score(*each)
        seconds.append(time.perf_counter() - begin)
    ours, theirs = seconds
    print(f"{len(held):,} lattices: ours {ours:.1f} s, theirs {theirs:.1f} s, {ours / theirs:.1f} times")
