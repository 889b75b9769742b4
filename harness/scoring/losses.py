"""What a profile that has to stay official does to letters that its rules were not made for, counted and said.

Official rules are not repaired: vowel signs that they drop stay dropped. But a rate that does not see them says so.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.scoring.normalize.english import EnglishRules
from harness.scoring.normalize.multilingual import MultilingualRules

if TYPE_CHECKING:
    from harness.scoring.profiles import Profile

_MARKED = r"\p{L}\p{M}+"
_TYPOGRAPHIC = "\u2019\u2018\u201b\u02bc\u02bb\u2032\u00b4\uff07"
_MODIFIERS = "\u02bc\u02bb\u02b9\ua78b\ua78c"


@dataclass(frozen=True, slots=True)
class Losses:
    """What the texts of one benchmark, or of one side of it, hold that the rules do not see."""

    letters: int = 0
    """Letters that lose their marks, such as vowel signs: what is written with another mark counts as the same."""
    apostrophes: int = 0
    """Apostrophes inside a word in another form than the keyboard's: the word with that one counts as another."""

    def messages(self, profile: str) -> list[str]:
        """One line for each kind that there is."""
        found = []
        if self.letters:
            found.append(
                f"{self.letters:,} letters lost their marks (vowel signs, points), which {profile} drops: words that "
                "differ in nothing else count as the same; unicode@2026-11 keeps them"
            )
        if self.apostrophes:
            found.append(
                f"{self.apostrophes:,} typographic apostrophes, which {profile} takes for punctuation: the same "
                "word with ' counts as another; unicode@2026-11 takes all forms for one"
            )
        return found


def losses(texts: Iterable[str], profile: Profile, language: str) -> Losses:
    """Count what the profile loses of raw texts of one language."""
    form, apostrophes = _looked_for(profile, language)
    if form is None and apostrophes is None:
        return Losses()
    import regex

    marked = regex.compile(_MARKED)
    inside = regex.compile(rf"(?<=\w)[{apostrophes}](?=\w)") if apostrophes else None
    letters = met = 0
    for text in texts:
        if text.isascii():
            continue
        if form is not None:
            letters += len(marked.findall(unicodedata.normalize(form, text)))
        if inside is not None:
            met += len(inside.findall(text))
    return Losses(letters, met)


@functools.lru_cache(maxsize=100)
def _looked_for(profile: Profile, language: str) -> tuple[Literal["NFC", "NFKC", "NFKD"] | None, str | None]:
    """The form of Unicode in which all marks are lost, and the apostrophes that are not read as such; None: nothing."""
    rules = profile.rules(language)
    if isinstance(rules, EnglishRules):  # in English the accent of "café" is meant to go
        return ("NFC" if language == "en" else "NFKD"), _TYPOGRAPHIC
    if not isinstance(rules, MultilingualRules):
        return None, None
    if not rules.diacritics:
        return "NFKD", _MODIFIERS
    return (None if rules.marks else "NFKC"), _MODIFIERS
