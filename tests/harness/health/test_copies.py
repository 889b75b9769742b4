"""Copies of audio and of references: found through gain, cuts, codecs and rates, and not between different words."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import soxr

from harness.health.copies import check_copies, likeness
from harness.health.measure import measure
from harness.health.seen import Seen
from tests.harness.health.made import SAMPLE, names, noise, seen, speech

if TYPE_CHECKING:
    from tests.harness.health.made import Samples


def row(name: str, samples: Samples, reference: str, rate: int = 16_000) -> tuple[Seen, Samples]:
    """An utterance and its audio."""
    mono = samples.mean(axis=1).astype(np.float32)
    heard = mono if rate == 16_000 else soxr.resample(mono, rate, 16_000)
    return seen(reference, id=name, facts=measure(samples.astype(np.float32), rate)), heard


def found(*rows: tuple[Seen, Samples]) -> list[tuple[str, str | None, tuple[str, ...]]]:
    audio = {one.id: heard for one, heard in rows}
    findings = check_copies([one for one, _ in rows], lambda one: audio[one.id])
    return [(one.kind, one.utterance, one.others) for one in findings]


A, B = "the first of the references in this set", "quite another one that has nothing in common"


def as_ogg(samples: Samples) -> Samples:
    file = io.BytesIO()
    soundfile.write(file, samples, 16_000, format="OGG", subtype="OPUS")
    file.seek(0)
    decoded: Samples = soundfile.read(file, dtype="float32", always_2d=True)[0]
    return decoded


@pytest.mark.parametrize(
    ("change", "rate"),
    [
        (lambda one: one.copy(), 16_000),
        (lambda one: one * 0.2, 16_000),
        (lambda one: -one, 16_000),
        (lambda one: one[1_111:], 16_000),
        (lambda one: one[:-4_000], 16_000),
        (lambda one: one + noise(len(one), 3) * 0.002, 16_000),
        (lambda one: one + noise(len(one), 3) * 0.25 * one.std(), 16_000),
        (lambda one: soxr.resample(one, 16_000, 8_000), 8_000),
        (lambda one: soxr.resample(one, 16_000, 44_100), 44_100),
        (lambda one: np.hstack([one, one]), 16_000),
        (as_ogg, 16_000),
    ],
)
def test_a_copy_is_found(change: object, rate: int) -> None:
    copy = change(speech())  # type: ignore[operator]
    rows = [row("a", speech(), A), row("b", speech(1), B), row("c", copy, A, rate)]
    assert ("duplicate_audio", "c", ("a",)) in found(*rows)
    assert not [one for one in found(*rows) if one[1] == "b"]


def test_a_copy_whose_audio_is_not_to_be_had_again() -> None:
    rows = [row("a", speech(), A)[0], row("b", speech(1), B)[0], row("c", speech()[1_600:] * 0.3, A)[0]]
    findings = check_copies(rows, lambda _: None)
    assert [(one.kind, one.utterance) for one in findings][:1] == [("duplicate_audio", "c")]


def test_a_copy_under_another_reference_is_a_contradiction_on_both() -> None:
    rows = [row("a", speech(), A), row("b", speech(1), B), row("c", speech() * 0.5, B.upper() + " and more")]
    assert found(*rows) == [("contradiction", "a", ("c",)), ("contradiction", "c", ("a",))]


def test_case_and_punctuation_are_no_contradiction() -> None:
    assert found(row("a", speech(), A), row("c", speech(), f"{A.title()}!")) == [
        ("duplicate_audio", "c", ("a",)),
        ("repeated_reference", None, ("a",)),
    ]


def test_different_recordings_are_no_copies() -> None:
    rows = []
    for number, name in enumerate(names()):
        samples, rate = soundfile.read(SAMPLE / name, dtype="float32", always_2d=True)
        rows.append(row(name, samples, f"reference number {number}", rate))
    assert [one for one in found(*rows) if one[0] in {"duplicate_audio", "contradiction"}] == []


def test_silence_is_no_copy_of_silence() -> None:
    rows = [row("a", speech() * 0, A), row("b", speech(1) * 0, B)]
    assert found(*rows) == []


def test_likeness_is_of_the_best_shift() -> None:
    one = noise(32_000)[:, 0]
    assert likeness(one, one) == pytest.approx(1.0, abs=0.01)
    assert likeness(one[5_000:], one[:-3_000]) > 0.8
    assert likeness(one, noise(32_000, 1)[:, 0]) < 0.1


def texts(*references: str, session: str | None = None) -> list[tuple[str, str | None]]:
    rows = [
        seen(text, id=str(number), facts=None, session=session or str(number)) for number, text in enumerate(references)
    ]
    return [(one.kind, one.utterance) for one in check_copies(rows, lambda _: None)]


@pytest.mark.parametrize(
    "other",
    [
        "the quick brown fox jumps over the lazy dig today",
        "the quick brown fox jumps over the lazy dogs today",
        "the quick brown fix jumps over the lazy dog today",
        "teh quick brown fox jumps over the lazy dog today",
    ],
)
def test_references_that_differ_by_a_few_characters(other: str) -> None:
    first = "the quick brown fox jumps over the lazy dog today"
    assert texts(first, other, "something else that is said in a long sentence") == [("near_duplicate_reference", "1")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("turn on the light", "turn on the lights"),
        ("the quick brown fox jumps over the lazy dog", "the quick brown cat jumps over the sleepy cow"),
        ("nine eight seven six five four three two one", "one two three four five six seven eight nine"),
    ],
)
def test_short_or_different_references_are_let_be(one: str, other: str) -> None:
    assert texts(one, other) == []


def test_a_pattern_is_one_finding_of_the_set() -> None:
    made = [f"please set the timer in the kitchen to {word} minutes" for word in ("one", "two", "ten", "six", "five")]
    assert texts(*made) == [("template", None)]


def test_one_reference_for_most_rows() -> None:
    rows = texts(*["yes"] * 10, *(f"something else number {word}" for word in "abcdefghij"))
    assert rows == [("repeated_reference", None)]
    assert texts(*["yes"] * 9, *(f"something else number {word}" for word in "abcdefghij")) == []
