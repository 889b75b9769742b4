"""Decoding is `harness.audio`'s."""

from harness.audio import decode, load_clip

__all__ = ["decode", "load_clip"]
