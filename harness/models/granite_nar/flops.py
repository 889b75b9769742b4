"""The arithmetic of a clip, counted on meta tensors. The network is the one that runs; only its ids are made up."""

import functools

import numpy as np
import torch

from harness.models._flops import counted
from harness.models.granite_nar import decode
from harness.models.granite_nar.config import GraniteNarConfig
from harness.models.granite_nar.network import GraniteNar
from harness.models.granite_nar.packing import PackedLengths
from harness.types import SAMPLE_RATE

TOKENS_A_SECOND = 3.5
"""Of a draft of read English; the editor has two slots for each."""

METHOD = f"counted on the meta device, clip by clip, with drafts of {TOKENS_A_SECOND} tokens a second"


@functools.lru_cache(maxsize=2)
def _shapes(config: GraniteNarConfig) -> GraniteNar:
    with torch.device("meta"):
        return GraniteNar(config).eval()


def flops(config: GraniteNarConfig, seconds: float, steps: int = 1) -> float:
    """Operations for a clip alone, whose packed rows cost the same in any batch.

    Args:
        config: of the network.
        seconds: of audio.
        steps: how often the editor runs.
    """
    network, meta = _shapes(config), torch.device("meta")
    features = config.features
    frames = PackedLengths([int(seconds * SAMPLE_RATE) // (2 * features.hop_length)], meta)
    drafts = [np.zeros(round(TOKENS_A_SECOND * seconds), np.int64)]

    def run() -> None:
        rows = torch.empty(frames.total, 2 * features.n_mels, device=meta)
        encoded = network.encode(rows, frames)
        pooled, _ = network.encoder.pooled(encoded, frames)
        decode.best_classes(pooled, network.encoder.out_bpe.weight, network.encoder.out_bpe.bias)
        audio, tokens = network.projector(encoded.states, frames)
        for _ in range(steps):
            edited = network.edit(audio, tokens, drafts, "sdpa")
            decode.best_classes(edited.text, network.language_model.model.embed_tokens.weight, None)

    return counted(run)
