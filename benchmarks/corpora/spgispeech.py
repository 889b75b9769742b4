"""SPGISpeech test set (O'Neill et al., 2021): earnings calls in segments, cased and punctuated, numbers written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.dataset import Dataset, Entry
from benchmarks.sources.hub import HubSplit, hub_door, leaderboard_door, stem

if TYPE_CHECKING:
    from collections.abc import Mapping


def hub_entry(row: Mapping[str, Any]) -> Entry:
    """A row of kensho/spgispeech: wav_filename (``<call>/<n>.wav``), transcript."""
    name = stem(row["wav_filename"])
    return Entry(id=name, reference=row["transcript"], session=name.rpartition("/")[0] or None)


UPSTREAM = HubSplit(repo="kensho/spgispeech", config="test", split="test", entry=hub_entry, language="en", terms=True)
SPGISPEECH = Dataset(
    name="spgispeech",
    title="SPGISpeech test",
    language="en",
    license="Kensho user agreement (non-commercial)",
    doors=(leaderboard_door("spgispeech"), hub_door(UPSTREAM)),
    rows=39341,
    url="https://datasets.kensho.com/datasets/spgispeech",
    citation="O'Neill et al., SPGISpeech: 5,000 hours of transcribed financial audio, Interspeech 2021",
    session_pattern=r"(?:^|/)([0-9a-f]{32})/",
    file_patterns=(r"(?<![a-z])spgispeech(_test)?",),
    columns=("SPGISpeech WER",),
    notes="About 100 hours: it dominates a run's cost. The hub's test set is a split of the release's val. "
    "The session is the call, the first folder of an id.",
)
