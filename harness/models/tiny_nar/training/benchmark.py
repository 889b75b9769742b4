"""Makes the audio of the `digits` benchmark: python -m harness.models.tiny_nar.training.benchmark [--out FOLDER].

Digit strings in voices that training never used. Needs espeak-ng 1.51 and flite 2.2 on the path; with these versions
the files come out the same to the bit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
from pathlib import Path

import numpy as np
import soundfile

from harness.models.tiny_nar.training import speech
from harness.types import SAMPLE_RATE

STRINGS_A_VOICE = 6


def main() -> None:
    """Writes FLAC files and manifest.jsonl."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/corpora/digits_audio"))
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    chance = random.Random(20)  # noqa: S311 - no secret
    lines = []
    for voice in speech.HELD_OUT_VOICES:
        session = voice.replace(":", "_").replace("+", "_").replace("-", "_")
        for number in range(STRINGS_A_VOICE):
            words = speech.random_words(chance, 3, 8, oh=0.0)
            text = "".join(word + (", " if chance.random() < 0.2 else " ") for word in words)
            waveform = speech.synthesize(voice, text, rate=chance.uniform(0.85, 1.15), pitch=chance.uniform(0.35, 0.65))
            waveform = np.concatenate(
                [np.zeros(1600, np.float32), speech.trimmed(waveform), np.zeros(1600, np.float32)]
            )
            name = f"{session}_{number}"
            file = out / f"{name}.flac"
            soundfile.write(file, waveform, SAMPLE_RATE, subtype="PCM_16")
            lines.append(
                {
                    "id": name,
                    "audio": file.name,
                    "text": " ".join(words),
                    "language": "en",
                    "session": session,
                    "duration": round(len(waveform) / SAMPLE_RATE, 3),
                    "voice": voice,
                    "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                }
            )
    (out / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    main()
