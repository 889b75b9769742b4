"""Raw texts in the form that is scored: normalized, or as they are written where the normalizer cannot digest them."""

from collections.abc import Callable
from itertools import chain

from harness.scoring import lattice

MOST_KNOWN = 100_000
"""Texts that are remembered at a time: what is asked for again is asked for soon, or is no more than these."""

_UNKNOWN = "\0 not normalized yet"
"""An object that no normalizer returns: only its identity counts."""


def words(text: str) -> list[str]:
    """What is counted in languages written with spaces."""
    return text.split()


def characters(text: str) -> list[str]:
    """What is counted in languages written without spaces."""
    return list(text.strip())


def letters(text: str) -> list[str]:
    """What is counted of a language that is written with spaces, but scored by characters: all but the spaces."""
    return list("".join(text.split()))


def graphemes(text: str) -> list[str]:
    """What a reader takes for one character (Unicode extended grapheme clusters), without white space."""
    import regex

    return regex.findall(r"\X", "".join(text.split()))


class Texts:
    """The texts of one language under one profile (`Profile.texts`). Each is normalized once.

    Args:
        normalize: raises ValueError where a rule cannot digest a text.
        units: splits a normalized text into what is counted.
        merge: whether words that are one word of the other side, written together, are no error.
    """

    def __init__(
        self, normalize: Callable[[str], str], units: Callable[[str], list[str]], *, merge: bool = False
    ) -> None:
        self._normalize, self.units = normalize, units
        """What is counted of a text that is normalized already: words, or characters where there are no spaces."""
        self._merge = merge
        self._between = " " if units is words else ""
        self._known: dict[str, str | None] = {}
        self.most_known = MOST_KNOWN
        """Texts that are remembered at a time."""

    def normalized(self, text: str) -> str | None:
        """The normalized text; None where a rule cannot digest it, such as a number of 4,400 digits."""
        found = self._known.get(text, _UNKNOWN)
        return self._remembered(text) if found is _UNKNOWN else found

    def _remembered(self, text: str) -> str | None:
        try:
            found: str | None = self._normalize(text)
        except ValueError:
            found = None
        if len(self._known) >= self.most_known:
            self._known.clear()
        self._known[text] = found
        return found

    def together(self, *raw: str) -> tuple[list[str], bool]:
        """Texts that are scored against each other, and whether that is as written: if one cannot be read, all are."""
        found = [text for text in map(self.normalized, raw) if text is not None]
        return (found, False) if len(found) == len(raw) else (list(raw), True)

    def pair(self, reference: str, hypothesis: str) -> tuple[str, str, bool]:
        """Reference and hypothesis as they are scored, and whether that is as written.

        Of a reference that accepts several spellings it is the reading that the hypothesis comes nearest to.
        """
        slots = lattice.parse(reference)
        if slots is not None:
            return self._nearest(slots, hypothesis)
        left, right = self.normalized(reference), self.normalized(hypothesis)
        if left is None or right is None:
            return reference, hypothesis, True
        return left, right, False

    def _nearest(self, slots: lattice.Slots, hypothesis: str) -> tuple[str, str, bool]:
        slots = lattice.joined(slots)
        sizes = [len(slot) for slot in slots]
        (right, *variants), as_written = self.together(hypothesis, *chain(*slots))
        each = iter(variants)
        units = [[self.units(next(each)) for _ in range(size)] for size in sizes]
        reading = lattice.nearest(units, self.units(right), merge=self._merge)
        return self._between.join(reading), right, as_written

    def alone(self, text: str) -> str:
        """A raw text that stands alone, as it is scored."""
        normalized = self.normalized(text)
        return text if normalized is None else normalized

    def words(self, text: str) -> list[str]:
        """What is counted of a raw text that stands alone."""
        return self.units(self.alone(text))
