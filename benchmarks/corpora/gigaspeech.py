"""GigaSpeech test set (Chen et al., 2021): podcasts, YouTube and audiobooks, with punctuation and garbage tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.dataset import Dataset, Entry
from benchmarks.sources.hub import HubSplit, hub_door, leaderboard_door

if TYPE_CHECKING:
    from collections.abc import Mapping

GARBAGE = frozenset({"<SIL>", "<MUSIC>", "<NOISE>", "<OTHER>"})
"""Tags that stand for a whole utterance without speech to transcribe; such utterances are left out."""
RECORDING = r"^([A-Z]{3}\d{10})_S\d+"


def is_garbage(text: str) -> bool:
    """Whether an utterance holds garbage tags and nothing else."""
    words = text.split()
    return bool(words) and all(word in GARBAGE for word in words)


def hub_entry(row: Mapping[str, Any]) -> Entry | None:
    """A row of speechcolab/gigaspeech: segment_id, text with tags, begin_time, end_time, audio_id."""
    if is_garbage(row["text"]):
        return None
    seconds = float(row["end_time"]) - float(row["begin_time"])
    return Entry(id=row["segment_id"], reference=row["text"], duration=seconds, session=row["audio_id"])


UPSTREAM = HubSplit(
    repo="speechcolab/gigaspeech", config="test", split="test", entry=hub_entry, language="en", terms=True
)
GIGASPEECH = Dataset(
    name="gigaspeech",
    title="GigaSpeech test",
    language="en",
    license="Apache-2.0",
    doors=(leaderboard_door("gigaspeech"), hub_door(UPSTREAM, locked=())),
    rows=19931,
    url="https://github.com/SpeechColab/GigaSpeech",
    citation="Chen et al., GigaSpeech: An Evolving, Multi-domain ASR Corpus, Interspeech 2021",
    session_pattern=RECORDING,
    file_patterns=(r"(?<![a-z])gigaspeech(_test)?",),
    columns=("Gigaspeech WER",),
    superseded_by="gigaspeech_cleaned",
    notes="About 40 hours. 19,931 rows is the leaderboard's copy; of the original people count 19,928, 19,930 or "
    "20,406 before garbage is left out. Upper-case text with tags for punctuation. The session is the recording.",
)
CLEANED = Dataset(
    name="gigaspeech_cleaned",
    title="GigaSpeech test, cleaned by the leaderboard in July 2026",
    language="en",
    license="Apache-2.0",
    doors=(leaderboard_door("gigaspeech_cleaned"),),
    url="https://huggingface.co/datasets/hf-audio/open-asr-leaderboard",
    session_pattern=RECORDING,
    file_patterns=(r"(?<![a-z])gigaspeech[_-]cleaned(_test)?",),
    columns=("Gigaspeech-Cleaned WER",),
)
