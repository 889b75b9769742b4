"""What a container states, as its reader found it."""

from __future__ import annotations

from dataclasses import dataclass

UNITS = (2, 3, 4, 6, 8)
"""A size so many times what is there was counted in another unit: as if for more channels, or wider samples."""


def miscounted(size: int, there: int, whole: int) -> str:
    """What is wrong with a size that is more than what is there, though nothing is missing; empty where something is.

    Args:
        size: bytes of samples that are stated.
        there: bytes from the first sample to the end of the file.
        whole: bytes of the file.
    """
    wrong = there > 0 and (any(size == unit * there for unit in UNITS) or size in {whole, whole - 8})
    return f"states {size} bytes of samples, {there} are there" if wrong else ""


FEW = 16
"""Bytes that may be missing at the end of samples: less than a millisecond, which is said and no more."""


def in_bytes(count: int) -> str:
    """``1 byte``, ``12 bytes``."""
    return "1 byte" if count == 1 else f"{count} bytes"


def lacking(count: int, what: str = "its last frame") -> str:
    """What is cut, by so many bytes; empty where none are missing."""
    return f"{what} lacks {in_bytes(count)}" if count > 0 else ""


def missing_of(count: int, size: int) -> str:
    """The same of a stated size."""
    return f"{count} of {in_bytes(size)} {'is' if count == 1 else 'are'} missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The facts that a file states of itself. What it does not state is None, 0 or empty, never guessed."""

    rate: int = 0
    """Samples a second; 0 is not stated."""
    frames: int | None = None
    """Samples of a channel that the file states, or that lie in it by the sizes of its parts; None is not known."""
    seconds: float | None = None
    """Its length where `frames` is not known: of containers whose clock is coarser than a sample."""
    unheard: float = 0.0
    """How many of `seconds` decoders leave out: what an encoder put in front, 0.14 s of MP3 at 8 kHz."""
    cut: str = ""
    """Why the file is not whole; empty where nothing that it states is missing."""
    holes: bool = False
    """Whether what is missing is in its midst, so that what follows is heard too early."""
    stray: int = 0
    """Bytes in its midst that are no audio, too few to call it damaged: a frame or two may be lost among them."""
    missing: int = 0
    """Bytes at its very end that are not there, where nothing else is missing."""
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
