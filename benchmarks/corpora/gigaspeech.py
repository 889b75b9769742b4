"""GigaSpeech test set (Chen et al., 2021): podcasts, YouTube and audiobooks, with punctuation and garbage tags."""

from benchmarks.dataset import Dataset, Entry, Row, Utterances
from benchmarks.sources.archive import Release, archive_source
from benchmarks.sources.hub import hub_source, leaderboard_source, leaderboards_own
from benchmarks.sources.pairing import pair
from harness.errors import DataError

GARBAGE = frozenset({"<SIL>", "<MUSIC>", "<NOISE>", "<OTHER>"})
"""Tags that stand for a whole utterance without speech to transcribe; such utterances are left out."""
RECORDING = r"^([A-Z]{3}\d{10})_S\d+"


def is_garbage(text: str) -> bool:
    """Whether an utterance holds garbage tags and nothing else."""
    words = text.split()
    return bool(words) and all(word in GARBAGE for word in words)


def hub_entry(row: Row) -> Entry | None:
    """A row of speechcolab/gigaspeech: segment_id, text with tags, begin_time, end_time, audio_id."""
    if is_garbage(row["text"]):
        return None
    seconds = float(row["end_time"]) - float(row["begin_time"])
    return Entry(id=row["segment_id"], reference=row["text"], duration=seconds, session=row["audio_id"])


def parse(release: Release) -> Utterances:
    """The original release: ``GigaSpeech.json`` (3.9 GB, read as a stream) and the recordings at its paths."""
    import ijson

    path = release.path / "GigaSpeech.json"
    if not path.is_file():
        raise release.lacks("GigaSpeech.json")
    entries: dict[str, list[Entry]] = {}
    with path.open("rb") as file:
        try:
            for recording in ijson.items(file, "audios.item", use_float=True):
                parts = [item for item in recording["segments"] if "{TEST}" in item["subsets"]]
                found = [
                    Entry.segment(item["sid"], item["text_tn"], recording["aid"], item["begin_time"], item["end_time"])
                    for item in parts
                    if not is_garbage(item["text_tn"])
                ]
                if found:
                    entries[recording["path"]] = found
        except ijson.JSONError as error:
            reason = str(error).strip().partition("\n")[0]
            raise DataError(f"{path}: broken or truncated JSON ({reason}); get the file again") from error
    if not entries:
        raise DataError(f"{path}: no segment of the subset {{TEST}} in it")
    yield from pair(release, entries, lambda name: name.partition("/")[2], "en")


GIGASPEECH = Dataset(
    name="gigaspeech",
    title="GigaSpeech test",
    language="en",
    license="SpeechColab's terms (non-commercial)",
    sources=(
        leaderboard_source("gigaspeech"),
        hub_source("speechcolab/gigaspeech", "test", entry=hub_entry, terms=True, locked=()),
        archive_source("the folder GigaSpeech with GigaSpeech.json", ("GigaSpeech",), parse, locked=()),
    ),
    rows=19931,
    url="https://github.com/SpeechColab/GigaSpeech",
    citation="Chen et al., GigaSpeech: An Evolving, Multi-domain ASR Corpus with 10,000 Hours of Transcribed Audio",
    session_pattern=RECORDING,
    file_patterns=(r"(?<![a-z])gigaspeech(_test)?",),
    columns=("Gigaspeech WER",),
    superseded_by="gigaspeech_cleaned",
    notes="About 40 hours. 19,931 rows is the leaderboard's copy; of the original people count 19,928, 19,930 or "
    "20,406 before garbage is left out. Upper-case text with tags for punctuation. The session is the recording.",
)
CLEANED = leaderboards_own(
    "gigaspeech_cleaned",
    "GigaSpeech test, cleaned by the leaderboard in July 2026",
    hours=35.1431,
    session_pattern=RECORDING,
    file_patterns=(r"(?<![a-z])gigaspeech[_-]cleaned(_test)?",),
    columns=("Gigaspeech-Cleaned WER",),
    notes="Without clips under 1 s. The recordings are GigaSpeech's, under its terms; of the corrected copy no license "
    "is known here.",
)
