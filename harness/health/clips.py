"""Checks of one clip by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from harness.health.seen import Seen, finding

if TYPE_CHECKING:
    from harness.health.measure import Facts
    from harness.records.health import HealthFinding

SILENT_PEAK = 0.5 / 32768
"""Below half a step of 16 bits there is nothing but rounding."""
NEAR_SILENT = -62.0
"""dB of full scale of the loudest channel; the softest speech of 4,400 real clips has -54 where its words are clear."""
QUIET = -55.0
INTEGERS = 16.0
"""Times full scale above which floats are whole numbers by mistake."""
STEADY = 2.9
"""dB of change of the spectrum's shape: steady noise of any color has 1.0 to 2.2, the dullest real clip 3.3."""
DEAD = -40.0
"""dB of a channel beside the loudest."""
OPPOSITE = -0.8
"""Correlation of two channels."""
MIX_LOSS = -10.0
"""dB that mixing takes."""
UNLIKE = 0.3
"""Correlation of two channels that carry different sounds."""
CLIPPED_RUNS, CLIPPED_SHARE, NEAR_PEAK = 5, 5e-4, 0.012
CREST = 5.0
"""dB of the loudest parts' peaks above their mean: 4 of 950 real clips have less, of those that were clipped and then
coded as MP3 four in five."""
OFFSET = 0.02
"""Of full scale."""
TONE = -30.0
"""dB of a steady line beside the active frames."""
SILENCE_SHARE, SILENCE_SECONDS = 0.6, 2.5
GAP = 0.06
"""Seconds of exact zeros between sound."""


def check_clip(one: Seen) -> list[HealthFinding]:
    """All that is wrong with the sound of a clip, seen alone. What makes the rest meaningless is said alone."""
    if one.facts is None:
        return [finding(one, "unreadable", one.trouble or "cannot be decoded", confidence=1.0)]
    odd = [finding(one, "container", text, confidence=0.8) for text in one.odd]
    fatal = [*odd, *_nothing_there(one, one.facts)]
    return fatal if len(fatal) > len(odd) else [*odd, *(found for check in _CHECKS for found in check(one, one.facts))]


def _nothing_there(one: Seen, facts: Facts) -> Iterator[HealthFinding]:
    loudest = max(facts.levels)
    if facts.peak < SILENT_PEAK:
        yield finding(
            one,
            "silence",
            "digital silence: no sample differs from zero",
            value=facts.peak,
            threshold=SILENT_PEAK,
            confidence=1.0,
        )
    elif loudest < NEAR_SILENT and (max(facts.changes) < 4.0 or loudest < NEAR_SILENT - 10):
        yield finding(
            one,
            "silence",
            f"nearly silent: {loudest:.0f} dB of full scale",
            value=loudest,
            threshold=NEAR_SILENT,
            unit="dB",
            confidence=0.9,
        )
    elif facts.tone_level > -6 and facts.tone and max(facts.changes) < STEADY + 1.5:
        yield finding(
            one,
            "no_speech",
            f"a steady tone of {facts.tone:.0f} Hz and nothing else",
            value=max(facts.changes),
            threshold=STEADY,
            unit="dB",
            confidence=0.9,
        )
    elif max(facts.changes) < (STEADY if facts.seconds > 0.7 else STEADY - 0.9) and facts.seconds >= 0.3:
        yield finding(
            one,
            "no_speech",
            f"steady noise: its spectrum changes by {max(facts.changes):.1f} dB, that of speech by 4 and more",
            value=max(facts.changes),
            threshold=STEADY,
            unit="dB",
            confidence=min(1.0, 0.6 + (STEADY - max(facts.changes)) / 3),
        )


def _channels(one: Seen, facts: Facts) -> Iterator[HealthFinding]:
    if facts.channels < 2:
        return
    loudest = max(facts.levels)
    soft = [index for index, level in enumerate(facts.levels) if level < loudest + DEAD]
    best = max(range(facts.channels), key=lambda index: facts.levels[index])
    if soft:
        names = ", ".join(map(str, soft))
        yield finding(
            one,
            "dead_channel",
            f"channel {names} of {facts.channels} has no sound; channel {best} has",
            value=facts.levels[soft[0]] - loudest,
            threshold=DEAD,
            unit="dB",
            where=f"channel {names}",
            confidence=0.95,
        )
        return
    if facts.correlation < OPPOSITE or (facts.mix_loss < MIX_LOSS and facts.correlation < UNLIKE):
        yield finding(
            one,
            "opposite_phase",
            f"the channels cancel when they are mixed: {facts.mix_loss:.0f} dB are lost",
            value=facts.correlation,
            threshold=OPPOSITE,
            unit="correlation",
            confidence=min(1.0, -facts.correlation),
        )
        return
    if abs(facts.correlation) >= UNLIKE and not min(facts.changes) < STEADY < max(facts.changes):
        return
    speaking = [index for index, change in enumerate(facts.changes) if change >= STEADY]
    if len(speaking) == 1 and max(facts.changes) > STEADY + 1:
        yield finding(
            one,
            "one_channel",
            f"speech on channel {speaking[0]} alone, steady noise on the other",
            value=min(facts.changes),
            threshold=STEADY,
            unit="dB",
            where=f"channel {speaking[0]}",
            confidence=0.85,
        )
    elif len(speaking) > 1:
        yield finding(
            one,
            "channels_differ",
            "the channels carry different sounds",
            value=facts.correlation,
            threshold=UNLIKE,
            unit="correlation",
            confidence=0.7,
        )


def _clipping(one: Seen, facts: Facts) -> Iterator[HealthFinding]:
    count = facts.seconds * facts.rate * facts.channels
    share = facts.clipped / max(count, 1)
    if facts.clipped_runs >= CLIPPED_RUNS and share >= CLIPPED_SHARE / 10:
        message = (
            f"{facts.clipped_runs} flat tops at {facts.peak:.2f} of full scale, {100 * share:.2f} % of all samples"
        )
        yield finding(
            one,
            "clipping",
            message,
            value=100 * share,
            threshold=100 * CLIPPED_SHARE / 10,
            unit="%",
            confidence=min(1.0, 0.6 + 40 * share),
            severity="medium" if share >= CLIPPED_SHARE else "low",
        )
    elif facts.near_peak >= NEAR_PEAK and facts.tone_level < -20:
        yield finding(
            one,
            "clipping",
            f"{100 * facts.near_peak:.1f} % of the samples are near the peak: clipped, then coded or scaled",
            value=100 * facts.near_peak,
            threshold=100 * NEAR_PEAK,
            unit="%",
            confidence=0.6,
            severity="low",
        )
    elif facts.crest < CREST and facts.tone_level < -20 and facts.seconds > 0.5:
        yield finding(
            one,
            "clipping",
            f"loud parts peak {facts.crest:.1f} dB above their mean: clipped, then coded, or compressed hard",
            value=facts.crest,
            threshold=CREST,
            unit="dB",
            confidence=0.5,
            severity="low",
        )


def _levels(one: Seen, facts: Facts) -> Iterator[HealthFinding]:
    loudest = max(facts.levels)
    if facts.peak > INTEGERS:
        yield finding(
            one,
            "integer_scale",
            f"the largest sample is {facts.peak:,.0f}, where 1 is full scale",
            value=facts.peak,
            threshold=INTEGERS,
            confidence=0.95,
        )
        return
    if loudest < QUIET:
        yield finding(
            one, "quiet", f"{loudest:.0f} dB of full scale", value=loudest, threshold=QUIET, unit="dB", confidence=0.6
        )
    if abs(facts.offset) > OFFSET:
        yield finding(
            one,
            "offset",
            f"the samples center on {facts.offset:+.3f} of full scale",
            value=facts.offset,
            threshold=OFFSET,
            confidence=min(1.0, 0.5 + 5 * abs(facts.offset)),
        )
    if facts.tone and facts.tone_level > TONE:
        yield finding(
            one,
            "tone",
            f"a steady tone of {facts.tone:.0f} Hz, {-facts.tone_level:.0f} dB below the speech",
            value=facts.tone_level,
            threshold=TONE,
            unit="dB",
            confidence=min(1.0, 0.95 + facts.tone_level / 60),
            severity="medium" if facts.tone_level > -22 else "low",
        )


def _stretches(one: Seen, facts: Facts) -> Iterator[HealthFinding]:
    silence = facts.begin + max(0.0, facts.seconds - facts.end)
    if silence > max(SILENCE_SECONDS, SILENCE_SHARE * facts.seconds):
        where = f"speech is from {facts.begin:.2f} to {facts.end:.2f} s"
        yield finding(
            one,
            "long_silence",
            f"{silence:.1f} of {facts.seconds:.1f} s are silence; {where}",
            value=silence / facts.seconds,
            threshold=SILENCE_SHARE,
            where=f"{facts.begin:.2f} to {facts.end:.2f} s",
            confidence=min(1.0, silence / facts.seconds),
        )
    at_end = facts.gap_abrupt and facts.gap_at + facts.gap > facts.seconds - 0.5 / facts.rate
    if facts.gap > GAP and (at_end or facts.begin < facts.gap_at < facts.end):
        where = f"{facts.gap_at:.2f} to {facts.gap_at + facts.gap:.2f} s"
        how = "at the end, which begin in the midst of sound" if at_end else "between sound"
        yield finding(
            one,
            "gap",
            f"{1000 * facts.gap:.0f} ms of exact zeros {how}",
            value=facts.gap,
            threshold=GAP,
            unit="s",
            where=where,
            confidence=0.8 if facts.gap_abrupt else 0.3,
            severity="medium" if facts.gap_abrupt else "info",
        )


def _band(one: Seen, facts: Facts) -> Iterator[HealthFinding]:
    if facts.rate >= 16_000 and facts.edge < min(0.3 * facts.rate, 4600):
        yield finding(
            one,
            "narrow_band",
            f"{facts.rate} samples a second, but nothing above {facts.edge:.0f} Hz",
            value=facts.edge,
            threshold=min(0.3 * facts.rate, 4600),
            unit="Hz",
            confidence=0.7,
        )


_CHECKS: tuple[Callable[[Seen, Facts], Iterator[HealthFinding]], ...] = (
    _channels,
    _clipping,
    _levels,
    _stretches,
    _band,
)
