"""Earnings-21 and Earnings-22 (Del Rio et al., 2021, 2022): earnings calls, whole and cut."""

from functools import partial
from typing import Any

from benchmarks.dataset import Dataset, Entry, Row, Utterances
from benchmarks.sources.archive import Release, archive_source
from benchmarks.sources.hub import LEADERBOARD_LONGFORM, hub_source, leaderboard_source
from benchmarks.sources.pairing import pair, stem, stem_in
from benchmarks.sources.tables import rows

CALL = r"(?:^|/)(\d{7})(?=$|[/._-])"
"""A call's number, alone or as a folder: ``4432298``, ``earnings22/test/4432298/281``."""
CITE_21 = "Del Rio et al., Earnings-21: A Practical Benchmark for ASR in the Wild, Interspeech 2021"
CITE_22 = (
    "Del Rio et al., Accents in Speech Recognition through the Lens of a World Englishes Evaluation Set, Research in "
    "Language 21(3), 2023"
)
URL = "https://github.com/revdotcom/speech-datasets"


def call_entry(row: Row) -> Entry:
    """A row of hf-audio/asr-leaderboard-longform: text, audio_length, and who names the call where something does."""
    names = (row[key] for key in ("id", "file_id", "file_name", "source_id", "audio_path") if row.get(key))
    name = next(names, f"sample_{row['row_number']}")
    call = stem(str(name).rpartition("/")[2])
    return Entry(id=call, reference=row["text"], duration=row.get("audio_length"), session=call)


def parse(release: Release) -> Utterances:
    """The original release: ``media/<call>.mp3`` and ``transcripts/nlp_references/<call>.nlp``."""
    entries: dict[str, list[Entry]] = {}
    for name, data in release.files(r"(^|/)nlp_references/[^/]+\.nlp$"):
        call = name.rpartition("/")[2].removesuffix(".nlp").split(".")[0]
        entries[call] = [Entry(id=call, reference=nlp_text(data, f"{release.path}: {name}"), session=call)]
    if not entries:
        raise release.lacks("transcripts/nlp_references/*.nlp")
    yield from pair(release, entries, partial(stem_in, "/media"), "en", every_audio=True)


def nlp_text(data: bytes, where: str) -> str:
    """The words of a .nlp table with their punctuation; tags such as ``<laugh>`` stay, normalizers drop them.

    Columns: token, speaker, ts, endTs, punctuation, prepunctuation (in newer files), case, tags, wer_tags.
    """
    found = (row for _, row in rows(data, where, "|"))
    words = (f"{row.get('prepunctuation', '')}{row['token']}{row['punctuation']}" for row in found)
    return " ".join(word for word in words if word)


def _long(corpus: str, config: str, **facts: Any) -> Dataset:
    """A benchmark of whole calls."""
    form, known = "the leaderboard's own copy of the calls' texts", ("rows", "hours")
    source = hub_source(LEADERBOARD_LONGFORM, config, entry=call_entry, text_form=form, locked=known)
    release = archive_source(f"the folder {config} of speech-datasets", (config,), parse, locked=known)
    return Dataset(
        name=f"{config}_long",
        title=f"{corpus}, whole calls",
        language="en",
        license="CC-BY-SA-4.0",
        sources=(source, release),
        url=URL,
        session_pattern=CALL,
        columns=(config,),
        **facts,
    )


EARNINGS21_LONG = _long(
    "Earnings-21",
    "earnings21",
    rows=44,
    hours=39.2635,
    citation=CITE_21,
    file_patterns=(r"(?<![a-z])earnings21(_full|_long)?(_test)?",),
)
EARNINGS22_LONG = _long(
    "Earnings-22",
    "earnings22",
    rows=125,
    citation=CITE_22,
    file_patterns=(r"longform_earnings22(_test)?", r"(?<![a-z])earnings22_(full|long)(_test)?"),
    notes="About 119 hours.",
)
EARNINGS22 = Dataset(
    name="earnings22",
    title="Earnings-22, cut into utterances as ESB does",
    language="en",
    license="CC-BY-SA-4.0",
    sources=(leaderboard_source("earnings22"),),
    rows=2741,
    url=URL,
    citation=CITE_22,
    session_pattern=CALL,
    file_patterns=(r"(?<![a-z])earnings22(_test)?",),
    columns=("Earnings22 WER",),
    superseded_by="earnings22_chunked",
    notes="No official segments; ESB's cuts, of six calls, reach 36.4 s. Basenames repeat across calls: ids keep the "
    "folder.",
    missing="original: the release has no segments, and ESB's cuts are in hub copies only",
)
