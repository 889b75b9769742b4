"""Which packages' versions can change what a model writes: what all have in common. The rest each adapter states.

A run is not gone on with by other versions of these, unless `--mix-packages` says so (`harness.runner.stretches`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.models.base import Adapter

AUDIO = frozenset({"av", "numpy", "soundfile", "soxr"})
"""What decodes, resamples and levels the audio of every model."""
TORCH = frozenset({"flash-attn", "tokenizers", "torch", "transformers"})
"""`Adapter.packages` of what runs on torch."""
NOT_IN_TRANSCRIPTS = frozenset(
    {"datasets", "huggingface_hub", "jiwer", "kaldialign", "num2words", "whisper-normalizer"}
)
"""Packages that no transcript depends on."""


def changes_transcripts(package: str, adapter: Adapter | None) -> bool:
    """Whether another version of a package can change what a model writes.

    Args:
        package: its name, one of `harness.environment.PACKAGES`.
        adapter: of the model; None: unknown, as code of the user's own is, of which any package can.
    """
    if package in NOT_IN_TRANSCRIPTS or (adapter is not None and adapter.says_the_same is not None):
        return False  # the latter looks up what was written before
    if package in AUDIO or adapter is None:
        return True
    if adapter.served:  # only the audio that is sent is ours
        return False
    return adapter.packages is None or package in adapter.packages
