"""FLEURS test sets (Conneau et al., 2022): sentences of Wikipedia read by up to three speakers each."""

from functools import partial
from typing import Any

from benchmarks.dataset import Dataset, Entry, Row, Utterances
from benchmarks.sources.archive import PACKED, Release, archive_source
from benchmarks.sources.hub import hub_source, multilingual_source
from benchmarks.sources.pairing import pair, stem, stem_in
from benchmarks.sources.tables import entries_of, rows

CODES = {"de": "de_de", "es": "es_419", "fr": "fr_fr", "it": "it_it", "pt": "pt_br"}
NAMES = {"de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "pt": "Portuguese"}
KNOWN: dict[str, dict[str, Any]] = {"fr": {"rows": 676, "hours": 1.9511}}
RATE = 16_000


def hub_entry(row: Row) -> Entry:
    """A row of google/fleurs: id (of the sentence), num_samples, path, raw_transcription, gender."""
    name = str(row.get("path") or row["audio_path"]).replace("\\", "/").rpartition("/")[2]
    return Entry(
        id=stem(name),
        reference=row["raw_transcription"],
        duration=int(row["num_samples"]) / RATE,
        tags={"sentence": str(row["id"])},
    )


COLUMNS = ("id", "path", "raw_transcription", "transcription", "characters", "num_samples", "gender")
"""Of the release's tables, which have no header."""


def parse(language: str, release: Release) -> Utterances:
    """The original release: ``<code>/test.tsv`` without a header, ``<code>/audio/test.tar.gz`` or unpacked WAVs."""
    entries = entries_of(rows(*release.only(r"(^|/)test\.tsv$", "one test.tsv"), "\t", COLUMNS), hub_entry)
    packed = release.path / "audio" / "test.tar.gz"
    yield from pair(Release(packed) if packed.is_file() else release, entries, partial(stem_in, "/test"), language)


def _dataset(language: str) -> Dataset:
    """The benchmark of one language."""
    code = CODES[language]
    return Dataset(
        name=f"fleurs_{language}",
        title=f"FLEURS, {NAMES[language]}",
        language=language,
        license="CC-BY-4.0",
        sources=(
            multilingual_source(f"fleurs_{language}", language),
            hub_source("google/fleurs", code, entry=hub_entry, language=language),
            archive_source(f"{code}.tar.gz", (code, rf"{code}{PACKED}"), partial(parse, language)),
        ),
        url="https://huggingface.co/datasets/google/fleurs",
        citation="Conneau et al., FLEURS: Few-shot Learning Evaluation of Universal Representations of Speech, 2022",
        file_patterns=(rf"(?<![a-z])fleurs_({code}|{language})(?![a-z])(_test)?",),
        columns=(f"{language}_fleurs",),
        notes="Several speakers read the same sentence: the id is the recording's file name, the sentence is a tag. "
        "Nothing says who speaks: the utterance is the unit.",
        **KNOWN.get(language, {}),
    )


FLEURS = tuple(_dataset(language) for language in CODES)
