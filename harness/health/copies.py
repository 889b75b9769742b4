"""The same audio twice, and references that are nearly the same."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.amounts import amount
from harness.health.seen import Seen, finding, of_set
from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.records.health import HealthFinding

    Waveform = Callable[[Seen], NDArray[np.float32] | None]
    """Decodes an utterance again, 16 kHz, one channel; None where that cannot be done."""

COMMON = 40
"""Frames with the same bits above which they tell nothing: silence, hum."""
BITS_WRONG = 0.34
"""Share of bits up to which two stretches may be the same sound; unrelated ones differ in half."""
SURE = 0.15
"""Share of bits up to which they are the same sound without another look."""
SAME, SAME_SHORT = 0.85, 0.96
"""Correlation of two waveforms, best aligned, from which they are the same recording; of clips below 1.5 s, in
which one speaker's same word may come close."""
SHORT = 1.5
"""Seconds."""
MOST_PAIRS = 4000
"""Pairs that are compared sample by sample at most."""
LENGTHS = 0.2
"""How much longer the one of two copies may be, as a share, or half a second."""
SHINGLE, HASHES = 5, 8
NEAR = 0.08
"""Share of characters in which two references may differ to be near-duplicates."""
LEAST_LETTERS = 24
"""Of a reference that is compared with others: short ones are alike by chance."""
LARGE_SHARE = 0.2
"""Of rows with one and the same reference."""


def check_copies(rows: Sequence[Seen], waveform: Waveform) -> list[HealthFinding]:
    """Duplicates in one set, by audio and by reference."""
    groups = _grouped(_copies(rows, waveform), len(rows))
    return [*_audio(rows, groups), *_references(rows, groups)]


def _audio(rows: Sequence[Seen], groups: Iterable[list[int]]) -> Iterator[HealthFinding]:
    for group in groups:
        first = rows[group[0]]
        texts = {_letters(rows[at].reference) for at in group}
        for at in group[1:] if len(texts) == 1 else group:
            one = rows[at]
            others = tuple(rows[other].id for other in group if other != at)[:10]
            exact = any(_digest(rows[other]) == _digest(one) for other in group if other != at)
            how = "the same samples" if exact else "the same recording, coded, cut or scaled otherwise,"
            if len(texts) == 1:
                yield finding(
                    one, "duplicate_audio", f"{how} as {first.id}", others=others, confidence=1.0 if exact else 0.85
                )
            else:
                other = next(rows[at] for at in group if _letters(rows[at].reference) != _letters(one.reference))
                yield finding(
                    one,
                    "contradiction",
                    f"{how} as {other.id}, whose reference is {other.reference[:60]!r}",
                    others=others,
                    confidence=1.0 if exact else 0.85,
                )


def _digest(one: Seen) -> tuple[int, ...]:
    return one.facts.digest if one.facts is not None else ()


def _copies(rows: Sequence[Seen], waveform: Waveform) -> Iterator[tuple[int, int]]:
    """Pairs of rows that are one recording."""
    known: dict[tuple[int, ...], int] = {}
    singles = []
    for at, one in enumerate(rows):
        if one.facts is None or one.facts.peak < 1e-4 or not len(one.facts.bits) or one.facts.swing < 3:
            continue
        if one.facts.digest in known:
            yield known[one.facts.digest], at
        else:
            known[one.facts.digest] = at
            singles.append(at)
    for wrong, left, right in _candidates(rows, singles)[:MOST_PAIRS]:
        first, second = waveform(rows[left]), waveform(rows[right])
        if first is None or second is None:  # not to be had again: the fingerprint must be sure by itself
            shorter = min(one.facts.seconds for at in (left, right) if (one := rows[at]).facts is not None)
            if wrong < SURE and shorter >= SHORT:
                yield left, right
            continue
        bound = SAME if min(len(first), len(second)) >= SHORT * SAMPLE_RATE else SAME_SHORT
        if likeness(first, second) >= bound:
            yield left, right


def _candidates(rows: Sequence[Seen], singles: Sequence[int]) -> list[tuple[float, int, int]]:
    """Share of wrong bits of pairs whose bits agree in some frame, and mostly around it; the likeliest first."""
    bits = [rows[at].facts.bits for at in singles]  # type: ignore[union-attr]
    counts = [len(found) for found in bits]
    words = np.concatenate(bits) if bits else np.zeros(0, np.uint32)
    owners = np.repeat(np.arange(len(bits)), counts)
    frames = np.concatenate([np.arange(count) for count in counts]) if bits else owners
    kept = np.flatnonzero(words)
    order = kept[np.argsort(words[kept], kind="stable")]
    ordered = words[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else order
    sizes = np.diff(np.append(starts, len(ordered)))
    offsets: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        if size > COMMON:
            continue
        members = order[start : start + size]
        for place, left in enumerate(members):
            for right in members[place + 1 :]:
                a, b = int(owners[left]), int(owners[right])
                if a != b:
                    offsets[min(a, b), max(a, b)][int(frames[left] - frames[right]) * (1 if a < b else -1)] += 1
    found = []
    for (a, b), votes in offsets.items():
        one, other = rows[singles[a]], rows[singles[b]]
        assert one.facts is not None
        assert other.facts is not None
        if abs(one.facts.seconds - other.facts.seconds) > max(
            0.5, LENGTHS * min(one.facts.seconds, other.facts.seconds)
        ):
            continue
        wrong = min(_wrong_bits(bits[a], bits[b], offset) for offset, _ in votes.most_common(3))
        if wrong < BITS_WRONG:
            found.append((wrong, singles[a], singles[b]))
    return sorted(found)


def _wrong_bits(one: NDArray[np.uint32], other: NDArray[np.uint32], offset: int) -> float:
    """Share of bits that differ where both are heard, `one` being moved by so many frames."""
    left, right = one[max(0, offset) :], other[max(0, -offset) :]
    count = min(len(left), len(right))
    left, right = left[:count], right[:count]
    both = (left != 0) & (right != 0)
    if both.sum() < 3:
        return 1.0
    return float(np.bitwise_count(left[both] ^ right[both]).mean()) / 32


def likeness(one: NDArray[np.float32], other: NDArray[np.float32], rate: int = 16_000) -> float:
    """Largest correlation of two waveforms over shifts of up to two seconds, over what overlaps, below 3.4 kHz."""
    longest = 20 * rate
    one, other = one[:longest].astype(np.float64), other[:longest].astype(np.float64)
    size = 1 << int(np.ceil(np.log2(len(one) + len(other))))
    left, right = np.fft.rfft(one - one.mean(), size), np.fft.rfft(other - other.mean(), size)
    frequencies = np.arange(len(left)) * rate / size
    band = (frequencies > 80) & (frequencies < 3400)
    left, right = left * band, right * band
    products = np.fft.irfft(left * np.conj(right), size)
    energy = np.sqrt(float(np.sum(np.abs(left) ** 2)) * float(np.sum(np.abs(right) ** 2)) * 2 / size * 2 / size)
    if energy <= 0:
        return 0.0
    reach = min(2 * rate, size // 2 - 1)
    lags = np.concatenate([np.arange(reach + 1), np.arange(-reach, 0)])
    near = products[lags]
    return float(np.abs(near).max() / energy)


def _references(rows: Sequence[Seen], groups: Iterable[list[int]]) -> Iterator[HealthFinding]:
    """References that are alike without being of the same audio."""
    same_audio = {at: number for number, group in enumerate(groups) for at in group}
    texts: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(rows):
        if one.reference.strip():
            texts[_letters(one.reference)].append(at)
    count = sum(map(len, texts.values()))
    for text, members in texts.items():
        if len(members) >= 10 and len(members) > LARGE_SHARE * count and text:
            ids = tuple(rows[at].id for at in members)
            yield of_set(
                rows[0].benchmark,
                "repeated_reference",
                f"{len(members)} of {count} rows have the reference {rows[members[0]].reference[:60]!r}",
                others=ids,
                value=len(members) / count,
                threshold=LARGE_SHARE,
                severity="medium",
                confidence=0.8,
            )
    repeated = [members for text, members in texts.items() if len(members) > 1 and len(text) >= LEAST_LETTERS]
    if repeated:
        rows_of = sum(map(len, repeated))
        sentences = amount(len(repeated), "sentence is", "sentences are")
        example = rows[repeated[0][0]].reference[:60]
        ids = tuple(rows[members[0]].id for members in repeated)
        yield of_set(
            rows[0].benchmark,
            "repeated_reference",
            f"{sentences} the reference of {rows_of} rows: {example!r}, ...",
            others=ids,
            value=rows_of,
            confidence=0.5,
        )
    yield from _near(rows, texts, same_audio)


def _near(rows: Sequence[Seen], texts: dict[str, list[int]], same_audio: dict[int, int]) -> Iterator[HealthFinding]:
    from rapidfuzz.distance import Levenshtein

    long = [text for text in texts if len(text) >= LEAST_LETTERS]
    neighbors: dict[str, dict[str, int]] = defaultdict(dict)
    for left, right in _alike(long):
        most = max(1, int(NEAR * min(len(left), len(right))))
        distance = Levenshtein.distance(left, right, score_cutoff=most)
        if distance <= most:
            neighbors[left][right] = neighbors[right][left] = distance
    patterns = {text for text, found in neighbors.items() if len(found) >= 4}
    if patterns:
        ids = tuple(rows[texts[text][0]].id for text in sorted(patterns))
        example = rows[texts[min(patterns)][0]].reference[:60]
        yield of_set(
            rows[0].benchmark,
            "template",
            f"{len(patterns)} references are like four or more others but for a word: {example!r}, ...",
            others=ids,
            value=len(patterns),
            threshold=4,
            confidence=0.5,
        )
    done = set[str]()
    for text in long:
        found = {other: distance for other, distance in neighbors[text].items() if other not in patterns}
        if text in patterns or not found or text in done:
            continue
        done |= {text, *found}
        other, distance = min(found.items(), key=lambda pair: (pair[1], pair[0]))
        one, twin = rows[texts[other][0]], rows[texts[text][0]]
        if same_audio.get(texts[other][0], -1) == same_audio.get(texts[text][0], -2):
            continue
        ids = tuple(rows[at].id for name in (text, *found) for at in texts[name] if rows[at].id != one.id)[:10]
        session = "the same session" if one.session is not None and one.session == twin.session else "another session"
        yield finding(
            one,
            "near_duplicate_reference",
            f"{distance} letter{'s' * (distance != 1)} from that of {twin.id}, of {session}: {twin.reference[:80]!r}",
            others=ids,
            value=distance,
            threshold=float(max(1, int(NEAR * len(text)))),
            unit="characters",
            confidence=0.7 if distance <= 2 else 0.4,
        )


def _alike(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs that share most stretches of five characters, by the smallest of their hashes."""
    buckets: dict[tuple[int, int], list[int]] = defaultdict(list)
    factors = np.array([2654435761 * (2 * at + 1) | 1 for at in range(HASHES)], np.uint64)
    for at, text in enumerate(texts):
        data = text.encode("utf-8", "surrogatepass")
        codes = np.array([zlib.crc32(data[i : i + SHINGLE]) for i in range(max(1, len(data) - SHINGLE + 1))], np.uint64)
        smallest = ((codes[:, None] * factors[None, :]) & np.uint64(0xFFFFFFFF)).min(axis=0)
        for number, value in enumerate(smallest.tolist()):
            buckets[number, value].append(at)
    seen = set[tuple[int, int]]()
    for members in buckets.values():
        for place, left in enumerate(members[:60]):
            for right in members[place + 1 : 60]:
                if (left, right) not in seen:
                    seen.add((left, right))
                    yield texts[left], texts[right]


def _letters(text: str) -> str:
    """What two references are compared by: letters and digits, case left aside."""
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def _grouped(pairs: Iterable[tuple[int, int]], count: int) -> list[list[int]]:
    """Rows that are copies of one another, put together."""
    parent = list(range(count))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    for left, right in pairs:
        a, b = sorted((root(left), root(right)))
        parent[b] = a
    groups: dict[int, list[int]] = defaultdict(list)
    for at in range(count):
        groups[root(at)].append(at)
    return [group for group in groups.values() if len(group) > 1]
