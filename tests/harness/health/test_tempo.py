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


def test_a_clip_that_is_cut_in_a_pause(real: list[tuple[Seen, np.ndarray, int]]) -> None:
    """Half of it, faded out: nothing at its end says that there was more."""
    found = []
    for at, (row, samples, rate) in enumerate(real):
        if len(samples) > 3 * rate:
            half = samples[: int(len(samples) * 0.45)].copy()
            half[-rate // 5 :] *= np.linspace(1, 0, rate // 5, dtype=np.float32)[:, None] ** 4
            one = replace(row, facts=measure(half, rate))
            found.append(bool({("cut_off", one.id), ("reference_long", one.id)} & {*kinds(with_one(real, at, one))}))
    assert len(found) >= 10
    assert sum(found) >= 0.8 * len(found)


def test_the_pace_of_speech_is_that_of_its_speed(real: list[tuple[Seen, np.ndarray, int]]) -> None:
    """Whatever is said, and at every rate."""
    paces: dict[float, list[float]] = {0.5: [], 1.0: [], 2.0: []}
    for _, samples, rate in real:
        if len(samples) > 3 * rate:
            for factor, found in paces.items():
                found.append(measure(samples, round(rate * factor)).pace)
    half, as_it_is, twice = (float(np.median(found)) for found in paces.values())
    assert 0.10 < half < 0.22 < as_it_is < 0.36 < twice < 0.55
    assert all(one < two < three for one, two, three in zip(*paces.values(), strict=True))
    assert np.isnan(measure(samples[:800], rate).pace), "too little is heard"


def test_who_speaks_fast_is_not_cut(real: list[tuple[Seen, np.ndarray, int]]) -> None:
    """The same surplus of letters, alone and as one of five of a speaker who always has it."""

    def of(session: str, at: int, times: float) -> Seen:
        letters = "word " * round(14 * 3 * times / 4)
        return seen(letters, id=f"{session}{at}", session=session, facts=replace(facts(), active=3.25, seconds=3.5))

    usual = [of(f"s{at}", at, 1.0) for at in range(20)]
    assert kinds(usual) == []
    assert kinds([*usual, of("x", 0, 1.6)]) == [("cut_off", "x0")]
    fast = [of("x", at, 1.6) for at in range(6)]
    assert kinds([*usual, *fast]) == []


def test_what_is_not_heard_is_not_judged(real: list[tuple[Seen, np.ndarray, int]]) -> None:
    row = real[0][0]
    assert (
        kinds([replace(row, facts=None), replace(row, id="b", reference=""), replace(row, id="c", reference="!")]) == []
    )
