"""VoxPopuli English test set (Wang et al., 2021): European Parliament speeches, cased and punctuated."""

from functools import partial

from benchmarks.dataset import Dataset, Entry, Row, Utterances
from benchmarks.sources.archive import Release, archive_source
from benchmarks.sources.hub import hub_source, leaderboard_source, leaderboards_own
from benchmarks.sources.pairing import pair, stem_in
from benchmarks.sources.tables import entries_of, rows

SITTING = r"^(\d{8}-\d{4}-PLENARY(?:-\d+)?)"
CITATION = "Wang et al., VoxPopuli: A Large-Scale Multilingual Speech Corpus, ACL 2021"


def reference(raw_text: str | None, normalized_text: str | None) -> str:
    """The raw text, and the normalized one where the raw is empty."""
    return (raw_text or "").strip() or (normalized_text or "").strip()


def hub_entry(row: Row) -> Entry:
    """A row of facebook/voxpopuli: audio_id, raw_text, normalized_text, speaker_id, gender, accent."""
    tags = {key: str(row[key]) for key in ("gender", "accent") if row.get(key) not in {None, "", "None"}}
    tags["speaker"] = str(row["speaker_id"])
    return Entry(id=row["audio_id"], reference=reference(row["raw_text"], row["normalized_text"]), tags=tags)


def release_entry(row: Row) -> Entry:
    """A row of the release's table, in which the id has one of two names."""
    return hub_entry({**row, "audio_id": row.get("id", row.get("id_", ""))})


def parse(release: Release) -> Utterances:
    """The release as its own scripts lay it out: ``transcribed_data/en/asr_test.tsv`` and ``en/<year>/<id>.ogg``."""
    where = release.inside("en")
    data, name = where.only(r"(^|/)en/asr_test\.tsv$", "en/asr_test.tsv (VoxPopuli's get_asr_data makes it)")
    delimiter = "\t" if b"\t" in data.partition(b"\n")[0] else "|"
    yield from pair(where, entries_of(rows(data, name, delimiter), release_entry), partial(stem_in, ""), "en")


VOXPOPULI_EN = Dataset(
    name="voxpopuli_en",
    title="VoxPopuli English test",
    language="en",
    license="CC0-1.0",
    sources=(
        leaderboard_source("voxpopuli"),
        hub_source("facebook/voxpopuli", "en", entry=hub_entry),
        archive_source("transcribed_data/en", ("transcribed_data",), parse),
    ),
    rows=1842,
    hours=4.9299,
    url="https://github.com/facebookresearch/voxpopuli",
    citation=CITATION,
    session_pattern=SITTING,
    file_patterns=(r"(?<![a-z])voxpopuli(_en)?(_test)?",),
    columns=("Voxpopuli WER",),
    superseded_by="voxpopuli_cleaned_aa",
    notes="About 3 % of the reference words are wrong. The raw text may be empty where the normalized one is not: that "
    "is used then. Clips up to 69 s. The session is the agenda item of a sitting.",
)
CLEANED = leaderboards_own(
    "voxpopuli_cleaned_aa",
    "VoxPopuli English test, corrected by Artificial Analysis",
    rows=628,
    hours=1.9784,
    citation=CITATION,
    session_pattern=SITTING,
    file_patterns=(r"(?<![a-z])voxpopuli[_-]cleaned[_-]aa(_test)?",),
    columns=("Voxpopuli-Cleaned-AA WER", "Voxpopuli-AA-Cleaned WER"),
    notes="A corrected subset of voxpopuli_en: 600 spans differ. The recordings are VoxPopuli's (CC0-1.0); of the "
    "corrected copy no license is known here.",
)
