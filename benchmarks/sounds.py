"""Sounds that are not speech, synthesized: what noise is mixed from, and what the benchmark `non_speech` is made of.

Each is a function of a generator of random numbers and a number of samples at 16 kHz, and gives floats in [-1, 1] whose
loudest sample is 1 (or nothing but zeros). Nothing here comes from a recording. The same seed gives the same sound; on
another processor, samples may differ in the last bit of their 16.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float64]

RATE = 16_000
"""Samples a second."""

BLOCK = 1 << 20
"""Samples that are shaped at a time: 65 s."""

_LOWEST = 20.0
"""Hertz below which noise has nothing."""


def silence(_generator: np.random.Generator, samples: int) -> Sound:
    """Digital silence: zeros."""
    return np.zeros(samples)


def room(generator: np.random.Generator, samples: int) -> Sound:
    """A quiet room: pink noise below speech's lowest pitch, and a little above."""
    return _shaped(generator, samples, lambda hertz: hertz**-1.0)


def white(generator: np.random.Generator, samples: int) -> Sound:
    """White noise: as much power in every hertz."""
    return _loudest(generator.standard_normal(samples))


def pink(generator: np.random.Generator, samples: int) -> Sound:
    """Pink noise: as much power in every octave, as in most backgrounds."""
    return _shaped(generator, samples, lambda hertz: hertz**-0.5)


def hum(generator: np.random.Generator, samples: int) -> Sound:
    """Mains hum: 50 or 60 Hz with 19 harmonics, which fall off as one over their number."""
    base = generator.choice([50.0, 60.0]) * (1 + generator.uniform(-0.002, 0.002))
    return _loudest(_harmonics(generator, base * np.ones(samples), 1 / np.arange(1, 21)))


def clicks(generator: np.random.Generator, samples: int) -> Sound:
    """Clicks and knocks: some six a second at random, each a burst of noise that dies away within milliseconds."""
    found = np.zeros(samples)
    for place in generator.integers(0, samples, 1 + generator.poisson(6 * samples / RATE)):
        length = min(int(RATE * generator.uniform(0.002, 0.02)), samples - int(place))
        burst = generator.standard_normal(length) * np.exp(-6 * np.arange(length) / max(length, 1))
        found[place : place + length] += burst * generator.uniform(0.2, 1.0)
    return _loudest(found)


def tone(generator: np.random.Generator, samples: int) -> Sound:
    """Test tones: pure sines of 200 to 3000 Hz, one after another, half a second to two each."""
    hertz = np.concatenate([np.full(each, generator.uniform(200, 3000)) for each in _spans(generator, samples, 0.5, 2)])
    return 1.0 * np.sin(_phase(hertz))


def music(generator: np.random.Generator, samples: int) -> Sound:
    """Something like music: chords of four plucked notes of a major scale, two a second, over a bass."""
    found = np.zeros(samples + 2 * RATE)
    scale = 220.0 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19]) / 12)
    key = 2 ** (generator.integers(0, 12) / 12)
    for start in range(0, samples, RATE // 2):
        root = generator.integers(0, 5)
        for note, gain in ((root, 1.0), (root + 2, 0.8), (root + 4, 0.8), (root + 7, 0.5), (root, 1.2)):
            octave = 0.5 if gain > 1 else 1.0
            length = int(RATE * generator.uniform(0.8, 1.6))
            pitch = np.full(length, float(scale[note]) * float(key) * octave)
            decay = np.exp(-4 * np.arange(length) / length) * np.minimum(1, np.arange(length) / 80)
            found[start : start + length] += gain * decay * _harmonics(generator, pitch, _falling(0.6, 8))
    return _loudest(found[:samples])


def breath(generator: np.random.Generator, samples: int) -> Sound:
    """Breathing: noise between 300 and 4000 Hz that swells and fades, in and out, some 16 times a minute."""
    noise = _shaped(
        generator, samples, lambda hertz: np.where((hertz > 300) & (hertz < 4000), (hertz / 300) ** -0.5, 0)
    )
    swell = np.zeros(samples)
    place = 0
    for number, length in enumerate(_spans(generator, samples, 1.2, 2.6)):
        swell[place : place + length] = np.sin(np.pi * np.arange(length) / length) ** 2 * (0.6 if number % 2 else 1.0)
        place += length
    return _loudest(noise * swell)


def ringing(generator: np.random.Generator, samples: int) -> Sound:
    """A phone that rings: 440 and 480 Hz for two seconds of six, as in North America, or 425 Hz for one of five."""
    american = bool(generator.integers(0, 2))
    on, period, pitches = (2.0, 6.0, (440.0, 480.0)) if american else (1.0, 5.0, (425.0,))
    time = np.arange(samples) / RATE
    sound = sum(np.sin(2 * np.pi * hertz * time + generator.uniform(0, 2 * np.pi)) for hertz in pitches)
    sound = sound * ((time % period) < on)
    return _loudest(np.asarray(sound, dtype=np.float64))


def engine(generator: np.random.Generator, samples: int) -> Sound:
    """An engine: a low pitch that rises and falls with many harmonics, in pink noise."""
    speed = 40 + 25 * np.sin(2 * np.pi * np.arange(samples) / RATE / generator.uniform(3, 9) + generator.uniform(0, 6))
    return _loudest(_loudest(_harmonics(generator, speed, _falling(0.85, 30))) + 0.6 * pink(generator, samples))


NOISES: dict[str, Callable[[np.random.Generator, int], Sound]] = {
    "pink": pink,
    "white": white,
    "hum": hum,
    "clicks": clicks,
}
"""What `--perturb noise` can be of, the usual one first."""

NON_SPEECH: dict[str, Callable[[np.random.Generator, int], Sound]] = {
    "silence": silence,
    "room": room,
    "white": white,
    "pink": pink,
    "hum": hum,
    "clicks": clicks,
    "tone": tone,
    "music": music,
    "breath": breath,
    "ringing": ringing,
    "engine": engine,
}
"""The sorts of sound of the benchmark `non_speech`."""


def _loudest(sound: Sound) -> Sound:
    """The sound with its loudest sample at 1."""
    peak = float(np.abs(sound).max(initial=0.0))
    return sound / peak if peak else sound


def _shaped(
    generator: np.random.Generator, samples: int, gain: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> Sound:
    """Noise whose spectrum is white noise's times a gain over frequency, block by block."""
    found = np.empty(samples)
    for start in range(0, samples, BLOCK):
        wanted = min(BLOCK, samples - start)
        size = 1 << max(8, (wanted - 1).bit_length())
        spectrum = np.fft.rfft(generator.standard_normal(size))
        hertz = np.fft.rfftfreq(size, 1 / RATE)
        kept = hertz >= _LOWEST
        spectrum[~kept] = 0
        spectrum[kept] *= gain(np.asarray(hertz[kept], dtype=np.float64))
        found[start : start + wanted] = np.fft.irfft(spectrum, size)[:wanted]
    return _loudest(found)


def _phase(hertz: Sound) -> Sound:
    """Where in its cycle a sine of changing frequency is at each sample."""
    return np.asarray(2 * np.pi * np.cumsum(hertz) / RATE, dtype=np.float64)


def _harmonics(generator: np.random.Generator, hertz: Sound, gains: Sound) -> Sound:
    """A pitch with its harmonics below half the sample rate, each at a random phase."""
    phase, highest = _phase(hertz), float(hertz.max(initial=0.0))
    found = np.zeros(len(hertz))
    for number, gain in enumerate(gains.tolist(), start=1):
        start = generator.uniform(0, 2 * np.pi)
        if number * highest < RATE / 2:
            found += gain * np.sin(number * phase + start)
    return found


def _falling(ratio: float, count: int) -> Sound:
    """Gains that fall by a ratio from each to the next."""
    return np.asarray(np.power(ratio, np.arange(count)), dtype=np.float64)


def _spans(generator: np.random.Generator, samples: int, shortest: float, longest: float) -> list[int]:
    """Lengths in samples of stretches of some seconds that add up to so many samples."""
    found: list[int] = []
    while (left := samples - sum(found)) > 0:
        found.append(min(left, int(RATE * generator.uniform(shortest, longest))))
    return found
