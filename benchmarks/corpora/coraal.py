"""CORAAL, the Corpus of Regional African American Language (Kendall and Farrington): whole interviews."""

import re
from functools import partial

from benchmarks.dataset import Dataset, Entry, Row, Utterances
from benchmarks.sources.archive import Release, archive_source
from benchmarks.sources.hub import hub_source
from benchmarks.sources.pairing import pair, stem_in
from benchmarks.sources.tables import rows

COMPONENTS = {
    "ATL": "Atlanta",
    "DCA": "Washington DC, 1968",
    "DCB": "Washington DC, 2016",
    "DTA": "Detroit",
    "LES": "Lower East Side",
    "PRV": "Princeville",
    "ROC": "Rochester",
    "VLD": "Valdosta",
}
KNOWN = {"ATL": 14, "DCA": 74}
"""Recordings of a component, where their number is known."""
SPEAKER = r"^(.+)_\d+$"
_EDITS = (
    (re.compile(r"[\[\]]"), ""),
    (re.compile(r"<[^>]*>"), ""),
    (re.compile(r"/RD-[^/]*/"), ""),
    (re.compile(r"\([A-Za-z]*\)"), ""),
    (re.compile(r"\s+"), " "),
)
"""What becomes of a line: brackets go, marks of noise, redactions and of the voice (one word) with what is in them."""


def hub_entry(row: Row) -> Entry:
    """A row of bezzam/coraal: text, file_id, and the component's own columns, which differ."""
    name = str(row["file_id"])
    tags = {key: str(value) for key in ("Gender", "Age.Group") if (value := row.get(key))}
    return Entry(id=name, reference=row["text"], tags=tags)


def parse(component: str, release: Release) -> Utterances:
    """The original release: ``<file>.txt`` (line, speaker, begin, content, end) beside ``<file>.wav``."""
    entries: dict[str, list[Entry]] = {}
    for name, data in release.files(rf"(^|/){component}_[^/]*_\d+\.txt$"):
        file = name.rpartition("/")[2].removesuffix(".txt")
        entries[file] = [Entry(id=file, reference=transcript(data, f"{release.path}: {name}"))]
    if not entries:
        raise release.lacks(f"{component}_*_1.txt")
    yield from pair(release, entries, partial(stem_in, ""), "en")


def transcript(data: bytes, where: str) -> str:
    """The words of an interview in the order of its lines, interviewers included, pauses left out."""
    lines = (list(row.values())[3].strip() for _, row in rows(data, where, "\t"))
    text = " ".join(line for line in lines if not line.startswith("(pause"))
    for pattern, to in _EDITS:
        text = pattern.sub(to, text)
    return text.strip()


def _dataset(component: str) -> Dataset:
    """The benchmark of one component."""
    release = archive_source(
        f"the folder {component} of the release", (component, f"CORAAL_{component}"), partial(parse, component)
    )
    return Dataset(
        name=f"coraal_{component.lower()}",
        title=f"CORAAL, {COMPONENTS[component]}, whole interviews",
        language="en",
        license="CC-BY-NC-SA",
        sources=(hub_source("bezzam/coraal", component, entry=hub_entry, text_form="the leaderboard's copy"), release),
        rows=KNOWN.get(component),
        url="https://oraal.uoregon.edu/coraal",
        citation="Kendall and Farrington, The Corpus of Regional African American Language",
        session_pattern=SPEAKER,
        file_patterns=(rf"(?<![a-z])coraal_{component}(_test)?",),
        columns=(f"coraal_{component}",),
        notes="All speakers in the order of the lines. The session is the speaker, the id without its last part. In "
        "the leaderboard's table only the mean over the eight components stands.",
    )


CORAAL = tuple(map(_dataset, COMPONENTS))
