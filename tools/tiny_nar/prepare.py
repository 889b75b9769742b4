"""Makes the training set: python -m tools.tiny_nar.prepare --corpora ../shared/corpora --out FOLDER.

Writes log-mel features (float16) of some 15 hours of digit strings, so that training computes none. Needs espeak-ng,
flite and festival (with festvox-kdlpc16k) on the path, and the package pocketsphinx.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from harness.models.granite_nar.config import FeatureConfig
from harness.models.granite_nar.features import log_mel, pack_audio
from harness.types import SAMPLE_RATE
from tools.tiny_nar import speech, strings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

log = logging.getLogger(__name__)
LONGEST = 9 * SAMPLE_RATE


def _by_speaker(recordings: list[speech.Recording]) -> dict[str, dict[str, list[speech.Recording]]]:
    found: dict[str, dict[str, list[speech.Recording]]] = defaultdict(lambda: defaultdict(list))
    for recording in recordings:
        found[recording.speaker][recording.words[0]].append(recording)
    return found


def joined_strings(recordings: list[speech.Recording], count: int, chance: random.Random) -> Iterator[speech.Recording]:
    """Strings of 1 to 9 single digits, each of one speaker, respeeded so that there are many speakers.

    Digits are drawn evenly as far as the speaker has them, else from another speaker of the same corpus.
    """
    speakers = _by_speaker(recordings)
    anybody = defaultdict(list)
    for recording in recordings:
        anybody[recording.words[0]].append(recording)
    names = sorted(speakers)
    for _ in range(count):
        own = speakers[chance.choice(names)]
        words = [word for word in speech.random_words(chance, 1, 9) if word in anybody]
        if not words:
            continue
        whole = joined_once([chance.choice(own.get(word) or anybody[word]) for word in words], chance)
        yield whole


def joined_once(pieces: list[speech.Recording], chance: random.Random) -> speech.Recording:
    """One string from its digits, with one speed and slightly varying ones."""
    factor = chance.uniform(0.82, 1.22)
    moved = [
        speech.Recording(
            strings.respeeded(piece.waveform, factor * chance.uniform(0.97, 1.03)), piece.words, piece.speaker
        )
        for piece in pieces
    ]
    widest = chance.choice((0.05, 0.15, 0.3, 0.5))
    return strings.joined(moved, chance, gap=(-0.05, widest))


def examples(corpora: Path, chance: random.Random, scale: float) -> Iterator[tuple[str, speech.Recording]]:
    """All training examples before they are disturbed, with the name of their source."""
    whole = speech.an4_strings(corpora)
    for _ in range(max(1, round(10 * scale))):
        for recording in whole:
            factor = chance.uniform(0.87, 1.15)
            yield (
                "an4 strings",
                speech.Recording(strings.respeeded(recording.waveform, factor), recording.words, recording.speaker),
            )
    cut = speech.an4_digits(corpora)
    for recording in joined_strings(cut, round(6500 * scale), chance):
        yield "an4 digits", recording
    own = tuple(name for name in ("jackson", "nicolas", "theo") if name not in speech.HELD_OUT_SPEAKERS)
    free = speech.spoken_digits(corpora, own)
    for recording in joined_strings(free, round(6000 * scale), chance):
        yield "fsdd", recording
    for recording in joined_strings(speech.alphanumeric(corpora), round(800 * scale), chance):
        yield "alphanumeric", recording
    flite = [f"flite:{name}" for name in speech.FLITE_VOICES]
    for recording in speech.synthetic_strings(flite, round(1800 * scale), chance):
        yield (
            "flite",
            speech.Recording(
                strings.respeeded(recording.waveform, chance.uniform(0.85, 1.3)), recording.words, recording.speaker
            ),
        )
    espeak = [f"espeak:{accent}+{variant}" for accent in speech.ESPEAK_ACCENTS for variant in speech.ESPEAK_VARIANTS]
    for recording in speech.synthetic_strings(espeak, round(4500 * scale), chance):
        yield "espeak", recording
    festival = [f"festival:{name}" for name in speech.FESTIVAL_VOICES]
    for recording in speech.synthetic_strings(festival, round(300 * scale), chance):
        yield (
            "festival",
            speech.Recording(
                strings.respeeded(recording.waveform, chance.uniform(0.85, 1.3)), recording.words, recording.speaker
            ),
        )


def held_out_strings(corpora: Path, count: int, seed: int) -> Iterator[speech.Recording]:
    """Strings of 3 to 8 digits joined from the held-out speakers, each of one speaker, undisturbed but for gaps."""
    chance = random.Random(seed)
    speakers = _by_speaker(speech.spoken_digits(corpora, speech.HELD_OUT_SPEAKERS))
    for number in range(count):
        own = speakers[speech.HELD_OUT_SPEAKERS[number % 2]]
        pieces = [chance.choice(own[chance.choice(speech.DIGITS)]) for _ in range(chance.randint(3, 8))]
        yield strings.joined(pieces, chance, gap=(0.02, 0.25))


def write(out: Path, recordings: list[NDArray[np.float32]], words: list[tuple[str, ...]], sources: list[str]) -> None:
    """Computes features and writes `features.npy` (float16 ``[frames, 160]``) and `index.json` beside it."""
    out.mkdir(parents=True, exist_ok=True)
    pieces, lengths = [], []
    for start in range(0, len(recordings), 256):
        packed, packing = log_mel(pack_audio(recordings[start : start + 256], FeatureConfig()), FeatureConfig())
        pieces.append(packed.numpy().astype(np.float16))
        lengths += packing.lengths.tolist()
    np.save(out / "features.npy", np.concatenate(pieces))
    index = {"lengths": lengths, "words": [" ".join(each) for each in words], "sources": sources}
    (out / "index.json").write_text(json.dumps(index))


def main() -> None:
    """Writes the training set and the two evaluation sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, default=Path("../shared/corpora"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1.0, help="size of the training set; 1 is some 15 hours")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)

    evaluation = list(held_out_strings(arguments.corpora, 400, seed=7))
    write(
        arguments.out / "held_out",
        [r.waveform for r in evaluation],
        [r.words for r in evaluation],
        ["fsdd held out"] * len(evaluation),
    )
    test = speech.an4_strings(arguments.corpora, "test")
    write(arguments.out / "an4_test", [r.waveform for r in test], [r.words for r in test], ["an4 test"] * len(test))
    chance = random.Random(arguments.seed)
    kept: list[tuple[str, NDArray[np.float32], tuple[str, ...]]] = []
    for source, recording in examples(arguments.corpora, chance, arguments.scale):
        if len(recording.waveform) <= LONGEST:
            kept.append((source, strings.disturbed(recording.waveform, chance), recording.words))
        if len(kept) % 1000 == 0:
            log.info("%d strings, now %s", len(kept), source)
    write(arguments.out / "train", [k[1] for k in kept], [k[2] for k in kept], [k[0] for k in kept])
    hours = sum(len(k[1]) for k in kept) / SAMPLE_RATE / 3600
    log.info("wrote %d strings, %.1f hours, to %s", len(kept), hours, arguments.out)


if __name__ == "__main__":
    main()
