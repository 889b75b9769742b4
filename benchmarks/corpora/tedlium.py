"""TED-LIUM 3 test set (Hernandez et al., 2018): 11 talks, in segments and whole."""

from functools import partial

from benchmarks.dataset import Dataset, Entry, Row, Utterances
from benchmarks.sources.archive import PACKED, Release, archive_source
from benchmarks.sources.hub import LEADERBOARD_BEFORE, hub_source, leaderboard_entry, leaderboard_source
from benchmarks.sources.pairing import pair, stem_in
from benchmarks.sources.tables import lines
from harness.errors import DataError

IGNORED = "ignore_time_segment_in_scoring"
CITATION = "Hernandez et al., TED-LIUM 3: Twice as Much Data and Corpus Repartition, SPECOM 2018"
URL = "https://www.openslr.org/51"
TALK = r"^(.+?)-\d+(?:\.\d+)?-\d+(?:\.\d+)?(?:-|$)"


def is_ignored(text: str) -> bool:
    """Whether a segment says that it is not to be scored."""
    return "_".join(text.split()) == IGNORED


def hub_entry(row: Row) -> Entry | None:
    """A row of LIUM/tedlium: id (``Talk-start-end-<labels>``), text, speaker_id; unscored segments are left out."""
    if is_ignored(row["text"]):
        return None
    return Entry(id=row["id"], reference=row["text"], tags={"speaker": str(row["speaker_id"])})


def their_entry(row: Row) -> Entry | None:
    """A row of the leaderboard's copy; segments not for scoring are left out here too."""
    entry = leaderboard_entry(row)
    return None if is_ignored(entry.reference) else entry


def segments(release: Release) -> dict[str, list[Entry]]:
    """The scored segments of each talk of the test set, from ``legacy/test/stm/<talk>.stm``.

    A line is: talk, channel, speaker, begin, end, ``<o,f0,male>``, words. The id is the hub's: talk-begin-end-labels.
    """
    texts = list(release.files(r"(^|/)test/stm/[^/]+\.stm$"))
    legacy = [(name, data) for name, data in texts if "legacy/" in name]
    if not texts:
        raise release.lacks("legacy/test/stm/*.stm")
    found: dict[str, list[Entry]] = {}
    for file, data in legacy or texts:
        for at, line in lines(data, f"{release.path}: {file}"):
            fields = line.split(maxsplit=6)
            if len(fields) < 6 or not fields[5].startswith("<"):
                raise DataError(f"{at}: not talk, channel, speaker, begin, end, <labels>, words")
            talk, _, speaker, begin, end, labels, words = (*fields, "")[:7]
            if is_ignored(words):
                continue
            name = f"{talk}-{begin}-{end}-{labels}"
            entry = Entry.segment(name, words.strip(), talk, begin, end, speaker=speaker)
            found.setdefault(talk, []).append(entry)
    return found


def parse(release: Release) -> Utterances:
    """The original release, cut into its scored segments; the recordings are ``test/sph/<talk>.sph``."""
    yield from pair(release, segments(release), partial(stem_in, "/test/sph"), "en")


def parse_talks(release: Release) -> Utterances:
    """The original release, whole talks: the reference is the scored segments' text, joined."""
    talks = {
        talk: [Entry(id=talk, reference=" ".join(entry.reference for entry in members), session=talk)]
        for talk, members in segments(release).items()
    }
    yield from pair(release, talks, partial(stem_in, "/test/sph"), "en")


RELEASE = ("TEDLIUM_release-?3", rf"TEDLIUM_release-?3{PACKED}")


def talk_entry(row: Row) -> Entry:
    """A row of distil-whisper/tedlium-long-form: text, speaker_id."""
    return Entry(id=str(row["speaker_id"]), reference=row["text"], session=str(row["speaker_id"]))


TEDLIUM = Dataset(
    name="tedlium",
    title="TED-LIUM 3 test",
    language="en",
    license="CC-BY-NC-ND",
    sources=(
        leaderboard_source("tedlium", entry=their_entry, repo=LEADERBOARD_BEFORE),
        hub_source("LIUM/tedlium", "release3", entry=hub_entry),
        archive_source("TEDLIUM_release-3.tgz", RELEASE, parse),
    ),
    rows=1155,
    hours=2.62,
    url=URL,
    citation=CITATION,
    session_pattern=TALK,
    file_patterns=(r"(?<![a-z])tedlium(_release3)?(_test)?",),
    columns=("Tedlium WER",),
    notes="Text in tokens: contractions stand apart (there 's), <unk>, {NOISE}, [...]. Segments marked as not to be "
    "scored are left out. The leaderboard removed the set, from its "
    "repository too, in June 2026; its repository before that one may still have it. The session is the talk.",
)
TEDLIUM_LONG = Dataset(
    name="tedlium_long",
    title="TED-LIUM 3 test, whole talks",
    language="en",
    license="CC-BY-NC-ND",
    sources=(
        hub_source(
            "distil-whisper/tedlium-long-form",
            "default",
            entry=talk_entry,
            text_form="distil-whisper's copy: segments joined",
            locked=("rows",),
        ),
        archive_source("TEDLIUM_release-3.tgz", RELEASE, parse_talks, locked=("rows",)),
    ),
    rows=11,
    url=URL,
    citation=CITATION,
    file_patterns=(r"longform_tedlium(_test)?", r"(?<![a-z])tedlium[_-]long([_-]?form)?(_default)?(_test)?"),
    columns=("tedlium",),
)
