"""Multilingual LibriSpeech test sets (Pratap et al., 2020): read audiobooks, lower-case text without punctuation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.dataset import Dataset, Entry
from benchmarks.sources.hub import HubSplit, hub_door, multilingual_door

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS = {"en": "english", "de": "german", "es": "spanish", "fr": "french", "pt": "portuguese", "it": "italian"}
ON_LEADERBOARD = ("es", "fr", "it", "pt")


def hub_entry(row: Mapping[str, Any]) -> Entry:
    """A row of facebook/multilingual_librispeech: transcript (text in older copies), audio_duration, speaker_id, id."""
    text = row["transcript"] if row.get("transcript") is not None else row["text"]
    return Entry(id=str(row["id"]), reference=text, duration=row.get("audio_duration"), session=str(row["speaker_id"]))


def _dataset(language: str) -> Dataset:
    """The benchmark of one language."""
    word = WORDS[language]
    split = HubSplit(
        repo="facebook/multilingual_librispeech", config=word, split="test", entry=hub_entry, language=language
    )
    theirs = (multilingual_door(f"mls_{language}", language),) if language in ON_LEADERBOARD else ()
    return Dataset(
        name=f"mls_{language}",
        title=f"Multilingual LibriSpeech, {word.capitalize()}",
        language=language,
        license="CC-BY-4.0",
        doors=(hub_door(split), *theirs),
        url="https://www.openslr.org/94",
        citation="Pratap et al., MLS: A Large-Scale Multilingual Dataset for Speech Research, Interspeech 2020",
        session_pattern=r"^(\d+)_\d+_\d+",
        file_patterns=(rf"(?<![a-z])(mls|multilingual_librispeech)_({language}|{word})(?![a-z])(_test)?",),
        columns=(f"{language}_mls",) if theirs else (),
        notes="Lower-case text without punctuation. Opus headers may state 48 kHz for 16 kHz speech.",
    )


MLS = tuple(_dataset(language) for language in WORDS)
