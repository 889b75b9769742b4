"""Data as workers on other machines see it: by a path that says the same there, and the same files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import RunError

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance
    from harness.records.journal import Line
    from harness.runner.ray_cluster import Handle


def with_whole_path(utterance: Utterance) -> Utterance:
    """The utterance as another process finds it, whatever folder that was started in."""
    audio = utterance.audio
    if audio.path is None or audio.path.is_absolute():
        return utterance
    return replace(utterance, audio=replace(audio, path=audio.path.absolute()))


def check_data(worker: Handle, utterance: Utterance, line: Line, *, first: bool) -> None:
    """Refuses a node that does not see the data, or sees other data; sizes are compared for one file a batch.

    Raises:
        RunError: names the file and the node.
    """
    path, heard = utterance.audio.path, line.audio_file
    if path is None or not (first or line.error is not None) or not path.exists():
        return
    said = None
    if "no such file" in (line.error or ""):
        said = "is not to be seen"
    elif heard is not None and heard.size != utterance.audio.length():
        said = f"has {heard.size:,} bytes, where it has {utterance.audio.length():,} here,"
    if said is not None:
        node = worker.place.node if worker.place else "a node"
        raise RunError(f"{path} {said} on {node}; give a --from or --data that all nodes of the cluster share")
