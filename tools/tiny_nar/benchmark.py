"""Makes the audio of the `digits` benchmark: python -m tools.tiny_nar.benchmark [--out FOLDER].

Digit strings in voices that training never used. Needs espeak-ng 1.51 and flite 2.2 on the path; with these versions
the files come out the same to the bit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr

from harness.types import SAMPLE_RATE
from tools.tiny_nar import speech

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRINGS_A_VOICE = ((22, 1, 3), (3, 4, 8))
"""Strings of so many digits, from and to: short ones, because what is wrong at the edge of a clip is most of those."""
RATE = 8000
"""Samples a second, as telephones have."""
NOISE_DB = 15.0
"""How far the noise is below the speech: some words are hard then, and a network that is computed a little wrong gets
other ones wrong."""


def noisy(waveform: NDArray[np.float32], chance: random.Random) -> NDArray[np.float32]:
    """The waveform at `RATE`, with noise that is mostly low, as that of rooms is; its peak is half of full scale."""
    noise = np.random.default_rng(chance.getrandbits(32)).normal(0, 1, len(waveform))
    noise = np.convolve(noise, np.ones(12) / 12, mode="same")
    noise *= np.sqrt(np.mean(waveform**2) / np.mean(noise**2)) * 10 ** (-NOISE_DB / 20)
    mixed = soxr.resample((waveform + noise).astype(np.float32), SAMPLE_RATE, RATE)
    scaled: NDArray[np.float32] = mixed * (0.5 / np.abs(mixed).max())
    return scaled


def main() -> None:
    """Writes FLAC files and manifest.jsonl."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/corpora/digits_audio"))
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    chance = random.Random(20)
    lines = []
    for voice in speech.HELD_OUT_VOICES:
        session = voice.replace(":", "_").replace("+", "_").replace("-", "_")
        lengths = [(low, high) for times, low, high in STRINGS_A_VOICE for _ in range(times)]
        for number, (low, high) in enumerate(lengths):
            words = speech.random_words(chance, low, high, oh=0.0)
            text = "".join(word + (", " if chance.random() < 0.2 else " ") for word in words)
            waveform = speech.synthesize(voice, text, rate=chance.uniform(0.85, 1.15), pitch=chance.uniform(0.35, 0.65))
            # Cut close: a clip that ends in silence hides what is wrong at its end.
            waveform = noisy(speech.trimmed(waveform, floor=0.03, margin=160), chance)
            name = f"{session}_{number}"
            file = out / f"{name}.flac"
            soundfile.write(file, waveform, RATE, subtype="PCM_16", compression_level=1.0)
            lines.append(
                {
                    "id": name,
                    "audio": file.name,
                    "text": " ".join(words),
                    "language": "en",
                    "session": session,
                    "duration": round(len(waveform) / RATE, 4),
                    "voice": voice,
                    "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                }
            )
    (out / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    main()
