"""Common Voice test sets (Ardila et al., 2020): prompts read by volunteers, cased and punctuated."""

from functools import partial
from typing import Any

from benchmarks.dataset import Dataset, Entry, Row, Utterances
from benchmarks.sources.archive import PACKED, Release, archive_source
from benchmarks.sources.hub import hub_source, multilingual_source
from benchmarks.sources.pairing import pair, stem, stem_in
from benchmarks.sources.tables import entries_of, rows, set_duration

NAMES = {
    "en": "English",
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "hy": "Armenian",
    "it": "Italian",
    "ja": "Japanese",
    "nl": "Dutch",
    "pt": "Portuguese",
    "ru": "Russian",
}
RELEASES = {"15": ("en", "de", "es", "fr", "pt"), "17": ("en", "de", "es", "fr", "it", "ja", "pt", "ru")}
KNOWN_17: dict[str, dict[str, Any]] = {
    "de": {"rows": 16183, "hours": 27.4369},
    "es": {"rows": 15857, "hours": 26.95},
    "ja": {"rows": 6261, "hours": 8.8588},
    "ru": {"rows": 10203, "hours": 15.87},
}
"""Measured on predictions for release 17.0."""
NOT_SAID = "The leaderboard's rows do not say who speaks: the utterance is the unit."
RELEASE_26 = " Where its repository has no copy, release 26.0 is read, as the leaderboard's loader did in October 2026."
SLICES = ("gender", "age", "accents")


def hub_entry(row: Row) -> Entry:
    """A row of the mirrors, or of a release's TSV: client_id, path, sentence, gender, age, accents."""
    tags = {key: str(row[key]) for key in SLICES if row.get(key)}
    name = str(row["path"]).replace("\\", "/").rpartition("/")[2]
    return Entry(id=stem(name), reference=row["sentence"], session=row["client_id"], tags=tags)


def parse(language: str, release: Release) -> Utterances:
    """The original release: ``<language>/test.tsv``, lengths in ``clip_durations.tsv``, ``<language>/clips/*.mp3``."""
    where = release.inside(language)
    tables = dict(where.files(rf"(^|/){language}/(test|clip_durations)\.tsv$"))
    tsv = next((name for name in tables if name.endswith("test.tsv")), None)
    if tsv is None:
        raise release.lacks(f"{language}/test.tsv")
    entries = entries_of(rows(tables.pop(tsv), f"{release.path}: {tsv}", "\t"), hub_entry)
    while tables:  # of every clip of the release, and not needed any longer than it is read
        name, data = tables.popitem()
        for _, row in rows(data, f"{release.path}: {name}", "\t"):
            set_duration(entries, stem(row["clip"]), int(row["duration[ms]"]) / 1000)
        del data
    yield from pair(where, entries, partial(stem_in, "clips"), language)


def _dataset(release: str, language: str, **facts: Any) -> Dataset:
    """The benchmark of one release and language."""
    return Dataset(
        name=f"common_voice_{release}_{language}",
        title=f"Common Voice {release}.0, {NAMES[language]}",
        language=language,
        license="CC0-1.0",
        sources=(
            hub_source(f"fsicoli/common_voice_{release}_0", language, entry=hub_entry, language=language),
            archive_source(
                f"cv-corpus-{release}.0-*-{language}.tar.gz",
                (rf"cv-corpus-{release}\.0-[\d-]*", rf"cv-corpus-{release}\.0-[\d-]*-{language}{PACKED}"),
                partial(parse, language),
            ),
        ),
        url="https://datacollective.mozillafoundation.org",
        citation="Ardila et al., Common Voice: A Massively-Multilingual Speech Corpus, LREC 2020",
        file_patterns=(rf"common_voice_{release}(_0)?_{language}(?![a-z])(_test)?",),
        notes="Cased and punctuated prompts; the session is the volunteer (client_id). The originals moved from "
        "the hub to Mozilla Data Collective (account and terms) in October 2025; the copy on the hub is a mirror.",
        **facts,
    )


def _leaderboard(language: str) -> Dataset:
    """The benchmark of the leaderboard's multilingual repository: which release it was made from is not stated."""
    theirs = multilingual_source(f"mcv_{language}", language)
    release_26 = hub_source("deepdml/common_voice_26_0", "hy-AM", entry=hub_entry, language="hy")
    armenian = language == "hy"
    return Dataset(
        name=f"mcv_{language}",
        title=f"Common Voice as in the leaderboard's multilingual table, {NAMES[language]}",
        language=language,
        license="CC0-1.0",
        sources=(theirs, release_26) if armenian else (theirs,),
        url="https://huggingface.co/datasets/hf-audio/open-asr-leaderboard-multilingual-datasets",
        citation="Ardila et al., Common Voice: A Massively-Multilingual Speech Corpus, LREC 2020",
        file_patterns=(rf"(?<![a-z])(mcv|mcv26|covost)_{language}(?![a-z])(_test)?",),
        columns=(f"{language}_mcv" if armenian else f"{language}_covost",),
        notes=NOT_SAID + (RELEASE_26 if armenian else " The published tables call it covost."),
        missing="original: which release and rows it was made from is not stated",
    )


COMMON_VOICE = tuple(
    _dataset(release, language, **(KNOWN_17.get(language, {}) if release == "17" else {}))
    for release, languages in RELEASES.items()
    for language in languages
)
MCV = tuple(_leaderboard(language) for language in ("de", "es", "fr", "hy", "it", "nl"))
