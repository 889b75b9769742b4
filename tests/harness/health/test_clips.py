"""Checks of one clip: each kind on a real recording with that one thing wrong, and nothing on the recording itself."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from harness.health.clips import check_clip
from tests.harness.health.made import SAMPLE, changed, heard, names, noise, seen, speech


def kinds(one: object) -> list[str]:
    return [found.kind for found in check_clip(one)]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", names())
def test_real_recordings_are_sound(name: str) -> None:
    samples, rate = soundfile.read(SAMPLE / name, dtype="float32", always_2d=True)
    assert [found.kind for found in check_clip(heard(samples, rate)) if found.severity != "info"] == []


def test_what_cannot_be_decoded() -> None:
    (found,) = check_clip(seen(facts=None, trouble="a.wav: it is an HTML page"))
    assert (found.kind, found.severity, found.message) == ("unreadable", "high", "a.wav: it is an HTML page")


LEVEL = float(np.sqrt(np.mean(speech() ** 2)))
COUNT = len(speech())


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (speech() * 0, "silence"),
        (noise(COUNT) * 2e-4, "silence"),
        (noise(COUNT) * 0.05, "no_speech"),
        (np.sin(np.arange(COUNT) * 0.3)[:, None] * 0.2, "no_speech"),
        (np.hstack([speech(), speech() * 0]), "dead_channel"),
        (np.hstack([speech(), -speech()]), "opposite_phase"),
        (np.hstack([speech(), noise(COUNT) * LEVEL]), "one_channel"),
        (np.hstack([speech(0)[:48_000], speech(1)[:48_000]]), "channels_differ"),
        (np.clip(np.vstack([speech(), -speech()]) * 6, -1, 1), "clipping"),
        (np.clip(speech(), -0.15, 0.15), "clipping"),
        (speech() + 0.1, "offset"),
        (speech() + 0.3 * LEVEL * np.sin(np.arange(COUNT) * 2 * np.pi * 50 / 16_000)[:, None], "tone"),
        (np.vstack([speech(), np.zeros((3 * COUNT, 1))]), "long_silence"),
        (speech() * 32_768, "integer_scale"),
        (speech() * 0.01, "quiet"),
    ],
)
def test_one_thing_wrong(samples: np.ndarray, expected: str) -> None:
    assert kinds(heard(samples)) == [expected]


def test_the_channel_that_speaks_is_named() -> None:
    (found,) = check_clip(heard(np.hstack([noise(COUNT) * LEVEL, speech()])))
    assert (found.kind, found.where) == ("one_channel", "channel 1")


def test_a_hole_says_where() -> None:
    samples = speech().copy()
    loud = int(np.abs(samples[8_000:40_000]).argmax()) + 8_000
    samples[loud : loud + 3_200] = 0
    (found,) = check_clip(heard(samples))
    assert (found.kind, found.severity) == ("gap", "medium")
    assert found.where is not None
    assert float(found.where.split()[0]) == pytest.approx(loud / 16_000, abs=0.006)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"offset": 0.0201}, ["offset"]),
        ({"offset": -0.0199}, []),
        ({"tone": 50.0, "tone_level": -29.0}, ["tone"]),
        ({"tone": 50.0, "tone_level": -31.0}, []),
        ({"edge": 4_000.0}, ["narrow_band"]),
        ({"edge": 4_000.0, "rate": 8_000}, []),
        ({"clipped_runs": 5, "clipped": 40}, ["clipping"]),
        ({"clipped_runs": 4, "clipped": 40}, []),
        ({"near_peak": 0.013}, ["clipping"]),
        ({"crest": 4.9}, ["clipping"]),
        ({"crest": 5.1}, []),
        ({"crest": 4.9, "tone": 440.0, "tone_level": -10.0}, ["tone"]),
        ({"gap": 0.2, "gap_at": 1.0, "gap_abrupt": True}, ["gap"]),
        ({"gap": 0.05, "gap_at": 1.0, "gap_abrupt": True}, []),
        ({"begin": 1.0, "end": 2.0, "seconds": 4.4}, ["long_silence"]),
        ({"begin": 1.0, "end": 2.0, "seconds": 2.9}, []),
        ({"channels": 2, "levels": (-20.0, -59.0), "changes": (6.0, 6.0), "correlation": 0.9}, []),
        ({"channels": 2, "levels": (-20.0, -61.0), "changes": (6.0, 6.0), "correlation": 0.9}, ["dead_channel"]),
        ({"channels": 2, "levels": (-20.0, -20.0), "changes": (6.0, 6.0), "correlation": -0.81}, ["opposite_phase"]),
        ({"channels": 2, "levels": (-20.0, -20.0), "changes": (6.0, 2.0), "correlation": 0.1}, ["one_channel"]),
        ({"channels": 2, "levels": (-20.0, -20.0), "changes": (6.0, 6.0), "correlation": 0.31}, []),
    ],
)
def test_thresholds(facts: dict[str, object], expected: list[str]) -> None:
    assert kinds(seen(facts=changed(**facts))) == expected


def test_an_odd_container_does_not_hide_the_rest() -> None:
    assert kinds(seen(facts=changed(offset=0.1), odd=("its header is wrong: 3 bytes",))) == ["container", "offset"]


@pytest.mark.parametrize(("keep", "severity"), [(0.5, "medium"), (0.7, "medium")])
def test_a_file_that_was_not_fetched_to_its_end(keep: float, severity: str) -> None:
    """The rest is zeros, from the midst of sound on."""
    samples = speech().copy()
    loud = np.flatnonzero(np.abs(samples[:, 0]) > 0.2 * np.abs(samples).max())
    begin = int(loud[loud < keep * len(samples)][-1]) + 1
    samples[begin:] = 0
    (found,) = [one for one in check_clip(heard(samples)) if one.kind == "gap"]
    assert found.severity == severity
    milliseconds = f"{1000 * (len(samples) - begin) / 16_000:.0f}"
    assert found.message == f"{milliseconds} ms of exact zeros at the end, which begin in the midst of sound"
    faded = speech().copy()
    faded[begin:] = 0
    faded[begin - 3_200 : begin] *= np.linspace(1, 0, 3_200, dtype=np.float32)[:, None] ** 4
    assert [one for one in check_clip(heard(faded)) if one.kind == "gap"] == [], "padded after it faded out"
    short = speech()[: begin + 3_900].copy()
    short[begin:] = 0
    assert [one for one in check_clip(heard(short)) if one.kind == "gap"] == [], "less than a quarter of a second"
