"""Run by test_mutated_forms.py in a process of its own: hears broken files of every form, and counts what came."""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections import Counter

import numpy as np

from benchmarks.sources.header import seconds
from harness.audio import hear
from harness.errors import DataError
from tests.benchmarks.mutated_audio import mutate
from tests.harness.audio.forms import FORMS, audio, encode, speech

SAMPLES = 8_000
"""Of the clip: half a second."""


def broken(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    """A header that is broken, bytes anywhere that are, a part that is missing or doubled, or two forms in one file."""
    kind = rng.randrange(6)
    if kind <= 2:
        return mutate(data, rng)
    first, second = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    if kind == 3:
        out = bytearray(data)
        for _ in range(rng.randint(1, 20)):
            out[rng.randrange(len(out))] = rng.randrange(256)
        return bytes(out)
    if kind == 4:
        return data[:first] + data[second:] if rng.random() < 0.5 else data[:second] + data[first:]
    return data[:first] + rng.choice(others)[second:]


def main(count: int, seed: int) -> None:
    """Hears; prints one JSON line."""
    rng = random.Random(seed)
    forms = {form: encode(form, speech()[:SAMPLES]) for form in FORMS}
    outcomes: Counter[str] = Counter()
    longest, slowest, wrong = 0, 0.0, []
    for number in range(count):
        form = FORMS[number % len(FORMS)]
        row = audio(broken(forms[form], rng, list(forms.values())), channel=rng.choice((None, None, "best", 0, 1)))
        begin = time.process_time()
        stated = seconds(row)
        try:
            sound = hear(row)
            longest = max(longest, len(sound.waveform))
            good = len(sound.waveform) > 0 and bool(np.isfinite(sound.waveform).all())
            outcomes["decoded" if good and (stated is None or 0 < stated < 1e7) else "wrong"] += 1
        except DataError as error:
            text = str(error)
            one_line = "\n" not in text and text.startswith("clip: ") and len(text) < 400 and text.isprintable()
            outcomes["refused" if one_line else "wrong"] += 1
            wrong += [] if one_line else [text]
        slowest = max(slowest, time.process_time() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report = {**outcomes, "longest": longest, "slowest_s": slowest, "peak_mib": peak, "lines": wrong[:5]}
    print(json.dumps(report))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
