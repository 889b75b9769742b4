"""What plots show of each system: which averages, beside which others, and what is said below them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from harness.records.run import RunRecord
from harness.records.scores import Average, AverageSpeed, Scores
from harness.records.speed import Speed
from harness.reporting.drawing import Point
from harness.reporting.points import Points, by_length, points_of
from harness.scoring.large import pack
from harness.scoring.predictions import Predictions, System
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_counted
from harness.scoring.scored import Scored, count_predictions
from tests.harness.reporting.made import run
from tests.harness.scoring.made import lines, predictions

RULES = get_profile("verbatim")


def part(name: str, wrong: int, *, language: str = "en", length: float = 1.0, failed: int = 0) -> Predictions:
    """Ten utterances of ten units, of so many of them the first is wrong."""
    said = "犬猫鳥魚馬牛羊豚猿虎" if language == "ja" else "a b c d e f g h i j"
    heard = [None if at >= 10 - failed else f"x{said[1:]}" if at < wrong else said for at in range(10)]
    rows = lines(*((said, one) for one in heard), duration=[length] * 10, session=[f"s{at % 5}" for at in range(10)])
    return Predictions(benchmark=name, language=language, rows=rows, source=Path("x"))


def made(
    systems: dict[str, list[Predictions]],
    runs: list[RunRecord | None] | None = None,
    metric: Any = "wer",
    **changed: Any,
) -> tuple[Points, list[list[Scored]]]:
    scored = [[count_predictions(one, RULES) for one in parts] for parts in systems.values()]
    scores: list[Scores] = []
    for (name, parts), held in zip(systems.items(), scored, strict=True):
        found = score_counted(System(model=name, benchmarks=parts), RULES, held)
        entries = [replace(entry, speed=Speed(rtfx=10.0, audio_seconds=10.0)) for entry in found.benchmarks]
        scores.append(replace(found, benchmarks=tuple(entries), **changed.get(name, {})))
    known = runs or [None] * len(systems)
    return points_of([*systems], scores, known, scored, RULES, metric=metric), scored


def on(accelerator: str, served: int | None = None) -> RunRecord:
    model, settings = {"id": "m", "served": served is not None}, {"concurrency": served}
    return run(environment={"hardware": {"accelerator": accelerator}}, model=model, settings=settings)


def test_words_and_characters_have_points_of_their_own() -> None:
    systems = {"a": [part("x", 1), part("ja", 5, language="ja")], "b": [part("x", 2), part("ja", 2, language="ja")]}
    words, _ = made(systems)
    characters, _ = made(systems, metric="cer")
    assert [one.wer for one in words.averages] == [0.01, 0.02]
    assert [one.wer for one in characters.averages] == [0.05, 0.02]
    assert (words.benchmarks, characters.benchmarks) == (("x",), ("ja",))
    assert list(words.by_benchmark) == ["x"]
    assert words.over == "Over the one benchmark that all have: x."


def test_most_of_the_systems_say_which_machine_has_the_frontier() -> None:
    systems = {name: [part("x", at)] for at, name in enumerate("abcd")}
    points, _ = made(systems, [on("H100"), on("A100"), on("H100"), on("H100")])
    assert [one.frontier for one in points.averages] == [True, False, True, True]
    assert [one.elsewhere for one in points.averages] == [False, True, False, False]
    assert points.note == "Hollow beside speed and off the frontier, RTFx of other hardware: b."
    half, _ = made(systems, [on("H100"), on("A100"), on("H100"), on("A100")])
    assert [(one.frontier, one.elsewhere) for one in half.averages] == [(False, True)] * 4
    assert half.note == "No frontier: RTFx are of different hardware."


def test_servers_are_on_no_frontier_and_are_no_machine() -> None:
    systems = {name: [part("x", at)] for at, name in enumerate("abc")}
    points, _ = made(systems, [on("H100"), on("A100", served=8), on("A100", served=4)])
    assert [(one.frontier, one.elsewhere, one.served) for one in points.averages] == [
        (True, False, None), (False, False, 8), (False, False, 4),
    ]  # fmt: skip
    assert points.note == "Squares, off the frontier: throughput of servers at so many requests at a time."


def test_what_stands_beside_no_other_keeps_its_own_average() -> None:
    """`c` has another benchmark; its own average is shown, hollow, unless the suite is not complete."""
    systems = {"a": [part("x", 1)], "b": [part("x", 2)], "c": [part("y", 4), part("z", 2)]}
    points, scored = made(systems)
    assert [(one.wer, one.comparable) for one in points.averages] == [(0.01, True), (0.02, True), (0.03, False)]
    assert {name: len(found) for name, found in by_length([*systems], scored, points).items()} == {"a": 1, "b": 1}
    mixed = systems | {"c": [part("y", 4), part("ja", 2, language="ja")]}
    assert made(mixed)[0].averages[2].wer == 0.04, "over its words"
    assert made(mixed, c={"complete": False})[0].averages[2].wer is None


def test_classes_of_length_begin_at_their_bound_and_are_over_what_all_have() -> None:
    systems = {
        "a": [part("x", 1, length=5.0), part("y", 3, length=40.0), part("only", 9, length=1.0)],
        "b": [part("x", 2, length=5.0), part("y", 4, length=40.0)],
    }
    points, scored = made(systems)
    assert by_length(["a", "b"], scored, points) == {
        "a": [("5–10", 0.01, 10), ("30 and more", 0.03, 10)],
        "b": [("5–10", 0.02, 10), ("30 and more", 0.04, 10)],
    }


def test_rows_of_unknown_length_are_in_no_class_and_failed_ones_count_nothing() -> None:
    lengths = [None, 0.0, 1.99, 2.0, 4.5, 29.99, 30.0, 3600.0, 2.5, None]
    texts: list[tuple[str, str | None]] = [("a b c d", "a b x y"), ("", "what no rate counts")]
    texts += [("a b c d", "a b x y")] * 6 + [("a", None), ("a", "a")]
    held = count_predictions(predictions(*texts, name="x", ours=True, duration=lengths), get_profile("card@2026-04"))
    point = Point("m", 0.5, None)
    for one in (held, dataclasses.replace(held, counted=pack(held.counted))):
        assert by_length(["m"], [[one]], Points([point], {}, ("x",), "", "")) == {
            "m": [("0–2", 0.5, 2), ("2–5", 0.5, 3), ("20–30", 0.5, 1), ("30 and more", 0.5, 2)]
        }
        assert one.facts.durations.tolist() == [-1 if length is None else length for length in lengths]
        assert one.facts.seconds is None


def test_sorted_points_are_the_same_in_another_order() -> None:
    points, _ = made({"a": [part("x", 1)], "b": [part("x", 2)]})
    turned = points.sorted([1, 0])
    assert [one.model for one in turned.averages] == ["b", "a"]
    assert list(turned.by_benchmark["x"]) == ["b", "a"]
    assert turned.by_benchmark["x"]["a"].wer == 0.01


def test_transcripts_that_were_written_before_have_no_place_among_speeds() -> None:
    """Nor does the machine that looked them up say which one most were timed on."""
    systems = {name: [part("x", wrong)] for wrong, name in enumerate("abc", start=1)}
    average = {name: {"average": replace(_average(), wer=0.1 * at)} for at, name in enumerate("abc", start=1)}
    old = run(environment={"hardware": {"accelerator": "A100"}}, model={"id": "transcripts:a.jsonl"})
    points, _ = made(systems, [old, old, on("H100")], **average)
    assert [(one.rtfx, one.frontier, one.elsewhere, one.comparable) for one in points.averages] == [
        (None, False, False, True),
        (None, False, False, True),
        (10.0, True, False, True),
    ]
    assert points.note == ""


def _average() -> Average:
    return Average(speed=AverageSpeed(rtfx=10.0))
