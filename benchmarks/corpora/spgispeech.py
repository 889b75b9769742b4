"""SPGISpeech test set (O'Neill et al., 2021): earnings calls in segments, cased and punctuated, numbers written out."""

from benchmarks.dataset import Dataset, Entry, Row, Utterances
from benchmarks.sources.archive import Release, archive_source
from benchmarks.sources.hub import hub_source, leaderboard_source
from benchmarks.sources.pairing import pair, stem
from benchmarks.sources.tables import entries_of, rows


def hub_entry(row: Row) -> Entry:
    """A row of kensho/spgispeech: wav_filename (``<call>/<n>.wav``), transcript."""
    name = stem(row["wav_filename"])
    return Entry(id=name, reference=row["transcript"], session=name.rpartition("/")[0] or None)


def parse(release: Release) -> Utterances:
    """The release: ``test.csv``, else ``val.csv`` (pipes between the columns), and ``val/<call>/<n>.wav``."""
    tables = dict(release.files(r"(^|/)(test|val)\.csv$"))
    if not tables:
        raise release.lacks("test.csv or val.csv")
    name = min(tables)  # test.csv comes before val.csv
    entries = entries_of(rows(tables[name], f"{release.path}: {name}", "|"), hub_entry)
    yield from pair(release, entries, audio_key, "en")


def audio_key(name: str) -> str | None:
    """``<call>/<n>`` of a member's name."""
    parts = stem(name).split("/")
    return "/".join(parts[-2:]) if len(parts) > 1 else None


SPGISPEECH = Dataset(
    name="spgispeech",
    title="SPGISpeech test",
    language="en",
    license="Kensho's terms (non-commercial)",
    sources=(
        leaderboard_source("spgispeech"),
        hub_source("kensho/spgispeech", "test", entry=hub_entry, terms=True),
        archive_source("the folder spgispeech", ("spgispeech",), parse, locked=()),
    ),
    rows=39341,
    hours=100.0021,
    url="https://datasets.kensho.com/datasets/spgispeech",
    citation="O'Neill et al., SPGISpeech: 5,000 hours of transcribed financial audio, Interspeech 2021",
    session_pattern=r"(?:^|/)([0-9a-f]{32})/",
    file_patterns=(r"(?<![a-z])spgispeech(_test)?",),
    columns=("SPGISpeech WER",),
    notes="About 100 hours: it dominates a run's cost. The hub's test set is a split of the release's val. "
    "The session is the call, the first folder of an id.",
)
