"""Run by test_mutated_audio.py in a process of its own: decodes files with broken headers, and counts what came."""

from __future__ import annotations

import json
import random
import resource
import sys
from collections import Counter

import numpy as np

from benchmarks.dataset import Audio, Utterance
from benchmarks.sources.header import seconds
from harness.audio import load_clip
from harness.errors import DataError
from tests.benchmarks.layouts import encode

FORMS = {
    "wav": ("WAV", "PCM_16"),
    "float": ("WAV", "FLOAT"),
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "vorbis": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "sphere": ("NIST", "PCM_16"),
}
HEAD = 200
"""Bytes from the beginning in which something is broken."""


def main(count: int) -> None:
    """Decodes; prints one JSON line."""
    rng = random.Random(20)
    tone = np.sin(np.arange(8_000) * 0.2).astype(np.float32) * 0.3
    forms = {name: encode(tone, 16_000, *form) for name, form in FORMS.items()}
    outcomes: Counter[str] = Counter()
    longest = 0
    for number in range(count):
        name = list(forms)[number % len(forms)]
        data = mutate(forms[name], rng)
        audio = Audio(origin=f"{name} {number}", data=data)
        stated = seconds(audio)
        assert stated is None or 0 < stated < 1e9
        try:
            clip = load_clip(Utterance(id=str(number), audio=audio, reference="", language="en", duration=stated))
            longest = max(longest, len(clip.waveform))
            outcomes["decoded" if len(clip.waveform) > 0 and np.isfinite(clip.waveform).all() else "wrong"] += 1
        except DataError as error:
            outcomes["refused" if "\n" not in str(error) else "wrong"] += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**outcomes, "longest": longest, "peak_mib": peak}))


def mutate(data: bytes, rng: random.Random) -> bytes:
    """One to three bytes of the header changed, or all 0xFF, or bytes put in, taken out, or the end cut off."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(min(HEAD, len(out)))
        kind = rng.randrange(6)
        if kind <= 1:
            out[at] = rng.randrange(256)
        elif kind == 2:
            out[at : at + 4] = rng.choice(
                [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00", b"\xff\xff\xff\x7f"]
            )
        elif kind == 3:
            out[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 8)))
        elif kind == 4:
            del out[at : at + rng.randint(1, 8)]
        else:
            del out[rng.randrange(1, len(out)) :]
        if not out:
            break
    return bytes(out)


if __name__ == "__main__":
    main(int(sys.argv[1]))
