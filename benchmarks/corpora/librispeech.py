"""LibriSpeech test sets (Panayotov et al., 2015): read audiobooks, upper-case text without punctuation."""

from functools import partial
from typing import Any

from benchmarks.dataset import Dataset, Entry, Row, Utterances
from benchmarks.sources.archive import PACKED, Release, archive_source
from benchmarks.sources.hub import hub_source, leaderboard_source
from benchmarks.sources.pairing import pair_as_read, stem_in
from benchmarks.sources.tables import lines
from harness.errors import DataError


def hub_entry(row: Row) -> Entry:
    """A row of openslr/librispeech_asr: id, text, speaker_id, chapter_id."""
    return Entry(id=row["id"], reference=row["text"], session=str(row["speaker_id"]))


def parse(part: str, release: Release) -> Utterances:
    """The original release: ``<part>/<speaker>/<chapter>/<id>.flac`` beside ``<speaker>-<chapter>.trans.txt``."""
    read = partial(transcripts, release, part)
    yield from pair_as_read(release, ".trans.txt", read, partial(audio_key, part), "en")


def transcripts(release: Release, part: str, name: str, data: bytes) -> dict[str, Entry]:
    """The lines of a chapter: an id, a space, words."""
    entries: dict[str, Entry] = {}
    for at, line in lines(data, f"{release.path}: {name}") if f"/{part}/" in f"/{name}" else ():
        key, _, words = line.strip().partition(" ")
        if key.count("-") != 2 or key in entries:
            raise DataError(f"{at}: {'twice' if key in entries else 'no'} utterance id {key!r}")
        entries[key] = Entry(id=key, reference=words.strip(), session=key.partition("-")[0])
    return entries


def audio_key(part: str, name: str) -> str | None:
    """The utterance id that a member's name holds, for FLACs of the part."""
    return stem_in("", name) if name.endswith(".flac") and f"/{part}/" in f"/{name}" else None


def _dataset(part: str, **facts: Any) -> Dataset:
    """The benchmark of ``test-clean`` or ``test-other``."""
    kind = part.removeprefix("test-")
    return Dataset(
        name=f"librispeech_test_{kind}",
        title=f"LibriSpeech test-{kind}",
        language="en",
        license="CC-BY-4.0",
        sources=(
            hub_source("openslr/librispeech_asr", kind, entry=hub_entry),
            archive_source(f"{part}.tar.gz", (part, rf"{part}{PACKED}"), partial(parse, part)),
            leaderboard_source("librispeech", f"test.{kind}"),
        ),
        url="https://www.openslr.org/12",
        citation="Panayotov et al., LibriSpeech: an ASR corpus based on public domain audio books, ICASSP 2015",
        session_pattern=r"(?:^|/)(\d+)-\d+-\d+",
        file_patterns=(rf"(?<![a-z])librispeech(_asr)?_(test[._-]{kind}|{kind}_test)(?![a-z])",),
        notes="Upper-case text without punctuation. The session is the speaker.",
        **facts,
    )


TEST_CLEAN = _dataset("test-clean", rows=2620, hours=5.4035, words=52576, columns=("LS Clean WER",))
TEST_OTHER = _dataset("test-other", rows=2939, hours=5.3415, columns=("LS Other WER",))
