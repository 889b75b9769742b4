"""AMI Meeting Corpus test meetings (Carletta et al., 2005): spontaneous, upper-case text without punctuation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.dataset import Dataset, Entry
from benchmarks.sources.hub import HubSplit, hub_door, leaderboard_door

if TYPE_CHECKING:
    from collections.abc import Mapping

MEETING = r"^(?:AMI_)?((?:EN|ES|IB|IN|IS|TS)\d{4}[a-f]?)"
NOTES = (
    "The number of utterances depends on the segmentation (Kaldi's s5b chunking gives 12,643). Many fillers, one-word "
    "turns and some wrong references; segments as short as 0.04 s. The session is the meeting."
)


def hub_entry(row: Mapping[str, Any]) -> Entry:
    """A row of edinburghcstr/ami: audio_id, text, begin_time, end_time, meeting_id, speaker_id."""
    seconds = float(row["end_time"]) - float(row["begin_time"])
    tags = {"speaker": str(row["speaker_id"])}
    return Entry(id=row["audio_id"], reference=row["text"], duration=seconds, session=row["meeting_id"], tags=tags)


def _dataset(config: str, title: str, file_patterns: tuple[str, ...], **facts: Any) -> Dataset:
    """The benchmark of one microphone."""
    split = HubSplit(repo="edinburghcstr/ami", config=config, split="test", entry=hub_entry, language="en")
    theirs = (leaderboard_door("ami"),) if config == "ihm" else ()
    return Dataset(
        name=f"ami_{config}",
        title=title,
        language="en",
        license="CC-BY-4.0",
        doors=(hub_door(split), *theirs),
        rows=12643,
        url="https://groups.inf.ed.ac.uk/ami/corpus/",
        citation="Carletta et al., The AMI Meeting Corpus: A Pre-announcement, MLMI 2005",
        session_pattern=MEETING,
        file_patterns=file_patterns,
        **facts,
    )


IHM = _dataset(
    "ihm",
    "AMI, individual headsets",
    (r"(?<![a-z])ami(_ihm)?_test", r"(?<![a-z])ami(_ihm)?$"),
    columns=("AMI WER",),
    superseded_by="ami_cleaned",
    notes=NOTES,
)
SDM = _dataset(
    "sdm", "AMI, one distant microphone", (r"(?<![a-z])ami_sdm(_test)?",), notes=NOTES + " Overlapped speech."
)
CLEANED = Dataset(
    name="ami_cleaned",
    title="AMI, individual headsets, cleaned by the leaderboard in July 2026",
    language="en",
    license="CC-BY-4.0",
    doors=(leaderboard_door("ami_cleaned"),),
    url="https://huggingface.co/datasets/hf-audio/open-asr-leaderboard",
    session_pattern=MEETING,
    file_patterns=(r"(?<![a-z])ami[_-]cleaned(_test)?",),
    columns=("AMI-Cleaned WER",),
    notes="A corrected subset of ami_ihm.",
)
