"""LibriSpeech test sets (Panayotov et al., 2015): read audiobooks, upper-case text without punctuation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.dataset import Dataset, Entry
from benchmarks.sources.hub import HubSplit, hub_door, leaderboard_door

if TYPE_CHECKING:
    from collections.abc import Mapping


def hub_entry(row: Mapping[str, Any]) -> Entry:
    """A row of openslr/librispeech_asr: id, text, speaker_id, chapter_id."""
    return Entry(id=row["id"], reference=row["text"], session=str(row["speaker_id"]))


def _dataset(part: str, **facts: Any) -> Dataset:
    """The benchmark of ``test-clean`` or ``test-other``."""
    kind = part.removeprefix("test-")
    split = HubSplit(repo="openslr/librispeech_asr", config=kind, split="test", entry=hub_entry, language="en")
    return Dataset(
        name=f"librispeech_test_{kind}",
        title=f"LibriSpeech test-{kind}",
        language="en",
        license="CC-BY-4.0",
        doors=(hub_door(split), leaderboard_door("librispeech", f"test.{kind}")),
        url="https://www.openslr.org/12",
        citation="Panayotov et al., LibriSpeech: an ASR corpus based on public domain audio books, ICASSP 2015",
        session_pattern=r"^(\d+)-\d+-\d+",
        file_patterns=(rf"(?<![a-z])librispeech(_asr)?_(test[._-]{kind}|{kind}_test)(?![a-z])",),
        notes="Upper-case text without punctuation. The session is the speaker.",
        **facts,
    )


TEST_CLEAN = _dataset("test-clean", rows=2620, hours=5.4035, words=52576, columns=("LS Clean WER",))
TEST_OTHER = _dataset("test-other", rows=2939, hours=5.3415, columns=("LS Other WER",))
