"""What a file of sound says of itself: its container, its length, whether all of it is there. Nothing is decoded here.

`state` is what the rest asks. Each container is read by its own specification; decoders, which clamp, guess or stop
early without a word, are `harness.audio`'s.
"""

from benchmarks.containers.kinds import Kind, recognize
from benchmarks.containers.state import state
from benchmarks.containers.statement import Statement
from benchmarks.containers.window import Window

__all__ = ["Kind", "Statement", "Window", "recognize", "state"]
