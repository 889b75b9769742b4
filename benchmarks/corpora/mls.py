"""Multilingual LibriSpeech test sets (Pratap et al., 2020): read audiobooks, lower-case text without punctuation."""

import re
from functools import partial

from benchmarks.dataset import Dataset, Entry, Row, Utterances
from benchmarks.sources.archive import PACKED, Release, archive_source
from benchmarks.sources.hub import hub_source, multilingual_source
from benchmarks.sources.pairing import pair
from benchmarks.sources.tables import entries_of, rows, set_duration

WORDS = {
    "en": "english",
    "de": "german",
    "es": "spanish",
    "fr": "french",
    "pt": "portuguese",
    "it": "italian",
    "nl": "dutch",
}
TRANSCRIPT, SEGMENT = ("id", "text"), ("id", "url", "begin", "end")
"""The columns of transcripts.txt and segments.txt, which have no header."""
ON_LEADERBOARD = ("es", "fr", "it", "nl", "pt")


def hub_entry(row: Row) -> Entry:
    """A row of facebook/multilingual_librispeech: transcript (text in older copies), audio_duration, speaker_id, id."""
    text = row["transcript"] if row.get("transcript") is not None else row["text"]
    return Entry(id=str(row["id"]), reference=text, duration=row.get("audio_duration"), session=str(row["speaker_id"]))


def parse(language: str, release: Release) -> Utterances:
    """The original release: ``test/transcripts.txt`` (id, tab, text), ``test/audio/<speaker>/<book>/<id>.flac|opus``.

    Lengths come from ``segments.txt`` (id, url, begin, end) where it is there.
    """
    tables = dict(release.files(r"(^|/)test/(transcripts|segments)\.txt$"))
    texts = next((name for name in tables if name.endswith("transcripts.txt")), None)
    if texts is None:
        raise release.lacks("test/transcripts.txt")
    entries = entries_of(rows(tables.pop(texts), f"{release.path}: {texts}", "\t", TRANSCRIPT), release_entry)
    for name, data in tables.items():
        for _, row in rows(data, f"{release.path}: {name}", "\t", SEGMENT):
            set_duration(entries, row["id"], float(row["end"]) - float(row["begin"]))
    yield from pair(release, entries, audio_key, language, every_audio=True)


def release_entry(row: Row) -> Entry:
    """A row of transcripts.txt; an id begins with the speaker."""
    return Entry(id=row["id"], reference=row["text"], session=row["id"].partition("_")[0])


def audio_key(name: str) -> str | None:
    """The utterance id of a member's name, for the audio of the test set."""
    match = re.search(r"(?:^|/)test/audio/.*?([^/]+)\.(?:flac|opus)$", name)
    return match.group(1) if match else None


def _dataset(language: str) -> Dataset:
    """The benchmark of one language."""
    word = WORDS[language]
    theirs = (multilingual_source(f"mls_{language}", language),) if language in ON_LEADERBOARD else ()
    return Dataset(
        name=f"mls_{language}",
        title=f"Multilingual LibriSpeech, {word.capitalize()}",
        language=language,
        license="CC-BY-4.0",
        sources=(
            hub_source("facebook/multilingual_librispeech", word, entry=hub_entry, language=language),
            archive_source(
                f"mls_{word}.tar.gz or mls_{word}_opus.tar.gz",
                (rf"mls_{word}(_opus)?", rf"mls_{word}(_opus)?{PACKED}"),
                partial(parse, language),
            ),
            *theirs,
        ),
        url="https://www.openslr.org/94",
        citation="Pratap et al., MLS: A Large-Scale Multilingual Dataset for Speech Research, Interspeech 2020",
        session_pattern=r"(?:^|/)(\d+)_\d+_\d+",
        file_patterns=(rf"(?<![a-z])(mls|multilingual_librispeech)_({language}|{word})(?![a-z])(_test)?",),
        columns=(f"{language}_mls",) if theirs else (),
        notes="Lower-case text without punctuation. Opus headers may state 48 kHz for 16 kHz speech.",
    )


MLS = tuple(_dataset(language) for language in WORDS)
