"""FLEURS test sets (Conneau et al., 2022): sentences of Wikipedia read by up to three speakers each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.dataset import Dataset, Entry
from benchmarks.sources.hub import HubSplit, hub_door, multilingual_door, stem

if TYPE_CHECKING:
    from collections.abc import Mapping

CODES = {"de": "de_de", "es": "es_419", "fr": "fr_fr", "it": "it_it", "pt": "pt_br"}
NAMES = {"de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "pt": "Portuguese"}
KNOWN: dict[str, dict[str, Any]] = {"fr": {"rows": 676, "hours": 1.9511}}
RATE = 16_000


def hub_entry(row: Mapping[str, Any]) -> Entry:
    """A row of google/fleurs: id (of the sentence), num_samples, path, raw_transcription, gender."""
    name = str(row.get("path") or row["audio_path"]).replace("\\", "/").rpartition("/")[2]
    return Entry(
        id=stem(name),
        reference=row["raw_transcription"],
        duration=int(row["num_samples"]) / RATE,
        tags={"sentence": str(row["id"])},
    )


def _dataset(language: str) -> Dataset:
    """The benchmark of one language."""
    code = CODES[language]
    split = HubSplit(repo="google/fleurs", config=code, split="test", entry=hub_entry, language=language)
    return Dataset(
        name=f"fleurs_{language}",
        title=f"FLEURS, {NAMES[language]}",
        language=language,
        license="CC-BY-4.0",
        doors=(multilingual_door(f"fleurs_{language}", language), hub_door(split)),
        url="https://huggingface.co/datasets/google/fleurs",
        citation="Conneau et al., FLEURS: Few-shot Learning Evaluation of Universal Representations, SLT 2022",
        file_patterns=(rf"(?<![a-z])fleurs_({code}|{language})(?![a-z])(_test)?",),
        columns=(f"{language}_fleurs",),
        notes="Several speakers read the same sentence: the id is the recording's file name, the sentence is a tag. "
        "Nothing says who speaks: the utterance is the unit.",
        **KNOWN.get(language, {}),
    )


FLEURS = tuple(_dataset(language) for language in CODES)
