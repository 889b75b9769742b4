"""Fun-ASR-Nano's processor without torchaudio, whose builds for a GPU cannot stand beside a torch for the CPU.

The library's feature extractor calls `torchaudio.compliance.kaldi.fbank` and nothing else of it; here that is computed
by the library's own spectrogram, with Kaldi's mel scale, window and pre-emphasis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import ModelError
from harness.models._transformers import load_part, one_line, quiet
from harness.models.generating.family import Parts

if TYPE_CHECKING:
    import torch

    from harness.models.hub import Checkpoint

_LOWEST = 20.0
"""Lowest frequency of the mel bands in Hz, as Kaldi has it."""
_FLOOR = float(np.finfo(np.float32).eps)
"""Energies below this are this, before the logarithm."""


def extractor_class() -> Any:
    """The library's feature extractor, with log mel energies of our own."""
    import torch
    from transformers.audio_utils import mel_filter_bank, spectrogram, window_function
    from transformers.models.fun_asr_nano.feature_extraction_fun_asr_nano import FunAsrNanoFeatureExtractor as Theirs

    base: Any = Theirs

    class FunAsrNanoFeatureExtractor(base):  # type: ignore[misc]
        """Named as the library's: processors are checked and saved by the names of their parts."""

        def _extract_fbank_features(self, waveform: torch.Tensor) -> torch.Tensor:
            """Log mel energies ``[frames, bands]`` of samples ``[samples]``."""
            rate = self.sampling_rate
            size = rate * self.frame_length // 1000
            points = 1 << (size - 1).bit_length()
            bands = mel_filter_bank(
                num_frequency_bins=points // 2 + 1,
                num_mel_filters=self.feature_size,
                min_frequency=_LOWEST,
                max_frequency=rate / 2,
                sampling_rate=rate,
                mel_scale="kaldi",
                triangularize_in_mel_space=True,
            )
            energies = spectrogram(
                waveform.numpy().astype(np.float64),
                window_function(size, self.window, periodic=False),
                frame_length=size,
                hop_length=rate * self.frame_shift // 1000,
                fft_length=points,
                power=2.0,
                center=False,
                preemphasis=0.97,
                remove_dc_offset=True,
                mel_filters=bands,
                mel_floor=_FLOOR,
                log_mel="log",
            )
            return torch.from_numpy(np.ascontiguousarray(energies.T, dtype=np.float32))

    return FunAsrNanoFeatureExtractor


def load_parts(checkpoint: Checkpoint) -> Parts:
    """The processor, with that extractor.

    Raises:
        ModelError: its files are missing or broken.
    """
    import transformers
    from transformers.models.fun_asr_nano.processing_fun_asr_nano import FunAsrNanoProcessor

    processors: Any = FunAsrNanoProcessor
    tokenizer = load_part(transformers.AutoTokenizer, checkpoint)
    try:
        with quiet():
            extractor = extractor_class().from_pretrained(checkpoint.folder, local_files_only=True)
            stated, more = processors.get_processor_dict(checkpoint.folder, local_files_only=True)
            processor = processors.from_args_and_dict([extractor, tokenizer], stated, **more)
    except Exception as error:
        raise ModelError(f"no usable Processor in {checkpoint.folder}: {one_line(error)}") from error
    return Parts(processor=processor, tokenizer=tokenizer, extractor=extractor)
