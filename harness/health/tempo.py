"""What only shows beside the rest of a set: references that do not fit their length, speech at the wrong speed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from harness.health.clips import STEADY
from harness.health.languages import DENSE, LETTERS_A_SECOND, script_of, sounds
from harness.health.seen import Seen, finding, of_set
from harness.health.spectra import HIGHEST, LOWEST, OCTAVE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.records.health import HealthFinding

    Floats = NDArray[np.float64]

ONSET = 0.25
"""Seconds that an utterance takes besides its letters."""
FASTEST = 30.0
"""Letters a second that nobody speaks over a whole utterance: the quickest of 4,400 real clips has 29."""
SLOWEST = 1.25
"""Letters a second of speech of three seconds and more; spelled letters have 1.5, in clips of a second."""
OUTLIER = 3.5
"""Robust standard deviations from the set's own tempo, together with a factor of 2."""
LEAST_SPREAD = 0.22
"""Octaves that the tempo of any set is taken to vary by."""
SINGLE = 9
"""Letters below which it is a word or two."""
FEWEST = 12
"""Utterances of a language that make a set's own tempo."""
CUT = ((-15.0, 0.5), (-35.0, 0.65), (-np.inf, 0.85))
"""Decibels of the last 64 ms beside the median of what is active, and octaves more letters than usual from which a clip
is taken to be cut: the softer it ends, the more must be missing. Who cuts a clip may cut it in a pause."""
PACED, LENGTHENED, LEVEL = 0.46, 0.12, 0.27
"""Of usual letters: who articulates twice as fast says 0.46 octaves more; twice as long clips have 0.12 octaves more,
since they begin and end as often. By least squares on 760 clips of 31 corpora; what is left varies a quarter less."""
SHRUNKEN = 2
"""Clips of usual surplus that stand for what is not known of a speaker."""

# fmt: off
_TYPICAL = (
    -26.6, -25.8, -25.5, -19.9, -18.3, -14.1, -13.0, -12.7, -11.7, -12.0, -11.5, -12.9, -11.9, -11.5, -11.9, -9.6,
    -7.0, -5.8, -5.5, -5.3, -5.8, -6.5, -7.3, -7.8, -7.2, -6.6, -5.8, -4.7, -4.5, -3.9, -4.1, -4.0,
    -4.8, -5.3, -5.7, -6.0, -6.5, -7.0, -8.0, -9.3, -10.4, -11.1, -11.6, -12.3, -12.8, -13.2, -13.3, -13.9,
    -13.9, -13.9, -13.9, -14.1, -14.0, -14.4, -14.6, -15.4, -15.9, -16.3, -15.9, -15.6, -15.0, -15.2, -16.0, -16.6,
    -16.6, -16.5, -16.5, -17.3, -17.5, -18.0, -18.6, -18.9, -19.4, -20.1, -20.8, -21.3, -22.1, -23.0, -23.1, -22.2,
)
# fmt: on
"""Decibels of speech in steps of an octave's twelfth from 80 Hz: the median of 1,700 clips of 27 corpora."""
_FAST = (3.9, 3.9, 0.2, 2.9, 7.2, -5.9)
_SLOW = (-1.8, -2.2, 3.3, -2.5, -5.0, -4.6)
"""Weights of pitch, likeness to speech an octave up and down, tempo and pace, and the constant: logistic regressions
between 960 real clips of 31 corpora, of equal weight each, and the same at twice, and at half, their speed. Tested on
corpora that it was not made of, each finds seven in eight, where one in 200 of the real clips is found."""
WRONG_RATE = 2.0
"""Log odds."""
AGREEING = (-0.1, 0.0, 0.15)
"""Octaves of pitch (two thirds of them), tempo and pace that the speed must be off at least."""
USUAL_PACE = 0.29
"""Of speech, by `harness.health.spectra.pace_of`."""
SPELLED_PACE = 0.5
"""Octaves by which letters that are spelled are slower: each is held."""
FARTHEST = 1.3
"""Octaves between tempo and pace beyond which it is the reference that is wrong."""
FAR_PITCH = 0.6
"""Octaves from the pitch of its session that hardly anybody speaks at."""
EVIDENCE = 2.0
"""Log odds that a rare rate, or a far pitch, adds, and that a word or two take away."""
RARE_RATE = 0.1
"""Share of a set up to which a rate of the header is odd in itself."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """One utterance that is heard and has a reference."""

    seen: Seen
    letters: float
    tempo: float
    """Octaves quicker than usual speech."""
    pitch: float
    """Octaves above 150 Hz; NaN where nothing is voiced."""
    surplus: float
    """Octaves more letters than usual for how long it is and how fast it is articulated."""
    pace: float
    """Octaves quicker than usual speech, whatever is said; 0 where that cannot be told."""


def check_tempo(rows: Sequence[Seen]) -> list[HealthFinding]:
    """Utterances of one set whose reference, speed or end does not fit."""
    measured = [found for one in rows if (found := _measure(one)) is not None]
    usual = _usual(measured, "tempo")
    surplus = _usual(measured, "surplus")
    speakers = _of_speakers(measured, surplus)
    result = list(_wrong_rate(measured, usual))
    for one in measured:
        middle, spread = surplus[_group(one)]
        result += _length(one, middle + speakers(one), spread)
    return result


def _measure(one: Seen) -> _Measured | None:
    facts = one.facts
    if facts is None or facts.peak < 1e-4 or max(facts.changes) < STEADY or not one.reference.strip():
        return None
    letters = sounds(one.reference)
    if letters < 1:
        return None
    tempo = float(np.log2((letters / LETTERS_A_SECOND + ONSET) / (facts.active + 0.1)))
    pitch = float(np.log2(facts.pitch / 150)) if facts.pitch else float("nan")
    words = one.reference.split()
    spelled = sum(len(word) == 1 and word.isalpha() and script_of(word) not in DENSE for word in words) / len(words)
    pace = 0.0 if np.isnan(facts.pace) else float(np.log2(max(facts.pace, 0.02) / USUAL_PACE)) + SPELLED_PACE * spelled
    surplus = tempo - PACED * pace - LENGTHENED * float(np.log2(facts.active + 0.5)) + LEVEL
    return _Measured(one, letters, tempo, pitch, surplus, pace)


def _group(one: _Measured) -> tuple[str, bool]:
    """What is spoken alike: a language, and single words apart, which vary more and are said faster."""
    return one.seen.language, one.letters < SINGLE


_Group = tuple[str, bool]


def _usual(measured: Sequence[_Measured], what: Literal["tempo", "surplus"]) -> dict[_Group, tuple[float, float]]:
    """Median and spread of a measure in each group; those of all languages where there are too few."""
    groups = defaultdict(list)
    every = defaultdict(list)
    for one in measured:
        groups[_group(one)].append(float(getattr(one, what)))
        every[one.letters < SINGLE].append(float(getattr(one, what)))
    whole = {short: _robust(found) if len(found) >= FEWEST else (0.0, 0.6) for short, found in every.items()}
    return {name: _robust(found) if len(found) >= FEWEST else whole[name[1]] for name, found in groups.items()}


def _of_speakers(
    measured: Sequence[_Measured], usual: Mapping[_Group, tuple[float, float]]
) -> Callable[[_Measured], float]:
    """How far the other clips of an utterance's session are from what is usual: some speak fast."""
    groups = defaultdict(list)
    for one in measured:
        middle, spread = usual[_group(one)]
        # What is far away is damaged rather than fast.
        groups[one.seen.session].append(float(np.clip(one.surplus - middle, -2 * spread, 2 * spread)))
    totals = {name: (sum(values), len(values)) for name, values in groups.items() if name is not None}

    def others(one: _Measured) -> float:
        total, count = totals.get(one.seen.session or "", (0.0, 0))
        if count < 2:
            return 0.0
        middle, spread = usual[_group(one)]
        own = float(np.clip(one.surplus - middle, -2 * spread, 2 * spread))
        return (total - own) / (count - 1 + SHRUNKEN)

    return others


def _robust(values: Sequence[float]) -> tuple[float, float]:
    middle = float(np.median(values))
    return middle, max(LEAST_SPREAD, 1.4826 * float(np.median(np.abs(np.asarray(values) - middle))))


def _length(one: _Measured, middle: float, spread: float) -> Iterator[HealthFinding]:
    """References far too long or too short, and clips that are cut."""
    facts = one.seen.facts
    assert facts is not None
    rate = one.letters / (facts.active + ONSET)
    over_all = one.letters / (facts.seconds + 0.1)
    more = one.surplus - middle
    away = more / spread
    seen = f"{one.letters:.0f} letters in {facts.active:.1f} s of speech"
    usual = LETTERS_A_SECOND * 2 ** (one.tempo - more)
    bound = usual * 2 ** max(1.0, OUTLIER * spread)
    if over_all > FASTEST or rate > FASTEST * 1.2 or (away > OUTLIER and more > 1.0 and one.letters > 8):
        yield finding(
            one.seen,
            "reference_long",
            f"{seen}, {rate:.0f} a second; usual here are {usual:.0f}",
            value=rate,
            threshold=round(min(bound, FASTEST), 1),
            unit="letters/s",
            confidence=min(1.0, 0.5 + more / 4),
        )
    elif (facts.active >= 3 and rate < SLOWEST) or (away < -OUTLIER and more < -1.0 and facts.active > 2):
        yield finding(
            one.seen,
            "reference_short",
            f"{seen}, {rate:.1f} a second; usual here are {usual:.0f}",
            value=rate,
            threshold=SLOWEST,
            unit="letters/s",
            confidence=min(1.0, 0.4 - more / 5),
        )
    elif one.letters > 12 and any(facts.last > soft and more > max(least, 2.5 * least * spread) for soft, least in CUT):
        ends = "speech goes on to the last sample" if facts.last > CUT[0][0] else "it may end before its reference does"
        yield finding(
            one.seen,
            "cut_off",
            f"{ends}: {seen}, {2**more:.1f} times as many as usual",
            value=more,
            threshold=CUT[-1][1],
            unit="octaves",
            where=f"{facts.seconds:.2f} s",
            confidence=min(0.9, 0.3 + more / 3),
        )


def _wrong_rate(measured: Sequence[_Measured], usual: Mapping[_Group, tuple[float, float]]) -> Iterator[HealthFinding]:
    """Speech at about half or twice its speed: pitch, spectrum and tempo agree on it."""
    if not measured:
        return
    spectra = np.stack([_leveled(one) for one in measured])
    typical = _median(spectra) if len(measured) >= 20 else np.asarray(_TYPICAL)
    rates = Counter(one.seen.facts.rate for one in measured if one.seen.facts is not None)
    pitches = _usual_pitch(measured)
    scores = []
    for one, spectrum in zip(measured, spectra, strict=True):
        facts = one.seen.facts
        assert facts is not None
        alike = [_likeness(spectrum, typical, shift) for shift in (0, OCTAVE, -OCTAVE)]
        tempo = one.tempo - (usual[_group(one)][0] if len(measured) >= FEWEST else 0.0)
        rare = len(measured) >= 20 and rates[facts.rate] <= RARE_RATE * len(measured) and len(rates) <= 3
        scores.append(_odds(one, alike, pitches.get(one.seen.session), tempo, rare=rare))
    for one, pair in zip(measured, scores, strict=True):
        facts = one.seen.facts
        assert facts is not None
        fast = pair[0] > pair[1]
        score = max(pair)
        if score > WRONG_RATE and facts.active >= 0.4:
            speed = "twice" if fast else "half"
            sound = f"pitch {facts.pitch:.0f} Hz, {one.letters / (facts.active + ONSET):.1f} letters a second"
            message = f"sounds like speech at {speed} its speed: {sound}, header {facts.rate} Hz"
            yield finding(
                one.seen,
                "wrong_rate",
                message,
                value=score,
                threshold=WRONG_RATE,
                unit="log odds",
                confidence=min(1.0, 0.3 + score / 12),
                severity="high" if score > WRONG_RATE + 2.0 else "medium",
            )
    if len(measured) >= 5:
        yield from _whole_set(measured, spectra)


def _odds(
    one: _Measured, alike: Sequence[float], usual: float | None, tempo: float, *, rare: bool
) -> tuple[float, float]:
    """Log odds that it is heard at twice, and at half, its speed.

    Args:
        one: what was measured.
        alike: how like its spectrum is to speech as it is, an octave up, an octave down.
        usual: pitch of its session; None where that is not known.
        tempo: octaves quicker than usual here.
        rare: whether few of the set have its rate.
    """
    here, up, down = alike
    pitch = 0.0 if np.isnan(one.pitch) else one.pitch - (usual or 0.0)
    values = (pitch, up - here, down - here, float(np.clip(tempo, -2, 2)), one.pace, 1.0)
    bonus = EVIDENCE * rare + EVIDENCE * (usual is not None and abs(pitch) > FAR_PITCH) - EVIDENCE * (one.letters < 8)
    found = [
        float(np.dot(weights, values)) + bonus
        if abs(tempo - one.pace) < FARTHEST
        and all(sign * off > least for off, least in zip((pitch / 1.5, tempo, one.pace), AGREEING, strict=True))
        else -9.0
        for sign, weights in ((1, _FAST), (-1, _SLOW))
    ]
    return found[0], found[1]


def _whole_set(measured: Sequence[_Measured], spectra: Floats) -> Iterator[HealthFinding]:
    """The same where it is so of most of the set, which then is its own measure."""
    heard = [one.pitch for one in measured if not np.isnan(one.pitch)]
    middle = _median(spectra)
    here, up, down = (_likeness(middle, np.asarray(_TYPICAL), shift) for shift in (0, OCTAVE, -OCTAVE))
    tempo = float(np.median([one.tempo for one in measured]))
    pace = float(np.median([one.pace for one in measured]))
    values = (float(np.median(heard)) if heard else 0.0, up - here, down - here, tempo, pace, 1.0)
    fast, slow = (float(np.dot(weights, values)) for weights in (_FAST, _SLOW))
    if max(fast, slow) > WRONG_RATE:
        speed = "twice" if fast > slow else "half"
        ids = tuple(one.seen.id for one in measured)
        yield of_set(
            measured[0].seen.benchmark,
            "wrong_rate",
            f"the whole set sounds like speech at {speed} its speed",
            others=ids,
            value=max(fast, slow),
            threshold=WRONG_RATE,
            unit="log odds",
            confidence=0.8,
        )


def _median(spectra: Floats) -> Floats:
    """Median of the spectra that reach so far up; NaN where fewer than half do."""
    reach = np.isfinite(spectra).mean(axis=0) >= 0.5
    return np.where(reach, np.nanmedian(np.where(reach, spectra, 0.0), axis=0), np.nan)


def _leveled(one: _Measured) -> Floats:
    assert one.seen.facts is not None
    found = one.seen.facts.spectrum.astype(np.float64)
    return found - np.nanmax(found)


def _usual_pitch(measured: Sequence[_Measured]) -> dict[str | None, float]:
    """The pitch of each session that has five clips."""
    groups = defaultdict(list)
    for one in measured:
        if not np.isnan(one.pitch):
            groups[one.seen.session].append(one.pitch)
    return {name: float(np.median(found)) for name, found in groups.items() if name is not None and len(found) >= 5}


def _likeness(spectrum: Floats, typical: Floats, shift: int) -> float:
    """Correlation of a spectrum with the typical one moved up by so many steps."""
    count = len(typical)
    one = spectrum[max(0, shift) : count + min(0, shift)]
    other = typical[max(0, -shift) : count - max(0, shift)]
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < 3 * OCTAVE:
        return -1.0
    one, other = one[both] - one[both].mean(), other[both] - other[both].mean()
    return float((one * other).sum() / np.sqrt((one * one).sum() * (other * other).sum() + 1e-12))


assert len(_TYPICAL) == round(np.log2(HIGHEST / LOWEST) * OCTAVE) + 1
