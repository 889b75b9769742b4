"""Lines of the journal: what is written about an utterance, whatever became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.dataset import Utterance
    from harness.types import Hypothesis


def transcribed(
    utterance: Utterance,
    hypothesis: Hypothesis,
    *,
    heard: float,
    time: float,
    batch: int,
    clean: bool,
    segments: Sequence[Sequence[float]],
) -> dict[str, Any]:
    """The line of an utterance that was transcribed.

    Args:
        utterance: what was transcribed.
        hypothesis: what the model said.
        heard: seconds that the model was given.
        time: its share of the counted seconds of its batch; sums to the total and is not a latency.
        batch: number of the batch.
        clean: False where the batch was disturbed.
        segments: begin and end in seconds of the pieces that the clip was cut into; stated where there are several.
    """
    line = _about(utterance, heard)
    line |= {"hypothesis": hypothesis.text, "time": time, "batch": batch, "clean": clean}
    if hypothesis.draft is not None:
        line["draft"] = hypothesis.draft
    if hypothesis.words is not None:
        line["words"] = [[word.text, word.start, word.end] for word in hypothesis.words]
    if hypothesis.speakers is not None:
        line["speakers"] = list(hypothesis.speakers)
    if len(segments) > 1:
        line["segments"] = [list(segment) for segment in segments]
    return line


def failed(utterance: Utterance, error: Exception, heard: float | None = None) -> dict[str, Any]:
    """The line of an utterance that could not be transcribed."""
    return _about(utterance, heard) | {"error": describe(error)}


def _about(utterance: Utterance, heard: float | None) -> dict[str, Any]:
    """What a line says in either case."""
    audio = utterance.audio
    line: dict[str, Any] = {
        "id": utterance.id,
        "language": utterance.language,
        "session": utterance.session,
        "duration": utterance.duration if utterance.duration is not None else heard,
        "heard": heard,
        "reference": utterance.reference,
    }
    if utterance.parent_id is not None:
        line |= {"parent_id": utterance.parent_id, "chunk_index": utterance.chunk_index}
    if utterance.tags:
        line["tags"] = dict(utterance.tags)
    cut = "" if audio.start is None and audio.end is None else f"#t={audio.start or 0:g},{audio.end or '':g}"
    return line | {"audio": audio.origin + cut}


def describe(error: Exception) -> str:
    """An exception as one line for the journal."""
    text = " ".join(str(error).split())
    return text if isinstance(error, HarnessError) else f"{type(error).__name__}: {text}"[:500]
