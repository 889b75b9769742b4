"""Makes the example of docs/gate.md: a data set of 80 short clips, and what a model wrote about it before and after.

    python docs/examples/gate_example.py FOLDER

The clips are soft noise, because the example's "model" looks its transcripts up instead of listening. Eight speakers
say ten sentences each; ``good.jsonl`` has a wrong word in every tenth, ``damaged.jsonl`` loses the last word of every
second.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import soundfile

WORDS = "the boat left harbor before sunrise and every sailor watched lantern fade behind them".split()  # noqa: SIM905


def main(folder: Path) -> None:
    """Writes manifest.jsonl, the audio, good.jsonl and damaged.jsonl."""
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    manifest, good, damaged = [], [], []
    for number in range(80):
        name, speaker = f"clip{number:02}", f"speaker{number // 10}"
        soundfile.write(folder / "audio" / f"{name}.wav", random.normal(0, 0.001, 16_000).astype(np.float32), 16_000)
        said = [str(word) for word in random.permutation(WORDS)[:10]]
        heard = ["blue", *said[1:]] if number % 10 == 0 else said
        lost = heard[:-1] if number % 2 else heard
        manifest.append({"id": name, "audio": f"audio/{name}.wav", "text": " ".join(said), "speaker": speaker})
        good.append({"id": name, "hypothesis": " ".join(heard)})
        damaged.append({"id": name, "hypothesis": " ".join(lost)})
    for title, lines in (("manifest", manifest), ("good", good), ("damaged", damaged)):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{title}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/examples/gate_example.py FOLDER")
    main(Path(sys.argv[1]))
