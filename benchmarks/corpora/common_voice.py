"""Common Voice test sets (Ardila et al., 2020): prompts read by volunteers, cased and punctuated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.dataset import Dataset, Entry
from benchmarks.sources.hub import HubSplit, hub_door, multilingual_door, stem

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = {
    "en": "English",
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "pt": "Portuguese",
    "ru": "Russian",
}
RELEASES = {"15": ("en", "de", "es", "fr", "pt"), "17": tuple(NAMES)}
KNOWN_17: dict[str, dict[str, Any]] = {
    "de": {"rows": 16183, "hours": 27.4369},
    "es": {"rows": 15857, "hours": 26.95},
    "ja": {"rows": 6261, "hours": 8.8588},
    "ru": {"rows": 10203, "hours": 15.87},
}
"""Measured on predictions for release 17.0."""
SLICES = ("gender", "age", "accents")


def hub_entry(row: Mapping[str, Any]) -> Entry:
    """A row of the mirrors, or of a release's TSV: client_id, path, sentence, gender, age, accents."""
    tags = {key: str(row[key]) for key in SLICES if row.get(key)}
    name = str(row["path"]).replace("\\", "/").rpartition("/")[2]
    return Entry(id=stem(name), reference=row["sentence"], session=row["client_id"], tags=tags)


def _dataset(release: str, language: str, **facts: Any) -> Dataset:
    """The benchmark of one release and language."""
    split = HubSplit(
        repo=f"fsicoli/common_voice_{release}_0", config=language, split="test", entry=hub_entry, language=language
    )
    return Dataset(
        name=f"common_voice_{release}_{language}",
        title=f"Common Voice {release}.0, {NAMES[language]}",
        language=language,
        license="CC0-1.0",
        doors=(hub_door(split),),
        url="https://datacollective.mozillafoundation.org",
        citation="Ardila et al., Common Voice: A Massively-Multilingual Speech Corpus, LREC 2020",
        file_patterns=(rf"common_voice_{release}(_0)?_{language}(?![a-z])(_test)?",),
        notes="Cased and punctuated prompts; the session is the volunteer (client_id). The originals moved from "
        "the hub to Mozilla Data Collective (account and terms) in October 2025; the hub door is a mirror.",
        **facts,
    )


def _leaderboard(language: str) -> Dataset:
    """The benchmark of the leaderboard's multilingual repository: which release it was made from is not stated."""
    return Dataset(
        name=f"mcv_{language}",
        title=f"Common Voice as in the leaderboard's multilingual table, {NAMES[language]}",
        language=language,
        license="CC0-1.0",
        doors=(multilingual_door(f"mcv_{language}", language),),
        url="https://huggingface.co/datasets/hf-audio/open-asr-leaderboard-multilingual-datasets",
        citation="Ardila et al., Common Voice: A Massively-Multilingual Speech Corpus, LREC 2020",
        file_patterns=(rf"(?<![a-z])(mcv|covost)_{language}(?![a-z])(_test)?",),
        columns=(f"{language}_covost",),
        notes="The published tables call it covost. The rows do not say who speaks: the utterance is the unit.",
    )


COMMON_VOICE = tuple(
    _dataset(release, language, **(KNOWN_17.get(language, {}) if release == "17" else {}))
    for release, languages in RELEASES.items()
    for language in languages
)
MCV = tuple(_leaderboard(language) for language in ("de", "es", "fr", "it"))
