"""Log-mel features, computed for each clip as if it were alone, in one short-time Fourier transform over all of them.

As torchaudio's MelSpectrogram (periodic Hann of 400 in 512 samples, hop 160, reflected edges, power 2, HTK mels
without norm), then log10 limited to 80 dB below the clip's loudest cell, then `x / 4 + 1`. A frame of the encoder is
two frames of 10 ms. All in float32.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.models._per_clip import finite
from harness.models._staging import Buffer, Staging
from harness.models.granite_nar.config import FeatureConfig
from harness.models.granite_nar.packing import PackedLengths

SHORTEST = 1600
"""Samples; shorter clips are continued with silence, for 0.1 s is the shortest that gives the editor an audio token."""

LOUDEST = 1e6
"""No sound is as loud: full scale is 1. The power of greater samples would not fit into float32."""


def mel_filters(config: FeatureConfig) -> Tensor:
    """HTK mel filterbank, float32 ``[n_fft / 2 + 1, n_mels]``, built in float32 as torchaudio builds it."""
    bins = torch.linspace(0, config.sampling_rate // 2, config.n_fft // 2 + 1)
    top = 2595.0 * float(np.log10(1.0 + (config.sampling_rate / 2) / 700.0))
    points = 700.0 * (10 ** (torch.linspace(0.0, top, config.n_mels + 2) / 2595.0) - 1.0)
    widths = points[1:] - points[:-1]
    slopes = points[None, :] - bins[:, None]
    rising = -slopes[:, :-2] / widths[:-1]
    falling = slopes[:, 2:] / widths[1:]
    return torch.minimum(rising, falling).clamp_min(0.0)


@lru_cache(maxsize=4)
def _constants(config: FeatureConfig, device: torch.device) -> tuple[Tensor, Tensor]:
    return mel_filters(config).to(device), torch.hann_window(config.win_length).to(device)


@dataclass(frozen=True, slots=True)
class PackedAudio:
    """Waveforms one after the other, each with its edges reflected and filled up to whole hops."""

    samples: Tensor
    """float32 ``[sum of all]``."""
    frames: NDArray[np.int64]
    """Encoder frames (20 ms) of each clip."""
    cells: NDArray[np.int64]
    """Half-frames (10 ms) of each clip over which its loudest cell is looked for: those of its frames, at least."""
    hops: NDArray[np.int64]
    """Hops (10 ms) that each clip takes in `samples`."""
    buffer: Buffer | None = None
    """Whose memory `samples` are; None where it is nobody's."""


def clean(waveform: NDArray[np.float32], shortest: int = SHORTEST) -> NDArray[np.float32]:
    """A waveform that the model can take: float32, finite, at least `shortest` samples, below what would overflow."""
    samples = finite(np.asarray(waveform, np.float32).reshape(-1))
    if len(samples) and max(samples.max(), -samples.min()) > LOUDEST:
        samples = np.clip(samples, -LOUDEST, LOUDEST)
    missing = shortest - len(samples)
    return np.pad(samples, (0, missing)) if missing > 0 else samples


def pack_audio(
    waveforms: Sequence[NDArray[np.float32]],
    config: FeatureConfig,
    shortest: int = SHORTEST,
    *,
    centered: bool = False,
    staging: Staging | None = None,
) -> PackedAudio:
    """Puts waveforms, float32 ``[samples]`` of any length and content, one after the other on the host.

    Args:
        waveforms: of the clips.
        config: of the spectrogram.
        shortest: shorter clips are continued with silence to so many samples.
        centered: count the half-frame around the last whole hop too, as the autoregressive models do.
        staging: gives the memory that it is packed into; else it is new.
    """
    edge, hop = config.n_fft // 2, config.hop_length
    cleaned = [clean(waveform, shortest) for waveform in waveforms]
    lengths = np.array([len(samples) for samples in cleaned], np.int64)
    # A clip needs a window's length after its last frame's start, so that no frame reaches into the next clip.
    hops = -(-(lengths + 2 * edge) // hop)
    total = int(hops.sum()) * hop + config.n_fft
    buffer = staging.take(total) if staging is not None else None
    packed = torch.empty(total) if buffer is None else buffer.memory[:total]
    view, start = packed.numpy(), 0
    for samples, taken in zip(cleaned, hops, strict=True):
        end = start + len(samples) + 2 * edge
        view[start : start + edge] = samples[edge:0:-1]
        view[start + edge : end - edge] = samples
        view[end - edge : end] = samples[-2 : -edge - 2 : -1]
        start += int(taken) * hop
        view[end:start] = 0.0
    view[start:] = 0.0
    cells = lengths // hop + 1 if centered else lengths // (2 * hop) * 2
    return PackedAudio(packed, cells // 2, cells, hops, buffer)


def log_mel(
    audio: PackedAudio, config: FeatureConfig, device: torch.device | str = "cpu"
) -> tuple[Tensor, PackedLengths]:
    """Features, float32 ``[sum of frames, 2 * n_mels]`` with the earlier half-frame first, and each clip's frames."""
    device = torch.device(device)
    filters, window = _constants(config, device)
    samples = audio.samples
    if audio.buffer is not None:
        samples = audio.buffer.send(samples)
    elif device.type == "cuda":
        samples = samples.pin_memory().to(device, non_blocking=True)
    spectrum = torch.stft(
        samples, config.n_fft, config.hop_length, config.win_length, window, center=False, return_complex=True
    )
    cells = PackedLengths(audio.cells, device)
    rows = cells.heads(audio.cells, audio.hops)
    power = spectrum.T[rows].abs().square()
    logs = torch.log10((power @ filters).clamp_min(1e-10))
    loudest = torch.full((len(audio.frames),), -10.0, device=device)
    loudest = loudest.scatter_reduce(0, cells.owners, logs.amax(dim=1), "amax")
    logs = torch.maximum(logs, loudest[cells.owners, None] - 8.0) / 4.0 + 1.0
    if (audio.cells != 2 * audio.frames).any():  # the odd one was only listened to
        logs = logs[cells.heads(2 * audio.frames, audio.cells)]
    return logs.reshape(-1, 2 * config.n_mels), PackedLengths(audio.frames, device)
