"""What a container states, as its reader found it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The facts that a file states of itself. What it does not state is None, 0 or empty, never guessed."""

    rate: int = 0
    """Samples a second; 0 is not stated."""
    frames: int | None = None
    """Samples of a channel that the file states, or that lie in it by the sizes of its parts; None is not known."""
    seconds: float | None = None
    """Its length where `frames` is not known: of containers whose clock is coarser than a sample."""
    cut: str = ""
    """Why the file is not whole; empty where nothing that it states is missing."""
    missing: int = 0
    """Bytes of its last frame that are not there, where nothing else is missing."""
    wrong: str = ""
    """In what its header is wrong although all the audio is there."""
    beyond: int = 0
    """Bytes after its stated end that are no part of it."""
    native: bool = True
    """Whether libsndfile reads the codec, and as far as the file goes."""
    floats: bool = False
    """Whether the samples are stored as floating-point numbers."""
    plain: tuple[int, int, int] | None = None
    """Of samples that any computer reads by itself, little-endian, 16 bits or floats of 32: the place of the first in
    bytes, bytes of a sample, and channels."""
    links: tuple[tuple[int, int], ...] = ()
    """Begin and end of the parts, in bytes, where several whole files stand one after another in this one."""
    patches: tuple[tuple[int, bytes], ...] = ()
    """What a decoder should read at some places instead: sizes that the writer left open."""

    @property
    def length(self) -> float | None:
        """Seconds; None is not known."""
        if self.frames is not None and self.rate:
            return self.frames / self.rate
        return self.seconds
