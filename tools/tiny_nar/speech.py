"""Where the spoken digits come from: three corpora of recordings and three speech synthesizers.

Every source yields `Recording`s at 16 kHz. Held out, and never returned here: the speakers george and lucas of the
free spoken digit dataset, the test split of AN4, and the synthetic voices of `HELD_OUT_VOICES`, which speak the
`digits` benchmark.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr

from harness.errors import DataError
from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from numpy.typing import NDArray

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS = (*DIGITS, "oh")
"""All words that the model knows."""
HELD_OUT_SPEAKERS = ("george", "lucas")
"""Speakers of the free spoken digit dataset that are only ever evaluated on."""
HELD_OUT_VOICES = (
    "flite:slt",
    "flite:rms",
    "espeak:en-us+f3",
    "espeak:en-gb+m7",
    "espeak:en-gb-scotland+f5",
    "espeak:en-us+m4",
)
"""Synthetic voices of the `digits` benchmark; the espeak variants f3, f5, m4 and m7 are in no training voice."""

ESPEAK_ACCENTS = (
    "en-us",
    "en-gb",
    "en-gb-scotland",
    "en-gb-x-rp",
    "en-gb-x-gbclan",
    "en-gb-x-gbcwmd",
    "en-029",
    "en-us-nyc",
)
ESPEAK_VARIANTS = tuple(
    """m1 m2 m3 m5 m6 m8 f1 f2 f4 adam Alex Alicia Andrea Andy Annie antonio aunty belinda benjamin boris
    caleb david Denis Diogo ed edward edward2 Gene Gene2 Gustave Henrique Hugo Iven Iven2 Iven3 Iven4
    Jacky john Lee linda marcelo Marco Mario Max michael michel miguel Mike Nguyen pablo paul pedro
    quincy rob robert steph steph2 steph3 travis victor zac anika grandma grandpa klatt klatt2 klatt3
    klatt4 klatt5 klatt6 norbert sandro shelby""".split()  # noqa: SIM905 - 73 of them
)
FLITE_VOICES = ("awb", "kal16", "kal")
FESTIVAL_VOICES = ("ked_diphone",)


@dataclass(frozen=True, slots=True)
class Recording:
    """Speech with its words."""

    waveform: NDArray[np.float32]
    """Mono, 16 kHz, shape ``[samples]``."""
    words: tuple[str, ...]
    speaker: str


def resampled(waveform: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """The waveform at 16 kHz."""
    return waveform if rate == SAMPLE_RATE else soxr.resample(waveform, rate, SAMPLE_RATE).astype(np.float32)


def trimmed(waveform: NDArray[np.float32], floor: float = 0.02, margin: int = 480) -> NDArray[np.float32]:
    """Without silence at both ends: samples under `floor` of the peak, but for a margin of 30 ms."""
    loud = np.flatnonzero(np.abs(waveform) > floor * max(float(np.abs(waveform).max(initial=0)), 1e-6))
    if not len(loud):
        return waveform
    return waveform[max(0, loud[0] - margin) : loud[-1] + margin]


def _manifest(folder: Path) -> Iterator[tuple[dict[str, str], Path]]:
    manifest = folder / "manifest.jsonl"
    if not manifest.is_file():
        raise DataError(f"no corpus at {folder}: {manifest.name} is missing; name its parent with --corpora")
    for line in manifest.read_text().splitlines():
        row = json.loads(line)
        yield row, folder / row["audio"]


def _read(path: Path) -> NDArray[np.float32]:
    waveform, rate = soundfile.read(path, dtype="float32")
    return resampled(waveform, rate)


def spoken_digits(corpora: Path, speakers: tuple[str, ...]) -> list[Recording]:
    """Single digits of some speakers of the free spoken digit dataset (8 kHz recordings)."""
    return [
        Recording(trimmed(_read(path)), (row["text"],), row["speaker"])
        for row, path in _manifest(corpora / "fsdd")
        if row["speaker"] in speakers
    ]


def alphanumeric(corpora: Path) -> list[Recording]:
    """Single digits of two speakers (Moonshine's alphanumeric recordings)."""
    return [
        Recording(trimmed(_read(path)), (row["text"].lower(),), row["speaker"])
        for row, path in _manifest(corpora / "alphanumeric_moonshine")
        if row["text"].lower() in WORDS
    ]


def an4_strings(corpora: Path, split: str = "train") -> list[Recording]:
    """Digit strings of AN4 as they were spoken: 74 speakers in training, 10 others in the test split."""
    rows = ((row, path, tuple(row["text"].lower().split())) for row, path in _manifest(corpora / "an4"))
    return [
        Recording(_read(path), words, row["speaker"])
        for row, path, words in rows
        if row["split"] == split and all(word in WORDS for word in words)
    ]


def an4_digits(corpora: Path) -> list[Recording]:
    """Single digits cut out of all of AN4's training utterances, where forced alignment (pocketsphinx) puts them."""
    from pocketsphinx import Decoder

    decoder = Decoder(lm=None, loglevel="FATAL")
    found = []
    for row, path in _manifest(corpora / "an4"):
        words = [spoken_letter(word) for word in row["text"].lower().split()]
        if row["split"] != "train" or not any(word in WORDS for word in words):
            continue
        waveform = _read(path)
        try:
            decoder.set_align_text(" ".join(words))
            decoder.start_utt()
            decoder.process_raw((waveform * 32767).astype("<i2").tobytes(), full_utt=True)
            decoder.end_utt()
            segments = list(decoder.seg() or ())
        except RuntimeError:  # a word that the dictionary lacks, or no path through the text
            continue
        for segment in segments:
            word = re.sub(r"\(\d+\)", "", segment.word)
            seconds = (segment.end_frame + 1 - segment.start_frame) / 100
            if word in WORDS and 0.12 <= seconds <= 1.2:
                piece = waveform[segment.start_frame * 160 : (segment.end_frame + 1) * 160]
                found.append(Recording(piece, (word,), row["speaker"]))
    return found


def spoken_letter(word: str) -> str:
    """A single letter as CMUdict spells its name: ``b.`` is there as ``b``, but ``a`` is the article."""
    return "a(2)" if word == "a" else word


def synthesize(voice: str, text: str, *, rate: float = 1.0, pitch: float = 0.5) -> NDArray[np.float32]:
    """Speaks a text.

    Args:
        voice: ``espeak:NAME``, ``flite:NAME`` or ``festival:NAME``.
        text: words, which may have commas between them.
        rate: speaking rate; 1 is the synthesizer's own.
        pitch: 0 is low, 0.5 the voice's own, 1 high.
    """
    engine, _, name = voice.partition(":")
    if engine == "espeak":
        command = [
            "espeak-ng",
            "-v",
            name,
            "-s",
            str(round(150 * rate)),
            "-p",
            str(round(20 + 60 * pitch)),
            "--stdout",
            text,
        ]
        data = subprocess.run(command, check=True, capture_output=True).stdout
        # The length in a streamed header is a placeholder, so the samples are read as what follows it.
        samples = np.frombuffer(data[44:][: (len(data) - 44) // 2 * 2], "<i2").astype(np.float32) / np.float32(32768)
        return resampled(samples, 22050)
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        if engine == "flite":
            mean = {"slt": 180, "kal": 100, "kal16": 100, "awb": 120, "rms": 100}[name] * 2 ** (pitch - 0.5)
            options = ["--setf", f"duration_stretch={1 / rate:.3f}", "--setf", f"int_f0_target_mean={mean:.0f}"]
            subprocess.run(["flite", "-voice", name, *options, "-t", text, wav.name], check=True, capture_output=True)
        elif engine == "festival":
            setting = f"(begin (voice_{name}) (Parameter.set 'Duration_Stretch {1 / rate:.3f}))"
            subprocess.run(
                ["text2wave", "-eval", setting, "-o", wav.name], input=text.encode(), check=True, capture_output=True
            )
        else:
            raise DataError(f"no synthesizer called {engine!r}; there are: espeak, flite, festival")
        samples, native = soundfile.read(io.BytesIO(Path(wav.name).read_bytes()), dtype="float32")
    return resampled(samples, native)


def random_words(chance: random.Random, shortest: int, longest: int, oh: float = 0.03) -> tuple[str, ...]:
    """A string of digits; a few of its zeros are called oh."""
    return tuple(
        "oh" if chance.random() < oh else chance.choice(DIGITS) for _ in range(chance.randint(shortest, longest))
    )


def synthetic_strings(voices: list[str], count: int, chance: random.Random) -> Iterator[Recording]:
    """Digit strings spoken by voices drawn at random, at various rates, pitches and pauses."""
    for _ in range(count):
        voice = chance.choice(voices)
        words = random_words(chance, 1, 9)
        text = "".join(word + (", " if chance.random() < 0.25 else " ") for word in words)
        waveform = synthesize(voice, text, rate=chance.uniform(0.75, 1.35), pitch=chance.uniform(0.1, 0.9))
        if len(waveform) > SAMPLE_RATE // 10:
            yield Recording(waveform, words, voice)
