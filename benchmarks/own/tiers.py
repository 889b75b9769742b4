"""Which tiers of an annotated recording hold what was said, told by their names and what they hang on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.sources.tiers import Tier

UTTERANCES = re.compile(
    "(utterance|transcript|transcription|text|sentence|phrase|ipu|turn)s?|utt|ort|orthography|orthographic|speech"
)
WORDS = re.compile("words?|wrd|mots?|wort|wörter|ort-mau")
SMALLER = re.compile(
    "(phone|phoneme|phonem|phon|syllable|segment|pitch|tone|break|note|comment|noise|gesture|gloss|translation)s?"
    "|breaks?|kan-mau|mau|lang|language"
)
"""What tiers are called that hold utterances, words, and what is smaller or something else."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A tier that is taken."""

    tier: Tier
    speaker: str
    """Empty where nobody says who speaks."""
    words: bool = False
    """Whether its annotations are single words, that make one utterance together."""


def choose_tiers(tiers: Sequence[Tier], asked: str | None) -> list[Chosen]:
    """The tiers of utterances; else those of speakers, called after them; else those of words. None is empty.

    Args:
        tiers: all of one recording.
        asked: the name of the one to take, or its kind behind a dash (``anna - utterances``).
    """
    filled = [tier for tier in tiers if tier.filled]
    if asked is not None:
        found = [tier for tier in filled if asked.lower() in {tier.name.lower(), _kind(tier)}]
        return [_chosen(tier, named=len(found) > 1) for tier in found]
    own = [tier for tier in filled if not tier.dependent] or filled
    found = [tier for tier in own if UTTERANCES.fullmatch(_kind(tier))]
    found = found or [tier for tier in own if not SMALLER.fullmatch(_kind(tier)) and not WORDS.fullmatch(_kind(tier))]
    words = [tier for tier in own if WORDS.fullmatch(_kind(tier))]
    if not found and not words and len(own) == 1:
        found = own
    if found:
        return [_chosen(tier, named=len(found) > 1) for tier in found]
    return [_chosen(tier, named=False, words=True) for tier in words]


def _kind(tier: Tier) -> str:
    """What a tier holds, by its name: what stands behind the speaker and a dash, as MFA writes it."""
    return tier.name.rpartition(" - ")[2].strip().lower()


def _chosen(tier: Tier, *, named: bool, words: bool = False) -> Chosen:
    """The tier, and who speaks: as it says, or before the dash, or its name where there are several."""
    before = tier.name.rpartition(" - ")[0].strip()
    own = tier.name if named and not UTTERANCES.fullmatch(_kind(tier)) else ""
    return Chosen(tier, tier.speaker or before or own, words)
