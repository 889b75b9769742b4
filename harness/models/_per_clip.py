"""What models without batches share: each clip is transcribed alone, so that none can change another's transcript."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.models.base import Model
from harness.types import Clip, Hypothesis


def finite(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """The waveform, shape ``[samples]``, with NaN as silence and infinities as full scale.

    One such sample in a broken float file would make every frame of its clip, or of its batch, NaN.
    """
    if np.isfinite(waveform).all():
        return waveform
    return np.nan_to_num(waveform, nan=0.0, posinf=1.0, neginf=-1.0)


class PerClipModel(Model):
    """A model that hears one clip at a time."""

    @abstractmethod
    def transcribe(self, waveform: NDArray[np.float32]) -> str:
        """The text of one clip: mono samples at 16 kHz, shape ``[samples]``, at least one."""

    def features(self, clips: Sequence[Clip]) -> list[NDArray[np.float32]]:
        """The waveforms: such models make their features themselves."""
        return [finite(clip.waveform) for clip in clips]

    def infer(self, features: Sequence[NDArray[np.float32]]) -> list[str]:
        """One text a clip; a clip without samples says nothing."""
        return [self.transcribe(waveform) if len(waveform) else "" for waveform in features]

    def text(self, output: Any) -> list[Hypothesis]:
        """One hypothesis a clip."""
        return [Hypothesis(text=text) for text in output]
