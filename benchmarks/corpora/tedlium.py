"""TED-LIUM 3 test set (Hernandez et al., 2018): 11 talks, in segments and whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.dataset import Dataset, Entry
from benchmarks.sources.hub import HubSplit, hub_door, leaderboard_door

if TYPE_CHECKING:
    from collections.abc import Mapping

IGNORED = "ignore_time_segment_in_scoring"
CITATION = "Hernandez et al., TED-LIUM 3: Twice as Much Data and Corpus Repartition, SPECOM 2018"
URL = "https://www.openslr.org/51"
TALK = r"^(.+?)-\d+(?:\.\d+)?-\d+(?:\.\d+)?(?:-|$)"


def hub_entry(row: Mapping[str, Any]) -> Entry | None:
    """A row of LIUM/tedlium: id (``Talk-start-end-<labels>``), text, speaker_id; unscored segments are left out."""
    if row["text"].replace(" ", "_").strip("_") == IGNORED:
        return None
    return Entry(id=row["id"], reference=row["text"], tags={"speaker": str(row["speaker_id"])})


def talk_entry(row: Mapping[str, Any]) -> Entry:
    """A row of distil-whisper/tedlium-long-form: text, speaker_id."""
    return Entry(id=str(row["speaker_id"]), reference=row["text"], session=str(row["speaker_id"]))


TEDLIUM = Dataset(
    name="tedlium",
    title="TED-LIUM 3 test",
    language="en",
    license="CC-BY-NC-ND",
    doors=(
        hub_door(HubSplit(repo="LIUM/tedlium", config="release3", split="test", entry=hub_entry, language="en")),
        leaderboard_door("tedlium"),
    ),
    rows=1155,
    hours=2.62,
    url=URL,
    citation=CITATION,
    session_pattern=TALK,
    file_patterns=(r"(?<![a-z])tedlium(_release3)?(_test)?",),
    columns=("Tedlium WER",),
    notes="Text in tokens: contractions stand apart (there 's), <unk>, {NOISE}, [...]. Segments marked as not to be "
    "scored are left out. The leaderboard removed the set, from the hub too, in June 2026. The session is the talk.",
)
TEDLIUM_LONG = Dataset(
    name="tedlium_long",
    title="TED-LIUM 3 test, whole talks",
    language="en",
    license="CC-BY-NC-ND",
    doors=(
        hub_door(
            HubSplit(
                repo="distil-whisper/tedlium-long-form", config="default", split="test", entry=talk_entry, language="en"
            ),
            text_form="distil-whisper's copy: segments joined",
            locked=("rows",),
        ),
    ),
    rows=11,
    url=URL,
    citation=CITATION,
    file_patterns=(r"longform_tedlium(_test)?", r"(?<![a-z])tedlium[_-]long([_-]?form)?(_default)?(_test)?"),
    columns=("tedlium",),
)
