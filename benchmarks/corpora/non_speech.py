"""The `non_speech` benchmark: sounds in which nobody says anything, synthesized. Every word of them is made up.

Nothing of it is stored: each clip is made when it is read, from its sort of sound and its number (`benchmarks.sounds`).
A session is a sort of sound.
"""

from __future__ import annotations

import hashlib
import io
import wave
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.dataset import Audio, Dataset, Request, Source, Utterance, Utterances
from benchmarks.sounds import NON_SPEECH, RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = "1"
"""Counted up where a clip becomes another one."""

LENGTHS = {
    "silence": (2, 20),
    "room": (5, 12),
    "white": (3, 8),
    "pink": (6, 10),
    "hum": (2, 9),
    "clicks": (4, 14),
    "tone": (3, 10),
    "music": (8, 60),
    "breath": (2, 12),
    "ringing": (6, 24),
    "engine": (3, 12),
}
"""Seconds of the clips of each sort."""

LEVELS = (0.5, 0.05)
"""The loudest sample of a sort's clips, in turn: -6 and -26 dB of full scale."""


def clips() -> list[tuple[str, str, int, float]]:
    """Id, sort of sound, seconds and loudest sample of each clip."""
    return [
        (f"{sound}_{seconds:02d}s", sound, seconds, LEVELS[turn % len(LEVELS)])
        for number, sound in enumerate(NON_SPEECH)
        for turn, seconds in enumerate(LENGTHS[sound], start=number)
    ]


def samples(name: str, sound: str, seconds: int, level: float) -> NDArray[np.int16]:
    """The samples of a clip, 16 kHz, 16 bits."""
    seed = int.from_bytes(hashlib.sha256(f"{VERSION} {name}".encode()).digest())
    made = NON_SPEECH[sound](np.random.default_rng(seed), seconds * RATE)
    return np.rint(made * level * 32_767).astype("<i2")


def _wav(made: NDArray[np.int16]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(made.tobytes())
    return file.getvalue()


def _utterances(request: Request) -> Utterances:
    request.note("source", "embedded:benchmarks.sounds")
    request.note("revision", VERSION)
    for name, sound, seconds, level in clips():
        wanted = request.audio and (request.wanted is None or name in request.wanted)
        data = _wav(samples(name, sound, seconds, level)) if wanted else b""
        yield Utterance(
            id=name,
            audio=Audio(origin=f"synthesized: {name}", data=data),
            reference="",
            language="en",
            duration=float(seconds),
            session=sound,
            tags={"sound": sound},
        )


NON_SPEECH_CLIPS = Dataset(
    name="non_speech",
    title="Sounds in which nothing is said",
    language="en",
    license="Apache-2.0",
    sources=(
        Source(
            kind="embedded",
            where="benchmarks.sounds",
            open=_utterances,
            state=lambda _request: VERSION,
            revision=VERSION,
        ),
    ),
    rows=22,
    hours=0.06528,
    words=0,
    notes=(
        "Silence, a quiet room, white and pink noise, mains hum, clicks, test tones, music-like sound, breath, a phone "
        "that rings, an engine; 2 to 60 s, made by the project, so that no model was trained on them. References are "
        "empty: there is no error rate, but words a minute."
    ),
)
