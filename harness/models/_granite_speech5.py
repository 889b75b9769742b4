"""Features of Granite Speech 5 (TurboCTC): log-mel and its slope, two frames of 10 ms in one.

As `GraniteSpeech5FeatureExtractor` of transformers makes them for a clip alone, bit by bit, without torchaudio, which
that class needs for these few lines only and whose wheels do not fit every torch.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.models._transformers import Tensors
from harness.models.hub import Checkpoint
from harness.types import SAMPLE_RATE


class GraniteSpeech5Features:
    """Called like a feature extractor of transformers."""

    sampling_rate = SAMPLE_RATE

    def __init__(self, checkpoint: Checkpoint) -> None:
        import torch
        from transformers import SequenceFeatureExtractor

        from harness.models.granite_nar.config import FeatureConfig
        from harness.models.granite_nar.features import mel_filters

        try:
            stated, _ = SequenceFeatureExtractor.get_feature_extractor_dict(checkpoint.folder, local_files_only=True)
        except (OSError, ValueError) as error:
            raise ModelError(f"{checkpoint.folder} has no usable preprocessor_config.json: {error}") from error
        if stated.get("sampling_rate", SAMPLE_RATE) != SAMPLE_RATE or stated.get("delta_win_length", 3) != 3:
            raise ModelError(f"{checkpoint.folder}: features are made here at 16000 Hz with slopes over 3 frames only")
        config = FeatureConfig(
            n_fft=int(stated.get("n_fft", 512)),
            win_length=int(stated.get("win_length", 400)),
            hop_length=int(stated.get("hop_length", 160)),
            n_mels=int(stated.get("num_mel_bins", 80)),
        )
        self._config = config
        self._floor = float(stated.get("logmel_floor_db", 8.0))
        self._filters = mel_filters(config).T
        self._window = torch.hann_window(config.win_length)

    def __call__(self, waveforms: Sequence[NDArray[np.float32]], device: str = "cpu", **_: object) -> Tensors:
        """Features ``[1, frames, 4 * mels]`` of one waveform and a mask ``[1, frames]`` of ones; a frame is 20 ms.

        They are made on the device and stay there.
        """
        import torch
        from torch.nn import functional

        (waveform,) = waveforms
        hop = self._config.hop_length
        if self._filters.device != torch.device(device):
            self._filters, self._window = self._filters.to(device), self._window.to(device)
        samples = torch.from_numpy(waveform).to(device)
        frames = 2 * -(-(len(samples) // hop) // 2)
        samples = functional.pad(samples, (0, max(0, (frames - 1) * hop + 1 - len(samples))))
        spectrum = torch.stft(
            samples, self._config.n_fft, hop, self._config.win_length, self._window, return_complex=True
        )
        logs = (self._filters @ spectrum[:, :frames].abs().square()).clamp_min(1e-10).log10()
        logs = torch.maximum(logs, logs.max() - self._floor) / 4.0 + 1.0
        edged = functional.pad(logs, (1, 1), mode="replicate")
        slopes = (edged[:, 2:] - edged[:, :-2]) / 2.0
        features = torch.cat((logs, slopes)).T.reshape(1, frames // 2, -1)
        return {
            "input_features": features,
            "attention_mask": torch.ones(1, frames // 2, dtype=torch.long, device=device),
        }
