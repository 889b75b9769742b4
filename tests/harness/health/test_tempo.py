"""References that do not fit their length, speech at the wrong speed, cut clips: on real speech."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from benchmarks.corpora import sample
from benchmarks.dataset import Request, open_dataset
from harness.health.hear import measured
from harness.health.measure import measure
from harness.health.seen import Seen
from harness.health.tempo import check_tempo
from tests.harness.health.made import facts, seen


@pytest.fixture(scope="module")
def real() -> list[tuple[Seen, np.ndarray, int]]:
    """The recordings that come with the project, with their samples."""
    rows = []
    for dataset in (sample.READ, sample.COMMANDS):
        for one in open_dataset(dataset, Request()):
            samples, rate = soundfile.read(one.audio.open(), dtype="float32", always_2d=True)
            row = seen(one.reference, id=one.id, session=one.session, facts=measured(one)[0])
            rows.append((row, samples, rate))
    return rows


def kinds(rows: list[Seen]) -> list[tuple[str, str | None]]:
    return sorted((one.kind, one.utterance) for one in check_tempo(rows))


def test_real_clips_fit(real: list[tuple[Seen, np.ndarray, int]]) -> None:
    assert kinds([row for row, _, _ in real]) == []


def longest(real: list[tuple[Seen, np.ndarray, int]]) -> int:
    return max(range(len(real)), key=lambda at: len(real[at][1]))


def with_one(real: list[tuple[Seen, np.ndarray, int]], at: int, one: Seen) -> list[Seen]:
    return [one if place == at else row for place, (row, _, _) in enumerate(real)]


def test_a_reference_that_is_too_long(real: list[tuple[Seen, np.ndarray, int]]) -> None:
    at = longest(real)
    one = replace(real[at][0], reference=" ".join([real[at][0].reference] * 4))
    assert kinds(with_one(real, at, one)) == [("reference_long", one.id)]


@pytest.mark.parametrize(("letters", "expected"), [(29, []), (33, ["reference_long"])])
def test_nobody_speaks_so_fast(letters: int, expected: list[str]) -> None:
    one = seen("ab " * round(letters * 3.1 / 2), facts=replace(facts(), seconds=3.0, active=3.0, last=-40.0, pitch=0.0))
    assert [found.kind for found in check_tempo([one])] == expected


def test_a_reference_that_is_too_short(real: list[tuple[Seen, np.ndarray, int]]) -> None:
    at = longest(real)
    one = replace(real[at][0], reference="I")
    assert kinds(with_one(real, at, one)) == [("reference_short", one.id)]


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_the_wrong_rate(real: list[tuple[Seen, np.ndarray, int]], factor: float) -> None:
    found = []
    for at, (row, samples, rate) in enumerate(real):
        if len(samples) > 3 * rate:
            one = replace(row, facts=measure(samples, round(rate * factor)))
            found.append(("wrong_rate", one.id) in kinds(with_one(real, at, one)))
    assert len(found) >= 10
    assert sum(found) >= 0.8 * len(found)


@pytest.mark.parametrize(("factor", "speed"), [(0.5, "half"), (2.0, "twice")])
def test_a_whole_set_at_the_wrong_rate(real: list[tuple[Seen, np.ndarray, int]], factor: float, speed: str) -> None:
    rows = [replace(row, facts=measure(samples, round(rate * factor))) for row, samples, rate in real]
    (found,) = [one for one in check_tempo(rows) if one.utterance is None]
    assert found.message == f"the whole set sounds like speech at {speed} its speed"


def test_a_clip_that_is_cut(real: list[tuple[Seen, np.ndarray, int]]) -> None:
    found = []
    for at, (row, samples, rate) in enumerate(real):
        if len(samples) > 3 * rate:
            loud = np.convolve(np.abs(samples[:, 0]), np.ones(800), "same")
            half = len(samples) // 2
            end = half - 4_000 + int(loud[half - 4_000 : half + 4_000].argmax())
            one = replace(row, facts=measure(samples[:end], rate))
            found.append(bool({("cut_off", one.id), ("reference_long", one.id)} & {*kinds(with_one(real, at, one))}))
    assert sum(found) >= 0.7 * len(found)


def test_what_is_not_heard_is_not_judged(real: list[tuple[Seen, np.ndarray, int]]) -> None:
    row = real[0][0]
    assert (
        kinds([replace(row, facts=None), replace(row, id="b", reference=""), replace(row, id="c", reference="!")]) == []
    )
