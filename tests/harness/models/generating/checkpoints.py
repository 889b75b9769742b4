"""Tiny random checkpoints of generating families, saved as a user has them on disk.

Each is made by the library's own classes and `save_pretrained`, in less than a second and a megabyte or two; weights
are random from a fixed seed, but large enough that texts follow the audio (`test_hearing.py` looks). Not built here:

- granite_speech and granite_speech_plus, whisper: they have adapters and checkpoints of their own.
- gemma3n: its vision network is of timm, which is not installed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.harness.models.generating import audio_llm, encoder_decoder, omni, streaming, transducer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BUILDERS: dict[str, Callable[[Path], None]] = {
    **encoder_decoder.BUILDERS,
    **audio_llm.BUILDERS,
    **omni.BUILDERS,
    **streaming.BUILDERS,
    **transducer.BUILDERS,
}
"""By the family's `model_type`; each writes a checkpoint into a folder."""

NEEDS = {
    "speech_to_text": "sentencepiece",
    "speecht5": "sentencepiece",
    "voxtral": "mistral_common",
    "voxtral_realtime": "mistral_common",
}
"""Modules that a family needs here, and that are not always installed."""


def build(family: str, folder: Path) -> Path:
    """Writes the checkpoint of a family into a folder that is not there yet, and gives the folder."""
    import torch
    from transformers.utils import logging as library_logging

    logging: Any = library_logging
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)  # two that share a busy processor wait for each other a hundred times as long
    torch.manual_seed(0)
    BUILDERS[family](folder)
    return folder
