"""FLEURS test sets (Conneau et al., 2022): sentences of Wikipedia read by up to three speakers each."""

from functools import partial
from typing import Any

from benchmarks.dataset import Dataset, Entry, Row, Source, Utterances
from benchmarks.sources.archive import PACKED, Release, archive_source
from benchmarks.sources.corrected import corrected
from benchmarks.sources.hub import hub_source, multilingual_source
from benchmarks.sources.pairing import pair, stem, stem_in
from benchmarks.sources.tables import entries_of, rows

CODES = {
    "de": "de_de",
    "es": "es_419",
    "fr": "fr_fr",
    "hy": "hy_am",
    "it": "it_it",
    "nl": "nl_nl",
    "pt": "pt_br",
    "zh": "cmn_hans_cn",
}
NAMES = {
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "hy": "Armenian",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
    "zh": "Chinese",
}
CORRECTIONS = "Metric-AI/fleurs-corrections"
"""Reviewed corrections of the Armenian references, which the leaderboard scores against."""
ON_LEADERBOARD = ("de", "es", "fr", "it", "nl", "pt")
"""Languages with a copy in the leaderboard's repository."""
KNOWN: dict[str, dict[str, Any]] = {"fr": {"rows": 676, "hours": 1.9511}}
NOTES = {
    "hy": f" References with the corrections of {CORRECTIONS}, as the leaderboard has them.",
    "zh": " Written without spaces: scored by characters. Not yet in a table of the leaderboard.",
}
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
    originals: tuple[Source, ...] = (
        hub_source("google/fleurs", code, entry=hub_entry, language=language),
        archive_source(f"{code}.tar.gz", (code, rf"{code}{PACKED}"), partial(parse, language)),
    )
    theirs = (multilingual_source(f"fleurs_{language}", language),) if language in ON_LEADERBOARD else ()
    if language == "hy":
        originals = tuple(corrected(source, CORRECTIONS) for source in originals)
    return Dataset(
        name=f"fleurs_{language}",
        title=f"FLEURS, {NAMES[language]}",
        language=language,
        license="CC-BY-4.0",
        sources=(*theirs, *originals),
        url="https://huggingface.co/datasets/google/fleurs",
        citation="Conneau et al., FLEURS: Few-shot Learning Evaluation of Universal Representations of Speech, 2022",
        file_patterns=(rf"(?<![a-z])fleurs_({code}|{language})(?![a-z])(_test)?",),
        columns=(f"{language}_fleurs",) if language != "zh" else (),
        notes="Several speakers read the same sentence: the id is the recording's file name, the sentence is a tag. "
        "Nothing says who speaks: the utterance is the unit." + NOTES.get(language, ""),
        **KNOWN.get(language, {}),
    )


FLEURS = tuple(_dataset(language) for language in CODES)
