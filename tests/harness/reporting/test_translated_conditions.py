"""Translations under conditions beside clean: scores are sacrebleu's, differences those of paired draws of sessions."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import sacrebleu

from harness.perturb.names import joined
from harness.records.journal import Line
from harness.reporting.report import Wishes, _answers, _counted, _tables
from harness.reporting.table import Table
from harness.reporting.translated_conditions import translated_conditions_table
from harness.scoring import resampling, translation
from harness.scoring.predictions import Predictions, System
from harness.scoring.profiles import built_in_profile
from harness.scoring.scored import Scored, count_predictions
from harness.scoring.significance import holm
from tests.harness.scoring.made import line

PROFILE = built_in_profile("leaderboard@2026-08")
WORDS = "the cat sat on a mat and then it saw one bird in its old tree".split()  # noqa: SIM905
NOISY = joined("b", "noise@10dB")
DRAW = random.Random(5)
REFERENCES = [" ".join(DRAW.choices(WORDS, k=8)) for _ in range(24)]


def heard(share: float, seed: int) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(w if draw.random() > share else draw.choice(WORDS) for w in one.split()) for one in REFERENCES]


def scored(name: str, hypotheses: list[str], *, sessions: int = 8, turned: bool = False) -> Scored:
    rows: list[Line] = [
        line(f"u{at}", reference, text, target="en", session=f"s{at % sessions}", language="de")
        for at, (reference, text) in enumerate(zip(REFERENCES, hypotheses, strict=True))
    ]
    rows = rows[::-1] if turned else rows
    return count_predictions(Predictions(benchmark=name, language="de", rows=rows, source=Path(name)), PROFILE)


def table_of(*held: Scored) -> Table:
    found = translated_conditions_table(["m"], [held])
    assert found is not None
    return found


def corpus(kind: str, texts: list[str]) -> float:
    if kind == "bleu":
        return float(sacrebleu.corpus_bleu(texts, [REFERENCES]).score)
    return float(sacrebleu.corpus_chrf(texts, [REFERENCES], word_order=2).score)


def test_scores_and_differences() -> None:
    clean, far, near = heard(0.1, 1), heard(0.5, 2), heard(0.2, 3)
    table = table_of(scored("b", clean), scored(NOISY, far, turned=True), scored(joined("b", "noise@20dB"), near))
    rows = [dict(zip([column.key for column in table.columns], row, strict=True)) for row in table.rows]
    assert [
        (row["model"].value, row["benchmark"].value, row["condition"].value, row["score"].value) for row in rows
    ] == [("m", "b", condition, score) for score in ("BLEU", "chrF++") for condition in ("noise@10dB", "noise@20dB")]
    sessions = [f"s{at % 8}" for at in range(24)]
    kinds: tuple[translation.Kind, ...] = ("bleu", "chrf")
    for kind, mine in zip(kinds, (rows[:2], rows[2:]), strict=True):

        def value(sums: tuple[float, ...], kind: translation.Kind = kind) -> float | None:
            return translation.score(kind, sums)

        before = translation.statistics(kind, clean, REFERENCES, "en")
        changes = []
        for row, texts in zip(mine, (far, near), strict=True):
            assert row["value"].value == pytest.approx(corpus(kind, texts))
            assert row["clean"].value == pytest.approx(corpus(kind, clean))
            change = resampling.difference(
                translation.statistics(kind, texts, REFERENCES, "en"), before, sessions, value
            )
            assert change is not None
            changes.append(change.p)
            found = row["difference"]
            assert (found.value, found.low, found.high) == pytest.approx((change.value, change.low, change.high))
            assert float(found.value or 0.0) < 0
            assert row["value"].low is not None
            assert row["sessions"].value == 8
        assert [row["p"].value for row in mine] == holm(changes)


def test_what_cannot_stand_beside_clean_is_said() -> None:
    lost = table_of(scored(NOISY, heard(0.5, 2)))
    assert (lost.rows, lost.notes) == (
        (),
        ("No clean run of the same utterances beside it, for m: b+noise@10dB.",),
    )
    few = table_of(scored("b", heard(0.1, 1), sessions=3), scored(NOISY, heard(0.5, 2), sessions=3))
    cell = few.rows[0][6]
    assert (cell.value, cell.notes) == (None, ("under five sessions there is no interval",))
    assert translated_conditions_table(["m"], [[scored("b", heard(0.1, 1))]]) is None
    failed = scored(NOISY, heard(0.5, 2))
    rows = [replace_text(row) if row.id == "u3" else row for row in failed.predictions.rows]
    part = count_predictions(replace(failed.predictions, rows=rows), PROFILE)
    found = table_of(scored("b", heard(0.1, 1)), part).rows[0][4]
    assert found.notes == ("1 utterance left out, not translated both times",)


def replace_text(row: Line) -> Line:
    import msgspec

    return msgspec.structs.replace(row, hypothesis=None, error="lost")


def test_a_report_has_and_shows_it() -> None:
    held = [scored("b", heard(0.1, 1)), scored(NOISY, heard(0.5, 2))]
    systems = [System(model="m", benchmarks=[one.predictions for one in held])]
    found = _counted(systems, PROFILE, Wishes(), lambda _: None)
    shown, _ = _tables(found, PROFILE, Wishes())
    assert shown["translated_conditions"].caption.startswith("Profile leaderboard@2026-08. 0 to 100")
    assert shown["translated_conditions"] in _answers(found, shown)
