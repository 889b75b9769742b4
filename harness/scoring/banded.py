"""Alignment of whole recordings with merged compounds: exact, in a band, one row of NumPy at a time.

kaldialign defines the result: cell (i, j) costs the least of a substitution or match from (i-1, j-1), a deletion from
(i-1, j), an insertion from (i, j-1), and a merge: k words in a row of one side that, written together, are one word of
the other, from (i-k, j-1) or (i-1, j-k), at no cost. Ties go to the insertion, then the deletion, then the diagonal,
and a merge must be strictly cheaper than all three. It keeps 20 bytes for each of the (M+1)(N+1) cells; here a cell
costs two bits, and only those cells are looked at that an optimal path can reach:

- With U an upper bound of the cost (the distance without merges), and H and R the most columns and rows that merges
  can skip, a path of cost <= U through the diagonal d = j - i has |2d - (N - M)| <= U + H + R: what takes it to d and
  what takes it back to N - M is paid for, but for the merges. Outside of this band a cell is taken as infinite. All
  optimal paths lie inside, so the cells on them are exact, and a cell beside them that is too high loses a comparison
  that it would have lost anyway: were it tied, it would lie on an optimal path itself. As every path crosses every
  row, the least cost in a row is spent for good, and what is left of U narrows the band further down.
- Costs are kept as F = cost - i - j. Deletions and insertions leave F as it is, so a row is one running minimum.
- At most one merge leads to a cell: the number of words whose letters make up one given word is fixed, and it cannot
  be longer and shorter than its partner at once. So two bits name the way into any cell.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import add
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Step = tuple[int, int]
"""Reference words and hypothesis words that one step of an alignment takes: (1, 1), (1, 0), (0, 1), (k, 1), (1, k)."""

_FAR = np.int32(2**30)
_NARROW_EVERY = 64
"""Rows after which the band is narrowed."""


class _Beginnings:
    """What the words met so far begin with: two letters or more of each, and the words themselves."""

    def __init__(self) -> None:
        self._sets: tuple[set[str], set[str]] = set(), set()

    def including(self, words: Sequence[str]) -> set[str]:
        """The set, with what these words begin with. It is never emptied: another thread may look at it."""
        known, beginnings = self._sets
        if known.issuperset(words):
            return beginnings
        if len(beginnings) > _BEGINNINGS_LIMIT:
            self._sets = known, beginnings = set(), set()
        new = set(words) - known
        beginnings.update([word[:end] for word in new for end in range(2, len(word) + 1)])
        known |= new
        return beginnings


_BEGINNINGS = _Beginnings()
_BEGINNINGS_LIMIT = 200_000
"""Strings remembered (some 20 MB) before it starts afresh."""


def can_merge(words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether `merged_spans` finds anything.

    Two words in a row are seldom, written together, what any known word begins with, so little has to be looked at.

    Args:
        words: none of them empty.
        others: none of them empty.
    """
    beginnings = _BEGINNINGS.including(others)
    for at, two in enumerate(map(add, words, words[1:])):
        if two in beginnings and (two in others or _three_merge(two, words[at + 2 :], others, beginnings)):
            return True
    return False


def _three_merge(two: str, behind: Sequence[str], others: Sequence[str], beginnings: set[str]) -> bool:
    """Whether two words and one or more of those behind them are a word of the others."""
    joined = two
    for word in behind:
        joined += word
        if joined not in beginnings:
            return False
        if joined in others:
            return True
    return False


def merged_spans(words: Sequence[str], others: Sequence[str]) -> list[tuple[int, int, str]]:
    """Where two or more words in a row, written together, are a word of the other side.

    Returns:
        End of the span in `words` (exclusive), number of words, and the word that they make.
    """
    vocabulary = set(others)
    longest = max(map(len, vocabulary), default=0)
    spans = []
    for end in range(2, len(words) + 1):
        start = end - 2
        joined = words[start] + words[end - 1]
        while len(joined) <= longest:
            if joined in vocabulary:
                spans.append((end, end - start, joined))
            if start == 0:
                break
            start -= 1
            joined = words[start] + joined
    return spans


def _places(words: Sequence[str]) -> dict[str, list[int]]:
    """Positions of each word, counted from 1."""
    places: dict[str, list[int]] = {}
    for position, word in enumerate(words, start=1):
        places.setdefault(word, []).append(position)
    return places


def _skipped(spans: Sequence[tuple[int, int, str]], length: int) -> int:
    """The most words that merging spans which do not overlap can save."""
    ending: dict[int, list[int]] = {}
    for end, size, _ in spans:
        ending.setdefault(end, []).append(size)
    best = [0] * (length + 1)
    for end in range(1, length + 1):
        best[end] = max([best[end - 1], *(best[end - size] + size - 1 for size in ending.get(end, ()))])
    return best[length]


class _Band:
    """The diagonals d = j - i in low..high, which can only become fewer."""

    def __init__(self, rows: int, columns: int, upper: int, skipped: int) -> None:
        self.end, self.upper, self.skipped = columns - rows, upper, skipped
        self.low = -((upper + skipped - self.end) // 2)
        self.high = (self.end + upper + skipped) // 2

    def narrow(self, spent: int) -> None:
        """Leave out diagonals from which the way back costs more than is left once `spent` is paid on any path."""
        left = self.upper - spent + self.skipped
        self.low, self.high = max(self.low, self.end - left), min(self.high, self.end + left)

    def reachable(self, end: int, places: Sequence[int], sign: int) -> bool:
        """Whether a merge that ends at `end` on one side and at one of `places` on the other lies in the band."""
        low, high = (end - self.high, end - self.low) if sign > 0 else (end + self.low, end + self.high)
        at = bisect_left(places, low)
        return at < len(places) and places[at] <= high


class _Aligner:
    """The table of one pair, row by row, and the way back through it."""

    def __init__(self, reference: Sequence[str], hypothesis: Sequence[str], upper: int) -> None:
        self.reference, self.hypothesis = reference, hypothesis
        self.rows, self.columns = len(reference), len(hypothesis)
        self.places = _places(hypothesis)
        self._columns = {word: np.array(places) for word, places in self.places.items()}
        own_places = _places(reference)
        down = merged_spans(reference, hypothesis)
        across = merged_spans(hypothesis, reference)
        for _ in range(2):  # the second time without the merges that the first band leaves out
            skipped = _skipped(down, self.rows) + _skipped(across, self.columns)
            self.band = _Band(self.rows, self.columns, upper, skipped)
            down = [span for span in down if self.band.reachable(span[0], self.places[span[2]], -1)]
            across = [span for span in across if self.band.reachable(span[0], own_places[span[2]], 1)]
        self.down: dict[int, list[tuple[int, str]]] = {}
        for end, size, word in down:
            self.down.setdefault(end, []).append((size, word))
        ending: dict[str, list[tuple[int, int]]] = {}
        for end, size, word in across:
            ending.setdefault(word, []).append((end, size))
        # Two columns: where the spans that make up a word of the reference end, and how many words they are.
        self.across = {word: np.array(spans, dtype=np.int32).T for word, spans in ending.items()}
        self.depth = 1 + max((size for _, size, _ in down), default=1)
        self.low: list[int] = []
        self.ways: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = []

    def fill(self) -> int:
        """Compute the table.

        Returns:
            The cost of the best alignment.
        """
        # Column j stands at index j + 1; what is left of column 0 is out of reach.
        table = np.full((self.depth, self.columns + 2), _FAR, dtype=np.int32)
        table[0, 1 : min(self.columns, self.band.high) + 2] = 0  # cost j - 0 - j
        scratch = np.empty(self.columns + 2, dtype=np.int32)
        places = np.arange(self.columns + 1, dtype=np.int32)
        low = high = 0
        for i in range(1, self.rows + 1):
            # Neither bound goes back, so what a row of the table still holds from before lies left of `low`.
            low = max(low, min(i + self.band.low, self.columns))
            high = max(high, min(i + self.band.high, self.columns))
            before, now = table[(i - 1) % self.depth], table[i % self.depth]
            now[self.low[i - 1 - self.depth] + 1 if i > self.depth else 0 : low + 1] = _FAR
            base = np.subtract(before[low : high + 1], 1, out=scratch[: high + 1 - low])
            word = self.reference[i - 1]
            found = self.places.get(word)
            if found is not None:
                hits = self._columns[word][bisect_left(found, max(low, 1)) : bisect_right(found, high)]
                base[hits - low] -= 1
            np.minimum(base, before[low + 1 : high + 2], out=base)
            merges = self._merges(i, (low, high), table, base)
            row = np.minimum.accumulate(base, out=now[low + 1 : high + 2])
            left = now[low : high + 1]
            below_left, below_before = row < left, row < before[low + 1 : high + 2]
            below_before &= below_left
            if merges is not None:
                taken = merges[(row[merges] < left[merges])]
                below_left[taken], below_before[taken] = False, True
            self.low.append(low)
            self.ways.append((np.packbits(below_left), np.packbits(below_before)))
            if i % _NARROW_EVERY == 0:
                self.band.narrow(int((row + places[low : high + 1]).min()) + i)
        return int(table[self.rows % self.depth, self.columns + 1]) + self.rows + self.columns

    def _merges(
        self, i: int, band: tuple[int, int], table: NDArray[np.int32], base: NDArray[np.int32]
    ) -> NDArray[np.intp] | None:
        """Lower the cells of row i that a merge reaches for less.

        Returns:
            Their positions in `base`, or None where there are none.
        """
        low, high = band
        lowered = []
        for size, word in self.down.get(i, ()):
            found = self.places[word]
            columns = self._columns[word][bisect_left(found, max(low, 1)) : bisect_right(found, high)]
            lowered.append(_lower(base, columns - low, table[(i - size) % self.depth][columns] - np.int32(size + 1)))
        if (spans := self.across.get(self.reference[i - 1])) is not None:
            ends, sizes = spans
            inside = slice(*np.searchsorted(ends, (low, high + 1)))
            ends, sizes = ends[inside], sizes[inside]
            costs = table[(i - 1) % self.depth][ends - sizes + 1] - (sizes + 1)
            lowered.append(_lower(base, ends - low, costs))
        return np.concatenate(lowered) if lowered else None

    def steps(self) -> list[Step]:
        """The way that kaldialign takes, from the beginning of both texts."""
        back: list[Step] = []
        i, j = self.rows, self.columns
        while i > 0:
            at = j - self.low[i - 1]
            below_left, below_before = self.ways[i - 1]
            bit = 0x80 >> (at & 7)
            if below_before[at >> 3] & bit:
                step = (1, 1) if below_left[at >> 3] & bit else self._merge_at(i, j)
            else:
                step = (1, 0) if below_left[at >> 3] & bit else (0, 1)
            back.append(step)
            i, j = i - step[0], j - step[1]
        back.extend([(0, 1)] * j)
        back.reverse()
        return back

    def _merge_at(self, i: int, j: int) -> Step:
        for size, word in self.down.get(i, ()):
            if word == self.hypothesis[j - 1]:
                return size, 1
        ends, sizes = self.across[self.reference[i - 1]]
        return 1, int(sizes[int(np.searchsorted(ends, j))])


def _lower(base: NDArray[np.int32], at: NDArray[np.intp], costs: NDArray[np.int32]) -> NDArray[np.intp]:
    """Lower `base` to `costs` where they are less; returns where."""
    less = costs < base[at]
    at = at[less]
    base[at] = costs[less]
    return at


def merged_steps(reference: Sequence[str], hypothesis: Sequence[str], upper: int) -> list[Step]:
    """The alignment that `kaldialign.align(..., merge_compounds=True)` gives, in bounded memory.

    Args:
        reference: words.
        hypothesis: words.
        upper: any upper bound of the cost, such as the distance without merges; the tighter, the faster.
    """
    aligner = _Aligner(reference, hypothesis, upper)
    aligner.fill()
    return aligner.steps()
